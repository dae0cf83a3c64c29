//! The defaults and the first status of each kind, as API defaulting, strategies and admission give them in 1.36.
//!
//! Sources: `pkg/apis/*/v1/defaults.go`, `pkg/registry/*/strategy.go`, admission `StorageObjectInUseProtection` and
//! `NamespaceLifecycle`; compared with the answers of a 1.36.3 API server.

use super::Origin;
use crate::sandbox::fields::{at, list, put, put_default, slot, take, text};
use crate::sandbox::resources::Resource;
use base64::Engine as _;
use serde_json::{Value, json};

/// Fills in what the API server fills in when an object of this kind is created.
pub(super) fn complete(resource: &Resource, object: &mut Value, origin: Origin) {
    match resource.kind {
        "Pod" => pod_spec(slot(object, &["spec"]), true),
        "Job" => job(object),
        "CronJob" => cron_job(object),
        "StatefulSet" => stateful_set(object),
        "Deployment" => deployment(object),
        "ReplicaSet" => {
            put_default(object, &["spec", "replicas"], 1);
            pod_spec(slot(object, &["spec", "template", "spec"]), false);
        }
        "DaemonSet" => daemon_set(object),
        "PersistentVolumeClaim" => {
            put_default(object, &["spec", "volumeMode"], "Filesystem");
            finalizer(object, "kubernetes.io/pvc-protection", origin);
        }
        "PersistentVolume" => {
            put_default(object, &["spec", "persistentVolumeReclaimPolicy"], "Retain");
            put_default(object, &["spec", "volumeMode"], "Filesystem");
            finalizer(object, "kubernetes.io/pv-protection", origin);
        }
        "StorageClass" => {
            put_default(object, &["reclaimPolicy"], "Delete");
            put_default(object, &["volumeBindingMode"], "Immediate");
        }
        "Namespace" => {
            let name = text(object, &["metadata", "name"]).to_owned();
            put(object, &["metadata", "labels", "kubernetes.io/metadata.name"], name);
            if origin != Origin::Scenario || at(object, &["spec", "finalizers"]).is_none() {
                put(object, &["spec", "finalizers"], json!(["kubernetes"]));
            }
        }
        "Service" => service(object),
        "Secret" => secret(object),
        _ => {}
    }
}

/// The status an object has before any controller has seen it.
pub(super) fn status(resource: &Resource, object: &Value, now: &str) -> Value {
    match resource.kind {
        "Pod" => json!({ "phase": "Pending", "qosClass": quality(object) }),
        "PersistentVolumeClaim" => json!({ "phase": "Pending" }),
        "PersistentVolume" => json!({ "phase": "Pending", "lastPhaseTransitionTime": now }),
        "Namespace" => json!({ "phase": "Active" }),
        "StatefulSet" => json!({ "replicas": 0, "availableReplicas": 0 }),
        "ReplicaSet" => json!({ "replicas": 0 }),
        "DaemonSet" => json!({
            "currentNumberScheduled": 0, "numberMisscheduled": 0, "desiredNumberScheduled": 0, "numberReady": 0
        }),
        "Service" => json!({ "loadBalancer": {} }),
        "PodDisruptionBudget" => json!({
            "disruptionsAllowed": 0, "currentHealthy": 0, "desiredHealthy": 0, "expectedPods": 0
        }),
        "VolumeAttachment" => json!({ "attached": false }),
        _ => json!({}),
    }
}

/// Adds a protection finalizer; a scenario that tells its own finalizers is taken at its word.
fn finalizer(object: &mut Value, name: &str, origin: Origin) {
    let told = at(object, &["metadata", "finalizers"]).is_some();
    let held = list(object, &["metadata", "finalizers"])
        .iter()
        .any(|held| held == name);
    if held || (told && origin == Origin::Scenario) {
        return;
    }
    let finalizers = slot(object, &["metadata", "finalizers"]);
    match finalizers {
        Value::Array(held) => held.push(json!(name)),
        other => *other = json!([name]),
    }
}

fn quality(pod: &Value) -> &'static str {
    let containers = list(pod, &["spec", "containers"]);
    let said = |path: &[&str]| {
        containers
            .iter()
            .filter(|container| {
                at(container, path)
                    .and_then(Value::as_object)
                    .is_some_and(|map| !map.is_empty())
            })
            .count()
    };
    let (requests, limits) = (said(&["resources", "requests"]), said(&["resources", "limits"]));
    let equal = containers.iter().all(|container| {
        let limits = at(container, &["resources", "limits"]);
        let both = ["cpu", "memory"]
            .iter()
            .all(|name| limits.is_some_and(|limits| limits.get(name).is_some()));
        both && at(container, &["resources", "requests"]).is_none_or(|requests| Some(requests) == limits)
    });
    match (requests + limits, equal) {
        (0, _) => "BestEffort",
        (_, true) => "Guaranteed",
        (_, false) => "Burstable",
    }
}

