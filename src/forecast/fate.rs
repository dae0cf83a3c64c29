//! Every difference between the future with the act and the one without, as one object's fate each.

use super::course::Futures;
use super::{Entry, Outcome, Recreation, helm, holders, target, volume, words};
use crate::laws::{Reason, made};
use crate::model::storage::{ClaimPhase, VolumePhase};
use crate::model::workload::Pod;
use crate::model::{Body, Key, Kind, Labels, Object, Text, Uid};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The target's fate first, then that of every object which ends otherwise than it would without the act.
pub(super) fn entries(futures: &Futures<'_>) -> Vec<Entry> {
    let mut entries = Vec::with_capacity(futures.before.len());
    let ends = futures.before.beside(&futures.after);
    let others = futures.before.beside(&futures.idle);
    for ((object, then), (_, otherwise)) in ends.zip(others) {
        let same = |held: &&Arc<Object>| held.meta.uid == object.meta.uid;
        let (then, otherwise) = (then.filter(same), otherwise.filter(same));
        if object.at(futures.target()) {
            entries.push(target::entry(futures, object));
        } else if differs(then, otherwise) {
            entries.extend(changed(futures, object, then));
        }
    }
    let contested = target::contested(futures);
    let known = |entry: &Entry| entries.iter().any(|told| told.uid == entry.uid);
    let contested: Vec<Entry> = contested.into_iter().filter(|entry| !known(entry)).collect();
    entries.extend(contested);
    let made = futures.after.objects().filter(|object| made::is_made(&object.meta.uid));
    entries.extend(made.filter_map(|object| {
        if futures.act.creates() && object.at(futures.target()) {
            Some(helm::made(futures, object).unwrap_or_else(|| target::created(futures, object)))
        } else {
            recreated(futures, object)
        }
    }));
    entries
}

/// Whether an object ends otherwise than it would without the act.
fn differs(then: Option<&Arc<Object>>, otherwise: Option<&Arc<Object>>) -> bool {
    match (then, otherwise) {
        // nothing touched it in either
        (Some(then), Some(otherwise)) if Arc::ptr_eq(then, otherwise) => false,
        (Some(then), Some(otherwise)) => Mark::of(then) != Mark::of(otherwise),
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => true,
    }
}

/// What of an object counts as a difference. Objects the laws made have uids of their own in each future; here they are
/// all the same.
#[derive(Debug, PartialEq, Eq)]
struct Mark {
    deleting: bool,
    owners: BTreeSet<Uid>,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    /// Its phase, and the claim it is reserved for.
    Volume(VolumePhase, Option<(Text, Text, Uid)>),
    Claim(ClaimPhase, Text),
    Pod(crate::model::workload::PodPhase, bool),
    Scale(Option<u32>),
    /// A ReplicaSet's scale, and the annotations, which its Deployment passes on to it.
    ReplicaSet(Option<u32>, Labels),
    Job(crate::model::workload::JobState),
    Plain,
}

fn known(uid: &Uid) -> Uid {
    if made::is_made(uid) {
        Uid::new("made")
    } else {
        uid.clone()
    }
}

impl Mark {
    fn of(object: &Object) -> Self {
        let state = match &object.body {
            Body::PersistentVolume(volume) => {
                let claim = volume.spec.claim_ref.as_ref();
                let claim = claim.map(|claim| (claim.namespace.clone(), claim.name.clone(), known(&claim.uid)));
                State::Volume(volume.status.phase, claim)
            }
            Body::PersistentVolumeClaim(claim) => State::Claim(claim.status.phase, claim.spec.volume_name.clone()),
            Body::Pod(pod) => State::Pod(pod.status.phase, pod.scheduled()),
            Body::Job(job) => State::Job(job.state()),
            Body::StatefulSet(set) => State::Scale(set.spec.replicas),
            Body::Deployment(set) => State::Scale(set.spec.replicas),
            Body::ReplicaSet(set) => State::ReplicaSet(set.spec.replicas, object.meta.annotations.clone()),
            Body::Namespace(_)
            | Body::Node(_)
            | Body::StorageClass(_)
            | Body::VolumeAttachment(_)
            | Body::CronJob(_)
            | Body::DaemonSet(_)
            | Body::PodDisruptionBudget(_)
            | Body::Release(_) => State::Plain,
        };
        Self {
            deleting: object.meta.deleting(),
            owners: object
                .meta
                .owner_references
                .iter()
                .map(|owner| known(&owner.uid))
                .collect(),
            state,
        }
    }
}

