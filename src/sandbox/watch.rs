//! Watches: the history of a resource as a stream of JSON lines, from a resource version on.
//!
//! Semantics of `resourceVersion`, bookmarks, 410 and streaming lists as in `reference/semantics.md` §3.13 and
//! `apiserver/pkg/storage/cacher`.

use super::faults::{Active, WatchEnd};
use super::fields::put;
use super::http::Query;
use super::resources::Resource;
use super::selector::Selection;
use super::serve::Shared;
use super::status::{Cause, StoreError};
use super::store::{Happening, LogEntry, Store};
use super::view::View;
use bytes::Bytes;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

/// What a watch was asked to show.
#[derive(Clone, Debug)]
pub(super) struct WatchAsk {
    pub(super) resource: &'static Resource,
    pub(super) namespace: Option<String>,
    pub(super) selection: Selection,
    pub(super) view: View,
    /// Shows what there is first; otherwise only what happens after `after`.
    initial: bool,
    /// Marks the end of what there was with a bookmark.
    marks_initial: bool,
    after: u64,
    bookmarks: bool,
    timeout: Duration,
}

/// How long a watch lives that sets no `timeoutSeconds`; a real server draws between 30 and 60 minutes.
const LIFE: Duration = Duration::from_mins(45);
/// Lines a slow client may be behind.
const BACKLOG: usize = 256;

impl WatchAsk {
    /// Reads the parameters of a watch.
    pub(super) fn read(
        resource: &'static Resource,
        namespace: Option<String>,
        selection: Selection,
        view: View,
        query: &Query,
        active: &Active,
    ) -> Result<Self, StoreError> {
        let version = query.get("resourceVersion");
        let after = match version {
            "" => 0,
            version => match version.parse() {
                Ok(after) => after,
                Err(_) => return Err(bad_version(version)),
            },
        };
        let streaming = !query.get("sendInitialEvents").is_empty();
        check_streaming(query, streaming, active)?;
        let timeout: Option<u64> = query.number("timeoutSeconds")?;
        let initial = if streaming {
            query.is_true("sendInitialEvents")
        } else {
            after == 0
        };
        let bookmarks = query.is_true("allowWatchBookmarks");
        Ok(Self {
            resource,
            namespace,
            selection,
            view,
            initial,
            marks_initial: streaming && initial && bookmarks,
            after,
            bookmarks,
            timeout: timeout.map_or(LIFE, Duration::from_secs),
        })
    }
}

fn bad_version(version: &str) -> StoreError {
    let message = format!(
        "resourceVersion: Invalid value: \"{version}\": strconv.ParseUint: parsing \"{version}\": invalid syntax"
    );
    StoreError::new(500, "", message)
}

