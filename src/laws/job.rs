//! A Job keeps its pods coming until it is finished, and lets go of them one by one.
//!
//! Source: `pkg/controller/job/job_controller.go` (`manageJob`, `trackJobStatusAndRemoveFinalizers`, `syncOrphanPod`,
//! `exceedsBackoffLimit`), `reference/semantics.md` §3.9. A pod that is being deleted counts as failed, so with
//! `backoffLimit: 0` deleting the pod ends the Job; with the default `podReplacementPolicy` it is replaced at once, with
//! `Failed` once it has ended. A Job that has failed too often stops its pods and is Failed when all are counted. What bears
//! its reference and does not match its selector is let go of (`getPodsForJob`; found by conformance). The
//! delay between failures, `activeDeadlineSeconds`, `podFailurePolicy`, `successPolicy`, limits per index and failures of
//! containers that are restarted in place are not among the facts (\[I\]).

use super::absence::{Presence, lists, owner};
use super::owned::{BURST, active, delete, dispensable_first, pods, release, spawn};
use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::workload::{JOB_TRACKING, Job, JobState, PodPhase};
use crate::model::{Kind, Kinds, Object, World};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "job",
    source: "pkg/controller/job/job_controller.go",
    latency: Duration::from_secs(1),
    reads: Kinds::of(&[Kind::Job, Kind::Pod]),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions: Vec<Reaction> = world.of_kind(Kind::Pod).filter_map(|pod| let_go(world, pod)).collect();
    for object in world.of_kind(Kind::Job) {
        if let Some(job) = object.body.job()
            && !job.state().finished()
            && lists(world, Kind::Pod, &object.meta.namespace)
        {
            sync(world, object, job, &mut reactions);
        }
    }
    reactions
}

/// One pass over one Job that is not finished. One that is being deleted makes and stops no pods any more, and still says that
/// it has failed: so with its namespace, where its pods go first (`syncJob`; found by conformance).
fn sync(world: &World, object: &Arc<Object>, job: &Job, reactions: &mut Vec<Reaction>) {
    if object.meta.deleting() {
        if job.state() == JobState::Active {
            conclude(object, job, &tally(world, object, job), reactions);
        }
        return;
    }
    let strangers = release(LAW.name, world, object, &job.spec.selector, Kind::Pod);
    if !strangers.is_empty() {
        reactions.extend(strangers);
        return; // counted once they are no longer its own
    }
    match job.state() {
        JobState::Active => run(world, object, job, reactions),
        JobState::Suspended => stop(world, object, reactions),
        JobState::Complete | JobState::Failed => {}
    }
}

/// A pod's tracking finalizer goes when its Job has counted it: it ended, or is being deleted; or the Job is finished, is
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
            let job = world.by_uid(&reference.uid)?;
            let facts = job.body.job()?;
            if !facts.state().finished() {
                return count(job, facts, pod);
            }
            format!("Job {}, which tracked {key}, is finished", reference.name)
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

/// How a pod counts for its Job now: `Some(true)` as succeeded, `Some(false)` as failed, `None` as still at work.
fn ended(job: &Job, pod: &Object) -> Option<bool> {
    match pod.body.pod()?.status.phase {
        PodPhase::Succeeded => Some(true),
        PodPhase::Failed => Some(false),
        PodPhase::Pending | PodPhase::Running | PodPhase::Unknown => {
            (pod.meta.deleting() && !job.spec.waits_for_failure).then_some(false)
        }
    }
}

fn count(job: &Object, facts: &Job, pod: &Object) -> Option<Reaction> {
    let succeeded = ended(facts, pod)?;
    let (key, pod_key) = (job.key(), pod.key());
    let text = format!(
        "{key} counts {pod_key} as {}",
        if succeeded { "succeeded" } else { "failed" }
    );
    Some(Reaction::new(
        LAW.name,
        Change::CountPod {
            job: key,
            job_uid: job.meta.uid.clone(),
            pod: pod_key.clone(),
            uid: pod.meta.uid.clone(),
            succeeded,
        },
        Reason::new(text).seen(&pod_key, "metadata.finalizers", JOB_TRACKING),
    ))
}

/// Where an active Job's pods stand.
struct Tally<'a> {
    /// Neither ended nor being deleted.
    active: Vec<&'a Arc<Object>>,
    /// Being deleted, and not ended yet.
    terminating: usize,
    succeeded: usize,
    failed: usize,
    /// Ended and not yet counted.
    uncounted: bool,
}

