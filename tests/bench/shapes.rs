//! A cluster's objects from a seed: as large as wanted, as a real API server writes them, the same on every machine.
//!
//! Knows what objects look like and how they hang together (claims name volumes, volumes name claims by uid, pods name
//! claims and nodes, owners are named by uid). Knows no clock, disk or network: times are counted back from a base, and
//! any object can be made on its own, in any order, so that a benchmark holds only what it needs.
//! Taken in by benches and tests alike: `#[path = "bench/shapes.rs"] mod shapes;`.

#![allow(
    dead_code,
    unused_imports,
    reason = "each target uses a part of it; `expect` would fail in one that uses all"
)]

#[path = "shapes/chance.rs"]
mod chance;
#[path = "shapes/event.rs"]
mod event;
#[path = "shapes/fleet.rs"]
mod fleet;
#[path = "shapes/managed.rs"]
mod managed;
#[path = "shapes/plan.rs"]
mod plan;
#[path = "shapes/pod.rs"]
mod pod;
#[path = "shapes/release.rs"]
mod release;
#[path = "shapes/storage.rs"]
mod storage;
#[path = "shapes/template.rs"]
mod template;
#[path = "shapes/workload.rs"]
mod workload;

use chance::Chance;
use jiff::{SignedDuration, Timestamp};
use pilothouse::model::{Key, Kind};
use plan::Plan;
use std::ops::Range;
use template::Values;

pub(crate) use release::Secret;

/// How many objects there are. What is not named here follows: a volume for each claim, a `StatefulSet` for five of its
/// pods, a `Deployment` for nine, a `ReplicaSet` for each of those and an old one, a `CronJob` a tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Namespaces with a tenant in each; four of the system come on top.
    pub(crate) tenants: usize,
    /// Claims, spread evenly over the tenants, like everything that follows.
    pub(crate) claims: usize,
    pub(crate) pods: usize,
    pub(crate) jobs: usize,
    /// Helm release revisions.
    pub(crate) releases: usize,
    pub(crate) attachments: usize,
    pub(crate) nodes: usize,
}

impl Shape {
    /// Workload S of `reference/safety-and-performance.md` B4: one tenant.
    pub(crate) const S: Self = Self {
        tenants: 1,
        claims: 20,
        pods: 60,
        jobs: 20,
        releases: 10,
        attachments: 1,
        nodes: 3,
    };
    /// Workload L: 500 tenants.
    pub(crate) const L: Self = Self {
        tenants: 500,
        claims: 10_000,
        pods: 25_000,
        jobs: 10_000,
        releases: 5_000,
        attachments: 500,
        nodes: 250,
    };
    /// L in small, 1,000 objects in all: the other end of B7.
    pub(crate) const THOUSAND: Self = Self {
        tenants: 8,
        claims: 160,
        pods: 384,
        jobs: 136,
        releases: 60,
        attachments: 8,
        nodes: 3,
    };
}

/// When everything here happened, unless another base is given.
const BASE: &str = "2026-06-01T12:00:00Z";
/// Resource versions of the first objects: a cluster that has lived a while.
const FIRST_VERSION: u64 = 48_000_000;

/// A cluster that can be asked for any of its objects.
#[derive(Debug)]
pub(crate) struct Cluster {
    shape: Shape,
    plan: Plan,
    chance: Chance,
    base: Timestamp,
    pods: pod::Templates,
    storage: storage::Templates,
    workloads: workload::Templates,
    fleet: fleet::Templates,
    releases: release::Templates,
}

impl Cluster {
    pub(crate) fn new(shape: Shape, seed: u64) -> Self {
        Self {
            shape,
            plan: Plan::of(&shape),
            chance: Chance(seed),
            base: BASE.parse().unwrap_or(Timestamp::UNIX_EPOCH),
            pods: pod::Templates::new(),
            storage: storage::Templates::new(),
            workloads: workload::Templates::new(),
            fleet: fleet::Templates::new(),
            releases: release::Templates::new(seed),
        }
    }

    /// The same cluster at another time: everything in it was made before `base`.
    pub(crate) fn based(mut self, base: Timestamp) -> Self {
        self.base = base;
        self
    }

    pub(crate) const fn shape(&self) -> &Shape {
        &self.shape
    }

    /// How many objects of a kind there are from the start.
    pub(crate) fn count(&self, kind: Kind) -> usize {
        self.plan.count(kind)
    }

    /// How many objects there are from the start.
    pub(crate) fn total(&self) -> usize {
        Kind::ALL.into_iter().map(|kind| self.count(kind)).sum()
    }

    /// The namespaces that are tenants, by name.
    pub(crate) fn tenants(&self) -> &[String] {
        self.plan.tenants()
    }

    /// The objects of a kind in one tenant, as numbers to ask for; empty for kinds that live in no tenant.
    pub(crate) fn of_tenant(&self, kind: Kind, tenant: usize) -> Range<usize> {
        self.plan.of_tenant(kind, tenant)
    }

