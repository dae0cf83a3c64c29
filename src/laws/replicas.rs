//! ReplicaSets, Deployments and DaemonSets: a pod that goes comes back, on the same claims.
//!
//! Sources: `pkg/controller/replicaset/replica_set.go`, `pkg/controller/deployment/sync.go`,
//! `pkg/controller/daemon/daemon_controller.go`. A pod being deleted no longer counts for a ReplicaSet, so its
//! replacement is made at once; a DaemonSet waits until the old one is gone. The node selectors of DaemonSets are not
//! among the facts: every node is taken to want a pod (\[I\]). Rollouts are not modelled: a Deployment only keeps one
//! ReplicaSet alive and at its scale.

use super::absence::lists;
use super::job::{BURST, active, pods};
use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::workload::Replicated;
use crate::model::{Body, Kind, Object, Propagation, World};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "replicas",
    source: "pkg/controller/replicaset/replica_set.go",
    latency: Duration::from_millis(300),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for kind in [Kind::Deployment, Kind::ReplicaSet, Kind::DaemonSet] {
        for object in world.of_kind(kind).filter(|object| !object.meta.deleting()) {
            match &object.body {
                Body::Deployment(deployment) => deploy(world, object, deployment, &mut reactions),
                Body::ReplicaSet(set) => replicate(world, object, set, &mut reactions),
                Body::DaemonSet(_) => cover(world, object, &mut reactions),
                Body::Namespace(_)
                | Body::Node(_)
                | Body::StorageClass(_)
                | Body::PersistentVolume(_)
                | Body::VolumeAttachment(_)
                | Body::PersistentVolumeClaim(_)
                | Body::Pod(_)
                | Body::Job(_)
                | Body::CronJob(_)
                | Body::StatefulSet(_)
                | Body::Release(_) => {}
            }
        }
    }
    reactions
}

fn spawn(object: &Object, standing: usize, wanted: usize, reactions: &mut Vec<Reaction>) {
    let key = object.key();
    for _ in 0..wanted.saturating_sub(standing).min(BURST) {
        let reason = Reason::new(format!("{key} wants {wanted} pods and has {standing}"));
        reactions.push(Reaction::new(
            LAW.name,
            Change::SpawnPod {
                owner: key.clone(),
                owner_uid: object.meta.uid.clone(),
            },
            reason,
        ));
    }
}

fn delete(pod: &Object, text: String) -> Reaction {
    Reaction::new(
        LAW.name,
        Change::Delete {
            object: pod.key(),
            uid: pod.meta.uid.clone(),
            propagation: Propagation::Background,
        },
        Reason::new(text),
    )
}

/// Objects of a kind that nobody controls and that the owner's selector matches; an empty selector adopts nothing.
pub(super) fn orphans<'a>(
    world: &'a World,
    owner: &'a Object,
    selector: &'a crate::model::Selector,
    kind: Kind,
) -> impl Iterator<Item = &'a Arc<Object>> {
    let empty = selector.match_labels.is_empty() && selector.match_expressions.is_empty();
    world.in_namespace(kind, &owner.meta.namespace).filter(move |object| {
        !empty && !object.meta.deleting() && object.meta.controller().is_none() && selector.matches(&object.meta.labels)
    })
}

pub(super) fn adopt(law: &'static str, owner: &Object, object: &Object, text: String) -> Reaction {
    Reaction::new(
        law,
        Change::Adopt {
            owner: owner.key(),
            owner_uid: owner.meta.uid.clone(),
            object: object.key(),
            uid: object.meta.uid.clone(),
        },
        Reason::new(text),
    )
}

fn replicate(world: &World, object: &Object, set: &Replicated, reactions: &mut Vec<Reaction>) {
    if !lists(world, Kind::Pod, &object.meta.namespace) {
        return;
    }
    let before = reactions.len();
    for pod in orphans(world, object, &set.spec.selector, Kind::Pod).filter(|pod| active(pod)) {
        let text = format!(
            "{} matches the selector of {} and has no controller",
            pod.key(),
            object.key()
        );
        reactions.push(adopt(LAW.name, object, pod, text));
    }
    if reactions.len() > before {
        return; // counted once they are its own
    }
    let standing: Vec<_> = pods(world, object).filter(|pod| active(pod)).collect();
    let wanted = usize::try_from(set.spec.replicas.unwrap_or(1)).unwrap_or(usize::MAX);
    spawn(object, standing.len(), wanted, reactions);
    let mut surplus = standing;
    // unscheduled ones first, as the controller ranks them, then the last by name
    surplus.sort_by_key(|pod| {
        let scheduled = pod.body.pod().is_some_and(crate::model::workload::Pod::scheduled);
        (!scheduled, pod.meta.name.clone())
    });
    for pod in surplus.iter().skip(wanted).rev() {
        reactions.push(delete(pod, format!("{} wants only {wanted} pods", object.key())));
    }
}

fn deploy(world: &World, object: &Object, deployment: &Replicated, reactions: &mut Vec<Reaction>) {
    let key = object.key();
    if !lists(world, Kind::ReplicaSet, &key.namespace) {
        return;
    }
    let own: Vec<_> = world
        .dependents_of(&object.meta.uid)
        .filter(|set| set.kind() == Kind::ReplicaSet && !set.meta.deleting())
        .collect();
    if own.is_empty() {
        if let Some(set) = orphans(world, object, &deployment.spec.selector, Kind::ReplicaSet).next() {
            let text = format!("{} matches the selector of {key} and has no controller", set.key());
            reactions.push(adopt(LAW.name, object, set, text));
            return;
        }
        reactions.push(Reaction::new(
            LAW.name,
            Change::SpawnReplicaSet {
                deployment: key.clone(),
                deployment_uid: object.meta.uid.clone(),
            },
            Reason::new(format!("{key} has no ReplicaSet")),
        ));
        return;
    }
    let scale = |set: &Object| set.body.replicated().map_or(0, |set| set.spec.replicas.unwrap_or(1));
    let wanted = deployment.spec.replicas.unwrap_or(1);
    // a rollout under way has several that count; it is left alone
    let in_use: Vec<_> = own.iter().filter(|set| scale(set) > 0).collect();
    let only = match (own.as_slice(), in_use.as_slice()) {
        ([only], _) => only,
        (_, [only]) => *only,
        (_, _) => return,
    };
    if scale(only) != wanted {
        reactions.push(Reaction::new(
            LAW.name,
            Change::Scale {
                object: only.key(),
                uid: only.meta.uid.clone(),
                replicas: wanted,
            },
            Reason::new(format!("{key} wants {wanted} pods")).seen(&key, "spec.replicas", wanted.to_string()),
        ));
    }
}

fn cover(world: &World, object: &Object, reactions: &mut Vec<Reaction>) {
    if !lists(world, Kind::Pod, &object.meta.namespace) {
        return;
    }
    let nodes = world.of_kind(Kind::Node).filter(|node| !node.meta.deleting()).count();
    let (ended, standing): (Vec<_>, Vec<_>) = pods(world, object)
        .partition(|pod| !pod.meta.deleting() && pod.body.pod().is_some_and(|pod| pod.status.phase.terminal()));
    for pod in &ended {
        reactions.push(delete(
            pod,
            format!("{} has ended and {} replaces it", pod.key(), object.key()),
        ));
    }
    spawn(object, standing.len() + ended.len(), nodes, reactions);
}

#[cfg(test)]
mod tests;
