//! `kubernetes.io/pv-protection`: a volume that is being deleted stays while its phase is Bound, and nothing else is asked.
//!
//! Source: `pkg/controller/volume/pvprotection/pv_protection_controller.go`, `reference/semantics.md` §3.3.

use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::storage::{PV_PROTECTION, VolumePhase};
use crate::model::{Kind, Kinds, World};
use std::time::Duration;

pub const LAW: Law = Law {
    name: "pv_protection",
    source: "pkg/controller/volume/pvprotection/pv_protection_controller.go",
    latency: Duration::from_millis(200),
    reads: Kinds::of(&[Kind::PersistentVolume]),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for object in world.of_kind(Kind::PersistentVolume) {
        let Some(volume) = object.body.volume() else { continue };
        let protected = object.meta.has_finalizer(PV_PROTECTION);
        if protected != object.meta.deleting() {
            continue; // protected and wanted, or let go of
        }
        let key = object.key();
        let (uid, finalizer) = (object.meta.uid.clone(), PV_PROTECTION.into());
        if object.meta.deleting() && volume.status.phase != VolumePhase::Bound {
            let text = format!("{key} is being deleted and is no longer Bound");
            let reason = Reason::new(text).seen(&key, "status.phase", format!("{:?}", volume.status.phase));
            let object = key;
            let change = Change::RemoveFinalizer { object, uid, finalizer };
            reactions.push(Reaction::new(LAW.name, change, reason));
        } else if !object.meta.deleting() {
            let reason = Reason::new(format!("{key} is not being deleted, so its protection is put back"));
            let object = key;
            let change = Change::AddFinalizer { object, uid, finalizer };
            reactions.push(Reaction::new(LAW.name, change, reason));
        }
    }
    reactions
}

#[cfg(test)]
mod tests;
