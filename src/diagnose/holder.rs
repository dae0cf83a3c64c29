//! Who holds a claim: its pods, their root owners, where to act on them, and whether they would come back.
//!
//! Which pods hold is the law's word (`laws::pvc_protection`); this room adds whose they are and what stops them.

use super::look::Look;
use super::phrase;
use crate::laws::ownership::{self, Root};
use crate::laws::pvc_protection;
use crate::model::workload::PodPhase;
use crate::model::{Body, Key, Kind, Object};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// One pod that keeps a claim from going.
#[derive(Clone, Debug)]
pub struct HeldBy {
    pub pod: Arc<Object>,
    pub root: Root,
    /// The Job nearest to the pod, which is where to act when there is one.
    pub job: Option<Arc<Object>>,
    pub respawn: Respawn,
}

/// Whether the root would make another holder when this one goes (trap 29).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Respawn {
    No,
    /// It will; `stop` says what ends it.
    Will {
        stop: String,
    },
    /// The root is not a kind Pilothouse reads, or is not visible.
    Perhaps {
        why: String,
    },
}

/// The holders of a claim, by pod name.
pub fn of_claim(look: Look<'_>, claim: &Key) -> Vec<HeldBy> {
    pvc_protection::holders(look.world, claim)
        .into_iter()
        .map(|pod| held_by(look, pod))
        .collect()
}

/// What stands behind one pod.
pub fn held_by(look: Look<'_>, pod: Arc<Object>) -> HeldBy {
    let root = ownership::root(look.world, &pod);
    let job = nearest_job(look, &pod);
    let respawn = respawn(look, &pod, &root);
    HeldBy {
        pod,
        root,
        job,
        respawn,
    }
}

impl HeldBy {
    /// The pod has ended and only its object holds (trap 27).
    pub fn completed(&self) -> bool {
        self.phase().terminal()
    }

    pub fn phase(&self) -> PodPhase {
        self.pod.body.pod().map_or(PodPhase::Unknown, |pod| pod.status.phase)
    }

    /// The object an operator has to act on: the root, but for a Job's pod the Job.
    pub fn act_on(&self) -> Arc<Object> {
        match (&self.job, &self.root) {
            (Some(job), _) => Arc::clone(job),
            (None, Root::Known(root)) => Arc::clone(root),
            (None, Root::Itself | Root::Foreign(_) | Root::Dangling(_)) => Arc::clone(&self.pod),
        }
    }

    /// `Job train-7f`, or `no owner`.
    pub fn root_name(&self, look: Look<'_>) -> String {
        root_name(look, &self.root, &self.pod.meta.namespace)
    }
}

/// A root as a sentence names it. An owner that is not in sight is not called gone.
pub fn root_name(look: Look<'_>, root: &Root, namespace: &str) -> String {
    match root {
        Root::Dangling(owner) => match owner.key(namespace) {
            Some(key) if !look.gone(&key) => format!("{} {} (not visible)", owner.kind, owner.name),
            _ => root.sentence(),
        },
        Root::Itself | Root::Known(_) | Root::Foreign(_) => root.sentence(),
    }
}

/// `mysql-0 (StatefulSet mysql)`, `train-7f-x1, train-80-q2 (Job train-7f, Job train-80)`, `9 pods of 9 Jobs`.
pub fn summary(look: Look<'_>, holders: &[HeldBy]) -> String {
    let roots: BTreeSet<String> = holders.iter().map(|held| held.root_name(look)).collect();
    match holders {
        [] => "no pod".to_owned(),
        [_] | [_, _] => format!(
            "{} ({})",
            phrase::names(holders.iter().map(|held| &held.pod.meta.name), 2),
            phrase::names(&roots, 2)
        ),
        _ => format!("{} of {}", phrase::count(holders.len(), "pod"), root_counts(holders)),
    }
}

/// `9 Jobs`, `1 StatefulSet and 2 pods without owner`. Distinct roots are counted, not pods.
pub fn root_counts(holders: &[HeldBy]) -> String {
    let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for held in holders {
        let (kind, name) = match &held.root {
            Root::Itself => ("pod without owner".to_owned(), held.pod.meta.name.to_string()),
            Root::Known(root) => (root.kind().name().to_owned(), root.meta.name.to_string()),
            Root::Foreign(owner) | Root::Dangling(owner) => (owner.kind.to_string(), owner.name.to_string()),
        };
        kinds.entry(kind).or_default().insert(name);
    }
    let parts: Vec<String> = kinds
        .iter()
        .map(|(kind, names)| match (kind.as_str(), names.len()) {
            ("pod without owner", 1) => "1 pod without owner".to_owned(),
            ("pod without owner", number) => format!("{number} pods without owner"),
            (kind, number) => phrase::count(number, kind),
        })
        .collect();
    phrase::and(&parts)
}

/// The Job that controls the pod, at whatever height.
fn nearest_job(look: Look<'_>, pod: &Object) -> Option<Arc<Object>> {
    let owner = pod.meta.controller().or_else(|| pod.meta.owner_references.first())?;
    let owner = look.world.by_uid(&owner.uid)?;
    (owner.kind() == Kind::Job).then(|| Arc::clone(owner))
}

fn respawn(look: Look<'_>, pod: &Object, root: &Root) -> Respawn {
    match root {
        Root::Itself => Respawn::No,
        Root::Foreign(owner) => Respawn::Perhaps {
            why: format!(
                "{} {} is a custom resource: its operator may make the pod again; stop it there",
                owner.kind, owner.name
            ),
        },
        Root::Dangling(owner) => match owner.key(&pod.meta.namespace) {
            Some(key) if !look.gone(&key) => Respawn::Perhaps {
                why: format!("{} {} is not visible", owner.kind, owner.name),
            },
            _ => Respawn::No,
        },
        Root::Known(root) => known_root(root),
    }
}

/// Whether a root that the world holds makes new pods. A Job is not counted: one acts on the Job itself, and a Job that
/// is gone makes none.
fn known_root(root: &Object) -> Respawn {
    if root.meta.deleting() {
        return Respawn::No;
    }
    let name = &root.meta.name;
    match &root.body {
        Body::CronJob(cron) if !cron.spec.suspend => Respawn::Will {
            stop: format!("suspend CronJob {name} (schedule {})", cron.spec.schedule),
        },
        Body::StatefulSet(set) if set.replicas() > 0 => Respawn::Will {
            stop: format!("scale StatefulSet {name} down"),
        },
        Body::Deployment(kind) if kind.spec.replicas != Some(0) => Respawn::Will {
            stop: format!("scale Deployment {name} to 0"),
        },
        Body::ReplicaSet(kind) if kind.spec.replicas != Some(0) => Respawn::Will {
            stop: format!("scale ReplicaSet {name} to 0"),
        },
        Body::DaemonSet(_) => Respawn::Will {
            stop: format!("delete DaemonSet {name} or take its nodes away"),
        },
        _ => Respawn::No,
    }
}
