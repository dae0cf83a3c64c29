//! The cockpit without a terminal: state, watches, and the tasks that carry its effects out. The loop drives it with a
//! terminal, flights drive it with scripted keys, and `docs` draws its pictures; all three run this same code.

use super::failure::Failure;
use super::hand::{Hand, Order};
use super::raft::Asker;
use super::release;
use super::session::Session;
use crate::app::{self, Effect, Event, Fetched, Mode, Start, State};
use crate::cluster::write;
use crate::cluster::{self, Clock, ClusterError, Connection, Scopes, Watches, helm, read};
use crate::journal::sha256;
use crate::model::act::{ClassDraft, SetDraft};
use crate::model::feed::{FeedState, PROMISE};
use crate::model::{Act, ClusterIdentity, Key, Kind, Observation, Text, redact};
use crate::runbook;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

/// Batches of observations that may wait; a full queue slows the watches down instead of growing.
const BACKLOG: usize = 64;
/// Observations taken in, give or take a page, before the loop looks at the keys again.
const AT_ONCE: usize = 4_096;

/// An effect that only the holder of a terminal can carry out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outward {
    SetTheme(String),
    Copy(String),
    Suspend,
    Redraw,
    Quit,
}

/// A cockpit on a cluster.
#[derive(Debug)]
pub struct Cockpit {
    pub state: State,
    connection: Connection,
    watches: Watches,
    observations: mpsc::Receiver<Vec<Observation>>,
    /// What was reported and waits until a frame is due.
    reported: Vec<Observation>,
    inbox: mpsc::Receiver<Event>,
    outbox: mpsc::Sender<Event>,
    hand: mpsc::UnboundedSender<Order>,
    task: tokio::task::JoinHandle<()>,
    clock: Clock,
    quiet: Duration,
    lost: bool,
    /// Drivers whose provisioner is gone for good, by the operator's own word.
    dead_provisioners: BTreeSet<Text>,
    /// The path or name of helm, where the operator gave one.
    helm: Option<PathBuf>,
    /// Asks raft peers, and keeps their tokens.
    asker: Asker,
}

impl Cockpit {
    /// Connects, opens the journal if it may act, and starts the watches. The first lists go on in the background.
    pub async fn open(session: &Session, size: (u16, u16)) -> Result<Self, Failure> {
        let clock = session.clock.clone();
        let connection = cluster::connect(&session.connect, clock.clone())
            .await
            .map_err(|error| Failure::of_cluster(&error))?;
        let mode = if session.operate.is_some() {
            Mode::Operating
        } else {
            Mode::Observing
        };
        let mut state = State::new(Start {
            rule: session.config.tenants.clone(),
            mode,
            context: session.context.clone(),
            quiet: session.quiet,
            now: clock.now(),
            size,
        });
        for feed in Scopes::feeds() {
            state.expect(feed);
        }
        if let Some(key) = &session.unstick {
            state.unstick(key.clone());
        }
        let (sink, observations) = mpsc::channel(BACKLOG);
        let scopes = Scopes {
            namespaces: session.namespaces(),
        };
        let watches = cluster::observe(&connection, &scopes, session.quiet, sink);
        let (outbox, inbox) = mpsc::channel(BACKLOG);
        let asker = Asker::new(session.config.raft.clone());
        state.describe(asker.described());
        let (hand, task) = Hand::start(
            connection.clone(),
            asker.clone(),
            session.operate.clone(),
            outbox.clone(),
        );
        let mut cockpit = Self {
            state,
            connection,
            watches,
            observations,
            reported: Vec::new(),
            inbox,
            outbox,
            hand,
            task,
            clock,
            quiet: session.quiet,
            lost: false,
            dead_provisioners: session.config.dead_provisioners.clone(),
            helm: session.config.helm.clone(),
            asker,
        };
        let connected = cockpit.connected();
        cockpit.take(connected);
        if let Some(order) = &session.run {
            cockpit.take(Event::RunAsked(order.clone()));
        }
        Ok(cockpit)
    }

    pub const fn clock(&self) -> &Clock {
        &self.clock
    }

    /// The cluster this cockpit is pinned to, and who we are to it.
    pub fn identity(&self) -> &ClusterIdentity {
        self.connection.identity()
    }

    /// The next thing that happened outside. Safe to drop half-way.
    pub async fn next(&mut self) -> Event {
        self.next_paced(Instant::now()).await
    }

    /// The next thing that happened outside; what the watches report waits until `due` and comes all at once.
    /// Safe to drop half-way.
    pub async fn next_paced(&mut self, due: Instant) -> Event {
        loop {
            tokio::select! {
                biased;
                Some(event) = self.inbox.recv() => return event,
                // no timer runs while nothing was reported: an idle cockpit is not woken for it
                () = sleep_until(due), if !self.reported.is_empty() => {
                    let mut batch = std::mem::take(&mut self.reported);
                    while batch.len() < AT_ONCE {
                        match self.observations.try_recv() {
                            Ok(more) => batch.extend(more),
                            Err(_) => break,
                        }
                    }
                    return Event::Observed(batch);
                }
                Some(batch) = self.observations.recv(), if self.reported.is_empty() => self.reported = batch,
                // the others are asked first: this is what there is time for while nothing happens
                () = std::future::ready(()), if self.state.behind() => return Event::Onward,
                else => return Event::ConnectionLost { why: "the watches have ended".to_owned() },
            }
        }
    }

