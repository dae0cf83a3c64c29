//! Pods of a node that no longer exists go, whether anybody asked for it or not.
//!
//! Source: `pkg/controller/podgc/gc_controller.go` (`gcOrphaned`): every 20 s it looks for pods on nodes that are not there,
//! waits 40 s, asks the API server once more for the node, marks the pod Failed and deletes it with grace 0. Nobody
//! has seen their containers end; what they wrote to may still be mounted there. It concludes only from a list of nodes that
//! is there. A pod whose node exists and is not ready is never touched by it (save with the taint `out-of-service`,
//! which is not modelled).

use super::owned::delete;
use super::pod_lifecycle::{Keeper, keeper};
use super::{Conditions, Law, Reaction, Reason};
use crate::model::{Kind, Kinds, World};
use std::time::Duration;

pub const LAW: Law = Law {
    name: "pod_garbage",
    source: "pkg/controller/podgc/gc_controller.go",
    latency: Duration::from_secs(40),
    reads: Kinds::of(&[Kind::Pod, Kind::Node]),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    world
        .of_kind(Kind::Pod)
        .filter(|object| !object.meta.deleting())
        .filter_map(|object| {
            let pod = object.body.pod()?;
            (keeper(world, pod) == Keeper::NodeGone).then(|| {
                let node = pod.spec.node_name.as_str();
                let text = format!(
                    "node {node} does not exist any more, so nothing can keep {}",
                    object.key()
                );
                delete(
                    LAW.name,
                    object,
                    Reason::new(text).seen(&object.key(), "spec.nodeName", node),
                )
            })
        })
        .collect()
}

#[cfg(test)]
mod tests;
