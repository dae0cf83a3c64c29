//! What a release is made of in a case: the members of its charts, and what is done by hand to them before the first act.
//!
//! ```text
//! chart one pvc a/data3 class=class1 size=1 keep=keep
//! chart one configmap a/settings4 data=1
//! chart one job a/check5 ends=completed hook=pre-delete hook-delete=hook-succeeded
//! release a/app helm=3 chart=one
//! hand disown configmap a/settings4
//! act uninstall release a/app helm=4 cascade=Foreground keep-history
//! ```

use std::fmt;
use std::str::FromStr;

use pilothouse::model::{Key, Kind};

use super::{Case, Line, Place};

/// A kind of object: one that the world holds, or another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thing {
    Held(Kind),
    ConfigMap,
    Secret,
}

/// One object of a chart: `chart one pvc a/data3 size=1`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) chart: String,
    pub(crate) thing: Thing,
    /// What it is, written as an object's line has it; of its kind only where the world holds it.
    pub(crate) place: Place,
    pub(crate) fields: Vec<(String, String)>,
}

/// What is done to an object without a forecast: `hand disown pvc a/data3`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hand {
    pub(crate) touch: Touch,
    pub(crate) thing: Thing,
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Touch {
    /// It is gone.
    Delete,
    /// Its stamp is taken off.
    Disown,
    /// It bears the stamp of another release.
    Stamp,
    /// It says keep, live.
    Keep,
    /// It says something else than keep, live.
    Misspell,
    /// A finalizer of a controller that is nowhere.
    Hold,
    /// It no longer says keep, live.
    Unkeep,
    /// It is scaled to two.
    Scale,
}

impl Touch {
    pub(crate) const ALL: [Self; 8] = [
        Self::Delete,
        Self::Disown,
        Self::Stamp,
        Self::Keep,
        Self::Misspell,
        Self::Hold,
        Self::Unkeep,
        Self::Scale,
    ];

    const fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Disown => "disown",
            Self::Stamp => "stamp",
            Self::Keep => "keep",
            Self::Misspell => "misspell",
            Self::Hold => "hold",
            Self::Unkeep => "unkeep",
            Self::Scale => "scale",
        }
    }
}

impl Thing {
    const fn word(self) -> &'static str {
        match self {
            Self::Held(kind) => kind.short(),
            Self::ConfigMap => "configmap",
            Self::Secret => "secret",
        }
    }

    fn from_word(word: &str) -> Option<Self> {
        match word {
            "configmap" => Some(Self::ConfigMap),
            "secret" => Some(Self::Secret),
            word => Kind::from_word(word).map(Self::Held),
        }
    }

    /// The kind as the API server writes it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Held(kind) => kind.name(),
            Self::ConfigMap => "ConfigMap",
            Self::Secret => "Secret",
        }
    }

    pub(crate) const fn is_held(self) -> bool {
        matches!(self, Self::Held(_))
    }

    /// Where it is on the slot of this name. A `Secret` is where a release's record would be.
    pub(crate) fn key(self, place: &Place, slot: &str) -> Option<Key> {
        match self {
            Self::Held(kind) => Some(place.key(kind, slot)),
            Self::Secret => Some(place.key(Kind::Release, slot)),
            Self::ConfigMap => None,
        }
    }

    /// Its path in the API of the slot of this name.
    pub(crate) fn path(self, place: &Place, slot: &str) -> String {
        match self.key(place, slot) {
            Some(key) => crate::api::path(&key),
            None => format!(
                "/api/v1/namespaces/{slot}-{}/configmaps/{}",
                place.namespace, place.name
            ),
        }
    }
}

impl Member {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let held = self.fields.iter().find(|(held, _)| held == name);
        held.map(|(_, value)| value.as_str())
    }

    /// Sets a field, or takes it off.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) {
        self.fields.retain(|(held, _)| held != name);
        if let Some(value) = value {
            self.fields.push((name.to_owned(), value.to_owned()));
        }
    }

    pub(crate) fn is_hook(&self) -> bool {
        self.field("hook").is_some()
    }

    /// A hook whose Job fails.
    pub(crate) fn fails(&self) -> bool {
        self.is_hook() && self.field("ends") == Some("failed")
    }

    /// As the line of an object, where the world holds its kind.
    pub(crate) fn line(&self) -> Option<Line> {
        let Thing::Held(kind) = self.thing else { return None };
        Some(Line {
            kind,
            place: self.place.clone(),
            fields: self.fields.clone(),
        })
    }
}

impl Case {
    /// What a chart has in it.
    pub(crate) fn chart<'c>(&'c self, name: &'c str) -> impl Iterator<Item = &'c Member> {
        self.members.iter().filter(move |member| member.chart == name)
    }

    /// The objects of kinds that the world does not hold, each once.
    pub(crate) fn others(&self) -> impl Iterator<Item = (Thing, &Place)> {
        let others = self.members.iter().filter(|member| !member.thing.is_held());
        let mut others: Vec<_> = others.map(|member| (member.thing, &member.place)).collect();
        others.sort_by_key(|(thing, place)| (*thing, place.to_string()));
        others.dedup();
        others.into_iter()
    }
}

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "chart {} {} {}", self.chart, self.thing.word(), self.place)?;
        self.fields
            .iter()
            .try_for_each(|(name, value)| write!(f, " {name}={value}"))
    }
}

impl fmt::Display for Hand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "hand {} {} {}", self.touch.word(), self.thing.word(), self.place)
    }
}

impl FromStr for Member {
    type Err = String;

    /// Reads what follows the word `chart`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("no member of a chart in {text:?}");
        let mut words = text.split_whitespace();
        let chart = words.next().ok_or_else(wrong)?.to_owned();
        let thing = words.next().and_then(Thing::from_word).ok_or_else(wrong)?;
        let place = words.next().ok_or_else(wrong)?.parse()?;
        let fields = words.map(super::pair).collect::<Option<_>>().ok_or_else(wrong)?;
        Ok(Self {
            chart,
            thing,
            place,
            fields,
        })
    }
}

impl FromStr for Hand {
    type Err = String;

    /// Reads what follows the word `hand`.
    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("nothing done by hand in {text:?}");
        let words: Vec<&str> = text.split_whitespace().collect();
        let [touch, thing, place] = words.as_slice() else {
            return Err(wrong());
        };
        Ok(Self {
            touch: Touch::ALL
                .into_iter()
                .find(|known| known.word() == *touch)
                .ok_or_else(wrong)?,
            thing: Thing::from_word(thing).ok_or_else(wrong)?,
            place: place.parse()?,
        })
    }
}
