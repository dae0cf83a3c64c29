//! Pods: about 10 KB each, of which two fifths are `managedFields`, as a kubelet and a controller leave them.

use super::managed;
use super::plan::{self, Role};
use super::template::{Template, Values};
use super::workload::JobMood;
use super::{Cluster, number};
use pilothouse::model::Kind;
use serde_json::{Value, json};

/// How a pod is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Ready,
    /// Running, its first container restarting.
    Restarting,
    Succeeded,
    Failed,
}

const MOODS: [Mood; 4] = [Mood::Ready, Mood::Restarting, Mood::Succeeded, Mood::Failed];

/// Who made the pod.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Maker {
    Set,
    Job,
    Deployment,
    /// Nobody: a person's own pod.
    Nobody,
}

const MAKERS: [Maker; 4] = [Maker::Set, Maker::Job, Maker::Deployment, Maker::Nobody];

#[derive(Debug)]
pub(super) struct Templates(Vec<((Maker, Mood), Template)>);

impl Templates {
    pub(super) fn new() -> Self {
        let each = MAKERS.into_iter().flat_map(|maker| MOODS.map(|mood| (maker, mood)));
        Self(
            each.map(|(maker, mood)| ((maker, mood), Template::of(&whole(maker, mood))))
                .collect(),
        )
    }

    fn of(&self, maker: Maker, mood: Mood) -> Option<&Template> {
        let found = self.0.iter().find(|(held, _)| *held == (maker, mood));
        found.map(|(_, template)| template)
    }
}

impl Cluster {
    pub(super) fn pod_name(&self, n: usize) -> String {
        let (tenant, nth) = self.plan.place(Kind::Pod, n);
        if n >= self.count(Kind::Pod) {
            return format!("visitor-{nth}");
        }
        let suffix = self.chance.suffix("pod name", number(n), 5);
        match self.plan.role(tenant, nth) {
            Role::Set { set, ordinal } => format!("{}-{ordinal}", plan::set_name(set)),
            Role::Job { job } => format!(
                "{}-{suffix}",
                self.job_name(self.of_tenant(Kind::Job, tenant).start + job)
            ),
            Role::Web { deployment } => {
                let set = self.of_tenant(Kind::ReplicaSet, tenant).start + deployment;
                format!("{}-{suffix}", self.controller_name(Kind::ReplicaSet, set))
            }
        }
    }

    pub(super) fn pod(&self, n: usize, turn: u32, values: &mut Values) -> Vec<u8> {
        let (tenant, nth) = self.plan.place(Kind::Pod, n);
        let (maker, owner, claim, mut mood) = if n >= self.count(Kind::Pod) {
            let claim = (nth < self.plan.claims(tenant)).then_some(nth);
            (Maker::Nobody, None, claim, Mood::Ready)
        } else {
            self.cast(tenant, nth)
        };
        if maker != Maker::Nobody && mood == Mood::Ready && turn % 2 == 1 {
            mood = Mood::Restarting;
        }
        if let Some((kind, owner)) = owner {
            values.set("owner", self.name(kind, owner));
            values.set("owner_uid", self.uid(kind, owner, 0));
        }
        let claim = claim.map(|claim| self.plan.claim_name(tenant, claim));
        values.set(
            "volume",
            match claim {
                Some(claim) => format!("{{\"name\":\"data\",\"persistentVolumeClaim\":{{\"claimName\":\"{claim}\"}}}}"),
                None => "{\"name\":\"data\",\"emptyDir\":{}}".to_owned(),
            },
        );
        let draw = self.chance.draw("pod", number(n));
        let age = self.age(Kind::Pod, n);
        values.set("node", super::fleet::node_name(n % self.plan.nodes().max(1)));
        values.set(
            "ip",
            format!("10.{}.{}.{}", 1 + draw % 200, (draw >> 8) % 256, 1 + (draw >> 16) % 254),
        );
        values.set(
            "host_ip",
            format!("10.0.{}.{}", (draw >> 24) % 256, 1 + (draw >> 32) % 254),
        );
        values.set("ordinal", nth.to_string());
        values.set("restarts", (draw % 3 + u64::from(turn / 2)).to_string());
        let hash = match owner {
            Some((Kind::ReplicaSet, set)) => self.template_hash(set),
            _ => self.chance.suffix("revision", number(tenant), 10),
        };
        values.set("hash", hash);
        if let Role::Web { deployment } = self.plan.role(tenant, nth) {
            values.set("app", plan::deployment_name(deployment));
        }
        values.set("token", self.chance.suffix("token", number(n), 5));
        values.set("image_id", self.chance.hex("image", draw % 40, 64));
        values.set("container_id", self.chance.hex("container", number(n), 64));
        values.set("started", self.ago(age.saturating_sub(7)));
        values.set("changed", self.ago(age.saturating_sub(12)));
        values.set("finished", self.ago(age.saturating_sub(2_400)));
        self.pods
            .of(maker, mood)
            .map(|template| template.fill(values))
            .unwrap_or_default()
    }

