//! Each change of the laws carried out on JSON, with the Events its controller would record. Knows the store's rules only
//! through [`Objects`]; decides nothing: a change whose object is gone, or is another by now, does nothing.

mod binding;
pub(in crate::sandbox) mod claims;
mod counts;
pub(in crate::sandbox) mod pods;
pub(in crate::sandbox) mod replica_sets;
mod revision;

use super::document as doc;
use super::voice::Voice;
use crate::laws::Change;
use crate::model::storage::VolumePhase;
use crate::model::{Key, Propagation, Uid};
use crate::sandbox::store::Objects;
use serde_json::{Value, json};

/// The one hand that writes: the objects, the events, and the ledger of disks destroyed.
pub(super) struct Hand<'a> {
    pub(super) objects: &'a mut dyn Objects,
    pub(super) voice: &'a mut Voice,
    pub(super) destroyed: &'a mut Vec<String>,
    pub(super) seed: u64,
}

impl Hand<'_> {
    /// The object, if it is still that very one.
    pub(super) fn pinned(&self, key: &Key, uid: &Uid) -> Option<Value> {
        self.objects.get(key).filter(|object| doc::uid(object) == *uid)
    }

    /// Writes an object back. It may have gone meanwhile; the next round of the laws sees what is.
    pub(super) fn write(&mut self, object: Value) {
        if let Err(error) = self.objects.replace(object) {
            tracing::debug!(%error, "a controller's write was refused");
        }
    }

    /// Creates an object; `None` when the store refuses, which the caller's next round will see.
    pub(super) fn make(&mut self, object: Value) -> Result<Value, String> {
        self.objects.create(object).map_err(|error| error.message)
    }

    /// Records an Event about an object.
    pub(super) fn say(&mut self, about: &Key, uid: &Uid, said: &Said<'_>) {
        self.voice.say(self.objects, about, uid, said);
    }

    /// Asks for a deletion as a controller does: with a uid, and never twice.
    pub(super) fn delete(&mut self, key: &Key, uid: &Uid, propagation: Propagation) {
        if self.pinned(key, uid).is_some_and(|object| !doc::deleting(&object))
            && let Err(error) = self.objects.delete(key, uid, propagation)
        {
            tracing::debug!(%error, "a controller's delete was refused");
        }
    }
}

/// One Event: who says what.
pub(super) struct Said<'a> {
    /// `Normal` or `Warning`.
    pub(super) severity: &'static str,
    pub(super) reason: &'static str,
    pub(super) message: &'a str,
    /// The controller, as the Event's `source.component` names it.
    pub(super) by: &'static str,
}

impl<'a> Said<'a> {
    pub(super) const fn normal(by: &'static str, reason: &'static str, message: &'a str) -> Self {
        Self {
            severity: "Normal",
            reason,
            message,
            by,
        }
    }

    pub(super) const fn warning(by: &'static str, reason: &'static str, message: &'a str) -> Self {
        Self {
            severity: "Warning",
            reason,
            message,
            by,
        }
    }
}

