//! `ownerReferences`: dependents of absent owners go, and the finalizers `foregroundDeletion` and `orphan` are worked off.
//!
//! Source: `pkg/controller/garbagecollector/garbagecollector.go` (`attemptToDeleteItem`, `processDeletingDependentsItem`,
//! `orphanDependents`), `reference/semantics.md` §3.1. One of another uid, or in another namespace, counts as absent. An
//! owner of a kind the world does not hold, or whose kind was not listed, may be there or not: while an object has such an
//! owner nothing is concluded, and [`doubt`] names it.

use super::absence::{Presence, lists, owner};
use super::change::{FOREGROUND, ORPHAN};
use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::{Kind, Kinds, Object, OwnerReference, Propagation, World};
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "garbage_collection",
    source: "pkg/controller/garbagecollector/garbagecollector.go",
    latency: Duration::from_millis(500),
    reads: Kinds::ALL,
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for object in world.objects() {
        if object.meta.deleting() {
            if object.meta.has_finalizer(ORPHAN) {
                orphan(world, object, &mut reactions);
            }
            if object.meta.has_finalizer(FOREGROUND) {
                foreground(world, object, &mut reactions);
            }
        } else if !object.meta.owner_references.is_empty() {
            collect(world, object, &mut reactions);
        }
    }
    reactions
}

/// The kinds of dependents a controller of this kind makes, among those the world holds.
const fn dependents(kind: Kind) -> &'static [Kind] {
    match kind {
        Kind::Job | Kind::ReplicaSet | Kind::DaemonSet => &[Kind::Pod],
        Kind::StatefulSet => &[Kind::Pod, Kind::PersistentVolumeClaim],
        Kind::Deployment => &[Kind::ReplicaSet],
        Kind::CronJob => &[Kind::Job],
        Kind::Pod => &[Kind::PersistentVolumeClaim],
        Kind::Namespace
        | Kind::Node
        | Kind::StorageClass
        | Kind::PersistentVolume
        | Kind::VolumeAttachment
        | Kind::PersistentVolumeClaim
        | Kind::PodDisruptionBudget
        | Kind::Release
        | Kind::ReleaseMap => &[],
    }
}

/// All its dependents were listed, so that none left means none left.
fn all_listed(world: &World, object: &Object) -> bool {
    dependents(object.kind())
        .iter()
        .all(|kind| lists(world, *kind, &object.meta.namespace))
}

fn remove_finalizer(object: &Object, finalizer: &str, text: String) -> Reaction {
    let key = object.key();
    Reaction::new(
        LAW.name,
        Change::RemoveFinalizer {
            object: key.clone(),
            uid: object.meta.uid.clone(),
            finalizer: finalizer.into(),
        },
        Reason::new(text).seen(&key, "metadata.finalizers", finalizer),
    )
}

fn remove_owner(object: &Object, owner: &OwnerReference, text: String) -> Reaction {
    let key = object.key();
    Reaction::new(
        LAW.name,
        Change::RemoveOwner {
            object: key.clone(),
            uid: object.meta.uid.clone(),
            owner: owner.uid.clone(),
        },
        Reason::new(text).seen(&key, "metadata.ownerReferences[].uid", owner.uid.to_string()),
    )
}

fn delete(object: &Object, propagation: Propagation, text: String, owner: &OwnerReference) -> Reaction {
    let key = object.key();
    Reaction::new(
        LAW.name,
        Change::Delete {
            object: key.clone(),
            uid: object.meta.uid.clone(),
            propagation,
        },
        Reason::new(text).seen(&key, "metadata.ownerReferences[].uid", owner.uid.to_string()),
    )
}

/// Everything that bears this owner's uid, also in another namespace: there the reference is dangling and the dependent goes,
/// but as long as it stays the graph counts it (`graph_builder.go` `addDependentToOwners`; found by conformance).
fn own<'a>(world: &'a World, object: &'a Object) -> impl Iterator<Item = &'a Arc<Object>> {
    world.dependents_of(&object.meta.uid)
}

fn orphan(world: &World, object: &Object, reactions: &mut Vec<Reaction>) {
    let mut left = false;
    for dependent in own(world, object) {
        for reference in &dependent.meta.owner_references {
            if reference.uid == object.meta.uid {
                let text = format!(
                    "its owner {} is deleted with Orphan, and nobody replaces it",
                    object.key()
                );
                reactions.push(remove_owner(dependent, reference, text));
                left = true;
            }
        }
    }
    if !left && all_listed(world, object) {
        let text = format!("no dependent refers to {} any more", object.key());
        reactions.push(remove_finalizer(object, ORPHAN, text));
    }
}

