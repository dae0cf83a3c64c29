//! Jobs and the controllers of pods, with the pods' templates in them.

use super::managed;
use super::plan;
use super::template::{Template, Values};
use super::{Cluster, number};
use pilothouse::model::Kind;
use serde_json::{Value, json};

/// Where a Job stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum JobMood {
    Active,
    Complete,
    Failed,
}

/// How many complete Jobs a `CronJob` keeps.
const HISTORY: usize = 3;

/// The sets of the system, in `kube-system`. Their pods are not among the pods here.
pub(super) const DAEMONS: [&str; 2] = ["ebs-csi-node", "kube-proxy"];

#[derive(Debug)]
pub(super) struct Templates {
    active: Template,
    complete: Template,
    failed: Template,
    controllers: Vec<(Kind, Template)>,
}

impl Templates {
    pub(super) fn new() -> Self {
        let kinds = [
            Kind::CronJob,
            Kind::StatefulSet,
            Kind::Deployment,
            Kind::ReplicaSet,
            Kind::DaemonSet,
        ];
        Self {
            active: Template::of(&job(JobMood::Active)),
            complete: Template::of(&job(JobMood::Complete)),
            failed: Template::of(&job(JobMood::Failed)),
            controllers: kinds.map(|kind| (kind, Template::of(&controller(kind)))).into(),
        }
    }
}

impl Cluster {
    /// Every fourth Job that still has its pod is active, one in sixteen has failed; the others are complete. After an odd
    /// number of turns an active Job is complete, and any other is active.
    pub(super) fn job_mood(&self, n: usize, turn: u32) -> JobMood {
        let (tenant, nth) = self.plan.place(Kind::Job, n);
        let base = match nth % 16 {
            _ if !self.plan.has_pod(tenant, nth) => JobMood::Complete,
            0 | 4 | 8 | 12 => JobMood::Active,
            7 => JobMood::Failed,
            _ => JobMood::Complete,
        };
        match (turn % 2, base) {
            (0, base) => base,
            (_, JobMood::Active) => JobMood::Complete,
            (_, JobMood::Complete | JobMood::Failed) => JobMood::Active,
        }
    }

    /// Every fifth Job is a scheduled one, as long as its `CronJob` would keep them.
    fn is_scheduled(&self, n: usize) -> bool {
        let nth = self.plan.place(Kind::Job, n).1;
        nth % 5 == 4 && nth / 5 < HISTORY
    }

    pub(super) fn job_name(&self, n: usize) -> String {
        if self.is_scheduled(n) {
            format!("backup-{}", 29_600_000 + n)
        } else {
            format!("train-{}", self.chance.suffix("job", number(n), 8))
        }
    }

    pub(super) fn job(&self, n: usize, turn: u32, values: &mut Values) -> Vec<u8> {
        let (tenant, nth) = self.plan.place(Kind::Job, n);
        let age = self.age(Kind::Job, n);
        values.set("tag", "3.11.0".to_owned());
        values.set("started", self.ago(age.saturating_sub(1)));
        values.set("changed", self.ago(age.saturating_sub(2_000)));
        values.set("finished", self.ago(age.saturating_sub(2_000)));
        let claim = self
            .plan
            .claim_of_job(tenant, nth)
            .map(|claim| self.plan.claim_name(tenant, claim));
        values.set(
            "volume",
            claim.map_or_else(
                || "{\"name\":\"data\",\"emptyDir\":{}}".to_owned(),
                |claim| format!("{{\"name\":\"data\",\"persistentVolumeClaim\":{{\"claimName\":\"{claim}\"}}}}"),
            ),
        );
        let owners = if self.is_scheduled(n) {
            let owner = self.of_tenant(Kind::CronJob, tenant).start;
            format!(
                "[{{\"apiVersion\":\"batch/v1\",\"kind\":\"CronJob\",\"name\":\"backup\",\"uid\":\"{}\",\"controller\":true,\"blockOwnerDeletion\":true}}]",
                self.uid(Kind::CronJob, owner, 0)
            )
        } else {
            "[]".to_owned()
        };
        values.set("owners", owners);
        match self.job_mood(n, turn) {
            JobMood::Active => self.workloads.active.fill(values),
            JobMood::Complete => self.workloads.complete.fill(values),
            JobMood::Failed => self.workloads.failed.fill(values),
        }
    }

    pub(super) fn controller_name(&self, kind: Kind, n: usize) -> String {
        let (tenant, nth) = self.plan.place(kind, n);
        match kind {
            Kind::StatefulSet => plan::set_name(nth),
            Kind::Deployment => plan::deployment_name(nth),
            Kind::ReplicaSet => {
                let (deployment, _) = self.deployment_of(tenant, nth);
                format!("{}-{}", plan::deployment_name(deployment), self.template_hash(n))
            }
            Kind::DaemonSet => DAEMONS.get(n).copied().unwrap_or_default().to_owned(),
            _ => "backup".to_owned(),
        }
    }

