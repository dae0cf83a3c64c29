//! From a line of a case to the object that is sent to a server.

use std::collections::BTreeMap;
use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use pilothouse::model::helm::RESOURCE_POLICY;
use pilothouse::model::storage::{DEFAULT_CLASS, NO_PROVISIONER};
use pilothouse::model::{Key, Kind};
use serde_json::{Value, json};

use crate::case::{Line, Member, Place};
use crate::support::csi::DEAD_DRIVER;

/// The finalizer of a controller that is nowhere.
pub(crate) const FOREIGN: &str = "example.com/hold";
/// The drivers of the kit: one that attaches its volumes to nodes, one that does not.
pub(crate) const ATTACHING: &str = "disk.kit";
pub(crate) const PLAIN: &str = "share.kit";
/// Keeps the pods of other slots off a slot's own node.
const SLOT_TAINT: &str = "kit/slot";
/// The uid of what never was.
const NOBODY: &str = "00000000-0000-4000-8000-000000000000";

/// What lines refer to: the slot they stand on, the directory of its disks, the uids of what was created before.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ground<'a> {
    pub(crate) slot: &'a str,
    /// Under `/tmp/`, where the controller manager destroys them, and elsewhere.
    pub(crate) disks: [&'a Path; 2],
    pub(crate) uids: &'a BTreeMap<Key, String>,
}

