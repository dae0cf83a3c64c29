//! Carries a change out on facts: what the API server does with it, no more. It decides nothing.
//!
//! A change names the uid it was decided on; on another object of that name it does nothing. Sources:
//! `apiserver/pkg/registry/generic/registry/store.go`, `registry/rest/delete.go`, `pkg/registry/core/pod/strategy.go`
//! (`CheckGracefulDelete`), `reference/semantics.md` §3.1.

use super::Change;
use super::change::{FOREGROUND, NAMESPACE_FINALIZER, ORPHAN};
use super::made;
use super::written;
use crate::model::storage::{
    BIND_COMPLETED, BOUND_BY_CONTROLLER, ClaimPhase, ClaimRef, EXTERNAL_PROVISIONER, PV_CONTROLLER, VolumePhase,
};
use crate::model::workload::{PodConditions, PodPhase};
use crate::model::{Body, Key, Kind, Meta, Object, OwnerReference, Propagation, Uid, World};
use jiff::Timestamp;
use std::sync::Arc;

/// A scheduled pod's grace in seconds where facts do not tell `terminationGracePeriodSeconds` (its default).
const GRACE_SECONDS: i64 = 30;

/// Carries a change out; deletions are dated at the epoch. See [`apply_at`].
pub fn apply(world: &mut World, change: &Change) {
    apply_at(world, change, None);
}

/// Carries a change out at a wall-clock time, which only `deletionTimestamp` reads.
pub fn apply_at(world: &mut World, change: &Change, now: Option<Timestamp>) {
    let now = now.unwrap_or(Timestamp::UNIX_EPOCH);
    match change {
        Change::Delete {
            object,
            uid,
            propagation,
        } => delete(world, object, uid, *propagation, now),
        Change::ConfirmPodGone { pod, uid } => {
            let free = |pod: &Object| pod.meta.deleting() && pod.meta.finalizers.is_empty();
            unless_gone(world, pod, uid, free, |pod| {
                if pod.meta.deleting() {
                    pod.meta.deletion_grace_period_seconds = Some(0);
                }
            });
        }
        Change::AddFinalizer { object, uid, finalizer } => edit(world, object, uid, |object| {
            if !object.meta.has_finalizer(finalizer) {
                object.meta.finalizers.push(finalizer.clone());
            }
        }),
        Change::RemoveFinalizer { object, uid, finalizer }
        | Change::Reattach {
            attachment: object,
            uid,
            finalizer,
        } => {
            let again = made::object(world, change);
            let free = |object: &Object| {
                let last = object.meta.finalizers.iter().all(|held| held == finalizer);
                last && object.meta.deleting() && !kept(object)
            };
            unless_gone(world, object, uid, free, |object| remove_finalizer(object, finalizer));
            if let Some(again) = again {
                world.put(again);
            }
        }
        Change::RemoveOwner { object, uid, owner } => edit(world, object, uid, |object| {
            object.meta.owner_references.retain(|held| held.uid != *owner);
        }),
        Change::Adopt {
            owner,
            owner_uid,
            object,
            uid,
        } => adopt(world, owner, owner_uid, object, uid),
        Change::Bind {
            claim,
            claim_uid,
            volume,
            volume_uid,
        } => bind(world, claim, claim_uid, volume, volume_uid),
        Change::LoseClaim { claim, uid } => edit(world, claim, uid, |object| {
            if let Body::PersistentVolumeClaim(claim) = &mut object.body {
                claim.status.phase = ClaimPhase::Lost;
            }
        }),
        Change::SetVolumePhase { volume, uid, phase } => edit(world, volume, uid, |object| {
            if let Body::PersistentVolume(volume) = &mut object.body {
                volume.status.phase = *phase;
            }
        }),
        Change::Unbind { volume, uid } => edit(world, volume, uid, unbind),
        Change::DestroyDisk { volume, uid } => destroy_disk(world, volume, uid, now),
        Change::StartPod { pod, uid } => start_pod(world, pod, uid),
        Change::Scale { object, uid, replicas } => edit(world, object, uid, |object| scale(object, *replicas)),
        Change::CountPod { .. }
        | Change::FinishJob { .. }
        | Change::AssignClass { .. }
        | Change::Annotate { .. }
        | Change::GiveUp { .. }
        | Change::CountBudget { .. } => written::write(world, change, now),
        Change::Provision { .. }
        | Change::CreatePod { .. }
        | Change::CreateClaim { .. }
        | Change::SpawnPod { .. }
        | Change::SpawnReplicaSet { .. } => {
            if let Some(object) = made::object(world, change)
                && world.get(&object.key()).is_none()
            {
                world.put(object);
            }
        }
    }
}