    /// What a replica set is told from its deployment's others by.
    pub(super) fn template_hash(&self, n: usize) -> String {
        self.chance.suffix("template", number(n), 10)
    }

    /// Of which deployment a tenant's nth replica set is, and whether it is the current one.
    fn deployment_of(&self, tenant: usize, nth: usize) -> (usize, bool) {
        let current = nth < self.of_tenant(Kind::Deployment, tenant).len();
        (if current { nth } else { 0 }, current)
    }

    pub(super) fn controller(&self, kind: Kind, n: usize, values: &mut Values) -> Vec<u8> {
        let (tenant, nth) = self.plan.place(kind, n);
        let mut replicas = match kind {
            Kind::StatefulSet => self.plan.set_size(tenant, nth),
            Kind::DaemonSet => self.plan.nodes(),
            _ => self.plan.deployment_size(tenant, nth),
        };
        values.set("hash", self.chance.suffix("revision", number(tenant), 10));
        values.set("tag", "3.11.0".to_owned());
        if kind == Kind::ReplicaSet {
            let (deployment, current) = self.deployment_of(tenant, nth);
            replicas = if current { replicas } else { 0 };
            values.set("hash", self.template_hash(n));
            values.set("tag", if current { "3.11.0" } else { "3.10.2" }.to_owned());
            let owner = self.of_tenant(Kind::Deployment, tenant).start + deployment;
            values.set("owner", self.name(Kind::Deployment, owner));
            values.set("owner_uid", self.uid(Kind::Deployment, owner, 0));
        }
        values.set("replicas", replicas.to_string());
        values.set("changed", self.ago(self.age(kind, n).saturating_sub(40)));
        let found = self.workloads.controllers.iter().find(|(held, _)| *held == kind);
        found.map(|(_, template)| template.fill(values)).unwrap_or_default()
    }
}

fn metadata(labels: &Value) -> Value {
    json!({
        "name": "«name»", "namespace": "«namespace»", "uid": "«uid»", "resourceVersion": "«rv»", "generation": 1,
        "creationTimestamp": "«created»", "labels": labels,
        "annotations": { "meta.helm.sh/release-name": "client", "meta.helm.sh/release-namespace": "«namespace»" },
    })
}

fn pod_spec(restart: &str, volume: &Value) -> Value {
    json!({
        "volumes": [volume],
        "containers": [{
            "name": "main", "image": "registry.example.com/client/app:«tag»",
            "args": ["--config=/etc/client/config.yaml", "--data=/data"],
            "env": [
                { "name": "LOG_LEVEL", "value": "info" },
                { "name": "TENANT", "value": "«namespace»" },
                { "name": "DATABASE_PASSWORD", "valueFrom": { "secretKeyRef": { "name": "mysql-auth", "key": "password" } } },
            ],
            "resources": { "limits": { "cpu": "2", "memory": "4Gi" }, "requests": { "cpu": "500m", "memory": "1Gi" } },
            "volumeMounts": [{ "name": "data", "mountPath": "/data" }],
            "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
        }],
        "restartPolicy": restart, "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "client", "serviceAccount": "client", "securityContext": { "fsGroup": 999 }, "schedulerName": "default-scheduler",
    })
}

fn finish(mut object: Value, manager: &str, api_version: &str) -> Value {
    let part = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
    let set = json!({ "metadata": { "labels": part("/metadata/labels") }, "spec": part("/spec") });
    let entries = json!([
        managed::entry(manager, None, api_version, &set),
        managed::entry(
            "kube-controller-manager",
            Some("status"),
            api_version,
            &json!({ "status": part("/status") })
        ),
    ]);
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("managedFields".to_owned(), entries);
    }
    object
}

fn job(mood: JobMood) -> Value {
    let labels = json!({
        "app.kubernetes.io/component": "training", "batch.kubernetes.io/controller-uid": "«uid»", "batch.kubernetes.io/job-name": "«name»",
        "controller-uid": "«uid»", "job-name": "«name»",
    });
    let condition = |kind: &str, reason: &str| json!({ "type": kind, "status": "True", "lastProbeTime": "«finished»", "lastTransitionTime": "«finished»", "reason": reason });
    let status = match mood {
        JobMood::Active => {
            json!({ "startTime": "«started»", "active": 1, "terminating": 0, "uncountedTerminatedPods": {}, "ready": 1 })
        }
        JobMood::Complete => json!({
            "conditions": [condition("SuccessCriteriaMet", "CompletionsReached"), condition("Complete", "CompletionsReached")],
            "startTime": "«started»", "completionTime": "«finished»", "succeeded": 1, "terminating": 0, "uncountedTerminatedPods": {}, "ready": 0,
        }),
        JobMood::Failed => json!({
            "conditions": [condition("FailureTarget", "BackoffLimitExceeded"), condition("Failed", "BackoffLimitExceeded")],
            "startTime": "«started»", "failed": 1, "terminating": 0, "uncountedTerminatedPods": {}, "ready": 0,
        }),
    };
    let mut metadata = metadata(&labels);
    if let Some(fields) = metadata.as_object_mut() {
        fields.insert("ownerReferences".to_owned(), json!("«#owners»"));
    }
    let object = json!({
        "metadata": metadata,
        "spec": {
            "parallelism": 1, "completions": 1, "backoffLimit": 0,
            "selector": { "matchLabels": { "batch.kubernetes.io/controller-uid": "«uid»" } },
            "template": { "metadata": { "labels": labels }, "spec": pod_spec("Never", &json!("«#volume»")) },
            "completionMode": "NonIndexed", "suspend": false, "podReplacementPolicy": "TerminatingOrFailed",
        },
        "status": status,
    });
    finish_job(object)
}