    /// Takes an event in, carries out what can be done without a terminal, and returns the rest.
    pub fn take(&mut self, event: Event) -> Vec<Outward> {
        let observed = matches!(event, Event::Observed(_));
        let mut effects = app::update(&mut self.state, event);
        if observed && let Some(news) = self.connection_news() {
            effects.extend(app::update(&mut self.state, news));
        }
        effects
            .into_iter()
            .filter_map(|effect| self.carry_out(effect))
            .collect()
    }

    /// Shows a sentence to the operator.
    pub fn tell(&mut self, sentence: String) {
        app::update(&mut self.state, Event::Told { sentence, failed: true });
    }

    /// Ends the session in good order: the journal is closed, the watches end.
    pub async fn close(self) {
        drop(self.watches);
        drop(self.hand);
        if tokio::time::timeout(Duration::from_secs(2), self.task).await.is_err() {
            tracing::warn!("a step was still under way; the next start asks the cluster what became of it");
        }
    }

    fn connected(&self) -> Event {
        Event::Connected {
            identity: self.connection.identity().clone(),
            operator: self.connection.operator().clone(),
            conditions: self.connection.conditions(&self.dead_provisioners),
        }
    }

    /// The server is lost when feeds are stale and none is live; it is back when one is.
    fn connection_news(&mut self) -> Option<Event> {
        let mut why: Option<Text> = None;
        for (_, feed) in self.state.world().feeds() {
            match &feed.state {
                FeedState::Live | FeedState::Listing { .. } => {
                    let back = std::mem::take(&mut self.lost);
                    return back.then(|| self.connected());
                }
                FeedState::Stale { why: reason, .. } => why = Some(reason.clone()),
                FeedState::Waiting { .. } | FeedState::Denied { .. } | FeedState::Unserved { .. } => {}
            }
        }
        let why = why?;
        (!std::mem::replace(&mut self.lost, true)).then(|| Event::ConnectionLost { why: why.to_string() })
    }

    fn carry_out(&mut self, effect: Effect) -> Option<Outward> {
        match effect {
            Effect::FetchYaml(key) => {
                self.fetch(move |connection| async move {
                    Fetched::Yaml {
                        answer: yaml(&connection, &key).await,
                        key,
                    }
                });
            }
            Effect::FetchEvents(key) => self.fetch_events(key),
            Effect::PrepareHelm(asked) => self.prepare_helm(asked),
            Effect::ReadRecord(key) => self.fetch(move |connection| async move {
                let answer = read::record(&connection, &key)
                    .await
                    .map(|(pin, reading)| (pin, Box::new(reading)))
                    .map_err(|error| error.to_string());
                Fetched::Record { key, answer }
            }),
            Effect::ReadValues(files) => self.fetch(move |_| async move {
                let mut read = Vec::new();
                for file in files {
                    read.push(helm::blanks(&file).await);
                }
                Fetched::Values(read)
            }),
            Effect::ReadManifests { paths, namespace } => self.fetch(move |_| async move {
                let mut read = Vec::new();
                for path in paths {
                    let manifest = helm::manifest(&path, &namespace).await;
                    read.push((path, manifest.map(|(digest, manifest)| (digest, Box::new(manifest)))));
                }
                Fetched::Manifests(read)
            }),
            Effect::AskRights { run, acts } => self.fetch(move |connection| async move {
                let may = read::each_allowed(&connection, acts).await;
                Fetched::Rights { run, may }
            }),
            Effect::Probe(act) => {
                self.fetch(move |connection| async move { Fetched::Probe(write::probe(&connection, &act).await) });
            }
            Effect::Remember(key) => self.remember(key),
            Effect::SumFile { file, known } => self.fetch(move |_| async move {
                let seen = read::summed(&file, known).await;
                Fetched::File { file, seen }
            }),
            Effect::FetchRelease(question) => {
                self.fetch(
                    move |connection| async move { Fetched::Release(release::ask(&connection, question).await) },
                );
            }
            Effect::AskRaft(roster) => {
                let asker = self.asker.clone();
                self.fetch(move |connection| async move {
                    let sweep = Box::new(asker.sweep(&connection, &roster).await);
                    Fetched::Raft { roster, sweep }
                });
            }
            Effect::GiveRaftToken { id, gift } => {
                let asker = self.asker.clone();
                self.fetch(move |_connection| async move {
                    let answer = asker.give(&id, gift).await;
                    Fetched::RaftToken { id, answer }
                });
            }
            Effect::Commit { number, approved } => {
                let world = Box::new(self.state.world().clone());
                self.order(Order::Commit {
                    number,
                    approved,
                    world,
                    conditions: self.state.conditions().clone(),
                });
            }
            Effect::Keep(chapter) => self.order(Order::Keep(chapter)),
            Effect::CheckRunbook { name } => self.check_runbook(name),
            Effect::Ended { number, ending } => self.order(Order::Ended { number, ending }),
            Effect::ObserveDoubts => self.order(Order::ObserveDoubts),
            Effect::SettleDoubt { step, answer } => self.order(Order::SettleDoubt { step, answer }),
            Effect::SetRhythm(rhythm) => self.watches.set_rhythm(match rhythm {
                app::Rhythm::Fast => PROMISE,
                app::Rhythm::Slow => self.quiet,
            }),
            Effect::SetTheme(name) => return Some(Outward::SetTheme(name)),
            Effect::CopyToClipboard(text) => return Some(Outward::Copy(text)),
            Effect::Suspend => return Some(Outward::Suspend),
            Effect::Redraw => return Some(Outward::Redraw),
            Effect::Quit => return Some(Outward::Quit),
        }
        None
    }

