//! What happened, in order, as far back as it is remembered. Watches and consistent pages read it.

use super::Place;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;

/// The word a watch uses for a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Happening {
    Added,
    Modified,
    Deleted,
}

/// One change of one object.
#[derive(Clone, Debug)]
pub(crate) struct LogEntry {
    pub(crate) revision: u64,
    pub(crate) place: Place,
    pub(crate) what: Happening,
    /// The object after the change; of a removed one the last state, with the removal's resource version.
    pub(crate) object: Arc<Value>,
    /// The object before the change.
    pub(crate) before: Option<Arc<Value>>,
}

/// How many changes are remembered; etcd behind a real server forgets after five minutes.
const REMEMBERED: usize = 20_000;

/// The changes, oldest first.
#[derive(Debug, Default)]
pub(super) struct Log {
    entries: VecDeque<LogEntry>,
    compacted: u64,
}

impl Log {
    pub(super) fn push(&mut self, entry: LogEntry) {
        self.entries.push_back(entry);
        if self.entries.len() > REMEMBERED
            && let Some(oldest) = self.entries.pop_front()
        {
            self.compacted = oldest.revision;
        }
    }

    pub(super) const fn compacted(&self) -> u64 {
        self.compacted
    }

    pub(super) fn compact(&mut self, upto: u64) {
        self.compacted = self.compacted.max(upto);
        let kept = self.entries.partition_point(|entry| entry.revision <= upto);
        self.entries.drain(..kept);
    }

    /// The changes after a revision; `None` when some of them are forgotten.
    pub(super) fn after(&self, revision: u64) -> Option<impl DoubleEndedIterator<Item = &LogEntry>> {
        let first = self.entries.partition_point(|entry| entry.revision <= revision);
        (revision >= self.compacted).then(|| self.entries.range(first..))
    }
}
