//! A StorageClass that is not there: what it says.

use crate::model::redact::redact;
use crate::model::storage::{Class, ClassParameters, ReclaimPolicy};
use crate::model::{Labels, Text};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Everything of a StorageClass but its name. Source: `k8s.io/api/storage/v1/types.go`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClassDraft {
    pub provisioner: Text,
    pub parameters: Labels,
    /// `Retain` or `Delete`; empty: the server's default, `Delete`.
    pub reclaim_policy: Text,
    /// Empty: the server's default, `Immediate`.
    pub volume_binding_mode: Text,
    pub allow_volume_expansion: bool,
    pub mount_options: Vec<Text>,
    /// `allowedTopologies` as JSON; empty: none.
    pub allowed_topologies: Text,
    pub labels: Labels,
    pub annotations: Labels,
}

/// What a server, kubectl or an earlier maker wrote on a class, and no new one carries.
const LEFT_OUT: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", super::STEP];

impl ClassDraft {
    /// A class as the server keeps it.
    ///
    /// # Errors
    /// When it is none, or holds what looks like a secret, which the journal would not keep.
    pub fn of_live(class: &Value) -> Result<Self, String> {
        if redact(class.clone()) != *class {
            return Err("it holds something that looks like a secret, and is not kept".to_owned());
        }
        let text = |field: &str| class.get(field).and_then(Value::as_str).unwrap_or_default();
        let pairs = |pointer: &str| -> Labels {
            let map = class.pointer(pointer).and_then(Value::as_object).into_iter().flatten();
            let pairs = map.filter_map(|(key, value)| Some((key.as_str(), value.as_str()?)));
            pairs.filter(|(key, _)| !LEFT_OUT.contains(key)).collect()
        };
        let options = class
            .get("mountOptions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        let draft = Self {
            provisioner: text("provisioner").into(),
            parameters: pairs("/parameters"),
            reclaim_policy: text("reclaimPolicy").into(),
            volume_binding_mode: text("volumeBindingMode").into(),
            allow_volume_expansion: class
                .get("allowVolumeExpansion")
                .and_then(Value::as_bool)
                .unwrap_or(false),
            mount_options: options.filter_map(Value::as_str).map(Text::from).collect(),
            allowed_topologies: class
                .get("allowedTopologies")
                .map(Value::to_string)
                .unwrap_or_default()
                .into(),
            labels: pairs("/metadata/labels"),
            annotations: pairs("/metadata/annotations"),
        };
        match draft.lacks() {
            Some(why) => Err(why.to_owned()),
            None => Ok(draft),
        }
    }

    /// Why the API server would not take it, as far as the draft alone tells.
    pub fn lacks(&self) -> Option<&'static str> {
        if self.provisioner.is_empty() {
            return Some("a class names its provisioner");
        }
        if !["", "Retain", "Delete"].contains(&self.reclaim_policy.as_str()) {
            return Some("the reclaim policy of a class is Retain or Delete");
        }
        if !["", "Immediate", "WaitForFirstConsumer"].contains(&self.volume_binding_mode.as_str()) {
            return Some("the binding mode of a class is Immediate or WaitForFirstConsumer");
        }
        let topologies: Option<Value> = serde_json::from_str(&self.allowed_topologies).ok();
        (!self.allowed_topologies.is_empty() && !topologies.is_some_and(|it| it.is_array()))
            .then_some("its allowed topologies are no list")
    }

    /// The facts of such a class.
    pub fn facts(&self) -> Class {
        let parameter = |name: &str| self.parameters.get(name).unwrap_or_default().into();
        Class {
            parameters: ClassParameters {
                secret_name: parameter("csi.storage.k8s.io/provisioner-secret-name"),
                secret_namespace: parameter("csi.storage.k8s.io/provisioner-secret-namespace"),
            },
            provisioner: self.provisioner.clone(),
            reclaim_policy: Some(match self.reclaim_policy.as_str() {
                "Retain" => ReclaimPolicy::Retain,
                _ => ReclaimPolicy::Delete,
            }),
            volume_binding_mode: Some(if self.volume_binding_mode.is_empty() {
                "Immediate".into()
            } else {
                self.volume_binding_mode.clone()
            }),
            allow_volume_expansion: Some(self.allow_volume_expansion),
        }
    }

    /// The body of the request that makes it.
    pub fn body(&self, name: &str, step: &str) -> Value {
        let mut body = json!({
            "kind": "StorageClass",
            "apiVersion": "storage.k8s.io/v1",
            "metadata": {
                "name": name,
                "labels": self.labels,
                "annotations": self.annotations.with(super::STEP, Some(step)),
            },
            "provisioner": self.provisioner,
            "parameters": self.parameters,
            "allowVolumeExpansion": self.allow_volume_expansion,
        });
        let topologies: Option<Value> = serde_json::from_str(&self.allowed_topologies).ok();
        let told = [
            (
                "reclaimPolicy",
                json!(self.reclaim_policy),
                self.reclaim_policy.is_empty(),
            ),
            (
                "volumeBindingMode",
                json!(self.volume_binding_mode),
                self.volume_binding_mode.is_empty(),
            ),
            ("mountOptions", json!(self.mount_options), self.mount_options.is_empty()),
            (
                "allowedTopologies",
                topologies.unwrap_or_default(),
                self.allowed_topologies.is_empty(),
            ),
        ];
        if let Some(body) = body.as_object_mut() {
            for (field, value, empty) in told {
                if !empty {
                    body.insert(field.to_owned(), value);
                }
            }
        }
        body
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_class_is_made_again_as_it_was() {
        let live = json!({
            "kind": "StorageClass", "apiVersion": "storage.k8s.io/v1",
            "metadata": {
                "name": "client-storage", "uid": "1", "resourceVersion": "7", "creationTimestamp": "2026-01-01T00:00:00Z",
                "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {
                    "meta.helm.sh/release-name": "eks", "kubectl.kubernetes.io/last-applied-configuration": "{}",
                },
            },
            "provisioner": "efs.csi.aws.com", "parameters": {"fileSystemId": "fs-1", "directoryPerms": "700"},
            "reclaimPolicy": "Retain", "volumeBindingMode": "Immediate", "mountOptions": ["tls"],
            "allowedTopologies": [{"matchLabelExpressions": []}],
        });
        let draft = ClassDraft::of_live(&live).expect("a class");
        let body = draft.body("client-storage", "make-class");
        for field in [
            "provisioner",
            "parameters",
            "reclaimPolicy",
            "volumeBindingMode",
            "mountOptions",
            "allowedTopologies",
        ] {
            assert_eq!(body[field], live[field], "{field}");
        }
        assert_eq!(
            body["metadata"],
            json!({
                "name": "client-storage", "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {"meta.helm.sh/release-name": "eks", "pilothouse.dev/step": "make-class"},
            })
        );
        assert_eq!(ClassDraft::of_live(&body).expect("a class"), draft);
    }

    #[test]
    fn what_is_no_class_or_tells_a_secret_is_not_kept() {
        for live in [
            json!({}),
            json!({"provisioner": ""}),
            json!({"provisioner": "a", "reclaimPolicy": "Recycle"}),
            json!({"provisioner": "a", "volumeBindingMode": "Later"}),
            json!({"provisioner": "a", "allowedTopologies": 3}),
            json!({"provisioner": "a", "parameters": {"adminPassword": "hunter2"}}),
        ] {
            assert!(ClassDraft::of_live(&live).is_err(), "{live}");
        }
    }
}
