//! What a volume's `claimRef` makes of its phase: Available, Bound or Released.
//!
//! Source: `pkg/controller/volume/persistentvolume/pv_controller.go` `syncVolume`, `reference/semantics.md` §3.3:
//!
//! | `claimRef` | becomes |
//! |---|---|
//! | none | Available to any claim |
//! | without uid | Available, reserved for that name |
//! | full; the claim is gone, or bears another uid | Released; never binds again by itself |
//! | full; the claim names this volume | Bound |
//! | full; the claim is bound elsewhere | Released if provisioned with policy Delete, else unbound |

use super::absence::lists;
use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::storage::{ClaimRef, PROVISIONED_BY, ReclaimPolicy, Volume, VolumePhase};
use crate::model::{Key, Kind, Kinds, Object, World};
use std::time::Duration;

pub const LAW: Law = Law {
    name: "release",
    source: "pkg/controller/volume/persistentvolume/pv_controller.go syncVolume",
    latency: Duration::from_millis(150),
    reads: Kinds::of(&[Kind::PersistentVolume, Kind::PersistentVolumeClaim]),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    world
        .of_kind(Kind::PersistentVolume)
        .filter_map(|object| {
            let volume = object.body.volume()?;
            let (change, reason) = judge(world, object, volume)?;
            Some(Reaction::new(LAW.name, change, reason))
        })
        .collect()
}

/// The claim a `claimRef` with a uid means.
enum Claimant<'a> {
    Same(&'a Object),
    Gone,
    Other(&'a Object),
    /// Claims were never listed there.
    Unknown,
}

fn claimant<'a>(world: &'a World, claim: &ClaimRef) -> Claimant<'a> {
    match world.find(Kind::PersistentVolumeClaim, &claim.namespace, &claim.name) {
        Some(held) if held.meta.uid == claim.uid => Claimant::Same(held),
        Some(held) => Claimant::Other(held),
        None if lists(world, Kind::PersistentVolumeClaim, &claim.namespace) => Claimant::Gone,
        None => Claimant::Unknown,
    }
}

fn judge(world: &World, object: &Object, volume: &Volume) -> Option<(Change, Reason)> {
    let phase = volume.status.phase;
    // a volume mostly is what it should be: nothing is put into words for it
    let set = |wanted: VolumePhase, reason: &dyn Fn(&Key) -> Reason| {
        let key = (phase != wanted).then(|| object.key())?;
        let reason = reason(&key);
        let uid = object.meta.uid.clone();
        let phase = wanted;
        Some((
            Change::SetVolumePhase {
                volume: key,
                uid,
                phase,
            },
            reason,
        ))
    };
    let Some(claim) = &volume.spec.claim_ref else {
        return set(VolumePhase::Available, &|key| {
            let text = format!("{key} has no claimRef: any matching claim may take it");
            Reason::new(text).seen(key, "spec.claimRef", "absent")
        });
    };
    let name = || format!("{}/{}", claim.namespace, claim.name);
    if claim.uid.is_empty() {
        return set(VolumePhase::Available, &|key| {
            let text = format!("{key} is reserved for {}, whichever claim bears that name", name());
            Reason::new(text).seen(key, "spec.claimRef.uid", "absent")
        });
    }
    let released = |reason: &dyn Fn(&Key) -> Reason| {
        if matches!(phase, VolumePhase::Released | VolumePhase::Failed) {
            return None;
        }
        set(VolumePhase::Released, &|key| {
            reason(key).seen(key, "spec.claimRef.uid", claim.uid.to_string())
        })
    };
    match claimant(world, claim) {
        Claimant::Unknown => None,
        Claimant::Gone => released(&|_| Reason::new(format!("its claim {} is gone", name()))),
        Claimant::Other(other) => released(&|_| {
            let name = name();
            let text = format!("the claim {name} of today is another one than the volume was bound to");
            Reason::new(text).seen(&other.key(), "metadata.uid", other.meta.uid.to_string())
        }),
        Claimant::Same(held) => match held.body.claim().map(|claim| &claim.spec.volume_name) {
            Some(bound) if *bound == object.meta.name => set(VolumePhase::Bound, &|key| {
                Reason::new(format!("{key} and {} name each other", name()))
            }),
            Some(bound) if !bound.is_empty() => elsewhere(object, volume, bound, released),
            Some(_) | None => None,
        },
    }
}

/// The claim is bound to another volume: what was provisioned for it is not needed, what stood ready is free again.
fn elsewhere(
    object: &Object,
    volume: &Volume,
    bound: &str,
    released: impl Fn(&dyn Fn(&Key) -> Reason) -> Option<(Change, Reason)>,
) -> Option<(Change, Reason)> {
    let reason = |key: &Key| Reason::new(format!("the claim of {key} is bound to {bound} instead"));
    let dynamic = object.meta.annotations.get(PROVISIONED_BY).is_some();
    if dynamic && volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Delete {
        return released(&reason);
    }
    let volume = object.key();
    let reason = reason(&volume);
    let uid = object.meta.uid.clone();
    Some((Change::Unbind { volume, uid }, reason))
}

#[cfg(test)]
mod tests;
