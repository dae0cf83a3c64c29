//! A Job keeps its pods coming until it is finished, and lets go of them one by one.
//!
//! Source: `pkg/controller/job/job_controller.go` (`manageJob`, `trackJobStatusAndRemoveFinalizers`, `syncOrphanPod`),
//! `reference/semantics.md` §3.9. With the default `podReplacementPolicy` a pod that is being deleted is replaced at once.
//! `backoffLimit` is not among the facts: a failed pod of an active Job is taken to be replaced (\[I\]). The clock of
//! `ttlSecondsAfterFinished` is not modelled, and a Job never finishes by a law's hand.

use super::absence::{Presence, lists, owner};
use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::workload::{JOB_TRACKING, Job, JobState, PodPhase};
use crate::model::{Kind, Object, Propagation, World};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "job",
    source: "pkg/controller/job/job_controller.go",
    latency: Duration::from_secs(1),
    react,
};

/// Pods made for one owner in one round; the real controllers grow towards 500 in a burst.
pub(super) const BURST: usize = 50;

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions: Vec<Reaction> = world.of_kind(Kind::Pod).filter_map(|pod| let_go(world, pod)).collect();
    for object in world.of_kind(Kind::Job) {
        if let Some(job) = object.body.job()
            && !object.meta.deleting()
            && lists(world, Kind::Pod, &object.meta.namespace)
        {
            match job.state() {
                JobState::Active => replace(world, object, job, &mut reactions),
                JobState::Suspended => stop(world, object, &mut reactions),
                JobState::Complete | JobState::Failed => {}
            }
        }
    }
    reactions
}

/// A pod's tracking finalizer goes when its Job has counted it: it ended, or is being deleted, or the Job is finished, is
/// being deleted, or is not there at all.
fn let_go(world: &World, pod: &Object) -> Option<Reaction> {
    if !pod.meta.has_finalizer(JOB_TRACKING) {
        return None;
    }
    let key = pod.key();
    let reference = pod.meta.controller().filter(|owner| owner.kind == Kind::Job.name());
    let text = match reference.map(|reference| (reference, owner(world, &key.namespace, reference))) {
        None => format!("no Job tracks {key}"),
        Some((reference, Presence::Absent)) => format!("Job {}, which tracked {key}, is gone", reference.name),
        Some((reference, Presence::Deleting)) => {
            format!("Job {}, which tracks {key}, is being deleted", reference.name)
        }
        Some((_, Presence::Unknown)) => return None,
        Some((reference, Presence::Present)) => {
            let ended = pod.body.pod().is_some_and(|facts| facts.status.phase.terminal());
            let finished = world
                .by_uid(&reference.uid)
                .and_then(|job| job.body.job())
                .is_some_and(|job| job.state().finished());
            if !(ended || finished || pod.meta.deleting()) {
                return None;
            }
            format!("Job {} has counted {key}", reference.name)
        }
    };
    Some(Reaction::new(
        LAW.name,
        Change::RemoveFinalizer {
            object: key.clone(),
            uid: pod.meta.uid.clone(),
            finalizer: JOB_TRACKING.into(),
        },
        Reason::new(text).seen(&key, "metadata.finalizers", JOB_TRACKING),
    ))
}

/// The pods a controller owns.
pub(super) fn pods<'a>(world: &'a World, owner: &'a Object) -> impl Iterator<Item = &'a Arc<Object>> {
    world.dependents_of(&owner.meta.uid).filter(|object| {
        object.kind() == Kind::Pod
            && object.meta.namespace == owner.meta.namespace
            && object
                .meta
                .controller()
                .is_some_and(|controller| controller.uid == owner.meta.uid)
    })
}

/// Neither ended nor being deleted: what controllers count as a replica.
pub(super) fn active(object: &Object) -> bool {
    !object.meta.deleting() && object.body.pod().is_some_and(|pod| !pod.status.phase.terminal())
}

/// How many pods an active Job wants at once.
fn wanted(world: &World, object: &Object, job: &Job) -> usize {
    let ended = pods(world, object)
        .filter(|pod| {
            let phase = pod.body.pod().map(|pod| pod.status.phase);
            phase == Some(PodPhase::Succeeded)
        })
        .count();
    let succeeded = usize::try_from(job.status.succeeded).unwrap_or(usize::MAX).max(ended);
    let at_once = usize::try_from(job.spec.parallelism.unwrap_or(1)).unwrap_or(usize::MAX);
    let completions = match (job.spec.completions, job.spec.parallelism) {
        (Some(completions), _) => usize::try_from(completions).unwrap_or(usize::MAX),
        (None, None) => 1,
        // a work queue: once one pod has succeeded, no other is made
        (None, Some(_)) if succeeded > 0 => 0,
        (None, Some(_)) => usize::MAX,
    };
    at_once.min(completions.saturating_sub(succeeded))
}

fn replace(world: &World, object: &Object, job: &Job, reactions: &mut Vec<Reaction>) {
    let standing = pods(world, object).filter(|pod| active(pod)).count();
    let missing = wanted(world, object, job).saturating_sub(standing);
    let key = object.key();
    for _ in 0..missing.min(BURST) {
        let reason = Reason::new(format!("{key} is active and {standing} of its pods are")).seen(
            &key,
            "status.conditions",
            "neither Complete nor Failed",
        );
        reactions.push(Reaction::new(
            LAW.name,
            Change::SpawnPod {
                owner: key.clone(),
                owner_uid: object.meta.uid.clone(),
            },
            reason,
        ));
    }
}

fn stop(world: &World, object: &Object, reactions: &mut Vec<Reaction>) {
    let key = object.key();
    for pod in pods(world, object).filter(|pod| active(pod)) {
        let reason = Reason::new(format!("{key} is suspended")).seen(&key, "spec.suspend", "true");
        reactions.push(Reaction::new(
            LAW.name,
            Change::Delete {
                object: pod.key(),
                uid: pod.meta.uid.clone(),
                propagation: Propagation::Background,
            },
            reason,
        ));
    }
}

#[cfg(test)]
mod tests;
