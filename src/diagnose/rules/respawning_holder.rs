//! Trap 29: who holds a dying claim would come back: its root is a CronJob that is not suspended, a set, or an operator.

use super::super::finding::{Finding, Gist, Severity};
use super::super::holder::{self, Respawn};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::Kind;
use std::collections::BTreeSet;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for claim in ward
        .objects(look, Kind::PersistentVolumeClaim)
        .filter(|claim| claim.meta.deleting())
    {
        let mut told = BTreeSet::new();
        for held in holder::of_claim(look, &claim.key()) {
            let stop = match &held.respawn {
                Respawn::No => continue,
                Respawn::Will { stop } => stop.clone(),
                Respawn::Perhaps { why } => why.clone(),
            };
            let root = held.root_name(look);
            if !told.insert(root.clone()) {
                continue;
            }
            found.push(finding(
                "respawning_holder",
                Severity::Warned,
                claim.key(),
                format!(
                    "PVC {} is held by {root}, which makes its pods again: {stop}",
                    claim.meta.name
                ),
                Reason::new("acting on the pod alone brings another one")
                    .seen(&held.pod.key(), "root", root.clone())
                    .seen(&claim.key(), "metadata.deletionTimestamp", "set"),
                Gist::new("holder", "of dying PVCs come back when deleted"),
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::world;
    use super::super::said;

    const CRON: &str = r#"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [kubernetes.io/pvc-protection]}, status: {phase: Bound}}
- {kind: CronJob, apiVersion: batch/v1, metadata: {name: nightly, namespace: shop}, spec: {schedule: "0 2 * * *", suspend: false}}
- {kind: Job, apiVersion: batch/v1, metadata: {name: nightly-1, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: nightly, uid: uid-nightly, controller: true}]}}
- {kind: Pod, metadata: {name: nightly-1-x, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: nightly-1, uid: uid-nightly-1, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}"#;

    #[test]
    fn a_cron_job_brings_another() {
        assert_eq!(
            said(&world(CRON), "respawning_holder"),
            [
                "Warned pvc/data: PVC data is held by CronJob nightly, which makes its pods again: suspend CronJob nightly (schedule 0 2 * * *)"
            ]
        );
        assert!(
            said(
                &world(&CRON.replace("suspend: false", "suspend: true")),
                "respawning_holder"
            )
            .is_empty()
        );
        assert!(
            said(
                &world(&CRON.replace("deletionTimestamp", "creationTimestamp")),
                "respawning_holder"
            )
            .is_empty()
        );
    }
}
