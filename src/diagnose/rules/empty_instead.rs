//! Trap 26: a claim was made anew by name and got an empty volume, while the volume with its old data is Released beside it.

use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::storage::VolumePhase;
use crate::model::{Key, Kind};

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    ward.volumes(look)
        .iter()
        .filter_map(|object| {
            let volume = object.body.volume()?;
            let held = volume.spec.claim_ref.as_ref()?;
            if volume.status.phase != VolumePhase::Released || object.meta.deleting() {
                return None;
            }
            let key = Key::new(Kind::PersistentVolumeClaim, &held.namespace, &held.name);
            let live = look.world.get(&key)?;
            let claim = live.body.claim()?;
            let elsewhere = claim.spec.volume_name != object.meta.name && live.meta.uid != held.uid;
            if !elsewhere || live.meta.deleting() {
                return None;
            }
            let now = match claim.spec.volume_name.as_str() {
                "" => "waits for another volume".to_owned(),
                name => format!("has pv/{name} instead"),
            };
            Some(finding(
                "empty_instead",
                Severity::Warned,
                key.clone(),
                format!(
                    "PVC {} was made anew and {now}: its former data is on the Released pv/{}",
                    held.name, object.meta.name
                ),
                Reason::new("a Released volume goes by the uid in claimRef, and the new claim has another")
                    .seen(&object.key(), "spec.claimRef.uid", held.uid.to_string())
                    .seen(&key, "metadata.uid", live.meta.uid.to_string())
                    .seen(&key, "spec.volumeName", claim.spec.volume_name.as_str()),
                Gist::new("PVC", "made anew beside their former data"),
            ))
        })
        .collect()
}
