//! Trap 37: a Bound volume is being deleted. A one-way fuse: when its claim goes, so does the volume object.

use super::super::explain::volume::{disk, named};
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::phrase;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::storage::VolumePhase;

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    ward.volumes(look)
        .iter()
        .filter_map(|object| {
            let since = object.meta.deletion_timestamp?;
            let volume = object.body.volume()?;
            (volume.status.phase == VolumePhase::Bound).then(|| {
                finding(
                    "terminating_volume_bound",
                    Severity::Blocked,
                    object.key(),
                    format!(
                        "PV {} Terminating{} under claim {}: it goes with the claim ({})",
                        object.meta.name,
                        phrase::aged(look.now, Some(since)),
                        named(volume),
                        disk(volume)
                    ),
                    Reason::new(
                        "pv-protection stays only while the phase is Bound, and the deletion cannot be taken back",
                    )
                    .seen(&object.key(), "metadata.deletionTimestamp", since.to_string())
                    .seen(&object.key(), "status.phase", "Bound"),
                    Gist::new("bound PV", "Terminating").aged(Some(look.now.since(since))),
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::world;
    use super::super::said;

    const VOLUME: &str = r#"
- {kind: PersistentVolume, metadata: {name: pv-1, deletionTimestamp: "2026-04-25T14:00:00Z", finalizers: [kubernetes.io/pv-protection]}, spec: {persistentVolumeReclaimPolicy: Retain, hostPath: {path: /srv}, claimRef: {namespace: shop, name: data, uid: uid-data}}, status: {phase: Bound}}"#;

    #[test]
    fn a_dying_volume_under_a_living_claim() {
        assert_eq!(
            said(&world(VOLUME), "terminating_volume_bound"),
            ["Blocked pv/pv-1: PV pv-1 Terminating 2d under claim shop/data: it goes with the claim (Retain · /srv)"]
        );
        for (from, to) in [
            ("status: {phase: Bound}", "status: {phase: Released}"),
            ("namespace: shop", "namespace: other"),
            ("deletionTimestamp", "creationTimestamp"),
        ] {
            let near = VOLUME.replace(from, to);
            assert_ne!(near, VOLUME);
            assert!(said(&world(&near), "terminating_volume_bound").is_empty(), "{to}");
        }
    }
}
