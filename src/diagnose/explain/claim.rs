//! Claims: Terminating (held by whom), Pending (why), Lost (what it lost), Bound.

use super::super::claim_identity::{self, ClaimIdentity};
use super::super::finalizer;
use super::super::finding::Explanation;
use super::super::holder::{self, HeldBy};
use super::super::look::Look;
use super::super::pending::{self, Pending};
use super::super::story::Story;
use super::super::{chain, phrase};
use super::way_out;
use crate::laws::Reason;
use crate::laws::ownership::Root;
use crate::model::storage::{Claim, ClaimPhase, PVC_PROTECTION, ReclaimPolicy};
use crate::model::{Act, Draft, Kind, Object, Text};
use std::sync::Arc;
use std::time::Duration;

pub(crate) fn sentence(look: Look<'_>, object: &Object, claim: &Claim) -> String {
    if object.meta.deleting() {
        return terminating_sentence(look, object);
    }
    match claim.status.phase {
        ClaimPhase::Pending => {
            let why = pending::why(look, object, claim).sentence();
            format!(
                "Pending{}, {why}",
                phrase::aged(look.now, object.meta.creation_timestamp)
            )
        }
        ClaimPhase::Lost => format!("Lost: {}", lost(look, object, claim)),
        ClaimPhase::Bound => bound_sentence(look, object, claim),
        ClaimPhase::Unknown => "a phase Pilothouse does not know".to_owned(),
    }
}

pub(crate) fn explain(look: Look<'_>, object: &Object, claim: &Claim) -> Explanation {
    let mut story = Story::of(look, object);
    let said = sentence(look, object, claim);
    story.needs(Kind::PersistentVolume, "");
    story.needs(Kind::Pod, &object.meta.namespace);
    let reason = if object.meta.deleting() {
        terminating(&mut story, object, claim)
    } else {
        match claim.status.phase {
            ClaimPhase::Pending => waiting(&mut story, object, claim),
            ClaimPhase::Lost => losing(&mut story, object, claim),
            ClaimPhase::Bound | ClaimPhase::Unknown => resting(&mut story, object, claim),
        }
    };
    story.told(said, reason)
}

/// Finalizers besides pvc-protection.
pub(crate) fn other_finalizers(object: &Object) -> Vec<&Text> {
    object
        .meta
        .finalizers
        .iter()
        .filter(|held| *held != PVC_PROTECTION)
        .collect()
}

fn terminating_sentence(look: Look<'_>, object: &Object) -> String {
    let since = format!("Terminating{}", phrase::aged(look.now, object.meta.deletion_timestamp));
    let holders = holder::of_claim(look, &object.key());
    let others = other_finalizers(object);
    let seen = look.sees(Kind::Pod, &object.meta.namespace);
    let protected = object.meta.has_finalizer(PVC_PROTECTION);
    let pods = match (protected && !holders.is_empty(), seen) {
        (true, true) => Some(holder::summary(look, &holders)),
        (true, false) => Some(format!("at least {}", holder::summary(look, &holders))),
        (false, _) => None,
    };
    let finalizers = (!others.is_empty()).then(|| format!("finalizer {}", phrase::names(others, 2)));
    let held: Vec<String> = pods.into_iter().chain(finalizers).collect();
    if !held.is_empty() {
        return format!("{since}, held by {}", phrase::and(&held));
    }
    if protected && !seen {
        let gap = look.gap(Kind::Pod, &object.meta.namespace).unwrap_or_default();
        return format!("{since}, what holds it is unknown ({gap})");
    }
    if protected {
        return format!("{since}, no pod holds it: pvc-protection goes next");
    }
    format!("{since}, nothing holds it: about to vanish")
}

fn terminating(story: &mut Story<'_>, object: &Object, claim: &Claim) -> Reason {
    let look = story.look;
    let holders = holder::of_claim(look, &object.key());
    for name in &object.meta.finalizers {
        story.finalizer(1, object, name);
        if name == PVC_PROTECTION {
            for held in &holders {
                link_holder(story, object, held);
            }
        }
    }
    for held in &holders {
        let direct = held
            .pod
            .meta
            .controller()
            .and_then(|owner| owner.key(&object.meta.namespace));
        let root = match &held.root {
            Root::Known(root) => Some(root.key()),
            Root::Dangling(owner) => owner.key(&object.meta.namespace),
            Root::Itself | Root::Foreign(_) => None,
        };
        for key in direct.into_iter().chain(root) {
            story.needs(key.kind, &object.meta.namespace);
        }
    }
    link_volume(story, object, claim);
    let seen = look.sees(Kind::Pod, &object.meta.namespace);
    let age = object
        .meta
        .deletion_timestamp
        .map_or(Duration::ZERO, |at| look.now.since(at));
    if !seen && object.meta.has_finalizer(PVC_PROTECTION) {
        story.step("do nothing before pods can be listed: what holds the claim is not in sight");
    }
    if !holders.is_empty() || !other_finalizers(object).is_empty() {
        spare_the_disk(story, claim);
        way_out::release(story, object, &holders);
        for name in other_finalizers(object) {
            story.wait_for(&finalizer::owned(look, object, name));
        }
        after(story, object, claim);
        for name in &object.meta.finalizers {
            story.no_strip(name, &finalizer::owned(look, object, name));
        }
    } else if seen && age > Duration::from_mins(1) {
        story.step("nothing in sight holds it: see whether kube-controller-manager runs and reaches the API server");
    }
    Reason::new("deletion was accepted and can never be taken back")
        .seen(
            &object.key(),
            "metadata.deletionTimestamp",
            object
                .meta
                .deletion_timestamp
                .map_or_else(String::new, |at| at.to_string()),
        )
        .seen(
            &object.key(),
            "metadata.finalizers",
            phrase::names(&object.meta.finalizers, 9),
        )
}

