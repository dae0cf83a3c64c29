//! What would happen? An act applied to a copy of the world, the laws run to rest, every difference reported with its reason.
//!
//! A forecast compares two futures of the same excerpt: one with the act and one without. What would happen anyway is not
//! the act's doing and is not reported. It knows no clock and no network; what it was not shown it calls unknown.

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

mod course;
mod cover;
mod excerpt;
mod fate;
mod helm;
mod holders;
mod kept;
pub mod outcome;
mod quorum;
mod summary;
mod target;
mod tier;
mod volume;
mod words;

pub use excerpt::namespaces_of;
pub use outcome::{Entry, Forecast, Holder, Other, Outcome, Recreation, Tier, Undo};
pub use quorum::{Quorum, QuorumEnd};
pub use summary::{Back, Disk, Hanging, Subject, Summary, Why};
pub use words::Fate;

use crate::laws::{Conditions, provisioner};
use crate::model::{Act, Now, World};
use std::time::Duration;

/// Says what an act would do. `quiet` is how long an idle feed may go unheard before its facts count as stale.
pub fn forecast(world: &World, act: &Act, conditions: &Conditions, now: Now, quiet: Duration) -> Forecast {
    foreseen(world, act, conditions, now, quiet, |_| ()).0
}

/// The same, and the world as it would leave it: what a following act is forecast on. Where the server would refuse, the
/// world stays as it is.
pub fn foresee(world: &World, act: &Act, conditions: &Conditions, now: Now, quiet: Duration) -> (Forecast, World) {
    let (forecast, end) = foreseen(world, act, conditions, now, quiet, |futures| futures.end(world));
    (forecast, end.unwrap_or_else(|| world.clone()))
}

fn foreseen<R>(
    world: &World,
    act: &Act,
    conditions: &Conditions,
    now: Now,
    quiet: Duration,
    besides: impl FnOnce(&course::Futures<'_>) -> R,
) -> (Forecast, Option<R>) {
    let contradicted = provisioner::contradicted(world, conditions);
    let conditions = &Conditions {
        now: conditions.now.or(Some(now.wall)),
        // who is seen to run is not counted as dead: a disk that may be destroyed is told as destroyed
        dead_provisioners: provisioner::dead(world, conditions),
        ..conditions.clone()
    };
    if let Some(refused) = target::refusal(world, act) {
        let unknowns = if let Outcome::Unknown { missing } = &refused.outcome {
            vec![missing.clone()]
        } else {
            Vec::new()
        };
        return (
            tier::judged(world, act, vec![refused], Vec::new(), Vec::new(), unknowns),
            None,
        );
    }
    let futures = course::Futures::of(world, act, conditions);
    let mut entries = fate::entries(&futures);
    helm::told(&futures, &mut entries);
    entries.extend(kept::entries(&futures, &entries));
    let mut unknowns = cover::judge(world, &futures, &mut entries, now, quiet);
    unknowns.extend(cover::contradictions(&futures, &entries, &contradicted));
    let quorum = quorum::judge(world, act, &entries, conditions, now, quiet);
    unknowns.extend(quorum.iter().filter_map(|told| match &told.end {
        QuorumEnd::Unknown { missing } => Some(format!("the quorum of {}: {missing}", told.ensemble)),
        QuorumEnd::Assumed { missing, .. } => Some(format!("who votes in {}: {missing}", told.ensemble)),
        QuorumEnd::Kept { .. } | QuorumEnd::Broken | QuorumEnd::Lost => None,
    }));
    let forecast = tier::judged(world, act, entries, helm::others(&futures), quorum, unknowns);
    (forecast, Some(besides(&futures)))
}

#[cfg(test)]
mod tests;