/// Carries a change out.
pub(super) fn carry_out(hand: &mut Hand<'_>, change: &Change) {
    match change {
        Change::Delete {
            object,
            uid,
            propagation,
        } => delete(hand, object, uid, *propagation),
        Change::ConfirmPodGone { pod, uid } => confirm_pod_gone(hand, pod, uid),
        Change::AddFinalizer { object, uid, finalizer } => add_finalizer(hand, object, uid, finalizer),
        // what a pod needs is attached again in the same round
        Change::RemoveFinalizer { object, uid, finalizer }
        | Change::Reattach {
            attachment: object,
            uid,
            finalizer,
        } => remove_finalizer(hand, object, uid, finalizer),
        Change::RemoveOwner { object, uid, owner } => remove_owner(hand, object, uid, owner),
        Change::Bind {
            claim,
            claim_uid,
            volume,
            volume_uid,
        } => binding::bind(hand, (claim, claim_uid), (volume, volume_uid)),
        Change::LoseClaim { claim, uid } => binding::lose(hand, claim, uid),
        Change::SetVolumePhase { volume, uid, phase } => set_volume_phase(hand, volume, uid, *phase),
        Change::Unbind { volume, uid } => binding::unbind(hand, volume, uid),
        Change::Provision { claim, uid } => binding::provision(hand, claim, uid),
        Change::DestroyDisk { volume, uid } => binding::destroy(hand, volume, uid),
        Change::CreatePod { set, set_uid, ordinal } => pods::create_of_set(hand, set, set_uid, *ordinal),
        Change::CreateClaim {
            set,
            set_uid,
            template,
            ordinal,
        } => claims::create_of_set(hand, (set, set_uid), template, *ordinal),
        // no field of an object tells it: the controllers remember it
        Change::GiveUp { .. } => {}
        Change::SpawnPod { owner, owner_uid, node } => pods::spawn(hand, owner, owner_uid, node.as_deref()),
        Change::SpawnReplicaSet {
            deployment,
            deployment_uid,
            replicas,
        } => replica_sets::spawn(hand, deployment, deployment_uid, *replicas),
        Change::CountPod {
            job,
            job_uid,
            pod,
            uid,
            succeeded,
        } => counts::pod(hand, (job, job_uid), (pod, uid), *succeeded),
        Change::FinishJob { job, uid, failed } => counts::finish(hand, job, uid, *failed),
        Change::AssignClass { claim, uid, class } => claims::assign_class(hand, claim, uid, class),
        Change::CountBudget { budget, uid, count } => counts::budget(hand, budget, uid, count),
        Change::Scale { object, uid, replicas } => replica_sets::scale(hand, object, uid, *replicas),
        Change::Annotate {
            object,
            uid,
            annotation,
            value,
        } => annotate(hand, (object, uid), annotation, value),
        Change::StartPod { pod, uid } => pods::start(hand, pod, uid),
        Change::Adopt {
            owner,
            owner_uid,
            object,
            uid,
        } => adopt(hand, (owner, owner_uid), (object, uid)),
    }
}

/// Deletes, and lets the owner tell of it as its controller would.
fn delete(hand: &mut Hand<'_>, key: &Key, uid: &Uid, propagation: Propagation) {
    let Some(object) = hand.pinned(key, uid) else { return };
    if doc::deleting(&object) {
        return;
    }
    hand.delete(key, uid, propagation);
    let owner = doc::list(&object, "/metadata/ownerReferences")
        .iter()
        .find(|owner| owner.get("controller") == Some(&Value::Bool(true)))
        .and_then(|owner| {
            let kind = crate::model::Kind::from_api(doc::text(owner, "/apiVersion"), doc::text(owner, "/kind"))?;
            let owner_uid = Uid::new(doc::text(owner, "/uid"));
            let owner_key = Key::new(kind, &key.namespace, doc::text(owner, "/name"));
            hand.pinned(&owner_key, &owner_uid).map(|_| (owner_key, owner_uid))
        });
    if let Some((owner, owner_uid)) = owner
        && let Some(by) = component(owner.kind)
    {
        let message = match owner.kind {
            crate::model::Kind::StatefulSet => {
                format!("delete Pod {} in StatefulSet {} successful", key.name, owner.name)
            }
            _ => format!("Deleted {}: {}", key.kind.name().to_lowercase(), key.name),
        };
        hand.say(&owner, &owner_uid, &Said::normal(by, "SuccessfulDelete", &message));
    }
}

/// The controller of a kind, as its Events name it; `None` for kinds that no controller makes pods for.
pub(super) const fn component(kind: crate::model::Kind) -> Option<&'static str> {
    use crate::model::Kind;
    match kind {
        Kind::StatefulSet => Some("statefulset-controller"),
        Kind::Job => Some("job-controller"),
        Kind::CronJob => Some("cronjob-controller"),
        Kind::Deployment => Some("deployment-controller"),
        Kind::ReplicaSet => Some("replicaset-controller"),
        Kind::DaemonSet => Some("daemonset-controller"),
        Kind::Namespace
        | Kind::Node
        | Kind::StorageClass
        | Kind::PersistentVolume
        | Kind::VolumeAttachment
        | Kind::PersistentVolumeClaim
        | Kind::Pod
        | Kind::PodDisruptionBudget
        | Kind::Release
        | Kind::ReleaseMap => None,
    }
}

