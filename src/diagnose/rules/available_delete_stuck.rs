//! Trap 38: an Available volume with policy Delete and the provisioner's finalizer is being deleted. The provisioner only
//! serves Released volumes, so nobody ever takes the finalizer off.

use super::super::explain::volume::available_trap;
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    ward.volumes(look)
        .iter()
        .filter_map(|object| {
            let volume = object.body.volume()?;
            available_trap(object, volume).then(|| {
                finding(
                    "available_delete_stuck",
                    Severity::Warned,
                    object.key(),
                    format!(
                        "PV {} Terminating{}, Available with policy Delete: its provisioner never serves it; Retain frees it",
                        object.meta.name,
                        phrase::aged(look.now, object.meta.deletion_timestamp)
                    ),
                    Reason::new("the provisioner deletes Released volumes only")
                        .seen(&object.key(), "status.phase", "Available")
                        .seen(&object.key(), "spec.persistentVolumeReclaimPolicy", "Delete")
                        .seen(&object.key(), "metadata.finalizers", phrase::names(&object.meta.finalizers, 5)),
                    Gist::new("Available PV", "stuck Terminating")
                        .aged(object.meta.deletion_timestamp.map(|at| look.now.since(at))),
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{QUIET, conditions, now, world};
    use super::super::{said, unclaimed};

    const VOLUME: &str = r#"
- {kind: PersistentVolume, metadata: {name: pv-1, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [external-provisioner.volume.kubernetes.io/finalizer]}, spec: {persistentVolumeReclaimPolicy: Delete, claimRef: {namespace: shop, name: data}}, status: {phase: Available}}"#;

    #[test]
    fn all_three_and_deleting() {
        assert_eq!(
            said(&world(VOLUME), "available_delete_stuck"),
            [
                "Warned pv/pv-1: PV pv-1 Terminating 1h00m, Available with policy Delete: its provisioner never serves it; Retain frees it"
            ]
        );
        for (from, to) in [
            ("Policy: Delete", "Policy: Retain"),
            ("phase: Available", "phase: Released"),
            (
                "external-provisioner.volume.kubernetes.io/finalizer",
                "kubernetes.io/pv-protection",
            ),
        ] {
            let near = VOLUME.replace(from, to);
            assert_ne!(near, VOLUME);
            assert!(said(&world(&near), "available_delete_stuck").is_empty(), "{to}");
        }
    }

    #[test]
    fn a_volume_of_nobody_is_found_too() {
        let world = world(&VOLUME.replace(", claimRef: {namespace: shop, name: data}", ""));
        assert!(said(&world, "available_delete_stuck").is_empty());
        let found = unclaimed(&world, &conditions(), now(), QUIET);
        assert!(
            found.iter().any(|finding| finding.rule == "available_delete_stuck"),
            "{found:?}"
        );
    }
}
