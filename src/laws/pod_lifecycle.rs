//! The scheduler and the kubelets, as far as they matter to claims: pods start when their claims are bound, and end when
//! their node says so.
//!
//! Sources: `pkg/kubelet/status/status_manager.go` (the final DELETE with grace 0), `pkg/scheduler/framework/plugins/volumebinding`,
//! `reference/semantics.md` §3.2. A deleting pod on a node that is not ready stays: nobody confirms that its containers are
//! gone, and no controller that waits for it goes on. On a node that does not exist pod garbage collection confirms for the
//! kubelet. What a pod that is not a DaemonSet's asks of its node, and which taints it bears, is not among the facts: any node
//! will do that is ready and not cordoned, and a tainted one only where there is no other. The eviction from a node that has not been ready for five minutes is not modelled: it is the clock's.

use super::absence::lists;
use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::storage::ClaimPhase;
use crate::model::workload::{Node, Pod, PodPhase};
use crate::model::{Key, Kind, Kinds, Object, World};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "pod_lifecycle",
    source: "pkg/kubelet/status/status_manager.go, pkg/scheduler/framework/plugins/volumebinding",
    latency: Duration::from_millis(1500),
    reads: Kinds::of(&[
        Kind::Pod,
        Kind::Node,
        Kind::PersistentVolumeClaim,
        Kind::PersistentVolume,
        Kind::StorageClass,
        Kind::VolumeAttachment,
    ]),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    world
        .of_kind(Kind::Pod)
        .filter_map(|object| {
            let pod = object.body.pod()?;
            let (change, reason) = if object.meta.deleting() {
                end(world, object, pod)?
            } else {
                start(world, object, pod)?
            };
            Some(Reaction::new(LAW.name, change, reason))
        })
        .collect()
}

/// Who speaks for a pod's containers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeper {
    /// The kubelet of a ready node; or of a node that was never listed, which is taken to live.
    Kubelet,
    /// The node is not ready: nobody confirms anything until it returns or is removed.
    Silent(Key),
    /// The node does not exist: pod garbage collection answers for it.
    NodeGone,
    /// The pod was never scheduled: there is nothing to confirm.
    Nobody,
}

/// Who would confirm the end of this pod.
pub fn keeper(world: &World, pod: &Pod) -> Keeper {
    if !pod.scheduled() {
        return Keeper::Nobody;
    }
    let node = world.find(Kind::Node, "", &pod.spec.node_name);
    match node.and_then(|node| node.body.node()) {
        Some(node) if node.ready() => Keeper::Kubelet,
        Some(_) => Keeper::Silent(Key::cluster(Kind::Node, &pod.spec.node_name)),
        None if lists(world, Kind::Node, "") => Keeper::NodeGone,
        None => Keeper::Kubelet,
    }
}

fn end(world: &World, object: &Object, pod: &Pod) -> Option<(Change, Reason)> {
    if object.meta.deletion_grace_period_seconds == Some(0) {
        return None;
    }
    let key = object.key();
    let reason = match keeper(world, pod) {
        Keeper::Kubelet => Reason::new(format!(
            "the kubelet of {} ends the containers of {key}",
            pod.spec.node_name
        )),
        Keeper::NodeGone => Reason::new(format!("node {} does not exist any more", pod.spec.node_name)),
        Keeper::Nobody => Reason::new(format!("{key} was never scheduled")),
        Keeper::Silent(_) => return None,
    };
    let reason = reason.seen(&key, "spec.nodeName", pod.spec.node_name.as_str());
    let uid = object.meta.uid.clone();
    Some((Change::ConfirmPodGone { pod: key, uid }, reason))
}

fn start(world: &World, object: &Object, pod: &Pod) -> Option<(Change, Reason)> {
    if pod.status.phase != PodPhase::Pending || !claims_usable(world, object, pod) {
        return None;
    }
    let placed = match keeper(world, pod) {
        Keeper::Kubelet => true,
        Keeper::Nobody => places(world, pod.spec.destination.as_deref()).next().is_some(),
        Keeper::Silent(_) | Keeper::NodeGone => false,
    };
    placed.then(|| {
        let key = object.key();
        let uid = object.meta.uid.clone();
        let reason = Reason::new(format!("the claims of {key} are bound, so it can start"));
        (Change::StartPod { pod: key, uid }, reason)
    })
}

/// The nodes that would take a pod, by name: the one it was made for, or all that are ready and not cordoned, those that no
/// taint keeps pods off first.
pub fn places<'a>(world: &'a World, destination: Option<&'a str>) -> impl Iterator<Item = &'a Arc<Object>> {
    let open = move |node: &&Arc<Object>| {
        node.body.node().is_some_and(|facts| match destination {
            Some(wanted) => node.meta.name == wanted && facts.ready(),
            None => facts.ready() && !facts.spec.unschedulable && !node.meta.deleting(),
        })
    };
    let tainted = |node: &&Arc<Object>| node.body.node().is_some_and(Node::keeps_off);
    let nodes = move || world.of_kind(Kind::Node).filter(open);
    nodes()
        .filter(move |node| !tainted(node))
        .chain(nodes().filter(tainted))
}

/// Every claim the pod names is bound and not being deleted. The claim of a generic ephemeral volume is made with the pod
/// from a template that facts do not hold, so a missing one is not waited for.
pub fn claims_usable(world: &World, object: &Object, pod: &Pod) -> bool {
    pod.spec.volumes.iter().all(|volume| {
        let Some(name) = volume.claim_name(&object.meta.name) else {
            return true;
        };
        match world.find(Kind::PersistentVolumeClaim, &object.meta.namespace, &name) {
            Some(claim) => {
                !claim.meta.deleting()
                    && claim
                        .body
                        .claim()
                        .is_some_and(|facts| facts.status.phase == ClaimPhase::Bound)
            }
            None => volume.persistent_volume_claim.is_none(),
        }
    })
}

#[cfg(test)]
mod tests;
