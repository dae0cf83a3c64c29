//! The watch of a feed: opened where the list or the last watch ended, read to its own end.

use super::{End, Feed, Place, lost, refusal};
use crate::cluster::body::{self, Format};
use crate::cluster::paths;
use crate::cluster::pulse::Alarm;
use crate::cluster::watch::event::Event;
use crate::cluster::watch::report::Closed;
use crate::cluster::watch::stream::Stream;
use crate::cluster::wire::{self, EITHER, EITHER_METADATA, Question};
use crate::model::Observation;
use http::{Response, StatusCode};
use http_body_util::BodyExt as _;
use kube::client::Body;
use tokio::sync::watch;

impl Feed {
    pub(super) async fn watch(&mut self, version: String) -> Result<End, Closed> {
        self.alarm.mark_unchanged();
        let path = self.watch_path(&version);
        let accept = if self.kind().is_record() {
            EITHER_METADATA
        } else {
            EITHER
        };
        let clients = self.connection.clients();
        let question = Question::Coded {
            path: &path,
            accept,
            coding: "identity",
        };
        let opening = wire::open(&clients.reading, question);
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
            let taking = tokio::time::timeout(self.pace.open_deadline, body::take_in(response));
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
        if let Some((name, selector)) = &selector {
            pairs.push((name, selector));
        }
        paths::collection(self.reporter.feed()) + &paths::query(&pairs)
    }

    /// Reads an open watch to its end.
    async fn follow(&mut self, response: Response<Body>, mut version: String) -> Result<End, Closed> {
        let opened = self.reporter.now();
        let mut stream = Stream::of(Format::of(response.headers()));
        let mut body = response.into_body();
        loop {
            let frame = tokio::select! {
                frame = tokio::time::timeout(self.pace.idle, body.frame()) => frame,
                why = alarmed(&mut self.alarm) => return Ok(lost(Place::At(version), why)),
            };
            let frame = match frame {
                // the heartbeat vouches for the server, not for this connection: take a new one
                Err(_elapsed) => return Ok(End::Onward(Place::At(version))),
                Ok(None) if stream.pending() > 0 => {
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
            stream.push(&data);
            let (batch, end) = self.take_events(&mut stream, &mut version);
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
    fn take_events(&self, stream: &mut Stream, version: &mut String) -> (Vec<Observation>, Option<End>) {
        let (feed, at) = (self.reporter.feed(), self.reporter.now());
        let mut batch = Vec::new();
        let mut end = None;
        let mut heard = false;
        stream.drain(feed.kind, |event| {
            let (observation, reached) = match event {
                Event::Applied { object } if !object.is_meant() => (None, object.meta.resource_version.to_string()),
                Event::Applied { object } => {
                    let reached = object.meta.resource_version.to_string();
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
        if stream.overflown() {
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

/// Waits for the heartbeat's alarm; for ever once there is no heartbeat.
async fn alarmed(alarm: &mut watch::Receiver<Alarm>) -> String {
    if alarm.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
    alarm.borrow().why.to_string()
}
