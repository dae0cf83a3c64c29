//! Trap 40: a claim names a volume whose `claimRef` is another claim's. Two claims, one volume; or a claim made anew.

use super::super::claim_identity::{ClaimIdentity, claim_identity};
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::finding;
use crate::laws::Reason;
use crate::model::storage::ClaimPhase;
use crate::model::{Key, Kind, Object};

pub(super) fn find(look: Look<'_>, object: &Object) -> Option<Finding> {
    let claim = object.body.claim()?;
    if claim.status.phase == ClaimPhase::Lost {
        return None;
    }
    let identity = claim_identity(look, object, claim);
    let bound = claim.status.phase == ClaimPhase::Bound;
    let severity = match &identity {
        ClaimIdentity::Other { .. } => Severity::Blocked,
        ClaimIdentity::VolumeGone | ClaimIdentity::Free if bound => Severity::Blocked,
        _ => return None,
    };
    let name = &claim.spec.volume_name;
    let key = Key::cluster(Kind::PersistentVolume, name);
    let held = look
        .world
        .get(&key)
        .and_then(|volume| volume.body.volume())
        .and_then(|volume| volume.spec.claim_ref.as_ref());
    let whose = held.map_or_else(
        || "nobody".to_owned(),
        |held| format!("{}/{} …{}", held.namespace, held.name, held.uid.tail(6)),
    );
    Some(finding(
        "claim_identity",
        severity,
        object.key(),
        format!("PVC {} names pv/{name}: {}", object.meta.name, identity.sentence()),
        Reason::new("only the claim whose uid stands in claimRef has the volume")
            .seen(&object.key(), "metadata.uid", object.meta.uid.to_string())
            .seen(&key, "spec.claimRef", whose),
        Gist::new("PVC", "name a volume that is not theirs"),
    ))
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::world;
    use super::super::said;

    const PAIR: &str = r"
- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {claimRef: {namespace: shop, name: data, uid: UID}}, status: {phase: Bound}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, spec: {volumeName: pv-1}, status: {phase: Bound}}";

    #[test]
    fn two_claims_one_volume() {
        for (uid, expected) in [
            (
                "uid-of-old-111111",
                vec![
                    "Blocked pvc/data: PVC data names pv/pv-1: claimRef.uid ✗ …111111 is another claim; the live one is …d-data",
                ],
            ),
            ("uid-data", vec![]),
        ] {
            assert_eq!(
                said(&world(&PAIR.replace("UID", uid)), "claim_identity"),
                expected,
                "{uid}"
            );
        }
    }

    #[test]
    fn a_bound_claim_without_its_volume() {
        let alone = r"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, spec: {volumeName: pv-1}, status: {phase: PHASE}}";
        assert_eq!(
            said(&world(&alone.replace("PHASE", "Bound")), "claim_identity"),
            ["Blocked pvc/data: PVC data names pv/pv-1: the volume it names does not exist"]
        );
        // a claim made ahead of its volume is only Pending
        assert!(said(&world(&alone.replace("PHASE", "Pending")), "claim_identity").is_empty());
    }
}
