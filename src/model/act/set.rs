//! A StatefulSet that is made again: as it was, with other classes for its claims. `volumeClaimTemplates` are immutable, so that
//! this is the only way to change them (`reference/raft.md` §5, seed 003): the set is deleted, its pods orphaned, and made anew.

use crate::model::fact::Object;
use crate::model::helm::MANAGED_BY;
use crate::model::redact::redact;
use crate::model::{Key, Kind, Text};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Everything of a StatefulSet but its name, its namespace, and what the server wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SetDraft {
    labels: Value,
    annotations: Value,
    spec: Value,
}

/// What a server, kubectl or an earlier maker wrote on a set, and no new one carries.
const LEFT_OUT: [&str; 2] = ["kubectl.kubernetes.io/last-applied-configuration", super::STEP];

impl SetDraft {
    /// A set as the server keeps it.
    ///
    /// # Errors
    /// When it is none, or holds what looks like a secret, which the journal would not keep.
    pub fn of_live(set: &Value) -> Result<Self, String> {
        let map = |pointer: &str| {
            let map = set.pointer(pointer).and_then(Value::as_object).cloned();
            let kept = map.unwrap_or_default().into_iter();
            Value::Object(kept.filter(|(key, _)| !LEFT_OUT.contains(&key.as_str())).collect())
        };
        let mut spec = set.get("spec").cloned().unwrap_or_default();
        let templates = spec.get_mut("volumeClaimTemplates").and_then(Value::as_array_mut);
        for template in templates.into_iter().flatten() {
            if let Some(template) = template.as_object_mut() {
                template.remove("status");
            }
            if let Some(meta) = template.get_mut("metadata").and_then(Value::as_object_mut) {
                meta.remove("creationTimestamp");
            }
        }
        let draft = Self {
            labels: map("/metadata/labels"),
            annotations: map("/metadata/annotations"),
            spec,
        };
        if let Some(why) = draft.lacks() {
            return Err(why.to_owned());
        }
        let kept = serde_json::to_value(&draft).map_err(|error| error.to_string())?;
        let text = Value::String(kept.to_string());
        if redact(kept.clone()) != kept || redact(text.clone()) != text {
            return Err(
                "it holds something that looks like a secret, and is not kept: put it into a Secret".to_owned(),
            );
        }
        Ok(draft)
    }

