//! The table of messages, read once from `messages.txt` into rows that a field's number finds at once.

use std::collections::BTreeMap;
use std::sync::OnceLock;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Text,
    Number,
    Flag,
    Bytes,
    Time,
    Quantity,
    NumberOrText,
    /// JSON as it is, in a message of its own.
    Raw,
    /// A message, by its place in the table.
    Message(usize),
}

/// How often a field holds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Many {
    One,
    List,
    /// A map from text.
    Map,
}

/// When a value that says nothing is still said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Left out when empty, zero or false.
    Filled,
    /// Kept when it is there at all.
    Pointer,
    Always,
}

/// One field of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub number: u64,
    /// The field's name in JSON; `-` for what is written into the message it stands in.
    pub name: &'static str,
    pub kind: Kind,
    pub many: Many,
    pub keep: Keep,
}

impl Known {
    /// Its fields are those of the message it stands in.
    pub const fn is_inline(&self) -> bool {
        matches!(self.name.as_bytes(), b"-")
    }
}

/// One message: its fields by number.
#[derive(Debug, Default)]
pub struct Shape {
    pub name: &'static str,
    rows: Vec<Option<Known>>,
    /// What of it is read into the structs that were met so far.
    reads: [OnceLock<Reads>; STRUCTS],
}

/// Into how many different structs a message is read, at most, before each reading has to look at every name.
const STRUCTS: usize = 4;

/// The fields of a message that a struct has, by number: what it has not is skipped before its name is told.
#[derive(Debug)]
struct Reads {
    /// The struct, by its list of names; two structs with the same names read the same.
    names: &'static [&'static str],
    wanted: Vec<bool>,
}

/// What of a message is wanted.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted(Option<&'static [bool]>);

impl Wanted {
    /// A map takes everything.
    pub(super) const ALL: Self = Self(None);

    #[inline]
    pub(super) fn has(self, number: u64) -> bool {
        self.0.is_none_or(|wanted| {
            let at = usize::try_from(number).ok();
            at.and_then(|at| wanted.get(at)).copied().unwrap_or(false)
        })
    }
}

impl Shape {
    #[inline]
    pub(super) fn field(&self, number: u64) -> Option<&Known> {
        self.rows.get(usize::try_from(number).ok()?)?.as_ref()
    }

    /// What of this message a struct of these fields takes in.
    #[inline]
    pub(super) fn wanted(&'static self, names: &'static [&'static str]) -> Wanted {
        for known in &self.reads {
            let reads = known.get_or_init(|| self.reads_of(names));
            if std::ptr::eq(reads.names, names) {
                return Wanted(Some(&reads.wanted));
            }
        }
        Wanted::ALL
    }

    fn reads_of(&self, names: &'static [&'static str]) -> Reads {
        let wanted = |known: &Known| known.is_inline() || names.contains(&known.name);
        Reads {
            names,
            wanted: self.rows.iter().map(|row| row.as_ref().is_some_and(wanted)).collect(),
        }
    }

    /// The fields in the order of their numbers, in which Go writes them.
    pub fn fields(&self) -> impl Iterator<Item = &Known> {
        self.rows.iter().flatten()
    }
}

/// All messages, sorted by name.
#[derive(Debug)]
pub struct Schema(Vec<Shape>);

impl Schema {
    pub fn get() -> &'static Self {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| Self::read(include_str!("messages.txt")))
    }

    fn read(text: &'static str) -> Self {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        let told: BTreeMap<&'static str, &'static str> = lines.filter_map(|line| line.split_once(':')).collect();
        let names: Vec<&'static str> = told.keys().copied().collect();
        let shapes = told.iter().map(|(name, fields)| {
            let mut rows = Vec::new();
            for known in fields.split(',').filter_map(|text| field(text, &names)) {
                let at = usize::try_from(known.number).unwrap_or(0);
                rows.resize(rows.len().max(at + 1), None);
                rows.splice(at..=at, [Some(known)]);
            }
            Shape {
                name,
                rows,
                reads: Default::default(),
            }
        });
        Self(shapes.collect())
    }

    /// The message of this name.
    pub fn message(&self, name: &str) -> Option<&Shape> {
        let place = self.0.binary_search_by(|shape| shape.name.cmp(name)).ok()?;
        self.at(place)
    }

    /// The message at this place of the table, as [`Kind::Message`] names it.
    #[inline]
    pub fn at(&self, place: usize) -> Option<&Shape> {
        self.0.get(place)
    }
}

fn field(text: &'static str, names: &[&'static str]) -> Option<Known> {
    let mut words = text.split_whitespace();
    let (number, name, word) = (words.next()?, words.next()?, words.next()?);
    let (word, keep) = match (word.strip_suffix('?'), word.strip_suffix('!')) {
        (Some(word), _) => (word, Keep::Pointer),
        (None, Some(word)) => (word, Keep::Always),
        (None, None) => (word, Keep::Filled),
    };
    let (word, many) = match (word.strip_prefix("map:"), word.strip_suffix('*')) {
        (Some(word), _) => (word, Many::Map),
        (None, Some(word)) => (word, Many::List),
        (None, None) => (word, Many::One),
    };
    Some(Known {
        number: number.parse().ok()?,
        name,
        kind: kind(word, names)?,
        many,
        keep,
    })
}

fn kind(word: &str, names: &[&str]) -> Option<Kind> {
    Some(match word {
        "s" => Kind::Text,
        "i" => Kind::Number,
        "b" => Kind::Flag,
        "y" => Kind::Bytes,
        "time" | "microtime" => Kind::Time,
        "quantity" => Kind::Quantity,
        "intstr" => Kind::NumberOrText,
        "raw" => Kind::Raw,
        message => Kind::Message(names.binary_search(&message).ok()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_in_it_whole() {
        let schema = Schema::get();
        let lines: Vec<&str> = include_str!("messages.txt")
            .lines()
            .filter(|line| !line.starts_with('#'))
            .collect();
        assert!(lines.len() > 250 && schema.0.len() == lines.len());
        for line in lines {
            let (name, fields) = line.split_once(':').unwrap();
            let shape = schema.message(name).unwrap();
            // a type that is no message of the table, or a number that comes twice, would be missing
            let told = fields.split(',').filter(|field| !field.trim().is_empty()).count();
            assert_eq!(shape.fields().count(), told, "{line}");
            for known in shape.fields().filter(|known| known.is_inline()) {
                assert!(
                    matches!(known.kind, Kind::Message(_)) && known.many == Many::One,
                    "{name}"
                );
            }
        }
        let grace = *schema.message("DeleteOptions").unwrap().field(1).unwrap();
        assert_eq!(
            grace,
            Known {
                number: 1,
                name: "gracePeriodSeconds",
                kind: Kind::Number,
                many: Many::One,
                keep: Keep::Pointer
            }
        );
    }
}