    /// Who made a tenant's nth pod, from which object, the tenant's claim it mounts, and how it is doing.
    fn cast(&self, tenant: usize, nth: usize) -> (Maker, Option<(Kind, usize)>, Option<usize>, Mood) {
        let first = |kind| self.of_tenant(kind, tenant).start;
        match self.plan.role(tenant, nth) {
            Role::Set { set, .. } => {
                let owner = (Kind::StatefulSet, first(Kind::StatefulSet) + set);
                (Maker::Set, Some(owner), Some(nth), Mood::Ready)
            }
            Role::Job { job } => {
                let owner = first(Kind::Job) + job;
                let mood = match self.job_mood(owner, 0) {
                    JobMood::Active => Mood::Ready,
                    JobMood::Complete => Mood::Succeeded,
                    JobMood::Failed => Mood::Failed,
                };
                let claim = self.plan.claim_of_job(tenant, job);
                (Maker::Job, Some((Kind::Job, owner)), claim, mood)
            }
            Role::Web { deployment } => {
                let owner = (Kind::ReplicaSet, first(Kind::ReplicaSet) + deployment);
                (Maker::Deployment, Some(owner), None, Mood::Ready)
            }
        }
    }
}

fn whole(maker: Maker, mood: Mood) -> Value {
    let (spec, status) = (spec(maker), status(maker, mood));
    let mut metadata = json!({
        "name": "«name»",
        "namespace": "«namespace»",
        "uid": "«uid»",
        "resourceVersion": "«rv»",
        "creationTimestamp": "«created»",
        "labels": labels(maker),
        "annotations": {
            "cni.projectcalico.org/podIP": "«ip»/32",
            "kubectl.kubernetes.io/restartedAt": "«created»",
            "prometheus.io/port": "9104",
            "prometheus.io/scrape": "true",
        },
    });
    let owner = match maker {
        Maker::Set => Some(("apps/v1", "StatefulSet")),
        Maker::Job => Some(("batch/v1", "Job")),
        Maker::Deployment => Some(("apps/v1", "ReplicaSet")),
        Maker::Nobody => None,
    };
    let running = matches!(mood, Mood::Ready | Mood::Restarting);
    if let Some(fields) = metadata.as_object_mut() {
        if let Some((api_version, kind)) = owner {
            let owner = json!([{
                "apiVersion": api_version, "kind": kind, "name": "«owner»", "uid": "«owner_uid»",
                "controller": true, "blockOwnerDeletion": true,
            }]);
            fields.insert("ownerReferences".to_owned(), owner);
        }
        if maker == Maker::Job && running {
            fields.insert("finalizers".to_owned(), json!(["batch.kubernetes.io/job-tracking"]));
        }
    }
    let set = json!({ "metadata": { "labels": labels(maker) }, "spec": owned_spec(&spec) });
    let manager = if maker == Maker::Nobody {
        "kubectl-run"
    } else {
        "kube-controller-manager"
    };
    let entries = json!([
        managed::entry(manager, None, "v1", &set),
        managed::entry("kubelet", Some("status"), "v1", &json!({ "status": status })),
    ]);
    if let Some(fields) = metadata.as_object_mut() {
        fields.insert("managedFields".to_owned(), entries);
    }
    json!({ "metadata": metadata, "spec": spec, "status": status })
}

