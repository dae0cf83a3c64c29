//! The fate of a volume and of the disk behind it: destroyed, leaked, released, waiting, or open to a claim again.

use super::course::Futures;
use super::{Outcome, holders};
use crate::laws::Reason;
use crate::laws::change::Evidence;
use crate::laws::reclaim::{Deleter, Guard, deleter, guard, marking, provided};
use crate::model::storage::{ClaimPhase, EXTERNAL_PROVISIONER, ReclaimPolicy, Volume, VolumePhase};
use crate::model::{Key, Kind, Object};

/// What becomes of a volume that the act touches.
pub(super) fn fate(futures: &Futures<'_>, object: &Object, volume: &Volume) -> Option<(Outcome, Reason)> {
    let key = object.key();
    let handle = volume.spec.handle();
    let trace = futures
        .trace
        .last(&key)
        .map(|step| Reason::clone(&step.reason))
        .unwrap_or_default();
    if futures.trace.destroyed.contains(&object.meta.uid) {
        let text = why(&key, volume) + &provided(&futures.before, &object.meta, volume);
        return Some((
            Outcome::VolumeDestroyed { handle },
            policy_seen(Reason::new(text), &key, volume),
        ));
    }
    let Some(then) = futures.then(object) else {
        let text =
            format!("the volume object goes and its disk {handle} stays behind: nothing in the cluster remembers it");
        let reason = policy_seen(Reason::new(text), &key, volume);
        return Some((Outcome::VolumeLeaked { handle }, with(reason, trace)));
    };
    let now = then.body.volume()?;
    if now.status.phase != volume.status.phase {
        return Some(match (volume.status.phase, now.status.phase) {
            // it had lost its claim before
            (VolumePhase::Released, VolumePhase::Failed) => {
                let fields = vec!["status.phase: Failed".to_owned()];
                (Outcome::Patched { fields }, policy_seen(trace, &key, now))
            }
            (_, _) => phase(futures, then, now, trace),
        });
    }
    if then.meta.deleting() && !object.meta.deleting() {
        let holders = holders::of(&futures.after, futures.conditions, then);
        return Some((Outcome::Hangs { holders }, trace));
    }
    None
}

/// Why a disk is destroyed, in words.
fn why(key: &Key, volume: &Volume) -> String {
    match &volume.spec.claim_ref {
        Some(claim) if volume.status.phase == VolumePhase::Bound => {
            format!(
                "{key} loses its claim {}/{} and its policy is Delete",
                claim.namespace, claim.name
            )
        }
        Some(_) | None => format!("{key} has no claim any more and its policy is Delete"),
    }
}

fn policy_seen(reason: Reason, key: &Key, volume: &Volume) -> Reason {
    let policy = volume.spec.persistent_volume_reclaim_policy;
    reason.seen(key, "spec.persistentVolumeReclaimPolicy", policy.word())
}

fn with(mut reason: Reason, other: Reason) -> Reason {
    let fresh: Vec<Evidence> = other
        .evidence
        .into_iter()
        .filter(|evidence| !reason.evidence.contains(evidence))
        .collect();
    reason.evidence.extend(fresh);
    reason
}

fn phase(futures: &Futures<'_>, then: &Object, now: &Volume, trace: Reason) -> (Outcome, Reason) {
    let key = then.key();
    let handle = now.spec.handle();
    let said = |text: String| with(policy_seen(Reason::new(text), &key, now), trace.clone());
    match now.status.phase {
        VolumePhase::Released => match now.spec.persistent_volume_reclaim_policy {
            ReclaimPolicy::Retain => {
                let text = format!("{}; policy Retain keeps the disk {handle}", trace.text);
                (Outcome::VolumeRetained { handle }, said(text))
            }
            ReclaimPolicy::Delete => waiting(futures, then, now, &trace),
            ReclaimPolicy::Recycle => {
                let text = format!("{}; policy Recycle scrubs the disk {handle}", trace.text);
                (Outcome::VolumeDestroyed { handle }, said(text))
            }
            ReclaimPolicy::Unknown => {
                let missing = format!("what the reclaim policy of {key} means");
                (Outcome::Unknown { missing }, said(trace.text.clone()))
            }
        },
        VolumePhase::Failed => {
            let text = format!("{}; the object stays too, Failed", trace.text);
            (Outcome::VolumeRetained { handle }, said(text))
        }
        VolumePhase::Pending | VolumePhase::Available | VolumePhase::Bound | VolumePhase::Unknown => {
            let fields = vec![format!("status.phase: {:?}", now.status.phase)];
            (Outcome::Patched { fields }, trace)
        }
    }
}

