//! The target itself: whether the server takes the request at all, and what becomes of the object it names.

mod created;
mod eviction;
mod finalizer;
mod patched;

use super::course::Futures;
use super::{Entry, Outcome, holders, volume};
use crate::laws::Reason;
use crate::laws::absence::lists;
use crate::laws::apply::{retargets, stumbles};
use crate::laws::change::{FOREGROUND, ORPHAN};
use crate::laws::namespace::{Obstacle, obstacles};
use crate::laws::stateful_set::ordinal;
use crate::model::act::Task;
use crate::model::act::task::RaftDeed;
use crate::model::storage::ReclaimPolicy;
use crate::model::{Act, Key, Kind, Object, Propagation, Uid, World};

pub(super) use created::created;
pub(super) use finalizer::{loses_attachment, untold};
pub(super) use patched::contested;

/// Why there is nothing to forecast: the server would refuse, or the target cannot be seen.
pub(super) fn refusal(world: &World, act: &Act) -> Option<Entry> {
    let pin = act.target();
    let entry = |outcome: Outcome, reason: Reason| Entry {
        object: pin.key.clone(),
        uid: pin.uid.clone(),
        outcome,
        law: "api_server".into(),
        reason: reason.into(),
    };
    let rejected = |error: String, reason: Reason| Some(entry(Outcome::Rejected { error }, reason));
    if let Some(why) = act.misfit() {
        return rejected(why, Reason::new(format!("this cannot be asked of {}", pin.key)));
    }
    let lacks = match act {
        Act::CreateClaim { draft, .. } => Some(draft.lacks()),
        Act::CreateClass { draft, .. } => Some(draft.lacks()),
        Act::CreateSet { draft, .. } => Some(draft.lacks()),
        Act::Delete { .. }
        | Act::Evict { .. }
        | Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. }
        | Act::Helm { .. }
        | Act::Task { .. } => None,
    };
    if let Some(lacks) = lacks {
        return created::refusal(world, &pin.key, lacks).map(|(outcome, reason)| entry(outcome, reason));
    }
    // whether its name is free is helm's to look
    if act.creates() {
        return None;
    }
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
    asked_in_vain(world, act, held).map(|(outcome, reason)| entry(outcome, reason))
}

/// Why the server would refuse, or why nobody can say, although the target is the one that was shown.
fn asked_in_vain(world: &World, act: &Act, held: &Object) -> Option<(Outcome, Reason)> {
    let key = held.key();
    let refused = |error: String, text: String| Some((Outcome::Rejected { error }, Reason::new(text)));
    match act {
        Act::Delete { .. } if key.kind.is_record() => {
            let missing = "Helm's own reaction to a lost record is not modelled yet".to_owned();
            let text = "deleting a release record makes Helm forget that revision; nothing it installed goes";
            Some((Outcome::Unknown { missing }, Reason::new(text)))
        }
        Act::Evict { .. } => eviction::refusal(world, held),
        Act::ClearClaimRef { .. } => {
            clearable(held).and_then(|error| refused(error, format!("{key} has nothing to clear")))
        }
        Act::RemoveFinalizer { finalizer, .. } => finalizer::refusal(held, finalizer),
        Act::Delete { propagation, .. } => stumbled(held, *propagation),
        Act::Helm { .. }
        | Act::Scale { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. }
        | Act::Task { .. }
        | Act::CreateClass { .. }
        | Act::CreateSet { .. }
        | Act::CreateClaim { .. } => None,
    }
}

/// Why a DELETE is refused that itself takes off the last finalizer, if it does: Pilothouse sends none without a version.
fn stumbled(held: &Object, propagation: Propagation) -> Option<(Outcome, Reason)> {
    let finalizer = stumbles(held, propagation)?;
    let key = held.key();
    let error = format!(
        "409 Conflict: Operation cannot be fulfilled on {} {:?}: Precondition failed: ResourceVersion in precondition: , \
         ResourceVersion in object meta: {}",
        key.kind.plural(),
        key.name,
        held.meta.resource_version
    );
    let way_out = if held.meta.deleting() && finalizer == FOREGROUND {
        "delete what it waits for, and it goes"
    } else if held.meta.deleting() {
        "it goes by itself once its dependents are let go"
    } else {
        "ask for Foreground or Orphan instead"
    };
    let text = format!(
        "this DELETE would itself take off {finalizer}, the last finalizer, and the API server refuses such a one when it names a \
         version, as Pilothouse's always do; the way out: {way_out}, or send it without a version (kubectl delete \
         --cascade=background)"
    );
    let reason = Reason::new(text).seen(&key, "metadata.finalizers", held.meta.finalizers.join(", "));
    Some((Outcome::Rejected { error }, reason))
}

