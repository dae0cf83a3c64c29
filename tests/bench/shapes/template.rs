//! JSON with holes: written once as a value, filled many times at the price of a copy.

use serde_json::Value;

/// A text between holes, or a hole by its name.
#[derive(Debug)]
enum Piece {
    Text(Box<str>),
    Hole(Box<str>),
}

#[derive(Debug)]
pub(super) struct Template {
    pieces: Vec<Piece>,
    /// Bytes of the text pieces.
    fixed: usize,
}

/// What goes into the holes.
#[derive(Debug, Default)]
pub(super) struct Values(Vec<(&'static str, String)>);

impl Values {
    /// The last value set for a name counts.
    pub(super) fn set(&mut self, name: &'static str, value: String) {
        match self.0.iter_mut().find(|(held, _)| *held == name) {
            Some((_, held)) => *held = value,
            None => self.0.push((name, value)),
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(held, _)| *held == name);
        found.map(|(_, value)| value.as_str())
    }
}

impl Template {
    /// `«name»` within a string is a hole for text; a whole string `«#name»` is a hole for JSON.
    pub(super) fn of(value: &Value) -> Self {
        let text = value.to_string().replace("\"«#", "«#");
        let mut parts = text.split('«');
        let mut pieces = Vec::new();
        let push_text = |pieces: &mut Vec<Piece>, text: &str| {
            if !text.is_empty() {
                pieces.push(Piece::Text(text.into()));
            }
        };
        push_text(&mut pieces, parts.next().unwrap_or_default());
        for part in parts {
            let (name, text) = part.split_once('»').unwrap_or((part, ""));
            let (name, text) = match (name.strip_prefix('#'), text.strip_prefix('"')) {
                (Some(name), Some(text)) => (name, text),
                _ => (name, text),
            };
            pieces.push(Piece::Hole(name.into()));
            push_text(&mut pieces, text);
        }
        let fixed = pieces.iter().map(Piece::fixed).sum();
        Self { pieces, fixed }
    }

    /// A hole without a value stays visible as `«name»`, which no test of these shapes lets pass.
    pub(super) fn fill(&self, values: &Values) -> Vec<u8> {
        let mut filled = Vec::with_capacity(self.fixed + self.fixed / 8 + 256);
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => filled.extend_from_slice(text.as_bytes()),
                Piece::Hole(name) => match values.get(name) {
                    Some(value) => filled.extend_from_slice(value.as_bytes()),
                    None => filled.extend_from_slice(format!("«{name}»").as_bytes()),
                },
            }
        }
        filled
    }
}

impl Piece {
    fn fixed(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Hole(_) => 0,
        }
    }
}