fn labels(maker: Maker) -> Value {
    match maker {
        Maker::Set => json!({
            "app.kubernetes.io/instance": "client", "app.kubernetes.io/managed-by": "Helm",
            "app.kubernetes.io/name": "«owner»", "apps.kubernetes.io/pod-index": "«ordinal»",
            "controller-revision-hash": "«owner»-«hash»", "statefulset.kubernetes.io/pod-name": "«name»",
        }),
        Maker::Job => json!({
            "app.kubernetes.io/component": "training", "batch.kubernetes.io/controller-uid": "«owner_uid»",
            "batch.kubernetes.io/job-name": "«owner»", "controller-uid": "«owner_uid»", "job-name": "«owner»",
        }),
        Maker::Deployment => json!({
            "app.kubernetes.io/instance": "client", "app.kubernetes.io/managed-by": "Helm",
            "app.kubernetes.io/name": "«app»", "pod-template-hash": "«hash»",
        }),
        Maker::Nobody => json!({ "run": "«name»" }),
    }
}

/// What the maker of the pod set: not what the scheduler and the defaults filled in.
fn owned_spec(spec: &Value) -> Value {
    let mut owned = spec.clone();
    if let Some(fields) = owned.as_object_mut() {
        fields.shift_remove("nodeName");
        fields.shift_remove("tolerations");
    }
    if let Some(volumes) = owned.get_mut("volumes") {
        *volumes = json!([{ "name": "data", "persistentVolumeClaim": { "claimName": "" } }, { "name": "config", "configMap": { "defaultMode": 420, "name": "" } }]);
    }
    owned
}

