//! Delete anything that has no list of its own: what goes with it, what hangs, and what a person has to have seen.

use super::{Sight, count, names};
use crate::diagnose::Found;
use crate::forecast::Outcome;
use crate::gate::item::Item;
use crate::model::{Kind, Object};

pub(super) fn items(sight: Sight<'_>, target: &Object) -> Vec<Item> {
    let mut items = vec![goes_with_it(sight, target), does_not_hang(sight), claims(sight)];
    items.extend(question(sight, target).map(|(id, title)| Item::to_attest(id, title)));
    items
}

/// Everything the forecast says goes, is made anew or loses its owner, besides the target.
fn goes_with_it(sight: Sight<'_>, target: &Object) -> Item {
    let own = target.key();
    let others = || sight.forecast.entries.iter().filter(|entry| entry.object != own);
    let gone: Vec<String> = others()
        .filter(|entry| {
            matches!(
                entry.outcome,
                Outcome::Deleted
                    | Outcome::DeletedLater { .. }
                    | Outcome::VolumeDestroyed { .. }
                    | Outcome::VolumeLeaked { .. }
            )
        })
        .map(|entry| entry.object.to_string())
        .collect();
    let freed: Vec<String> = others()
        .filter(|entry| matches!(entry.outcome, Outcome::Orphaned))
        .map(|entry| entry.object.to_string())
        .collect();
    let mut said = if gone.is_empty() {
        "nothing goes with it".to_owned()
    } else {
        format!(
            "{} with it: {}",
            count(gone.len(), "object"),
            names(gone.iter().map(String::as_str))
        )
    };
    if !freed.is_empty() {
        let freed = names(freed.iter().map(String::as_str));
        said = format!("{said}; without an owner stay {freed}");
    }
    Item::sensed(
        "going.with-it",
        "what goes with it is known",
        Found::yes(said),
        sight.fresh(&[target.kind(), Kind::Pod, Kind::PersistentVolumeClaim]),
        "forecast; metadata.ownerReferences",
    )
}

/// A deletion that would hang cannot be withdrawn: its holders go first, unless they go with it.
fn does_not_hang(sight: Sight<'_>) -> Item {
    let stuck: Vec<String> = sight
        .forecast
        .entries
        .iter()
        .filter_map(|entry| {
            let Outcome::Hangs { holders } = &entry.outcome else {
                return None;
            };
            let who = names(holders.iter().map(|holder| holder.root.as_str()));
            Some(format!("{} would wait for {who}", entry.object))
        })
        .collect();
    let found = if stuck.is_empty() {
        Found::yes("nothing hangs")
    } else {
        Found::no(names(stuck.iter().map(String::as_str)))
    };
    Item::sensed(
        "going.ends",
        "the deletion comes to its end",
        found,
        sight.fresh(&[Kind::Pod, Kind::PersistentVolumeClaim, Kind::PersistentVolume]),
        "forecast; metadata.finalizers",
    )
}

/// The disks that the act touches, each with its fate.
fn claims(sight: Sight<'_>) -> Item {
    let disks: Vec<String> = sight
        .forecast
        .entries
        .iter()
        .filter_map(|entry| match &entry.outcome {
            Outcome::VolumeDestroyed { handle } => Some(format!("{handle} is DESTROYED")),
            Outcome::VolumeLeaked { handle } => Some(format!("{handle} is left without an object")),
            Outcome::VolumeRetained { handle } => Some(format!("{handle} stays, Released")),
            Outcome::Deleted
            | Outcome::DeletedLater { .. }
            | Outcome::Kept
            | Outcome::Hangs { .. }
            | Outcome::Created
            | Outcome::Recreated { .. }
            | Outcome::Patched { .. }
            | Outcome::Orphaned
            | Outcome::Rejected { .. }
            | Outcome::Unknown { .. } => None,
        })
        .collect();
    let said = if disks.is_empty() {
        "no disk changes".to_owned()
    } else {
        names(disks.iter().map(String::as_str))
    };
    Item::sensed(
        "going.disks",
        "what becomes of disks is known",
        Found::yes(said),
        sight.fresh(&[Kind::PersistentVolumeClaim, Kind::PersistentVolume]),
        "persistentvolumes: spec.persistentVolumeReclaimPolicy",
    )
}

/// What only a person can know, kind by kind.
fn question(sight: Sight<'_>, target: &Object) -> Option<(&'static str, String)> {
    let name = &target.meta.name;
    let title = match target.kind() {
        Kind::Namespace => (
            "namespace.contents",
            format!(
                "everything in {name} may go, also what Pilothouse does not watch (secrets, services, custom resources)"
            ),
        ),
        Kind::Node => (
            "node.machine",
            format!("the machine behind {name} is gone or drained: its kubelet may register it again"),
        ),
        Kind::PersistentVolume => (
            "volume.handle-kept",
            format!("where the disk behind {name} is written down: nothing in the cluster remembers it afterwards"),
        ),
        Kind::VolumeAttachment => (
            "attachment.unmounted",
            format!("no node writes to the disk of {name} any more"),
        ),
        Kind::StorageClass => (
            "class.recreated",
            format!("nothing needs class {name} before it is made again"),
        ),
        Kind::CronJob | Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet => (
            "workload.down",
            format!("{name} may be down until somebody makes it again"),
        ),
        Kind::PodDisruptionBudget => (
            "budget.evictions",
            format!("evictions may take all pods that {name} guarded at once"),
        ),
        Kind::PersistentVolumeClaim | Kind::Pod | Kind::Job | Kind::Release | Kind::ReleaseMap => {
            return None;
        }
    };
    sight.attests().then_some(title)
}
