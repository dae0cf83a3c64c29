//! Trap 43: a claim is owned by its StatefulSet (`whenDeleted: Delete`): deleting the set deletes the claim.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::finding;
use crate::laws::Reason;
use crate::model::Object;

pub(super) fn find(look: Look<'_>, object: &Object) -> Option<Finding> {
    let owner = object
        .meta
        .owner_references
        .iter()
        .find(|owner| owner.kind == "StatefulSet" && look.world.by_uid(&owner.uid).is_some())?;
    Some(finding(
        "when_deleted",
        Severity::Warned,
        object.key(),
        format!(
            "PVC {} is owned by StatefulSet {}: deleting the set deletes it",
            object.meta.name, owner.name
        ),
        Reason::new("persistentVolumeClaimRetentionPolicy.whenDeleted is Delete").seen(
            &object.key(),
            "metadata.ownerReferences",
            format!("StatefulSet {} {}", owner.name, owner.uid),
        ),
        Gist::new("PVC", "go when their StatefulSet is deleted"),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::world;
    use super::super::said;

    const SET: &str = r"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: vault, namespace: shop}, spec: {replicas: 0}}
- {kind: PersistentVolumeClaim, metadata: {name: data-vault-0, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: vault, uid: uid-vault}]}, status: {phase: Bound}}";

    #[test]
    fn a_claim_owned_by_its_set() {
        assert_eq!(
            said(&world(SET), "when_deleted"),
            ["Warned pvc/data-vault-0: PVC data-vault-0 is owned by StatefulSet vault: deleting the set deletes it"]
        );
        let free = SET.replace(
            ", ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: vault, uid: uid-vault}]",
            "",
        );
        assert_ne!(free, SET);
        assert!(said(&world(&free), "when_deleted").is_empty());
    }
}