    /// The objects of a kind in a namespace, as numbers; they are one run. Empty for kinds without a namespace.
    pub(crate) fn of_namespace(&self, kind: Kind, namespace: &str) -> Range<usize> {
        self.plan.of_namespace(kind, namespace)
    }

    /// A pod that is not there from the start, of one tenant; its `slot` is the tenant's claim that it mounts, counted
    /// from 0, or none when the tenant has fewer. Such pods are made and deleted while the cluster runs.
    pub(crate) fn visitor(&self, tenant: usize, slot: usize) -> usize {
        self.count(Kind::Pod) + slot * self.shape.tenants.max(1) + tenant
    }

    /// A namespace's objects that may turn at any time without anything standing or falling with it: pods that no Job
    /// waits for, claims of sets, Jobs that are over. The rest changes only when a benchmark says so.
    pub(crate) fn lively(&self, kind: Kind, tenant: usize) -> Vec<usize> {
        let all = self.of_tenant(kind, tenant);
        let (sets, jobs) = self.plan.set_and_job_pods(tenant);
        match kind {
            Kind::Pod => (all.start..all.start + sets)
                .chain(all.start + sets + jobs..all.end)
                .collect(),
            Kind::PersistentVolumeClaim => (all.start..all.start + sets).collect(),
            Kind::Job => all
                .filter(|n| self.job_mood(*n, 0) != workload::JobMood::Active)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The first slot of [`Cluster::visitor`] that mounts no claim.
    pub(crate) fn free_slot(&self, tenant: usize) -> usize {
        self.plan.claims(tenant)
    }

    /// The active Jobs of a tenant.
    pub(crate) fn active_jobs(&self, tenant: usize) -> impl Iterator<Item = usize> + '_ {
        self.of_tenant(Kind::Job, tenant)
            .filter(|n| self.job_mood(*n, 0) == workload::JobMood::Active)
    }

    /// The tenant of an object, by its number.
    pub(crate) fn tenant_of(&self, kind: Kind, n: usize) -> usize {
        self.plan.place(kind, n).0
    }

    /// Empty for kinds without a namespace.
    pub(crate) fn namespace_of(&self, kind: Kind, n: usize) -> &str {
        self.plan.namespace(kind, n)
    }

    /// A number by chance, the same for the same question.
    pub(crate) fn draw(&self, what: &str, n: u64) -> u64 {
        self.chance.draw(what, n)
    }

    /// The object of a namespace with this uid.
    pub(crate) fn find(&self, namespace: &str, uid: &str) -> Option<(Kind, usize)> {
        let mut all = Kind::ALL
            .into_iter()
            .flat_map(|kind| self.of_namespace(kind, namespace).map(move |n| (kind, n)));
        all.find(|(kind, n)| self.uid(*kind, *n, 0) == uid)
    }

    /// `metadata.resourceVersion` of an object from the start.
    pub(crate) fn version(&self, kind: Kind, n: usize) -> u64 {
        let before: usize = Kind::ALL
            .into_iter()
            .take_while(|other| *other != kind)
            .map(|other| self.count(other))
            .sum();
        FIRST_VERSION + number(before + n)
    }

    /// The resource version of the whole at the start: that of every list.
    pub(crate) fn latest(&self) -> u64 {
        FIRST_VERSION + number(self.total())
    }

    /// Where an object lives.
    pub(crate) fn key(&self, kind: Kind, n: usize) -> Key {
        let namespace = self.plan.namespace(kind, n);
        Key::new(kind, namespace, &self.name(kind, n))
    }

    /// An object as it is from the start, as an item of a list (without `kind` and `apiVersion`; a release as
    /// `PartialObjectMetadata`, see [`Cluster::secret`] for the whole).
    pub(crate) fn json(&self, kind: Kind, n: usize) -> Vec<u8> {
        self.json_at(kind, n, 0, self.version(kind, n))
    }

    /// The object after so many turns, each a change of its status: a running pod loses or regains its readiness, a Job
    /// ends or is active again, a claim's capacity grows or shrinks back.
    pub(crate) fn json_at(&self, kind: Kind, n: usize, turn: u32, version: u64) -> Vec<u8> {
        let mut values = self.common(kind, n, turn, version);
        match kind {
            Kind::Pod => self.pod(n, turn, &mut values),
            Kind::PersistentVolumeClaim => self.claim(n, turn, &mut values),
            Kind::PersistentVolume => self.volume(n, &mut values),
            Kind::StorageClass => self.class(n, &mut values),
            Kind::VolumeAttachment => self.attachment(n, &mut values),
            Kind::Job => self.job(n, turn, &mut values),
            Kind::CronJob | Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet => {
                self.controller(kind, n, &mut values)
            }
            Kind::Namespace => self.namespace(n, &mut values),
            Kind::Node => self.node(&mut values),
            Kind::Release => self.record(n, &mut values),
            Kind::PodDisruptionBudget | Kind::ReleaseMap => Vec::new(),
        }
    }

    /// All objects of a kind, in the order of a list.
    pub(crate) fn objects(&self, kind: Kind) -> impl Iterator<Item = (Kind, Key, Vec<u8>)> + '_ {
        (0..self.count(kind)).map(move |n| (kind, self.key(kind, n), self.json(kind, n)))
    }