impl Ground<'_> {
    /// The object of a line.
    pub(crate) fn manifest(&self, line: &Line) -> Value {
        let mut object = self.body(line);
        object["apiVersion"] = json!(line.kind.api_version());
        object["kind"] = json!(line.kind.name());
        let key = line.place.key(line.kind, self.slot);
        object["metadata"] = json!({"name": key.name});
        if line.kind.namespaced() {
            object["metadata"]["namespace"] = json!(key.namespace);
        }
        let finalizers: Vec<&str> = line.list("finalizers").collect();
        if !finalizers.is_empty() {
            object["metadata"]["finalizers"] = json!(finalizers);
        }
        let owners: Vec<Value> = line.list("owners").map(|owner| self.owner(line, owner)).collect();
        if !owners.is_empty() {
            object["metadata"]["ownerReferences"] = json!(owners);
        }
        if line.field("default").is_some() {
            object["metadata"]["annotations"] = json!({DEFAULT_CLASS: "true"});
        }
        if line.kind == Kind::Node {
            object["metadata"]["labels"] = json!({"kubernetes.io/hostname": key.name});
        }
        if line.kind == Kind::Pod {
            let made = pod_metadata(line, line.field("app").unwrap_or(&line.place.name));
            for part in ["labels", "annotations"] {
                object["metadata"][part] = made[part].clone();
            }
        }
        if line.kind == Kind::PersistentVolume
            && let Some(tier) = line.field("tier")
        {
            object["metadata"]["labels"]["tier"] = json!(tier);
        }
        object
    }

    /// The object of a chart's member, with what Helm reads of it.
    pub(crate) fn member(&self, member: &Member) -> Value {
        let mut object = match member.line() {
            Some(line) => self.manifest(&line),
            None => json!({
                "apiVersion": "v1", "kind": member.thing.name(),
                "metadata": {
                    "name": member.place.name, "namespace": format!("{}-{}", self.slot, member.place.namespace),
                },
                // base64, as a Secret has it, is as good a value as another
                "data": {"value": STANDARD.encode(member.field("data").unwrap_or("1"))},
            }),
        };
        let marks = [
            (RESOURCE_POLICY, "keep"),
            ("helm.sh/hook", "hook"),
            ("helm.sh/hook-delete-policy", "hook-delete"),
            ("helm.sh/hook-weight", "weight"),
        ];
        for (annotation, field) in marks {
            if let Some(value) = member.field(field) {
                object["metadata"]["annotations"][annotation] = json!(value);
            }
        }
        object
    }

    fn body(&self, line: &Line) -> Value {
        match line.kind {
            Kind::StorageClass => json!({
                "provisioner": line.field("provisioner").unwrap_or(NO_PROVISIONER),
                "volumeBindingMode": line.field("binding").unwrap_or("Immediate"),
                "reclaimPolicy": line.field("policy").unwrap_or("Delete"),
            }),
            Kind::PersistentVolume => json!({"spec": self.volume(line)}),
            Kind::PersistentVolumeClaim => {
                let mut spec = self.claim_spec(line);
                if let Some(volume) = line.field("volume") {
                    spec["volumeName"] = json!(format!("{}-{volume}", self.slot));
                }
                json!({"spec": spec})
            }
            Kind::Pod => {
                let mut spec = pod_spec(line);
                if let Some(node) = line.field("node") {
                    spec["nodeName"] = json!(format!("{}-{node}", self.slot));
                }
                json!({"spec": spec})
            }
            Kind::Job => json!({"spec": job_spec(line)}),
            Kind::CronJob => json!({"spec": {
                "schedule": "0 0 1 1 *", "suspend": line.field("suspend") == Some("true"),
                "jobTemplate": {"spec": job_spec(line)},
            }}),
            Kind::StatefulSet => self.stateful_set(line),
            Kind::Deployment | Kind::ReplicaSet => json!({"spec": {
                "replicas": number(line, "replicas", 1),
                "selector": {"matchLabels": {"app": line.place.name}}, "template": template(line),
            }}),
            Kind::DaemonSet => self.daemon_set(line),
            Kind::PodDisruptionBudget => budget(line),
            Kind::Node => json!({
                "spec": {"taints": [{"key": SLOT_TAINT, "value": self.slot, "effect": "NoSchedule"}]},
            }),
            // attachments are the attach/detach controller's to make
            Kind::Namespace | Kind::VolumeAttachment | Kind::Release | Kind::ReleaseMap => json!({}),
        }
    }

    fn volume(&self, line: &Line) -> Value {
        let name = format!("{}-{}", self.slot, line.place.name);
        let mut spec = json!({
            "storageClassName": line.class(self.slot).unwrap_or_default(),
            "capacity": {"storage": format!("{}Gi", number(line, "size", 1))},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": line.field("policy").unwrap_or("Retain"),
        });
        match line.field("source") {
            Some("nfs") => spec["nfs"] = json!({"server": "127.0.0.1", "path": format!("/{name}")}),
            Some("csi") => {
                let driver = line.field("driver").unwrap_or(DEAD_DRIVER);
                spec["csi"] = json!({"driver": driver, "volumeHandle": self.handle(line)});
            }
            Some("elsewhere") => spec["hostPath"] = json!({"path": self.disks[1].join(name)}),
            _ => spec["hostPath"] = json!({"path": self.disks[0].join(name)}),
        }
        if let Some(claim) = line.field("reserved").or_else(|| line.field("claimed")) {
            let place: Place = claim.parse().expect("a claim");
            let key = place.key(Kind::PersistentVolumeClaim, self.slot);
            spec["claimRef"] = json!({
                "apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": key.namespace, "name": key.name,
            });
            if line.field("claimed").is_some() {
                spec["claimRef"]["uid"] = json!(NOBODY);
            }
        }
        spec
    }

    /// The handle of a CSI volume that is made by hand.
    pub(crate) fn handle(&self, line: &Line) -> String {
        format!("{}-{}", self.slot, line.place.name)
    }

    fn claim_spec(&self, line: &Line) -> Value {
        let mut spec = json!({
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": format!("{}Gi", number(line, "size", 1))}},
        });
        if let Some(class) = line.class(self.slot) {
            spec["storageClassName"] = json!(class);
        }
        if let Some(tier) = line.field("selects") {
            spec["selector"] = json!({"matchLabels": {"tier": tier}});
        }
        spec
    }

    fn daemon_set(&self, line: &Line) -> Value {
        let mut template = template(line);
        if line.field("reaches").is_some() {
            template["spec"]["tolerations"] =
                json!([{"key": SLOT_TAINT, "operator": "Equal", "value": self.slot, "effect": "NoSchedule"}]);
        }
        json!({"spec": {"selector": {"matchLabels": {"app": line.place.name}}, "template": template}})
    }

    fn stateful_set(&self, line: &Line) -> Value {
        let mut spec = json!({
            "serviceName": line.place.name, "replicas": number(line, "replicas", 1),
            "podManagementPolicy": line.field("management").unwrap_or("OrderedReady"),
            "persistentVolumeClaimRetentionPolicy": {
                "whenDeleted": line.field("deleted").unwrap_or("Retain"),
                "whenScaled": line.field("scaled").unwrap_or("Retain"),
            },
            "selector": {"matchLabels": {"app": line.place.name}}, "template": template(line),
        });
        if let Some(template) = line.field("template") {
            spec["volumeClaimTemplates"] = json!([{"metadata": {"name": template}, "spec": self.claim_spec(line)}]);
        }
        json!({"spec": spec})
    }

    /// `statefulset:db`, with `+controller` and `+block`; `job:b/work` for one in another namespace.
    fn owner(&self, line: &Line, told: &str) -> Value {
        let mut parts = told.split('+');
        let (kind, place) = parts.next().and_then(|who| who.split_once(':')).expect("kind:name");
        let (mut controller, mut block) = (false, false);
        for flag in parts {
            controller |= flag == "controller";
            block |= flag == "block";
        }
        let Some(kind) = Kind::from_word(kind) else {
            return json!({
                "apiVersion": "example.com/v1", "kind": kind, "name": place, "uid": NOBODY,
                "controller": controller, "blockOwnerDeletion": block,
            });
        };
        let mut place: Place = place.parse().expect("a place");
        if kind.namespaced() && place.namespace.is_empty() {
            place.namespace.clone_from(&line.place.namespace);
        }
        let key = place.key(kind, self.slot);
        json!({
            "apiVersion": kind.api_version(), "kind": kind.name(), "name": key.name,
            "uid": self.uids.get(&key).map_or(NOBODY, String::as_str),
            "controller": controller, "blockOwnerDeletion": block,
        })
    }
}

