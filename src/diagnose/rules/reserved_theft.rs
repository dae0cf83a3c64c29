//! Trap 39: a volume has no `claimRef` and a Pending claim fits it: that claim takes it, whoever it was meant for.

use super::super::finding::{Finding, Gist, Severity};
use super::super::fit;
use super::super::look::Look;
use super::super::phrase;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::storage::{BOUND_BY_CONTROLLER, ClaimPhase, PROVISIONED_BY, VolumePhase};
use crate::model::{Key, Kind, Object};
use std::sync::Arc;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    // few, where the free volumes and the waiting claims of a whole cluster are many
    let own: Vec<&Arc<Object>> = ward
        .objects(look, Kind::PersistentVolumeClaim)
        .filter(|claim| waits(claim))
        .collect();
    if own.is_empty() {
        return Vec::new();
    }
    look.world
        .free_volumes()
        .filter(|volume| own.iter().any(|claim| takes(look, claim, volume)))
        .map(|object| {
            let takers: Vec<Key> = look
                .world
                .pending_claims()
                .filter(|claim| takes(look, claim, object))
                .map(|claim| claim.key())
                .collect();
            // it was made for, or bound to, one claim before: the volume of somebody's data
            let used = object
                .meta
                .annotations
                .iter()
                .any(|(key, _)| key == PROVISIONED_BY || key == BOUND_BY_CONTROLLER);
            let mut reason = Reason::new("a volume without claimRef goes to any claim that fits").seen(
                &object.key(),
                "spec.claimRef",
                "absent",
            );
            for taker in &takers {
                reason = reason.seen(taker, "status.phase", "Pending");
            }
            let names = takers.iter().map(|taker| format!("{}/{}", taker.namespace, taker.name));
            finding(
                "reserved_theft",
                if used || takers.len() > 1 {
                    Severity::Blocked
                } else {
                    Severity::Warned
                },
                object.key(),
                format!(
                    "PV {} has no claimRef{}: {} may take it",
                    object.meta.name,
                    if used { " and was used before" } else { "" },
                    phrase::names(names, 3)
                ),
                reason,
                Gist::new("PV", "without claimRef may be taken by the wrong claim"),
            )
        })
        .collect()
}

/// Whether a claim looks for a volume.
fn waits(object: &Object) -> bool {
    let pending = object.body.claim().map(|claim| claim.status.phase) == Some(ClaimPhase::Pending);
    pending && !object.meta.deleting()
}

/// Whether a claim may be bound to a volume: it waits, the volume has no `claimRef`, and fits.
fn takes(look: Look<'_>, claim: &Object, object: &Object) -> bool {
    let (Some(wanted), Some(volume)) = (claim.body.claim(), object.body.volume()) else {
        return false;
    };
    let open = volume.spec.claim_ref.is_none()
        && !object.meta.deleting()
        && matches!(
            volume.status.phase,
            VolumePhase::Available | VolumePhase::Pending | VolumePhase::Released
        );
    open && waits(claim)
        && (wanted.spec.volume_name.is_empty() || wanted.spec.volume_name == object.meta.name)
        && fit::mismatch(&object.meta, volume, wanted, &fit::class_of(look.world, wanted)).is_none()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::world;
    use super::super::said;

    const OPEN: &str = r"
- {kind: PersistentVolume, metadata: {name: pv-1, annotations: {pv.kubernetes.io/provisioned-by: x}}, spec: {storageClassName: fast, capacity: {storage: 10Gi}, accessModes: [ReadWriteOnce]}, status: {phase: Available}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, spec: {storageClassName: fast, accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}, status: {phase: Pending}}";

    #[test]
    fn a_volume_that_anybody_may_take() {
        assert_eq!(
            said(&world(OPEN), "reserved_theft"),
            ["Blocked pv/pv-1: PV pv-1 has no claimRef and was used before: shop/data may take it"]
        );
        let fresh = OPEN.replace(", annotations: {pv.kubernetes.io/provisioned-by: x}", "");
        assert_eq!(
            said(&world(&fresh), "reserved_theft"),
            ["Warned pv/pv-1: PV pv-1 has no claimRef: shop/data may take it"]
        );
    }

    #[test]
    fn a_reserved_or_unfit_volume_is_safe() {
        for (from, to) in [
            ("storage: 5Gi", "storage: 50Gi"),
            (
                "storageClassName: fast, accessModes",
                "storageClassName: slow, accessModes",
            ),
            (
                "spec: {storageClassName: fast, capacity",
                "spec: {claimRef: {namespace: shop, name: old}, storageClassName: fast, capacity",
            ),
            ("phase: Pending", "phase: Bound"),
            ("[ReadWriteOnce], resources", "[ReadWriteMany], resources"),
        ] {
            let near = OPEN.replace(from, to);
            assert_ne!(near, OPEN, "{to}");
            assert!(said(&world(&near), "reserved_theft").is_empty(), "{to}");
        }
    }
}
