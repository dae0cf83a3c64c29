//! What stays where a reader would expect a loss, and what stays held although the act takes a holder away.

use super::course::Futures;
use super::{Entry, Outcome, helm, holders};
use crate::laws::Reason;
use crate::laws::binding::class_name;
use crate::laws::stateful_set::ordinal;
use crate::model::storage::ClaimPhase;
use crate::model::workload::StatefulSet;
use crate::model::{Act, Body, Key, Kind, Object};
use std::collections::{BTreeMap, BTreeSet};

/// Entries for objects that no difference mentions and that the operator will ask about.
pub(super) fn entries(futures: &Futures<'_>, told: &[Entry]) -> Vec<Entry> {
    let targets: Vec<&Object> = match futures.act {
        Act::Delete { .. } => futures
            .before
            .get(futures.target())
            .map(AsRef::as_ref)
            .into_iter()
            .collect(),
        Act::Helm { .. } => helm::victims(futures).collect(),
        Act::ClearClaimRef { .. } => Vec::new(),
    };
    let known: BTreeSet<&Key> = told.iter().map(|entry| &entry.object).collect();
    let mut found: BTreeMap<Key, Entry> = BTreeMap::new();
    for target in targets {
        for entry in left_by(futures, target, told) {
            if !known.contains(&entry.object) {
                found.entry(entry.object.clone()).or_insert(entry);
            }
        }
    }
    found.into_values().collect()
}

/// What the deletion of one object leaves behind.
fn left_by(futures: &Futures<'_>, target: &Object, told: &[Entry]) -> Vec<Entry> {
    let mut found = claims_left(futures, target, told);
    match &target.body {
        Body::StorageClass(_) => found.extend(of_class(futures, target)),
        Body::PersistentVolume(_) => found.extend(claim_of_volume(futures, target)),
        Body::Node(_) => found.extend(on_node(futures, target)),
        Body::Namespace(_)
        | Body::VolumeAttachment(_)
        | Body::PersistentVolumeClaim(_)
        | Body::Pod(_)
        | Body::Job(_)
        | Body::CronJob(_)
        | Body::StatefulSet(_)
        | Body::Deployment(_)
        | Body::ReplicaSet(_)
        | Body::DaemonSet(_)
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
        reason,
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
    let of_set = target
        .body
        .stateful_set()
        .map(|set| made_by(futures, target, set))
        .unwrap_or_default();
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
        let holders = holders::of(&futures.after, futures.conditions, then);
        let text = "it is being deleted already, and others go on holding it".to_owned();
        return Some(Entry {
            object: key,
            uid: claim.meta.uid.clone(),
            outcome: Outcome::Hangs { holders },
            law: "pvc_protection".into(),
            reason: Reason::new(text),
        });
    }
    let reason = match target.body.stateful_set() {
        Some(set) => {
            let policy = match set.spec.persistent_volume_claim_retention_policy.when_deleted.as_str() {
                "" => "Retain",
                policy => policy,
            };
            Reason::new("its data outlives the set").seen(
                &target.key(),
                "spec.persistentVolumeClaimRetentionPolicy.whenDeleted",
                policy,
            )
        }
        None => Reason::new("its data outlives the pods that use it"),
    };
    Some(kept(claim, "stateful_set", reason))
}

/// Claims that wait for a volume of a class, and will go on waiting; bound ones do not care (§3.6).
fn of_class(futures: &Futures<'_>, target: &Object) -> Vec<Entry> {
    futures
        .before
        .of_kind(Kind::PersistentVolumeClaim)
        .filter(|claim| {
            claim.body.claim().is_some_and(|facts| {
                facts.status.phase == ClaimPhase::Pending && class_name(&futures.before, facts) == target.meta.name
            })
        })
        .map(|claim| {
            let key = claim.key();
            let reason = Reason::new("it stays Pending until a class of this name exists again").seen(
                &key,
                "spec.storageClassName",
                target.meta.name.as_str(),
            );
            kept(claim, "binding", reason)
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

/// What a deleted Node object means depends on its kubelet, which may register it anew: nobody can tell from here.
fn on_node(futures: &Futures<'_>, target: &Object) -> Vec<Entry> {
    futures
        .before
        .of_kind(Kind::Pod)
        .filter(|pod| {
            pod.body
                .pod()
                .is_some_and(|facts| facts.spec.node_name == target.meta.name)
        })
        .map(|pod| Entry {
            object: pod.key(),
            uid: pod.meta.uid.clone(),
            outcome: Outcome::Unknown {
                missing: format!("whether the kubelet of {} registers the node again", target.meta.name),
            },
            law: "pod_lifecycle".into(),
            reason: Reason::new("pods of a node that does not exist are removed by pod garbage collection"),
        })
        .collect()
}
