//! Another reclaim policy: when it runs, and on whose disk.

use super::Sight;
use crate::diagnose::Found;
use crate::forecast::Outcome;
use crate::gate::item::Item;
use crate::model::storage::ReclaimPolicy;
use crate::model::{Kind, Object};

pub(super) fn items(sight: Sight<'_>, target: &Object, policy: ReclaimPolicy) -> Vec<Item> {
    let Some(volume) = target.body.volume() else {
        return Vec::new();
    };
    let handle = volume.spec.handle();
    let was = volume.spec.persistent_volume_reclaim_policy.word();
    let now = sight.forecast.entries.iter().any(|entry| {
        entry.object == target.key()
            && matches!(
                entry.outcome,
                Outcome::VolumeDestroyed { .. } | Outcome::VolumeLeaked { .. }
            )
    });
    let when = if now { "at once" } else { "when its claim goes" };
    let mut items = vec![Item::sensed(
        "volume.policy",
        "what the policy does, and when, is known",
        Found::yes(format!(
            "{was} → {}: {handle}, {when}; {:?} now",
            policy.word(),
            volume.status.phase
        )),
        sight.fresh(&[Kind::PersistentVolume, Kind::PersistentVolumeClaim]),
        "persistentvolumes: spec.persistentVolumeReclaimPolicy, status.phase",
    )];
    if sight.attests() {
        items.push(Item::to_attest(
            "data.not-needed",
            format!("the data on {handle} is not needed any more, or its backup was test-restored"),
        ));
    }
    items
}