/// The fate of an object that ends otherwise; `then` is how it ends, where it does not go.
fn changed(futures: &Futures<'_>, object: &Object, then: Option<&Arc<Object>>) -> Option<Entry> {
    let key = object.key();
    let step = futures.trace.decisive(&key);
    let law = step.map_or("api_server", |step| step.law);
    let reason = step.map(|step| Arc::clone(&step.reason)).unwrap_or_default();
    let (outcome, reason) = match (object.body.volume(), then) {
        (Some(facts), _) => volume::fate(futures, object, facts)
            .map(|(outcome, reason)| (outcome, Arc::new(reason)))
            .or_else(|| then.map(|then| patched(futures, object, then, reason)))?,
        (None, None) => {
            let by = Text::new_static(words::controller(law));
            (Outcome::DeletedLater { by }, reason)
        }
        (None, Some(then)) if then.meta.deleting() && !object.meta.deleting() => {
            let holders = holders::of(&futures.after, futures.conditions, then);
            (Outcome::Hangs { holders }, reason)
        }
        (None, Some(then)) if lost_owner(object, then) => (Outcome::Orphaned, reason),
        (None, Some(then)) => patched(futures, object, then, reason),
    };
    Some(Entry {
        object: key,
        uid: object.meta.uid.clone(),
        outcome,
        law: Text::new_static(law),
        reason,
    })
}

fn lost_owner(object: &Object, then: &Object) -> bool {
    let owners = |object: &Object| object.meta.owner_references.len();
    owners(then) < owners(object)
}

/// The fields in which an object that stays differs.
fn patched(futures: &Futures<'_>, object: &Object, then: &Object, reason: Arc<Reason>) -> (Outcome, Arc<Reason>) {
    let mut fields = Vec::new();
    match (&object.body, &then.body) {
        (Body::PersistentVolumeClaim(was), Body::PersistentVolumeClaim(is)) => {
            if was.spec.volume_name != is.spec.volume_name {
                fields.push(format!("spec.volumeName: {}", is.spec.volume_name));
            }
            if was.status.phase != is.status.phase {
                fields.push(format!("status.phase: {:?}", is.status.phase));
            }
        }
        (Body::PersistentVolume(was), Body::PersistentVolume(is)) => {
            if was.spec.claim_ref != is.spec.claim_ref {
                fields.push("spec.claimRef".to_owned());
            }
            if was.status.phase != is.status.phase {
                fields.push(format!("status.phase: {:?}", is.status.phase));
            }
        }
        (Body::Pod(was), Body::Pod(is)) => {
            if was.spec.node_name != is.spec.node_name {
                fields.push(format!("spec.nodeName: {}", is.spec.node_name));
            }
            if was.status.phase != is.status.phase {
                fields.push(format!("status.phase: {}", is.status.phase.word()));
            }
        }
        (Body::Job(was), Body::Job(is)) => {
            if was.state() != is.state() {
                fields.push(format!("status.conditions: {}", is.state().word()));
            }
        }
        (was, is) => {
            let scale = |body: &Body| body.replicated().and_then(|set| set.spec.replicas);
            if scale(was) != scale(is) {
                fields.push("spec.replicas".to_owned());
            }
            if matches!(is, Body::ReplicaSet(_)) {
                fields.extend(annotated(object, then));
            }
        }
    }
    if object.meta.owner_references != then.meta.owner_references {
        fields.push("metadata.ownerReferences".to_owned());
    }
    if fields.is_empty() {
        return (Outcome::Kept, Reason::new(prevented(futures, object, then)).into());
    }
    (Outcome::Patched { fields }, reason)
}

/// The annotations that are others at the end.
fn annotated(object: &Object, then: &Object) -> Vec<String> {
    let (was, is) = (&object.meta.annotations, &then.meta.annotations);
    is.iter()
        .filter(|(name, value)| was.get(name) != Some(*value))
        .map(|(name, value)| {
            let before = was.get(name).unwrap_or("(none)");
            format!("metadata.annotations[{name}]: {before} → {value}")
        })
        .collect()
}

