//! The newest raft snapshot of a run, as its records tell it: what was read of it when it was taken, and where it lies.
//!
//! Knows no file: what became of it since is seen by others, and stands in the conditions.

use super::progress::{Course, Event};
use crate::model::act::Task;
use crate::model::act::task::{RaftDeed, RaftSaved};
use crate::model::{Act, Text};
use jiff::Timestamp;

/// A snapshot that the run took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Saved {
    /// When it stood.
    pub at: Timestamp,
    /// Its file, on this side.
    pub file: Text,
    pub was: RaftSaved,
}

impl Saved {
    /// The one that this event brought to its end in a step, where it did.
    pub(super) fn of(course: &Course, event: &Event, at: Timestamp) -> Option<Self> {
        let Event::Ended { act, how } = event else { return None };
        let Act::Task { task, .. } = &course.acts.get(*act)?.act else {
            return None;
        };
        Some(Self {
            at,
            file: file(task)?.clone(),
            was: RaftSaved::read(how)?,
        })
    }
}

/// The file that a snapshot goes into; `None` of every other task.
pub(super) fn file(task: &Task) -> Option<&Text> {
    let Task::Raft(raft) = task else { return None };
    if let RaftDeed::Snapshot { to } = &raft.asks {
        Some(to)
    } else {
        None
    }
}