fn check_streaming(query: &Query, streaming: bool, active: &Active) -> Result<(), StoreError> {
    let sentence = if streaming && active.no_streaming_lists {
        (
            "sendInitialEvents",
            "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
        )
    } else if streaming && query.get("resourceVersionMatch") != "NotOlderThan" {
        (
            "resourceVersionMatch",
            "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
        )
    } else if !streaming && !query.get("resourceVersionMatch").is_empty() {
        (
            "resourceVersionMatch",
            "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        )
    } else {
        return Ok(());
    };
    let cause = Cause::forbidden(sentence.0, sentence.1);
    Err(StoreError::invalid_options("ListOptions", &[cause]))
}

/// Starts a watch; its lines come out of the receiver until it ends.
pub(super) fn start(shared: &Arc<Shared>, ask: WatchAsk) -> mpsc::Receiver<Bytes> {
    let (lines, receiver) = mpsc::channel(BACKLOG);
    let watch = Watch {
        ends: shared.faults.active().watch_ends,
        last: ask.after,
        headed: false,
        signals: Signals {
            revision: shared.revision(),
            faults: shared.faults.watch(),
            bookmarks: shared.bookmarks(),
        },
        shared: Arc::clone(shared),
        ask,
        lines,
    };
    tokio::spawn(watch.run());
    receiver
}

/// What a watch waits for.
struct Signals {
    revision: watch::Receiver<u64>,
    faults: watch::Receiver<Active>,
    bookmarks: watch::Receiver<u64>,
}

struct Watch {
    shared: Arc<Shared>,
    ask: WatchAsk,
    signals: Signals,
    lines: mpsc::Sender<Bytes>,
    /// The last revision that was looked at.
    last: u64,
    /// How many times watches had been ended when this one began.
    ends: u64,
    /// The columns of a table were told.
    headed: bool,
}

/// The client is gone.
struct Gone;

impl Watch {
    async fn run(mut self) {
        // Only the client's leaving ends a watch early, and then nobody is there to be told.
        drop(self.follow().await);
    }

    async fn follow(&mut self) -> Result<(), Gone> {
        let ends = self.ends;
        let deadline = Instant::now() + self.ask.timeout;
        if self.ask.initial {
            self.tell_what_there_is().await?;
        }
        let every = self.shared.bookmark_rhythm();
        let mut next_bookmark = every.map(|every| Instant::now() + every);
        loop {
            while self.signals.faults.borrow().frozen {
                if self.signals.faults.changed().await.is_err() {
                    return Ok(());
                }
            }
            let active = self.signals.faults.borrow_and_update().clone();
            if active.watch_ends != ends {
                return match active.watch_end {
                    Some(WatchEnd::Expired) => self.say_expired().await,
                    Some(WatchEnd::Closed) | None => Ok(()),
                };
            }
            if !self.tell_what_happened().await? {
                return self.say_expired().await;
            }
            let bookmark_due = async {
                match next_bookmark {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = self.signals.revision.changed() => if changed.is_err() { return Ok(()) },
                changed = self.signals.faults.changed() => if changed.is_err() { return Ok(()) },
                changed = self.signals.bookmarks.changed() => match changed {
                    Ok(()) => self.bookmark(None).await?,
                    Err(_) => return Ok(()),
                },
                () = bookmark_due => {
                    self.bookmark(None).await?;
                    next_bookmark = every.map(|every| Instant::now() + every);
                }
                () = tokio::time::sleep_until(deadline) => return self.bookmark(None).await,
                () = self.lines.closed() => return Err(Gone),
            }
        }
    }

    async fn tell_what_there_is(&mut self) -> Result<(), Gone> {
        let (objects, latest) = self.shared.read(|store| {
            let latest = store.latest();
            let all = store.list(self.ask.resource, self.ask.namespace.as_deref(), latest);
            (all.unwrap_or_default(), latest)
        });
        for (_, object) in objects {
            if self.ask.selection.matches(&object) {
                self.say("ADDED", &object).await?;
            }
        }
        self.last = latest;
        if self.ask.marks_initial {
            self.bookmark(Some("k8s.io/initial-events-end")).await?;
        }
        Ok(())
    }

    /// Tells what happened since the last look; `false` when history no longer reaches back to it.
    async fn tell_what_happened(&mut self) -> Result<bool, Gone> {
        let news = self.shared.read(|store| news(store, &self.ask, self.last));
        let Some((news, latest)) = news else { return Ok(false) };
        self.last = latest;
        for (word, object) in news {
            self.say(word, &object).await?;
        }
        Ok(true)
    }

    async fn say(&mut self, word: &str, object: &Value) -> Result<(), Gone> {
        let now = self.shared.now();
        let shown = self.ask.view.one(self.ask.resource, object, now, !self.headed);
        self.headed = true;
        self.send(word, &shown).await
    }

    async fn send(&self, word: &str, object: &Value) -> Result<(), Gone> {
        let line = format!("{}\n", json!({ "type": word, "object": object }));
        match self.lines.send(line.into()).await {
            Ok(()) => Ok(()),
            Err(_) => Err(Gone),
        }
    }

    async fn bookmark(&mut self, mark: Option<&str>) -> Result<(), Gone> {
        if !self.ask.bookmarks {
            return Ok(());
        }
        let mut object = json!({
            "kind": self.ask.resource.kind,
            "apiVersion": self.ask.resource.api_version(),
            "metadata": { "resourceVersion": self.last.to_string() },
        });
        if let Some(mark) = mark {
            put(&mut object, &["metadata", "annotations", mark], "true");
        }
        self.say("BOOKMARK", &object).await
    }

    async fn say_expired(&self) -> Result<(), Gone> {
        let compacted = self.shared.read(Store::compacted);
        let told = StoreError::expired(format!("too old resource version: {} ({compacted})", self.last));
        self.send("ERROR", &told.status()).await
    }
}

/// What a watch has to tell about the changes after a revision, and the revision it then knows.
type News = (Vec<(&'static str, Arc<Value>)>, u64);

fn news(store: &Store, ask: &WatchAsk, after: u64) -> Option<News> {
    let entries = store.happenings(ask.resource, after)?;
    let mine = |entry: &&LogEntry| {
        ask.namespace
            .as_ref()
            .is_none_or(|namespace| *namespace == entry.place.namespace)
    };
    let told = entries.filter(mine).filter_map(|entry| told(entry, &ask.selection));
    Some((told.collect(), store.latest().max(after)))
}

/// The word for a change, seen through a selection: an object that no longer fits it is deleted, one that now does is new.
fn told(entry: &LogEntry, selection: &Selection) -> Option<(&'static str, Arc<Value>)> {
    let fitted = entry.before.as_ref().is_some_and(|before| selection.matches(before));
    let fits = selection.matches(&entry.object);
    let word = match (entry.what, fitted, fits) {
        (Happening::Added, _, true) | (Happening::Modified, false, true) => "ADDED",
        (Happening::Modified, true, true) => "MODIFIED",
        (Happening::Modified, true, false) | (Happening::Deleted, true, _) => "DELETED",
        (Happening::Added | Happening::Modified, _, false) | (Happening::Deleted, false, _) => return None,
    };
    let stays = fits || entry.what == Happening::Deleted;
    let object = match (&entry.before, stays) {
        // The last state that fitted, with the version of the change that took it out of sight.
        (Some(before), false) => {
            let mut last = (**before).clone();
            put(&mut last, &["metadata", "resourceVersion"], entry.revision.to_string());
            Arc::new(last)
        }
        _ => Arc::clone(&entry.object),
    };
    Some((word, object))
}
