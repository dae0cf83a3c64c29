//! What is there to be listed and watched: one object of every kind, with much of what their specs can say.

use serde_json::{Value, json};

use crate::support::plane::NODE;
use crate::trial::{Trial, wait};

/// One object of every kind, with much of what their specs can say.
pub(super) fn furnish(trial: &Trial<'_>) {
    trial.create_class();
    let volume = trial.create_volume("disk");
    trial.create_claim("data", &json!({}));
    trial.wait_bound("data");
    trial.create_pod("user", "data", &json!({"app": "x", "empty": ""}), &rich());
    trial.wait_running("user");
    let template = json!({"metadata": {"labels": {"app": "many"}}, "spec": rich()});
    let selector =
        json!({"matchLabels": {"app": "many"}, "matchExpressions": [{"key": "gone", "operator": "DoesNotExist"}]});
    for (kind, api_version, spec) in [
        (
            "Deployment",
            "apps/v1",
            json!({"replicas": 1, "paused": false, "minReadySeconds": 0, "strategy": {"rollingUpdate": {"maxSurge": "30%", "maxUnavailable": 0}}}),
        ),
        ("DaemonSet", "apps/v1", json!({"updateStrategy": {"type": "OnDelete"}})),
        (
            "StatefulSet",
            "apps/v1",
            json!({
                "serviceName": "many", "replicas": 0, "ordinals": {"start": 3}, "podManagementPolicy": "Parallel",
                "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Retain"},
                "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": {
                    "accessModes": ["ReadWriteOnce"], "storageClassName": "", "resources": {"requests": {"storage": "1Gi"}},
                }}],
            }),
        ),
    ] {
        let mut object = json!({"apiVersion": api_version, "kind": kind, "metadata": {"name": "many"}, "spec": spec});
        object["spec"]["selector"] = selector.clone();
        object["spec"]["template"] = template.clone();
        if kind == "DaemonSet" {
            // it tolerates everything, and would come onto the nodes of other trials
            object["spec"]["template"]["spec"]["nodeSelector"] = json!({"kubernetes.io/hostname": NODE});
        }
        trial.create(object);
    }
    let mut once = rich();
    once["restartPolicy"] = json!("Never");
    // what no provisioner makes would keep a pod from running
    let own = json!({"name": "own", "ephemeral": {"volumeClaimTemplate": {"spec": {"accessModes": ["ReadWriteOnce"], "storageClassName": "none", "resources": {"requests": {"storage": "1Gi"}}}}}});
    once["volumes"].as_array_mut().expect("volumes").push(own);
    let job = json!({"suspend": true, "backoffLimit": 0, "ttlSecondsAfterFinished": 0, "podReplacementPolicy": "Failed", "template": {"spec": once}});
    trial.create(json!({"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "one"}, "spec": job}));
    trial.create(json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "often"},
        "spec": {"schedule": "0 0 1 1 *", "suspend": true, "successfulJobsHistoryLimit": 0, "jobTemplate": {"spec": job}},
    }));
    guards(trial, &volume);
    let deployments = format!("/apis/apps/v1/namespaces/{}/deployments/many", trial.namespace);
    wait(
        "a deployment that runs",
        || trial.plane.get(&deployments),
        |it| it["status"]["readyReplicas"] == 1,
    );
}

/// A budget, a release record of each kind and an attachment.
fn guards(trial: &Trial<'_>, volume: &str) {
    trial.create(json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "few"},
        "spec": {"maxUnavailable": 0, "selector": {"matchLabels": {"app": "x"}}, "unhealthyPodEvictionPolicy": "AlwaysAllow"},
    }));
    trial.create(json!({
        "apiVersion": "v1", "kind": "Secret", "type": "helm.sh/release.v1",
        "metadata": {"name": "sh.helm.release.v1.x.v1", "labels": {"owner": "helm", "name": "x", "version": "1", "status": "deployed"}},
        "data": {"release": "aGk="},
    }));
    trial.create(json!({
        "apiVersion": "v1", "kind": "ConfigMap",
        "metadata": {"name": "sh.helm.release.v1.y.v1", "labels": {"owner": "helm", "name": "y", "version": "1", "status": "deployed"}},
        "data": {"release": "aGk="},
    }));
    trial.plane.create(&json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "VolumeAttachment", "metadata": {"name": format!("{}-attached", trial.namespace)},
        "spec": {"attacher": "nobody.example.com", "nodeName": NODE, "source": {"persistentVolumeName": volume}},
    }));
    wait(
        "a budget that was looked at",
        || {
            trial.plane.get(&format!(
                "/apis/policy/v1/namespaces/{}/poddisruptionbudgets/few",
                trial.namespace
            ))
        },
        |budget| budget["status"]["observedGeneration"] == 1,
    );
}