    /// Why the API server would not take it, as far as the draft alone tells.
    pub fn lacks(&self) -> Option<&'static str> {
        if self.spec.pointer("/template/spec/containers").is_none() {
            Some("a set has a pod template with containers")
        } else if self.spec.pointer("/selector/matchLabels").is_none() {
            Some("a set selects its pods by labels")
        } else {
            None
        }
    }

    /// The names of its claim templates, with the class of each.
    pub fn classes(&self) -> Vec<(&str, Option<&str>)> {
        let templates = self.spec.get("volumeClaimTemplates").and_then(Value::as_array);
        let named = templates.into_iter().flatten().filter_map(|template| {
            let class = template.pointer("/spec/storageClassName").and_then(Value::as_str);
            Some((template.pointer("/metadata/name")?.as_str()?, class))
        });
        named.collect()
    }

    /// The same with this class for these claim templates; for all, where none is named.
    ///
    /// # Errors
    /// When it has no claim template, or none of such a name.
    pub fn on_class(mut self, class: &str, named: &[Text]) -> Result<Self, String> {
        let own: Vec<String> = self.classes().iter().map(|(name, _)| (*name).to_owned()).collect();
        if own.is_empty() {
            return Err("it has no claim templates".to_owned());
        }
        if let Some(stranger) = named.iter().find(|name| !own.iter().any(|own| *own == name.as_str())) {
            return Err(format!(
                "it has no claim template {stranger}; it has {}",
                own.join(", ")
            ));
        }
        let templates = self.spec.get_mut("volumeClaimTemplates").and_then(Value::as_array_mut);
        for template in templates.into_iter().flatten() {
            let name = template
                .pointer("/metadata/name")
                .and_then(Value::as_str)
                .unwrap_or_default();
            let meant = named.is_empty() || named.iter().any(|own| own == name);
            if let Some(spec) = template
                .get_mut("spec")
                .and_then(Value::as_object_mut)
                .filter(|_| meant)
            {
                spec.insert("storageClassName".to_owned(), json!(class));
            }
        }
        Ok(self)
    }

    /// The facts of such a set.
    pub fn facts(&self, key: &Key) -> Option<Object> {
        Object::from_value(Kind::StatefulSet, &self.body(&key.namespace, &key.name, "")).ok()
    }

    /// It belongs to a Helm release, whose next upgrade renders it anew.
    pub fn of_helm(&self) -> bool {
        self.labels.get(MANAGED_BY).and_then(Value::as_str) == Some("Helm")
    }

    /// The body of the request that makes it.
    pub fn body(&self, namespace: &str, name: &str, step: &str) -> Value {
        let mut annotations: Map<String, Value> = self.annotations.as_object().cloned().unwrap_or_default();
        if !step.is_empty() {
            annotations.insert(super::STEP.to_owned(), json!(step));
        }
        json!({
            "kind": "StatefulSet",
            "apiVersion": "apps/v1",
            "metadata": { "name": name, "namespace": namespace, "labels": self.labels, "annotations": annotations },
            "spec": self.spec,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn live() -> Value {
        json!({
            "kind": "StatefulSet", "apiVersion": "apps/v1",
            "metadata": {
                "name": "vault", "namespace": "vault", "uid": "1", "resourceVersion": "7", "generation": 3,
                "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {"meta.helm.sh/release-name": "vault",
                    "kubectl.kubernetes.io/last-applied-configuration": "{}"},
            },
            "spec": {
                "replicas": 3, "selector": {"matchLabels": {"a": "b"}},
                "template": {"spec": {"containers": [{"name": "vault", "image": "vault:1.21.0"}]}},
                "volumeClaimTemplates": [
                    {"metadata": {"name": "data", "creationTimestamp": null}, "spec": {"storageClassName": "nfs"}, "status": {}},
                    {"metadata": {"name": "audit"}, "spec": {"storageClassName": "nfs"}},
                ],
            },
            "status": {"replicas": 3},
        })
    }

    #[test]
    fn a_set_is_made_again_as_it_was_but_for_its_classes() {
        let draft = SetDraft::of_live(&live()).unwrap();
        assert!(draft.of_helm());
        let data = draft.clone().on_class("lvm", &["data".into()]).unwrap();
        assert_eq!(data.classes(), [("data", Some("lvm")), ("audit", Some("nfs"))]);
        let all = draft.clone().on_class("lvm", &[]).unwrap();
        assert_eq!(all.classes(), [("data", Some("lvm")), ("audit", Some("lvm"))]);
        let body = all.body("vault", "vault", "run-1");
        assert_eq!(body["spec"]["template"], live()["spec"]["template"]);
        assert_eq!(
            body["metadata"],
            json!({"name": "vault", "namespace": "vault", "labels": {"app.kubernetes.io/managed-by": "Helm"},
                "annotations": {"meta.helm.sh/release-name": "vault", "pilothouse.dev/step": "run-1"}})
        );
        let why = draft.on_class("lvm", &["date".into()]).unwrap_err();
        assert_eq!(why, "it has no claim template date; it has data, audit");
        let facts = all.facts(&Key::new(Kind::StatefulSet, "vault", "vault")).unwrap();
        assert_eq!(facts.body.stateful_set().unwrap().replicas(), 3);
    }

    #[test]
    fn what_is_no_set_or_tells_a_secret_is_not_kept() {
        assert!(SetDraft::of_live(&json!({})).is_err());
        let mut told = live();
        told["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "DB_PASSWORD", "value": "hunter2"}]);
        assert!(SetDraft::of_live(&told).unwrap_err().contains("looks like a secret"));
    }
}
