//! What the API server refuses to keep: bad names, fields that cannot change, finalizers that come too late
//! (`reference/semantics.md` §3.5; sentences as a 1.36.3 API server says them).

use crate::sandbox::fields::{at, entries, list, take, text};
use crate::sandbox::resources::Resource;
use crate::sandbox::status::Cause;
use serde_json::{Value, json};

/// Finalizers that need no domain.
const STANDARD_FINALIZERS: [&str; 3] = ["kubernetes", "orphan", "foregroundDeletion"];

const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', \
                         and must start and end with an alphanumeric character (e.g. 'example.com', regex used for \
                         validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must \
                     start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for \
                     validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const CLAIM: &str = "spec is immutable after creation except resources.requests and volumeAttributesClassName for bound \
                     claims";
const SET: &str = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                   'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                   'minReadySeconds' are forbidden";
const POD: &str = "pod updates may not change fields other than \
                   `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,\
                   `spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` \
                   (allow it to be set to 1 if it was previously negative)";
const IMMUTABLE: &str = "field is immutable";

type Verdict = Result<(), Vec<Cause>>;

fn verdict(causes: Vec<Cause>) -> Verdict {
    if causes.is_empty() { Ok(()) } else { Err(causes) }
}

/// Whether an object may come into being.
pub(super) fn creation(resource: &Resource, object: &Value) -> Verdict {
    let mut causes = Vec::new();
    name(resource, text(object, &["metadata", "name"]), &mut causes);
    finalizer_names(object, &mut causes);
    if resource.kind == "Pod" && list(object, &["spec", "containers"]).is_empty() {
        causes.push(Cause::required("spec.containers", ""));
    }
    if resource.kind == "PersistentVolumeClaim" && list(object, &["spec", "accessModes"]).is_empty() {
        causes.push(Cause::required(
            "spec.accessModes",
            "at least 1 access mode is required",
        ));
    }
    if resource.group == "apps" && resource.status {
        selector_matches(object, &mut causes);
    }
    verdict(causes)
}

/// Whether an object may change in this way.
pub(super) fn update(resource: &Resource, old: &Value, new: &Value) -> Verdict {
    let mut causes = Vec::new();
    for field in ["uid", "namespace", "deletionTimestamp", "deletionGracePeriodSeconds"] {
        let path = ["metadata", field];
        if at(old, &path) != at(new, &path) {
            let value = at(new, &path).cloned().unwrap_or_default();
            causes.push(Cause::invalid(&path.join("."), &value, IMMUTABLE));
        }
    }
    late_finalizers(old, new, &mut causes);
    finalizer_names(new, &mut causes);
    match resource.kind {
        "PersistentVolumeClaim" => claim(old, new, &mut causes),
        "PersistentVolume" => volume(old, new, &mut causes),
        "StatefulSet" => stateful_set(old, new, &mut causes),
        "Pod" => pod(old, new, &mut causes),
        "Job" => frozen(
            old,
            new,
            &["completions", "completionMode", "selector", "template"],
            &mut causes,
        ),
        "Deployment" | "ReplicaSet" | "DaemonSet" => {
            selector_matches(new, &mut causes);
            frozen(old, new, &["selector"], &mut causes);
        }
        "StorageClass" => class(old, new, &mut causes),
        "Secret" => kept_type(old, new, &mut causes),
        _ => {}
    }
    verdict(causes)
}

/// Checks a name. Names of RBAC objects are path segments, so that `system:admin` is one.
fn name(resource: &Resource, name: &str, causes: &mut Vec<Cause>) {
    let label = |part: &str| {
        let inner = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
        !part.is_empty() && part.chars().all(inner) && !part.starts_with('-') && !part.ends_with('-')
    };
    let value = json!(name);
    if resource.group == "rbac.authorization.k8s.io" {
        if name == "." || name == ".." || name.contains(['/', '%']) {
            causes.push(Cause::invalid("metadata.name", &value, "may not contain '/' or '%'"));
        }
        return;
    }
    let (most, sentence, good) = if matches!(resource.kind, "Namespace" | "Service") {
        (63, LABEL, label(name))
    } else {
        (253, SUBDOMAIN, name.split('.').all(label))
    };
    if name.len() > most {
        let sentence = format!("must be no more than {most} characters");
        causes.push(Cause::invalid("metadata.name", &value, &sentence));
    }
    if !good {
        causes.push(Cause::invalid("metadata.name", &value, sentence));
    }
}

fn finalizer_names(object: &Value, causes: &mut Vec<Cause>) {
    for (at, finalizer) in list(object, &["metadata", "finalizers"]).iter().enumerate() {
        let name = finalizer.as_str().unwrap_or_default();
        if !name.contains('/') && !STANDARD_FINALIZERS.contains(&name) {
            let sentence = "name is neither a standard finalizer name nor is it fully qualified";
            causes.push(Cause::invalid(
                &format!("metadata.finalizers[{at}]"),
                finalizer,
                sentence,
            ));
        }
    }
}

fn late_finalizers(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    if at(old, &["metadata", "deletionTimestamp"]).is_none() {
        return;
    }
    let held = list(old, &["metadata", "finalizers"]);
    let late: Vec<String> = list(new, &["metadata", "finalizers"])
        .iter()
        .filter(|finalizer| !held.contains(finalizer))
        .map(Value::to_string)
        .collect();
    if !late.is_empty() {
        let sentence = format!(
            "no new finalizers can be added if the object is being deleted, found new finalizers []string{{{}}}",
            late.join(", ")
        );
        causes.push(Cause::forbidden("metadata.finalizers", &sentence));
    }
}

