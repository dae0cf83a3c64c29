//! Makes a failing case small: parts are left out one by one, for as long as it still fails. Knows the search and not how a
//! case is played.

use std::collections::VecDeque;

/// What has parts that can be left out.
pub(crate) trait Parts: Sized {
    /// Everything that has less; what has much less comes first.
    fn less(&self) -> Vec<Self>;
}

/// The search for the smallest that still fails: hands out candidates, and hears which of them fail.
#[derive(Debug)]
pub(crate) struct Search<C> {
    smallest: C,
    left: VecDeque<C>,
}

impl<C: Parts> Search<C> {
    /// From one that fails.
    pub(crate) fn from(failing: C) -> Self {
        let left = failing.less().into();
        Self {
            smallest: failing,
            left,
        }
    }

    /// The next to try; none when nothing more can be left out.
    pub(crate) fn candidate(&mut self) -> Option<C> {
        self.left.pop_front()
    }

    /// A candidate fails too: the search goes on from it.
    pub(crate) fn fails(&mut self, candidate: C) {
        *self = Self::from(candidate);
    }

    pub(crate) fn smallest(self) -> C {
        self.smallest
    }
}
