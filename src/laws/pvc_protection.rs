//! `kubernetes.io/pvc-protection`: a claim that is being deleted stays while a pod uses it.
//!
//! Source: `pkg/controller/volume/pvcprotection/pvc_protection_controller.go`, `reference/semantics.md` §3.2. The
//! controller puts a stripped finalizer back on a claim that is not being deleted.

use super::absence::lists;
use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::storage::PVC_PROTECTION;
use crate::model::{Key, Kind, Kinds, Object, World};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "pvc_protection",
    source: "pkg/controller/volume/pvcprotection/pvc_protection_controller.go",
    latency: Duration::from_millis(200),
    reads: Kinds::of(&[Kind::PersistentVolumeClaim, Kind::Pod]),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for claim in world.of_kind(Kind::PersistentVolumeClaim) {
        let protected = claim.meta.has_finalizer(PVC_PROTECTION);
        if protected != claim.meta.deleting() {
            continue; // protected and wanted, or let go of
        }
        let key = claim.key();
        let (object, uid, finalizer) = (key.clone(), claim.meta.uid.clone(), PVC_PROTECTION.into());
        if claim.meta.deleting() {
            if lists(world, Kind::Pod, &key.namespace) && holders(world, &key).is_empty() {
                let text = format!("no scheduled pod uses {key} any more");
                let reason = Reason::new(text).seen(&key, "metadata.finalizers", PVC_PROTECTION);
                let change = Change::RemoveFinalizer { object, uid, finalizer };
                reactions.push(Reaction::new(LAW.name, change, reason));
            }
        } else {
            let reason = Reason::new(format!("{key} is not being deleted, so its protection is put back"));
            let change = Change::AddFinalizer { object, uid, finalizer };
            reactions.push(Reaction::new(LAW.name, change, reason));
        }
    }
    reactions
}

/// The pods that keep a claim from going: scheduled, in its namespace, naming it, whatever their phase. A pod that has
/// succeeded still holds; one that was never scheduled does not.
pub fn holders(world: &World, claim: &Key) -> Vec<Arc<Object>> {
    world
        .users_of(claim)
        .filter(|object| {
            object.body.pod().is_some_and(|pod| {
                let shut_down = object.meta.deleting() && object.meta.deletion_grace_period_seconds == Some(0);
                let by_name = pod.spec.volumes.iter().any(|volume| {
                    volume
                        .persistent_volume_claim
                        .as_ref()
                        .is_some_and(|used| used.claim_name == claim.name)
                });
                pod.scheduled() && (by_name || !shut_down)
            })
        })
        .cloned()
        .collect()
}

#[cfg(test)]
mod tests;