fn pod_spec(spec: &mut Value, itself: bool) {
    for containers in ["initContainers", "containers"] {
        let Some(containers) = spec.get_mut(containers).and_then(Value::as_array_mut) else {
            continue;
        };
        for container in containers {
            let image = text(container, &["image"]).to_owned();
            let tag = image
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .split_once(':')
                .map(|(_, tag)| tag);
            let policy = if tag.is_some_and(|tag| tag != "latest") {
                "IfNotPresent"
            } else {
                "Always"
            };
            put_default(container, &["resources"], json!({}));
            put_default(container, &["terminationMessagePath"], "/dev/termination-log");
            put_default(container, &["terminationMessagePolicy"], "File");
            put_default(container, &["imagePullPolicy"], policy);
        }
    }
    put_default(spec, &["restartPolicy"], "Always");
    put_default(spec, &["terminationGracePeriodSeconds"], 30);
    put_default(spec, &["dnsPolicy"], "ClusterFirst");
    put_default(spec, &["securityContext"], json!({}));
    put_default(spec, &["schedulerName"], "default-scheduler");
    if itself {
        put_default(spec, &["priority"], 0);
        put_default(spec, &["enableServiceLinks"], true);
        put_default(spec, &["preemptionPolicy"], "PreemptLowerPriority");
    }
}

fn job(object: &mut Value) {
    // `SetDefaults_Job`: a Job that names only its parallelism is a work queue and has no number of completions
    if at(object, &["spec", "parallelism"]).is_none() {
        put_default(object, &["spec", "completions"], 1);
    }
    put_default(object, &["spec", "parallelism"], 1);
    put_default(object, &["spec", "backoffLimit"], 6);
    put_default(object, &["spec", "completionMode"], "NonIndexed");
    put_default(object, &["spec", "suspend"], false);
    put_default(object, &["spec", "podReplacementPolicy"], "TerminatingOrFailed");
    put_default(object, &["spec", "manualSelector"], false);
    pod_spec(slot(object, &["spec", "template", "spec"]), false);
    if at(object, &["spec", "manualSelector"]) == Some(&json!(true)) {
        return;
    }
    let uid = text(object, &["metadata", "uid"]).to_owned();
    let name = text(object, &["metadata", "name"]).to_owned();
    for (label, value) in [
        ("batch.kubernetes.io/controller-uid", &uid),
        ("batch.kubernetes.io/job-name", &name),
        ("controller-uid", &uid),
        ("job-name", &name),
    ] {
        put(
            object,
            &["spec", "template", "metadata", "labels", label],
            value.clone(),
        );
    }
    put_default(
        object,
        &["spec", "selector", "matchLabels", "batch.kubernetes.io/controller-uid"],
        uid,
    );
    if at(object, &["metadata", "labels"]).is_none() {
        let labels = at(object, &["spec", "template", "metadata", "labels"])
            .cloned()
            .unwrap_or_default();
        put(object, &["metadata", "labels"], labels);
    }
}

fn cron_job(object: &mut Value) {
    put_default(object, &["spec", "concurrencyPolicy"], "Allow");
    put_default(object, &["spec", "suspend"], false);
    put_default(object, &["spec", "successfulJobsHistoryLimit"], 3);
    put_default(object, &["spec", "failedJobsHistoryLimit"], 1);
    pod_spec(
        slot(object, &["spec", "jobTemplate", "spec", "template", "spec"]),
        false,
    );
}

fn stateful_set(object: &mut Value) {
    put_default(object, &["spec", "replicas"], 1);
    put_default(object, &["spec", "podManagementPolicy"], "OrderedReady");
    put_default(object, &["spec", "updateStrategy", "type"], "RollingUpdate");
    if text(object, &["spec", "updateStrategy", "type"]) == "RollingUpdate" {
        put_default(object, &["spec", "updateStrategy", "rollingUpdate", "partition"], 0);
    }
    put_default(object, &["spec", "revisionHistoryLimit"], 10);
    for moment in ["whenDeleted", "whenScaled"] {
        put_default(
            object,
            &["spec", "persistentVolumeClaimRetentionPolicy", moment],
            "Retain",
        );
    }
    pod_spec(slot(object, &["spec", "template", "spec"]), false);
    claim_templates(object);
}