fn link_holder(story: &mut Story<'_>, claim: &Object, held: &HeldBy) {
    let look = story.look;
    let node = held.pod.body.pod().map_or("", |pod| pod.spec.node_name.as_str());
    let ended = if held.completed() {
        ": it has ended, and its object still holds"
    } else {
        ""
    };
    let going = if held.pod.meta.deleting() {
        ", itself Terminating"
    } else {
        ""
    };
    story.link(
        2,
        held.pod.key(),
        format!("{}{going} on {node} mounts it{ended}", held.phase().word()),
        Reason::new("a scheduled pod that names the claim holds it, whatever its phase")
            .seen(&held.pod.key(), "spec.nodeName", node)
            .seen(
                &held.pod.key(),
                "spec.volumes.persistentVolumeClaim.claimName",
                claim.meta.name.as_str(),
            ),
    );
    story.links(chain::owners(look, &held.pod, 3));
}

/// The volume below the claim, with the identity verdict and what becomes of its disk.
fn link_volume(story: &mut Story<'_>, object: &Object, claim: &Claim) {
    story.links(chain::volume_of_claim(story.look, object, claim, 1));
}

/// The first step of any way out that ends a claim: its disk must survive it.
fn spare_the_disk(story: &mut Story<'_>, claim: &Claim) {
    let name = &claim.spec.volume_name;
    if name.is_empty() {
        return;
    }
    let found = volume(story.look, name);
    match found.as_ref().and_then(|found| found.body.volume()) {
        Some(facts) => match facts.spec.persistent_volume_reclaim_policy {
            ReclaimPolicy::Retain => {}
            policy => {
                let sentence = format!(
                    "set persistentVolumeReclaimPolicy of pv/{name} to Retain first: it is {}, and the disk ({}) is \
                     destroyed as soon as the claim is gone",
                    policy.word(),
                    facts.spec.handle()
                );
                match &found {
                    Some(volume) => story.retain(sentence, volume),
                    None => story.step(sentence),
                }
            }
        },
        None => story.step(format!(
            "find out the reclaim policy of pv/{name} before anything else: it is not in sight, and Delete would destroy the disk"
        )),
    }
}

fn after(story: &mut Story<'_>, object: &Object, claim: &Claim) {
    let name = &claim.spec.volume_name;
    if !name.is_empty() {
        let held = volume(story.look, name);
        if held.as_ref().is_some_and(|held| held.meta.deleting()) {
            story.step(format!(
                "the claim then goes by itself, and pv/{name}, which is being deleted too, goes with it: what brings its data back \
                 is a PV made by hand from its saved YAML"
            ));
            return;
        }
        story.step(format!("the claim then goes by itself and pv/{name} becomes Released"));
        story.later(
            format!("to use its data again clear uid and resourceVersion of pv/{name}'s claimRef, and only these"),
            held.map(|held| Act::ClearClaimRef { volume: held.pin() }),
        );
        story.later(
            format!(
                "and make claim {} with volumeName {name}: it binds to this volume",
                object.meta.name
            ),
            again(object, claim),
        );
    }
}

/// The same claim once more, on the same volume; `None` where the facts do not say what it asks for.
fn again(object: &Object, claim: &Claim) -> Option<Act> {
    let spec = &claim.spec;
    let draft = Draft {
        volume_name: spec.volume_name.clone(),
        storage_class_name: spec.storage_class_name.clone(),
        access_modes: spec.access_modes.to_vec(),
        volume_mode: spec.volume_mode.clone(),
        storage: spec.resources.requests.storage.clone()?,
        ..Draft::default()
    };
    // whenever it is asked for, one claim has one successor
    let step = object.meta.uid.tail(6);
    draft
        .lacks()
        .is_none()
        .then(|| Act::create_claim(object.key(), draft, &step))
        .filter(Act::performed)
}

