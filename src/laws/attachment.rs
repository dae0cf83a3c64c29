//! A volume is detached from a node when no pod there needs it any more, and attached again when it is detached by hand.
//!
//! An attachment that somebody deletes under a running pod is detached, and made anew under its name by the attach/detach
//! controller, which looks once a minute whether what it attached is there (`reconciler.go`, `VerifyVolumesAreAttached`;
//! found by conformance). First attachments are no law: the pod's own fate says so much.
//!
//! Sources: `pkg/controller/volume/attachdetach`, `external-attacher`, `reference/semantics.md` §3.7. From a node that is
//! not ready the detach is forced after about six minutes (\[M\]); here it happens all the same. The attacher is taken to
//! run. Pods that have ended for good are unmounted by their kubelet and need nothing. The attacher also marks the volume
//! itself, and takes the mark off one that is being deleted once no attachment names it (`external-attacher`
//! `csi_handler.go` `SyncNewOrUpdatedPersistentVolume`; proven by the control-plane kit).

use super::absence::lists;
use super::pod_lifecycle::claims_usable;
use super::{Change, Conditions, Law, Reaction, Reason};
use crate::model::storage::{Attachment, ClaimPhase, EXTERNAL_ATTACHER_PREFIX};
use crate::model::workload::Pod;
use crate::model::{Key, Kind, Kinds, Object, Propagation, Text, World};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub const LAW: Law = Law {
    name: "attachment",
    source: "pkg/controller/volume/attachdetach",
    latency: Duration::from_secs(2),
    reads: Kinds::of(&[
        Kind::VolumeAttachment,
        Kind::PersistentVolume,
        Kind::PersistentVolumeClaim,
        Kind::StorageClass,
        Kind::Pod,
        Kind::Node,
    ]),
    react,
};

fn react(world: &World, _: &Conditions) -> Vec<Reaction> {
    let mut reactions = Vec::new();
    for object in world.of_kind(Kind::VolumeAttachment) {
        let Some(attachment) = object.body.attachment() else {
            continue;
        };
        if object.meta.deleting() {
            let ours = object.meta.finalizers.iter();
            let ours = ours.filter(|held| held.starts_with(EXTERNAL_ATTACHER_PREFIX));
            reactions.extend(ours.map(|finalizer| detached(world, object, attachment, finalizer)));
        } else if needed(world, attachment) == Some(false) {
            let volume = &attachment.spec.source.persistent_volume_name;
            let node = &attachment.spec.node_name;
            let key = object.key();
            let reason = Reason::new(format!("no pod on {node} needs volume {volume} any more")).seen(
                &key,
                "spec.nodeName",
                node.as_str(),
            );
            reactions.push(Reaction::new(
                LAW.name,
                Change::Delete {
                    object: key,
                    uid: object.meta.uid.clone(),
                    propagation: Propagation::Background,
                },
                reason,
            ));
        }
    }
    reactions.extend(
        world
            .of_kind(Kind::PersistentVolume)
            .flat_map(|volume| let_go(world, volume)),
    );
    reactions
}

/// The attacher lets go of an attachment that is being deleted.
fn detached(world: &World, object: &Object, attachment: &Attachment, finalizer: &Text) -> Reaction {
    let (key, uid) = (object.key(), object.meta.uid.clone());
    let finalizer = finalizer.clone();
    if let Some(pod) = mounted(world, attachment) {
        let node = &attachment.spec.node_name;
        let text = format!(
            "{} on {node} needs it: the attach/detach controller makes it anew within a minute or so, and until then its disk is \
             detached under it",
            pod.key()
        );
        let reason = Reason::new(text).seen(&pod.key(), "spec.nodeName", node.as_str());
        let change = Change::Reattach {
            attachment: key,
            uid,
            finalizer,
        };
        return Reaction::new(LAW.name, change, reason);
    }
    let reason = Reason::new(format!("the attacher has detached {key}"));
    let object = key;
    Reaction::new(LAW.name, Change::RemoveFinalizer { object, uid, finalizer }, reason)
}

