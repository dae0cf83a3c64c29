//! A field that changes and what is known to follow from it: replicas, annotations, a release's stamp.

use super::super::course::Futures;
use super::super::{Entry, Outcome};
use crate::laws::Reason;
use crate::laws::ownership::{self, Root};
use crate::model::act::scale;
use crate::model::helm::{MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE};
use crate::model::{Act, Body, Kind, Object, World};
use std::sync::Arc;

/// `spec.replicas`. What becomes of pods and claims stands in entries of their own.
pub(super) fn scaled(futures: &Futures<'_>, object: &Object, replicas: u32) -> (Outcome, &'static str, Reason) {
    let key = object.key();
    let law = if object.body.stateful_set().is_some() {
        "stateful_set"
    } else {
        "replicas"
    };
    let was = scale(object).unwrap_or(1);
    let seen = |text: String| Reason::new(text).seen(&key, "spec.replicas", was.to_string());
    if was == replicas {
        return (Outcome::Kept, law, seen(format!("it wants {was} already")));
    }
    if let Some(root) = scaled_back(futures, object) {
        let missing = race(object, &root);
        let text = format!("{} sets its scale: scale that instead", root.key());
        return (Outcome::Unknown { missing }, law, seen(text));
    }
    let fields = vec![format!("spec.replicas: {was} → {replicas}")];
    let set = object.body.stateful_set();
    let policy = set.map(|set| &set.spec.persistent_volume_claim_retention_policy.when_scaled);
    let reason = match (replicas < was, policy) {
        (true, Some(policy)) if policy == "Delete" => {
            seen("the highest ordinals go first, and their claims with them".to_owned()).seen(
                &key,
                "spec.persistentVolumeClaimRetentionPolicy.whenScaled",
                policy.as_str(),
            )
        }
        (true, Some(_)) => seen("the highest ordinals go first, and their claims stay".to_owned()),
        (true, None) => seen(format!("{} pods too many are deleted", was - replicas)),
        (false, Some(_)) => {
            seen("new ordinals stand on the claims of their names, old ones if there are any".to_owned())
        }
        (false, None) => seen(format!("{} pods more are made", replicas - was)),
    };
    (Outcome::Patched { fields }, law, reason)
}

/// The Deployment that scales this ReplicaSet back.
fn scaled_back(futures: &Futures<'_>, object: &Object) -> Option<Arc<Object>> {
    match ownership::root(&futures.before, object) {
        Root::Known(root) if matches!(root.body, Body::Deployment(_)) => Some(root),
        Root::Known(_) | Root::Itself | Root::Foreign(_) | Root::Dangling(_) => None,
    }
}

fn race(object: &Object, root: &Object) -> String {
    format!("whether {} acts before {} scales it back", object.key(), root.key())
}

/// The pods of a ReplicaSet that is scaled down under its Deployment: where it acts first they are deleted, and made anew.
pub(in crate::forecast) fn contested(futures: &Futures<'_>) -> Vec<Entry> {
    let Act::Scale { target, replicas } = futures.act else {
        return Vec::new();
    };
    let set = futures.before.pinned(target);
    let Some((set, root)) = set.and_then(|set| Some((set, scaled_back(futures, set)?))) else {
        return Vec::new();
    };
    if scale(set).unwrap_or(1) <= *replicas {
        return Vec::new();
    }
    let text = format!(
        "{} wants only {replicas} pods until {} scales it back",
        set.key(),
        root.key()
    );
    let entry = |object: &Arc<Object>, text: String| Entry {
        object: object.key(),
        uid: object.meta.uid.clone(),
        outcome: Outcome::Unknown {
            missing: race(set, &root),
        },
        law: "replica_set".into(),
        reason: Reason::new(text)
            .seen(&set.key(), "spec.replicas", replicas.to_string())
            .into(),
    };
    let pods = futures.before.dependents_of(&set.meta.uid);
    let pods: Vec<_> = pods
        .filter(|pod| pod.kind() == Kind::Pod && !pod.meta.deleting())
        .collect();
    let held = held_up(&futures.before, &pods);
    let entries = pods.into_iter().map(|pod| entry(pod, text.clone()));
    let held = held
        .into_iter()
        .map(|object| entry(object, format!("{text}: {} goes when they do", object.key())));
    entries.chain(held).collect()
}

