//! What is happening there? One list and watch per kind, over the cluster or over the namespaces we may see.
//!
//! Our own loop over the client's raw responses, not kube's watcher: pages decode into lean facts straight from the
//! response bytes (0.9 KB a pod instead of 25, `reference/libraries.md` §2), one malformed object does not fail its page,
//! bookmarks are proof of life and are seen, and a lost watch says so at once instead of being retried in silence.

mod backoff;
mod event;
mod feed;
mod frame;
mod report;
mod stream;

use super::coding::Coding;
use super::connect::Connection;
use super::heartbeat;
use super::pulse::{Alarm, Pulse};
use crate::model::{FeedId, Kind, Observation, Scope, Text};
pub use event::{Event as WatchEvent, decode as decode_event};
use feed::{Feed, Parting};
pub use frame::decode as decode_protobuf_event;
use report::Reporter;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

/// Which part of the cluster is observed.
#[derive(Clone, Debug, Default)]
pub struct Scopes {
    /// Where a kind may not be listed over the whole cluster, these namespaces are listed one by one instead.
    pub namespaces: Option<Vec<Text>>,
}

impl Scopes {
    /// The feeds that are asked for first: one a kind. Declare them to the world before [`observe`], so that each panel
    /// can say what it waits for.
    pub fn feeds() -> impl Iterator<Item = FeedId> {
        Kind::ALL.into_iter().map(FeedId::cluster)
    }

    fn allowed(&self, kind: Kind) -> &[Text] {
        match &self.namespaces {
            Some(namespaces) if kind.namespaced() => namespaces,
            _ => &[],
        }
    }
}

/// How fast feeds ask, wait and give up.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Objects a page.
    pub page: u32,
    /// The longest a page of a list may take.
    pub page_deadline: Duration,
    /// The longest a watch may take to open.
    pub open_deadline: Duration,
    /// How long the server is asked to keep a watch open.
    pub watch: Duration,
    /// A watch without event or bookmark for so long is opened anew: bookmarks come about once a minute.
    pub idle: Duration,
    /// The first pause after a loss, doubled up to the longest one; each is shortened by chance.
    pub pause: Duration,
    pub longest_pause: Duration,
    /// The pause after a refusal.
    pub refused: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self {
            page: 500,
            page_deadline: Duration::from_mins(2),
            open_deadline: Duration::from_secs(10),
            watch: Duration::from_secs(290),
            idle: Duration::from_secs(100),
            pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
            refused: Duration::from_secs(30),
        }
    }
}

/// The feeds under way. Dropping it ends them.
#[derive(Debug)]
pub struct Watches {
    tasks: JoinSet<()>,
    rhythm: watch::Sender<Duration>,
    bytes: Arc<AtomicU64>,
}

impl Watches {
    /// How long an idle feed may go unheard from now on: shorter while a gate is open.
    pub fn set_rhythm(&self, quiet: Duration) {
        self.rhythm.send_if_modified(|held| {
            let changed = *held != quiet;
            *held = quiet;
            changed
        });
    }

    /// Bytes received so far, as they travelled.
    pub fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many tasks are under way.
    pub fn running(&self) -> usize {
        self.tasks.len()
    }
}

/// Starts a feed for every kind. Observations come in batches (a page, or the events of one packet), in order for each
/// feed; a full sink slows the feeds down. `quiet` is how long an idle feed may go unheard.
pub fn observe(
    connection: &Connection,
    scopes: &Scopes,
    quiet: Duration,
    sink: mpsc::Sender<Vec<Observation>>,
) -> Watches {
    observe_kinds(connection, &Kind::ALL, scopes, Pace::default(), quiet, sink)
}

/// [`observe`] for some kinds, at another pace.
pub fn observe_kinds(
    connection: &Connection,
    kinds: &[Kind],
    scopes: &Scopes,
    pace: Pace,
    quiet: Duration,
    sink: mpsc::Sender<Vec<Observation>>,
) -> Watches {
    let rhythm = watch::Sender::new(quiet);
    let alarm = watch::Sender::new(Alarm::default());
    let bytes = Arc::new(AtomicU64::new(0));
    let coding = Arc::new(Coding::default());
    let mut tasks = JoinSet::new();
    let mut pulses = Vec::new();
    for kind in kinds.iter().copied() {
        let mut make = |feed: FeedId| {
            let pulse = Arc::new(Pulse::of(feed));
            pulses.push(Arc::clone(&pulse));
            let reporter = Reporter::new(pulse, connection.clock().clone(), sink.clone());
            Feed::new(
                connection.clone(),
                reporter,
                alarm.subscribe(),
                pace,
                Arc::clone(&bytes),
                Arc::clone(&coding),
            )
        };
        let whole = make(FeedId::cluster(kind));
        let parts = scopes
            .allowed(kind)
            .iter()
            .map(|namespace| {
                make(FeedId {
                    kind,
                    scope: Scope::Namespace(namespace.clone()),
                })
            })
            .collect();
        tasks.spawn(observe_kind(whole, parts));
    }
    tasks.spawn(heartbeat::run(
        connection.clone(),
        pulses,
        rhythm.subscribe(),
        alarm,
        sink,
    ));
    Watches { tasks, rhythm, bytes }
}

/// The whole cluster; where that is refused and there are namespaces to fall back to, those.
async fn observe_kind(whole: Feed, parts: Vec<Feed>) {
    match whole.run(!parts.is_empty()).await {
        Parting::Closed => {}
        Parting::Refused => {
            let mut tasks: JoinSet<Parting> = parts.into_iter().map(|part| part.run(false)).collect();
            while tasks.join_next().await.is_some() {}
        }
    }
}