/// The object's spec without the fields that may change.
fn rest(object: &Value, free: &[&str]) -> Value {
    let mut spec = at(object, &["spec"]).cloned().unwrap_or_default();
    for field in free {
        take(&mut spec, &[*field]);
    }
    spec
}

fn frozen(old: &Value, new: &Value, fields: &[&str], causes: &mut Vec<Cause>) {
    for field in fields {
        let path = ["spec", *field];
        if at(old, &path) != at(new, &path) {
            let value = at(new, &path).cloned().unwrap_or_default();
            causes.push(Cause::invalid(&path.join("."), &value, IMMUTABLE));
        }
    }
}

fn claim(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let mut free = vec!["volumeAttributesClassName"];
    if text(old, &["spec", "volumeName"]).is_empty() {
        free.push("volumeName");
    }
    if at(old, &["spec", "storageClassName"]).is_none() {
        free.push("storageClassName");
    }
    let bound = text(old, &["status", "phase"]) == "Bound";
    let without_requests = |object: &Value| {
        let mut rest = rest(object, &free);
        if bound {
            take(&mut rest, &["resources", "requests"]);
        }
        rest
    };
    if without_requests(old) != without_requests(new) {
        causes.push(Cause::forbidden("spec", &with_diff(CLAIM, old, new)));
    }
    let size = |object: &Value, path: &[&str]| quantity(text(object, path));
    let asked = size(new, &["spec", "resources", "requests", "storage"]);
    let before = size(old, &["spec", "resources", "requests", "storage"]);
    let shrunk = asked < before && asked <= size(old, &["status", "capacity", "storage"]);
    if bound && shrunk {
        let sentence = "field can not be less than status.capacity";
        causes.push(Cause::forbidden("spec.resources.requests.storage", sentence));
    }
}

fn quantity(text: &str) -> u64 {
    crate::model::quantity::Quantity(text.into()).bytes().unwrap_or(0)
}

/// The fields of a volume's spec that do not say where the disk is.
const ABOUT_VOLUME: [&str; 9] = [
    "capacity",
    "accessModes",
    "claimRef",
    "persistentVolumeReclaimPolicy",
    "storageClassName",
    "mountOptions",
    "volumeMode",
    "nodeAffinity",
    "volumeAttributesClassName",
];

fn volume(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    if rest(old, &ABOUT_VOLUME) != rest(new, &ABOUT_VOLUME) {
        let sentence = with_diff("spec.persistentvolumesource is immutable after creation", old, new);
        causes.push(Cause::forbidden("spec.persistentvolumesource", &sentence));
    }
    frozen(old, new, &["volumeMode"], causes);
}

/// The real server ends these refusals with a diff of its inner form; here it names the fields of the API.
fn with_diff(sentence: &str, old: &Value, new: &Value) -> String {
    let mut told = format!("{sentence}\n");
    let names = |object| {
        entries(object, &["spec"])
            .map(|(name, _)| name.as_str())
            .collect::<Vec<_>>()
    };
    let (before, mut all) = (names(old), names(old));
    all.extend(names(new).into_iter().filter(|name| !before.contains(name)));
    for name in all {
        let (old, new) = (at(old, &["spec", name]), at(new, &["spec", name]));
        if old != new {
            let json = |value: Option<&Value>| value.map_or_else(|| "null".to_owned(), Value::to_string);
            told.extend([
                format!("- \"{name}\": {}\n", json(old)),
                format!("+ \"{name}\": {}\n", json(new)),
            ]);
        }
    }
    told
}

fn stateful_set(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    const FREE: [&str; 7] = [
        "replicas",
        "ordinals",
        "template",
        "updateStrategy",
        "revisionHistoryLimit",
        "persistentVolumeClaimRetentionPolicy",
        "minReadySeconds",
    ];
    if rest(old, &FREE) != rest(new, &FREE) {
        causes.push(Cause::forbidden("spec", SET));
    }
}

fn pod(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    let still = |object: &Value| {
        let mut spec = rest(
            object,
            &["activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds"],
        );
        for containers in ["containers", "initContainers"] {
            for container in spec
                .get_mut(containers)
                .and_then(Value::as_array_mut)
                .into_iter()
                .flatten()
            {
                take(container, &["image"]);
            }
        }
        spec
    };
    if still(old) != still(new) {
        causes.push(Cause::forbidden("spec", POD));
    }
}

fn class(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    for field in ["parameters", "provisioner", "reclaimPolicy", "volumeBindingMode"] {
        if at(old, &[field]) != at(new, &[field]) {
            let value = at(new, &[field]).cloned().unwrap_or_default();
            causes.push(Cause::invalid(field, &value, IMMUTABLE));
        }
    }
}

fn kept_type(old: &Value, new: &Value, causes: &mut Vec<Cause>) {
    if at(old, &["type"]) != at(new, &["type"]) {
        causes.push(Cause::invalid("type", &json!(text(new, &["type"])), IMMUTABLE));
    }
    if at(old, &["immutable"]) == Some(&json!(true)) && at(old, &["data"]) != at(new, &["data"]) {
        causes.push(Cause::forbidden("data", "field is immutable when `immutable` is set"));
    }
}

fn selector_matches(object: &Value, causes: &mut Vec<Cause>) {
    let labels = at(object, &["spec", "template", "metadata", "labels"]);
    let wanted = entries(object, &["spec", "selector", "matchLabels"]);
    if wanted
        .into_iter()
        .any(|(label, value)| labels.and_then(|labels| labels.get(label)) != Some(value))
    {
        let value = labels.cloned().unwrap_or_default();
        let sentence = "`selector` does not match template `labels`";
        causes.push(Cause::invalid("spec.template.metadata.labels", &value, sentence));
    }
}
