//! A claim is Pending, and not because it waits for its first consumer or was made a moment ago.

use super::super::explain::claim::sentence;
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::pending::{self, Pending};
use super::finding;
use crate::model::Object;
use crate::model::storage::ClaimPhase;
use std::time::Duration;

pub(super) fn find(look: Look<'_>, object: &Object) -> Option<Finding> {
    let claim = object.body.claim()?;
    if claim.status.phase != ClaimPhase::Pending || object.meta.deleting() {
        return None;
    }
    let why = pending::why(look, object, claim);
    let age = object.meta.creation_timestamp.map(|at| look.now.since(at));
    if why.normal(age.unwrap_or(Duration::ZERO)) || matches!(why, Pending::Unknown { .. }) {
        return None;
    }
    Some(finding(
        "pending_claim",
        Severity::Warned,
        object.key(),
        format!("PVC {} {}", object.meta.name, sentence(look, object, claim)),
        why.reason(object),
        Gist::new("PVC", "Pending").aged(age),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{conditions, denied, with, world};
    use super::super::{said, said_given};
    use crate::model::Kind;

    fn claim(spec: &str) -> String {
        format!(
            r#"
- {{kind: PersistentVolumeClaim, metadata: {{name: data, namespace: shop, creationTimestamp: "2026-04-27T13:56:00Z"}}, spec: {{{spec}}}, status: {{phase: Pending}}}}"#
        )
    }

    #[test]
    fn why_a_claim_waits() {
        let missing = world(&claim("storageClassName: fast"));
        for (spec, expected) in [
            ("storageClassName: fast", "StorageClass fast does not exist"),
            (
                "storageClassName: ''",
                "asks for no class, and no volume without class fits",
            ),
            ("", "names no class, and the cluster has no default StorageClass"),
            ("volumeName: pv-1", "names pv/pv-1, which does not exist"),
        ] {
            let said = said(&world(&claim(spec)), "pending_claim");
            assert_eq!(said, [format!("Warned pvc/data: PVC data Pending 4m00s, {expected}")]);
        }
        assert!(said(&denied(&missing, Kind::StorageClass), "pending_claim").is_empty());
    }

    #[test]
    fn a_volume_that_is_taken_or_does_not_fit() {
        for (volume, expected) in [
            (
                "claimRef: {namespace: acme, name: data, uid: u}",
                Some("names pv/pv-1, which is claimed by acme/data"),
            ),
            (
                "claimRef: {namespace: shop, name: data, uid: old-123456}",
                Some("names pv/pv-1, which is claimed by an earlier claim of this name (uid …123456)"),
            ),
            (
                "storageClassName: slow",
                Some("pv/pv-1 does not fit: class slow against fast"),
            ),
            (
                "claimRef: {namespace: shop, name: data}, storageClassName: slow",
                Some("pv/pv-1 fits: binding is next"),
            ),
        ] {
            let world = with(
                world(&claim("volumeName: pv-1, storageClassName: fast")),
                &format!(
                    "- {{kind: PersistentVolume, metadata: {{name: pv-1}}, spec: {{{volume}}}, status: {{phase: Available}}}}"
                ),
            );
            let expected: Vec<String> = expected
                .iter()
                .map(|expected| format!("Warned pvc/data: PVC data Pending 4m00s, {expected}"))
                .collect();
            assert_eq!(said(&world, "pending_claim"), expected, "{volume}");
        }
    }

    #[test]
    fn the_first_consumer_and_the_provisioner() {
        let class = |mode: &str| {
            with(
                world(&claim("storageClassName: fast")),
                &format!(
                    "- {{kind: StorageClass, apiVersion: storage.k8s.io/v1, metadata: {{name: fast}}, provisioner: ebs.csi.aws.com, volumeBindingMode: {mode}}}"
                ),
            )
        };
        assert!(said(&class("WaitForFirstConsumer"), "pending_claim").is_empty());
        assert_eq!(
            said(&class("Immediate"), "pending_claim"),
            ["Warned pvc/data: PVC data Pending 4m00s, waits for ebs.csi.aws.com of class fast to make a volume"]
        );
        let mut given = conditions();
        given.dead_provisioners.insert("ebs.csi.aws.com".into());
        assert_eq!(
            said_given(&class("Immediate"), "pending_claim", &given),
            ["Warned pvc/data: PVC data Pending 4m00s, provisioner ebs.csi.aws.com of class fast is dead"]
        );
        let consumer = with(
            class("WaitForFirstConsumer"),
            r#"- {kind: Pod, metadata: {name: db-0, namespace: shop}, spec: {volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", reason: Unschedulable, message: 0/3 nodes are available}]}}"#,
        );
        assert_eq!(
            said(&consumer, "pending_claim"),
            ["Warned pvc/data: PVC data Pending 4m00s, its consumer db-0 is not scheduled: 0/3 nodes are available"]
        );
    }
}
