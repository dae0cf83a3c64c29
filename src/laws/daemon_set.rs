//! A DaemonSet keeps a pod on every node that fits.
//!
//! Sources: `pkg/controller/daemon/daemon_controller.go` (`podsShouldBeOnNode`, `NodeShouldRunDaemonPod`),
//! `util/daemonset_util.go` (`AddOrUpdateDaemonPodTolerations`). A node fits when the template's node selector and required
//! affinity admit it and its taints are borne; every DaemonSet bears the taints of a node that is not ready, unreachable,
//! cordoned or under pressure, so a drain does not move its pods. The old pod must be gone before another is made. A pod on
//! a node that no longer exists is left to pod garbage collection; one made for such a node and never placed is deleted.
//! Pods that its selector matches and nobody controls it takes in (`getDaemonPods`; found by conformance).
//! A changed template replaces the pods, `maxUnavailable` of them at a time (1 unless said otherwise) and first those that are
//! not ready, unless the strategy is `OnDelete` (`update.go` `rollingUpdate`); a surge comes to the same end and is not
//! modelled. It is followed where a forecast changes the template: of what is read, facts do not tell which revision is
//! the present one (\[I\]).

use super::absence::lists;
use super::owned::{BURST, adopt, delete, healthy, orphans, pods, release, spawn};
use super::stateful_set::REVISION;
use super::{Conditions, Law, Reaction, Reason, made};
use crate::model::workload::node::{Placement, Taint};
use crate::model::workload::{Node, Pod, Replicated};
use crate::model::{Key, Kind, Kinds, Object, Text, World};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "daemon_set",
    source: "pkg/controller/daemon/daemon_controller.go",
    latency: Duration::from_millis(300),
    reads: Kinds::of(&[Kind::DaemonSet, Kind::Pod, Kind::Node]),
    react,
};

/// Taints that every DaemonSet's pods bear, whatever the template says.
const BORNE: [(&str, &str); 6] = [
    ("node.kubernetes.io/not-ready", "NoExecute"),
    ("node.kubernetes.io/unreachable", "NoExecute"),
    ("node.kubernetes.io/disk-pressure", "NoSchedule"),
    ("node.kubernetes.io/memory-pressure", "NoSchedule"),
    ("node.kubernetes.io/pid-pressure", "NoSchedule"),
    ("node.kubernetes.io/unschedulable", "NoSchedule"),
];

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for object in world.of_kind(Kind::DaemonSet) {
        if let Some(set) = object.body.replicated()
            && !object.meta.deleting()
            && lists(world, Kind::Pod, &object.meta.namespace)
            && lists(world, Kind::Node, "")
        {
            cover(world, object, set, &mut reactions);
        }
    }
    reactions
}

/// What a DaemonSet does with a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fit {
    /// It wants a pod there.
    Runs,
    /// It makes none there, and lets one that is there stay: the node took a `NoSchedule` taint later.
    Stays,
    /// It wants none there.
    Never,
}

/// Whether a DaemonSet wants a pod on a node.
pub fn fit(set: &Replicated, meta: &crate::model::Meta, node: &Node) -> Fit {
    let template = &set.spec.template;
    let named = template.spec.node_name.as_str();
    if !(named.is_empty() || named == meta.name) || !template.placement.admits(meta) {
        return Fit::Never;
    }
    let unborne = |effect: &str| {
        let mut taints = node.spec.taints.iter().filter(|taint| taint.effect == effect);
        taints.any(|taint| !bears(&template.placement, taint))
    };
    if unborne("NoExecute") {
        Fit::Never
    } else if unborne("NoSchedule") {
        Fit::Stays
    } else {
        Fit::Runs
    }
}

fn bears(placement: &Placement, taint: &Taint) -> bool {
    BORNE.contains(&(taint.key.as_str(), taint.effect.as_str())) || placement.bears(taint)
}

