//! A CronJob keeps the last of its finished Jobs and deletes those before them.
//!
//! Source: `pkg/controller/cronjob/cronjob_controllerv2.go` (`cleanupFinishedJobs`, `removeOldestJobs`): complete and failed
//! ones are counted apart, by start time, suspended or not. Its Jobs go with it through their ownerReferences. That it makes
//! another Job at its next tick is the clock's doing and stands in [`super::respawn`]: an act of now neither brings it nor
//! keeps it away, save that of suspending or deleting the CronJob.

use super::absence::lists;
use super::owned::{controlled, delete};
use super::{Conditions, Law, Reaction, Reason};
use crate::model::workload::JobState;
use crate::model::{Kind, Kinds, Object, World};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "cron_job",
    source: "pkg/controller/cronjob/cronjob_controllerv2.go",
    latency: Duration::from_secs(1),
    reads: Kinds::of(&[Kind::CronJob, Kind::Job]),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for object in world.of_kind(Kind::CronJob) {
        if let Some(cron) = object.body.cron_job()
            && !object.meta.deleting()
            && lists(world, Kind::Job, &object.meta.namespace)
        {
            let (complete, failed) = cron.history_limits();
            let field = "spec.successfulJobsHistoryLimit";
            forget(world, object, (JobState::Complete, complete, field), &mut reactions);
            let field = "spec.failedJobsHistoryLimit";
            forget(world, object, (JobState::Failed, failed, field), &mut reactions);
        }
    }
    reactions
}

fn forget(
    world: &World,
    object: &Arc<Object>,
    (state, limit, field): (JobState, u32, &str),
    reactions: &mut Vec<Reaction>,
) {
    let mut ended: Vec<_> = controlled(world, object, Kind::Job)
        .filter(|job| job.body.job().is_some_and(|facts| facts.state() == state))
        .collect();
    ended.sort_by_key(|job| {
        let start = job.body.job().and_then(|facts| facts.status.start_time);
        (start.is_none(), start, job.meta.name.clone())
    });
    let surplus = ended.len().saturating_sub(usize::try_from(limit).unwrap_or(usize::MAX));
    for job in ended.into_iter().take(surplus).filter(|job| !job.meta.deleting()) {
        let key = object.key();
        let text = format!("{key} keeps {limit} {} Jobs, and {} is older", state.word(), job.key());
        let reason = Reason::new(text).seen(&key, field, limit.to_string());
        reactions.push(delete(LAW.name, job, reason));
    }
}

#[cfg(test)]
mod tests;
