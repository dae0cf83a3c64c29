//! Which volume a claim gets: the one it names, one that is reserved for it, or a free one that fits.
//!
//! Sources: `pkg/controller/volume/persistentvolume/pv_controller.go` (`syncUnboundClaim`, `syncBoundClaim`),
//! `staging/…/persistentvolume/volume/volume.go` `FindMatchingVolume`, `reference/semantics.md` §3.3, §3.6. Which of
//! several equally good volumes a claim gets is not defined (`reference/control-plane.md`, "Seen on it"): here the
//! smallest that fits, then by name. Volume node affinity is not among the facts and is not compared. What is made for a claim
//! that nothing fits is its class's ([`super::storage_class`]).

use super::absence::lists;
use super::{Change, Conditions, Law, Reaction, Reason, storage_class};
use crate::model::storage::{BIND_COMPLETED, Claim, ClaimPhase, ClaimRef, Volume, VolumePhase};
use crate::model::{Key, Kind, Kinds, Object, Text, World};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "binding",
    source: "pkg/controller/volume/persistentvolume/pv_controller.go syncClaim",
    latency: Duration::from_millis(800),
    reads: Kinds::of(&[
        Kind::PersistentVolumeClaim,
        Kind::PersistentVolume,
        Kind::StorageClass,
        Kind::Pod,
    ]),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut taken = BTreeSet::new();
    world
        .of_kind(Kind::PersistentVolumeClaim)
        .filter_map(|object| {
            let claim = object.body.claim()?;
            let (change, reason) = if object.meta.annotations.get(BIND_COMPLETED).is_some() {
                bound(world, object, claim)?
            } else if object.meta.deleting() {
                return None;
            } else {
                unbound(world, object, claim, &taken)?
            };
            if let Change::Bind { volume, .. } = &change {
                taken.insert(volume.clone());
            }
            Some(Reaction::new(LAW.name, change, reason))
        })
        .collect()
}

fn bind(claim: &Object, volume: &Object) -> Change {
    Change::Bind {
        claim: claim.key(),
        claim_uid: claim.meta.uid.clone(),
        volume: volume.key(),
        volume_uid: volume.meta.uid.clone(),
    }
}

/// A claim that was once bound keeps its volume, or is Lost: it never gets another.
fn bound(world: &World, object: &Object, claim: &Claim) -> Option<(Change, Reason)> {
    let well = |volume: &Volume| {
        let own = |holder: &ClaimRef| holder.uid == object.meta.uid;
        volume.spec.claim_ref.as_ref().is_some_and(own)
            && claim.status.phase == ClaimPhase::Bound
            && volume.status.phase == VolumePhase::Bound
    };
    let volume_object = world.find(Kind::PersistentVolume, "", &claim.spec.volume_name);
    // nearly every claim: nothing is put into words for it
    if volume_object.and_then(|held| held.body.volume()).is_some_and(well) {
        return None;
    }
    let key = object.key();
    let lose = |reason: Reason| {
        let change = Change::LoseClaim {
            claim: key.clone(),
            uid: object.meta.uid.clone(),
        };
        (claim.status.phase != ClaimPhase::Lost).then_some((change, reason))
    };
    if claim.spec.volume_name.is_empty() {
        return lose(Reason::new(format!("{key} was bound and names no volume any more")));
    }
    let volume_key = Key::cluster(Kind::PersistentVolume, &claim.spec.volume_name);
    let Some(volume_object) = volume_object else {
        return lists(world, Kind::PersistentVolume, "")
            .then(|| {
                let reason = Reason::new(format!("{volume_key}, the volume of {key}, does not exist any more"));
                lose(reason.seen(&key, "spec.volumeName", claim.spec.volume_name.as_str()))
            })
            .flatten();
    };
    let volume = volume_object.body.volume()?;
    match &volume.spec.claim_ref {
        Some(holder) if holder.uid == object.meta.uid => {
            let reason = Reason::new(format!("{key} and {volume_key} name each other"));
            Some((bind(object, volume_object), reason))
        }
        None => Some((
            bind(object, volume_object),
            Reason::new(format!("{volume_key} lost its claimRef and {key} still names it")),
        )),
        Some(holder) => lose(
            Reason::new(format!(
                "{volume_key} names another claim than {key}, or none by uid (ClaimMisbound)"
            ))
            .seen(&volume_key, "spec.claimRef.uid", holder.uid.to_string())
            .seen(&key, "metadata.uid", object.meta.uid.to_string()),
        ),
    }
}

