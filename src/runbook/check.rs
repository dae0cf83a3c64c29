//! The closed list of named checks: what a runbook may ask of a tenant, each answered from the facts at hand.
//!
//! A check never concludes from what cannot be seen: where a kind it reads is denied, stale or not yet listed, it is
//! unknown, and unknown blocks. `docs/runbooks.md` prints this list.

mod claims;
mod inventory;
mod raft;
mod releases;
mod scope;
mod workloads;

pub(super) use raft::{between, ensemble, led};
pub(super) use releases::listed;
pub(super) use scope::filled_in;
pub(super) use workloads::unfinished;

use super::tenancy::Tenancy;
use crate::diagnose::Found;
use crate::model::{Key, Kind};

/// `yes` where nothing is left over, else `no` with what is.
pub(super) fn none_of(left: &[String], all: impl Into<String>, told: &str) -> Found {
    if left.is_empty() {
        Found::yes(all)
    } else {
        Found::no(format!("{told}: {}", some(left)))
    }
}

/// The first four of many.
pub(super) fn some(names: &[String]) -> String {
    let first: Vec<&str> = names.iter().take(4).map(String::as_str).collect();
    match names.len().saturating_sub(4) {
        0 => first.join(", "),
        more => format!("{} (+{more})", first.join(", ")),
    }
}

/// What a check is asked about, besides the tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// The tenant's namespace.
    Tenant,
    /// The tenant's Helm release; a runbook that names none cannot ask.
    Release,
    /// The runbook's own parameters.
    Parameters,
    /// What a step before took down as its `inventory`.
    Inventory,
    /// One object of this kind, by its name: `claim.bound: mysql-pvc`.
    One(Kind),
    /// A time, which stands in place of a name: `raft.leader-steady: 60s`.
    Span,
    /// Any object: `object.gone: pvc/mysql-pvc`.
    Any,
}

/// A named check.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    pub name: &'static str,
    pub about: About,
    /// When it holds, as a sentence after "holds when".
    pub holds: &'static str,
    /// The kinds it reads: where one of them cannot be seen, nothing is said.
    pub reads: &'static [Kind],
    judge: fn(Tenancy<'_>, &Key) -> Found,
}

impl PartialEq for Check {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Check {}

/// All checks, in the order they are documented.
pub static CHECKS: &[&[Check]] = &[
    scope::CHECKS,
    claims::CHECKS,
    inventory::CHECKS,
    workloads::CHECKS,
    raft::CHECKS,
    releases::CHECKS,
];

/// All checks, one after the other.
pub fn all() -> impl Iterator<Item = &'static Check> {
    CHECKS.iter().copied().flatten()
}

impl Check {
    const fn of(
        about: About,
        name: &'static str,
        holds: &'static str,
        reads: &'static [Kind],
        judge: fn(Tenancy<'_>, &Key) -> Found,
    ) -> Self {
        Self {
            name,
            about,
            holds,
            reads,
            judge,
        }
    }

    pub(super) fn named(name: &str) -> Option<&'static Self> {
        all().find(|check| check.name == name)
    }

    /// Asks the facts. `object` is what it is about; the tenant's namespace where it is about no one object.
    pub fn judge(&self, tenancy: Tenancy<'_>, object: &Key) -> Found {
        let own = match self.about {
            About::Any => std::slice::from_ref(&object.kind),
            About::Tenant | About::Release | About::Parameters | About::Inventory | About::Span | About::One(_) => &[],
        };
        // of a release that is there, only the records that it is kept in are looked at
        let (records, others): (Vec<&Kind>, Vec<&Kind>) =
            self.reads.iter().chain(own).partition(|kind| kind.is_record());
        let released = || {
            let asked = match self.about {
                About::One(kind) if kind.is_record() => releases::by_name(tenancy, object),
                About::One(_)
                | About::Any
                | About::Tenant
                | About::Release
                | About::Parameters
                | About::Inventory
                | About::Span => tenancy,
            };
            (!records.is_empty()).then(|| asked.blind()).flatten()
        };
        let blind = others.into_iter().find_map(|kind| {
            let namespace = if kind.namespaced() {
                object_namespace(tenancy, object)
            } else {
                ""
            };
            tenancy.look.gap(*kind, namespace)
        });
        match blind.or_else(released) {
            Some(gap) => Found::untold(gap),
            None => (self.judge)(tenancy, object),
        }
    }
}

fn object_namespace<'a>(tenancy: Tenancy<'a>, object: &'a Key) -> &'a str {
    if object.namespace.is_empty() {
        tenancy.namespace
    } else {
        &object.namespace
    }
}