/// The attacher's marks on a volume that is being deleted, once it is attached nowhere.
fn let_go(world: &World, volume: &Object) -> Vec<Reaction> {
    let name = &volume.meta.name;
    if !volume.meta.deleting() {
        return Vec::new();
    }
    let marks: Vec<_> = volume
        .meta
        .finalizers
        .iter()
        .filter(|held| held.starts_with(EXTERNAL_ATTACHER_PREFIX))
        .collect();
    let free = || lists(world, Kind::VolumeAttachment, "") && world.attachments_of(name).next().is_none();
    if marks.is_empty() || !free() {
        return Vec::new();
    }
    let key = volume.key();
    marks
        .into_iter()
        .map(|finalizer| {
            let change = Change::RemoveFinalizer {
                object: key.clone(),
                uid: volume.meta.uid.clone(),
                finalizer: finalizer.clone(),
            };
            let reason = Reason::new(format!("{key} is being deleted and is attached nowhere"));
            Reaction::new(LAW.name, change, reason)
        })
        .collect()
}

/// Whether a pod needs the attachment; `None` when the facts do not tell. The attach/detach controller remembers which pods
/// it attached a volume for: while such a pod stands, it stays attached, even if the volume is taken from its claim
/// (`desired_state_of_world_populator.go` `findAndRemoveDeletedPods`; found by conformance).
fn needed(world: &World, attachment: &Attachment) -> Option<bool> {
    let name = &attachment.spec.source.persistent_volume_name;
    let volume = world.get(&Key::cluster(Kind::PersistentVolume, name))?.body.volume()?;
    let holder = volume.spec.claim_ref.as_ref();
    let holder = holder.map(|holder| Key::new(Kind::PersistentVolumeClaim, &holder.namespace, &holder.name));
    let elsewhere = |claim: &Key| {
        let claim = world.get(claim).and_then(|claim| claim.body.claim());
        claim.is_some_and(|facts| !facts.spec.volume_name.is_empty() && facts.spec.volume_name != *name)
    };
    let naming = world.claims_naming(name).map(|claim| claim.key());
    let claims: BTreeSet<Key> = naming.chain(holder.filter(|holder| !elsewhere(holder))).collect();
    let listed = |claim: &Key| {
        lists(world, Kind::Pod, &claim.namespace) && lists(world, Kind::PersistentVolumeClaim, &claim.namespace)
    };
    if !claims.iter().all(listed) {
        return None;
    }
    let mut users = claims.iter().flat_map(|claim| world.users_of(claim));
    Some(users.any(|pod| needs(world, pod, attachment)))
}

/// A pod on that node that mounts the volume by a claim which is bound to it.
fn mounted<'w>(world: &'w World, attachment: &Attachment) -> Option<&'w Arc<Object>> {
    let name = &attachment.spec.source.persistent_volume_name;
    let volume = world.get(&Key::cluster(Kind::PersistentVolume, name))?.body.volume()?;
    let holder = volume.spec.claim_ref.as_ref()?;
    let key = Key::new(Kind::PersistentVolumeClaim, &holder.namespace, &holder.name);
    let claim = world.get(&key).filter(|claim| claim.meta.uid == holder.uid)?;
    let facts = claim.body.claim()?;
    if facts.spec.volume_name != *name || facts.status.phase != ClaimPhase::Bound {
        return None;
    }
    let here = |pod: &&Arc<Object>| pod.body.pod().is_some_and(Pod::scheduled) && needs(world, pod, attachment);
    world.users_of(&key).find(here)
}

/// A pod on that node whose containers may run, or one that is yet to be placed and will be: one whose claim is going or gone
/// is not (found by conformance).
fn needs(world: &World, object: &Object, attachment: &Attachment) -> bool {
    object.body.pod().is_some_and(|pod| {
        let here = pod.spec.node_name == attachment.spec.node_name;
        let gone = object.meta.deleting() && object.meta.deletion_grace_period_seconds == Some(0);
        !pod.status.phase.terminal()
            && !gone
            && (here || (!pod.scheduled() && !object.meta.deleting() && claims_usable(world, object, pod)))
    })
}

#[cfg(test)]
mod tests;
