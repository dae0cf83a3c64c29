//! The roll-up: what an operator asks of a forecast, each question with its objects.

use super::{Forecast, Outcome, Recreation};
use crate::laws::Reason;
use crate::model::Key;
use crate::model::helm::Address;
use serde::Serialize;
use std::fmt;

/// Every object of a forecast under the question it answers; each stands under exactly one. Objects of kinds that the world
/// does not hold, which only Helm's acts name, stand beside the others.
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
    pub deleted: Vec<Subject>,
    /// What hangs, and on whom?
    pub hangs: Vec<Hanging>,
    /// What comes back, and on what?
    pub comes_back: Vec<Back>,
    /// What does the request itself make?
    pub created: Vec<Subject>,
    /// What changes, and how?
    pub changed: Vec<Why>,
    /// What is kept where a loss could be expected, and why?
    pub kept: Vec<Why>,
    /// What stays and belongs to nobody?
    pub orphaned: Vec<Subject>,
    /// What would the server refuse, and with which error?
    pub refused: Vec<Why>,
    /// What cannot be known, and which fact is missing?
    pub unknown: Vec<Why>,
}

/// What an answer is about: an object the world holds, or one as a manifest names it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(untagged)]
pub enum Subject {
    Held(Key),
    Named(Address),
}

/// A volume and the disk behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Disk {
    pub volume: Subject,
    pub handle: String,
}

/// An object whose deletion does not end, and the roots of what holds it, in words; where none is known, why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Hanging {
    pub object: Subject,
    pub on: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Back {
    pub object: Subject,
    pub on: Recreation,
}

/// An object and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Why {
    pub object: Subject,
    pub why: String,
}

impl Forecast {
    /// All objects by the questions they answer.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for entry in &self.entries {
            summary.add(Subject::Held(entry.object.clone()), &entry.outcome, &entry.reason);
        }
        for other in &self.others {
            summary.add(Subject::Named(other.object.clone()), &other.outcome, &other.reason);
        }
        summary
    }
}

impl Summary {
    fn add(&mut self, object: Subject, outcome: &Outcome, reason: &Reason) {
        match outcome {
            Outcome::Deleted | Outcome::DeletedLater { .. } => self.deleted.push(object),
            Outcome::Kept => self.kept.push(Why::of(object, &reason.text)),
            Outcome::Hangs { holders } => {
                let mut on: Vec<String> = holders.iter().map(|holder| holder.root.clone()).collect();
                on.dedup();
                if on.is_empty() {
                    on.push(reason.text.clone());
                }
                self.hangs.push(Hanging { object, on });
            }
            Outcome::VolumeDestroyed { handle } => self.disks_destroyed.push(Disk::of(object, handle)),
            Outcome::VolumeLeaked { handle } => self.disks_left.push(Disk::of(object, handle)),
            Outcome::VolumeRetained { handle } => self.disks_released.push(Disk::of(object, handle)),
            Outcome::Created => self.created.push(object),
            Outcome::Recreated { on } => self.comes_back.push(Back { object, on: on.clone() }),
            Outcome::Patched { fields } => self.changed.push(Why::of(object, &fields.join(", "))),
            Outcome::Orphaned => self.orphaned.push(object),
            Outcome::Rejected { error } => self.refused.push(Why::of(object, error)),
            Outcome::Unknown { missing } => self.unknown.push(Why::of(object, missing)),
        }
    }
}

impl Why {
    fn of(object: Subject, why: &str) -> Self {
        Self {
            object,
            why: why.to_owned(),
        }
    }
}

impl Disk {
    fn of(volume: Subject, handle: &str) -> Self {
        Self {
            volume,
            handle: handle.to_owned(),
        }
    }
}

/// `pvc/data`, `ConfigMap/settings`.
impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held(key) => key.fmt(f),
            Self::Named(address) => address.fmt(f),
        }
    }
}