/// What would have happened to an object that the act leaves as it is.
fn prevented(futures: &Futures<'_>, object: &Object, then: &Object) -> String {
    let key = object.key();
    if let (Some(pod), Some(_)) = (then.body.pod(), futures.otherwise(object)) {
        let claims = claims(then, pod);
        return format!(
            "without the act it would have started; {}",
            standing(futures, pod.scheduled(), &claims)
        );
    }
    match futures.otherwise(object) {
        Some(_) => format!("without the act {key} would have changed"),
        None => format!("without the act {key} would have gone"),
    }
}

/// The keys of the claims a pod names.
fn claims(object: &Object, pod: &Pod) -> Vec<Key> {
    pod.claims(&object.meta)
        .map(|name| Key::new(Kind::PersistentVolumeClaim, &object.meta.namespace, &name))
        .collect()
}

/// An object that the laws made because of the act. A provisioned volume is told with its claim.
fn recreated(futures: &Futures<'_>, object: &Object) -> Option<Entry> {
    let key = object.key();
    let anew = key.kind != Kind::PersistentVolume;
    let anyway = futures
        .idle
        .get(&key)
        .is_some_and(|other| made::is_made(&other.meta.uid));
    if !anew || anyway {
        return None;
    }
    let step = futures.trace.making(&key);
    let mut reason = step.map(|step| Reason::clone(&step.reason)).unwrap_or_default();
    let on = match &object.body {
        Body::Pod(pod) => {
            let claims = claims(object, pod);
            reason.text = format!("{}; {}", reason.text, standing(futures, pod.scheduled(), &claims));
            stands_on(futures, &claims)
        }
        Body::PersistentVolumeClaim(claim) => {
            let volume = match claim.spec.volume_name.as_str() {
                "" => "it stays Pending until a volume is there".to_owned(),
                volume => format!("it gets pv/{volume}, and nothing of what the old one held"),
            };
            reason.text = format!("{}; {volume}", reason.text);
            Recreation::NewClaim
        }
        Body::ReplicaSet(set) if !set.spec.template.spec.volumes.is_empty() => Recreation::SameClaim,
        Body::VolumeAttachment(_) => Recreation::SameClaim,
        Body::ReplicaSet(_)
        | Body::Namespace(_)
        | Body::Node(_)
        | Body::StorageClass(_)
        | Body::PersistentVolume(_)
        | Body::Job(_)
        | Body::CronJob(_)
        | Body::StatefulSet(_)
        | Body::Deployment(_)
        | Body::DaemonSet(_)
        | Body::PodDisruptionBudget(_)
        | Body::Release(_) => Recreation::NoClaim,
    };
    Some(Entry {
        object: key,
        uid: Uid::default(),
        outcome: Outcome::Recreated { on },
        law: step.map_or("api_server", |step| step.law).into(),
        reason: reason.into(),
    })
}

fn stands_on(futures: &Futures<'_>, claims: &[Key]) -> Recreation {
    let fresh = |claim: &&Key| {
        let then = futures.after.get(claim);
        then.is_some_and(|then| made::is_made(&then.meta.uid))
    };
    if claims.is_empty() {
        Recreation::NoClaim
    } else if claims.iter().any(|claim| fresh(&claim)) {
        Recreation::NewClaim
    } else {
        Recreation::SameClaim
    }
}

/// Whether the new pod runs, and if not, which claim keeps it Pending.
fn standing(futures: &Futures<'_>, scheduled: bool, claims: &[Key]) -> String {
    if claims.is_empty() {
        return "it uses no claim".to_owned();
    }
    let names: Vec<String> = claims.iter().map(ToString::to_string).collect();
    let names = names.join(", ");
    if scheduled {
        return format!("it stands on {names}");
    }
    let held_up = claims.iter().find_map(|claim| match futures.after.get(claim) {
        None => Some(format!("{claim} does not exist")),
        Some(object) if object.meta.deleting() => Some(format!("{claim} is being deleted")),
        Some(object) => object.body.claim().and_then(|facts| match facts.status.phase {
            ClaimPhase::Bound => None,
            phase @ (ClaimPhase::Pending | ClaimPhase::Lost | ClaimPhase::Unknown) => {
                Some(format!("{claim} is {phase:?}"))
            }
        }),
    });
    match held_up {
        Some(why) => format!("it names {names} and stays Pending: {why}"),
        None => format!("it names {names} and waits for a node"),
    }
}
