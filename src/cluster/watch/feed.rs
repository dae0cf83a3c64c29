//! One feed: list, watch, and the way back from every loss.
//!
//! ```text
//! list ──▶ watch ──clean end──▶ watch        410 ──▶ stale, list again (nothing is cleared: the list's end is the diff)
//!   ▲        │                               cut ──▶ stale at once, pause, watch from where it broke
//!   └────────┴── 403 denied · 404 unserved · 401 renew credentials · 429 as long as the server asks · 5xx stale
//! ```

use super::super::connect::Connection;
use super::super::page::{self, Page};
use super::super::paths;
use super::super::pulse::Alarm;
use super::super::said;
use super::super::wire::{self, Answer, JSON, METADATA, METADATA_LIST, Question};
use super::Pace;
use super::backoff::Backoff;
use super::event::{self, Event, Lines};
use super::report::{Closed, Reporter};
use crate::model::{Kind, Observation};
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::client::Body;
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
    ) -> Self {
        Self {
            connection,
            reporter,
            alarm,
            pace,
            backoff: Backoff::new(pace.pause, pace.longest_pause),
            bytes,
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

    async fn list(&mut self) -> Result<End, Closed> {
        let accept = if self.kind() == Kind::Release {
            METADATA_LIST
        } else {
            JSON
        };
        let mut more = String::new();
        for number in 0..MOST_PAGES {
            let path = self.list_path(&more);
            let clients = self.connection.clients();
            let question = Question::Get { path: &path, accept };
            let answer = match wire::ask(&clients.reading, question, self.pace.page_deadline).await {
                Ok(answer) => answer,
                Err(trouble) => return Ok(lost(Place::Unlisted, trouble.words())),
            };
            self.count(answer.travelled);
            if answer.status != StatusCode::OK {
                return Ok(refusal(Place::Unlisted, &answer, clients.generation));
            }
            let page = match page::decode(self.kind(), &answer.body) {
                Ok(page) => page,
                Err(why) => return Ok(lost(Place::Unlisted, format!("the list cannot be read: {why}"))),
            };
            drop(answer);
            if page.resource_version.is_empty() {
                return Ok(lost(Place::Unlisted, "the list has no resourceVersion".to_owned()));
            }
            self.refused_credentials = None;
            let (last, version) = (page.more.is_empty(), page.resource_version.clone());
            let next = page.more.clone();
            let mut batch = self.observations(page, number == 0);
            if last {
                let (feed, at) = (self.reporter.feed().clone(), self.reporter.now());
                batch.push(Observation::ListEnded { feed, at });
                self.reporter.listed(batch).await?;
                return Ok(End::Onward(Place::At(version)));
            }
            self.reporter.send(batch).await?;
            if next == more {
                return Ok(lost(Place::Unlisted, "the list repeats its continue token".to_owned()));
            }
            more = next;
        }
        Ok(lost(
            Place::Unlisted,
            format!("the list has not ended after {MOST_PAGES} pages"),
        ))
    }

    fn list_path(&self, more: &str) -> String {
        let limit = self.pace.page.to_string();
        let selector = paths::selector(self.kind());
        let mut pairs = vec![("limit", limit.as_str())];
        if let Some(selector) = &selector {
            pairs.push(("fieldSelector", selector));
        }
        if !more.is_empty() {
            pairs.push(("continue", more));
        }
        paths::collection(self.reporter.feed()) + &paths::query(&pairs)
    }

    fn observations(&self, page: Page, first: bool) -> Vec<Observation> {
        let (feed, at) = (self.reporter.feed(), self.reporter.now());
        let mut batch = Vec::with_capacity(page.objects.len() + page.malformed.len() + 2);
        if first {
            batch.push(Observation::ListBegan { feed: feed.clone(), at });
        }
        for object in page.objects {
            batch.push(Observation::Applied {
                feed: feed.clone(),
                object: Box::new(object),
                at,
            });
        }
        for malformed in page.malformed {
            tracing::warn!(key = %malformed.key, namespace = %malformed.key.namespace, why = %malformed.why, "malformed object");
            batch.push(Observation::Malformed {
                feed: feed.clone(),
                malformed,
                at,
            });
        }
        batch
    }

    async fn watch(&mut self, version: String) -> Result<End, Closed> {
        self.alarm.mark_unchanged();
        let path = self.watch_path(&version);
        let accept = if self.kind() == Kind::Release { METADATA } else { JSON };
        let clients = self.connection.clients();
        let opening = wire::open_stream(&clients.reading, &path, accept);
        let opened = tokio::select! {
            opened = tokio::time::timeout(self.pace.open_deadline, opening) => opened,
            why = alarmed(&mut self.alarm) => return Ok(lost(Place::At(version), why)),
        };
        let response = match opened {
            Ok(Ok(response)) => response,
            Ok(Err(trouble)) => return Ok(lost(Place::At(version), trouble.words())),
            Err(_elapsed) => {
                let why = format!("the watch does not open within {}s", self.pace.open_deadline.as_secs());
                return Ok(lost(Place::At(version), why));
            }
        };
        if response.status() != StatusCode::OK {
            let taking = tokio::time::timeout(self.pace.open_deadline, wire::take_in(response));
            return Ok(match taking.await {
                Ok(Ok(answer)) => refusal(Place::At(version), &answer, clients.generation),
                Ok(Err(trouble)) => lost(Place::At(version), trouble.words()),
                Err(_elapsed) => lost(Place::At(version), "the watch is refused without a reason".to_owned()),
            });
        }
        self.refused_credentials = None;
        self.reporter.resumed().await?;
        let opened = self.reporter.now();
        let end = self.follow(response, version).await;
        if opened.age(self.reporter.now()) > self.pace.longest_pause {
            self.backoff.reset();
        }
        end
    }

    fn watch_path(&self, version: &str) -> String {
        let seconds = self.pace.watch.as_secs().to_string();
        let selector = paths::selector(self.kind());
        let mut pairs = vec![
            ("watch", "true"),
            ("allowWatchBookmarks", "true"),
            ("timeoutSeconds", seconds.as_str()),
            ("resourceVersion", version),
        ];
        if let Some(selector) = &selector {
            pairs.push(("fieldSelector", selector));
        }
        paths::collection(self.reporter.feed()) + &paths::query(&pairs)
    }

    /// Reads an open watch to its end.
    async fn follow(&mut self, response: Response<Body>, mut version: String) -> Result<End, Closed> {
        let opened = self.reporter.now();
        let mut body = response.into_body();
        let mut lines = Lines::default();
        loop {
            let frame = tokio::select! {
                frame = tokio::time::timeout(self.pace.idle, body.frame()) => frame,
                why = alarmed(&mut self.alarm) => return Ok(lost(Place::At(version), why)),
            };
            let frame = match frame {
                // the heartbeat vouches for the server, not for this connection: take a new one
                Err(_elapsed) => return Ok(End::Onward(Place::At(version))),
                Ok(None) if lines.pending() > 0 => {
                    return Ok(lost(Place::At(version), "the watch ended within an event".to_owned()));
                }
                Ok(None) if opened.age(self.reporter.now()) < self.pace.longest_pause => {
                    return Ok(lost(Place::At(version), "the server ended the watch early".to_owned()));
                }
                Ok(None) => return Ok(End::Onward(Place::At(version))),
                Ok(Some(Err(error))) => {
                    let why = format!("connection lost ({})", wire::cause(&error));
                    return Ok(lost(Place::At(version), why));
                }
                Ok(Some(Ok(frame))) => frame,
            };
            let Ok(data) = frame.into_data() else { continue };
            self.count(u64::try_from(data.len()).unwrap_or(u64::MAX));
            lines.push(&data);
            let (batch, end) = self.take_events(&mut lines, &mut version);
            if !batch.is_empty() {
                self.backoff.reset();
            }
            self.reporter.send(batch).await?;
            if let Some(end) = end {
                return Ok(end);
            }
        }
    }

    /// The complete events that have arrived, as observations; and how the watch ended, if one of them ends it.
    fn take_events(&self, lines: &mut Lines, version: &mut String) -> (Vec<Observation>, Option<End>) {
        let (feed, at) = (self.reporter.feed(), self.reporter.now());
        let mut batch = Vec::new();
        let mut end = None;
        let mut heard = false;
        lines.drain(|line| {
            let (observation, reached) = match event::decode(feed.kind, line) {
                Event::Applied { object } => {
                    let reached = object.meta.resource_version.0.to_string();
                    let feed = feed.clone();
                    (Some(Observation::Applied { feed, object, at }), reached)
                }
                Event::Deleted {
                    key,
                    uid,
                    resource_version,
                } => {
                    let feed = feed.clone();
                    (Some(Observation::Deleted { feed, key, uid, at }), resource_version)
                }
                Event::Malformed {
                    malformed,
                    resource_version,
                } => {
                    tracing::warn!(key = %malformed.key, namespace = %malformed.key.namespace, why = %malformed.why, "malformed object");
                    let feed = feed.clone();
                    (Some(Observation::Malformed { feed, malformed, at }), resource_version)
                }
                Event::Bookmark { resource_version } => {
                    heard = true;
                    (None, resource_version)
                }
                Event::Expired { why } => {
                    end = Some(End::Expired(why));
                    return false;
                }
                Event::Failed { why } => {
                    end = Some(lost(Place::At(version.clone()), format!("the server ended the watch: {why}")));
                    return false;
                }
                Event::Garbage { why } => {
                    end = Some(lost(Place::Unlisted, format!("the watch said {why}")));
                    return false;
                }
            };
            batch.extend(observation);
            if !reached.is_empty() {
                *version = reached;
            }
            true
        });
        if lines.overflown() {
            end = Some(lost(
                Place::Unlisted,
                "the watch sent an event larger than 64 MiB".to_owned(),
            ));
        }
        if heard && batch.is_empty() {
            batch.push(Observation::Heard { feed: feed.clone(), at });
        }
        (batch, end)
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

/// Waits for the heartbeat's alarm; for ever once there is no heartbeat.
async fn alarmed(alarm: &mut watch::Receiver<Alarm>) -> String {
    if alarm.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    alarm.borrow().why.to_string()
}
