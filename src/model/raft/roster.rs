//! Which pods should be peers, by what Kubernetes says: the pods of a StatefulSet that runs a raft system, and pods that
//! carry such a system's labels while their set is gone. Labels say who is meant, never how a peer stands
//! (`reference/raft.md` §0.7).

use super::described::Described;
use super::template::RaftTemplate;
use super::{EnsembleId, System};
use crate::model::{Key, Kind, Object, Text, Uid, World};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The pods of one raft cluster.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Roster {
    pub id: EnsembleId,
    pub system: System,
    pub port: u16,
    pub tls: Option<bool>,
    /// See [`RaftTemplate::fixed_id`]; `None` while the set is gone.
    pub fixed_id: Option<bool>,
    /// How many pods the set wants; `None` while it is gone.
    pub replicas: Option<usize>,
    pub members: Vec<Member>,
}

/// A pod that should be a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    pub pod: Text,
    pub uid: Uid,
    /// The node it is on; empty before it is scheduled.
    pub node: Text,
    /// It is being deleted.
    pub leaving: bool,
    /// Its containers run, as far as its phase says.
    pub running: bool,
    /// Its claims, each with the volume it is bound to (empty where it is bound to none).
    pub claims: Vec<(Text, Text)>,
}

impl Roster {
    pub fn member(&self, pod: &str) -> Option<&Member> {
        self.members.iter().find(|member| member.pod == pod)
    }
}

/// The raft clusters of a namespace, by name.
pub fn rosters(world: &World, namespace: &str, described: &[Described]) -> Vec<Roster> {
    let mut found: BTreeMap<Text, Roster> = BTreeMap::new();
    let mut taken: BTreeSet<&Uid> = BTreeSet::new();
    for set in world.in_namespace(Kind::StatefulSet, namespace) {
        let Some(facts) = set.body.stateful_set() else {
            continue;
        };
        let Some(template) = described
            .iter()
            .find(|one| one.fits(namespace, &set.meta.name))
            .map(Described::template)
            .or_else(|| facts.spec.template.raft.as_deref().cloned())
        else {
            continue;
        };
        let mut roster = Roster::of(namespace, &set.meta.name, &template);
        roster.replicas = usize::try_from(facts.replicas()).ok();
        roster.fixed_id = Some(template.fixed_id);
        for pod in world.in_namespace(Kind::Pod, namespace) {
            // a set that was deleted with orphan and made again adopts its pods by selector and name
            let owned = pod.meta.owner_references.iter().any(|owner| owner.uid == set.meta.uid);
            let adopted = pod.meta.owner_references.is_empty() && set_name(&pod.meta.name) == Some(&*set.meta.name);
            if owned || adopted {
                taken.insert(&pod.meta.uid);
                roster.members.push(member(world, pod));
            }
        }
        found.insert(set.meta.name.clone(), roster);
    }
    for pod in world.in_namespace(Kind::Pod, namespace) {
        if taken.contains(&pod.meta.uid) || !pod.meta.owner_references.is_empty() {
            continue;
        }
        let (Some(system), Some(name)) = (labelled(pod), set_name(&pod.meta.name)) else {
            continue;
        };
        let template = RaftTemplate {
            port: if system == System::Etcd { 2379 } else { 8200 },
            tls: None,
            fixed_id: false,
            fs_group: None,
            system,
        };
        let roster = found.entry(name.into());
        let roster = roster.or_insert_with(|| Roster::of(namespace, name, &template));
        roster.members.push(member(world, pod));
    }
    found.into_values().collect()
}

impl Roster {
    fn of(namespace: &str, name: &str, template: &RaftTemplate) -> Self {
        Self {
            id: EnsembleId {
                namespace: namespace.into(),
                name: name.into(),
            },
            system: template.system.clone(),
            port: template.port,
            tls: template.tls,
            fixed_id: None,
            replicas: None,
            members: Vec::new(),
        }
    }
}

/// `vault` of `vault-0`; `None` for a pod that no StatefulSet has named.
fn set_name(pod: &str) -> Option<&str> {
    let (set, ordinal) = pod.rsplit_once('-')?;
    (!ordinal.is_empty() && ordinal.bytes().all(|byte| byte.is_ascii_digit())).then_some(set)
}

/// The system whose charts label a server's pod like this.
fn labelled(pod: &Object) -> Option<System> {
    let label = |key: &str| pod.meta.labels.get(key);
    let server = label("component").or_else(|| label("app.kubernetes.io/component"));
    match (label("app.kubernetes.io/name")?, server) {
        ("vault", Some("server")) => Some(System::Vault),
        ("openbao", Some("server")) => Some(System::OpenBao),
        ("etcd", _) => Some(System::Etcd),
        _ => None,
    }
}

fn member(world: &World, pod: &Arc<Object>) -> Member {
    let facts = pod.body.pod();
    let claims = facts.into_iter().flat_map(|facts| facts.claims(&pod.meta)).map(|name| {
        let key = Key::new(Kind::PersistentVolumeClaim, &pod.meta.namespace, &name);
        let volume = world.get(&key).and_then(|claim| claim.body.claim());
        (
            name,
            volume.map(|claim| claim.spec.volume_name.clone()).unwrap_or_default(),
        )
    });
    Member {
        pod: pod.meta.name.clone(),
        uid: pod.meta.uid.clone(),
        node: facts.map(|facts| facts.spec.node_name.clone()).unwrap_or_default(),
        leaving: pod.meta.deleting(),
        running: facts.is_some_and(|facts| facts.status.phase == crate::model::workload::PodPhase::Running),
        claims: claims.collect(),
    }
}