fn cover(world: &World, object: &Object, set: &Replicated, reactions: &mut Vec<Reaction>) {
    let key = object.key();
    let before = reactions.len();
    for pod in orphans(world, object, &set.spec.selector, Kind::Pod) {
        let text = format!("{} matches the selector of {key} and has no controller", pod.key());
        reactions.push(adopt(LAW.name, object, pod, text));
    }
    reactions.extend(release(LAW.name, world, object, &set.spec.selector, Kind::Pod));
    if reactions.len() > before {
        return; // counted once they are its own, or no longer
    }
    let mut by_node: BTreeMap<Text, Vec<&Arc<Object>>> = BTreeMap::new();
    for pod in pods(world, object) {
        let facts = pod.body.pod();
        // a deleted pod that has ended, held by some finalizer, is in nobody's way
        if pod.meta.deleting() && facts.is_some_and(|facts| facts.status.phase.terminal()) {
            continue;
        }
        if let Some(node) = facts.and_then(|facts| facts.spec.node()) {
            by_node.entry(node.into()).or_default().push(pod);
        }
    }
    let mut made = 0;
    let mut covered = Vec::new();
    for node in world.of_kind(Kind::Node) {
        let Some(facts) = node.body.node() else { continue };
        let here = by_node.remove(&node.meta.name).unwrap_or_default();
        match fit(set, &node.meta, facts) {
            Fit::Runs if here.is_empty() => {
                made += 1;
                if made <= BURST {
                    let reason = Reason::new(format!("{key} has no pod on {}", node.key()));
                    reactions.push(spawn(LAW.name, object, Some(node.meta.name.clone()), reason));
                }
            }
            Fit::Runs | Fit::Stays => {
                tend(&key, &here, reactions);
                covered.push(here);
            }
            Fit::Never => {
                for pod in here.iter().filter(|pod| !pod.meta.deleting()) {
                    let reason = Reason::new(format!("{key} wants no pod on {}", node.key()));
                    reactions.push(delete(LAW.name, pod, reason));
                }
            }
        }
    }
    if reactions.len() == before {
        replace(object, set, &covered, reactions);
    }
    let unplaced = |pod: &&&Arc<Object>| !pod.meta.deleting() && pod.body.pod().is_some_and(|pod| !Pod::scheduled(pod));
    for (node, pods) in &by_node {
        for pod in pods.iter().filter(unplaced) {
            let reason = Reason::new(format!(
                "{} was made for {node}, which does not exist any more",
                pod.key()
            ));
            reactions.push(delete(LAW.name, pod, reason));
        }
    }
}

/// Deletes pods of an earlier template, as many as may be missing at a time.
fn replace(object: &Object, set: &Replicated, covered: &[Vec<&Arc<Object>>], reactions: &mut Vec<Reaction>) {
    if !set.spec.foreseen || set.spec.strategy.kind == "OnDelete" {
        return;
    }
    let present = made::revision(&set.spec.template);
    let nodes = u32::try_from(covered.len()).unwrap_or(u32::MAX);
    let share = set.spec.strategy.rolling_update.max_unavailable.as_ref();
    let may_miss = share.map_or(1, |share| share.up(nodes)).max(1);
    let pods = || covered.iter().flatten().copied();
    let missing = pods().filter(|pod| !healthy(pod)).count();
    let room = usize::try_from(may_miss).unwrap_or(usize::MAX).saturating_sub(missing);
    let old = || pods().filter(|pod| pod.meta.labels.get(REVISION) != Some(&present) && !pod.meta.deleting());
    let sick = old().filter(|pod| !healthy(pod));
    for pod in sick.chain(old().filter(|pod| healthy(pod)).take(room)) {
        let key = object.key();
        let text = format!("{key} has another template by now, and replaces {}", pod.key());
        let reason = Reason::new(text).seen(&key, "spec.template", "changed");
        reactions.push(delete(LAW.name, pod, reason));
    }
}

/// Deletes what has ended, and all but the oldest of what runs.
fn tend(key: &Key, here: &[&Arc<Object>], reactions: &mut Vec<Reaction>) {
    let standing = here.iter().filter(|pod| !pod.meta.deleting());
    let (ended, mut running): (Vec<&&Arc<Object>>, Vec<&&Arc<Object>>) =
        standing.partition(|pod| pod.body.pod().is_some_and(|pod| pod.status.phase.terminal()));
    for pod in ended {
        let reason = Reason::new(format!("{} has ended and {key} replaces it", pod.key()));
        reactions.push(delete(LAW.name, pod, reason));
    }
    running.sort_by_key(|pod| (pod.meta.creation_timestamp, pod.meta.name.clone()));
    for pod in running.iter().skip(1) {
        let reason = Reason::new(format!("{key} wants one pod on a node"));
        reactions.push(delete(LAW.name, pod, reason));
    }
}

#[cfg(test)]
mod tests;