/// What is being deleted and stays only while these pods stand: claims that they name, with their volumes and where these are
/// attached; each once.
fn held_up<'w>(world: &'w World, pods: &[&Arc<Object>]) -> Vec<&'w Arc<Object>> {
    let mut held: Vec<&Arc<Object>> = Vec::new();
    for pod in pods {
        let names = pod.body.pod().into_iter().flat_map(|facts| facts.claims(&pod.meta));
        let claims = names.filter_map(|name| world.find(Kind::PersistentVolumeClaim, &pod.meta.namespace, &name));
        for claim in claims.filter(|claim| claim.meta.deleting()) {
            let volume = claim.body.claim().map(|facts| &facts.spec.volume_name);
            let volume = volume.and_then(|name| world.find(Kind::PersistentVolume, "", name));
            let attached = volume
                .into_iter()
                .flat_map(|volume| world.attachments_of(&volume.meta.name));
            held.extend([Some(claim), volume].into_iter().flatten().chain(attached));
        }
    }
    held.sort_by_key(|object| object.key());
    held.dedup_by_key(|object| object.key());
    held
}

fn or_none(value: Option<&str>) -> &str {
    value.unwrap_or("(none)")
}

/// One annotation. A Deployment gives its ReplicaSet back what is taken off it.
pub(super) fn annotated(
    futures: &Futures<'_>,
    object: &Object,
    annotation: &str,
    value: Option<&str>,
) -> (Outcome, &'static str, Reason) {
    let key = object.key();
    let was = object.meta.annotations.get(annotation);
    let path = format!("metadata.annotations[{annotation}]");
    let seen = |text: &str| Reason::new(text).seen(&key, &path, or_none(was));
    if was == value {
        let text = match value {
            Some(_) => "it says so already",
            None => "it does not carry it: the server takes the patch, and nothing changes",
        };
        return (Outcome::Kept, "api_server", seen(text));
    }
    let then = futures.then(object);
    if then.is_some_and(|then| then.meta.annotations.get(annotation) == was) {
        let step = futures.trace.last(&key);
        let by = step.map_or_else(|| "a controller".to_owned(), |step| step.reason.text.clone());
        let text = format!("it is put back at once: {by}");
        return (Outcome::Kept, step.map_or("api_server", |step| step.law), seen(&text));
    }
    let fields = vec![format!("{path}: {} → {}", or_none(was), or_none(value))];
    (Outcome::Patched { fields }, "api_server", seen(meaning(annotation)))
}

/// Who reads an annotation, and when it counts (§2.3, §2.8, §3.3).
fn meaning(annotation: &str) -> &'static str {
    match annotation {
        "helm.sh/resource-policy" => {
            "on the live object it counts only for what an upgrade drops from its manifest; an uninstall goes by the stored \
             manifest and deletes it all the same"
        }
        RELEASE_NAME | RELEASE_NAMESPACE => {
            "a release may take the object over only when both marks and the label name it; an uninstall by Helm 3, and 4 \
             before 4.3, deletes what its stored manifest names whatever stands here"
        }
        other if other.starts_with("pv.kubernetes.io/") || other.starts_with("volume.") => {
            "it is the volume controllers' memory: they act by what it says"
        }
        other if other.starts_with("storageclass.") => {
            "claims that name no class get the default one, also those that wait already"
        }
        _ => "no controller that Pilothouse knows reads it from the live object",
    }
}

/// A release's marks of ownership.
pub(super) fn stamped(object: &Object, release: &str, namespace: &str) -> (Outcome, &'static str, Reason) {
    let key = object.key();
    let meta = &object.meta;
    let marks = [
        (RELEASE_NAME, meta.annotations.get(RELEASE_NAME), release, "annotations"),
        (
            RELEASE_NAMESPACE,
            meta.annotations.get(RELEASE_NAMESPACE),
            namespace,
            "annotations",
        ),
        (MANAGED_BY, meta.labels.get(MANAGED_BY), "Helm", "labels"),
    ];
    let mut fields = Vec::new();
    let mut reason = Reason::new(format!(
        "release {namespace}/{release} may adopt it at its next install or upgrade, and deletes it with its uninstall from \
         then on unless its stored manifest says keep"
    ));
    for (mark, was, is, map) in marks {
        let path = format!("metadata.{map}[{mark}]");
        if was != Some(is) {
            fields.push(format!("{path}: {} → {is}", or_none(was)));
        }
        reason = reason.seen(&key, &path, or_none(was));
    }
    if fields.is_empty() {
        "it is stamped for that release already".clone_into(&mut reason.text);
        return (Outcome::Kept, "api_server", reason);
    }
    (Outcome::Patched { fields }, "api_server", reason)
}