/// Released with policy Delete, and not destroyed yet: why not, and what ends the wait.
fn waiting(futures: &Futures<'_>, then: &Object, now: &Volume, trace: &Reason) -> (Outcome, Reason) {
    let key = then.key();
    let handle = now.spec.handle();
    let said = |text: String| with(policy_seen(Reason::new(text), &key, now), trace.clone());
    match guard(&futures.after, futures.conditions, then, now) {
        Guard::ProvisionerDead(name) => {
            let holders = vec![holders::dead_provisioner(key.clone(), &name)];
            let text = format!(
                "{}; {name} does not run: the disk {handle} is destroyed as soon as it returns, unless the policy is set to \
                 Retain before",
                trace.text
            );
            (Outcome::Hangs { holders }, said(text))
        }
        Guard::Attached(attachment) => {
            let holders = vec![holders::attached(&futures.after, &attachment)];
            let text = format!(
                "{}; it is still attached to a node: the disk {handle} is destroyed once it is detached",
                trace.text
            );
            (Outcome::Hangs { holders }, said(text))
        }
        Guard::AttachmentsUnknown => {
            let missing = "volumeattachments: whether the disk is guarded by an attachment".to_owned();
            (
                Outcome::Unknown { missing },
                said(format!("{}; its policy is Delete", trace.text)),
            )
        }
        Guard::DeleterUnknown => {
            let missing = format!("the source of {key} is not read: who would delete its disk");
            (
                Outcome::Unknown { missing },
                said(format!("{}; its policy is Delete", trace.text)),
            )
        }
        Guard::Skipped | Guard::NoDeleter | Guard::None => {
            let text = format!(
                "{}; no provisioner takes it up, so the disk {handle} is left behind",
                trace.text
            );
            (Outcome::VolumeLeaked { handle }, said(text))
        }
    }
}

/// What deleting the volume object itself does; `None` when the general rule says it.
pub(super) fn target(futures: &Futures<'_>, object: &Object) -> Option<(Outcome, Reason)> {
    let volume = object.body.volume()?;
    let (outcome, reason) = fate(futures, object, volume)?;
    let key = object.key();
    let Outcome::Hangs { holders } = outcome else {
        return Some((outcome, reason));
    };
    let policy = volume.spec.persistent_volume_reclaim_policy;
    let later = match (volume.status.phase, policy) {
        (VolumePhase::Bound, ReclaimPolicy::Delete) => fuse(futures, object, volume),
        (VolumePhase::Bound, _) => FORGOTTEN.to_owned(),
        (_, ReclaimPolicy::Delete) => {
            "set its policy to Retain to let it go, or release it to have its disk destroyed".to_owned()
        }
        (_, _) => "its disk is forgotten when it goes".to_owned(),
    };
    let text = format!("the deletion is accepted and cannot be withdrawn; {later}");
    Some((
        Outcome::Hangs { holders },
        policy_seen(Reason::new(text), &key, volume).seen(&key, "status.phase", format!("{:?}", volume.status.phase)),
    ))
}

const FORGOTTEN: &str = "when its claim goes, the object goes too and its disk is forgotten";

