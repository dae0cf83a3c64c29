//! Trap 34: a volume is being deleted under Delete without the finalizer of its provisioner: the object goes, the disk stays and
//! nobody knows its handle any more.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::storage::{EXTERNAL_PROVISIONER, PV_CONTROLLER, ReclaimPolicy};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    ward.volumes(look)
        .iter()
        .filter_map(|object| {
            let since = object.meta.deletion_timestamp?;
            let volume = object.body.volume()?;
            let csi = volume.spec.csi.as_ref()?;
            let policy = volume.spec.persistent_volume_reclaim_policy;
            let marked = object.meta.has_finalizer(EXTERNAL_PROVISIONER) || object.meta.has_finalizer(PV_CONTROLLER);
            if policy != ReclaimPolicy::Delete || marked {
                return None;
            }
            Some(finding(
                "leaking_volume",
                Severity::Blocked,
                object.key(),
                format!(
                    "PV {} is Terminating under Delete without its provisioner's finalizer: the object goes and {} {} is leaked",
                    object.meta.name, csi.driver, csi.volume_handle
                ),
                Reason::new("a provisioner passes over a deleting volume that does not bear its finalizer")
                    .seen(&object.key(), "metadata.deletionTimestamp", since.to_string())
                    .seen(&object.key(), "spec.persistentVolumeReclaimPolicy", policy.word())
                    .seen(&object.key(), "metadata.finalizers", object.meta.finalizers.join(", "))
                    .seen(&object.key(), "spec.csi.volumeHandle", csi.volume_handle.as_str()),
                Gist::new("PV", "going without their disk"),
            ))
        })
        .collect()
}