/// Fills in again what a patch has taken out: a value that was set whole, a field that was set to null.
pub(super) fn refill(resource: &Resource, object: &mut Value) {
    match resource.kind {
        "StatefulSet" => stateful_set(object),
        "Deployment" => deployment(object),
        "DaemonSet" => daemon_set(object),
        "CronJob" => cron_job(object),
        "PersistentVolumeClaim" | "PersistentVolume" => put_default(object, &["spec", "volumeMode"], "Filesystem"),
        _ => {}
    }
}

fn claim_templates(object: &mut Value) {
    if let Some(templates) = object
        .get_mut("spec")
        .and_then(|spec| spec.get_mut("volumeClaimTemplates"))
        .and_then(Value::as_array_mut)
    {
        for template in templates {
            put_default(template, &["kind"], "PersistentVolumeClaim");
            put_default(template, &["apiVersion"], "v1");
            put_default(template, &["spec", "volumeMode"], "Filesystem");
            put_default(template, &["status", "phase"], "Pending");
        }
    }
}

fn deployment(object: &mut Value) {
    put_default(object, &["spec", "replicas"], 1);
    put_default(object, &["spec", "strategy", "type"], "RollingUpdate");
    if text(object, &["spec", "strategy", "type"]) == "RollingUpdate" {
        put_default(object, &["spec", "strategy", "rollingUpdate", "maxUnavailable"], "25%");
        put_default(object, &["spec", "strategy", "rollingUpdate", "maxSurge"], "25%");
    }
    put_default(object, &["spec", "revisionHistoryLimit"], 10);
    put_default(object, &["spec", "progressDeadlineSeconds"], 600);
    pod_spec(slot(object, &["spec", "template", "spec"]), false);
}

fn daemon_set(object: &mut Value) {
    put_default(object, &["spec", "updateStrategy", "type"], "RollingUpdate");
    if text(object, &["spec", "updateStrategy", "type"]) == "RollingUpdate" {
        put_default(
            object,
            &["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"],
            1,
        );
        put_default(object, &["spec", "updateStrategy", "rollingUpdate", "maxSurge"], 0);
    }
    put_default(object, &["spec", "revisionHistoryLimit"], 10);
    put_default(
        object,
        &["metadata", "annotations", "deprecated.daemonset.template.generation"],
        "1",
    );
    pod_spec(slot(object, &["spec", "template", "spec"]), false);
}

fn service(object: &mut Value) {
    put_default(object, &["spec", "type"], "ClusterIP");
    put_default(object, &["spec", "sessionAffinity"], "None");
    put_default(object, &["spec", "internalTrafficPolicy"], "Cluster");
    put_default(object, &["spec", "ipFamilyPolicy"], "SingleStack");
    put_default(object, &["spec", "ipFamilies"], json!(["IPv4"]));
    if let Some(ports) = object
        .get_mut("spec")
        .and_then(|spec| spec.get_mut("ports"))
        .and_then(Value::as_array_mut)
    {
        for port in ports {
            put_default(port, &["protocol"], "TCP");
            let target = port.get("port").cloned().unwrap_or_default();
            put_default(port, &["targetPort"], target);
        }
    }
    if at(object, &["spec", "clusterIP"]).is_none() && text(object, &["spec", "type"]) != "ExternalName" {
        let uid = text(object, &["metadata", "uid"]).bytes();
        let host = uid
            .fold(0_u8, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte))
            .max(2);
        put(object, &["spec", "clusterIP"], format!("10.96.0.{host}"));
    }
    let address = text(object, &["spec", "clusterIP"]).to_owned();
    put_default(object, &["spec", "clusterIPs"], json!([address]));
}

fn secret(object: &mut Value) {
    put_default(object, &["type"], "Opaque");
    if let Some(Value::Object(plain)) = take(object, &["stringData"]) {
        for (field, value) in plain {
            let encoded = base64::engine::general_purpose::STANDARD.encode(value.as_str().unwrap_or_default());
            put(object, &["data", &field], encoded);
        }
    }
}

/// `stringData` is a way of writing only: it never stays.
pub(super) fn fold_string_data(resource: &Resource, object: &mut Value) {
    if resource.kind == "Secret" {
        secret(object);
    }
}