/// The dependents that keep an owner from going in a foreground deletion.
pub fn blocking<'a>(world: &'a World, object: &'a Object) -> impl Iterator<Item = &'a Arc<Object>> {
    own(world, object).filter(|dependent| {
        dependent
            .meta
            .owner_references
            .iter()
            .any(|reference| reference.uid == object.meta.uid && reference.block_owner_deletion)
    })
}

/// A dependent that the owner's deletion is still to reach. The collector looks at the dependents first and finds the owner
/// there, waiting; one that has dependents itself goes in the foreground for that (found by conformance).
fn unreached(world: &World, object: &Object) -> bool {
    own(world, object).any(|dependent| {
        let mut reactions = Vec::new();
        if !dependent.meta.deleting() {
            collect(world, dependent, &mut reactions);
        }
        !reactions.is_empty()
    })
}

fn foreground(world: &World, object: &Object, reactions: &mut Vec<Reaction>) {
    if blocking(world, object).next().is_none() && all_listed(world, object) && !unreached(world, object) {
        let text = format!("the dependents that {} waits for are gone", object.key());
        reactions.push(remove_finalizer(object, FOREGROUND, text));
    }
}

/// The owner on whose existence it depends whether an object whose other owners have all gone is garbage: it is of a kind
/// the world does not hold, or was not listed. `None` when nothing depends on such a one.
pub fn doubt<'a>(world: &World, object: &'a Object) -> Option<&'a OwnerReference> {
    let owners = || object.meta.owner_references.iter();
    let presence = |reference: &OwnerReference| owner(world, &object.meta.namespace, reference);
    let kept = |reference: &OwnerReference| match presence(reference) {
        Presence::Present => true,
        Presence::Deleting => !waits(world, object, reference),
        Presence::Absent | Presence::Unknown => false,
    };
    let gone = |reference: &OwnerReference| matches!(presence(reference), Presence::Absent | Presence::Deleting);
    (!owners().any(kept) && owners().any(gone))
        .then(|| owners().find(|reference| presence(reference) == Presence::Unknown))
        .flatten()
}

/// An owner in a foreground deletion waits for its dependents: to them it is as good as gone.
fn waits(world: &World, object: &Object, reference: &OwnerReference) -> bool {
    reference
        .key(&object.meta.namespace)
        .and_then(|key| world.get(&key))
        .is_some_and(|owner| owner.meta.has_finalizer(FOREGROUND))
}

fn collect(world: &World, object: &Object, reactions: &mut Vec<Reaction>) {
    let (mut solid, mut unsure) = (false, false);
    let (mut dangling, mut waiting) = (Vec::new(), Vec::new());
    for reference in &object.meta.owner_references {
        match owner(world, &object.meta.namespace, reference) {
            Presence::Absent => dangling.push(reference),
            Presence::Deleting if waits(world, object, reference) => waiting.push(reference),
            Presence::Present | Presence::Deleting => solid = true,
            Presence::Unknown => unsure = true,
        }
    }
    if unsure && !solid {
        return;
    }
    let key = object.key();
    if solid {
        for reference in dangling.iter().chain(&waiting) {
            let text = format!(
                "{key} has another owner than {} {}, which is gone",
                reference.kind, reference.name
            );
            reactions.push(remove_owner(object, reference, text));
        }
        return;
    }
    let has_dependents = own(world, object).next().is_some();
    match (waiting.first(), dangling.first()) {
        (Some(reference), _) if has_dependents => {
            let text = format!(
                "its owner {} {} goes once {key} has gone",
                reference.kind, reference.name
            );
            reactions.push(delete(object, Propagation::Foreground, text, reference));
        }
        (Some(reference), _) => {
            let text = format!(
                "its owner {} {} goes once {key} has gone",
                reference.kind, reference.name
            );
            reactions.push(delete(object, standing(object), text, reference));
        }
        (None, Some(reference)) => {
            let text = format!("its owner {} {} is gone", reference.kind, reference.name);
            reactions.push(delete(object, standing(object), text, reference));
        }
        (None, None) => {}
    }
}

/// The propagation that finalizers already on the object ask for.
pub(super) fn standing(object: &Object) -> Propagation {
    if object.meta.has_finalizer(ORPHAN) {
        Propagation::Orphan
    } else if object.meta.has_finalizer(FOREGROUND) {
        Propagation::Foreground
    } else {
        Propagation::Background
    }
}

#[cfg(test)]
mod tests;
