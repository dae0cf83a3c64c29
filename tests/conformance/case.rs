//! A case: a small world and up to three acts on it, as lines of text. Knows how it is written and read, and nothing of how
//! it is drawn by lot or carried out.
//!
//! ```text
//! # a claim that a foreign pod holds
//! namespace a
//! storageclass slow binding=Immediate
//! pv disk class=slow size=1 policy=Retain source=tmp
//! pvc a/data class=slow size=1
//! pod a/user claims=data
//! act delete pvc a/data Background
//! ```
//!
//! What has no namespace stands alone; `*` in the name of a pod or a ReplicaSet stands for the part its controller draws.

use std::fmt;
use std::str::FromStr;

use pilothouse::model::{Act, Key, Kind, Propagation, World};

use crate::picture::Frame;

/// A world and what is done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Case {
    /// In the order they are created.
    pub(crate) lines: Vec<Line>,
    /// In the order they are done; each is compared.
    pub(crate) acts: Vec<Deed>,
}

/// One object: `pvc a/data class=slow size=1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) kind: Kind,
    pub(crate) place: Place,
    pub(crate) fields: Vec<(String, String)>,
}

/// `a/data`, or `disk` for what has no namespace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// One act: `delete pvc a/data Background`, `clear-claim-ref pv disk`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deed {
    pub(crate) verb: Verb,
    pub(crate) kind: Kind,
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verb {
    Delete(Propagation),
    ClearClaimRef,
}

impl Line {
    pub(crate) fn new(kind: Kind, place: Place) -> Self {
        Self {
            kind,
            place,
            fields: Vec::new(),
        }
    }

    /// With one more field.
    pub(crate) fn with(mut self, name: &str, value: impl Into<String>) -> Self {
        self.fields.push((name.to_owned(), value.into()));
        self
    }

    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let held = self.fields.iter().find(|(held, _)| held == name);
        held.map(|(_, value)| value.as_str())
    }

    /// The parts of a field that is a list.
    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = &str> {
        let parts = self.field(name).unwrap_or_default().split(',');
        parts.filter(|part| !part.is_empty())
    }
}

impl Place {
    pub(crate) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
        }
    }

    pub(crate) fn cluster(name: &str) -> Self {
        Self::new("", name)
    }

    /// Where it lives on the slot of this name: every namespace and every name without one begins with it.
    pub(crate) fn key(&self, kind: Kind, slot: &str) -> Key {
        if kind.namespaced() {
            Key::new(kind, &format!("{slot}-{}", self.namespace), &self.name)
        } else {
            Key::cluster(kind, &format!("{slot}-{}", self.name))
        }
    }
}

impl Deed {
    /// The act on the object as it is; nothing when there is no such object.
    pub(crate) fn act(&self, world: &World, slot: &str) -> Option<Act> {
        let key = self.place.key(self.kind, slot);
        let wanted = Frame::Whole.label(&key);
        let namesakes = world.of_kind(self.kind).find(|object| {
            let drawn = key.name.contains('*') && Frame::Whole.label(&object.key()) == wanted;
            object.key() == key || drawn
        });
        let target = namesakes?.pin();
        Some(match self.verb {
            Verb::Delete(propagation) => Act::Delete { target, propagation },
            Verb::ClearClaimRef => Act::ClearClaimRef { volume: target },
        })
    }

    /// What is counted as one kind of act: `delete pvc`, `delete job Orphan`.
    pub(crate) fn species(&self) -> String {
        let owns = matches!(
            self.kind,
            Kind::Job | Kind::CronJob | Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet
        );
        match self.verb {
            Verb::Delete(propagation) if owns => format!("delete {} {}", self.kind, propagation.word()),
            Verb::Delete(_) => format!("delete {}", self.kind),
            Verb::ClearClaimRef => "clear claimRef".to_owned(),
        }
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        for deed in &self.acts {
            writeln!(f, "act {deed}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind, self.place)?;
        for (name, value) in &self.fields {
            write!(f, " {name}={value}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}/{}", self.namespace, self.name)
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.verb {
            Verb::Delete(propagation) => write!(f, "delete {} {} {}", self.kind, self.place, propagation.word()),
            Verb::ClearClaimRef => write!(f, "clear-claim-ref {} {}", self.kind, self.place),
        }
    }
}

impl FromStr for Case {
    type Err = String;

    /// Reads a case; lines that are empty or begin with `#` are skipped.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut case = Self {
            lines: Vec::new(),
            acts: Vec::new(),
        };
        let told = text.lines().map(str::trim);
        for line in told.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.strip_prefix("act ") {
                Some(deed) => case.acts.push(deed.parse()?),
                None => case.lines.push(line.parse()?),
            }
        }
        Ok(case)
    }
}

impl FromStr for Line {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("no object in {text:?}");
        let mut words = text.split_whitespace();
        let kind = words.next().and_then(Kind::from_word).ok_or_else(wrong)?;
        let place = words.next().ok_or_else(wrong)?.parse()?;
        let pair = |word: &str| {
            let (name, value) = word.split_once('=')?;
            Some((name.to_owned(), value.to_owned()))
        };
        let fields = words.map(pair).collect::<Option<_>>().ok_or_else(wrong)?;
        Ok(Self { kind, place, fields })
    }
}

impl FromStr for Place {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Ok(match text.split_once('/') {
            Some((namespace, name)) => Self::new(namespace, name),
            None => Self::cluster(text),
        })
    }
}

impl FromStr for Deed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("no act in {text:?}");
        let words: Vec<&str> = text.split_whitespace().collect();
        let [verb, kind, place, arguments @ ..] = words.as_slice() else {
            return Err(wrong());
        };
        let verb = match (*verb, arguments) {
            ("delete", ["Background"]) => Verb::Delete(Propagation::Background),
            ("delete", ["Foreground"]) => Verb::Delete(Propagation::Foreground),
            ("delete", ["Orphan"]) => Verb::Delete(Propagation::Orphan),
            ("clear-claim-ref", []) => Verb::ClearClaimRef,
            _ => return Err(wrong()),
        };
        Ok(Self {
            verb,
            kind: Kind::from_word(kind).ok_or_else(wrong)?,
            place: place.parse()?,
        })
    }
}