fn unbound(world: &World, object: &Arc<Object>, claim: &Claim, taken: &BTreeSet<Key>) -> Option<(Change, Reason)> {
    let key = object.key();
    if !claim.spec.volume_name.is_empty() {
        let wanted = Key::cluster(Kind::PersistentVolume, &claim.spec.volume_name);
        let volume_object = world.get(&wanted)?;
        let volume = volume_object.body.volume()?;
        let ours = match &volume.spec.claim_ref {
            Some(_) => reserved_for(volume, object),
            None => !taken.contains(&wanted) && fits(claim, volume),
        };
        let reason = Reason::new(format!("{key} asks for {wanted} by name")).seen(
            &key,
            "spec.volumeName",
            claim.spec.volume_name.as_str(),
        );
        return ours.then(|| (bind(object, volume_object), reason));
    }
    let found = find(world, object, claim, taken)?;
    let reason = Reason::new(format!("{} fits {key} and is free for it", found.key()));
    Some((bind(object, found), reason))
}

/// The volume is reserved for this claim: its `claimRef` bears the claim's name, and its uid or none.
fn reserved_for(volume: &Volume, claim: &Object) -> bool {
    volume.spec.claim_ref.as_ref().is_some_and(|holder| {
        holder.namespace == claim.meta.namespace
            && holder.name == claim.meta.name
            && (holder.uid.is_empty() || holder.uid == claim.meta.uid)
    })
}

/// A reserved volume first, whatever its class and phase, if it is large enough; else the smallest free one that fits.
/// A class that waits for its first consumer looks for free ones only once a pod wants the claim.
pub(super) fn find<'a>(
    world: &'a World,
    object: &Object,
    claim: &Claim,
    taken: &BTreeSet<Key>,
) -> Option<&'a Arc<Object>> {
    let candidates = || {
        world.of_kind(Kind::PersistentVolume).filter_map(|candidate| {
            let volume = candidate.body.volume()?;
            let usable = !candidate.meta.deleting() && !taken.contains(&candidate.key());
            usable.then_some((candidate, volume))
        })
    };
    let reserved = candidates()
        .find(|(_, volume)| reserved_for(volume, object) && same_shape(claim, volume) && large_enough(claim, volume));
    if let Some((found, _)) = reserved {
        return Some(found);
    }
    let waits = storage_class::of(world, claim)
        .and_then(|class| class.body.class())
        .is_some_and(crate::model::storage::Class::waits_for_consumer);
    if waits && consumer(world, &object.key()).is_none() {
        return None;
    }
    candidates()
        .filter(|(_, volume)| {
            volume.status.phase == VolumePhase::Available && volume.spec.claim_ref.is_none() && fits(claim, volume)
        })
        .filter(|(candidate, _)| {
            let selector = claim.spec.selector.as_ref();
            selector.is_none_or(|selector| selector.matches(&candidate.meta.labels))
        })
        .min_by_key(|(candidate, volume)| (size(volume), candidate.meta.name.clone()))
        .map(|(found, _)| found)
}

/// Class, size, volume mode and access modes, as `checkVolumeSatisfyClaim` compares them.
fn fits(claim: &Claim, volume: &Volume) -> bool {
    let class = storage_class::named(claim);
    volume.spec.storage_class_name == class && same_shape(claim, volume) && large_enough(claim, volume)
}

fn same_shape(claim: &Claim, volume: &Volume) -> bool {
    let mode = |mode: &Option<Text>| mode.clone().unwrap_or_else(|| "Filesystem".into());
    mode(&claim.spec.volume_mode) == mode(&volume.spec.volume_mode)
        && claim
            .spec
            .access_modes
            .iter()
            .all(|wanted| volume.spec.access_modes.contains(wanted))
}

fn large_enough(claim: &Claim, volume: &Volume) -> bool {
    let wanted = claim.spec.resources.requests.storage.as_ref();
    let wanted = wanted.and_then(crate::model::quantity::Quantity::bytes).unwrap_or(0);
    size(volume).unwrap_or(0) >= wanted
}

fn size(volume: &Volume) -> Option<u64> {
    volume
        .spec
        .capacity
        .storage
        .as_ref()
        .and_then(crate::model::quantity::Quantity::bytes)
}

/// A pod that waits to be scheduled with this claim and could be, were the claim bound.
pub(super) fn consumer<'a>(world: &'a World, claim: &Key) -> Option<&'a Arc<Object>> {
    world.users_of(claim).find(|object| {
        object.body.pod().is_some_and(|pod| {
            !pod.scheduled() && !object.meta.deleting() && !pod.status.phase.terminal() && {
                pod.claims(&object.meta).all(|name| {
                    let key = Key::new(Kind::PersistentVolumeClaim, &object.meta.namespace, &name);
                    world.get(&key).is_some_and(|claim| {
                        let lost = claim
                            .body
                            .claim()
                            .is_some_and(|facts| facts.status.phase == ClaimPhase::Lost);
                        !claim.meta.deleting() && !lost
                    })
                })
            }
        })
    })
}

#[cfg(test)]
mod tests;
