//! What a document says between its lines: what its pods cannot start without, and where it takes hold of other people's
//! disks. Paths, kinds and names only: of no value more than the path is kept.

use crate::model::Text;
use serde_json::Value;
use std::collections::BTreeSet;

/// What a script or a role must touch to be told.
const DISKS: [&str; 2] = ["persistentvolumes", "persistentvolumeclaims"];

/// What was read of a document besides its facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// Objects of its namespace without which its pods do not start: kind and name.
    pub needs: BTreeSet<(Text, Text)>,
    /// Where it deletes or changes claims or volumes, and how: a rule of a role, the command of a container.
    pub surgery: Vec<(Text, Text)>,
    /// Of a binding: the role, and the service accounts that it is given to.
    pub binds: Option<(Text, Vec<Text>)>,
    /// The service account of its pods.
    pub account: Text,
}

impl Hints {
    pub(super) fn of(document: &Value) -> Self {
        let mut hints = Self::default();
        let kind = text(document, "/kind");
        if let Some(spec) = pod_spec(kind, document) {
            hints.pod(spec);
        }
        match kind {
            "Role" | "ClusterRole" => hints.role(document),
            "RoleBinding" | "ClusterRoleBinding" => hints.binds = Some(binding(document)),
            _ => {}
        }
        hints
    }

    fn pod(&mut self, spec: &Value) {
        self.account = text(spec, "/serviceAccountName").into();
        if !matches!(self.account.as_str(), "" | "default") {
            self.needs.insert(("ServiceAccount".into(), self.account.clone()));
        }
        for volume in list(spec, "/volumes") {
            self.need("Secret", volume.get("secret"), "/secretName");
            self.need("ConfigMap", volume.get("configMap"), "/name");
            self.need(
                "PersistentVolumeClaim",
                volume.get("persistentVolumeClaim"),
                "/claimName",
            );
        }
        let containers = list(spec, "/containers").map(|one| ("containers", one));
        let first = list(spec, "/initContainers").map(|one| ("initContainers", one));
        for (field, container) in containers.chain(first) {
            for from in list(container, "/envFrom") {
                self.need("Secret", from.get("secretRef"), "/name");
                self.need("ConfigMap", from.get("configMapRef"), "/name");
            }
            for from in list(container, "/env").filter_map(|one| one.get("valueFrom")) {
                self.need("Secret", from.get("secretKeyRef"), "/name");
                self.need("ConfigMap", from.get("configMapKeyRef"), "/name");
            }
            let words: Vec<&str> = list(container, "/command")
                .chain(list(container, "/args"))
                .filter_map(Value::as_str)
                .collect();
            if let Some(what) = script(&words.join(" ")) {
                let path = format!("{field}[{}].command", text(container, "/name"));
                self.surgery.push((path.into(), what.into()));
            }
        }
    }

    fn need(&mut self, kind: &str, source: Option<&Value>, name: &str) {
        let Some(source) = source.filter(|source| source.get("optional").and_then(Value::as_bool) != Some(true)) else {
            return;
        };
        let name = text(source, name);
        if !name.is_empty() {
            self.needs.insert((kind.into(), name.into()));
        }
    }

    fn role(&mut self, document: &Value) {
        for (at, rule) in list(document, "/rules").enumerate() {
            let words = |field| list(rule, field).filter_map(Value::as_str).collect::<BTreeSet<&str>>();
            let resources = words("/resources");
            let disks: Vec<&str> = DISKS
                .into_iter()
                .filter(|disk| resources.contains(disk) || resources.contains("*"))
                .collect();
            let verbs: Vec<&str> = words("/verbs")
                .into_iter()
                .filter(|verb| matches!(*verb, "delete" | "deletecollection" | "patch" | "update" | "*"))
                .collect();
            if !disks.is_empty()
                && !verbs.is_empty()
                && words("/apiGroups").iter().any(|group| matches!(*group, "" | "*"))
            {
                let what = format!("{} {}", verbs.join(", "), disks.join(", "));
                self.surgery.push((format!("rules[{at}]").into(), what.into()));
            }
        }
    }
}

fn pod_spec<'a>(kind: &str, document: &'a Value) -> Option<&'a Value> {
    document.pointer(match kind {
        "Pod" => "/spec",
        "CronJob" => "/spec/jobTemplate/spec/template/spec",
        _ => "/spec/template/spec",
    })
}

/// A command that deletes or changes claims or volumes, in a few words of our own: the command itself may hold a secret.
fn script(words: &str) -> Option<&'static str> {
    let words = words.to_lowercase();
    let named = |names: &[&str]| {
        words
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .any(|word| names.contains(&word))
    };
    if !named(&["kubectl", "oc", "curl"])
        || !named(&[
            "pv",
            "pvc",
            "pvs",
            "pvcs",
            "persistentvolume",
            "persistentvolumeclaim",
            "persistentvolumes",
            "persistentvolumeclaims",
        ])
    {
        return None;
    }
    if named(&["finalizers"]) {
        Some("changes finalizers of claims or volumes")
    } else if named(&["delete"]) {
        Some("deletes claims or volumes")
    } else if named(&["patch", "edit", "replace"]) {
        Some("patches claims or volumes")
    } else {
        None
    }
}

fn binding(document: &Value) -> (Text, Vec<Text>) {
    let accounts = list(document, "/subjects").filter(|subject| text(subject, "/kind") == "ServiceAccount");
    (
        text(document, "/roleRef/name").into(),
        accounts.map(|subject| text(subject, "/name").into()).collect(),
    )
}

fn text<'a>(value: &'a Value, path: &str) -> &'a str {
    value.pointer(path).and_then(Value::as_str).unwrap_or_default()
}

fn list<'a>(value: &'a Value, path: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
    value.pointer(path).and_then(Value::as_array).into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_pod_needs_what_is_not_optional() {
        let job = json!({"kind": "Job", "spec": {"template": {"spec": {
            "serviceAccountName": "migrator",
            "volumes": [{"secret": {"secretName": "creds"}}, {"configMap": {"name": "maybe", "optional": true}},
                        {"persistentVolumeClaim": {"claimName": "data"}}],
            "containers": [{"name": "c", "envFrom": [{"configMapRef": {"name": "env"}}],
                            "env": [{"valueFrom": {"secretKeyRef": {"name": "key", "key": "k"}}}]}],
        }}}});
        let needs: Vec<String> = Hints::of(&job)
            .needs
            .iter()
            .map(|(kind, name)| format!("{kind}/{name}"))
            .collect();
        assert_eq!(
            needs,
            [
                "ConfigMap/env",
                "PersistentVolumeClaim/data",
                "Secret/creds",
                "Secret/key",
                "ServiceAccount/migrator"
            ]
        );
    }

    #[test]
    fn roles_and_scripts_that_take_hold_of_disks() {
        let role = json!({"kind": "ClusterRole", "rules": [
            {"apiGroups": [""], "resources": ["persistentvolumes"], "verbs": ["get", "patch"]},
            {"apiGroups": [""], "resources": ["persistentvolumeclaims"], "verbs": ["get"]},
            {"apiGroups": ["acme.io"], "resources": ["*"], "verbs": ["*"]}]});
        assert_eq!(
            Hints::of(&role).surgery,
            [("rules[0]".into(), "patch persistentvolumes".into())]
        );
        for (command, told) in [
            ("kubectl patch pv $V -p '{\"metadata\":{\"finalizers\":null}}'", true),
            ("kubectl delete pvc --all", true),
            ("kubectl get pvc", false),
            ("rm -rf /pvc", false),
        ] {
            assert_eq!(script(command).is_some(), told, "{command}");
        }
    }
}
