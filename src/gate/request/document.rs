//! The bodies of requests: what stands in them binds them to the very object that was shown.

use crate::model::act::{STEP, scale as present};
use crate::model::storage::ReclaimPolicy;
use crate::model::{Draft, Key, Labels, Object, Pin, Propagation};
use serde_json::{Map, Value, json};

/// The object is the one that was shown, in the state that was shown.
fn tests(pin: &Pin) -> Vec<Value> {
    vec![
        json!({ "op": "test", "path": "/metadata/uid", "value": pin.uid }),
        json!({ "op": "test", "path": "/metadata/resourceVersion", "value": pin.resource_version }),
    ]
}

/// `DeleteOptions`.
pub(super) fn delete(pin: &Pin, propagation: Option<Propagation>) -> Value {
    let mut options = json!({
        "kind": "DeleteOptions",
        "apiVersion": "v1",
    });
    if let (Some(propagation), Some(options)) = (propagation, options.as_object_mut()) {
        options.insert("propagationPolicy".to_owned(), json!(propagation.word()));
    }
    if let Some(options) = options.as_object_mut() {
        let pinned = json!({ "uid": pin.uid, "resourceVersion": pin.resource_version });
        options.insert("preconditions".to_owned(), pinned);
    }
    options
}

pub(super) fn eviction(pin: &Pin) -> Value {
    json!({
        "kind": "Eviction",
        "apiVersion": "policy/v1",
        "metadata": { "name": pin.key.name, "namespace": pin.key.namespace },
        "deleteOptions": delete(pin, None),
    })
}

/// `replace` of a field that the API server always fills in.
pub(super) fn scale(pin: &Pin, target: &Object, replicas: u32) -> Vec<Value> {
    let mut patch = tests(pin);
    let was = present(target).unwrap_or(1);
    patch.push(json!({ "op": "test", "path": "/spec/replicas", "value": was }));
    patch.push(json!({ "op": "replace", "path": "/spec/replicas", "value": replicas }));
    patch
}

/// Takes one entry off the list, and tests that it is the one at that place.
pub(super) fn finalizer(pin: &Pin, target: &Object, finalizer: &str) -> Option<Vec<Value>> {
    let at = target.meta.finalizers.iter().position(|held| held == finalizer)?;
    let entry = format!("/metadata/finalizers/{at}");
    let mut patch = tests(pin);
    patch.push(json!({ "op": "test", "path": entry, "value": finalizer }));
    patch.push(json!({ "op": "remove", "path": entry }));
    Some(patch)
}

pub(super) fn policy(pin: &Pin, target: &Object, policy: ReclaimPolicy) -> Vec<Value> {
    const PATH: &str = "/spec/persistentVolumeReclaimPolicy";
    let mut patch = tests(pin);
    if let Some(volume) = target.body.volume() {
        let was = volume.spec.persistent_volume_reclaim_policy.word();
        patch.push(json!({ "op": "test", "path": PATH, "value": was }));
    }
    patch.push(json!({ "op": "replace", "path": PATH, "value": policy.word() }));
    patch
}

/// Removes the uid, never the whole `claimRef`.
pub(super) fn clear_claim_ref(pin: &Pin, target: &Object) -> Option<Vec<Value>> {
    let claim = target.body.volume()?.spec.claim_ref.as_ref()?;
    if claim.uid.is_empty() {
        return None;
    }
    let mut patch = tests(pin);
    patch.push(json!({ "op": "test", "path": "/spec/claimRef/uid", "value": claim.uid }));
    patch.push(json!({ "op": "remove", "path": "/spec/claimRef/uid" }));
    if !claim.resource_version.0.is_empty() {
        patch.push(json!({ "op": "remove", "path": "/spec/claimRef/resourceVersion" }));
    }
    Some(patch)
}

/// A reservation by name in place of what is there, or where nothing is.
pub(super) fn retarget(pin: &Pin, target: &Object, namespace: &str, name: &str) -> Vec<Value> {
    let mut patch = tests(pin);
    if let Some(claim) = target.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref()) {
        let was = [
            ("namespace", claim.namespace.to_string()),
            ("name", claim.name.to_string()),
        ];
        for (field, value) in was.into_iter().chain([("uid", claim.uid.to_string())]) {
            if !value.is_empty() {
                patch.push(json!({ "op": "test", "path": format!("/spec/claimRef/{field}"), "value": value }));
            }
        }
    }
    // `add` of a member that is there replaces it (RFC 6902 §4.1)
    let reserved = json!({ "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": namespace, "name": name });
    patch.push(json!({ "op": "add", "path": "/spec/claimRef", "value": reserved }));
    patch
}

/// Annotations and labels, each set or removed (null). The server compares uid and resourceVersion.
pub(super) fn marks(pin: &Pin, annotations: &[(&str, Option<&str>)], labels: &[(&str, Option<&str>)]) -> Value {
    let map = |marks: &[(&str, Option<&str>)]| -> Map<String, Value> {
        marks
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect()
    };
    let mut metadata = json!({
        "uid": pin.uid,
        "resourceVersion": pin.resource_version,
        "annotations": map(annotations),
    });
    if let Some(metadata) = metadata.as_object_mut().filter(|_| !labels.is_empty()) {
        metadata.insert("labels".to_owned(), Value::Object(map(labels)));
    }
    json!({ "metadata": metadata })
}

/// A claim to be made.
pub(super) fn claim(key: &Key, draft: &Draft, step: &str) -> Value {
    let mut spec = json!({
        "accessModes": draft.access_modes,
        "resources": { "requests": { "storage": draft.storage } },
    });
    let told = [
        ("volumeName", Some(&draft.volume_name).filter(|name| !name.is_empty())),
        ("storageClassName", draft.storage_class_name.as_ref()),
        ("volumeMode", draft.volume_mode.as_ref()),
    ];
    if let Some(spec) = spec.as_object_mut() {
        for (field, value) in told {
            if let Some(value) = value {
                spec.insert(field.to_owned(), json!(value));
            }
        }
    }
    let labels: &Labels = &draft.labels;
    json!({
        "kind": "PersistentVolumeClaim",
        "apiVersion": "v1",
        "metadata": {
            "name": key.name,
            "namespace": key.namespace,
            "labels": labels,
            "annotations": draft.annotations.with(STEP, Some(step)),
        },
        "spec": spec,
    })
}
