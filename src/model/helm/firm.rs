//! What of an object the API server does not let change, by kind (`reference/semantics.md` §3.5; `pkg/apis/*/validation`
//! of Kubernetes 1.36): of a document and of the live object the same leaves, to be held against each other.
//!
//! Knows which fields these are, and not what comes of changing one: that is `laws::helm`'s. Of Secrets and `ConfigMap`s only
//! fingerprints are kept.

use super::{Address, Leaves, drift};
use crate::model::Text;
use serde_json::Value;
use std::collections::BTreeSet;

/// Fields of a StatefulSet's spec that may change.
const OF_SET: [&str; 7] = [
    "spec.replicas",
    "spec.ordinals",
    "spec.template",
    "spec.updateStrategy",
    "spec.revisionHistoryLimit",
    "spec.persistentVolumeClaimRetentionPolicy",
    "spec.minReadySeconds",
];

/// Fields of a volume's spec that may change: everything but its source.
const OF_VOLUME: [&str; 8] = [
    "spec.capacity",
    "spec.accessModes",
    "spec.claimRef",
    "spec.persistentVolumeReclaimPolicy",
    "spec.storageClassName",
    "spec.mountOptions",
    "spec.volumeAttributesClassName",
    "spec.nodeAffinity",
];

/// What a field is taken for where nothing says it, of those that may be left out.
const DEFAULTS: [(&str, &str, &str); 3] = [
    ("Secret", "type", "Opaque"),
    ("StatefulSet", "spec.podManagementPolicy", "OrderedReady"),
    ("PersistentVolumeClaim", "spec.volumeMode", "Filesystem"),
];

/// Whether a field cannot change once it is set: by its path as [`super::Document::prints`] has it, two words below `spec`,
/// one elsewhere.
pub fn frozen(kind: &str, field: &str) -> bool {
    match kind {
        "PersistentVolumeClaim" => {
            field.starts_with("spec.") && !matches!(field, "spec.resources" | "spec.volumeAttributesClassName")
        }
        "StatefulSet" => field.starts_with("spec.") && !OF_SET.contains(&field),
        "PersistentVolume" => field.starts_with("spec.") && !OF_VOLUME.contains(&field),
        "StorageClass" => matches!(
            field,
            "provisioner" | "parameters" | "reclaimPolicy" | "volumeBindingMode"
        ),
        "Job" => matches!(
            field,
            "spec.template"
                | "spec.selector"
                | "spec.completions"
                | "spec.completionMode"
                | "spec.podFailurePolicy"
                | "spec.successPolicy"
                | "spec.backoffLimitPerIndex"
                | "spec.managedBy"
        ),
        "Deployment" | "DaemonSet" | "ReplicaSet" => field == "spec.selector",
        // what is said to be immutable, and a Secret's type always
        "Secret" => matches!(field, "type" | "immutable" | "data" | "stringData"),
        "ConfigMap" => matches!(field, "immutable" | "data" | "binaryData"),
        "Service" => matches!(
            field,
            "spec.type" | "spec.clusterIP" | "spec.clusterIPs" | "spec.ipFamilies" | "spec.loadBalancerClass"
        ),
        "RoleBinding" | "ClusterRoleBinding" => field == "roleRef",
        "PriorityClass" => matches!(field, "value" | "preemptionPolicy"),
        "IngressClass" => field == "spec.controller",
        "RuntimeClass" => field == "handler",
        "ResourceQuota" => field == "spec.scopes",
        _ => false,
    }
}

/// Whether objects of this kind have such fields.
pub fn has(address: &Address) -> bool {
    let group = match address.kind.as_str() {
        "PersistentVolumeClaim" | "PersistentVolume" | "Secret" | "ConfigMap" | "Service" | "ResourceQuota" => "",
        "StatefulSet" | "Deployment" | "DaemonSet" | "ReplicaSet" => "apps",
        "StorageClass" => "storage.k8s.io",
        "Job" => "batch",
        "RoleBinding" | "ClusterRoleBinding" => "rbac.authorization.k8s.io",
        "PriorityClass" => "scheduling.k8s.io",
        "IngressClass" => "networking.k8s.io",
        "RuntimeClass" => "node.k8s.io",
        _ => return false,
    };
    address.group() == group
}

/// The leaves of these fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Firm {
    kind: Text,
    leaves: Leaves,
}

impl Firm {
    /// Of an object as a manifest or the server writes it; `None` for a kind that has no such fields.
    pub fn of(address: &Address, object: &Value) -> Option<Self> {
        if !has(address) {
            return None;
        }
        let kind = address.kind.as_str();
        let mut leaves = Leaves::of_object(object);
        leaves.retain(|path| frozen(kind, head(path)));
        if matches!(kind, "Secret" | "ConfigMap") {
            leaves.blind(|path| !matches!(path, "type" | "immutable"));
        }
        Some(Self {
            kind: address.kind.clone(),
            leaves,
        })
    }