fn waiting(story: &mut Story<'_>, object: &Object, claim: &Claim) -> Reason {
    story.needs(Kind::StorageClass, "");
    let why = pending::why(story.look, object, claim);
    story.links(chain::volume_of_claim(story.look, object, claim, 1));
    if let Some(class) = &claim.spec.storage_class_name
        && !class.is_empty()
        && claim.spec.volume_name.is_empty()
    {
        story.links([chain::class(story.look, class, 1)]);
    }
    let users: Vec<Arc<Object>> = story.look.world.users_of(&object.key()).cloned().collect();
    for pod in users {
        let said = super::sentence(story.look, &pod);
        story.link(1, pod.key(), format!("waits for it: {said}"), Reason::default());
    }
    let age = object
        .meta
        .creation_timestamp
        .map_or(Duration::ZERO, |at| story.look.now.since(at));
    if !why.normal(age)
        && let Some(step) = why.way_out(object)
    {
        story.step(step);
    }
    if let Pending::VolumeTaken { volume: name, .. } = &why
        && let Some(held) = volume(story.look, name)
    {
        offer_clear(story, &held, object);
    }
    why.reason(object)
}

/// Offers to clear the claimRef's uid where that is safe: Released, Retain, reserved for this very name.
fn offer_clear(story: &mut Story<'_>, held: &Object, claim: &Object) {
    let named = held
        .body
        .volume()
        .and_then(|facts| facts.spec.claim_ref.as_ref())
        .is_some_and(|held| held.name == claim.meta.name && held.namespace == claim.meta.namespace);
    if named {
        super::volume::offer_clear(story, held);
    }
}

/// What a Lost claim lost.
pub(crate) fn lost(look: Look<'_>, object: &Object, claim: &Claim) -> String {
    let name = &claim.spec.volume_name;
    match claim_identity::claim_identity(look, object, claim) {
        ClaimIdentity::VolumeGone => format!("its volume pv/{name} is gone"),
        ClaimIdentity::Other { held, .. } => format!("pv/{name} belongs to another claim (uid …{})", held.tail(6)),
        ClaimIdentity::Free | ClaimIdentity::Reserved => format!("pv/{name} does not name it any more"),
        ClaimIdentity::Same => format!("pv/{name} names it again, but Lost is final"),
        ClaimIdentity::Unknown { why } => format!("what became of pv/{name} is unknown ({why})"),
        ClaimIdentity::ClaimGone { .. } | ClaimIdentity::Elsewhere { .. } | ClaimIdentity::Unbound => {
            "it names no volume".to_owned()
        }
    }
}

fn losing(story: &mut Story<'_>, object: &Object, claim: &Claim) -> Reason {
    story.links(chain::volume_of_claim(story.look, object, claim, 1));
    let name = &claim.spec.volume_name;
    story.step(format!(
        "find the disk behind pv/{name}: a saved PV manifest, the journal or the storage system tells its handle"
    ));
    story.step(format!(
        "make pv/{name} anew from its manifest with reclaim policy Retain and claimRef {}/{} without uid",
        object.meta.namespace, object.meta.name
    ));
    story.delete(
        "delete the Lost claim (Lost is final) once its pods are stopped",
        object,
    );
    story.later(format!("and make it anew with volumeName {name}"), again(object, claim));
    Reason::new("a bound claim whose volume vanished or went elsewhere is Lost, and stays so")
        .seen(&object.key(), "status.phase", "Lost")
        .seen(&object.key(), "spec.volumeName", name.as_str())
}

fn bound_sentence(look: Look<'_>, object: &Object, claim: &Claim) -> String {
    let identity = claim_identity::claim_identity(look, object, claim);
    match &identity {
        ClaimIdentity::Same | ClaimIdentity::Unknown { .. } => {}
        other => return format!("Bound, but {}: {}", claim.spec.volume_name, other.sentence()),
    }
    let users: Vec<Text> = look
        .world
        .users_of(&object.key())
        .map(|pod| pod.meta.name.clone())
        .collect();
    match (users.is_empty(), look.sees(Kind::Pod, &object.meta.namespace)) {
        (false, _) => format!("Bound · {}", phrase::names(users, 2)),
        (true, true) => "Bound · no pod uses it".to_owned(),
        (true, false) => "Bound · pods are not in sight".to_owned(),
    }
}

fn resting(story: &mut Story<'_>, object: &Object, claim: &Claim) -> Reason {
    let rest: Vec<_> = chain::claim_links(story.look, object, claim)
        .into_iter()
        .skip(1)
        .collect();
    story.links(rest);
    let identity = claim_identity::claim_identity(story.look, object, claim);
    if identity.wrong() || matches!(identity, ClaimIdentity::Free) {
        story.step(format!(
            "start no pod on it before this is settled: compare pv/{}'s claimRef with this claim's uid",
            claim.spec.volume_name
        ));
    }
    Reason::new(identity.sentence())
        .seen(&object.key(), "spec.volumeName", claim.spec.volume_name.as_str())
        .seen(&object.key(), "metadata.uid", object.meta.uid.to_string())
}

pub(crate) fn volume(look: Look<'_>, name: &str) -> Option<Arc<Object>> {
    look.world.find(Kind::PersistentVolume, "", name).cloned()
}
