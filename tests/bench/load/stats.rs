//! What was asked and what was sent, since the last reset; and the instants at which bytes were handed over.

use super::shelf::{Form, Format};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;

/// Nanoseconds of `CLOCK_MONOTONIC`, which every process of a machine reads alike.
pub(super) fn now_ns() -> u64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let part = |value: i64| u64::try_from(value).unwrap_or(0);
    part(time.tv_sec) * 1_000_000_000 + part(time.tv_nsec)
}

/// An instant that is set when the bytes it belongs to are handed to a socket for the first time; 0 before.
#[derive(Debug, Default)]
pub(super) struct Stamp {
    at: AtomicU64,
    set: Notify,
}

impl Stamp {
    pub(super) fn at(&self) -> Option<u64> {
        Some(self.at.load(Ordering::Acquire)).filter(|at| *at > 0)
    }

    pub(super) fn set(&self, at: u64) {
        if self
            .at
            .compare_exchange(0, at, Ordering::AcqRel, Ordering::Acquire)
            .is_ok()
        {
            self.set.notify_one();
        }
    }

    pub(super) async fn wait(&self) -> u64 {
        loop {
            if let Some(at) = self.at() {
                return at;
            }
            self.set.notified().await;
        }
    }
}

#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    requests: u64,
    lists: u64,
    watches: u64,
    identity: u64,
    wire: u64,
}

#[derive(Debug, Default)]
struct Counts {
    kinds: BTreeMap<String, Tally>,
    /// Of the first list since the reset: when its first page left.
    first_page: Option<Arc<Stamp>>,
}

#[derive(Debug, Default)]
pub(super) struct Stats {
    counts: Mutex<Counts>,
    /// Watches open now, whatever was reset.
    open: AtomicU64,
    /// Events that a churn has made, ever.
    pub(super) churned: AtomicU64,
    /// Bytes that went through the sockets, heads and frames included.
    pub(super) socket: AtomicU64,
}

/// What a request was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verb {
    List,
    Watch,
    Other,
}

impl Stats {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A request for a resource, or for a path that is none. Gives a stamp to the first list since the reset.
    pub(super) fn asked(&self, resource: &str, verb: Verb) -> Option<Arc<Stamp>> {
        let mut counts = self.counts();
        let tally = counts.kinds.entry(resource.to_owned()).or_default();
        tally.requests += 1;
        match verb {
            Verb::List => tally.lists += 1,
            Verb::Watch => tally.watches += 1,
            Verb::Other => {}
        }
        let first = verb == Verb::List && counts.first_page.is_none();
        first.then(|| Arc::clone(counts.first_page.insert(Arc::default())))
    }

    /// Bytes of a body: as they would be uncompressed, and as they travel.
    pub(super) fn sent(&self, resource: &str, identity: usize, wire: usize) {
        let mut counts = self.counts();
        let tally = counts.kinds.entry(resource.to_owned()).or_default();
        tally.identity += u64::try_from(identity).unwrap_or(0);
        tally.wire += u64::try_from(wire).unwrap_or(0);
    }

    pub(super) fn opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn reset(&self) {
        *self.counts() = Counts::default();
        self.socket.store(0, Ordering::Relaxed);
    }

    /// `watches` are open now, `watched` were opened since the reset.
    pub(super) fn told(&self) -> Value {
        let counts = self.counts();
        let mut all = Tally::default();
        let mut kinds = Map::new();
        for (name, tally) in &counts.kinds {
            all.requests += tally.requests;
            all.lists += tally.lists;
            all.watches += tally.watches;
            all.identity += tally.identity;
            all.wire += tally.wire;
            let told = json!({
                "requests": tally.requests, "lists": tally.lists, "watched": tally.watches,
                "identity": tally.identity, "wire": tally.wire,
            });
            kinds.insert(name.clone(), told);
        }
        json!({
            "requests": all.requests, "lists": all.lists, "watched": all.watches, "watches": self.open.load(Ordering::Relaxed),
            "identity": all.identity, "wire": all.wire, "socket": self.socket.load(Ordering::Relaxed),
            "churned": self.churned.load(Ordering::Relaxed),
            "first_page_ns": counts.first_page.as_ref().and_then(|stamp| stamp.at()), "kinds": kinds,
        })
    }
}

/// How a form is called in an Accept header.
pub(super) fn form_of(accept: &str) -> Form {
    let first = accept
        .split(',')
        .find(|range| !range.contains("as=Table"))
        .unwrap_or_default();
    if first.contains("as=PartialObjectMetadata") {
        Form::Metadata
    } else {
        Form::Whole
    }
}

/// In which format an Accept header asks first.
pub(super) fn format_of(accept: &str) -> Format {
    if accept.trim_start().starts_with(pilothouse::protobuf::CONTENT_TYPE) {
        Format::Protobuf
    } else {
        Format::Json
    }
}
