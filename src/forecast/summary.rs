//! The roll-up: what an operator asks of a forecast, each question with its objects.

use super::{Forecast, Outcome, Recreation};
use crate::model::Key;
use serde::Serialize;

/// Every entry of a forecast under the question it answers; each entry stands under exactly one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Which disks are destroyed?
    pub disks_destroyed: Vec<Disk>,
    /// Which disks stay without any object that remembers them?
    pub disks_left: Vec<Disk>,
    /// Which volumes lose their claim and keep their disk?
    pub disks_released: Vec<Disk>,
    /// What is deleted, at once or by a controller?
    pub deleted: Vec<Key>,
    /// What hangs, and on whom?
    pub hangs: Vec<Hanging>,
    /// What comes back, and on what?
    pub comes_back: Vec<Back>,
    /// What does the request itself make?
    pub created: Vec<Key>,
    /// What changes, and how?
    pub changed: Vec<Why>,
    /// What is kept where a loss could be expected, and why?
    pub kept: Vec<Why>,
    /// What stays and belongs to nobody?
    pub orphaned: Vec<Key>,
    /// What would the server refuse, and with which error?
    pub refused: Vec<Why>,
    /// What cannot be known, and which fact is missing?
    pub unknown: Vec<Why>,
}

/// A volume and the disk behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disk {
    pub volume: Key,
    pub handle: String,
}

/// An object whose deletion does not end, and the roots of what holds it, in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hanging {
    pub object: Key,
    pub on: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Back {
    pub object: Key,
    pub on: Recreation,
}

/// An object and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    pub object: Key,
    pub why: String,
}

impl Forecast {
    /// The entries by the questions they answer.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for entry in &self.entries {
            let object = entry.object.clone();
            let disk = |handle: &String| Disk {
                volume: entry.object.clone(),
                handle: handle.clone(),
            };
            let why = |why: &str| Why {
                object: entry.object.clone(),
                why: why.to_owned(),
            };
            match &entry.outcome {
                Outcome::Deleted | Outcome::DeletedLater { .. } => summary.deleted.push(object),
                Outcome::Kept => summary.kept.push(why(&entry.reason.text)),
                Outcome::Hangs { holders } => {
                    let mut on: Vec<String> = holders.iter().map(|holder| holder.root.clone()).collect();
                    on.dedup();
                    summary.hangs.push(Hanging { object, on });
                }
                Outcome::VolumeDestroyed { handle } => summary.disks_destroyed.push(disk(handle)),
                Outcome::VolumeLeaked { handle } => summary.disks_left.push(disk(handle)),
                Outcome::VolumeRetained { handle } => summary.disks_released.push(disk(handle)),
                Outcome::Created => summary.created.push(object),
                Outcome::Recreated { on } => summary.comes_back.push(Back { object, on: on.clone() }),
                Outcome::Patched { fields } => summary.changed.push(why(&fields.join(", "))),
                Outcome::Orphaned => summary.orphaned.push(object),
                Outcome::Rejected { error } => summary.refused.push(why(error)),
                Outcome::Unknown { missing } => summary.unknown.push(why(missing)),
            }
        }
        summary
    }
}
