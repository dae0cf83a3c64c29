//! `kubernetes.io/pv-protection`: a volume that is being deleted stays while its phase is Bound, and nothing else is asked.
//!
//! Source: `pkg/controller/volume/pvprotection/pv_protection_controller.go`, `reference/semantics.md` §3.3.

use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::storage::{PV_PROTECTION, VolumePhase};
use crate::model::{Kind, World};
use std::time::Duration;

pub const LAW: Law = Law {
    name: "pv_protection",
    source: "pkg/controller/volume/pvprotection/pv_protection_controller.go",
    latency: Duration::from_millis(200),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for object in world.of_kind(Kind::PersistentVolume) {
        let Some(volume) = object.body.volume() else { continue };
        let key = object.key();
        let protected = object.meta.has_finalizer(PV_PROTECTION);
        let (uid, finalizer) = (object.meta.uid.clone(), PV_PROTECTION.into());
        if object.meta.deleting() && protected && volume.status.phase != VolumePhase::Bound {
            reactions.push(Reaction {
                law: LAW.name,
                reason: Reason::new(format!("{key} is being deleted and is no longer Bound")).seen(
                    &key,
                    "status.phase",
                    format!("{:?}", volume.status.phase),
                ),
                change: Change::RemoveFinalizer {
                    object: key,
                    uid,
                    finalizer,
                },
            });
        } else if !object.meta.deleting() && !protected {
            reactions.push(Reaction {
                law: LAW.name,
                reason: Reason::new(format!("{key} is not being deleted, so its protection is put back")),
                change: Change::AddFinalizer {
                    object: key,
                    uid,
                    finalizer,
                },
            });
        }
    }
    reactions
}

#[cfg(test)]
mod tests;
