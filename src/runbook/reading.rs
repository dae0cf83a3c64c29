//! How the parts of a runbook are read off the tree: known fields only, the right kind of value, "did you mean".
//!
//! Reading goes on after a fault, so that one look tells everything that is wrong. Knows no field by name.

use super::fault::{Fault, Faults, Source};
use crate::model::placeholder;
use crate::model::yaml::{Node, Tree, Word};
use std::ops::Range;

/// The text being read, and what was wrong so far.
#[derive(Debug)]
pub(super) struct Reader<'s> {
    pub(super) source: &'s Source,
    faults: Vec<Fault>,
}

/// The fields of one map.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'n> {
    /// The map itself.
    pub(super) at: &'n Range<usize>,
    /// What it is, as an error names it: `a step`.
    what: &'static str,
    entries: &'n [(Word, Node)],
}

/// Text and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) at: Range<usize>,
    pub(super) text: String,
}

impl<'s> Reader<'s> {
    pub(super) const fn new(source: &'s Source) -> Self {
        Self {
            source,
            faults: Vec::new(),
        }
    }

    pub(super) fn fault(&mut self, at: &Range<usize>, text: impl Into<String>, fix: impl Into<String>) {
        self.faults.push(Fault::new(at, text, fix));
    }

    /// Everything that was wrong.
    pub(super) fn end(self) -> Option<Faults> {
        Faults::of(self.source, self.faults)
    }

    /// The fields of a map; those that are not known are faults.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        known: &'static [&'static str],
    ) -> Option<Fields<'n>> {
        let Tree::Map(entries) = &node.tree else {
            let told = format!("{what} is a map of fields, not {}", node.tree.noun());
            self.fault(&node.at, told, format!("it has {}", listed(known)));
            return None;
        };
        for (word, _) in entries {
            if !known.contains(&word.text.as_str()) {
                self.unknown(word, &format!("{what} has no field"), known);
            }
        }
        Some(Fields {
            at: &node.at,
            what,
            entries,
        })
    }

    /// A word that is none of these.
    pub(super) fn unknown(&mut self, word: &Word, told: &str, known: &[&str]) {
        let fix = match nearest(&word.text, known) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there is {}", listed(known)),
        };
        self.fault(&word.at, format!("{told} `{}`", word.text), fix);
    }

    /// A text that is not empty.
    pub(super) fn text(&mut self, node: &Node, what: &str) -> Option<Said> {
        match &node.tree {
            Tree::Text(text) if !text.trim().is_empty() => Some(Said {
                at: node.at.clone(),
                text: text.clone(),
            }),
            Tree::Text(_) | Tree::Nothing => {
                self.fault(&node.at, format!("{what} is empty"), "write it, or leave the field out");
                None
            }
            Tree::Flag(_) | Tree::Number(_) | Tree::Fraction => {
                let told = format!("{what} is a text, not {}", node.tree.noun());
                self.fault(&node.at, told, "put it in quotes");
                None
            }
            Tree::List(_) | Tree::Map(_) => {
                let told = format!("{what} is a text, not {}", node.tree.noun());
                self.fault(&node.at, told, "write one text");
                None
            }
        }
    }

    /// A text that somebody has written, not one that waits to be filled in.
    pub(super) fn filled(&mut self, node: &Node, what: &str) -> Option<Said> {
        let said = self.text(node, what)?;
        if let Some(left) = placeholder::find(&said.text) {
            let at = self.source.within(&said.at, left);
            self.fault(
                &at,
                format!("{what} holds the placeholder `{left}`"),
                "fill it in, or make it a parameter: ${name}",
            );
            return None;
        }
        Some(said)
    }

    pub(super) fn flag(&mut self, node: &Node, what: &str) -> Option<bool> {
        if let Tree::Flag(flag) = node.tree {
            return Some(flag);
        }
        let told = format!("{what} is true or false, not {}", node.tree.noun());
        self.fault(&node.at, told, "write true or false, without quotes");
        None
    }

    pub(super) fn list<'n>(&mut self, node: &'n Node, what: &str) -> &'n [Node] {
        if let Tree::List(items) = &node.tree {
            return items;
        }
        let told = format!("{what} is a list, not {}", node.tree.noun());
        self.fault(&node.at, told, "write each item on a line of its own, after a dash");
        &[]
    }

    pub(super) fn map<'n>(&mut self, node: &'n Node, what: &str) -> &'n [(Word, Node)] {
        if let Tree::Map(entries) = &node.tree {
            return entries;
        }
        let told = format!("{what} is a map, not {}", node.tree.noun());
        self.fault(&node.at, told, "write `name: value` lines");
        &[]
    }

    /// One of a closed list of words.
    pub(super) fn word<T: Copy>(&mut self, node: &Node, what: &str, known: &[(&str, T)]) -> Option<T> {
        let said = self.text(node, what)?;
        if let Some((_, meant)) = known.iter().find(|(word, _)| *word == said.text) {
            return Some(*meant);
        }
        let words: Vec<&str> = known.iter().map(|(word, _)| *word).collect();
        let told = format!("{what} cannot be `{}`", said.text);
        let fix = match nearest(&said.text, &words) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it is {}", listed(&words)),
        };
        self.fault(&said.at, told, fix);
        None
    }
}

impl<'n> Fields<'n> {
    pub(super) fn get(&self, name: &str) -> Option<&'n Node> {
        let found = self.entries.iter().find(|(word, _)| word.text == name);
        found.map(|(_, node)| node)
    }

    pub(super) fn need(&self, reader: &mut Reader<'_>, name: &str, fix: &str) -> Option<&'n Node> {
        let found = self.get(name);
        if found.is_none() {
            reader.fault(self.at, format!("{} lacks the field `{name}`", self.what), fix);
        }
        found
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }
}

/// The known word a person most likely meant.
pub(super) fn nearest<'k>(word: &str, known: &[&'k str]) -> Option<&'k str> {
    let plain = |word: &str| {
        let letters = word.chars().filter(char::is_ascii_alphanumeric);
        letters.map(|letter| letter.to_ascii_lowercase()).collect::<String>()
    };
    let written = plain(word);
    let far = |known: &&str| strsim::damerau_levenshtein(&written, &plain(known));
    let best = known.iter().copied().min_by_key(far)?;
    let length = best.chars().count().max(written.chars().count());
    (far(&best) <= (length / 3).min(3)).then_some(best)
}

/// `a, b or c`, each in backticks.
pub(super) fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.as_slice() {
        [] => "nothing".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}