/// What comes of the disk when the claim goes of a volume with policy Delete that was deleted while Bound: only one that its
/// provisioner has marked before is looked at again, and what is being deleted is marked no more.
fn fuse(futures: &Futures<'_>, object: &Object, volume: &Volume) -> String {
    let destroyed = "when its claim goes, its disk is destroyed";
    match deleter(&object.meta, volume) {
        Deleter::ControllerManager => destroyed.to_owned(),
        Deleter::Provisioner(_) if object.meta.has_finalizer(EXTERNAL_PROVISIONER) => destroyed.to_owned(),
        Deleter::Provisioner(name) => format!(
            "{FORGOTTEN}: {name} has not marked it, and marks nothing that is being deleted ({})",
            marking(futures.conditions)
        ),
        Deleter::Nobody | Deleter::Unknown => FORGOTTEN.to_owned(),
    }
}

/// A volume that is being deleted and is no longer Bound goes.
fn let_go(futures: &Futures<'_>, object: &Object) -> Option<(Outcome, Reason)> {
    let gone = futures.then(object).is_none();
    let volume = object.body.volume().filter(|_| gone)?;
    fate(futures, object, volume)
}

/// What clearing the uid of a `claimRef` does to the volume.
pub(super) fn cleared(futures: &Futures<'_>, object: &Object) -> (Outcome, Reason) {
    if let Some(lost) = let_go(futures, object) {
        return lost;
    }
    let fields = vec![
        "spec.claimRef.uid: removed".to_owned(),
        "spec.claimRef.resourceVersion: removed".to_owned(),
        "status.phase: Available".to_owned(),
    ];
    let key = object.key();
    let claim = object.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref());
    let Some(claim) = claim else {
        return (Outcome::Patched { fields }, Reason::default());
    };
    let name = format!("{}/{}", claim.namespace, claim.name);
    let claim_key = Key::new(Kind::PersistentVolumeClaim, &claim.namespace, &claim.name);
    let reason = |text: String| {
        Reason::new(text).seen(&key, "spec.claimRef", name.as_str()).seen(
            &key,
            "spec.claimRef.uid",
            claim.uid.to_string(),
        )
    };
    let live = futures.before.get(&claim_key);
    let taken = live.is_some_and(|live| {
        let then = futures.after.get(&claim_key).and_then(|then| then.body.claim());
        live.meta.uid != claim.uid && then.is_some_and(|then| then.spec.volume_name == key.name)
    });
    let text = match live {
        Some(live) if live.meta.uid == claim.uid => format!(
            "its claim {name} lives and is bound to it: the claim becomes Lost (ClaimMisbound) until the uid is put back; pods \
             that mount it go on, and none can mount it anew"
        ),
        Some(_) if taken => format!("the volume is reserved for {name}, and the claim of that name takes it"),
        Some(_) => format!(
            "the volume becomes Available and stays reserved for {name}; the claim of that name does not take it (other size, \
             modes or volume)"
        ),
        None => format!(
            "the volume becomes Available and stays reserved for {name}: no other claim can take it, a new one of that name \
             does, best with spec.volumeName: {}",
            key.name
        ),
    };
    let mut fields = fields;
    if taken {
        fields.pop();
        fields.push("spec.claimRef.uid: that of the new claim".to_owned());
    }
    (Outcome::Patched { fields }, reason(text))
}

