//! What the feeds and the heartbeat know of each other: which watches are open, when each was last heard, and the alarm
//! that closes them all.

use crate::model::{FeedId, Moment, Text};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// One feed's sign of life. Written by its feed, read by the heartbeat.
#[derive(Debug)]
pub(super) struct Pulse {
    feed: FeedId,
    open: AtomicBool,
    heard_millis: AtomicU64,
}

impl Pulse {
    pub(super) fn of(feed: FeedId) -> Self {
        Self {
            feed,
            open: AtomicBool::new(false),
            heard_millis: AtomicU64::new(0),
        }
    }

    pub(super) const fn feed(&self) -> &FeedId {
        &self.feed
    }

    /// Listed, and the watch is open.
    pub(super) fn is_open(&self) -> bool {
        self.open.load(Ordering::Acquire)
    }

    pub(super) fn set_open(&self, open: bool) {
        self.open.store(open, Ordering::Release);
    }

    pub(super) fn hear(&self, at: Moment) {
        let millis = u64::try_from(at.0.as_millis()).unwrap_or(u64::MAX);
        self.heard_millis.fetch_max(millis, Ordering::AcqRel);
    }

    pub(super) fn heard(&self) -> Moment {
        Moment(Duration::from_millis(self.heard_millis.load(Ordering::Acquire)))
    }
}

/// The server went silent: every open watch is lost, whatever its connection believes.
#[derive(Clone, Debug, Default)]
pub(super) struct Alarm {
    pub(super) why: Text,
}
