//! Raft processes in the pods of the sandbox: every running pod whose image is Vault or OpenBao answers on its port as one
//! would, so that a raft panel has something to look at and a storage roll something to lose. Knows pods and claims of the
//! store; no watch, no law.
//!
//! What a peer remembers stands on its first claim's uid: a pod on a new claim begins with an empty volume, joins under its
//! own name and catches up. What it can be ill with is `reference/raft.md` §7.

mod answer;
mod archive;

use super::clock::Clock;
use super::resources;
use super::store::Store;
use crate::model::raft::{System, system_of_image};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

pub(super) use answer::{Answered, Asked};

/// The token that may ask everything.
pub const TOKEN: &str = "hvs.sandbox";
/// A token whose policy lacks autopilot.
pub const POOR_TOKEN: &str = "hvs.sandbox-poor";

/// The last log entry of a cluster when the sandbox starts: seed 003's.
const FIRST_INDEX: u64 = 2_730_010;
/// One entry is written in each such span.
const PACE: Duration = Duration::from_secs(45);
/// Since when the peers of the beginning have been as they are.
const STABLE: Timestamp = Timestamp::constant(1_777_108_364, 0); // 2026-04-25T09:12:44Z
/// A peer with an empty volume has caught up after this span.
const CATCH_UP: Duration = Duration::from_secs(20);

/// What a process can be ill with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Illness {
    /// Takes connections and answers nothing: the dead leader of seed 003's post-mortem. It goes on being the leader.
    Stuck,
    Sealed,
    Uninitialised,
    /// Removed from its cluster (530).
    Removed,
    /// Has no vote, and its log stands still.
    LeftBehind,
    /// Leads, answers for itself, and for nobody else: its raft paths hang.
    HalfStuck,
    /// Leads, and applies nothing of what its log gains.
    Unmoved,
    /// Calls itself the leader beside the real one.
    Usurper,
    /// Belongs to a cluster of its own.
    Stranger,
    /// Is registered under a loopback address.
    Loopback,
    /// Answers text that is no JSON.
    Malformed,
    /// Answers 10 MB.
    Huge,
    /// Sends everybody elsewhere.
    Redirecting,
    /// Puts control characters into its names.
    Hostile,
    /// Autopilot has nothing to say.
    Silenced,
    /// Its snapshots end half way, with a 200.
    CutSnapshot,
}

/// What a process was asked to change in its cluster.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Lead { namespace: String, set: String, to: String },
    Remove { namespace: String, id: String },
}

/// The processes of all pods.
#[derive(Debug, Default)]
pub struct Processes(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    ill: BTreeMap<(String, String), Illness>,
    /// Peers that are in a configuration although no pod stands behind them: namespace and id.
    orphans: BTreeSet<(String, String)>,
    /// Ports of pods behind which a real process on loopback stands.
    backs: BTreeMap<(String, String, u16), SocketAddr>,
    revoked: bool,
    /// When each volume was first seen by a process: those of the beginning hold everything.
    volumes: BTreeMap<String, Timestamp>,
    began: Option<Timestamp>,
    /// Who leads a cluster, and since when.
    leaders: BTreeMap<(String, String), (String, Timestamp)>,
    /// Clusters that somebody has asked before: whatever volume they had then holds everything.
    known: BTreeSet<(String, String)>,
}

impl Processes {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes a pod's process ill, or well again.
    pub fn befall(&self, namespace: &str, pod: &str, illness: Option<Illness>) {
        let place = (namespace.to_owned(), pod.to_owned());
        let mut inner = self.inner();
        match illness {
            Some(illness) => drop(inner.ill.insert(place, illness)),
            None => drop(inner.ill.remove(&place)),
        }
    }

    /// Puts a process that listens on loopback behind a pod's port, as kwok's `PortForward` does; or takes it away.
    pub fn back(&self, namespace: &str, (pod, port): (&str, u16), process: Option<SocketAddr>) {
        let place = (namespace.to_owned(), pod.to_owned(), port);
        let mut inner = self.inner();
        match process {
            Some(process) => drop(inner.backs.insert(place, process)),
            None => drop(inner.backs.remove(&place)),
        }
    }