    /// What stands at a path, where it may be shown and is not empty.
    pub fn word(&self, path: &str) -> Option<&str> {
        let shown = self.leaves.get(path)?.shown()?;
        (!shown.is_empty()).then_some(shown.as_str())
    }

    /// The fields that a patch of this live object would change: what the manifest says and is otherwise there, and what
    /// the manifest `before` said, it does not say any more, and is there still.
    pub fn touched<'a>(&'a self, before: Option<&'a Self>, after: &'a Self) -> BTreeSet<&'a str> {
        let stated = drift(&after.leaves, &self.leaves);
        let stated: BTreeSet<Text> = stated.into_iter().map(|difference| difference.path).collect();
        let stated = after.leaves.iter().filter(|(path, _)| stated.contains(*path));
        let dropped = before.into_iter().flat_map(|before| before.leaves.iter());
        let dropped = dropped.filter(|(path, _)| !after.leaves.holds(path) && self.leaves.holds(path));
        let dropped = dropped.filter(|(path, _)| self.word(path).is_none_or(|word| !self.default(path, word)));
        stated.chain(dropped).map(|(path, _)| head(path)).collect()
    }

    fn default(&self, path: &str, word: &str) -> bool {
        let own = DEFAULTS
            .iter()
            .find(|(kind, field, _)| *kind == self.kind && *field == path);
        own.is_some_and(|(.., default)| *default == word)
    }
}

/// `spec.template.spec.containers[app].image` is of `spec.template`, `data.key` of `data`.
fn head(path: &str) -> &str {
    let ends = |from: usize| {
        let rest = path.get(from..).unwrap_or_default();
        rest.find(['.', '[']).map_or(path.len(), |at| from + at)
    };
    let first = ends(0);
    let end = if path.get(..first) == Some("spec") && first < path.len() {
        ends(first + 1)
    } else {
        first
    };
    path.get(..end).unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn touched(live: &Value, before: Option<&Value>, after: &Value) -> Vec<String> {
        let firm = |value: &Value| {
            let word = |field: &str| value[field].as_str().unwrap().to_owned();
            let address = Address::new(&word("apiVersion"), &word("kind"), "", "x", "shop");
            Firm::of(&address, value).unwrap()
        };
        let (live, before, after) = (firm(live), before.map(firm), firm(after));
        let told = live.touched(before.as_ref(), &after);
        told.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn what_the_server_fills_in_is_nothing_that_changes() {
        let live = json!({"apiVersion": "batch/v1", "kind": "Job", "spec": {"parallelism": 1, "completions": 1, "selector": {"matchLabels": {"u": "1"}},
            "template": {"metadata": {"labels": {"u": "1", "app": "x"}}, "spec": {"dnsPolicy": "ClusterFirst", "containers": [
                {"name": "c", "image": "x:1", "resources": {"limits": {"memory": "1Gi"}}}]}}}});
        let mut manifest = json!({"apiVersion": "batch/v1", "kind": "Job", "spec": {"parallelism": 3,
            "template": {"metadata": {"labels": {"app": "x"}}, "spec": {"containers": [
                {"name": "c", "image": "x:1", "resources": {"limits": {"memory": "1024Mi"}}}]}}}});
        assert_eq!(touched(&live, None, &manifest), Vec::<String>::new());
        let stated = manifest.clone();
        manifest["spec"]["template"]["spec"]["containers"][0]["image"] = json!("x:2");
        assert_eq!(touched(&live, None, &manifest), ["spec.template"]);
        // what an old manifest said and the new one does not is taken out; what it never said stays
        let mut less = stated.clone();
        less["spec"]["template"]["metadata"] = json!({});
        assert_eq!(touched(&live, Some(&stated), &less), ["spec.template"]);
        assert_eq!(touched(&live, None, &less), Vec::<String>::new());
    }

    #[test]
    fn a_default_that_is_not_said_any_more_is_the_same() {
        let secret = |word: Value| json!({"apiVersion": "v1", "kind": "Secret", "type": word, "data": {"k": "YQ=="}});
        let bare = json!({"apiVersion": "v1", "kind": "Secret", "stringData": {"k": "a"}});
        let opaque = secret(json!("Opaque"));
        assert_eq!(touched(&opaque, Some(&opaque), &bare), Vec::<String>::new());
        let tls = secret(json!("kubernetes.io/tls"));
        assert_eq!(touched(&tls, Some(&tls), &bare), ["type"]);
        assert_eq!(touched(&opaque, None, &tls), ["type"]);
    }

    #[test]
    fn of_a_secret_and_a_config_map_no_value_is_kept() {
        for kind in ["Secret", "ConfigMap"] {
            let address = Address::new("v1", kind, "", "x", "shop");
            let object =
                json!({"apiVersion": "v1", "kind": kind, "data": {"k": "canary"}, "metadata": {"name": "canary"}});
            assert!(!format!("{:?}", Firm::of(&address, &object)).contains("canary"));
        }
        let other = Address::new("example.org/v1", "Service", "", "x", "shop");
        assert_eq!(Firm::of(&other, &json!({"kind": "Service"})), None);
    }
}