fn budget(line: &Line) -> Value {
    let mut spec = json!({"selector": {"matchLabels": {"app": line.field("app").unwrap_or(&line.place.name)}}});
    match line.field("unavailable") {
        Some(_) => spec["maxUnavailable"] = json!(number(line, "unavailable", 1)),
        None => spec["minAvailable"] = json!(number(line, "available", 1)),
    }
    if line.field("unhealthy").is_some() {
        spec["unhealthyPodEvictionPolicy"] = json!("AlwaysAllow");
    }
    json!({"spec": spec})
}

fn number(line: &Line, field: &str, otherwise: u32) -> u32 {
    line.field(field)
        .map_or(otherwise, |value| value.parse().expect("a number"))
}

/// Labels, and what makes a pod end by itself: the label for the kit's kubelet, the annotation for the sandbox's.
fn pod_metadata(line: &Line, app: &str) -> Value {
    let mut made = json!({"labels": {"app": app}, "annotations": {}});
    if let Some(ends) = line.field("ends") {
        made["labels"]["kit/ends"] = json!(ends);
        let wish = if ends == "failed" {
            "fails-after"
        } else {
            "completes-after"
        };
        made["annotations"][format!("sandbox.pilothouse.dev/{wish}")] = json!("2s");
    }
    made
}

fn pod_spec(line: &Line) -> Value {
    let volume = |name: &str| json!({"name": name, "persistentVolumeClaim": {"claimName": name}});
    let volumes: Vec<Value> = line.list("claims").map(volume).collect();
    let mut spec = json!({
        "terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": line.field("image").unwrap_or("none")}], "volumes": volumes,
    });
    if line.field("ends").is_some() || matches!(line.kind, Kind::Job | Kind::CronJob) {
        spec["restartPolicy"] = json!("Never");
    }
    spec
}

fn template(line: &Line) -> Value {
    json!({"metadata": pod_metadata(line, &line.place.name), "spec": pod_spec(line)})
}

fn job_spec(line: &Line) -> Value {
    json!({
        "parallelism": number(line, "parallelism", 1), "backoffLimit": number(line, "backoff", 6),
        "suspend": line.kind == Kind::Job && line.field("suspend") == Some("true"),
        "template": template(line),
    })
}
