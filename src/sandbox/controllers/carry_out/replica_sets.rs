//! ReplicaSets of Deployments: one for each template, named by the template's hash.

use super::{Hand, Said, pods, revision};
use crate::model::{Key, Uid};
use crate::sandbox::controllers::document as doc;
use serde_json::{Value, json};

const DEPLOYMENTS: &str = "deployment-controller";
pub(in crate::sandbox) const HASH: &str = "pod-template-hash";

/// Makes the ReplicaSet of a Deployment's present template.
pub(in crate::sandbox::controllers) fn spawn(hand: &mut Hand<'_>, key: &Key, uid: &Uid, wanted: u32) {
    let Some(deployment) = hand.pinned(key, uid) else {
        return;
    };
    let mut set = of_deployment(&deployment);
    doc::put(&mut set, &["spec", "replicas"], wanted);
    let (name, replicas) = (
        doc::name(&set).to_owned(),
        doc::number(&set, "/spec/replicas").unwrap_or(1),
    );
    match hand.make(set) {
        Ok(_) => {
            let message = format!("Scaled up replica set {name} from 0 to {replicas}");
            hand.say(key, uid, &Said::normal(DEPLOYMENTS, "ScalingReplicaSet", &message));
        }
        Err(error) => {
            let message = format!("Failed to create new replica set \"{name}\": {error}");
            hand.say(key, uid, &Said::warning(DEPLOYMENTS, "ReplicaSetCreateError", &message));
        }
    }
}

/// Whether a ReplicaSet was made from the Deployment's present template.
pub(in crate::sandbox::controllers) fn same_template(deployment: &Value, set: &Value) -> bool {
    let mut template = set.pointer("/spec/template").cloned().unwrap_or_default();
    doc::drop_field(&mut template, "/metadata/labels", HASH);
    let wanted = deployment.pointer("/spec/template").unwrap_or(&Value::Null);
    revision::hash(&template) == revision::hash(wanted)
}

/// The ReplicaSet of a Deployment, with the template's hash among its labels, its selector and its pods' labels.
pub(in crate::sandbox) fn of_deployment(deployment: &Value) -> Value {
    let template = deployment
        .pointer("/spec/template")
        .cloned()
        .unwrap_or_else(|| json!({}));
    let hash = revision::hash(&template);
    let mut labelled = template.clone();
    doc::put(&mut labelled, &["metadata", "labels", HASH], hash.as_str());
    let mut selector = deployment
        .pointer("/spec/selector")
        .cloned()
        .unwrap_or_else(|| json!({}));
    doc::put(&mut selector, &["matchLabels", HASH], hash.as_str());
    json!({
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": format!("{}-{hash}", doc::name(deployment)),
            "namespace": doc::namespace(deployment),
            "labels": labelled.pointer("/metadata/labels").cloned().unwrap_or_else(|| json!({})),
            "annotations": annotations(deployment),
            "ownerReferences": [pods::owned_by(deployment)],
        },
        "spec": { "replicas": replicas(deployment), "selector": selector, "template": labelled },
        "status": { "replicas": 0 },
    })
}

/// The Deployment's own annotations, but kubectl's copy of the object, and those that count the revision
/// (`deployment/util` `SetNewReplicaSetAnnotations`).
fn annotations(deployment: &Value) -> Value {
    let own = deployment.pointer("/metadata/annotations").and_then(Value::as_object);
    let mut annotations: serde_json::Map<String, Value> = own
        .into_iter()
        .flatten()
        .filter(|(key, _)| {
            !key.starts_with("deployment.kubernetes.io/") && *key != "kubectl.kubernetes.io/last-applied-configuration"
        })
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    for (key, value) in [
        (
            "deployment.kubernetes.io/desired-replicas",
            replicas(deployment).to_string(),
        ),
        ("deployment.kubernetes.io/revision", "1".to_owned()),
    ] {
        annotations.insert(key.to_owned(), value.into());
    }
    Value::Object(annotations)
}

/// `spec.replicas`, where absent means 1.
fn replicas(object: &Value) -> u64 {
    doc::number(object, "/spec/replicas").unwrap_or(1)
}

/// Sets `spec.replicas`, and lets a Deployment tell of its ReplicaSet's new scale.
pub(in crate::sandbox::controllers) fn scale(hand: &mut Hand<'_>, key: &Key, uid: &Uid, wanted: u32) {
    let Some(mut object) = hand.pinned(key, uid) else {
        return;
    };
    let before = replicas(&object);
    if before == u64::from(wanted) {
        return;
    }
    doc::put(&mut object, &["spec", "replicas"], wanted);
    let owner = doc::list(&object, "/metadata/ownerReferences").first().cloned();
    hand.write(object);
    let Some(owner) = owner else { return };
    if doc::text(&owner, "/kind") == "Deployment" {
        let direction = if u64::from(wanted) > before { "up" } else { "down" };
        let message = format!("Scaled {direction} replica set {} from {before} to {wanted}", key.name);
        let owner_key = Key::new(
            crate::model::Kind::Deployment,
            &key.namespace,
            doc::text(&owner, "/name"),
        );
        let owner_uid = Uid::new(doc::text(&owner, "/uid"));
        hand.say(
            &owner_key,
            &owner_uid,
            &Said::normal(DEPLOYMENTS, "ScalingReplicaSet", &message),
        );
    }
}