    /// All objects of all kinds.
    pub(crate) fn all(&self) -> impl Iterator<Item = (Kind, Key, Vec<u8>)> + '_ {
        Kind::ALL.into_iter().flat_map(|kind| self.objects(kind))
    }

    /// A page of a list, as the server writes it: the objects of this range, and where it goes on, if it does.
    pub(crate) fn page(&self, kind: Kind, range: Range<usize>) -> Vec<u8> {
        let left = self.count(kind).saturating_sub(range.end);
        let more = (left > 0).then(|| (format!("n{}", range.end), left));
        let mut page = list_head(
            kind,
            self.latest(),
            more.as_ref().map(|(token, left)| (token.as_str(), *left)),
        );
        for n in range.start..range.end.min(self.count(kind)) {
            if n > range.start {
                page.push(b',');
            }
            page.extend_from_slice(&self.json(kind, n));
        }
        page.extend_from_slice(LIST_TAIL);
        page
    }

    /// What every object's metadata needs.
    fn common(&self, kind: Kind, n: usize, turn: u32, version: u64) -> Values {
        let mut values = Values::default();
        values.set("name", self.name(kind, n));
        values.set("namespace", self.plan.namespace(kind, n).to_owned());
        values.set("uid", self.uid(kind, n, turn));
        values.set("rv", version.to_string());
        values.set("created", self.ago(self.age(kind, n)));
        values
    }

    fn uid(&self, kind: Kind, n: usize, turn: u32) -> String {
        // a visitor that comes again is another pod
        let life = if n >= self.count(kind) { u64::from(turn) + 1 } else { 0 };
        self.chance.uid(kind.plural(), number(n) | life << 40)
    }

    fn name(&self, kind: Kind, n: usize) -> String {
        let (tenant, nth) = self.plan.place(kind, n);
        match kind {
            Kind::Pod => self.pod_name(n),
            Kind::PersistentVolumeClaim => self.plan.claim_name(tenant, nth),
            Kind::PersistentVolume => format!("pvc-{}", self.owner_of_volume(n)),
            Kind::StorageClass => storage::CLASSES.get(n).map_or("", |class| class.0).to_owned(),
            Kind::VolumeAttachment => format!("csi-{}", self.chance.hex("attachment", number(n), 64)),
            Kind::Job => self.job_name(n),
            Kind::CronJob | Kind::StatefulSet | Kind::Deployment | Kind::ReplicaSet | Kind::DaemonSet => {
                self.controller_name(kind, n)
            }
            Kind::Namespace => self.plan.namespace_name(n).to_owned(),
            Kind::Node => fleet::node_name(n),
            Kind::Release => self.record_name(n),
            Kind::PodDisruptionBudget | Kind::ReleaseMap => String::new(),
        }
    }

    /// Seconds since an object was made: hours to weeks, and no two of a kind alike.
    fn age(&self, kind: Kind, n: usize) -> u64 {
        if kind == Kind::Release {
            return self.age_of_record(n);
        }
        3_600 + self.chance.draw(kind.plural(), number(n)) % 4_000_000
    }

    /// A time before the base, as Kubernetes writes it.
    fn ago(&self, seconds: u64) -> String {
        let span = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        self.base.checked_sub(span).unwrap_or(self.base).to_string()
    }
}

/// The beginning of a list's body, up to its first item. `more`: the continue token, and how many items are left.
pub(crate) fn list_head(kind: Kind, version: u64, more: Option<(&str, usize)>) -> Vec<u8> {
    let (api_version, list) = match kind {
        Kind::Release => ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadataList".to_owned()),
        kind => (kind.api_version(), format!("{}List", kind.name())),
    };
    list_head_of(&api_version, &list, version, more)
}

/// [`list_head`] of a list of any kind.
pub(crate) fn list_head_of(api_version: &str, list: &str, version: u64, more: Option<(&str, usize)>) -> Vec<u8> {
    let more = more.map_or_else(String::new, |(token, left)| {
        format!(",\"continue\":\"{token}\",\"remainingItemCount\":{left}")
    });
    format!(
        "{{\"kind\":\"{list}\",\"apiVersion\":\"{api_version}\",\"metadata\":{{\"resourceVersion\":\"{version}\"{more}}},\"items\":["
    )
    .into_bytes()
}

/// The end of a list's body.
pub(crate) const LIST_TAIL: &[u8] = b"]}\n";

/// An item of a list as an object of its own, as a GET or a watch shows it: with `kind` and `apiVersion` in front.
pub(crate) fn typed(api_version: &str, kind: &str, item: &[u8]) -> Vec<u8> {
    let mut object = format!("{{\"kind\":\"{kind}\",\"apiVersion\":\"{api_version}\",").into_bytes();
    object.extend_from_slice(item.strip_prefix(b"{").unwrap_or(item));
    object
}

fn number(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
