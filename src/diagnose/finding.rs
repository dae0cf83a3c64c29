//! The shapes of a diagnosis: a finding, an explanation, and the steps out.

use super::phrase;
use crate::laws::Reason;
use crate::model::time::short_span;
use crate::model::{Act, Key};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// How much a finding matters. Red is rare: at most one blocking alarm a tenant is shown (A3 rule 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Nothing is wrong.
    Clean,
    /// Worth knowing before the next act.
    Warned,
    /// Data is in danger, or nothing can go on.
    Blocked,
}

/// One thing that is wrong, as a sentence with evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule that found it, by its file name.
    pub rule: &'static str,
    /// The traps of the catalogue that it is, by number; none for a plain fact.
    #[serde(skip)]
    pub traps: &'static [u8],
    pub severity: Severity,
    pub object: Key,
    pub sentence: String,
    pub reason: Reason,
    /// The finding in words that several of its rule can share.
    #[serde(skip)]
    pub gist: Gist,
}

impl Finding {
    /// It is these traps of its rule's, not all of them.
    #[must_use]
    pub(crate) fn of(self, traps: &'static [u8]) -> Self {
        Self { traps, ..self }
    }
}

/// What findings of one rule have in common, so that a verdict can say `2 PVCs Terminating 3h12m, held by 9 Jobs`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gist {
    /// What is counted: `PVC`.
    pub noun: &'static str,
    /// What several of them do: `Terminating`, `have another policy than their class`.
    pub says: &'static str,
    /// Since when; the longest is said.
    pub age: Option<Duration>,
    /// Who is behind it, each as kind and name: `Job`, `train-7f`. Distinct ones are counted over all findings.
    pub by: BTreeSet<(String, String)>,
}

impl Gist {
    pub(crate) const fn new(noun: &'static str, says: &'static str) -> Self {
        Self {
            noun,
            says,
            age: None,
            by: BTreeSet::new(),
        }
    }

    #[must_use]
    pub(crate) fn aged(self, age: Option<Duration>) -> Self {
        Self { age, ..self }
    }

    #[must_use]
    pub(crate) fn held_by(self, by: BTreeSet<(String, String)>) -> Self {
        Self { by, ..self }
    }

    /// Several findings of one rule as one sentence.
    pub(crate) fn together<'a>(all: impl IntoIterator<Item = &'a Self>) -> String {
        let all: Vec<&Self> = all.into_iter().collect();
        let Some(first) = all.first() else {
            return String::new();
        };
        let mut kinds: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (kind, name) in all.iter().flat_map(|gist| &gist.by) {
            kinds.entry(kind).or_default().insert(name);
        }
        let by: Vec<String> = kinds
            .iter()
            .map(|(kind, names)| phrase::count(names.len(), kind))
            .collect();
        let age = all.iter().filter_map(|gist| gist.age).max();
        format!(
            "{} {}{}{}",
            phrase::count(all.len(), first.noun),
            first.says,
            age.map_or_else(String::new, |age| format!(" {}", short_span(age))),
            if by.is_empty() {
                String::new()
            } else {
                format!(", held by {}", phrase::and(&by))
            }
        )
    }
}

/// Why an object is as it is, from the object down to the root owner of what holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    pub object: Key,
    /// The state as a sentence: `Terminating 3h12m, held by 9 pods of 9 Jobs`.
    pub sentence: String,
    pub chain: Vec<Link>,
    /// The safe way out, in order. Empty when nothing needs doing.
    pub way_out: Vec<Step>,
    /// Facts that were missing, denied or stale.
    pub unknowns: Vec<String>,
}

/// One link of a chain: this object, and why it leads to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub object: Key,
    /// How deep below the explained object: 0 is the object itself.
    pub depth: usize,
    pub sentence: String,
    pub reason: Reason,
}

/// One step of a way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub sentence: String,
    /// The act that does it, when it is one Pilothouse performs or forecasts; without one it is a person's.
    pub act: Option<Act>,
    /// The act is for what the steps before it leave: on the world as it is now it would be wrong.
    pub later: bool,
}
