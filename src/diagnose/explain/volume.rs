//! Volumes: Bound to whom, Released from whom, Terminating behind what, free for all.
//!
//! Source: `reference/semantics.md` §3.3, §3.4, traps 36–40, 59.

use super::super::claim_identity::{self, ClaimIdentity};
use super::super::finalizer::{self, OwnerLife};
use super::super::finding::Explanation;
use super::super::look::Look;
use super::super::story::Story;
use super::super::{chain, phrase};
use crate::laws::Reason;
use crate::model::storage::{
    ClaimRef, EXTERNAL_PROVISIONER, PV_CONTROLLER, PV_PROTECTION, ReclaimPolicy, Volume, VolumePhase, provisioner,
};
use crate::model::{Act, Draft, Key, Kind, Object};

pub(crate) fn sentence(look: Look<'_>, object: &Object, volume: &Volume) -> String {
    if object.meta.deleting() {
        let since = format!("Terminating{}", phrase::aged(look.now, object.meta.deletion_timestamp));
        return format!("{since}, {}", terminating_why(look, object, volume));
    }
    let identity = claim_identity::volume_identity(look, &object.meta.name, volume);
    match volume.status.phase {
        VolumePhase::Bound => match &identity {
            ClaimIdentity::Same if claim_is_going(look, volume) => format!(
                "Bound · {}, which is being deleted: then Released, and {}",
                named(volume),
                disk_fate(look, object, volume)
            ),
            ClaimIdentity::Same => format!("Bound · {}", named(volume)),
            other => format!("Bound to {}, {}", named(volume), other.sentence()),
        },
        VolumePhase::Released => format!(
            "Released: {}; {}",
            released_why(volume, &identity),
            disk_fate(look, object, volume)
        ),
        VolumePhase::Available => match &volume.spec.claim_ref {
            None => "Available: any claim that fits can take it".to_owned(),
            Some(_) => format!("Available, reserved for {}", named(volume)),
        },
        VolumePhase::Failed => "Failed: its disk could not be reclaimed".to_owned(),
        VolumePhase::Pending => "Pending: not yet taken up by the PV controller".to_owned(),
        VolumePhase::Unknown => "a phase Pilothouse does not know".to_owned(),
    }
}

pub(crate) fn explain(look: Look<'_>, object: &Object, volume: &Volume) -> Explanation {
    let mut story = Story::of(look, object);
    let said = sentence(look, object, volume);
    if let Some(held) = &volume.spec.claim_ref {
        story.needs(Kind::PersistentVolumeClaim, &held.namespace);
    }
    let identity = claim_identity::volume_identity(look, &object.meta.name, volume);
    if let ClaimIdentity::Unknown { why } = &identity {
        story.unknown(why.clone());
    }
    if object.meta.deleting() {
        story.needs(Kind::VolumeAttachment, "");
        let owners: Vec<_> = object
            .meta
            .finalizers
            .iter()
            .map(|name| (name, story.finalizer(1, object, name)))
            .collect();
        link_rest(&mut story, object);
        terminating(&mut story, object, volume);
        if story.needs_doing() {
            for (name, owner) in &owners {
                story.no_strip(name, owner);
            }
        }
    } else {
        link_rest(&mut story, object);
        match volume.status.phase {
            VolumePhase::Released => released(&mut story, object, volume, &identity),
            VolumePhase::Failed => story.step("look at the events of the volume: they say why the provisioner failed"),
            VolumePhase::Bound if claim_is_going(look, volume) => under_a_dying_claim(&mut story, object, volume),
            _ => misbound(&mut story, volume, &identity),
        }
    }
    let reason = Reason::new(identity.sentence())
        .seen(&object.key(), "status.phase", phase_word(volume.status.phase))
        .seen(
            &object.key(),
            "spec.claimRef",
            claim_ref_words(volume.spec.claim_ref.as_ref()),
        )
        .seen(
            &object.key(),
            "spec.persistentVolumeReclaimPolicy",
            volume.spec.persistent_volume_reclaim_policy.word(),
        );
    story.told(said, reason)
}

