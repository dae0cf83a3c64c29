//! Trap 31: a StatefulSet's pod is missing because its claim is being deleted, or was made again on a claim that is going.

use super::super::explain::stateful_set::{Gap, gaps};
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::{Key, Kind};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut claims = ward
        .namespaces()
        .iter()
        .flat_map(|namespace| look.world.in_namespace(Kind::PersistentVolumeClaim, namespace));
    if !claims.any(|claim| claim.meta.deleting()) {
        return found; // what is found here waits for one of those
    }
    for object in ward.objects(look, Kind::StatefulSet) {
        let Some(set) = object.body.stateful_set() else {
            continue;
        };
        for gap in gaps(look, object, set) {
            let (Gap::WaitsForClaim { claim, .. } | Gap::OnDyingClaim { claim, .. }) = &gap else {
                continue;
            };
            let key = Key::new(Kind::PersistentVolumeClaim, &object.meta.namespace, claim);
            found.push(finding(
                "stateful_set_waits_for_claim",
                Severity::Blocked,
                object.key(),
                format!("StatefulSet {}: {}", object.meta.name, gap.sentence()),
                Reason::new("a StatefulSet makes no pod while a claim of its ordinal is being deleted").seen(
                    &key,
                    "metadata.deletionTimestamp",
                    look.world
                        .get(&key)
                        .and_then(|claim| claim.meta.deletion_timestamp)
                        .map_or_else(String::new, |at| at.to_string()),
                ),
                Gist::new("StatefulSet pod", "wait for claims that are being deleted"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{with, world};
    use super::super::said;

    const SET: &str = r#"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: vault, namespace: shop}, spec: {replicas: 1, volumeClaimTemplates: [{metadata: {name: data}, spec: {}}]}}
- {kind: PersistentVolumeClaim, metadata: {name: data-vault-0, namespace: shop, deletionTimestamp: "2026-04-27T13:50:00Z", finalizers: [kubernetes.io/pvc-protection]}, status: {phase: Bound}}"#;
    const POD: &str = r#"
- {kind: Pod, metadata: {name: vault-0, namespace: shop, creationTimestamp: "2026-04-27T13:MIN:00Z"}, spec: {nodeName: n1, volumes: [{name: data, persistentVolumeClaim: {claimName: data-vault-0}}]}, status: {phase: Running, conditions: [{type: Ready, status: "True"}]}}"#;

    #[test]
    fn pod_and_claim_in_the_wrong_order() {
        assert_eq!(
            said(&world(SET), "stateful_set_waits_for_claim"),
            [
                "Blocked statefulset/vault: StatefulSet vault: vault-0 is not made: its claim data-vault-0 is being deleted"
            ]
        );
        let again = with(world(SET), &POD.replace("MIN", "51"));
        assert_eq!(
            said(&again, "stateful_set_waits_for_claim"),
            [
                "Blocked statefulset/vault: StatefulSet vault: vault-0 was made again on claim data-vault-0, which is being deleted, and holds it"
            ]
        );
        // the right order: the claim first, the old pod still there
        let right = with(world(SET), &POD.replace("MIN", "10"));
        assert!(said(&right, "stateful_set_waits_for_claim").is_empty());
        let alive = SET.replace("deletionTimestamp", "creationTimestamp");
        assert!(said(&world(&alive), "stateful_set_waits_for_claim").is_empty());
    }
}