/// The owners and the volume are holes for JSON, which have no field names of their own.
fn finish_job(object: Value) -> Value {
    let mut finished = finish(object, "training-operator", "batch/v1");
    let owned = finished.pointer_mut("/metadata/managedFields/0/fieldsV1/f:spec/f:template/f:spec/f:volumes");
    if let Some(owned) = owned {
        *owned = json!({ ".": {}, "k:{\"name\":\"data\"}": { ".": {}, "f:name": {}, "f:persistentVolumeClaim": { ".": {}, "f:claimName": {} } } });
    }
    finished
}

fn controller(kind: Kind) -> Value {
    let labels = json!({
        "app.kubernetes.io/instance": "client", "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/name": "«name»",
    });
    let of_pods = match kind {
        Kind::ReplicaSet => {
            json!({ "app.kubernetes.io/instance": "client", "app.kubernetes.io/name": "«owner»", "pod-template-hash": "«hash»" })
        }
        _ => json!({ "app.kubernetes.io/instance": "client", "app.kubernetes.io/name": "«name»" }),
    };
    let template = json!({
        "metadata": { "labels": of_pods },
        "spec": pod_spec("Always", &json!({ "name": "data", "emptyDir": {} })),
    });
    // a replica set bears what its pods bear
    let mut metadata = metadata(if kind == Kind::ReplicaSet { &of_pods } else { &labels });
    let counted = json!({
        "observedGeneration": 1, "replicas": "«#replicas»", "readyReplicas": "«#replicas»", "availableReplicas": "«#replicas»",
    });
    let selector = json!({ "matchLabels": of_pods });
    let (spec, status) = match kind {
        Kind::StatefulSet => (
            json!({
                "replicas": "«#replicas»", "selector": selector, "template": template,
                "volumeClaimTemplates": [{
                    "kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": { "name": "data" },
                    "spec": { "accessModes": ["ReadWriteOnce"], "resources": { "requests": { "storage": "100Gi" } }, "storageClassName": "gp3", "volumeMode": "Filesystem" },
                    "status": { "phase": "Pending" },
                }],
                "serviceName": "«name»", "podManagementPolicy": "OrderedReady",
                "updateStrategy": { "type": "RollingUpdate", "rollingUpdate": { "partition": 0 } }, "revisionHistoryLimit": 10,
                "persistentVolumeClaimRetentionPolicy": { "whenDeleted": "Retain", "whenScaled": "Retain" },
            }),
            counted,
        ),
        Kind::CronJob => (
            json!({
                "schedule": "15 2 * * *", "concurrencyPolicy": "Forbid", "suspend": false,
                "jobTemplate": { "metadata": {}, "spec": { "template": template } },
                "successfulJobsHistoryLimit": HISTORY, "failedJobsHistoryLimit": 1,
            }),
            json!({ "lastScheduleTime": "«changed»" }),
        ),
        Kind::DaemonSet => (
            json!({ "selector": selector, "template": template, "updateStrategy": { "type": "RollingUpdate" }, "revisionHistoryLimit": 10 }),
            json!({ "currentNumberScheduled": "«#replicas»", "numberMisscheduled": 0, "desiredNumberScheduled": "«#replicas»", "numberReady": "«#replicas»" }),
        ),
        _ => (
            json!({ "replicas": "«#replicas»", "selector": selector, "template": template }),
            counted,
        ),
    };
    if let (Kind::ReplicaSet, Some(fields)) = (kind, metadata.as_object_mut()) {
        let owner = json!([{
            "apiVersion": "apps/v1", "kind": "Deployment", "name": "«owner»", "uid": "«owner_uid»",
            "controller": true, "blockOwnerDeletion": true,
        }]);
        fields.insert("ownerReferences".to_owned(), owner);
    }
    finish(
        json!({ "metadata": metadata, "spec": spec, "status": status }),
        "helm",
        &kind.api_version(),
    )
}