    pub(super) fn behind(&self, namespace: &str, pod: &str, port: u16) -> Option<SocketAddr> {
        self.inner()
            .backs
            .get(&(namespace.to_owned(), pod.to_owned(), port))
            .copied()
    }

    /// Carries out what a process was asked to change.
    pub(super) fn change(&self, change: Change, clock: &Clock) {
        let mut inner = self.inner();
        match change {
            Change::Lead { namespace, set, to } => drop(inner.leaders.insert((namespace, set), (to, clock.now()))),
            Change::Remove { namespace, id } => {
                let place = (namespace, id);
                if !inner.orphans.remove(&place) {
                    inner.ill.insert(place, Illness::Removed);
                }
            }
        }
    }

    /// Every token is bad from now on, or good again.
    pub fn revoke(&self, revoked: bool) {
        self.inner().revoked = revoked;
    }

    /// Leaves a peer in the configuration behind which no pod stands.
    pub fn orphan(&self, namespace: &str, id: &str) {
        let place = (namespace.to_owned(), id.to_owned());
        self.inner().orphans.insert(place);
    }

    /// What the process of a pod knows of its cluster now; `None` where no such process runs.
    pub(super) fn view(&self, store: &Store, clock: &Clock, namespace: &str, pod: &str) -> Option<View> {
        let own = Process::of(store, namespace, pod)?;
        let mut inner = self.inner();
        let now = clock.now();
        let began = *inner.began.get_or_insert(now);
        let peers: Vec<Process> = store
            .pods_of(namespace)
            .iter()
            .filter_map(|pod| Process::read(store, pod))
            .filter(|process| process.set == own.set)
            .collect();
        let place = (namespace.to_owned(), own.set.clone());
        let first = inner.known.insert(place.clone());
        for peer in &peers {
            // the volumes of the beginning are as old as everything
            let since = if first { Timestamp::UNIX_EPOCH } else { now };
            inner.volumes.entry(peer.volume.clone()).or_insert(since);
        }
        let up = |name: &str| peers.iter().any(|peer| peer.pod == name);
        let able = |inner: &Inner, name: &str| {
            let ill = inner.ill.get(&(namespace.to_owned(), name.to_owned()));
            !matches!(
                ill,
                Some(
                    Illness::Sealed
                        | Illness::Uninitialised
                        | Illness::Removed
                        | Illness::LeftBehind
                        | Illness::Stranger
                )
            )
        };
        let held = inner
            .leaders
            .get(&place)
            .filter(|(name, _)| up(name) && able(&inner, name))
            .cloned();
        let since = if first { STABLE } else { now };
        let leader = held.or_else(|| {
            let mut names: Vec<&str> = peers.iter().map(|peer| peer.pod.as_str()).collect();
            names.sort_unstable();
            names
                .into_iter()
                .rev()
                .find(|name| able(&inner, name))
                .map(|name| (name.to_owned(), since))
        });
        match &leader {
            Some(held) => drop(inner.leaders.insert(place, held.clone())),
            None => drop(inner.leaders.remove(&place)),
        }
        let gone = Duration::try_from(now.duration_since(began)).unwrap_or_default();
        let newest = FIRST_INDEX + gone.as_secs() / PACE.as_secs();
        let age = |volume: &str| {
            let since = inner.volumes.get(volume).copied().unwrap_or(now);
            Duration::try_from(now.duration_since(since)).unwrap_or_default()
        };
        let ill = |name: &str| inner.ill.get(&(namespace.to_owned(), name.to_owned())).copied();
        let seen = peers.iter().map(|peer| Seen {
            index: match (ill(&peer.pod), age(&peer.volume)) {
                (Some(Illness::LeftBehind), _) => FIRST_INDEX - 5_000,
                (_, age) if age < CATCH_UP => newest * age.as_secs() / CATCH_UP.as_secs(),
                _ => newest,
            },
            ill: ill(&peer.pod),
            pod: peer.pod.clone(),
        });
        Some(View {
            seen: seen.collect(),
            orphans: inner
                .orphans
                .iter()
                .filter(|(home, _)| home == namespace)
                .map(|(_, id)| id.clone())
                .collect(),
            revoked: inner.revoked,
            leader: leader.as_ref().map(|(name, _)| name.clone()),
            leads_since: leader.map_or(now, |(_, since)| since),
            now,
            head: newest,
            own,
        })
    }
}

