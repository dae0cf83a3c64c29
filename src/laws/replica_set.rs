//! A ReplicaSet keeps its number of pods: one that goes comes back, on the same claims.
//!
//! Source: `pkg/controller/replicaset/replica_set.go` (`manageReplicas`, `claimPods`). A pod being deleted no longer counts,
//! so its replacement is made at once; one that has ended does not count either and is left where it is.

use super::absence::lists;
use super::owned::{BURST, active, adopt, delete, dispensable_first, orphans, pods, release, spawn};
use super::{Conditions, Law, Reaction, Reason};
use crate::model::workload::Replicated;
use crate::model::{Kind, Kinds, Object, World};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "replica_set",
    source: "pkg/controller/replicaset/replica_set.go",
    latency: Duration::from_millis(300),
    reads: Kinds::of(&[Kind::ReplicaSet, Kind::Pod]),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for object in world.of_kind(Kind::ReplicaSet) {
        if let Some(set) = object.body.replicated()
            && !object.meta.deleting()
            && lists(world, Kind::Pod, &object.meta.namespace)
        {
            replicate(world, object, set, &mut reactions);
        }
    }
    reactions
}

fn replicate(world: &World, object: &Object, set: &Replicated, reactions: &mut Vec<Reaction>) {
    let key = object.key();
    let before = reactions.len();
    for pod in orphans(world, object, &set.spec.selector, Kind::Pod).filter(|pod| active(pod)) {
        let text = format!("{} matches the selector of {key} and has no controller", pod.key());
        reactions.push(adopt(LAW.name, object, pod, text));
    }
    reactions.extend(release(LAW.name, world, object, &set.spec.selector, Kind::Pod));
    if reactions.len() > before {
        return; // counted once they are its own, or no longer
    }
    let mut standing: Vec<_> = pods(world, object).filter(|pod| active(pod)).collect();
    let wanted = usize::try_from(set.replicas()).unwrap_or(usize::MAX);
    let missing = wanted.saturating_sub(standing.len()).min(BURST);
    if missing > 0 {
        let reason = Arc::new(Reason::new(format!(
            "{key} wants {wanted} pods and has {}",
            standing.len()
        )));
        reactions.extend((0..missing).map(|_| spawn(LAW.name, object, None, Arc::clone(&reason))));
    }
    let surplus = standing.len().saturating_sub(wanted);
    if surplus == 0 {
        return;
    }
    dispensable_first(&mut standing);
    for pod in standing.iter().take(surplus) {
        let reason =
            Reason::new(format!("{key} wants only {wanted} pods")).seen(&key, "spec.replicas", wanted.to_string());
        reactions.push(delete(LAW.name, pod, reason));
    }
}

#[cfg(test)]
mod tests;
