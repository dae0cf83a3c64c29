//! Trap 27: a pod that has ended still holds a claim that is being deleted, until the pod object is gone.

use super::super::finding::{Finding, Gist, Severity};
use super::super::holder;
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::Kind;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    ward.objects(look, Kind::PersistentVolumeClaim)
        .filter(|claim| claim.meta.deleting())
        .flat_map(|claim| {
            holder::of_claim(look, &claim.key())
                .into_iter()
                .filter(holder::HeldBy::completed)
                .map(|held| {
                    finding(
                        "completed_pods_hold",
                        Severity::Warned,
                        held.pod.key(),
                        format!(
                            "pod {} {} and still holds PVC {}: delete {} with Background",
                            held.pod.meta.name,
                            held.phase().word(),
                            claim.meta.name,
                            held.act_on().key()
                        ),
                        Reason::new("the phase of a pod does not matter to pvc-protection")
                            .seen(&held.pod.key(), "status.phase", held.phase().word())
                            .seen(&claim.key(), "metadata.deletionTimestamp", "set"),
                        Gist::new("ended pod", "still hold dying PVCs"),
                    )
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::world;
    use super::super::said;

    const ENDED: &str = r#"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [kubernetes.io/pvc-protection]}, status: {phase: Bound}}
- {kind: Job, apiVersion: batch/v1, metadata: {name: seed, namespace: shop}, status: {conditions: [{type: Complete, status: "True"}]}}
- {kind: Pod, metadata: {name: seed-x, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: seed, uid: uid-seed, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Succeeded}}"#;

    #[test]
    fn a_succeeded_pod_still_holds() {
        assert_eq!(
            said(&world(ENDED), "completed_pods_hold"),
            ["Warned pod/seed-x: pod seed-x Succeeded and still holds PVC data: delete job/seed with Background"]
        );
        for (from, to) in [
            ("phase: Succeeded", "phase: Running"),
            ("deletionTimestamp", "creationTimestamp"),
            ("nodeName: n1, ", ""),
        ] {
            assert!(
                said(&world(&ENDED.replace(from, to)), "completed_pods_hold").is_empty(),
                "{to}"
            );
        }
    }
}