/// `Retain · efs.csi.aws.com fs-06b3`.
pub(crate) fn disk(volume: &Volume) -> String {
    format!(
        "{} · {}",
        volume.spec.persistent_volume_reclaim_policy.word(),
        volume.spec.handle()
    )
}

/// Steps that clear only uid and resourceVersion of a Released volume's claimRef; never offered while a deletion of the
/// volume or of its disk may be under way.
pub(crate) fn offer_clear(story: &mut Story<'_>, object: &Object) {
    let Some(volume) = object.body.volume() else {
        return;
    };
    let safe = volume.status.phase == VolumePhase::Released
        && volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Retain
        && !object.meta.deleting()
        && volume.spec.claim_ref.as_ref().is_some_and(|held| !held.uid.is_empty());
    if safe {
        story.act(
            format!(
                "clear uid and resourceVersion of pv/{}'s claimRef, and only these: it stays reserved for {}",
                object.meta.name,
                named(volume)
            ),
            Act::ClearClaimRef { volume: object.pin() },
        );
    }
}

fn link_rest(story: &mut Story<'_>, object: &Object) {
    let look = story.look;
    story.links(
        chain::of(look.world, &object.key(), look.now, look.quiet)
            .into_iter()
            .skip(1),
    );
}

/// The deletion of an Available volume with policy Delete waits for a Released phase that never comes (trap 38).
pub(crate) fn available_trap(object: &Object, volume: &Volume) -> bool {
    object.meta.deleting()
        && volume.status.phase == VolumePhase::Available
        && volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Delete
        && deleter(object).is_some()
}

/// The finalizer of whoever destroys the disk.
fn deleter(object: &Object) -> Option<&'static str> {
    [EXTERNAL_PROVISIONER, PV_CONTROLLER]
        .into_iter()
        .find(|name| object.meta.has_finalizer(name))
}

fn terminating_why(look: Look<'_>, object: &Object, volume: &Volume) -> String {
    let attached = look.world.attachments_of(&object.meta.name).count();
    if volume.status.phase == VolumePhase::Bound && object.meta.has_finalizer(PV_PROTECTION) {
        return format!("waits for its claim {} to go", named(volume));
    }
    if available_trap(object, volume) {
        return "waits for a provisioner that only serves Released volumes".to_owned();
    }
    if deleter(object).is_some() && volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Delete {
        if attached > 0 {
            return format!(
                "its disk is to be destroyed once {} is gone",
                phrase::count(attached, "attachment")
            );
        }
        let driver = provisioner(&object.meta, volume).unwrap_or("its provisioner");
        return format!("waits for {driver} to destroy the disk");
    }
    if attached > 0 {
        return format!("held by {}", phrase::count(attached, "attachment"));
    }
    if object.meta.finalizers.is_empty() {
        return "nothing holds it: about to vanish".to_owned();
    }
    format!("held by finalizer {}", phrase::names(&object.meta.finalizers, 2))
}

