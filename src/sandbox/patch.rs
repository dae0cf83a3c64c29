//! How a PATCH changes an object: JSON patch, merge patch, strategic merge patch. Apply lives in `managed_fields.rs`.

mod strategic;

use super::fields::text;
use super::resources::Resource;
use super::status::StoreError;
use serde_json::Value;

/// The kinds of patch, by content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PatchKind {
    Json,
    Merge,
    Strategic,
    Apply,
}

impl PatchKind {
    pub(super) fn of(content_type: &str) -> Option<Self> {
        match content_type.split(';').next().unwrap_or_default().trim() {
            "application/json-patch+json" => Some(Self::Json),
            "application/merge-patch+json" => Some(Self::Merge),
            "application/strategic-merge-patch+json" => Some(Self::Strategic),
            "application/apply-patch+yaml" => Some(Self::Apply),
            _ => None,
        }
    }
}

/// A patch, read and not yet applied.
#[derive(Clone, Debug)]
pub(super) enum Patch {
    Json(json_patch::Patch),
    Merge(Value),
    Strategic(Value),
}

impl Patch {
    /// Reads a patch of a kind; `Apply` is no patch of this sort and is refused.
    pub(super) fn read(kind: PatchKind, body: &[u8]) -> Result<Self, StoreError> {
        let document: Value = serde_json::from_slice(body)
            .map_err(|error| StoreError::bad_request(format!("error decoding patch: {error}")))?;
        match kind {
            PatchKind::Json => serde_json::from_value(document)
                .map(Self::Json)
                .map_err(|error| StoreError::bad_request(format!("error decoding patch: {error}"))),
            PatchKind::Merge => Ok(Self::Merge(document)),
            PatchKind::Strategic => Ok(Self::Strategic(document)),
            PatchKind::Apply => Err(StoreError::unsupported_media_type()),
        }
    }

    /// The object after the patch. A JSON patch that does not fit, a failed `test` among them, is 422.
    pub(super) fn apply(&self, resource: &Resource, object: &Value) -> Result<Value, StoreError> {
        let mut patched = object.clone();
        match self {
            Self::Json(patch) => {
                if json_patch::patch(&mut patched, patch).is_err() {
                    return Err(StoreError::unprocessable());
                }
            }
            Self::Merge(document) => json_patch::merge(&mut patched, document),
            Self::Strategic(document) => strategic::merge(resource, &mut patched, document)?,
        }
        if !patched.is_object() {
            let name = text(object, &["metadata", "name"]);
            return Err(StoreError::bad_request(format!(
                "the patch leaves no object of \"{name}\""
            )));
        }
        Ok(patched)
    }
}

/// How the items of a list are told apart (`patchMergeKey`, `listType` and `listMapKey` of the API types).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Items {
    /// The list is one value: it is replaced whole.
    Atomic,
    /// Items are texts and are told apart by themselves.
    Set,
    /// Items are objects; the first key alone counts in a strategic merge, all of them in an apply.
    By(&'static [&'static str]),
}

/// How the items of a list field are told apart. `under` is the name of the object's field that holds it.
pub(super) fn items(resource: &Resource, under: &str, field: &str) -> Items {
    match field {
        "containers"
        | "initContainers"
        | "ephemeralContainers"
        | "volumes"
        | "env"
        | "imagePullSecrets"
        | "resourceClaims" => Items::By(&["name"]),
        "ports" if under == "spec" && resource.kind == "Service" => Items::By(&["port", "protocol"]),
        "ports" if resource.kind != "EndpointSlice" => Items::By(&["containerPort", "protocol"]),
        "volumeMounts" => Items::By(&["mountPath"]),
        "volumeDevices" => Items::By(&["devicePath"]),
        "hostAliases" | "podIPs" | "hostIPs" => Items::By(&["ip"]),
        "topologySpreadConstraints" => Items::By(&["topologyKey", "whenUnsatisfiable"]),
        "conditions" => Items::By(&["type"]),
        "addresses" if resource.kind == "Node" => Items::By(&["type"]),
        "taints" => Items::By(&["key"]),
        "ownerReferences" => Items::By(&["uid"]),
        "secrets" if resource.kind == "ServiceAccount" => Items::By(&["name"]),
        "finalizers" => Items::Set,
        _ => Items::Atomic,
    }
}

/// Objects that are one value in an apply: they are owned and replaced whole (`+structType=atomic`, `+mapType=atomic`).
pub(super) fn is_atomic_object(under: &str, field: &str) -> bool {
    matches!(
        (under, field),
        (
            _,
            "selector" | "labelSelector" | "nodeAffinity" | "secretRef" | "valueFrom"
        )
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::resources::by_path;
    use serde_json::json;

    fn volumes() -> &'static Resource {
        by_path("", "v1", "persistentvolumes").unwrap()
    }

    #[test]
    fn a_json_patch_whose_test_fails_changes_nothing() {
        let object =
            json!({ "metadata": { "resourceVersion": "5" }, "spec": { "claimRef": { "name": "a", "uid": "u" } } });
        let patch = |version: &str| {
            let body = json!([
                { "op": "test", "path": "/metadata/resourceVersion", "value": version },
                { "op": "remove", "path": "/spec/claimRef/uid" },
            ]);
            Patch::read(PatchKind::Json, body.to_string().as_bytes()).unwrap()
        };
        let done = patch("5").apply(volumes(), &object).unwrap();
        assert_eq!(done["spec"]["claimRef"], json!({ "name": "a" }));
        let refused = patch("4").apply(volumes(), &object).unwrap_err();
        assert_eq!((refused.code, refused.reason), (422, "Invalid"));
        assert_eq!(
            refused.message,
            "the server rejected our request due to an error in our request"
        );
    }

    #[test]
    fn a_patch_that_is_no_patch_is_a_bad_request() {
        for (kind, body) in [
            (PatchKind::Json, "{}"),
            (PatchKind::Merge, "{bad"),
            (PatchKind::Json, "[{\"op\":\"dance\"}]"),
        ] {
            assert_eq!(Patch::read(kind, body.as_bytes()).unwrap_err().code, 400, "{body}");
        }
        assert_eq!(PatchKind::of("application/foo"), None);
        assert_eq!(
            PatchKind::of("application/merge-patch+json; charset=utf-8"),
            Some(PatchKind::Merge)
        );
    }
}
