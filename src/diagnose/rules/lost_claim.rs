//! A claim is Lost: its volume vanished or went elsewhere. It never comes back by itself.

use super::super::explain::claim::sentence;
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::finding;
use crate::laws::Reason;
use crate::model::Object;
use crate::model::storage::ClaimPhase;

pub(super) fn find(look: Look<'_>, object: &Object) -> Option<Finding> {
    let claim = object.body.claim()?;
    (claim.status.phase == ClaimPhase::Lost && !object.meta.deleting()).then(|| {
        finding(
            "lost_claim",
            Severity::Blocked,
            object.key(),
            format!("PVC {} {}", object.meta.name, sentence(look, object, claim)),
            Reason::new("Lost is final: the claim has to be made anew")
                .seen(&object.key(), "status.phase", "Lost")
                .seen(&object.key(), "spec.volumeName", claim.spec.volume_name.as_str()),
            Gist::new("PVC", "Lost"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{denied, world};
    use super::super::said;
    use crate::model::Kind;

    const LOST: &str = r"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, spec: {volumeName: pv-1}, status: {phase: Lost}}";

    #[test]
    fn a_lost_claim_names_what_it_lost() {
        assert_eq!(
            said(&world(LOST), "lost_claim"),
            ["Blocked pvc/data: PVC data Lost: its volume pv/pv-1 is gone"]
        );
        assert_eq!(
            said(&denied(&world(LOST), Kind::PersistentVolume), "lost_claim"),
            ["Blocked pvc/data: PVC data Lost: what became of pv/pv-1 is unknown (PVs: denied: forbidden)"]
        );
        assert!(said(&world(&LOST.replace("Lost", "Bound")), "lost_claim").is_empty());
    }
}
