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
//! A volume with a namespace is the one that was provisioned for the claim of that name.

use std::fmt;
use std::str::FromStr;

use pilothouse::model::storage::DEFAULT_CLASS;
use pilothouse::model::{Key, Kind};

mod chart;
mod deed;
mod errand;
mod less;

pub(crate) use chart::{Hand, Member, Thing, Touch};
pub(crate) use deed::{Deed, Verb};
pub(crate) use errand::{Errand, Task, helm};

/// The class of claims that name none, so that they get the default one.
pub(crate) const DEFAULT: &str = "default";

/// A world and what is done to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Case {
    /// In the order they are created; a release is installed.
    pub(crate) lines: Vec<Line>,
    /// What the charts of its releases are made of.
    pub(crate) members: Vec<Member>,
    /// What is done by hand before the first act.
    pub(crate) hands: Vec<Hand>,
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

impl Case {
    /// It makes a class the default one, which is a fact of the whole cluster: no two such cases can stand side by side.
    pub(crate) fn claims_the_cluster(&self) -> bool {
        let marks = |deed: &Deed| matches!(&deed.verb, Verb::Annotate(annotation, _) if annotation == DEFAULT_CLASS);
        let named = |line: &Line| line.field("class") == Some(DEFAULT) || line.field("default").is_some();
        self.lines.iter().any(named) || self.acts.iter().any(marks)
    }
}

impl Case {
    /// It takes a minute or more, because a controller does.
    pub(crate) fn is_slow(&self) -> bool {
        self.acts
            .iter()
            .any(|deed| matches!(deed.kind, Kind::Node | Kind::VolumeAttachment))
    }
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

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for member in &self.members {
            writeln!(f, "{member}")?;
        }
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        for hand in &self.hands {
            writeln!(f, "{hand}")?;
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

impl FromStr for Case {
    type Err = String;

    /// Reads a case; lines that are empty or begin with `#` are skipped.
    fn from_str(text: &str) -> Result<Self, String> {
        let mut case = Self::default();
        let told = text.lines().map(str::trim);
        for line in told.filter(|line| !line.is_empty() && !line.starts_with('#')) {
            match line.split_once(' ') {
                Some(("act", deed)) => case.acts.push(deed.parse()?),
                Some(("chart", member)) => case.members.push(member.parse()?),
                Some(("hand", hand)) => case.hands.push(hand.parse()?),
                _ => case.lines.push(line.parse()?),
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
        let fields = words.map(pair).collect::<Option<_>>().ok_or_else(wrong)?;
        Ok(Self { kind, place, fields })
    }
}

/// `name=value`.
fn pair(word: &str) -> Option<(String, String)> {
    let (name, value) = word.split_once('=')?;
    Some((name.to_owned(), value.to_owned()))
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