/// A pod's spec with something of everything.
fn rich() -> Value {
    json!({
        "terminationGracePeriodSeconds": 2, "serviceAccountName": "default", "hostNetwork": false, "automountServiceAccountToken": false,
        "securityContext": {"runAsUser": 0, "fsGroup": 0, "supplementalGroups": [0, 7], "sysctls": [{"name": "net.ipv4.ip_unprivileged_port_start", "value": "0"}]},
        "nodeSelector": {}, "tolerations": [{"key": "a", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 0}, {"operator": "Exists"}],
        "affinity": {
            "podAntiAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": {"topologyKey": "kubernetes.io/hostname", "labelSelector": {}}}]},
            "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "preference": {"matchExpressions": [{"key": "x", "operator": "In", "values": ["", "y"]}]}}]},
        },
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "ScheduleAnyway"}],
        "hostAliases": [{"ip": "10.0.0.1", "hostnames": ["one", "two"]}],
        "dnsConfig": {"options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}]},
        "initContainers": [{"name": "first", "image": "none", "command": ["sh", "-c", ""], "restartPolicy": "Always"}],
        "containers": [{
            "name": "main", "image": "none", "stdin": false, "tty": true,
            "env": [
                {"name": "EMPTY", "value": ""},
                {"name": "FROM", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k", "optional": false}}},
                {"name": "CPU", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1m"}}},
            ],
            "envFrom": [{"configMapRef": {"name": "c", "optional": true}, "prefix": "P_"}],
            "ports": [{"containerPort": 80, "name": "web"}, {"containerPort": 53, "protocol": "UDP"}],
            "resources": {"requests": {"cpu": "0", "memory": "1Gi"}, "limits": {"cpu": "1500m", "memory": "1Gi"}},
            "livenessProbe": {"httpGet": {"path": "/", "port": "web", "httpHeaders": [{"name": "A", "value": ""}]}, "initialDelaySeconds": 3},
            "readinessProbe": {"tcpSocket": {"port": 80}, "timeoutSeconds": 2},
            "startupProbe": {"exec": {"command": ["true"]}},
            "lifecycle": {"preStop": {"sleep": {"seconds": 1}}, "postStart": {"exec": {"command": ["true"]}}},
            "securityContext": {"privileged": false, "capabilities": {"drop": ["ALL"]}, "runAsNonRoot": false},
            "volumeMounts": [{"name": "data", "mountPath": "/data"}, {"name": "mix", "mountPath": "/mix", "readOnly": true, "subPath": "x"}],
        }],
        "volumes": [
            {"name": "data", "persistentVolumeClaim": {"claimName": "data"}},
            {"name": "mix", "projected": {"sources": [
                {"downwardAPI": {"items": [{"path": "labels", "fieldRef": {"fieldPath": "metadata.labels"}, "mode": 0o400}]}},
                {"configMap": {"name": "c", "optional": true, "items": [{"key": "a", "path": "b"}]}},
                {"serviceAccountToken": {"path": "token", "expirationSeconds": 3600}},
            ]}},
            {"name": "none", "emptyDir": {"sizeLimit": "1Mi", "medium": "Memory"}},
            {"name": "image", "image": {"reference": "none", "pullPolicy": "Never"}},
            {"name": "old", "gitRepo": {"repository": "none", "revision": "a"}},
        ],
    })
}
