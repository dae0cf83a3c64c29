//! A manifest's document laid onto a live object, as far as facts tell: what the document states is set, what it does
//! not state stays, the status stays (`reference/semantics.md` §2.4: three-way merge).

use crate::laws::made;
use crate::laws::owned::pods;
use crate::laws::stateful_set::REVISION;
use crate::model::helm::{MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE, Record};
use crate::model::storage::{DEFAULT_CLASS, PV_PROTECTION, PVC_PROTECTION};
use crate::model::workload::PodTemplate;
use crate::model::{Body, Kind, Labels, Meta, Object, Text, World};
use std::collections::BTreeSet;

/// Sets what the document states. A pod template is set only where the manifest changed it: the live one carries the
/// server's defaults, so the two are never alike.
pub(super) fn onto(live: &mut Object, document: &Object, template: bool) {
    live.meta.labels = laid(&live.meta.labels, &document.meta.labels);
    live.meta.annotations = laid(&live.meta.annotations, &document.meta.annotations);
    let generation = live.meta.generation;
    match (&mut live.body, &document.body) {
        (Body::PersistentVolumeClaim(live), Body::PersistentVolumeClaim(new)) => {
            if new.spec.resources.requests.storage.is_some() {
                live.spec.resources = new.spec.resources.clone();
            }
            if live.spec.volume_name.is_empty() {
                live.spec.volume_name = new.spec.volume_name.clone();
            }
            live.spec.storage_class_name = new
                .spec
                .storage_class_name
                .clone()
                .or(live.spec.storage_class_name.take());
        }
        (Body::PersistentVolume(live), Body::PersistentVolume(new)) => {
            live.spec.persistent_volume_reclaim_policy = new.spec.persistent_volume_reclaim_policy;
            // its fields are merged: of a claim that is named as before, the uid stays
            let same = live.spec.claim_ref.as_ref().zip(new.spec.claim_ref.as_ref());
            let same = same.is_some_and(|(live, new)| {
                (&live.namespace, &live.name) == (&new.namespace, &new.name) && new.uid.is_empty()
            });
            if new.spec.claim_ref.is_some() && !same {
                live.spec.claim_ref.clone_from(&new.spec.claim_ref);
            }
        }
        (Body::StatefulSet(live), Body::StatefulSet(new)) => {
            live.spec.replicas = new.spec.replicas.or(live.spec.replicas);
            if template && changed(&mut live.spec.template, &new.spec.template) {
                // its controller names the revision, and has then seen the set as it is
                live.status.update_revision = made::revision(&live.spec.template);
                live.status.observed_generation = live.status.observed_generation.max(generation);
            }
            if !new.spec.update_strategy.kind.is_empty() {
                live.spec.update_strategy = new.spec.update_strategy.clone();
            }
            if !new
                .spec
                .persistent_volume_claim_retention_policy
                .when_deleted
                .is_empty()
            {
                live.spec.persistent_volume_claim_retention_policy =
                    new.spec.persistent_volume_claim_retention_policy.clone();
            }
        }
        (Body::Deployment(live), Body::Deployment(new))
        | (Body::ReplicaSet(live), Body::ReplicaSet(new))
        | (Body::DaemonSet(live), Body::DaemonSet(new)) => {
            live.spec.replicas = new.spec.replicas.or(live.spec.replicas);
            if template && changed(&mut live.spec.template, &new.spec.template) {
                live.spec.foreseen = true;
            }
            if !new.spec.strategy.kind.is_empty() {
                live.spec.strategy = new.spec.strategy.clone();
            }
        }
        (Body::CronJob(live), Body::CronJob(new)) => live.spec = new.spec.clone(),
        (Body::Job(live), Body::Job(new)) => {
            live.spec.suspend = new.spec.suspend;
            live.spec.ttl_seconds_after_finished = new
                .spec
                .ttl_seconds_after_finished
                .or(live.spec.ttl_seconds_after_finished);
        }
        // nothing of these that a law reads can be changed by a manifest
        (_, _) => {}
    }
}

/// Sets a template; whether it is another one now. One that somebody has set by hand already is not.
fn changed(live: &mut PodTemplate, new: &PodTemplate) -> bool {
    let other = live.print != new.print;
    live.clone_from(new);
    other
}

