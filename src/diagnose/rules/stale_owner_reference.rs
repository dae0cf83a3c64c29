//! Trap 58: an object names owners that do not exist. The garbage collector deletes it.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::finding;
use crate::laws::Reason;
use crate::model::{Key, Kind, Object, OwnerReference};

pub(super) fn find(look: Look<'_>, object: &Object) -> Option<Finding> {
    let first = object.meta.owner_references.first()?;
    if object.meta.deleting()
        || !object
            .meta
            .owner_references
            .iter()
            .all(|owner| absent(look, object, owner))
    {
        return None;
    }
    let kind = object.kind();
    let noun = phrase::noun(kind);
    let severity = if kind == Kind::PersistentVolumeClaim {
        Severity::Blocked
    } else {
        Severity::Warned
    };
    Some(finding(
        "stale_owner_reference",
        severity,
        object.key(),
        format!(
            "{noun} {} names {} {} as owner, which is gone: the garbage collector deletes it",
            object.meta.name, first.kind, first.name
        ),
        Reason::new("an object all of whose owners are absent is collected; the uid counts, not the name").seen(
            &object.key(),
            "metadata.ownerReferences.uid",
            first.uid.to_string(),
        ),
        Gist::new(noun, "name owners that are gone"),
    ))
}

/// The owner is certainly not there: its kind is held and complete, and no object of its key has its uid.
fn absent(look: Look<'_>, object: &Object, owner: &OwnerReference) -> bool {
    let Some(kind) = Kind::from_api(&owner.api_version, &owner.kind) else {
        return false;
    };
    let home = if kind.namespaced() {
        object.meta.namespace.as_str()
    } else {
        ""
    };
    // nearly always it is there, and by its uid it is found for less
    let held = look.world.by_uid(&owner.uid).map(|held| held.place());
    if held == Some((kind, home, owner.name.as_str())) {
        return false;
    }
    match look.world.find(kind, home, &owner.name) {
        Some(held) => held.meta.uid != owner.uid,
        None => look.gone(&Key::new(kind, home, &owner.name)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{denied, with, world};
    use super::super::said;
    use crate::model::Kind;

    const CLAIM: &str = r"
- {kind: PersistentVolumeClaim, metadata: {name: data-vault-0, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: vault, uid: uid-vault}]}, status: {phase: Bound}}";

    #[test]
    fn an_owner_that_is_gone() {
        assert_eq!(
            said(&world(CLAIM), "stale_owner_reference"),
            [
                "Blocked pvc/data-vault-0: PVC data-vault-0 names StatefulSet vault as owner, which is gone: the garbage collector deletes it"
            ]
        );
        let anew = r"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: vault, namespace: shop, uid: another}, spec: {replicas: 0}}";
        assert_eq!(said(&with(world(CLAIM), anew), "stale_owner_reference").len(), 1);
    }

    #[test]
    fn an_owner_that_lives_or_is_not_in_sight() {
        let alive = r"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: vault, namespace: shop}, spec: {replicas: 0}}";
        assert!(said(&with(world(CLAIM), alive), "stale_owner_reference").is_empty());
        assert!(said(&denied(&world(CLAIM), Kind::StatefulSet), "stale_owner_reference").is_empty());
        let custom = CLAIM.replace("apps/v1", "example.com/v1");
        assert!(said(&world(&custom), "stale_owner_reference").is_empty());
    }
}
