//! Faults on demand: everything a network and an API server do to a client on a bad day, one call each.
//!
//! Set from tests and demos while the server runs; `reference/safety-and-performance.md` A5 lists why each is here.

use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;

/// How a running watch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WatchEnd {
    /// The server closes the stream in good order.
    Closed,
    /// The stream says 410 and closes.
    Expired,
}

/// The faults in force.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Active {
    pub(super) refused: bool,
    pub(super) frozen: bool,
    pub(super) slow: Duration,
    /// Counts up each time all connections are cut.
    pub(super) cuts: u64,
    /// Counts up each time the running watches end, and how they end.
    pub(super) watch_ends: u64,
    pub(super) watch_end: Option<WatchEnd>,
    /// Requests still to be answered 429, with the seconds to wait.
    throttled: u32,
    retry_after: u32,
    /// Writes still to be committed and answered 500.
    lost_answers: u32,
    /// Watches still to be answered 410.
    refused_watches: u32,
    /// Watches that ask for `sendInitialEvents` are refused, as a server does whose feature gate is off.
    pub(super) no_streaming_lists: bool,
}

/// The switchboard; clones share it.
#[derive(Clone, Debug)]
pub struct Faults(Arc<watch::Sender<Active>>);

impl Default for Faults {
    fn default() -> Self {
        Self(Arc::new(watch::Sender::new(Active::default())))
    }
}

impl Faults {
    fn set(&self, change: impl FnOnce(&mut Active)) {
        self.0.send_modify(change);
    }

    pub(super) fn watch(&self) -> watch::Receiver<Active> {
        self.0.subscribe()
    }

    pub(super) fn active(&self) -> Active {
        self.0.borrow().clone()
    }

    /// Cuts every connection; the next one is served.
    pub fn cut_connections(&self) {
        self.set(|active| active.cuts += 1);
    }

    /// Closes the port and cuts every connection: clients see "connection refused" until [`Self::accept`].
    pub fn refuse_connections(&self) {
        self.set(|active| {
            active.refused = true;
            active.cuts += 1;
        });
    }

    /// Opens the port again.
    pub fn accept(&self) {
        self.set(|active| active.refused = false);
    }

    /// Keeps connections open and answers nothing until [`Self::thaw`]; watches say nothing either.
    pub fn freeze(&self) {
        self.set(|active| active.frozen = true);
    }

    pub fn thaw(&self) {
        self.set(|active| active.frozen = false);
    }

    /// Answers every request this much later; zero ends it.
    pub fn slow_down(&self, by: Duration) {
        self.set(|active| active.slow = by);
    }

    /// Ends every running watch in good order, as a server does after some minutes.
    pub fn end_watches(&self) {
        self.set(|active| {
            active.watch_ends += 1;
            active.watch_end = Some(WatchEnd::Closed);
        });
    }

    /// Ends every running watch with 410 inside its stream.
    pub fn expire_watches(&self) {
        self.set(|active| {
            active.watch_ends += 1;
            active.watch_end = Some(WatchEnd::Expired);
        });
    }

    /// Answers the next `count` watches with 410 at once.
    pub fn refuse_watches(&self, count: u32) {
        self.set(|active| active.refused_watches = count);
    }

    /// Answers the next `count` requests with 429 and `Retry-After`.
    pub fn throttle(&self, count: u32, retry_after: Duration) {
        self.set(|active| {
            active.throttled = count;
            active.retry_after = u32::try_from(retry_after.as_secs()).unwrap_or(u32::MAX);
        });
    }

    /// Carries the next `count` writes out and answers them with 500: the client cannot know what happened.
    pub fn fail_after_commit(&self, count: u32) {
        self.set(|active| active.lost_answers = count);
    }

    /// Refuses `sendInitialEvents`, as 1.33 does by default.
    pub fn without_streaming_lists(&self, refused: bool) {
        self.set(|active| active.no_streaming_lists = refused);
    }

    fn spend(&self, of: impl Fn(&mut Active) -> &mut u32) -> bool {
        let mut spent = false;
        self.0.send_if_modified(|active| {
            let left = of(active);
            spent = *left > 0;
            *left = left.saturating_sub(1);
            spent
        });
        spent
    }

    /// Uses up one throttled request, if any is left; the seconds to wait.
    pub(super) fn take_throttled(&self) -> Option<u32> {
        self.spend(|active| &mut active.throttled)
            .then(|| self.0.borrow().retry_after)
    }

    pub(super) fn take_lost_answer(&self) -> bool {
        self.spend(|active| &mut active.lost_answers)
    }

    pub(super) fn take_refused_watch(&self) -> bool {
        self.spend(|active| &mut active.refused_watches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_counted_fault_is_used_up() {
        let faults = Faults::default();
        assert_eq!(faults.take_throttled(), None);
        faults.throttle(2, Duration::from_secs(3));
        assert_eq!(faults.take_throttled(), Some(3));
        assert_eq!(faults.take_throttled(), Some(3));
        assert_eq!(faults.take_throttled(), None);
        faults.fail_after_commit(1);
        assert!(faults.take_lost_answer());
        assert!(!faults.take_lost_answer());
    }
}
