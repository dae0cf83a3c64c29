//! What stands in the API of a cluster of Vaults.

use serde_json::{Value, json};

use super::{API, Ids, PEERS};

pub(super) fn service() -> Value {
    json!({
        "apiVersion": "v1", "kind": "Service", "metadata": {"name": "vault-internal"},
        "spec": {
            "clusterIP": "None", "publishNotReadyAddresses": true, "selector": {"app.kubernetes.io/name": "vault"},
            "ports": [{"name": "http", "port": API}],
        },
    })
}

/// What the chart makes of it, as far as anybody here reads it.
pub(crate) fn set(class: &str, ids: Ids) -> Value {
    let labels = json!({"app.kubernetes.io/name": "vault", "component": "server", "kit/lingers": "true"});
    let own_name = json!({"name": "VAULT_RAFT_NODE_ID", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}});
    let mut environment = vec![json!({"name": "VAULT_ADDR", "value": "http://127.0.0.1:8200"})];
    environment.extend((ids == Ids::Fixed).then_some(own_name));
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet",
        "metadata": {"name": "vault", "labels": {"app.kubernetes.io/name": "vault"}},
        "spec": {
            "serviceName": "vault-internal", "replicas": PEERS, "podManagementPolicy": "Parallel",
            "updateStrategy": {"type": "OnDelete"},
            "selector": {"matchLabels": {"app.kubernetes.io/name": "vault", "component": "server"}},
            "template": {
                "metadata": {"labels": labels},
                "spec": {
                    "terminationGracePeriodSeconds": 5,
                    "securityContext": {"fsGroup": 1000, "runAsUser": 100, "runAsGroup": 1000, "runAsNonRoot": true},
                    "containers": [{
                        "name": "vault", "image": "hashicorp/vault:1.21.0", "env": environment,
                        "ports": [{"name": "http", "containerPort": API}, {"name": "internal", "containerPort": 8201}],
                        "volumeMounts": [{"name": "data", "mountPath": "/vault/data"}],
                    }],
                },
            },
            "volumeClaimTemplates": [{
                "metadata": {"name": "data"},
                "spec": {
                    "accessModes": ["ReadWriteOnce"], "storageClassName": class,
                    "resources": {"requests": {"storage": "1Gi"}},
                },
            }],
        },
    })
}
