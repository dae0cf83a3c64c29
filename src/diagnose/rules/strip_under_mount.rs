//! Trap 33: a claim is being deleted under pods that mount it, its volume's policy is Delete, and no attachment guards the disk:
//! its protection is all that stands before the deletion of a disk in use.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::finding;
use crate::laws::reclaim::{Guard, guard};
use crate::laws::{Reason, pvc_protection};
use crate::model::storage::{PVC_PROTECTION, ReclaimPolicy};
use crate::model::{Kind, Object, Text};

pub(super) fn find(look: Look<'_>, claim: &Object) -> Option<Finding> {
    if !claim.meta.deleting() || !claim.meta.has_finalizer(PVC_PROTECTION) {
        return None;
    }
    let name = &claim.body.claim()?.spec.volume_name;
    let volume = look.world.find(Kind::PersistentVolume, "", name)?;
    let facts = volume.body.volume()?;
    let policy = facts.spec.persistent_volume_reclaim_policy;
    let own = facts.spec.claim_ref.as_ref()?.uid == claim.meta.uid;
    if policy != ReclaimPolicy::Delete || !own {
        return None;
    }
    if !matches!(guard(look.world, look.conditions, volume, facts), Guard::None) {
        return None;
    }
    let pods = mounting(look, claim);
    if pods.is_empty() {
        return None;
    }
    let key = claim.key();
    Some(finding(
        "strip_under_mount",
        Severity::Blocked,
        key.clone(),
        format!(
            "PVC {} is Terminating under {}, and no attachment guards PV {name}: without its protection the disk is deleted in use",
            claim.meta.name,
            phrase::names(&pods, 2)
        ),
        Reason::new("a volume under Delete is destroyed as soon as its claim is gone and nothing is attached")
            .seen(&key, "metadata.finalizers", PVC_PROTECTION)
            .seen(&volume.key(), "spec.persistentVolumeReclaimPolicy", policy.word())
            .seen(&volume.key(), "VolumeAttachments", "none")
            .seen(&key, "mounted by", pods.join(", ")),
        Gist::new("PVC", "Terminating under a mount that nothing guards"),
    ))
}

/// The pods that have not ended and hold the claim.
fn mounting(look: Look<'_>, claim: &Object) -> Vec<Text> {
    pvc_protection::holders(look.world, &claim.key())
        .iter()
        .filter(|pod| pod.body.pod().is_some_and(|facts| !facts.status.phase.terminal()))
        .map(|pod| pod.meta.name.clone())
        .collect()
}
