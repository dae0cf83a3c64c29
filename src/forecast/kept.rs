//! What stays where a reader would expect a loss, and what stays held although the act takes a holder away.

use super::course::Futures;
use super::{Entry, Outcome, helm, holders};
use crate::laws::Reason;
use crate::laws::stateful_set::ordinal;
use crate::laws::storage_class;
use crate::model::storage::ClaimPhase;
use crate::model::workload::StatefulSet;
use crate::model::{Act, Body, Key, Kind, Object};
use hashbrown::HashSet;
use std::collections::{BTreeMap, BTreeSet};

/// Entries for objects that no difference mentions and that the operator will ask about.
pub(super) fn entries(futures: &Futures<'_>, told: &[Entry]) -> Vec<Entry> {
    let targets: Vec<&Object> = match futures.act {
        Act::Delete { .. } | Act::Evict { .. } | Act::Scale { .. } => futures
            .before
            .get(futures.target())
            .map(AsRef::as_ref)
            .into_iter()
            .collect(),
        Act::Helm { .. } => helm::victims(futures).collect(),
        Act::RemoveFinalizer { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. }
        | Act::Task { .. }
        | Act::CreateClass { .. }
        | Act::CreateSet { .. }
        | Act::CreateClaim { .. } => Vec::new(),
    };
    let mut found: BTreeMap<Key, Entry> = BTreeMap::new();
    for target in targets {
        for entry in left_by(futures, target, told) {
            found.entry(entry.object.clone()).or_insert(entry);
        }
    }
    if !found.is_empty() {
        let known: HashSet<&Key> = told.iter().map(|entry| &entry.object).collect();
        found.retain(|object, _| !known.contains(object));
    }
    found.into_values().collect()
}

/// What the deletion of one object leaves behind.
fn left_by(futures: &Futures<'_>, target: &Object, told: &[Entry]) -> Vec<Entry> {
    let mut found = claims_left(futures, target, told);
    match &target.body {
        Body::StorageClass(_) => found.extend(of_class(futures, target)),
        Body::PersistentVolume(_) => found.extend(claim_of_volume(futures, target)),
        Body::Namespace(_)
        | Body::Node(_)
        | Body::VolumeAttachment(_)
        | Body::PersistentVolumeClaim(_)
        | Body::Pod(_)
        | Body::Job(_)
        | Body::CronJob(_)
        | Body::StatefulSet(_)
        | Body::Deployment(_)
        | Body::ReplicaSet(_)
        | Body::DaemonSet(_)
        | Body::PodDisruptionBudget(_)
        | Body::Release(_) => {}
    }
    found
}

fn kept(object: &Object, law: &'static str, reason: Reason) -> Entry {
    Entry {
        object: object.key(),
        uid: object.meta.uid.clone(),
        outcome: Outcome::Kept,
        law: law.into(),
        reason: reason.into(),
    }
}

/// The claims that pods of the act named, or that a set made, and that outlive it.
fn claims_left(futures: &Futures<'_>, target: &Object, told: &[Entry]) -> Vec<Entry> {
    if matches!(target.kind(), Kind::PersistentVolumeClaim | Kind::Namespace) {
        return Vec::new();
    }
    let going: BTreeSet<&Key> = told
        .iter()
        .filter(|entry| {
            entry.object.kind == Kind::Pod
                && matches!(
                    entry.outcome,
                    Outcome::Deleted | Outcome::DeletedLater { .. } | Outcome::Hangs { .. }
                )
        })
        .map(|entry| &entry.object)
        .collect();
    let of_pods = going
        .iter()
        .filter_map(|key| futures.before.get(key))
        .filter_map(|object| Some((object, object.body.pod()?)))
        .flat_map(|(object, pod)| {
            let namespace = object.meta.namespace.clone();
            pod.claims(&object.meta)
                .map(move |name| Key::new(Kind::PersistentVolumeClaim, &namespace, &name))
                .collect::<Vec<_>>()
        });
    // a set that is scaled keeps making the claims of the ordinals it wants: only those of pods that go are asked about
    let of_set = target.body.stateful_set().filter(|_| !scales(futures));
    let of_set = of_set.map(|set| made_by(futures, target, set)).unwrap_or_default();
    let claims: BTreeSet<Key> = of_pods.chain(of_set).collect();
    claims
        .iter()
        .filter_map(|claim| futures.before.get(claim))
        .filter_map(|claim| left(futures, target, claim))
        .collect()
}

