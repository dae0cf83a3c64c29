//! A finished Job goes when its time to live is over: in the foreground, by its uid.
//!
//! Source: `pkg/controller/ttlafterfinished/ttlafterfinished_controller.go` (`processJob`), `reference/semantics.md` §3.9.
//! The time counts from the last transition of the condition Complete or Failed. Without a clock in the conditions nothing
//! is said; what will be due later is no consequence of an act of today, and is not forecast.

use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::workload::Job;
use crate::model::{Kind, Kinds, Propagation, World};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;

pub const LAW: Law = Law {
    name: "job_ttl",
    source: "pkg/controller/ttlafterfinished/ttlafterfinished_controller.go",
    latency: Duration::ZERO,
    reads: Kinds::of(&[Kind::Job]),
    react,
};

/// When a finished Job's time is over; `None` for one without a time to live, or not finished.
pub fn due(job: &Job) -> Option<Timestamp> {
    let seconds = i64::try_from(job.spec.ttl_seconds_after_finished?).ok()?;
    job.finished_at()?.checked_add(SignedDuration::from_secs(seconds)).ok()
}

fn react(world: &World, conditions: &Conditions) -> Vec<Reaction> {
    let Some(now) = conditions.now else { return Vec::new() };
    let over = world.of_kind(Kind::Job).filter_map(|object| {
        let due = due(object.body.job()?).filter(|due| *due <= now && !object.meta.deleting())?;
        let key = object.key();
        let reason = Reason::new(format!("the time to live of {key} was over at {due:.0}")).seen(
            &key,
            "spec.ttlSecondsAfterFinished",
            object.body.job()?.spec.ttl_seconds_after_finished?.to_string(),
        );
        let change = Change::Delete {
            object: key,
            uid: object.meta.uid.clone(),
            propagation: Propagation::Foreground,
        };
        Some(Reaction::new(LAW.name, change, reason))
    });
    over.collect()
}

#[cfg(test)]
mod tests;
