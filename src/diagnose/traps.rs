//! The catalogue of traps, closed: each of the sixty of `reference/semantics.md` §5, and who tells of it. A rule of
//! [`rules`](super::rules), on what is; or the panel, forecast or runbook that says it at the act, with the test that shows it.
//!
//! Knows what of a tenant could not be judged, and why: what was not looked at is never taken for clean.

mod cluster;
mod helm;
mod page;
mod records;
mod storage;
mod unjudged;

use super::finding::Finding;
pub use page::markdown;
pub use records::records;
use serde::Serialize;
pub use unjudged::{Unjudged, unjudged};

/// One trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trap {
    /// In `reference/semantics.md` §5, from 1.
    pub number: u8,
    pub name: &'static str,
    /// The facts by which it is seen.
    pub looks_at: &'static str,
    pub remedy: &'static str,
    /// Where it is known from: sections of the reference, seeds, issues, source files.
    pub source: &'static str,
    pub told: Told,
}

/// Who tells of a trap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Rules, on what is in the world; of some of them an act says more, in front of which somebody stands.
    Rules {
        rules: &'static [&'static str],
        needs: Needs,
        act: Option<Teller>,
    },
    /// Whoever stands in front of the act that would step into it: there is no fact by which it is seen before.
    Act(Teller),
}

/// Who stands in front of an act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Teller {
    pub whom: &'static str,
    /// A file of this repository, and the test in it that shows the trap and a near miss.
    pub test: (&'static str, &'static str),
}

/// What a rule rests on besides the watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Needs {
    /// Nothing.
    Watches,
    /// The records of the tenant's releases, opened.
    Records,
    /// The records, and the objects of other kinds that they name.
    Objects,
    /// What the cluster was asked once: API services, webhooks, `GitOps` objects.
    Survey,
    /// What the peers of raft clusters say.
    Peers,
}

impl Told {
    /// One word.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Rules { .. } => "rule",
            Self::Act(_) => "act",
        }
    }

    /// Who says it at the act, if anybody does.
    pub const fn teller(&self) -> Option<Teller> {
        match self {
            Self::Rules { act, .. } => *act,
            Self::Act(teller) => Some(*teller),
        }
    }
}

/// All of them, by number.
pub fn catalogue() -> impl Iterator<Item = &'static Trap> {
    helm::TRAPS.iter().chain(storage::TRAPS).chain(cluster::TRAPS)
}

/// The trap of a number.
pub fn trap(number: u8) -> Option<&'static Trap> {
    catalogue().find(|trap| trap.number == number)
}

/// The trap that a finding is, the first of several; `None` for a plain fact.
pub fn of(finding: &Finding) -> Option<&'static Trap> {
    finding.traps.first().and_then(|number| trap(*number))
}

const fn rules(rules: &'static [&'static str], needs: Needs) -> Told {
    Told::Rules {
        rules,
        needs,
        act: None,
    }
}

/// Rules tell what is, and this one what the act would do.
const fn both(
    rules: &'static [&'static str],
    needs: Needs,
    whom: &'static str,
    test: (&'static str, &'static str),
) -> Told {
    let act = Some(Teller { whom, test });
    Told::Rules { rules, needs, act }
}

const fn act(whom: &'static str, test: (&'static str, &'static str)) -> Told {
    Told::Act(Teller { whom, test })
}

const fn row(number: u8, name: &'static str, words: [&'static str; 3], told: Told) -> Trap {
    let [looks_at, remedy, source] = words;
    Trap {
        number,
        name,
        looks_at,
        remedy,
        source,
        told,
    }
}

#[cfg(test)]
mod cases;
#[cfg(test)]
mod tests;