fn spec(maker: Maker) -> Value {
    json!({
        "volumes": [
            "«#volume»",
            { "name": "config", "configMap": { "name": "client-config", "defaultMode": 420 } },
            { "name": "kube-api-access-«token»", "projected": { "defaultMode": 420, "sources": [
                { "serviceAccountToken": { "expirationSeconds": 3607, "path": "token" } },
                { "configMap": { "name": "kube-root-ca.crt", "items": [{ "key": "ca.crt", "path": "ca.crt" }] } },
                { "downwardAPI": { "items": [{ "path": "namespace", "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } }] } },
            ] } },
        ],
        "containers": [main_container(maker), exporter()],
        "restartPolicy": if maker == Maker::Job { "Never" } else { "Always" },
        "terminationGracePeriodSeconds": 30,
        "dnsPolicy": "ClusterFirst",
        "serviceAccountName": "client",
        "serviceAccount": "client",
        "nodeName": "«node»",
        "securityContext": { "fsGroup": 999, "runAsNonRoot": true, "runAsUser": 999, "seccompProfile": { "type": "RuntimeDefault" } },
        "imagePullSecrets": [{ "name": "registry" }],
        "schedulerName": "default-scheduler",
        "tolerations": [
            { "key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 },
            { "key": "node.kubernetes.io/unreachable", "operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300 },
        ],
        "priority": 0,
        "enableServiceLinks": true,
        "preemptionPolicy": "PreemptLowerPriority",
    })
}

fn main_container(maker: Maker) -> Value {
    let (name, image) = match maker {
        Maker::Set => ("server", "registry.example.com/client/server:8.4.3"),
        Maker::Job => ("train", "registry.example.com/client/train:2026.5.2"),
        Maker::Deployment => ("app", "registry.example.com/client/app:3.11.0"),
        Maker::Nobody => ("shell", "registry.example.com/tools/shell:1.0.0"),
    };
    let mut container = json!({
        "name": name, "image": image,
        "args": ["--config=/etc/client/config.yaml", "--listen=0.0.0.0:8080", "--data=/data"],
        "ports": [{ "name": "http", "containerPort": 8080, "protocol": "TCP" }, { "name": "metrics", "containerPort": 9090, "protocol": "TCP" }],
        "env": environment(),
        "resources": { "limits": { "cpu": "2", "memory": "4Gi" }, "requests": { "cpu": "500m", "memory": "1Gi" } },
        "volumeMounts": [
            { "name": "data", "mountPath": "/data" },
            { "name": "config", "readOnly": true, "mountPath": "/etc/client" },
            { "name": "kube-api-access-«token»", "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount" },
        ],
        "livenessProbe": probe("/healthz", 10),
        "readinessProbe": probe("/readyz", 5),
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
        "securityContext": { "allowPrivilegeEscalation": false, "capabilities": { "drop": ["ALL"] }, "readOnlyRootFilesystem": true },
    });
    if let (Maker::Job, Some(fields)) = (maker, container.as_object_mut()) {
        fields.shift_remove("livenessProbe");
        fields.shift_remove("readinessProbe");
    }
    container
}

fn environment() -> Value {
    json!([
        { "name": "POD_NAME", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.name" } } },
        { "name": "POD_NAMESPACE", "valueFrom": { "fieldRef": { "apiVersion": "v1", "fieldPath": "metadata.namespace" } } },
        { "name": "DATABASE_HOST", "value": "mysql.«namespace».svc.cluster.local" },
        { "name": "DATABASE_PASSWORD", "valueFrom": { "secretKeyRef": { "name": "mysql-auth", "key": "password" } } },
        { "name": "LOG_LEVEL", "value": "info" },
        { "name": "TENANT", "value": "«namespace»" },
    ])
}

fn exporter() -> Value {
    json!({
        "name": "exporter", "image": "registry.example.com/client/exporter:0.17.2",
        "ports": [{ "name": "exporter", "containerPort": 9104, "protocol": "TCP" }],
        "env": [{ "name": "TARGET", "value": "127.0.0.1:8080" }],
        "resources": { "limits": { "cpu": "100m", "memory": "128Mi" }, "requests": { "cpu": "20m", "memory": "32Mi" } },
        "volumeMounts": [
            { "name": "kube-api-access-«token»", "readOnly": true, "mountPath": "/var/run/secrets/kubernetes.io/serviceaccount" },
        ],
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File", "imagePullPolicy": "IfNotPresent",
    })
}

fn probe(path: &str, seconds: u32) -> Value {
    json!({
        "httpGet": { "path": path, "port": 8080, "scheme": "HTTP" },
        "initialDelaySeconds": seconds, "timeoutSeconds": 2, "periodSeconds": seconds, "successThreshold": 1, "failureThreshold": 3,
    })
}

fn status(maker: Maker, mood: Mood) -> Value {
    let (phase, ready, why) = match mood {
        Mood::Ready => ("Running", "True", None),
        Mood::Restarting => ("Running", "False", Some("ContainersNotReady")),
        Mood::Succeeded => ("Succeeded", "False", Some("PodCompleted")),
        Mood::Failed => ("Failed", "False", Some("PodFailed")),
    };
    let condition = |kind: &str, status: &str, why: Option<&str>| {
        let mut condition =
            json!({ "type": kind, "status": status, "lastProbeTime": null, "lastTransitionTime": "«changed»" });
        if let (Some(why), Some(fields)) = (why, condition.as_object_mut()) {
            fields.insert("reason".to_owned(), json!(why));
        }
        condition
    };
    let name = main_container(maker).get("name").cloned().unwrap_or_default();
    let name = name.as_str().unwrap_or_default();
    json!({
        "phase": phase,
        "conditions": [
            condition("PodReadyToStartContainers", "True", None),
            condition("Initialized", "True", None),
            condition("Ready", ready, why),
            condition("ContainersReady", ready, why),
            condition("PodScheduled", "True", None),
        ],
        "hostIP": "«host_ip»",
        "hostIPs": [{ "ip": "«host_ip»" }],
        "podIP": "«ip»",
        "podIPs": [{ "ip": "«ip»" }],
        "startTime": "«created»",
        "containerStatuses": [container(name, mood), container("exporter", match mood {
            Mood::Restarting => Mood::Ready,
            Mood::Ready | Mood::Succeeded | Mood::Failed => mood,
        })],
        "qosClass": "Burstable",
    })
}

fn container(name: &str, mood: Mood) -> Value {
    let ended = |code: u8, reason: &str| {
        json!({ "terminated": {
            "exitCode": code, "reason": reason, "startedAt": "«started»", "finishedAt": "«finished»",
            "containerID": "containerd://«container_id»",
        } })
    };
    let state = match mood {
        Mood::Ready => json!({ "running": { "startedAt": "«started»" } }),
        Mood::Restarting => json!({ "waiting": { "reason": "ContainerCreating" } }),
        Mood::Succeeded => ended(0, "Completed"),
        Mood::Failed => ended(1, "Error"),
    };
    json!({
        "name": name, "state": state, "lastState": {}, "ready": mood == Mood::Ready,
        "restartCount": "«#restarts»",
        "image": format!("registry.example.com/client/{name}:8.4.3"),
        "imageID": format!("registry.example.com/client/{name}@sha256:«image_id»"),
        "containerID": "containerd://«container_id»",
        "started": matches!(mood, Mood::Ready),
    })
}
