//! Namespaces and nodes.

use super::managed;
use super::template::{Template, Values};
use super::{Cluster, number};
use pilothouse::model::Kind;
use serde_json::{Value, json};

#[derive(Debug)]
pub(super) struct Templates {
    namespace: Template,
    node: Template,
}

impl Templates {
    pub(super) fn new() -> Self {
        Self {
            namespace: Template::of(&namespace()),
            node: Template::of(&node()),
        }
    }
}

impl Cluster {
    pub(super) fn namespace(&self, n: usize, values: &mut Values) -> Vec<u8> {
        values.set("changed", self.ago(self.age(Kind::Namespace, n)));
        self.fleet.namespace.fill(values)
    }

    pub(super) fn node(&self, values: &mut Values) -> Vec<u8> {
        values.set("changed", self.ago(3_600));
        values.set("beat", self.ago(12));
        values.set("zone", "eu-central-1a".to_owned());
        values.set("machine", self.chance.hex("machine", number(self.total()), 32));
        self.fleet.node.fill(values)
    }
}

pub(super) fn node_name(n: usize) -> String {
    format!("ip-10-0-{}-{}.eu-central-1.compute.internal", n / 250, n % 250 + 1)
}

fn namespace() -> Value {
    let labels = json!({ "kubernetes.io/metadata.name": "«name»", "pod-security.kubernetes.io/enforce": "baseline" });
    json!({
        "metadata": {
            "name": "«name»", "uid": "«uid»", "resourceVersion": "«rv»", "creationTimestamp": "«created»", "labels": labels,
            "managedFields": [managed::entry("kubectl-create", None, "v1", &json!({ "metadata": { "labels": labels } }))],
        },
        "spec": { "finalizers": ["kubernetes"] },
        "status": { "phase": "Active" },
    })
}

fn node() -> Value {
    let condition = |kind: &str, status: &str, reason: &str| {
        json!({
            "type": kind, "status": status, "lastHeartbeatTime": "«beat»", "lastTransitionTime": "«changed»",
            "reason": reason, "message": "kubelet says so",
        })
    };
    let images: Vec<Value> = ["server", "train", "app", "exporter", "prepare", "shell", "console", "gateway"]
        .map(|name| {
            json!({
                "names": [format!("registry.example.com/client/{name}@sha256:«machine»«machine»"), format!("registry.example.com/client/{name}:8.4.3")],
                "sizeBytes": 187_654_321,
            })
        })
        .into();
    let status = json!({
        "capacity": { "cpu": "64", "ephemeral-storage": "209702892Ki", "memory": "263840644Ki", "pods": "234" },
        "allocatable": { "cpu": "63770m", "ephemeral-storage": "192188443124", "memory": "260814724Ki", "pods": "234" },
        "conditions": [
            condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
            condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
            condition("PIDPressure", "False", "KubeletHasSufficientPID"),
            condition("Ready", "True", "KubeletReady"),
        ],
        "addresses": [{ "type": "InternalIP", "address": "10.0.0.1" }, { "type": "Hostname", "address": "«name»" }],
        "daemonEndpoints": { "kubeletEndpoint": { "Port": 10250 } },
        "nodeInfo": {
            "machineID": "«machine»", "systemUUID": "«uid»", "bootID": "«uid»", "kernelVersion": "6.12.35", "osImage": "Bottlerocket",
            "containerRuntimeVersion": "containerd://2.1.4", "kubeletVersion": "v1.36.3", "kubeProxyVersion": "", "operatingSystem": "linux", "architecture": "amd64",
        },
        "images": images,
    });
    let labels = json!({
        "beta.kubernetes.io/arch": "amd64", "kubernetes.io/hostname": "«name»", "node.kubernetes.io/instance-type": "m7i.16xlarge",
        "topology.kubernetes.io/region": "eu-central-1", "topology.kubernetes.io/zone": "«zone»",
    });
    json!({
        "metadata": {
            "name": "«name»", "uid": "«uid»", "resourceVersion": "«rv»", "creationTimestamp": "«created»", "labels": labels,
            "annotations": { "csi.volume.kubernetes.io/nodeid": "{\\\"ebs.csi.aws.com\\\":\\\"i-0f3b\\\"}" },
            "managedFields": [
                managed::entry("kubelet", None, "v1", &json!({ "metadata": { "labels": labels } })),
                managed::entry("kubelet", Some("status"), "v1", &json!({ "status": status })),
            ],
        },
        "spec": { "providerID": "aws:///eu-central-1a/i-0f3b" },
        "status": status,
    })
}