/// The claims that bear the names a set gives, of any ordinal.
fn made_by(futures: &Futures<'_>, target: &Object, set: &StatefulSet) -> Vec<Key> {
    futures
        .before
        .in_namespace(Kind::PersistentVolumeClaim, &target.meta.namespace)
        .filter(|claim| {
            set.spec.volume_claim_templates.iter().any(|template| {
                let prefix = format!("{}-{}", template.metadata.name, target.meta.name);
                ordinal(&prefix, &claim.meta.name).is_some()
            })
        })
        .map(|claim| claim.key())
        .collect()
}

fn left(futures: &Futures<'_>, target: &Object, claim: &Object) -> Option<Entry> {
    let then = futures.then(claim)?;
    let key = claim.key();
    if then.meta.deleting() {
        return Some(Entry {
            object: key,
            uid: claim.meta.uid.clone(),
            outcome: Outcome::Kept,
            law: "pvc_protection".into(),
            reason: waiting(futures, claim, then).into(),
        });
    }
    let reason = match target.body.stateful_set() {
        Some(set) => {
            let retention = &set.spec.persistent_volume_claim_retention_policy;
            let (text, field, policy) = if scales(futures) {
                (
                    "its data outlives the pod, and the ordinal comes back on it when the set is scaled up again",
                    "spec.persistentVolumeClaimRetentionPolicy.whenScaled",
                    retention.when_scaled.as_str(),
                )
            } else {
                (
                    "its data outlives the set",
                    "spec.persistentVolumeClaimRetentionPolicy.whenDeleted",
                    retention.when_deleted.as_str(),
                )
            };
            let policy = if policy.is_empty() { "Retain" } else { policy };
            Reason::new(text).seen(&target.key(), field, policy)
        }
        None => Reason::new("its data outlives the pods that use it"),
    };
    Some(kept(claim, "stateful_set", reason))
}

fn scales(futures: &Futures<'_>) -> bool {
    matches!(futures.act, Act::Scale { .. })
}

/// A claim that was Terminating before the act, and goes on being so: not the act's doing, and not its end either.
fn waiting(futures: &Futures<'_>, claim: &Object, then: &Object) -> Reason {
    let holders = holders::of(&futures.after, futures.conditions, then);
    let since = claim
        .meta
        .deletion_timestamp
        .map(|at| at.to_string())
        .unwrap_or_default();
    let reason = Reason::new(format!(
        "it was being deleted before, and this act does not end that: {} still hold it",
        super::words::holder(&holders)
    ));
    reason.seen(&claim.key(), "metadata.deletionTimestamp", since)
}

/// Claims that wait for a volume of a class, and will go on waiting; bound ones do not care (§3.6).
fn of_class(futures: &Futures<'_>, target: &Object) -> Vec<Entry> {
    futures
        .before
        .of_kind(Kind::PersistentVolumeClaim)
        .filter(|claim| {
            claim.body.claim().is_some_and(|facts| {
                facts.status.phase == ClaimPhase::Pending && storage_class::named(facts) == target.meta.name
            })
        })
        .map(|claim| {
            let key = claim.key();
            let reason = Reason::new("it stays Pending until a class of this name exists again").seen(
                &key,
                "spec.storageClassName",
                target.meta.name.as_str(),
            );
            kept(claim, "storage_class", reason)
        })
        .collect()
}

fn claim_of_volume(futures: &Futures<'_>, target: &Object) -> Option<Entry> {
    let volume = target.body.volume()?;
    let reference = volume.spec.claim_ref.as_ref()?;
    let key = Key::new(Kind::PersistentVolumeClaim, &reference.namespace, &reference.name);
    let claim = futures
        .before
        .get(&key)
        .filter(|claim| claim.meta.uid == reference.uid)?;
    let reason = Reason::new(format!(
        "{key} and its pods go on as before; the fuse burns when {key} is deleted"
    ))
    .seen(&target.key(), "spec.claimRef.uid", reference.uid.to_string());
    Some(kept(claim, "pv_protection", reason))
}
