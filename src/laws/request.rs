//! What the API server itself does with an act's request, before any controller has seen it: no more and no less.
//!
//! Whether it would take the request is not asked here. Sources: `apiserver/pkg/registry/generic/registry/store.go`,
//! `pkg/registry/core/pod/storage/eviction.go`, `reference/semantics.md` §3.1, §3.3, §3.11, §3.12.

use super::apply::{apply_at, clear_claim_ref};
use super::garbage_collection::standing;
use super::{Change, made};
use crate::model::act::STEP;
use crate::model::helm::{MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE};
use crate::model::storage::{Claim, ClaimRef, PVC_PROTECTION, Volume};
use crate::model::{Act, Body, Draft, Key, Meta, Object, Pin, Propagation, World};
use jiff::Timestamp;

/// Carries out what an act asks, on the object it is pinned to; on another object of that name it does nothing.
/// `now` dates deletions; the epoch when nobody says.
pub fn carry_out(world: &mut World, act: &Act, now: Option<Timestamp>) {
    match act {
        Act::Delete { target, propagation } => delete(world, target, *propagation, now),
        // it names no propagation: what an earlier DELETE asked for stays
        Act::Evict { pod } => {
            let asked = world.pinned(pod).map_or(Propagation::Background, |held| standing(held));
            delete(world, pod, asked, now);
        }
        Act::Scale { target, replicas } => {
            let change = Change::Scale {
                object: target.key.clone(),
                uid: target.uid.clone(),
                replicas: *replicas,
            };
            apply_at(world, &change, now);
        }
        Act::RemoveFinalizer { target, finalizer } => {
            let change = Change::RemoveFinalizer {
                object: target.key.clone(),
                uid: target.uid.clone(),
                finalizer: finalizer.clone(),
            };
            apply_at(world, &change, now);
        }
        Act::SetReclaimPolicy { volume, policy } => on_volume(world, volume, |volume| {
            volume.spec.persistent_volume_reclaim_policy = *policy;
        }),
        Act::ClearClaimRef { volume } => on_volume(world, volume, clear_claim_ref),
        Act::RetargetClaimRef {
            volume,
            namespace,
            name,
        } => on_volume(world, volume, |volume| {
            volume.spec.claim_ref = Some(ClaimRef {
                namespace: namespace.clone(),
                name: name.clone(),
                ..ClaimRef::default()
            });
        }),
        Act::Annotate {
            target,
            annotation,
            value,
        } => on(world, target, |object| {
            object.meta.annotations = object.meta.annotations.with(annotation, value.as_deref());
        }),
        Act::Stamp {
            target,
            release,
            namespace,
        } => on(world, target, |object| {
            let annotations = object.meta.annotations.with(RELEASE_NAME, Some(release));
            object.meta.annotations = annotations.with(RELEASE_NAMESPACE, Some(namespace));
            object.meta.labels = object.meta.labels.with(MANAGED_BY, Some("Helm"));
        }),
        Act::CreateClaim { claim, draft, step } => {
            if world.get(&claim.key).is_none() {
                let born = born(world, &claim.key, draft, step);
                world.put(born);
            }
        }
        Act::CreateClass { class, draft, step } => {
            if world.get(&class.key).is_none() {
                let made = Object {
                    meta: Meta {
                        name: class.key.name.clone(),
                        uid: made::fresh_uid(world),
                        labels: draft.labels.clone(),
                        annotations: draft.annotations.with(STEP, Some(step)),
                        ..Meta::default()
                    },
                    body: Body::StorageClass(Box::new(draft.facts())),
                };
                world.put(made);
            }
        }
        Act::CreateSet { set, draft, step } => {
            if world.get(&set.key).is_none()
                && let Some(mut made) = draft.facts(&set.key)
            {
                made.meta.uid = made::fresh_uid(world);
                made.meta.annotations = made.meta.annotations.with(STEP, Some(step));
                world.put(made);
            }
        }
        // no request of ours: `laws::helm` carries the one out; the other changes no object that a law reads
        Act::Helm { .. } | Act::Task { .. } => {}
    }
}

fn delete(world: &mut World, target: &Pin, propagation: Propagation, now: Option<Timestamp>) {
    let change = Change::Delete {
        object: target.key.clone(),
        uid: target.uid.clone(),
        propagation,
    };
    apply_at(world, &change, now);
}

fn on(world: &mut World, target: &Pin, change: impl FnOnce(&mut Object)) {
    if let Some(held) = world.pinned(target) {
        let mut object = Object::clone(held);
        change(&mut object);
        world.put(object);
    }
}

fn on_volume(world: &mut World, target: &Pin, change: impl FnOnce(&mut Volume)) {
    on(world, target, |object| {
        if let Body::PersistentVolume(volume) = &mut object.body {
            change(volume);
        }
    });
}

/// A new claim, as the API server makes it: Pending, with its protection.
fn born(world: &World, key: &Key, draft: &Draft, step: &str) -> Object {
    Object {
        meta: Meta {
            name: key.name.clone(),
            namespace: key.namespace.clone(),
            uid: made::fresh_uid(world),
            labels: draft.labels.clone(),
            annotations: draft.annotations.with(STEP, Some(step)),
            finalizers: vec![PVC_PROTECTION.into()].into(),
            ..Meta::default()
        },
        body: Body::PersistentVolumeClaim(Box::new(Claim {
            spec: draft.spec(),
            ..Claim::default()
        })),
    }
}

#[cfg(test)]
mod tests;
