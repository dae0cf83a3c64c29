//! Would it come back? Whether an object's owners make another one when it goes, and who of them.
//!
//! Source: `reference/semantics.md` §3.8, §3.9, traps 29 and 31. A pod that comes back does not hold a claim that is being
//! deleted, because the scheduler refuses it; but it stays Pending, and it holds the next claim of the name.

use super::absence::{Presence, owner};
use crate::model::workload::JobState;
use crate::model::{Body, Kind, Object, World};

/// Whether somebody makes another object of its kind when this one is deleted.
pub fn respawns(world: &World, object: &Object) -> bool {
    let Some(reference) = object.meta.controller() else {
        return false;
    };
    match owner(world, &object.meta.namespace, reference) {
        Presence::Absent | Presence::Deleting => false,
        // an operator's custom resource, or an owner we were not shown: act at the root
        Presence::Unknown => true,
        Presence::Present => world.by_uid(&reference.uid).is_none_or(|owner| remakes(world, owner)),
    }
}

/// Whether this owner replaces what it owns, itself or by being replaced.
fn remakes(world: &World, owner: &Object) -> bool {
    match &owner.body {
        Body::Job(job) => job.state() == JobState::Active || scheduled(world, owner),
        Body::StatefulSet(set) => set.replicas() > 0,
        Body::ReplicaSet(set) => set.spec.replicas.unwrap_or(1) > 0 || respawns(world, owner),
        Body::Deployment(set) => set.spec.replicas.unwrap_or(1) > 0,
        Body::DaemonSet(_) => true,
        Body::CronJob(cron) => !cron.spec.suspend,
        Body::Namespace(_)
        | Body::Node(_)
        | Body::StorageClass(_)
        | Body::PersistentVolume(_)
        | Body::VolumeAttachment(_)
        | Body::PersistentVolumeClaim(_)
        | Body::Pod(_)
        | Body::PodDisruptionBudget(_)
        | Body::Release(_) => false,
    }
}

/// A CronJob that is not suspended makes the next Job at its next tick: the root to suspend before its Jobs are deleted.
fn scheduled(world: &World, job: &Object) -> bool {
    job.meta.controller().is_some_and(|controller| {
        let cron = world.by_uid(&controller.uid).and_then(|owner| owner.body.cron_job());
        match cron {
            Some(cron) => !cron.spec.suspend,
            None => controller.kind != Kind::CronJob.name() && respawns(world, job),
        }
    })
}

#[cfg(test)]
mod tests;