/// Changes one object in place, and removes it when nothing keeps it any more.
pub(super) fn edit(world: &mut World, key: &Key, uid: &Uid, change: impl FnOnce(&mut Object)) {
    let Some(held) = world.get(key).filter(|held| held.meta.uid == *uid) else {
        return;
    };
    let mut object = Object::clone(held);
    change(&mut object);
    if finished(&object) {
        world.take(key);
    } else {
        world.put(object);
    }
}

/// [`edit`], where it can be told beforehand that the change leaves nothing to hold the object: then it goes, and is not copied
/// to be changed first.
fn unless_gone(
    world: &mut World,
    key: &Key,
    uid: &Uid,
    free: impl FnOnce(&Object) -> bool,
    change: impl FnOnce(&mut Object),
) {
    match world.get(key) {
        Some(held) if held.meta.uid == *uid && free(held) => drop(world.take(key)),
        Some(_) | None => edit(world, key, uid, change),
    }
}

/// A deleting object goes when its finalizers are gone and nothing else keeps it.
fn finished(object: &Object) -> bool {
    object.meta.deleting() && object.meta.finalizers.is_empty() && !kept(object)
}

/// Whether more than finalizers keeps an object that is being deleted: a pod until its kubelet has confirmed, a namespace until
/// it is empty.
fn kept(object: &Object) -> bool {
    match &object.body {
        Body::Pod(_) => object.meta.deletion_grace_period_seconds != Some(0),
        Body::Namespace(namespace) => !namespace.spec.finalizers.is_empty(),
        Body::Node(_)
        | Body::StorageClass(_)
        | Body::PersistentVolume(_)
        | Body::VolumeAttachment(_)
        | Body::PersistentVolumeClaim(_)
        | Body::Job(_)
        | Body::CronJob(_)
        | Body::StatefulSet(_)
        | Body::Deployment(_)
        | Body::ReplicaSet(_)
        | Body::DaemonSet(_)
        | Body::PodDisruptionBudget(_)
        | Body::Release(_) => false,
    }
}

/// A second DELETE of an object that only finalizers hold puts its own propagation in place of the first one's: `Orphan`
/// after `Background` still orphans, `Background` after `Foreground` lets the owner go at once (found by conformance).
/// While a grace period runs it changes nothing (`store.go` `Delete`: `pendingGraceful` returns before
/// `deletionFinalizersForGarbageCollection`), and never a namespace (`pkg/registry/core/namespace/storage`).
fn delete(world: &mut World, key: &Key, uid: &Uid, propagation: Propagation, now: Timestamp) {
    let free = |object: &Object| {
        let held = if object.kind() == Kind::Pod {
            grace(object) != 0
        } else {
            kept(object)
        };
        propagation == Propagation::Background && !held && !object.meta.deleting() && object.meta.finalizers.is_empty()
    };
    unless_gone(world, key, uid, free, |object| {
        if object.meta.deleting() && !retargets(object) {
            return;
        }
        let grace = grace(object);
        let finalizers = &mut object.meta.finalizers;
        finalizers.retain(|held| held != FOREGROUND && held != ORPHAN);
        match propagation {
            Propagation::Background => {}
            Propagation::Foreground => finalizers.push(FOREGROUND.into()),
            Propagation::Orphan => finalizers.push(ORPHAN.into()),
        }
        if object.meta.deleting() {
            return;
        }
        object.meta.deletion_timestamp = Some(now);
        object.meta.deletion_grace_period_seconds = Some(grace);
        if let Body::Namespace(namespace) = &mut object.body {
            namespace.status.phase = "Terminating".into();
        }
    });
}

