//! The target itself: whether the server takes the request at all, and what becomes of the object it names.

use super::course::Futures;
use super::{Entry, Outcome, holders, volume};
use crate::laws::Reason;
use crate::laws::absence::lists;
use crate::laws::stateful_set::ordinal;
use crate::model::storage::ReclaimPolicy;
use crate::model::{Act, Key, Kind, Object, Pin, Propagation, Uid, World};

/// Why there is nothing to forecast: the server would refuse, or the target cannot be seen.
pub(super) fn refusal(world: &World, act: &Act) -> Option<Entry> {
    let pin = act.target();
    let entry = |outcome: Outcome, reason: Reason| Entry {
        object: pin.key.clone(),
        uid: pin.uid.clone(),
        outcome,
        law: "api_server".into(),
        reason,
    };
    let rejected = |error: String, reason: Reason| Some(entry(Outcome::Rejected { error }, reason));
    let Some(held) = world.get(&pin.key) else {
        if lists(world, pin.key.kind, &pin.key.namespace) && world.malformed().all(|broken| broken.key != pin.key) {
            let error = format!("404 NotFound: {} {:?} not found", pin.key.kind.plural(), pin.key.name);
            return rejected(error, Reason::new(format!("{} does not exist any more", pin.key)));
        }
        let missing = format!("{} cannot be seen", pin.key);
        return Some(entry(
            Outcome::Unknown { missing },
            Reason::new("the target itself is not among the facts"),
        ));
    };
    if held.meta.uid != pin.uid {
        let error = format!(
            "409 Conflict: the UID in the precondition ({}) does not match the UID in record ({})",
            pin.uid, held.meta.uid
        );
        let reason = Reason::new(format!("{} is another object than the one that was shown", pin.key));
        return rejected(error, reason.seen(&pin.key, "metadata.uid", held.meta.uid.to_string()));
    }
    match act {
        Act::Delete { .. } if pin.key.kind == Kind::Release => Some(entry(
            Outcome::Unknown {
                missing: "Helm's own reaction to a lost record is not modelled yet".to_owned(),
            },
            Reason::new("deleting a release record makes Helm forget that revision; nothing it installed goes"),
        )),
        Act::Delete { .. } | Act::Helm { .. } => None,
        Act::ClearClaimRef { .. } => clearable(held, pin).and_then(|error| {
            let reason = Reason::new(format!("{} has nothing to clear", pin.key));
            rejected(error, reason)
        }),
    }
}

/// Why a `claimRef` cannot be cleared, if it cannot.
fn clearable(held: &Object, pin: &Pin) -> Option<String> {
    let Some(volume) = held.body.volume() else {
        return Some(format!("{} is no PersistentVolume and has no claimRef", pin.key));
    };
    match &volume.spec.claim_ref {
        None => Some("422 Invalid: the patch tests spec.claimRef.uid, and there is no claimRef".to_owned()),
        Some(claim) if claim.uid.is_empty() => Some(
            "422 Invalid: the patch tests spec.claimRef.uid, and the volume is reserved by name already".to_owned(),
        ),
        Some(_) => None,
    }
}

/// What becomes of the target of a request that the server takes.
pub(super) fn entry(futures: &Futures<'_>, object: &Object) -> Entry {
    let (outcome, law, reason) = match futures.act {
        Act::Delete { propagation, .. } => deleted(futures, object, *propagation),
        Act::Helm { .. } => super::helm::release(futures, object),
        Act::ClearClaimRef { .. } => {
            let (outcome, reason) = volume::cleared(futures, object);
            (outcome, "release", reason)
        }
    };
    Entry {
        object: object.key(),
        uid: Uid::clone(&object.meta.uid),
        outcome,
        law: law.into(),
        reason,
    }
}

fn deleted(futures: &Futures<'_>, object: &Object, propagation: Propagation) -> (Outcome, &'static str, Reason) {
    let key = object.key();
    let then = futures.then(object);
    let law = futures.trace.last(&key).map_or("api_server", |step| step.law);
    let last = || {
        futures
            .trace
            .last(&key)
            .map(|step| step.reason.clone())
            .unwrap_or_default()
    };
    let seen = |reason: Reason| {
        object.meta.finalizers.iter().fold(reason, |reason, finalizer| {
            reason.seen(&key, "metadata.finalizers", finalizer.as_str())
        })
    };
    if let Some(since) = object.meta.deletion_timestamp {
        let text = format!("{key} is being deleted already; another DELETE changes nothing");
        let reason = Reason::new(text).seen(&key, "metadata.deletionTimestamp", since.to_string());
        let outcome = match then {
            Some(left) => Outcome::Hangs {
                holders: holders::of(&futures.after, futures.conditions, left),
            },
            None => Outcome::DeletedLater {
                by: super::words::controller(law).into(),
            },
        };
        return (outcome, law, seen(reason));
    }
    if object.kind() == Kind::PersistentVolume
        && let Some((outcome, reason)) = volume::target(futures, object)
    {
        return (outcome, law, seen(reason));
    }
    let Some(left) = then else {
        let after = last();
        let text = if after.text.is_empty() {
            format!("nothing holds it: DELETE ({}) removes it", propagation.word())
        } else {
            format!(
                "DELETE ({}) is accepted, and it goes: {}",
                propagation.word(),
                after.text
            )
        };
        let mut reason = seen(Reason::new(text));
        reason.evidence.extend(after.evidence);
        return (Outcome::Deleted, law, reason);
    };
    let holders = holders::of(&futures.after, futures.conditions, left);
    let law = match object.kind() {
        Kind::PersistentVolumeClaim => "pvc_protection",
        Kind::PersistentVolume => "pv_protection",
        Kind::Namespace
        | Kind::Node
        | Kind::StorageClass
        | Kind::VolumeAttachment
        | Kind::Pod
        | Kind::Job
        | Kind::CronJob
        | Kind::StatefulSet
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::DaemonSet
        | Kind::Release => law,
    };
    let text = format!(
        "the deletion is accepted and cannot be withdrawn{}",
        afterwards(futures, object).unwrap_or_default()
    );
    (Outcome::Hangs { holders }, law, seen(Reason::new(text)))
}

/// What follows for a claim's disk once the holders have gone.
pub(super) fn afterwards(futures: &Futures<'_>, object: &Object) -> Option<String> {
    let claim = object.body.claim()?;
    let key = Key::cluster(Kind::PersistentVolume, &claim.spec.volume_name);
    let volume = futures.before.get(&key)?.body.volume()?;
    let disk = match volume.spec.persistent_volume_reclaim_policy {
        ReclaimPolicy::Retain => format!("{key} is Released and keeps its disk"),
        ReclaimPolicy::Delete => format!("the disk behind {key} is destroyed"),
        ReclaimPolicy::Recycle => format!("the disk behind {key} is scrubbed"),
        ReclaimPolicy::Unknown => format!("{key} is Released"),
    };
    let maker = futures
        .before
        .in_namespace(Kind::StatefulSet, &object.meta.namespace)
        .find(|set| {
            set.body.stateful_set().is_some_and(|facts| {
                facts.spec.volume_claim_templates.iter().any(|template| {
                    let prefix = format!("{}-{}", template.metadata.name, set.meta.name);
                    ordinal(&prefix, &object.meta.name).is_some_and(|number| facts.ordinals().contains(&number))
                })
            })
        });
    let again = maker.map(|set| format!(", and StatefulSet {} makes a new, empty claim", set.meta.name));
    Some(format!(
        "; when they go, the claim goes, {disk}{}",
        again.unwrap_or_default()
    ))
}
