//! How a feed tells the world: batches of observations, and the one state it is in.

use super::super::clock::Clock;
use super::super::pulse::Pulse;
use crate::model::{FeedId, FeedState, Moment, Observation};
use std::sync::Arc;
use tokio::sync::mpsc;

/// Nobody listens any more.
#[derive(Clone, Copy, Debug)]
pub(super) struct Closed;

/// Sends one feed's observations and remembers what it last said of itself.
#[derive(Debug)]
pub(super) struct Reporter {
    pulse: Arc<Pulse>,
    clock: Clock,
    sink: mpsc::Sender<Vec<Observation>>,
    /// Since when this feed has not been current; `None` while it is.
    dark: Option<Moment>,
}

impl Reporter {
    pub(super) fn new(pulse: Arc<Pulse>, clock: Clock, sink: mpsc::Sender<Vec<Observation>>) -> Self {
        Self {
            pulse,
            clock,
            sink,
            dark: None,
        }
    }

    pub(super) fn feed(&self) -> &FeedId {
        self.pulse.feed()
    }

    pub(super) fn now(&self) -> Moment {
        self.clock.moment()
    }

    pub(super) async fn send(&self, batch: Vec<Observation>) -> Result<(), Closed> {
        self.pulse.hear(self.now());
        if batch.is_empty() {
            return Ok(());
        }
        self.sink.send(batch).await.map_err(|_unsent| Closed)
    }

    /// The list is complete; `batch` holds its last page and the [`Observation::ListEnded`].
    pub(super) async fn listed(&mut self, batch: Vec<Observation>) -> Result<(), Closed> {
        self.dark = None;
        self.send(batch).await?;
        self.pulse.set_open(true);
        Ok(())
    }

    /// The watch is open where it broke.
    pub(super) async fn resumed(&mut self) -> Result<(), Closed> {
        if self.dark.take().is_some() {
            let (feed, at) = (self.feed().clone(), self.now());
            self.send(vec![Observation::Resumed { feed, at }]).await?;
        }
        self.pulse.set_open(true);
        Ok(())
    }

    /// The watch is lost; what is known is kept.
    pub(super) async fn stale(&mut self, why: &str) -> Result<(), Closed> {
        let since = self.darken();
        self.lose(FeedState::Stale { since, why: why.into() }).await
    }

    /// The server refuses this user.
    pub(super) async fn denied(&mut self, why: &str) -> Result<(), Closed> {
        let since = self.darken();
        self.lose(FeedState::Denied { since, why: why.into() }).await
    }

    pub(super) async fn unserved(&mut self) -> Result<(), Closed> {
        let since = self.darken();
        self.lose(FeedState::Unserved { since }).await
    }

    fn darken(&mut self) -> Moment {
        self.pulse.set_open(false);
        let now = self.now();
        *self.dark.get_or_insert(now)
    }

    async fn lose(&self, state: FeedState) -> Result<(), Closed> {
        let feed = self.feed().clone();
        tracing::debug!(%feed, ?state, "feed lost");
        self.sink
            .send(vec![Observation::Lost { feed, state }])
            .await
            .map_err(|_unsent| Closed)
    }
}
