//! The one release that is looked at: which part of it, and what was read of it on demand.
//!
//! Must not know who reads it or how it is worded.

use super::state::Fetch;
use crate::model::helm::{Address, Changes, Claims, Difference, Home, Ledger, Live, Opened, Opening, Whole, drift};

use crate::model::{Key, Pin, ResourceVersion, Survey, Text};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A part of what there is to see of a release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Section {
    #[default]
    Revisions,
    Objects,
    Hooks,
    Values,
    /// What a revision changed.
    Changes,
    /// In what the live objects are not as the manifest says.
    Drift,
}

impl Section {
    /// In the order `tab` visits them.
    pub const ALL: [Self; 6] = [
        Self::Revisions,
        Self::Objects,
        Self::Hooks,
        Self::Values,
        Self::Changes,
        Self::Drift,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Revisions => "revisions",
            Self::Objects => "objects",
            Self::Hooks => "hooks",
            Self::Values => "values",
            Self::Changes => "changes",
            Self::Drift => "drift",
        }
    }

    /// The section `steps` further on, around the end.
    #[must_use]
    pub fn further(self, steps: isize) -> Self {
        let at = Self::ALL.iter().position(|section| *section == self).unwrap_or(0);
        let next = isize::try_from(at).unwrap_or(0) + steps;
        let next = usize::try_from(next.rem_euclid(6)).unwrap_or(0);
        Self::ALL.get(next).copied().unwrap_or_default()
    }
}

/// What of a release a screen shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aspect {
    pub home: Home,
    pub section: Section,
    /// The revision shown; without one, the newest there is.
    pub revision: Option<u32>,
    /// The revision that changes are told from; without one, the one before the revision shown.
    pub base: Option<u32>,
}

impl Aspect {
    pub fn of(home: Home) -> Self {
        Self {
            home,
            section: Section::default(),
            revision: None,
            base: None,
        }
    }
}

/// What is asked about releases.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Question {
    /// One revision, opened.
    Open { home: Home, revision: u32 },
    /// The objects of kinds the world does not hold, as they are.
    Live { home: Home, addresses: Vec<Address> },
    /// The objects themselves, leaf by leaf.
    Whole { home: Home, addresses: Vec<Address> },
    /// What other releases name in these revisions of theirs.
    Claims { home: Home, others: Vec<(Home, u32)> },
    /// Everything that the traps of these namespaces are seen by, besides the watches.
    Survey { namespaces: Vec<Text>, records: Vec<Key> },
}

/// What came of a question.
#[derive(Debug)]
pub enum Answer {
    Opened {
        home: Home,
        revision: u32,
        answer: Result<(Pin, Opening), String>,
    },
    Live {
        home: Home,
        found: Vec<(Address, Live)>,
    },
    Whole {
        home: Home,
        found: Vec<(Address, Whole)>,
    },
    Claims {
        home: Home,
        claims: Claims,
    },
    Survey(Box<Surveyed>),
}

/// What a survey gave: records, bound to the very objects they were read from, and the rest.
#[derive(Debug)]
pub struct Surveyed {
    pub ledger: Ledger,
    pub survey: Survey,
}

/// A revision that was asked for: which version of its record was known then, and what came.
#[derive(Clone, Debug)]
pub struct Read {
    pub known: Option<ResourceVersion>,
    pub fetch: Fetch<Arc<Opening>>,
}

/// What was read of the release that is looked at.
#[derive(Clone, Debug)]
pub struct Dossier {
    pub home: Home,
    pub revisions: BTreeMap<u32, Read>,
    /// Of the revision it was asked for.
    pub live: Option<(u32, Fetch<BTreeMap<Address, Live>>)>,
    pub whole: Option<(u32, Fetch<BTreeMap<Address, Whole>>)>,
    pub claims: Option<Fetch<Claims>>,
    /// So many releases were not compared with, because there are many and nobody asked for all.
    pub aside: usize,
    /// Compare with every release of the cluster, however many there are.
    pub all: bool,
    /// The operator asked to see the values.
    pub values: bool,
}

impl Dossier {
    pub const fn of(home: Home) -> Self {
        Self {
            home,
            revisions: BTreeMap::new(),
            live: None,
            whole: None,
            claims: None,
            aside: 0,
            all: false,
            values: false,
        }
    }

    /// A revision, once it was read and could be decoded.
    pub fn opened(&self, revision: u32) -> Option<&Opened> {
        match self.revisions.get(&revision)?.fetch.answer.as_ref()? {
            (_, Ok(opening)) => opening.opened(),
            (_, Err(_)) => None,
        }
    }

    /// What was found of the live objects of this revision; nothing where it was not asked yet.
    pub fn live(&self, revision: u32) -> BTreeMap<Address, Live> {
        match &self.live {
            Some((of, fetch)) if *of == revision => match &fetch.answer {
                Some((_, Ok(found))) => found.clone(),
                Some((_, Err(_))) | None => BTreeMap::new(),
            },
            Some(_) | None => BTreeMap::new(),
        }
    }

    /// What other releases claim, as far as it was read.
    pub fn claims(&self) -> Option<&Claims> {
        match self.claims.as_ref()?.answer.as_ref()? {
            (_, Ok(claims)) => Some(claims),
            (_, Err(_)) => None,
        }
    }

    /// What changed from one revision to another, when both are open.
    pub fn changes(&self, from: u32, to: u32) -> Option<Changes> {
        let (from, to) = (self.opened(from)?, self.opened(to)?);
        Some(Changes::between(&from.contents, &to.contents))
    }

    /// For each object of this revision's manifest, in what the live one is not as it says; or that it could not be read.
    pub fn drift(&self, revision: u32) -> Option<Vec<(&Address, Drift)>> {
        let opened = self.opened(revision)?;
        let (asked, fetch) = self.whole.as_ref()?;
        let (_, found) = fetch.answer.as_ref()?;
        let found = found.as_ref().ok().filter(|_| *asked == revision)?;
        let of = |(address, leaves)| match found.get(address) {
            Some(Whole::There(live)) => Drift::There(drift(leaves, live)),
            Some(Whole::Absent) => Drift::Gone,
            Some(Whole::Unserved) => Drift::Unknown("its API is not served".to_owned()),
            Some(Whole::Unknown { why }) => Drift::Unknown(why.clone()),
            None => Drift::Unknown("not asked for".to_owned()),
        };
        let documents = opened.contents.documents.iter();
        Some(
            documents
                .map(|(address, leaves)| (address, of((address, leaves))))
                .collect(),
        )
    }
}

/// How a live object differs from its document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Drift {
    There(Vec<Difference>),
    Gone,
    Unknown(String),
}
