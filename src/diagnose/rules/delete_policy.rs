//! Volumes whose disk is destroyed when their claim goes (`Delete`), also where their class says otherwise (trap 41):
//! the policy of the volume decides, never that of the class.
//!
//! `Delete` is what most clusters give every volume, and a warning that everybody always has is read by nobody. It is
//! one where it surprises: beside volumes of the same tenant that are kept, or against the word of its class.

use super::super::explain::volume::named;
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::{Reason, storage_class};
use crate::model::storage::{ReclaimPolicy, VolumePhase};
use crate::model::{Key, Kind, Object};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    let policy_of = |object: &Object| Some(object.body.volume()?.spec.persistent_volume_reclaim_policy);
    let some_are_kept = ward
        .volumes(look)
        .iter()
        .any(|object| policy_of(object) == Some(ReclaimPolicy::Retain));
    ward.volumes(look)
        .iter()
        .filter_map(|object| {
            let volume = object.body.volume()?;
            if volume.status.phase == VolumePhase::Released {
                return None;
            }
            let policy = volume.spec.persistent_volume_reclaim_policy;
            let class_key = Key::cluster(Kind::StorageClass, &volume.spec.storage_class_name);
            let class = look
                .world
                .get(&class_key)
                .and_then(|class| class.body.class())
                .map(storage_class::policy);
            let differs = class.is_some_and(|class| class != policy);
            if policy != ReclaimPolicy::Delete && !differs {
                return None;
            }
            let name = &object.meta.name;
            let claim = named(volume);
            let (sentence, gist) = match (policy, class.filter(|_| differs)) {
                (ReclaimPolicy::Delete, None) => (
                    format!("PV {name} of {claim} is Delete: its disk is destroyed when the claim goes"),
                    Gist::new("PV", "destroy their disk when their claim goes (Delete)"),
                ),
                (ReclaimPolicy::Delete, Some(class)) => (
                    format!(
                        "PV {name} of {claim} is Delete though its class says {}: its disk is destroyed when the claim goes",
                        class.word()
                    ),
                    Gist::new("PV", "destroy their disk when their claim goes (Delete)"),
                ),
                (_, class) => (
                    format!(
                        "PV {name} of {claim} is {} while its class says {}: a claim made anew gets the class's policy",
                        policy.word(),
                        class.map_or("nothing", ReclaimPolicy::word)
                    ),
                    Gist::new("PV", "have another policy than their class"),
                ),
            };
            let surprises = policy == ReclaimPolicy::Delete && (differs || some_are_kept);
            let severity = if surprises { Severity::Warned } else { Severity::Clean };
            let mut reason = Reason::new("the policy was copied from the class when the volume was made").seen(
                &object.key(),
                "spec.persistentVolumeReclaimPolicy",
                policy.word(),
            );
            if let Some(class) = class {
                reason = reason.seen(&class_key, "reclaimPolicy", class.word());
            }
            Some(finding("delete_policy", severity, object.key(), sentence, reason, gist))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{with, world};
    use super::super::said;

    const VOLUME: &str = r"
- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {storageClassName: fast, persistentVolumeReclaimPolicy: POLICY, claimRef: {namespace: shop, name: data, uid: u}}, status: {phase: Bound}}";
    const CLASS: &str = r"
- {kind: StorageClass, apiVersion: storage.k8s.io/v1, metadata: {name: fast}, provisioner: x, reclaimPolicy: Retain}";

    #[test]
    fn the_policy_of_the_volume_decides() {
        assert_eq!(
            said(&world(&VOLUME.replace("POLICY", "Delete")), "delete_policy"),
            ["Clean pv/pv-1: PV pv-1 of shop/data is Delete: its disk is destroyed when the claim goes"],
            "what every volume of a tenant is, is no warning"
        );
        let kept = VOLUME
            .replace("POLICY", "Retain")
            .replace("pv-1", "pv-2")
            .replace("name: data", "name: other");
        assert_eq!(
            said(
                &with(world(&VOLUME.replace("POLICY", "Delete")), &kept),
                "delete_policy"
            ),
            ["Warned pv/pv-1: PV pv-1 of shop/data is Delete: its disk is destroyed when the claim goes"]
        );
        assert_eq!(
            said(
                &with(world(&VOLUME.replace("POLICY", "Delete")), CLASS),
                "delete_policy"
            ),
            [
                "Warned pv/pv-1: PV pv-1 of shop/data is Delete though its class says Retain: its disk is destroyed when the claim goes"
            ]
        );
        let kept = VOLUME.replace("POLICY", "Retain");
        assert!(said(&with(world(&kept), CLASS), "delete_policy").is_empty());
        assert_eq!(
            said(&with(world(&kept), &CLASS.replace("Retain", "Delete")), "delete_policy"),
            [
                "Clean pv/pv-1: PV pv-1 of shop/data is Retain while its class says Delete: a claim made anew gets the class's policy"
            ]
        );
    }
}
