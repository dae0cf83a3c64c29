//! What a controller counts as its own: the pods it controls, those it takes in, and how it makes and removes them.

use super::{Change, Reaction, Reason};
use crate::model::{Kind, Object, Propagation, Selector, Text, World};
use std::sync::Arc;

/// Pods made for one owner in one round; the real controllers grow towards 500 in a burst.
pub(super) const BURST: usize = 50;

/// The pods a controller owns.
pub(super) fn pods<'a>(world: &'a World, owner: &'a Object) -> impl Iterator<Item = &'a Arc<Object>> {
    controlled(world, owner, Kind::Pod)
}

/// The objects of a kind that a controller owns.
pub(super) fn controlled<'a>(world: &'a World, owner: &'a Object, kind: Kind) -> impl Iterator<Item = &'a Arc<Object>> {
    world.dependents_of(&owner.meta.uid).filter(move |object| {
        object.kind() == kind
            && object.meta.namespace == owner.meta.namespace
            && object
                .meta
                .controller()
                .is_some_and(|controller| controller.uid == owner.meta.uid)
    })
}

/// Neither ended nor being deleted: what controllers count as a replica.
pub(super) fn active(object: &Object) -> bool {
    !object.meta.deleting() && object.body.pod().is_some_and(|pod| !pod.status.phase.terminal())
}

/// Ready and not on its way out.
pub(super) fn healthy(object: &Object) -> bool {
    active(object) && object.body.pod().is_some_and(crate::model::workload::Pod::ready)
}

/// Objects of a kind that nobody controls and that the owner's selector matches; an empty selector adopts nothing.
/// Source: `pkg/controller/controller_ref_manager.go` `ClaimObject`.
pub(super) fn orphans<'a>(
    world: &'a World,
    owner: &'a Object,
    selector: &'a Selector,
    kind: Kind,
) -> impl Iterator<Item = &'a Arc<Object>> {
    let empty = selector.match_labels.is_empty() && selector.match_expressions.is_empty();
    world.in_namespace(kind, &owner.meta.namespace).filter(move |object| {
        !empty && !object.meta.deleting() && object.meta.controller().is_none() && selector.matches(&object.meta.labels)
    })
}

/// What bears a controller's reference and not the labels it selects is let go of (`ClaimObject`; found by conformance). A
/// ReplicaSet looks at its active pods only, a Job at all of them (`getPodsForJob`).
pub(super) fn release(
    law: &'static str,
    world: &World,
    owner: &Object,
    selector: &Selector,
    kind: Kind,
) -> Vec<Reaction> {
    let all = owner.kind() == Kind::Job;
    let strangers = controlled(world, owner, kind).filter(move |object| {
        let ended = object.body.pod().is_some() && !active(object);
        (all || !ended && !object.meta.deleting()) && !selector.matches(&object.meta.labels)
    });
    let let_go = |object: &Arc<Object>| {
        let change = Change::RemoveOwner {
            object: object.key(),
            uid: object.meta.uid.clone(),
            owner: owner.meta.uid.clone(),
        };
        let text = format!("{} does not match the selector of {}", object.key(), owner.key());
        Reaction::new(law, change, Reason::new(text))
    };
    strangers.map(let_go).collect()
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

/// A controller deletes what it owns.
pub(super) fn delete(law: &'static str, object: &Object, reason: Reason) -> Reaction {
    Reaction::new(
        law,
        Change::Delete {
            object: object.key(),
            uid: object.meta.uid.clone(),
            propagation: Propagation::Background,
        },
        reason,
    )
}

/// A controller makes one more pod, for a certain node if it is a DaemonSet.
pub(super) fn spawn(law: &'static str, owner: &Object, node: Option<Text>, reason: impl Into<Arc<Reason>>) -> Reaction {
    Reaction::new(
        law,
        Change::SpawnPod {
            owner: owner.key(),
            owner_uid: owner.meta.uid.clone(),
            node,
        },
        reason,
    )
}

/// Which of several pods goes first when there are too many: not yet placed, then by phase, then not ready, then the more
/// often restarted, then the younger. Source: `pkg/controller/controller_utils.go` `ActivePodsWithRanks.Less`; the
/// deletion cost, how many share a node, and since when each is ready are not among the facts: of pods that are equal
/// by the rest it cannot be told which goes (\[M\]), here the last by name.
pub(super) fn dispensable_first(pods: &mut [&Arc<Object>]) {
    pods.sort_by_cached_key(|pod| rank(pod));
}

type Rank = (
    bool,
    u8,
    bool,
    std::cmp::Reverse<u32>,
    std::cmp::Reverse<Option<jiff::Timestamp>>,
    std::cmp::Reverse<Text>,
);

fn rank(object: &Object) -> Rank {
    use crate::model::workload::PodPhase;
    use std::cmp::Reverse;
    let pod = object.body.pod();
    let phase = pod.map_or(PodPhase::Unknown, |pod| pod.status.phase);
    let restarts = pod.and_then(|pod| pod.status.container_statuses.iter().map(|one| one.restart_count).max());
    (
        pod.is_some_and(crate::model::workload::Pod::scheduled),
        match phase {
            PodPhase::Pending => 0,
            PodPhase::Unknown => 1,
            PodPhase::Running | PodPhase::Succeeded | PodPhase::Failed => 2,
        },
        pod.is_some_and(crate::model::workload::Pod::ready),
        Reverse(restarts.unwrap_or(0)),
        Reverse(object.meta.creation_timestamp),
        Reverse(object.meta.name.clone()),
    )
}
