//! `persistentVolumeClaimRetentionPolicy`: whether a StatefulSet's claims go with it, or with a pod that is scaled away.
//!
//! Source: `pkg/controller/statefulset/stateful_set_utils.go` `updateClaimOwnerRefForSetAndPod`, `reference/semantics.md`
//! §3.8. The policy works through ownerReferences alone: `whenDeleted: Delete` makes the set an owner of the claims of its
//! pods, `whenScaled: Delete` makes a pod that is to go an owner of its claims. With `Retain` such a reference is removed.
//! That the reference is a controller's is so since about 1.31 (\[M\]).

use super::owned::{adopt, pods};
use super::stateful_set::{LAW, ordinal};
use super::{Change, Reaction, Reason};
use crate::model::workload::{Pod, StatefulSet};
use crate::model::{Kind, Object, Uid, World};

/// Brings the owners of the claims of the set's pods in line with its policy.
pub(super) fn react(world: &World, object: &Object, set: &StatefulSet, reactions: &mut Vec<Reaction>) {
    let policy = &set.spec.persistent_volume_claim_retention_policy;
    for pod in pods(world, object).filter(|pod| !pod.meta.deleting()) {
        let Some(number) = ordinal(&object.meta.name, &pod.meta.name) else {
            continue;
        };
        let condemned = !set.ordinals().contains(&number);
        let by_pod = condemned && policy.when_scaled == "Delete";
        let by_set = policy.when_deleted == "Delete" && !by_pod;
        for template in &set.spec.volume_claim_templates {
            let name = StatefulSet::claim_name(template, &object.meta.name, number);
            let claim = world.find(Kind::PersistentVolumeClaim, &object.meta.namespace, &name);
            let Some(claim) = claim.filter(|claim| !claim.meta.deleting()) else {
                continue;
            };
            if !unnoticed(claim, pod) {
                tie(claim, object, by_set, reactions);
            }
            tie(claim, pod, by_pod, reactions);
        }
    }
}

/// A claim that came after its pod, which runs and is ready: a set looks at its claims when it or its pods change, and a new
/// claim is no news to it (conformance seed 1827).
fn unnoticed(claim: &Object, pod: &Object) -> bool {
    let late = match (claim.meta.creation_timestamp, pod.meta.creation_timestamp) {
        (Some(claim), Some(pod)) => claim > pod,
        // made by what is being forecast
        (None, Some(_)) => true,
        (_, None) => false,
    };
    late && pod.body.pod().is_some_and(Pod::ready)
}

/// Makes the owner own the claim, or not. A claim that somebody else controls is left alone.
fn tie(claim: &Object, owner: &Object, wanted: bool, reactions: &mut Vec<Reaction>) {
    let held = claim
        .meta
        .owner_references
        .iter()
        .any(|held| held.uid == owner.meta.uid);
    if wanted == held {
        return;
    }
    let key = claim.key();
    if wanted && claim.meta.controller().is_none() {
        let text = format!("by the retention policy {key} goes with {}", owner.key());
        reactions.push(adopt(LAW.name, owner, claim, text));
    } else if held {
        let text = format!("by the retention policy {key} outlives {}", owner.key());
        reactions.push(Reaction::new(
            LAW.name,
            Change::RemoveOwner {
                object: key,
                uid: claim.meta.uid.clone(),
                owner: Uid::clone(&owner.meta.uid),
            },
            Reason::new(text),
        ));
    }
}

#[cfg(test)]
mod tests;