/// The kubelet has stopped the containers: their states end, the grace period becomes 0, and the pod goes unless a
/// finalizer holds it.
fn confirm_pod_gone(hand: &mut Hand<'_>, key: &Key, uid: &Uid) {
    let Some(mut pod) = hand.pinned(key, uid) else { return };
    if !doc::deleting(&pod) {
        return;
    }
    doc::put(&mut pod, &["metadata", "deletionGracePeriodSeconds"], 0);
    super::kubelet::stopped(&mut pod, hand.objects.now());
    hand.write(pod);
    hand.objects.remove(key, uid);
}

fn add_finalizer(hand: &mut Hand<'_>, key: &Key, uid: &Uid, finalizer: &str) {
    let Some(mut object) = hand.pinned(key, uid) else {
        return;
    };
    let mut held = doc::list(&object, "/metadata/finalizers").to_vec();
    if !held.iter().any(|entry| entry == finalizer) {
        held.push(json!(finalizer));
        doc::put(&mut object, &["metadata", "finalizers"], held);
        hand.write(object);
    }
}

pub(super) fn remove_finalizer(hand: &mut Hand<'_>, key: &Key, uid: &Uid, finalizer: &str) {
    let Some(mut object) = hand.pinned(key, uid) else {
        return;
    };
    let in_spec = key.kind == crate::model::Kind::Namespace && finalizer == "kubernetes";
    let home = if in_spec { "spec" } else { "metadata" };
    let mut held = doc::list(&object, &format!("/{home}/finalizers")).to_vec();
    let before = held.len();
    held.retain(|entry| entry != finalizer);
    if held.len() == before {
        return;
    }
    doc::put(&mut object, &[home, "finalizers"], held);
    hand.write(object);
}

fn remove_owner(hand: &mut Hand<'_>, key: &Key, uid: &Uid, owner: &Uid) {
    let Some(mut object) = hand.pinned(key, uid) else {
        return;
    };
    let mut owners = doc::list(&object, "/metadata/ownerReferences").to_vec();
    owners.retain(|entry| Uid::new(doc::text(entry, "/uid")) != *owner);
    if owners.is_empty() {
        doc::drop_field(&mut object, "/metadata", "ownerReferences");
    } else {
        doc::put(&mut object, &["metadata", "ownerReferences"], owners);
    }
    hand.write(object);
}

fn annotate(hand: &mut Hand<'_>, (key, uid): (&Key, &Uid), annotation: &str, value: &str) {
    let Some(mut object) = hand.pinned(key, uid) else {
        return;
    };
    doc::put(&mut object, &["metadata", "annotations", annotation], value);
    hand.write(object);
}

fn set_volume_phase(hand: &mut Hand<'_>, key: &Key, uid: &Uid, phase: VolumePhase) {
    let word = match phase {
        VolumePhase::Pending => "Pending",
        VolumePhase::Available => "Available",
        VolumePhase::Bound => "Bound",
        VolumePhase::Released => "Released",
        VolumePhase::Failed => "Failed",
        VolumePhase::Unknown => return,
    };
    let Some(mut volume) = hand.pinned(key, uid) else {
        return;
    };
    binding::phase(&mut volume, word, hand.objects.now());
    hand.write(volume);
    if phase == VolumePhase::Failed {
        let message = "Error getting deleter volume plugin for volume: no deletable volume plugin matched";
        hand.say(key, uid, &Said::warning(binding::BINDER, "VolumeFailedDelete", message));
    }
}

fn adopt(hand: &mut Hand<'_>, owner: (&Key, &Uid), object: (&Key, &Uid)) {
    let Some(owner) = hand.pinned(owner.0, owner.1) else {
        return;
    };
    let Some(mut adopted) = hand.pinned(object.0, object.1) else {
        return;
    };
    let mut owners = doc::list(&adopted, "/metadata/ownerReferences").to_vec();
    owners.push(pods::owned_by(&owner));
    doc::put(&mut adopted, &["metadata", "ownerReferences"], owners);
    hand.write(adopted);
}
