//! `kubernetes.io/pvc-protection`: a claim that is being deleted stays while a pod uses it.
//!
//! Source: `pkg/controller/volume/pvcprotection/pvc_protection_controller.go`, `reference/semantics.md` §3.2.

use crate::model::{Key, Object, World};
use std::sync::Arc;

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