fn terminating(story: &mut Story<'_>, object: &Object, volume: &Volume) {
    let look = story.look;
    let name = &object.meta.name;
    if volume.status.phase == VolumePhase::Bound && object.meta.has_finalizer(PV_PROTECTION) {
        story.step(format!(
            "save pv/{name}'s YAML and its disk's handle ({}): when the claim goes, this object goes too",
            volume.spec.handle()
        ));
        if volume.spec.persistent_volume_reclaim_policy != ReclaimPolicy::Retain {
            let sentence = format!(
                "set pv/{name} to Retain: as it stands ({}), the disk is destroyed after the claim is gone",
                volume.spec.persistent_volume_reclaim_policy.word()
            );
            story.retain(sentence, object);
        }
        story.step(format!(
            "never delete claim {} before the data is saved: the deletion of its volume cannot be taken back",
            named(volume)
        ));
        story
            .step("make a second PV for the same disk from the saved YAML (Retain, new name) and move the claim to it");
        return;
    }
    if available_trap(object, volume) {
        let sentence = format!(
            "set pv/{name} to Retain: the provisioner then takes its finalizer off, the object goes and the disk ({}) stays",
            volume.spec.handle()
        );
        story.retain(sentence, object);
        return;
    }
    for attachment in look.world.attachments_of(name) {
        let node = attachment
            .body
            .attachment()
            .map_or("", |held| held.spec.node_name.as_str());
        story.step(format!(
            "let the volume be detached from {node}: stop its pods there, then explain volumeattachment/{}",
            attachment.meta.name
        ));
    }
    for finalizer in &object.meta.finalizers {
        let owner = finalizer::owned(look, object, finalizer);
        match owner.life {
            OwnerLife::Alive => {}
            OwnerLife::Dead => story.step(format!(
                "bring {} back: nobody else ends this ({})",
                owner.controller, owner.because
            )),
            OwnerLife::Unknown => story.step(format!("see whether {} runs: {}", owner.controller, owner.because)),
        }
    }
}

fn released(story: &mut Story<'_>, object: &Object, volume: &Volume, identity: &ClaimIdentity) {
    let name = &object.meta.name;
    if volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Delete {
        let sentence = format!(
            "if the data is still wanted set pv/{name} to Retain now: its disk is destroyed as soon as the provisioner gets to it"
        );
        story.retain(sentence, object);
        return;
    }
    match identity {
        ClaimIdentity::ClaimGone { .. } => {
            offer_clear(story, object);
            let sentence = format!(
                "make claim {} with volumeName {name}, class {:?}, the same mode and no more than its size: it binds to this volume",
                named(volume),
                volume.spec.storage_class_name.as_str()
            );
            match heir(object, volume) {
                Some(act) => story.act(sentence, act),
                None => story.step(sentence),
            }
        }
        ClaimIdentity::Other { live, .. } => {
            let key = volume
                .spec
                .claim_ref
                .as_ref()
                .map(|held| Key::new(Kind::PersistentVolumeClaim, &held.namespace, &held.name));
            let elsewhere = key
                .and_then(|key| story.look.world.get(&key))
                .and_then(|claim| claim.body.claim())
                .map(|claim| claim.spec.volume_name.clone())
                .filter(|other| !other.is_empty() && other != name);
            if let Some(other) = elsewhere {
                story.step(format!(
                    "decide which data {} is to have: the live claim …{} stands on pv/{other}, the old data is here; a claim's volume cannot be changed",
                    named(volume),
                    live.tail(6)
                ));
            } else {
                offer_clear(story, object);
                story.step(format!(
                    "the live claim …{} of that name then binds to it, if it fits",
                    live.tail(6)
                ));
            }
        }
        ClaimIdentity::Unknown { .. } => story.step(format!(
            "list claims in {} first: whether {} still lives is not in sight",
            volume
                .spec
                .claim_ref
                .as_ref()
                .map_or("", |held| held.namespace.as_str()),
            named(volume)
        )),
        _ => story.step("wait for the PV controller: the claim it names lives"),
    }
    story.step(format!(
        "to free the disk instead: deleting pv/{name} frees nothing under Retain; delete {} in the storage system",
        volume.spec.handle()
    ));
}

/// A claim of the name the volume is reserved for, asking for what the volume gives.
fn heir(object: &Object, volume: &Volume) -> Option<Act> {
    let held = volume.spec.claim_ref.as_ref()?;
    let draft = Draft {
        volume_name: object.meta.name.clone(),
        storage_class_name: Some(volume.spec.storage_class_name.clone()),
        access_modes: volume.spec.access_modes.to_vec(),
        volume_mode: volume.spec.volume_mode.clone(),
        storage: volume.spec.capacity.storage.clone()?,
        ..Draft::default()
    };
    let key = Key::new(Kind::PersistentVolumeClaim, &held.namespace, &held.name);
    // as long as the volume is as it is, this is the same step
    let step = format!("{}-{}", object.meta.uid.tail(6), object.meta.resource_version);
    let act = Act::create_claim(key, draft, &step);
    act.performed().then_some(act)
}