/// Whether a DELETE of an object that is being deleted already can change its propagation.
pub fn retargets(object: &Object) -> bool {
    let graceful = object.meta.deletion_grace_period_seconds.is_some_and(|grace| grace > 0);
    !graceful && object.kind() != Kind::Namespace
}

/// The finalizer that a DELETE with this propagation and a resourceVersion stumbles over. One that itself takes off the last
/// finalizers is refused with 409: the API server asks for the version of the updated object, and there is none (`store.go`
/// `Delete`, after `errDeleteNow`; found by conformance). A pod that is not being deleted yet passes, because its grace
/// period is written first; a namespace has a way of its own (`pkg/registry/core/namespace/storage`).
pub fn stumbles(object: &Object, propagation: Propagation) -> Option<&'static str> {
    let held = &object.meta.finalizers;
    let own = |finalizer: &&'static str| object.meta.has_finalizer(finalizer);
    let only = held.iter().all(|held| held == FOREGROUND || held == ORPHAN);
    let graceful = object.kind() == Kind::Pod && !object.meta.deleting();
    let background = propagation == Propagation::Background;
    (background && only && !graceful && retargets(object))
        .then(|| [FOREGROUND, ORPHAN].into_iter().find(own))
        .flatten()
}

/// The grace the API server gives: none but to a scheduled pod whose containers may still run.
fn grace(object: &Object) -> i64 {
    match object.body.pod() {
        Some(pod) if pod.scheduled() && !pod.status.phase.terminal() => GRACE_SECONDS,
        _ => 0,
    }
}

pub(super) fn remove_finalizer(object: &mut Object, finalizer: &str) {
    object.meta.finalizers.retain(|held| held != finalizer);
    if let Body::Namespace(namespace) = &mut object.body
        && finalizer == NAMESPACE_FINALIZER
    {
        namespace.spec.finalizers.retain(|held| held != finalizer);
    }
}

fn adopt(world: &mut World, owner: &Key, owner_uid: &Uid, key: &Key, uid: &Uid) {
    if world.get(owner).is_none_or(|held| held.meta.uid != *owner_uid) {
        return;
    }
    let reference = controller_reference(owner, owner_uid);
    edit(world, key, uid, |object| {
        if object.meta.controller().is_none() {
            object.meta.owner_references.retain(|held| held.uid != reference.uid);
            object.meta.owner_references.push(reference);
        }
    });
}

/// The reference a controller writes on what is its own.
pub(super) fn controller_reference(owner: &Key, uid: &Uid) -> OwnerReference {
    OwnerReference {
        api_version: owner.kind.api_version().into(),
        kind: owner.kind.name().into(),
        name: owner.name.clone(),
        uid: uid.clone(),
        controller: true,
        block_owner_deletion: true,
    }
}

fn bind(world: &mut World, claim_key: &Key, claim_uid: &Uid, volume_key: &Key, volume_uid: &Uid) {
    let (Some(claim), Some(volume)) = (
        world.get(claim_key).filter(|held| held.meta.uid == *claim_uid).cloned(),
        world
            .get(volume_key)
            .filter(|held| held.meta.uid == *volume_uid)
            .cloned(),
    ) else {
        return;
    };
    let capacity = volume.body.volume().map(|volume| volume.spec.capacity.clone());
    edit(world, volume_key, volume_uid, |object| {
        let Body::PersistentVolume(facts) = &mut object.body else {
            return;
        };
        if facts.spec.claim_ref.is_none() {
            annotate(&mut object.meta, BOUND_BY_CONTROLLER, "yes");
        }
        facts.spec.claim_ref = Some(claim_reference(&claim));
        facts.status.phase = VolumePhase::Bound;
    });
    edit(world, claim_key, claim_uid, |object| {
        let Body::PersistentVolumeClaim(facts) = &mut object.body else {
            return;
        };
        if facts.spec.volume_name.is_empty() {
            annotate(&mut object.meta, BOUND_BY_CONTROLLER, "yes");
        }
        facts.spec.volume_name = volume.meta.name.clone();
        facts.status.phase = ClaimPhase::Bound;
        facts.status.capacity = capacity.unwrap_or_default();
        annotate(&mut object.meta, BIND_COMPLETED, "yes");
    });
}