/// What cannot be told of a set whose pods are of more than one revision already when its template changes: which revisions'
/// templates these were, facts do not hold, and pods of the very template that comes would stay.
pub(super) fn midway(world: &World, held: &Object, laid: &Object) -> Option<String> {
    let kind = matches!(laid.kind(), Kind::StatefulSet | Kind::DaemonSet);
    if !kind || !other_template(held, laid) {
        return None;
    }
    let revisions: BTreeSet<&str> = pods(world, held)
        .filter_map(|pod| pod.meta.labels.get(REVISION))
        .collect();
    (revisions.len() > 1).then(|| {
        format!(
            "whether some pods of {} are of its next template already: they are of {} revisions, and all are taken to restart",
            held.key(),
            revisions.len()
        )
    })
}

/// Takes off the labels and annotations that the old document states and the new one does not.
pub(super) fn off(live: &mut Object, old: &Object, new: &Object) {
    let kept = |live: &Labels, old: &Labels, new: &Labels| -> Labels {
        let stays = |key: &str| old.get(key).is_none() || new.get(key).is_some();
        live.iter().filter(|(key, _)| stays(key)).collect()
    };
    live.meta.labels = kept(&live.meta.labels, &old.meta.labels, &new.meta.labels);
    live.meta.annotations = kept(&live.meta.annotations, &old.meta.annotations, &new.meta.annotations);
}

/// Takes off what the document does not state of a live object that a patch is made from: finalizers above all, so that what
/// is being deleted goes, whoever uses it. On what is not being deleted the controllers write theirs again, as the binder
/// does with the claim of a volume, and marks that are Kubernetes' own.
pub(super) fn bare(live: &mut Object, document: &Object) {
    let stated = &document.meta.finalizers;
    let comes_back = |held: &str| !live.meta.deleting() && [PVC_PROTECTION, PV_PROTECTION].contains(&held);
    let finalizers = live.meta.finalizers.iter();
    let left = finalizers
        .filter(|held| stated.contains(held) || comes_back(held))
        .cloned()
        .collect();
    live.meta.finalizers = left;
    live.meta.owner_references.clone_from(&document.meta.owner_references);
    let annotations = live.meta.annotations.iter();
    let own = |key: &str| key.contains("kubernetes.io/") && key != DEFAULT_CLASS;
    let left = annotations
        .filter(|(key, _)| own(key) || document.meta.annotations.get(key).is_some())
        .collect();
    live.meta.annotations = left;
    if let Body::PersistentVolume(volume) = &mut live.body {
        volume.spec.claim_ref = None;
    }
}

/// Whether a document that is laid over what is there has another pod template, as far as facts tell.
pub(super) fn other_template(live: &Object, document: &Object) -> bool {
    match (&live.body, &document.body) {
        (Body::StatefulSet(live), Body::StatefulSet(new)) => live.spec.template != new.spec.template,
        (Body::Deployment(live), Body::Deployment(new))
        | (Body::ReplicaSet(live), Body::ReplicaSet(new))
        | (Body::DaemonSet(live), Body::DaemonSet(new)) => live.spec.template != new.spec.template,
        (_, _) => false,
    }
}

/// Writes the release's stamp.
pub(super) fn stamp(meta: &mut Meta, record: &Record) {
    meta.labels = laid(&meta.labels, &[(MANAGED_BY, Text::from("Helm"))].into_iter().collect());
    let owner = [
        (RELEASE_NAME, record.name.clone()),
        (RELEASE_NAMESPACE, record.namespace.clone()),
    ];
    meta.annotations = laid(&meta.annotations, &owner.into_iter().collect());
}

fn laid(under: &Labels, over: &Labels) -> Labels {
    let kept = under.iter().filter(|(key, _)| over.get(key).is_none());
    kept.chain(over.iter()).collect()
}

/// What a server-side apply of a hook leaves of an object that helm applied as its own before: the stamp goes, since the
/// hook does not state it, and what the hook states is set.
pub(super) fn as_hook(live: &mut Object, document: &Object) {
    let bare = |labels: &Labels| -> Labels {
        let ours = [MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE];
        labels.iter().filter(|(key, _)| !ours.contains(key)).collect()
    };
    live.meta.labels = bare(&live.meta.labels);
    live.meta.annotations = bare(&live.meta.annotations);
    onto(live, document, false);
}