/// The claim that a volume names is being deleted.
fn claim_is_going(look: Look<'_>, volume: &Volume) -> bool {
    volume.spec.claim_ref.as_ref().is_some_and(|held| {
        let key = Key::new(Kind::PersistentVolumeClaim, &held.namespace, &held.name);
        look.world.get(&key).is_some_and(|claim| claim.meta.deleting())
    })
}

fn under_a_dying_claim(story: &mut Story<'_>, object: &Object, volume: &Volume) {
    if volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Delete {
        let sentence = format!(
            "set pv/{} to Retain now if its data is still wanted: it is Delete, and its claim is going",
            object.meta.name
        );
        story.retain(sentence, object);
    }
    if let Some(held) = &volume.spec.claim_ref {
        story.step(format!(
            "explain pvc/{} in {}: what holds it, and the way out in order",
            held.name, held.namespace
        ));
    }
}

fn misbound(story: &mut Story<'_>, volume: &Volume, identity: &ClaimIdentity) {
    if identity.wrong() && volume.status.phase == VolumePhase::Bound {
        story.step(format!(
            "start no pod on {} before this is settled: {}",
            named(volume),
            identity.sentence()
        ));
    }
}

fn released_why(volume: &Volume, identity: &ClaimIdentity) -> String {
    match identity {
        ClaimIdentity::ClaimGone { held } => format!("claim {} (uid …{}) is gone", named(volume), held.tail(6)),
        ClaimIdentity::Other { live, held } => format!(
            "it belongs to claim {} with uid …{}, the live one is …{}",
            named(volume),
            held.tail(6),
            live.tail(6)
        ),
        other => other.sentence(),
    }
}

fn disk_fate(look: Look<'_>, object: &Object, volume: &Volume) -> String {
    let driver = provisioner(&object.meta, volume);
    match volume.spec.persistent_volume_reclaim_policy {
        ReclaimPolicy::Retain => "the disk stays".to_owned(),
        ReclaimPolicy::Delete => {
            let attached = look.world.attachments_of(&object.meta.name).count();
            let who = driver.unwrap_or("its provisioner");
            match attached {
                0 if driver.is_some_and(|driver| finalizer::known_dead(look, driver)) => {
                    format!("its disk is destroyed when {who} comes back")
                }
                0 => format!("its disk is destroyed as soon as {who} gets to it"),
                attached => format!(
                    "its disk is destroyed once {} is gone",
                    phrase::count(attached, "attachment")
                ),
            }
        }
        policy => format!("reclaim policy {}", policy.word()),
    }
}

/// `hasan-prod/mysql-pvc`, or `no claim`.
pub(crate) fn named(volume: &Volume) -> String {
    volume.spec.claim_ref.as_ref().map_or_else(
        || "no claim".to_owned(),
        |held| format!("{}/{}", held.namespace, held.name),
    )
}

fn claim_ref_words(held: Option<&ClaimRef>) -> String {
    match held {
        None => "absent".to_owned(),
        Some(held) if held.uid.is_empty() => format!("{}/{} without uid", held.namespace, held.name),
        Some(held) => format!("{}/{} uid {}", held.namespace, held.name, held.uid),
    }
}

const fn phase_word(phase: VolumePhase) -> &'static str {
    match phase {
        VolumePhase::Pending => "Pending",
        VolumePhase::Available => "Available",
        VolumePhase::Bound => "Bound",
        VolumePhase::Released => "Released",
        VolumePhase::Failed => "Failed",
        VolumePhase::Unknown => "unknown",
    }
}