/// What reserving the volume for another name does.
pub(super) fn retargeted(futures: &Futures<'_>, object: &Object, namespace: &str, name: &str) -> (Outcome, Reason) {
    if let Some(lost) = let_go(futures, object) {
        return lost;
    }
    let key = object.key();
    let held = object.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref());
    let was = held.map_or_else(
        || "(none)".to_owned(),
        |claim| format!("{}/{}", claim.namespace, claim.name),
    );
    let is = format!("{namespace}/{name}");
    if held.is_some_and(|claim| claim.uid.is_empty() && claim.namespace == namespace && claim.name == name) {
        let reason = Reason::new(format!("it is reserved for {is} already"));
        return (Outcome::Kept, reason.seen(&key, "spec.claimRef", was));
    }
    let heir = Key::new(Kind::PersistentVolumeClaim, namespace, name);
    let bound = futures.after.get(&heir).and_then(|then| then.body.claim());
    let taken =
        bound.is_some_and(|claim| claim.spec.volume_name == key.name && claim.status.phase == ClaimPhase::Bound);
    let loser = held.filter(|claim| {
        let live = futures.before.by_uid(&claim.uid);
        live.is_some_and(|live| live.key() != heir && !claim.uid.is_empty())
    });
    let mut text = if taken {
        format!("the claim {is} takes it")
    } else if futures.before.get(&heir).is_some() {
        format!(
            "it is reserved for {is}, and the claim of that name does not take it (other size, modes, class or volume)"
        )
    } else {
        format!("it becomes Available, reserved for {is}: no other claim can take it")
    };
    if let Some(claim) = loser {
        text = format!(
            "{text}; its claim {}/{} lives and is Lost from now on",
            claim.namespace, claim.name
        );
    }
    let fields = vec![format!("spec.claimRef: {was} → {is}")];
    let reason = Reason::new(text).seen(&key, "spec.claimRef", was.as_str()).seen(
        &key,
        "spec.claimRef.uid",
        held.map(|claim| claim.uid.to_string()).unwrap_or_default(),
    );
    (Outcome::Patched { fields }, reason)
}

/// What another reclaim policy does, now and later.
pub(super) fn under(futures: &Futures<'_>, object: &Object, policy: ReclaimPolicy) -> (Outcome, Reason) {
    let key = object.key();
    let Some(volume) = object.body.volume() else {
        return (Outcome::Kept, Reason::default());
    };
    let was = volume.spec.persistent_volume_reclaim_policy;
    let seen = |text: String| {
        policy_seen(Reason::new(text), &key, volume).seen(&key, "status.phase", format!("{:?}", volume.status.phase))
    };
    if was == policy {
        return (Outcome::Kept, seen(format!("its policy is {} already", policy.word())));
    }
    let handle = volume.spec.handle();
    let change = format!("spec.persistentVolumeReclaimPolicy: {} → {}", was.word(), policy.word());
    if let Some((outcome, reason)) = fate(futures, object, volume) {
        return match outcome {
            Outcome::VolumeDestroyed { .. } => {
                let lead = "nothing claims it any more, so the new policy runs at once";
                (outcome, with(seen(lead.to_owned()), reason))
            }
            Outcome::Patched { fields } => {
                let fields = std::iter::once(change).chain(fields).collect();
                let lead = format!("the new policy runs at once; {}", reason.text);
                (Outcome::Patched { fields }, with(seen(lead), reason))
            }
            outcome @ (Outcome::Deleted
            | Outcome::DeletedLater { .. }
            | Outcome::Kept
            | Outcome::Hangs { .. }
            | Outcome::VolumeRetained { .. }
            | Outcome::VolumeLeaked { .. }
            | Outcome::Created
            | Outcome::Recreated { .. }
            | Outcome::Orphaned
            | Outcome::Rejected { .. }
            | Outcome::Unknown { .. }) => (
                outcome,
                with(seen("what held it under the old policy lets go".to_owned()), reason),
            ),
        };
    }
    if let (VolumePhase::Released, ReclaimPolicy::Delete, Some(then)) =
        (volume.status.phase, policy, futures.then(object))
        && let Some(now) = then.body.volume()
    {
        return waiting(futures, then, now, &seen("the new policy runs at once".to_owned()));
    }
    let text = match policy {
        ReclaimPolicy::Retain => format!("the disk {handle} stays from now on, whatever becomes of its claim"),
        ReclaimPolicy::Delete | ReclaimPolicy::Recycle | ReclaimPolicy::Unknown => {
            format!("nothing goes now; from now on the disk {handle} is destroyed when its claim goes")
        }
    };
    (Outcome::Patched { fields: vec![change] }, seen(text))
}
