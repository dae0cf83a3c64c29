//! One feed: list, watch, and the way back from every loss.
//!
//! ```text
//! list ──▶ watch ──clean end──▶ watch        410 ──▶ stale, list again (nothing is cleared: the list's end is the diff)
//!   ▲        │                               cut ──▶ stale at once, pause, watch from where it broke
//!   └────────┴── 403 denied · 404 unserved · 401 renew credentials · 429 as long as the server asks · 5xx stale
//! ```

mod listing;
mod watching;

use super::Pace;
use super::backoff::Backoff;
use super::report::{Closed, Reporter};
use crate::cluster::body::Answer;
use crate::cluster::coding::Coding;
use crate::cluster::connect::Connection;
use crate::cluster::pulse::Alarm;
use crate::cluster::said;
use crate::cluster::wire;
use crate::model::Kind;
use http::StatusCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::watch;

/// A list that has not ended after so many pages never will.
const MOST_PAGES: u32 = 20_000;

/// One kind over one scope.
#[derive(Debug)]
pub(super) struct Feed {
    connection: Connection,
    reporter: Reporter,
    alarm: watch::Receiver<Alarm>,
    pace: Pace,
    backoff: Backoff,
    bytes: Arc<AtomicU64>,
    coding: Arc<Coding>,
    /// The generation of clients whose credentials were last refused.
    refused_credentials: Option<u64>,
}

/// Why a feed is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Parting {
    /// Nobody listens.
    Closed,
    /// The whole cluster is refused, and there are namespaces to try instead.
    Refused,
}

/// Where a feed stands between two requests.
#[derive(Clone, Debug)]
enum Place {
    /// Nothing to go on from.
    Unlisted,
    /// All events up to this resource version are known.
    At(String),
}

/// How a list or a watch ended.
#[derive(Debug)]
enum End {
    /// Go on from here at once.
    Onward(Place),
    /// 410: list again.
    Expired(String),
    /// Try again from here, later: after the server's wish, else after a pause.
    Lost {
        place: Place,
        why: String,
        after: Option<Duration>,
    },
    /// 401 from these clients.
    Unauthenticated { place: Place, generation: u64, why: String },
    /// 403.
    Denied(String),
    /// 404.
    Unserved,
}

impl Feed {
    pub(super) fn new(
        connection: Connection,
        reporter: Reporter,
        alarm: watch::Receiver<Alarm>,
        pace: Pace,
        bytes: Arc<AtomicU64>,
        coding: Arc<Coding>,
    ) -> Self {
        Self {
            connection,
            reporter,
            alarm,
            pace,
            backoff: Backoff::new(pace.pause, pace.longest_pause),
            bytes,
            coding,
            refused_credentials: None,
        }
    }

    /// Runs until nobody listens; with `yields`, also until the server refuses.
    pub(super) async fn run(mut self, yields: bool) -> Parting {
        let mut place = Place::Unlisted;
        loop {
            let end = match place {
                Place::Unlisted => self.list().await,
                Place::At(version) => self.watch(version).await,
            };
            let next = match end {
                Ok(End::Denied(why)) if yields => {
                    let why = format!("{why}; watching single namespaces instead");
                    return match self.reporter.denied(&why).await {
                        Ok(()) => Parting::Refused,
                        Err(Closed) => Parting::Closed,
                    };
                }
                Ok(end) => self.recover(end).await,
                Err(Closed) => return Parting::Closed,
            };
            match next {
                Ok(next) => place = next,
                Err(Closed) => return Parting::Closed,
            }
        }
    }

    /// Says what happened, waits as long as it takes, and returns where to go on.
    async fn recover(&mut self, end: End) -> Result<Place, Closed> {
        let (place, pause) = match end {
            End::Onward(place) => return Ok(place),
            End::Expired(why) => {
                self.reporter
                    .stale(&format!("watch expired ({why}); listing again"))
                    .await?;
                (Place::Unlisted, self.backoff.next_after_first())
            }
            End::Lost { place, why, after } => {
                self.reporter.stale(&why).await?;
                (place, after.unwrap_or_else(|| self.backoff.next()))
            }
            End::Unauthenticated { place, generation, why } => {
                self.reporter
                    .stale(&format!("credentials no longer accepted (401: {why})"))
                    .await?;
                (place, self.renew(generation).await?)
            }
            End::Denied(why) => {
                self.reporter.denied(&why).await?;
                (Place::Unlisted, self.pace.refused)
            }
            End::Unserved => {
                self.reporter.unserved().await?;
                (Place::Unlisted, self.pace.refused)
            }
        };
        tokio::time::sleep(pause).await;
        Ok(place)
    }

    /// Renews the credentials that were refused, once; when the renewed ones are refused as well, waits before the next.
    async fn renew(&mut self, generation: u64) -> Result<Duration, Closed> {
        let again = self.refused_credentials.is_some();
        self.refused_credentials = Some(generation);
        if again {
            tokio::time::sleep(self.pace.refused).await;
        }
        match self.connection.renew(generation).await {
            Ok(_clients) => Ok(Duration::ZERO),
            Err(error) => {
                self.reporter.stale(&error.to_string()).await?;
                Ok(self.pace.refused)
            }
        }
    }

    fn kind(&self) -> Kind {
        self.reporter.feed().kind
    }

    fn count(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

const fn lost(place: Place, why: String) -> End {
    End::Lost {
        place,
        why,
        after: None,
    }
}

/// What an answer other than 200 means.
fn refusal(place: Place, answer: &Answer, generation: u64) -> End {
    let words = said::words(&answer.body);
    match answer.status {
        StatusCode::GONE => End::Expired(words),
        StatusCode::UNAUTHORIZED => End::Unauthenticated {
            place,
            generation,
            why: words,
        },
        StatusCode::FORBIDDEN => End::Denied(words),
        StatusCode::NOT_FOUND | StatusCode::NOT_ACCEPTABLE => End::Unserved,
        status => {
            let after = wire::retry_after(&answer.headers);
            let wish = after
                .map(|after| format!(", asked to wait {}s", after.as_secs()))
                .unwrap_or_default();
            End::Lost {
                place,
                why: format!("the server answers {}{wish}: {words}", status.as_u16()),
                after,
            }
        }
    }
}
