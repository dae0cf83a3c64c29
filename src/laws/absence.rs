//! When may a law conclude from absence? Only when the kind was listed: "denied" and "not yet listed" are never "empty".

use crate::model::{FeedState, Kind, OwnerReference, World};

/// Whether an object of this kind and namespace that the world does not hold does not exist either, as far as its feed
/// has heard. Staleness is for the reader to judge, who knows the time.
pub fn lists(world: &World, kind: Kind, namespace: &str) -> bool {
    world.feeds().any(|(id, feed)| {
        id.covers(kind, namespace)
            && feed.listed
            && !matches!(feed.state, FeedState::Denied { .. } | FeedState::Unserved { .. })
    })
}

/// Whether an owner is there, seen from a dependent in this namespace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    Present,
    /// Present, and its deletion was accepted.
    Deleting,
    /// No such object, or one of another uid, or one in another namespace, which counts as none.
    Absent,
    /// Its kind is not held or was not listed. It must be taken for present.
    Unknown,
}

/// Looks an owner up as the garbage collector does: by kind and name in the dependent's own namespace (or in the cluster,
/// for cluster-scoped kinds), and by uid. Source: `pkg/controller/garbagecollector/garbagecollector.go` `isDangling`.
pub fn owner(world: &World, namespace: &str, owner: &OwnerReference) -> Presence {
    let Some(kind) = owner.held_kind() else {
        return Presence::Unknown;
    };
    match world.find(kind, namespace, &owner.name) {
        Some(held) if held.meta.uid == owner.uid && held.meta.deleting() => Presence::Deleting,
        Some(held) if held.meta.uid == owner.uid => Presence::Present,
        Some(_) => Presence::Absent,
        None if lists(world, kind, namespace) => Presence::Absent,
        None => Presence::Unknown,
    }
}