    fn fetch_events(&mut self, key: Key) {
        let held = self.state.world().get(&key);
        let uid = held.map(|object| object.meta.uid.clone()).unwrap_or_default();
        self.fetch(move |connection| async move {
            let answer = read::events(&connection, &key, &uid)
                .await
                .map_err(|error| error.to_string());
            Fetched::Events { key, answer }
        });
    }

    fn prepare_helm(&mut self, asked: Box<Act>) {
        let helm = self.helm.clone();
        let world = self.state.world().clone();
        self.fetch(move |connection| async move {
            let prepared = helm::prepare(&connection, helm.as_deref(), &world, Act::clone(&asked)).await;
            Fetched::Helm {
                asked,
                answer: prepared
                    .map(|prepared| (Box::new(prepared.act), Box::new(prepared.ledger)))
                    .map_err(|why| why.to_string()),
            }
        });
    }

    /// What a run keeps of an object, so that a step can make it again as it was.
    fn remember(&mut self, key: Key) {
        self.fetch(move |connection| async move {
            let answer = match read::object_json(&connection, &key).await {
                Ok(live) => Ok(kept_of(key.kind, &live)),
                Err(ClusterError::NotFound { .. }) => Ok(Err("it was not there".to_owned())),
                Err(error) => Err(error.to_string()),
            };
            Fetched::Remembered { key, answer }
        });
    }

    /// Hands an order to the one hand that writes.
    fn order(&mut self, order: Order) {
        if self.hand.send(order).is_err() {
            self.tell("the hand that writes is gone; nothing was sent, start the cockpit again".to_owned());
        }
    }

    /// Reads the file a run's runbook came from, if it came from one.
    fn check_runbook(&self, name: String) {
        let outbox = self.outbox.clone();
        tokio::spawn(async move {
            let text = match runbook::shipped(name.strip_prefix("shipped:").unwrap_or_default()) {
                Some(shipped) => shipped.text,
                None => match tokio::fs::read_to_string(&name).await {
                    Ok(text) => text,
                    Err(error) => {
                        // the run has its own text
                        tracing::info!(%error, name, "the runbook's file cannot be read any more");
                        return;
                    }
                },
            };
            let digest = sha256(text.as_bytes());
            if outbox.send(Event::RunbookRead { digest }).await.is_err() {
                tracing::debug!("the cockpit is closed");
            }
        });
    }

    fn fetch<F, R>(&self, ask: F)
    where
        F: FnOnce(Connection) -> R,
        R: Future<Output = Fetched> + Send + 'static,
    {
        let asked = ask(self.connection.clone());
        let outbox = self.outbox.clone();
        tokio::spawn(async move {
            let fetched = asked.await;
            if outbox.send(Event::Fetched(fetched)).await.is_err() {
                tracing::debug!("an answer came after the cockpit was closed");
            }
        });
    }
}

/// An object as YAML, read from the server now, with nothing secret in it.
pub(super) async fn yaml(connection: &Connection, key: &Key) -> Result<String, String> {
    let value = read::object_json(connection, key)
        .await
        .map_err(|error| error.to_string())?;
    serde_saphyr::to_string(&redact::redact(value)).map_err(|error| format!("{key} cannot be written as YAML: {error}"))
}

/// An object as a draft of it, in JSON.
fn kept_of(kind: Kind, live: &serde_json::Value) -> Result<String, String> {
    let text = |draft: Result<String, serde_json::Error>| draft.map_err(|error| error.to_string());
    match kind {
        Kind::StorageClass => text(serde_json::to_string(&ClassDraft::of_live(live)?)),
        Kind::StatefulSet => text(serde_json::to_string(&SetDraft::of_live(live)?)),
        other => Err(format!("a {} is not made again", other.name())),
    }
}
