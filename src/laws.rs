//! How does Kubernetes react? Pure rules, one law a file: a world in, the changes its controllers would make out.
//!
//! The same laws are run to rest by `forecast`, are the controllers of `sandbox`, and are asked by `diagnose` why they
//! do not fire. They know no clock, no network, and nothing of what an operator wants.
//!
//! **Invariant** No law concludes from the absence of an object whose kind was never listed: see [`absence`].

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

pub mod absence;
pub mod apply;
pub mod attachment;
pub mod binding;
pub mod change;
mod claim_retention;
pub mod cron_job;
pub mod daemon_set;
pub mod default_class;
pub mod deployment;
pub mod disruption;
pub mod garbage_collection;
pub mod helm;
pub mod job;
pub mod job_ttl;
pub mod made;
pub mod namespace;
mod owned;
pub mod ownership;
pub mod pod_garbage;
pub mod pod_lifecycle;
pub mod pv_protection;
pub mod pvc_protection;
pub mod reclaim;
pub mod release;
pub mod replica_set;
pub mod request;
pub mod respawn;
pub mod stateful_set;
mod written;

#[cfg(test)]
pub(crate) mod fixture;

use crate::model::World;
use std::time::Duration;

pub use apply::{apply, apply_at};
pub use change::{BudgetCount, Change, Conditions, Evidence, Reaction, Reason};

/// One rule of one controller.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    /// The law's name: that of its file.
    pub name: &'static str,
    /// Where the rule comes from: a Kubernetes source path or a section of the reference.
    pub source: &'static str,
    /// How long the real controller usually takes to react; the lively sandbox waits as long.
    pub latency: Duration,
    /// What the controller would do in this world, in a fixed order. Acting on every reaction and asking again comes to
    /// rest: a law that has had its way says nothing.
    pub react: fn(&World, &Conditions) -> Vec<Reaction>,
}

/// All laws, in the order they act within a round. What makes new objects comes before what finds old ones unused, and
/// the kubelets come last, so that a pod's claims are judged before and after the pod itself goes.
pub static LAWS: &[Law] = &[
    namespace::LAW,
    garbage_collection::LAW,
    cron_job::LAW,
    job_ttl::LAW,
    job::LAW,
    stateful_set::LAW,
    deployment::LAW,
    replica_set::LAW,
    daemon_set::LAW,
    pvc_protection::LAW,
    pv_protection::LAW,
    release::LAW,
    default_class::LAW,
    binding::LAW,
    attachment::LAW,
    reclaim::LAW,
    pod_garbage::LAW,
    pod_lifecycle::LAW,
    disruption::LAW,
];

/// Rounds after which a world counts as one that does not come to rest. A chain of consequences is a few dozen rounds
/// long at most; what needs more turns in a circle.
const ROUNDS: usize = 200;

/// How a run of the laws ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// No law has anything more to do.
    AtRest,
    /// The laws were stopped after this many rounds.
    Unsettled { rounds: usize },
}

/// Runs the laws until none changes anything. Within a round each law in turn sees the world as the laws before it left
/// it; `on` hears every reaction with the world as it is just before. (A reaction whose object another one of the same
/// law has just removed is heard and changes nothing.)
pub fn settle(world: &mut World, conditions: &Conditions, on: &mut dyn FnMut(&World, &Reaction)) -> Settled {
    for _ in 0..ROUNDS {
        let before = world.revision();
        for law in LAWS {
            for reaction in (law.react)(world, conditions) {
                on(world, &reaction);
                apply_at(world, &reaction.change, conditions.now);
            }
        }
        if world.revision() == before {
            return Settled::AtRest;
        }
    }
    Settled::Unsettled { rounds: ROUNDS }
}
