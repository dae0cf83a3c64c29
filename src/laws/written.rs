//! Statuses and fields that controllers write, on facts. It decides nothing.

use super::apply::{edit, remove_finalizer};
use super::{BudgetCount, Change};
use crate::model::workload::batch::JobEnd;
use crate::model::workload::budget::BudgetStatus;
use crate::model::workload::{JOB_TRACKING, Job};
use crate::model::{Body, Object, World};
use jiff::Timestamp;

/// Carries out a change that writes fields of one object, or of a Job and its pod.
pub(super) fn write(world: &mut World, change: &Change, now: Timestamp) {
    match change {
        Change::CountPod {
            job,
            job_uid,
            pod,
            uid,
            succeeded,
        } => {
            let tracked = world.get(pod).is_some_and(|held| held.meta.has_finalizer(JOB_TRACKING));
            if tracked {
                edit(world, job, job_uid, |object| {
                    on_job(object, |job| count(job, *succeeded));
                });
            }
            edit(world, pod, uid, |object| remove_finalizer(object, JOB_TRACKING));
        }
        Change::FinishJob { job, uid, failed } => {
            edit(world, job, uid, |object| {
                on_job(object, |job| finish(job, *failed, now));
            });
        }
        Change::AssignClass { claim, uid, class } => edit(world, claim, uid, |object| {
            if let Body::PersistentVolumeClaim(claim) = &mut object.body {
                claim.spec.storage_class_name = Some(class.clone());
            }
        }),
        Change::GiveUp { set, set_uid, print } => edit(world, set, set_uid, |object| {
            if let Body::StatefulSet(set) = &mut object.body {
                set.status.gave_up = Some(*print);
            }
        }),
        Change::Annotate {
            object,
            uid,
            annotation,
            value,
        } => edit(world, object, uid, |object| {
            object.meta.annotations = object.meta.annotations.with(annotation, Some(value));
        }),
        Change::CountBudget { budget, uid, count } => edit(world, budget, uid, |object| {
            let generation = object.meta.generation;
            if let Body::PodDisruptionBudget(budget) = &mut object.body {
                recount(&mut budget.status, count, generation);
            }
        }),
        Change::Delete { .. }
        | Change::ConfirmPodGone { .. }
        | Change::AddFinalizer { .. }
        | Change::RemoveFinalizer { .. }
        | Change::Reattach { .. }
        | Change::RemoveOwner { .. }
        | Change::Bind { .. }
        | Change::LoseClaim { .. }
        | Change::SetVolumePhase { .. }
        | Change::Unbind { .. }
        | Change::Provision { .. }
        | Change::DestroyDisk { .. }
        | Change::CreatePod { .. }
        | Change::CreateClaim { .. }
        | Change::SpawnPod { .. }
        | Change::SpawnReplicaSet { .. }
        | Change::Scale { .. }
        | Change::StartPod { .. }
        | Change::Adopt { .. } => {}
    }
}

fn on_job(object: &mut Object, change: impl FnOnce(&mut Job)) {
    if let Body::Job(job) = &mut object.body {
        change(job);
    }
}

const fn count(job: &mut Job, succeeded: bool) {
    if succeeded {
        job.status.succeeded += 1;
    } else {
        job.status.failed += 1;
    }
}

fn finish(job: &mut Job, failed: bool, now: Timestamp) {
    job.status.active = 0;
    if !failed {
        job.status.completion_time = Some(now);
    }
    job.status.end.get_or_insert(JobEnd { failed, at: Some(now) });
}

fn recount(status: &mut BudgetStatus, count: &BudgetCount, generation: u64) {
    status.observed_generation = generation;
    status.disruptions_allowed = count.disruptions_allowed;
    status.current_healthy = count.current_healthy;
    status.desired_healthy = count.desired_healthy;
    status.expected_pods = count.expected_pods;
}
