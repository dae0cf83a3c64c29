//! The orders in which Helm applies and deletes, by kind (`pkg/releaseutil/kind_sorter.go`).

use super::version;
use crate::model::helm::{Document, Event, Executor, Hook};

const WEBHOOKS: [&str; 2] = ["ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"];

const UNINSTALL: [&str; 35] = [
    "APIService",
    "Ingress",
    "IngressClass",
    "Service",
    "CronJob",
    "Job",
    "StatefulSet",
    "HorizontalPodAutoscaler",
    "Deployment",
    "ReplicaSet",
    "ReplicationController",
    "Pod",
    "DaemonSet",
    "RoleBindingList",
    "RoleBinding",
    "RoleList",
    "Role",
    "ClusterRoleBindingList",
    "ClusterRoleBinding",
    "ClusterRoleList",
    "ClusterRole",
    "CustomResourceDefinition",
    "PersistentVolumeClaim",
    "PersistentVolume",
    "StorageClass",
    "ConfigMap",
    "SecretList",
    "Secret",
    "ServiceAccount",
    "PodDisruptionBudget",
    "PodSecurityPolicy",
    "LimitRange",
    "ResourceQuota",
    "NetworkPolicy",
    "Namespace",
];

/// A stored manifest's documents as an uninstall deletes them: known kinds in their order, `PriorityClass` last of them,
/// then unknown kinds by name; within a kind by the text `manifest-N`, so that the tenth comes before the second.
pub(super) fn uninstall(documents: &[Document], executor: Option<Executor>) -> Vec<&Document> {
    let rank = |kind: &str| {
        let webhook = WEBHOOKS.iter().position(|held| *held == kind);
        if let Some(at) = webhook.filter(|_| executor.is_some_and(version::webhooks_first)) {
            return (at, String::new());
        }
        let known = UNINSTALL
            .iter()
            .chain(&["PriorityClass"])
            .position(|held| *held == kind);
        known.map_or_else(
            || (usize::MAX, kind.to_owned()),
            |at| (at + WEBHOOKS.len(), String::new()),
        )
    };
    let mut sorted: Vec<&Document> = documents.iter().collect();
    sorted.sort_by_cached_key(|document| (rank(&document.address.kind), format!("manifest-{}", document.at)));
    sorted
}

/// A hook list at one event: by weight, then name; the rest as stored (`hooks.go` `hookByWeight`).
pub(super) fn hooks(hooks: &[Hook], event: Event) -> Vec<&Hook> {
    let mut sorted: Vec<_> = hooks.iter().filter(|hook| hook.runs_at(event)).collect();
    sorted.sort_by(|one, other| {
        (one.weight, &one.document.address.name).cmp(&(other.weight, &other.document.address.name))
    });
    sorted
}
