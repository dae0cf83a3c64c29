//! A test bed: a scripted server, a connection to it, feeds, and the world they fill.

use crate::scripted::{Asked, Reply, Scripted};
use pilothouse::cluster::{Clock, ConnectOptions, Pace, Scopes, Watches, connect, observe_kinds};
use pilothouse::model::feed::Freshness;
use pilothouse::model::{FeedId, FeedState, Kind, Observation, World};
use std::time::Duration;
use tokio::sync::mpsc;

/// No test waits longer than this for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// Retries without patience.
pub(crate) fn fast() -> Pace {
    Pace {
        pause: Duration::from_millis(10),
        longest_pause: Duration::from_millis(40),
        refused: Duration::from_millis(50),
        ..Pace::default()
    }
}

pub(crate) struct Bed {
    pub(crate) world: World,
    pub(crate) clock: Clock,
    server: Scripted,
    observations: mpsc::Receiver<Vec<Observation>>,
    watches: Option<Watches>,
    kind: Kind,
}

impl Bed {
    /// Feeds of claims at a fast pace.
    pub(crate) async fn claims(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::with_user(handler, "{}").await
    }

    pub(crate) async fn with_user(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static, user: &str) -> Self {
        let kinds = [Kind::PersistentVolumeClaim];
        Self::run(
            handler,
            (user, Clock::system()),
            &kinds,
            Scopes::default(),
            fast(),
            Duration::from_secs(15),
        )
        .await
    }

    /// Feeds of claims whose moments are read from this clock.
    pub(crate) async fn timed(handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static, clock: Clock) -> Self {
        let kinds = [Kind::PersistentVolumeClaim];
        let quiet = Duration::from_hours(1);
        Self::run(handler, ("{}", clock), &kinds, Scopes::default(), fast(), quiet).await
    }

    pub(crate) async fn start(
        handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
        kinds: &[Kind],
        scopes: Scopes,
        pace: Pace,
        quiet: Duration,
    ) -> Self {
        Self::run(handler, ("{}", Clock::system()), kinds, scopes, pace, quiet).await
    }

    async fn run(
        handler: impl Fn(&Asked) -> Reply + Send + Sync + 'static,
        (user, theirs): (&str, Clock),
        kinds: &[Kind],
        scopes: Scopes,
        pace: Pace,
        quiet: Duration,
    ) -> Self {
        let server = Scripted::start(handler).await;
        let (_directory, path) = server.kubeconfig(user);
        let options = ConnectOptions {
            kubeconfig: Some(path),
            ..ConnectOptions::default()
        };
        let clock = Clock::system();
        let connection = connect(&options, theirs).await.expect("a connection");
        let (sink, observations) = mpsc::channel(16);
        let mut world = World::default();
        for kind in kinds {
            world.expect(FeedId::cluster(*kind), clock.moment());
        }
        let watches = Some(observe_kinds(&connection, kinds, &scopes, pace, quiet, sink));
        Self {
            world,
            clock,
            server,
            observations,
            watches,
            kind: kinds.last().copied().expect("a kind"),
        }
    }

    /// The next batch, applied.
    pub(crate) async fn batch(&mut self) -> Vec<Observation> {
        let batch = tokio::time::timeout(PATIENCE, self.observations.recv()).await;
        let batch = batch.expect("observations in time").expect("the feeds are alive");
        for observation in &batch {
            self.world.apply(observation.clone());
        }
        batch
    }

    pub(crate) async fn take(&mut self) {
        drop(self.batch().await);
    }

    /// Applies what comes until this holds.
    pub(crate) async fn until(&mut self, holds: impl Fn(&Self) -> bool) {
        let patient = self.clock.moment();
        while !holds(self) {
            assert!(
                patient.age(self.clock.moment()) < PATIENCE,
                "in vain; {:?} {:?}",
                self.state(),
                self.names()
            );
            // what is waited for may also happen at the server, without an observation
            if let Ok(batch) = tokio::time::timeout(Duration::from_millis(5), self.observations.recv()).await {
                for observation in batch.expect("the feeds are alive") {
                    self.world.apply(observation);
                }
            }
        }
    }

    /// Asks for another heartbeat.
    pub(crate) fn quicken(&self, quiet: Duration) {
        self.watches.as_ref().expect("feeds").set_rhythm(quiet);
    }

    /// Every path asked for so far.
    pub(crate) fn paths(&self) -> Vec<String> {
        self.server.asked().into_iter().map(|asked| asked.path).collect()
    }

    /// Ends the feeds.
    pub(crate) fn stop(&mut self) {
        self.watches = None;
    }

    /// Waits until the last feed has let go of its sink.
    pub(crate) async fn ended(&mut self) {
        while let Some(_batch) = tokio::time::timeout(PATIENCE, self.observations.recv())
            .await
            .expect("an end")
        {}
    }

    /// The state of the feed over the whole cluster.
    pub(crate) fn state(&self) -> FeedState {
        let feed = FeedId::cluster(self.kind);
        let found = self.world.feeds().find(|(held, _)| **held == feed);
        found.map(|(_, feed)| feed.state.clone()).expect("a feed")
    }

    pub(crate) fn live(&self) -> bool {
        self.freshness("n").is_live()
    }

    pub(crate) fn freshness(&self, namespace: &str) -> Freshness {
        self.world
            .freshness(self.kind, namespace, self.clock.moment(), Duration::from_secs(1))
    }

    pub(crate) fn listed(&self) -> bool {
        let feed = FeedId::cluster(self.kind);
        self.world.feeds().any(|(held, state)| *held == feed && state.listed)
    }

    pub(crate) fn names(&self) -> Vec<String> {
        let claims = self.world.of_kind(Kind::PersistentVolumeClaim);
        claims.map(|object| object.meta.name.to_string()).collect()
    }

    /// What the feeds asked, without the questions of connecting.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        let connecting = [
            "/version",
            "/readyz",
            "/api/v1/namespaces/kube-system",
            "/apis/storage.k8s.io/v1/csidrivers",
        ];
        let asked = self.server.asked().into_iter();
        asked
            .filter(|asked| asked.method == "GET" && !connecting.contains(&asked.path.as_str()))
            .collect()
    }
}

/// A claim whose uid follows from its name.
pub(crate) fn claim(name: &str, version: u64) -> serde_json::Value {
    claim_of(name, &format!("u-{name}"), version)
}

pub(crate) fn claim_of(name: &str, uid: &str, version: u64) -> serde_json::Value {
    serde_json::json!({
        "metadata": { "name": name, "namespace": "n", "uid": uid, "resourceVersion": version.to_string() },
        "spec": { "volumeName": format!("v-{version}") },
    })
}