fn tally<'a>(world: &'a World, object: &'a Object, job: &Job) -> Tally<'a> {
    let number = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    let mut tally = Tally {
        active: Vec::new(),
        terminating: 0,
        succeeded: number(job.status.succeeded),
        failed: number(job.status.failed),
        uncounted: false,
    };
    let mut untracked = 0;
    for pod in pods(world, object) {
        if active(pod) {
            tally.active.push(pod);
        } else if pod.body.pod().is_some_and(|pod| !pod.status.phase.terminal()) {
            tally.terminating += 1;
        }
        match (ended(job, pod), pod.meta.has_finalizer(JOB_TRACKING)) {
            (Some(true), true) => tally.succeeded += 1,
            (Some(false), true) => tally.failed += 1,
            (Some(true), false) => untracked += 1,
            (Some(false), false) | (None, _) => {}
        }
        tally.uncounted |= ended(job, pod).is_some() && pod.meta.has_finalizer(JOB_TRACKING);
    }
    // counted when they ended; a status that does not say so yet is behind
    tally.succeeded = tally.succeeded.max(untracked);
    tally
}

/// How many pods an active Job wants at once.
fn wanted(job: &Job, tally: &Tally<'_>) -> usize {
    let at_once = usize::try_from(job.spec.parallelism.unwrap_or(1)).unwrap_or(usize::MAX);
    match (completions(job), tally.succeeded) {
        (Some(completions), succeeded) => at_once.min(completions.saturating_sub(succeeded)),
        (None, 0) => at_once,
        // a work queue: once one pod has succeeded, no other is made
        (None, _) => at_once.min(tally.active.len()),
    }
}

/// How many pods must succeed; `None` for a work queue, which is done when one has and the others have ended.
fn completions(job: &Job) -> Option<usize> {
    match (job.spec.completions, job.spec.parallelism) {
        (Some(completions), _) => Some(usize::try_from(completions).unwrap_or(usize::MAX)),
        (None, None) => Some(1),
        (None, Some(_)) => None,
    }
}

/// Whether an active Job is at its end: it has done its work or failed too often. It stops the pods that are left, and says
/// so once all have ended and are counted.
fn conclude(object: &Object, job: &Job, tally: &Tally<'_>, reactions: &mut Vec<Reaction>) -> bool {
    let key = object.key();
    let limit = usize::try_from(job.backoff_limit()).unwrap_or(usize::MAX);
    let done = match completions(job) {
        Some(completions) => tally.succeeded >= completions,
        None => tally.succeeded > 0 && tally.active.is_empty(),
    };
    if !done && tally.failed <= limit {
        return false;
    }
    let reason = if done {
        Reason::new(format!("{key} has done its work"))
    } else {
        let text = format!("{key} has failed more than {limit} times");
        Reason::new(text).seen(&key, "spec.backoffLimit", limit.to_string())
    };
    for pod in &tally.active {
        reactions.push(delete(LAW.name, pod, reason.clone()));
    }
    if tally.active.is_empty() && tally.terminating == 0 && !tally.uncounted {
        let uid = object.meta.uid.clone();
        let failed = !done;
        let change = Change::FinishJob { job: key, uid, failed };
        reactions.push(Reaction::new(LAW.name, change, reason));
    }
    true
}

fn run(world: &World, object: &Object, job: &Job, reactions: &mut Vec<Reaction>) {
    let key = object.key();
    let mut tally = tally(world, object, job);
    if conclude(object, job, &tally, reactions) {
        return;
    }
    let wanted = wanted(job, &tally);
    let going = if job.spec.waits_for_failure {
        tally.terminating
    } else {
        0
    };
    let standing = tally.active.len();
    for _ in 0..wanted.saturating_sub(standing + going).min(BURST) {
        let reason = Reason::new(format!("{key} is active and {standing} of its pods are")).seen(
            &key,
            "status.conditions",
            "neither Complete nor Failed",
        );
        reactions.push(spawn(LAW.name, object, None, reason));
    }
    let surplus = standing.saturating_sub(wanted);
    if surplus == 0 {
        return;
    }
    dispensable_first(&mut tally.active);
    for pod in tally.active.iter().take(surplus) {
        let reason = Reason::new(format!("{key} wants only {wanted} pods at once"));
        reactions.push(delete(LAW.name, pod, reason));
    }
}

fn stop(world: &World, object: &Object, reactions: &mut Vec<Reaction>) {
    let key = object.key();
    for pod in pods(world, object).filter(|pod| active(pod)) {
        let reason = Reason::new(format!("{key} is suspended")).seen(&key, "spec.suspend", "true");
        reactions.push(delete(LAW.name, pod, reason));
    }
}

#[cfg(test)]
mod tests;
