//! Traps 36 and 59: Released volumes. Under Retain their disk stays until somebody deletes it in the storage system;
//! under Delete it is destroyed as soon as the provisioner gets to it.

use super::super::explain::volume::sentence;
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::storage::{ReclaimPolicy, VolumePhase};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    ward.volumes(look)
        .iter()
        .filter_map(|object| {
            let volume = object.body.volume()?;
            if volume.status.phase != VolumePhase::Released || object.meta.deleting() {
                return None;
            }
            let policy = volume.spec.persistent_volume_reclaim_policy;
            let (severity, gist) = if policy == ReclaimPolicy::Delete {
                (Severity::Blocked, Gist::new("Released PV", "about to be destroyed"))
            } else {
                (
                    Severity::Warned,
                    Gist::new("Released PV", "keep disks that no claim uses"),
                )
            };
            let told = finding(
                "released_volumes",
                severity,
                object.key(),
                format!("PV {} {}", object.meta.name, sentence(look, object, volume)),
                Reason::new("a Released volume never binds again by itself")
                    .seen(&object.key(), "status.phase", "Released")
                    .seen(&object.key(), "spec.persistentVolumeReclaimPolicy", policy.word()),
                gist,
            );
            Some(told.of(if policy == ReclaimPolicy::Delete { &[59] } else { &[36] }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{conditions, world};
    use super::super::{said, said_given};

    const VOLUME: &str = r"
- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {persistentVolumeReclaimPolicy: POLICY, csi: {driver: efs.csi.aws.com, volumeHandle: fs-1}, claimRef: {namespace: shop, name: data, uid: uid-old-123456}}, status: {phase: Released}}";

    #[test]
    fn the_policy_decides_what_a_released_volume_means() {
        let retained = world(&VOLUME.replace("POLICY", "Retain"));
        assert_eq!(
            said(&retained, "released_volumes"),
            ["Warned pv/pv-1: PV pv-1 Released: claim shop/data (uid …123456) is gone; the disk stays"]
        );
        let doomed = world(&VOLUME.replace("POLICY", "Delete"));
        assert_eq!(
            said(&doomed, "released_volumes"),
            [
                "Blocked pv/pv-1: PV pv-1 Released: claim shop/data (uid …123456) is gone; its disk is destroyed as soon as efs.csi.aws.com gets to it"
            ]
        );
        let mut given = conditions();
        given.dead_provisioners.insert("efs.csi.aws.com".into());
        assert_eq!(
            said_given(&doomed, "released_volumes", &given),
            [
                "Blocked pv/pv-1: PV pv-1 Released: claim shop/data (uid …123456) is gone; its disk is destroyed when efs.csi.aws.com comes back"
            ]
        );
    }

    #[test]
    fn a_bound_volume_and_a_strangers_are_no_finding() {
        let bound = VOLUME
            .replace("POLICY", "Retain")
            .replace("phase: Released", "phase: Bound");
        assert!(said(&world(&bound), "released_volumes").is_empty());
        let other = VOLUME
            .replace("POLICY", "Retain")
            .replace("namespace: shop", "namespace: acme");
        assert!(said(&world(&other), "released_volumes").is_empty());
    }
}