/// A pod in which a raft system runs.
#[derive(Clone, Debug)]
pub(super) struct Process {
    pub(super) namespace: String,
    pub(super) pod: String,
    set: String,
    /// The uid, or name, of what keeps its data.
    volume: String,
    pub(super) version: String,
}

/// What a process knows.
#[derive(Clone, Debug)]
pub(super) struct View {
    own: Process,
    seen: Vec<Seen>,
    orphans: Vec<String>,
    leader: Option<String>,
    leads_since: Timestamp,
    now: Timestamp,
    head: u64,
    revoked: bool,
}

/// One peer of a cluster.
#[derive(Clone, Debug)]
struct Seen {
    pod: String,
    index: u64,
    ill: Option<Illness>,
}

impl Process {
    fn of(store: &Store, namespace: &str, pod: &str) -> Option<Self> {
        let pods = store.pods_of(namespace);
        let found = pods.iter().find(|object| name(object) == pod)?;
        Self::read(store, found)
    }

    fn read(store: &Store, pod: &Value) -> Option<Self> {
        if pod.pointer("/status/phase")?.as_str()? != "Running" {
            return None;
        }
        let containers = pod.pointer("/spec/containers")?.as_array()?;
        let image = containers
            .iter()
            .filter_map(|container| container.get("image")?.as_str())
            .find(|image| system_of_image(image).is_some_and(|system: System| system.is_vault()))?;
        let claims = pod.pointer("/spec/volumes").and_then(Value::as_array);
        let claim = claims
            .into_iter()
            .flatten()
            .find_map(|volume| volume.pointer("/persistentVolumeClaim/claimName")?.as_str());
        let name = name(pod);
        let namespace = pod.pointer("/metadata/namespace").and_then(Value::as_str);
        Some(Self {
            namespace: namespace.unwrap_or_default().to_owned(),
            set: name.rsplit_once('-').map_or(name, |(set, _)| set).to_owned(),
            volume: claim.map_or_else(|| name.to_owned(), |claim| store.uid_of_claim(pod, claim)),
            version: image.rsplit_once(':').map_or("1.21.0", |(_, tag)| tag).to_owned(),
            pod: name.to_owned(),
        })
    }
}

fn name(object: &Value) -> &str {
    object
        .pointer("/metadata/name")
        .and_then(Value::as_str)
        .unwrap_or_default()
}

impl Store {
    /// The pods of a namespace, as they stand.
    fn pods_of(&self, namespace: &str) -> Vec<Arc<Value>> {
        let pods = resources::by_path("", "v1", "pods");
        let found = pods.and_then(|pods| self.list(pods, Some(namespace), self.latest()));
        found.into_iter().flatten().map(|(_, pod)| pod).collect()
    }

    fn uid_of_claim(&self, pod: &Value, claim: &str) -> String {
        let namespace = pod
            .pointer("/metadata/namespace")
            .and_then(Value::as_str)
            .unwrap_or_default();
        let claims = resources::by_path("", "v1", "persistentvolumeclaims");
        let found = claims.and_then(|claims| self.fetch(claims, namespace, claim));
        let uid = found.and_then(|claim| claim.pointer("/metadata/uid")?.as_str());
        uid.unwrap_or(claim).to_owned()
    }
}