pub(super) fn claim_reference(claim: &Arc<Object>) -> ClaimRef {
    ClaimRef {
        namespace: claim.meta.namespace.clone(),
        name: claim.meta.name.clone(),
        uid: claim.meta.uid.clone(),
        resource_version: claim.meta.resource_version.clone(),
    }
}

/// `unbindVolume` of `pv_controller.go`: what an administrator wrote stays a reservation.
fn unbind(object: &mut Object) {
    let Body::PersistentVolume(volume) = &mut object.body else {
        return;
    };
    if object.meta.annotations.get(BOUND_BY_CONTROLLER).is_some() {
        volume.spec.claim_ref = None;
        object.meta.annotations = object.meta.annotations.with(BOUND_BY_CONTROLLER, None);
    } else {
        clear_claim_ref(volume);
    }
    volume.status.phase = VolumePhase::Available;
}

/// Removes the uid and resource version of a `claimRef` and keeps its names, as [`crate::model::Act::ClearClaimRef`] does.
pub fn clear_claim_ref(volume: &mut crate::model::storage::Volume) {
    if let Some(claim) = &mut volume.spec.claim_ref {
        claim.uid = Uid::default();
        claim.resource_version = crate::model::ResourceVersion::default();
    }
}

/// The provisioner deletes the disk, then its object, then takes its own finalizer off (`sig-storage-lib` `deleteVolumeOperation`).
fn destroy_disk(world: &mut World, key: &Key, uid: &Uid, now: Timestamp) {
    delete(world, key, uid, Propagation::Background, now);
    edit(world, key, uid, |object| {
        object
            .meta
            .finalizers
            .retain(|held| held != EXTERNAL_PROVISIONER && held != PV_CONTROLLER);
    });
}

/// The node the pod was made for, or else the first by name that takes pods; without any it stays where it is. The needs
/// of a pod that is not a DaemonSet's are not among the facts.
fn start_pod(world: &mut World, key: &Key, uid: &Uid) {
    let wanted = world
        .get(key)
        .and_then(|held| held.body.pod()?.spec.destination.clone());
    let node = super::pod_lifecycle::places(world, wanted.as_deref())
        .next()
        .map(|node| node.meta.name.clone());
    edit(world, key, uid, |object| {
        let Body::Pod(pod) = &mut object.body else { return };
        if !pod.scheduled()
            && let Some(node) = node
        {
            pod.spec.node_name = node;
        }
        if pod.scheduled() {
            pod.status.phase = PodPhase::Running;
            pod.status.conditions = PodConditions {
                ready: true,
                ..PodConditions::default()
            };
        }
    });
}

fn scale(object: &mut Object, replicas: u32) {
    match &mut object.body {
        Body::StatefulSet(set) => set.spec.replicas = Some(replicas),
        Body::Deployment(set) | Body::ReplicaSet(set) => set.spec.replicas = Some(replicas),
        Body::Namespace(_)
        | Body::Node(_)
        | Body::StorageClass(_)
        | Body::PersistentVolume(_)
        | Body::VolumeAttachment(_)
        | Body::PersistentVolumeClaim(_)
        | Body::Pod(_)
        | Body::Job(_)
        | Body::CronJob(_)
        | Body::DaemonSet(_)
        | Body::PodDisruptionBudget(_)
        | Body::Release(_) => {}
    }
}

fn annotate(meta: &mut Meta, key: &str, value: &str) {
    meta.annotations = meta.annotations.with(key, Some(value));
}

#[cfg(test)]
mod tests;