/// Why a `claimRef` cannot be cleared, if it cannot.
fn clearable(held: &Object) -> Option<String> {
    let volume = held.body.volume()?;
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
        Act::Delete { propagation, .. } => {
            let asked = format!("DELETE ({})", propagation.word());
            deleted(futures, object, &asked)
        }
        Act::Evict { .. } => {
            let (outcome, law, reason) = deleted(futures, object, "the eviction");
            (outcome, law, eviction::granted(&futures.before, object, reason))
        }
        Act::RemoveFinalizer { finalizer, .. } => finalizer::stripped(futures, object, finalizer),
        Act::Helm { .. } => super::helm::release(futures, object),
        Act::ClearClaimRef { .. } => {
            let (outcome, reason) = volume::cleared(futures, object);
            (outcome, "release", reason)
        }
        Act::RetargetClaimRef { namespace, name, .. } => {
            let (outcome, reason) = volume::retargeted(futures, object, namespace, name);
            (outcome, "binding", reason)
        }
        Act::SetReclaimPolicy { policy, .. } => {
            let (outcome, reason) = volume::under(futures, object, *policy);
            (outcome, "reclaim", reason)
        }
        Act::Scale { replicas, .. } => patched::scaled(futures, object, *replicas),
        Act::Annotate { annotation, value, .. } => patched::annotated(futures, object, annotation, value.as_deref()),
        Act::Stamp { release, namespace, .. } => patched::stamped(object, release, namespace),
        Act::CreateClaim { .. } | Act::CreateClass { .. } | Act::CreateSet { .. } => {
            (Outcome::Kept, "api_server", Reason::default())
        }
        Act::Task { task, .. } => (Outcome::Kept, "api_server", Reason::new(beside(task))),
    };
    Entry {
        object: object.key(),
        uid: Uid::clone(&object.meta.uid),
        outcome,
        law: law.into(),
        reason: reason.into(),
    }
}

/// What is done beside the object, which itself stays as it is.
const fn beside(task: &Task) -> &'static str {
    match task {
        Task::Dump(_) => "a command is run in it and its output brought here; what it keeps is not changed by that",
        Task::Count(_) => "a command is run in it that only reads",
        Task::Restore(_) => {
            "a command in it is given data: what the pod keeps is replaced by that, as the command has it"
        }
        Task::Snapshot(_) => "its driver is asked for a snapshot; the claim and its disk stay as they are",
        Task::Raft(task) => match task.asks {
            RaftDeed::StepDown => "it gives its lead up and follows; its pod and its volume stay as they are",
            RaftDeed::RemovePeer { .. } => "it takes one entry out of the configuration; its own pod stays as it is",
            RaftDeed::Snapshot { .. } => "it is read; nothing of it changes",
        },
        Task::Run(_) => "a program is run here; what it does outside the cluster no forecast can say",
    }
}

/// The propagation that a second DELETE changes the first one's to, if it does.
fn again(act: &Act, object: &Object) -> Option<Propagation> {
    let Act::Delete { propagation, .. } = act else {
        return None;
    };
    let asked = match propagation {
        Propagation::Background => None,
        Propagation::Foreground => Some(FOREGROUND),
        Propagation::Orphan => Some(ORPHAN),
    };
    let as_asked = [FOREGROUND, ORPHAN]
        .into_iter()
        .all(|finalizer| object.meta.has_finalizer(finalizer) == (asked == Some(finalizer)));
    (!as_asked && retargets(object)).then_some(*propagation)
}

fn deleted(futures: &Futures<'_>, object: &Object, asked: &str) -> (Outcome, &'static str, Reason) {
    let key = object.key();
    let then = futures.then(object);
    let law = futures.trace.last(&key).map_or("api_server", |step| step.law);
    let last = || {
        futures
            .trace
            .last(&key)
            .map(|step| Reason::clone(&step.reason))
            .unwrap_or_default()
    };
    let seen = |reason: Reason| {
        object.meta.finalizers.iter().fold(reason, |reason, finalizer| {
            reason.seen(&key, "metadata.finalizers", finalizer.as_str())
        })
    };
    if let Some(since) = object.meta.deletion_timestamp {
        let text = match again(futures.act, object) {
            None => format!("{key} is being deleted already; another DELETE changes nothing"),
            Some(propagation) => format!(
                "{key} is being deleted already; this DELETE only makes its propagation {}",
                propagation.word()
            ),
        };
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
            format!("nothing holds it: {asked} removes it")
        } else {
            format!("{asked} is accepted, and it goes: {}", after.text)
        };
        let mut reason = seen(Reason::new(text));
        reason.evidence.extend(after.evidence);
        return (Outcome::Deleted, law, reason);
    };
    let holders = holders::of(&futures.after, futures.conditions, left);
    let law = match object.kind() {
        Kind::PersistentVolumeClaim => "pvc_protection",
        Kind::PersistentVolume => "pv_protection",
        Kind::Namespace => "namespace",
        Kind::Node
        | Kind::StorageClass
        | Kind::VolumeAttachment
        | Kind::Pod
        | Kind::Job
        | Kind::CronJob
        | Kind::StatefulSet
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::DaemonSet
        | Kind::PodDisruptionBudget
        | Kind::Release
        | Kind::ReleaseMap => law,
    };
    let text = format!(
        "the deletion is accepted and cannot be withdrawn{}",
        afterwards(futures, object).unwrap_or_default()
    );
    let reason = undiscovered(futures, object, seen(Reason::new(text)));
    (Outcome::Hangs { holders }, law, reason)
}

/// What the controller of a namespace waits for besides its content, with what that is known by.
fn undiscovered(futures: &Futures<'_>, object: &Object, mut reason: Reason) -> Reason {
    let Some(namespace) = object.body.namespace() else {
        return reason;
    };
    let key = object.key();
    let mut silent = false;
    for obstacle in obstacles(futures.conditions, namespace) {
        if let Obstacle::Silent(service) = obstacle {
            silent = true;
            let field = format!("apiservice {} status.conditions[Available]", service.name);
            reason = reason.seen(&key, &field, service.available.as_str());
        }
    }
    if silent {
        reason.text.push_str(
            "; what is seen in it goes, and it stays: its controller must list every API group first \
             (NamespaceDeletionDiscoveryFailure) until that APIService answers or is deleted",
        );
    }
    reason
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
