//! Field validation as far as the sandbox has schemas: the top level of each kind and `metadata`.
//!
//! A real server checks every field; here a misspelt `specs` or `metadata.label` is found, a misspelt field inside of
//! `spec` is kept as it is.

use super::resources::Resource;
use super::status::StoreError;
use serde_json::Value;

const META: [&str; 15] = [
    "name",
    "generateName",
    "namespace",
    "selfLink",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "labels",
    "annotations",
    "ownerReferences",
    "finalizers",
    "managedFields",
];

/// The fields a kind has at its top beside `apiVersion`, `kind` and `metadata`; `None` where they are not known here.
fn top(resource: &Resource) -> Option<&'static [&'static str]> {
    Some(match resource.kind {
        "ConfigMap" => &["data", "binaryData", "immutable"],
        "Secret" => &["data", "stringData", "type", "immutable"],
        "ServiceAccount" => &["secrets", "imagePullSecrets", "automountServiceAccountToken"],
        "Role" => &["rules"],
        "ClusterRole" => &["rules", "aggregationRule"],
        "RoleBinding" | "ClusterRoleBinding" => &["subjects", "roleRef"],
        "StorageClass" => &[
            "provisioner",
            "parameters",
            "reclaimPolicy",
            "mountOptions",
            "allowVolumeExpansion",
            "volumeBindingMode",
            "allowedTopologies",
        ],
        "ControllerRevision" => &["data", "revision"],
        "PriorityClass" => &["value", "globalDefault", "description", "preemptionPolicy"],
        "Endpoints" => &["subsets"],
        "EndpointSlice" => &["addressType", "endpoints", "ports"],
        "Event" => return None,
        _ => &["spec", "status"],
    })
}

/// The fields of an object that its kind does not have.
fn unknown(resource: &Resource, object: &Value) -> Vec<String> {
    let mut found = Vec::new();
    if let Some(meta) = object.get("metadata").and_then(Value::as_object) {
        let strange = meta.keys().filter(|field| !META.contains(&field.as_str()));
        found.extend(strange.map(|field| format!("unknown field \"metadata.{field}\"")));
    }
    if let (Some(known), Some(fields)) = (top(resource), object.as_object()) {
        let common = ["apiVersion", "kind", "metadata"];
        let strange = fields
            .keys()
            .map(String::as_str)
            .filter(|field| !known.contains(field) && !common.contains(field));
        found.extend(strange.map(|field| format!("unknown field \"{field}\"")));
    }
    found
}

/// Checks an object as `fieldValidation` asks: `Strict` refuses, `Warn` (also when nothing is said) answers warnings.
pub(super) fn check(resource: &Resource, object: &Value, level: &str) -> Result<Vec<String>, StoreError> {
    let found = unknown(resource, object);
    match level {
        "Ignore" => Ok(Vec::new()),
        "Strict" if !found.is_empty() => {
            let (kind, version) = (resource.kind, resource.version);
            let message = format!(
                "{kind} in version \"{version}\" cannot be handled as a {kind}: strict decoding error: {}",
                found.join(", ")
            );
            Err(StoreError::bad_request(message))
        }
        _ => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::resources::by_path;
    use serde_json::json;

    #[test]
    fn a_misspelt_field_is_refused_or_warned_of() {
        let maps = by_path("", "v1", "configmaps").unwrap();
        let object = json!({ "metadata": { "name": "a", "x": 1 }, "foo": 1 });
        let refused = check(maps, &object, "Strict").unwrap_err();
        assert_eq!(
            refused.message,
            "ConfigMap in version \"v1\" cannot be handled as a ConfigMap: strict decoding error: \
             unknown field \"metadata.x\", unknown field \"foo\""
        );
        assert_eq!(check(maps, &object, "").unwrap().len(), 2);
        assert!(check(maps, &object, "Ignore").unwrap().is_empty());
        assert!(check(maps, &json!({ "data": {} }), "Strict").unwrap().is_empty());
    }
}
