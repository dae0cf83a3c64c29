//! The table of messages, read once from `messages.txt`.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Number,
    Flag,
    Bytes,
    Time,
    Quantity,
    NumberOrText,
    Raw,
    Message(String),
    List(Box<Self>),
    Map(Box<Self>),
}

/// When a value that says nothing is still said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Left out when empty, zero or false.
    Filled,
    /// Kept when it is there at all.
    Pointer,
    Always,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Known {
    /// The field's name in JSON; `-` for what is written into the message it stands in.
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) keep: Keep,
}

/// Messages by name, their fields by number.
#[derive(Debug)]
pub(super) struct Schema(BTreeMap<String, BTreeMap<u64, Known>>);

impl Schema {
    pub(super) fn get() -> &'static Self {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| Self::read(include_str!("messages.txt")))
    }

    fn read(text: &str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let messages = lines.filter_map(|line| {
            let (name, fields) = line.split_once(':')?;
            Some((name.to_owned(), fields.split(',').filter_map(field).collect()))
        });
        Self(messages.collect())
    }

    pub(super) fn field(&self, message: &str, number: u64) -> Option<&Known> {
        self.0.get(message)?.get(&number)
    }
}

fn field(text: &str) -> Option<(u64, Known)> {
    let mut words = text.split_whitespace();
    let (number, name, word) = (words.next()?, words.next()?, words.next()?);
    let (word, keep) = match (word.strip_suffix('?'), word.strip_suffix('!')) {
        (Some(word), _) => (word, Keep::Pointer),
        (None, Some(word)) => (word, Keep::Always),
        (None, None) => (word, Keep::Filled),
    };
    let known = Known {
        name: name.to_owned(),
        kind: kind(word),
        keep,
    };
    Some((number.parse().ok()?, known))
}

fn kind(word: &str) -> Kind {
    if let Some(of) = word.strip_prefix("map:") {
        return Kind::Map(Box::new(kind(of)));
    }
    if let Some(of) = word.strip_suffix('*') {
        return Kind::List(Box::new(kind(of)));
    }
    match word {
        "s" => Kind::Text,
        "i" => Kind::Number,
        "b" => Kind::Flag,
        "y" => Kind::Bytes,
        "time" | "microtime" => Kind::Time,
        "quantity" => Kind::Quantity,
        "intstr" => Kind::NumberOrText,
        "raw" => Kind::Raw,
        message => Kind::Message(message.to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_that_is_named_is_there() {
        fn named(kind: &Kind) -> Option<&str> {
            match kind {
                Kind::Message(name) => Some(name),
                Kind::List(of) | Kind::Map(of) => named(of),
                _ => None,
            }
        }
        let schema = Schema::get();
        assert!(schema.0.len() > 100);
        for (message, fields) in &schema.0 {
            for known in fields.values() {
                if let Some(name) = named(&known.kind) {
                    assert!(schema.0.contains_key(name), "{message}.{}: {name}", known.name);
                }
            }
        }
        let grace = schema.field("DeleteOptions", 1).unwrap();
        assert_eq!(
            (grace.name.as_str(), &grace.kind, grace.keep),
            ("gracePeriodSeconds", &Kind::Number, Keep::Pointer)
        );
    }
}
