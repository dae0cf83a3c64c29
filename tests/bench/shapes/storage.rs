//! Claims, volumes, classes and attachments that name each other as a provisioner and an attacher leave them.

use super::managed;
use super::template::{Template, Values};
use super::{Cluster, number};
use pilothouse::model::Kind;
use serde_json::{Value, json};

/// Name, provisioner, reclaim policy, binding mode.
pub(super) const CLASSES: [(&str, &str, &str, &str); 3] = [
    ("efs", "efs.csi.aws.com", "Retain", "Immediate"),
    ("gp3", "ebs.csi.aws.com", "Delete", "WaitForFirstConsumer"),
    ("gp3-retain", "ebs.csi.aws.com", "Retain", "WaitForFirstConsumer"),
];
/// Sizes in GiB.
const SIZES: [u64; 5] = [10, 20, 50, 100, 500];

#[derive(Debug)]
pub(super) struct Templates {
    bound: Template,
    /// A claim whose deletion was asked for while a pod holds it.
    dying: Template,
    pending: Template,
    volume: Template,
    released: Template,
    class: Template,
    attachment: Template,
}

impl Templates {
    pub(super) fn new() -> Self {
        Self {
            bound: Template::of(&claim(true, false)),
            dying: Template::of(&claim(true, true)),
            pending: Template::of(&claim(false, false)),
            volume: Template::of(&volume("Bound")),
            released: Template::of(&volume("Released")),
            class: Template::of(&class()),
            attachment: Template::of(&attachment()),
        }
    }
}

impl Cluster {
    /// One claim in 97 waits for a volume; the volume that would be its own is left from an older claim.
    const fn is_pending(n: usize) -> bool {
        n % 97 == 13
    }

    /// One claim in 400 is Terminating.
    const fn is_dying(n: usize) -> bool {
        n % 400 == 201
    }

    /// The uid of the claim that a volume was provisioned for, which names it.
    pub(super) fn owner_of_volume(&self, n: usize) -> String {
        if Self::is_pending(n) {
            self.chance.uid("older claim", number(n))
        } else {
            self.uid(Kind::PersistentVolumeClaim, n, 0)
        }
    }

    fn storage_values(&self, n: usize, values: &mut Values) -> u64 {
        let draw = self.chance.draw("storage", number(n));
        // of six claims three are gp3, two keep their disk, one is shared
        let class = match draw % 6 {
            0 => 0,
            1 | 2 => 2,
            _ => 1,
        };
        let (name, provisioner, policy, _) = CLASSES.get(class).copied().unwrap_or(("", "", "", ""));
        values.set("class", name.to_owned());
        values.set("provisioner", provisioner.to_owned());
        values.set("policy", policy.to_owned());
        values.set(
            "mode",
            if class == 0 { "ReadWriteMany" } else { "ReadWriteOnce" }.to_owned(),
        );
        values.set("node", super::fleet::node_name(n % self.plan.nodes().max(1)));
        let age = self.age(Kind::PersistentVolumeClaim, n);
        values.set("changed", self.ago(age.saturating_sub(20)));
        usize::try_from(draw >> 8)
            .ok()
            .and_then(|at| SIZES.get(at % SIZES.len()))
            .copied()
            .unwrap_or(10)
    }

    pub(super) fn claim(&self, n: usize, turn: u32, values: &mut Values) -> Vec<u8> {
        let size = self.storage_values(n, values);
        values.set("size", format!("{size}Gi"));
        values.set("grown", format!("{}Gi", if turn % 2 == 1 { size * 2 } else { size }));
        values.set("volume", format!("pvc-{}", self.owner_of_volume(n)));
        values.set("deleted", self.ago(600 + number(n) % 3_000));
        values.set("app", self.plan.place(Kind::PersistentVolumeClaim, n).1.to_string());
        let template = if Self::is_pending(n) {
            &self.storage.pending
        } else if Self::is_dying(n) {
            &self.storage.dying
        } else {
            &self.storage.bound
        };
        template.fill(values)
    }

    pub(super) fn volume(&self, n: usize, values: &mut Values) -> Vec<u8> {
        let size = self.storage_values(n, values);
        values.set("size", format!("{size}Gi"));
        values.set("claim", self.name(Kind::PersistentVolumeClaim, n));
        let (tenant, _) = self.plan.place(Kind::PersistentVolume, n);
        let namespace = self.tenants().get(tenant).cloned().unwrap_or_default();
        values.set("claim_namespace", namespace);
        values.set("claim_uid", self.owner_of_volume(n));
        values.set(
            "claim_rv",
            self.version(Kind::PersistentVolumeClaim, n)
                .saturating_sub(40_000_000)
                .to_string(),
        );
        values.set("handle", format!("vol-{}", self.chance.hex("disk", number(n), 17)));
        // what is left of an older claim was kept
        let (template, kept) = if Self::is_pending(n) {
            (&self.storage.released, true)
        } else {
            (&self.storage.volume, values.get("policy") == Some("Retain"))
        };
        let finalizers = if kept {
            values.set("policy", "Retain".to_owned());
            json!(["kubernetes.io/pv-protection"])
        } else {
            json!([
                "external-provisioner.volume.kubernetes.io/finalizer",
                "kubernetes.io/pv-protection"
            ])
        };
        values.set("finalizers", finalizers.to_string());
        template.fill(values)
    }

    pub(super) fn class(&self, n: usize, values: &mut Values) -> Vec<u8> {
        let (name, provisioner, policy, binding) = CLASSES.get(n).copied().unwrap_or(("", "", "", ""));
        values.set("provisioner", provisioner.to_owned());
        values.set("policy", policy.to_owned());
        values.set("binding", binding.to_owned());
        values.set("default", (name == "gp3").to_string());
        values.set("changed", self.ago(self.age(Kind::StorageClass, n)));
        self.storage.class.fill(values)
    }

    /// The nth attachment of a tenant is that of the volume of its nth claim, on the node of the pod that mounts it.
    pub(super) fn attachment(&self, n: usize, values: &mut Values) -> Vec<u8> {
        let (tenant, nth) = self.plan.place(Kind::VolumeAttachment, n);
        let claim = self.of_tenant(Kind::PersistentVolumeClaim, tenant).start + nth;
        let pod = self.of_tenant(Kind::Pod, tenant).start + nth;
        self.storage_values(claim, values);
        values.set("volume", self.name(Kind::PersistentVolume, claim));
        values.set("node", super::fleet::node_name(pod % self.plan.nodes().max(1)));
        self.storage.attachment.fill(values)
    }
}

fn with_managed(mut object: Value, entries: &Value) -> Value {
    if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.insert("managedFields".to_owned(), entries.clone());
    }
    object
}

fn claim(bound: bool, dying: bool) -> Value {
    let mut object = json!({
        "metadata": {
            "name": "«name»", "namespace": "«namespace»", "uid": "«uid»", "resourceVersion": "«rv»", "creationTimestamp": "«created»",
            "labels": { "app.kubernetes.io/instance": "client", "app.kubernetes.io/managed-by": "Helm", "app.kubernetes.io/name": "store-«app»" },
            "annotations": {
                "pv.kubernetes.io/bind-completed": "yes", "pv.kubernetes.io/bound-by-controller": "yes",
                "volume.beta.kubernetes.io/storage-provisioner": "«provisioner»",
                "volume.kubernetes.io/selected-node": "«node»", "volume.kubernetes.io/storage-provisioner": "«provisioner»",
            },
            "finalizers": ["kubernetes.io/pvc-protection"],
        },
        "spec": {
            "accessModes": ["«mode»"], "resources": { "requests": { "storage": "«size»" } }, "volumeName": "«volume»",
            "storageClassName": "«class»", "volumeMode": "Filesystem",
        },
        "status": { "phase": "Bound", "accessModes": ["«mode»"], "capacity": { "storage": "«grown»" } },
    });
    if !bound {
        if let Some(annotations) = object
            .pointer_mut("/metadata/annotations")
            .and_then(Value::as_object_mut)
        {
            annotations.retain(|key, _| key.contains("storage-provisioner"));
        }
        if let Some(spec) = object.pointer_mut("/spec").and_then(Value::as_object_mut) {
            spec.shift_remove("volumeName");
        }
        if let Some(status) = object.get_mut("status") {
            *status = json!({ "phase": "Pending" });
        }
    }
    if let (true, Some(metadata)) = (dying, object.get_mut("metadata").and_then(Value::as_object_mut)) {
        metadata.insert("deletionTimestamp".to_owned(), json!("«deleted»"));
        metadata.insert("deletionGracePeriodSeconds".to_owned(), json!(0));
    }
    let part = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
    let set = json!({
        "metadata": { "labels": part("/metadata/labels") },
        "spec": { "accessModes": [], "resources": { "requests": { "storage": "" } }, "storageClassName": "", "volumeMode": "" },
    });
    let bound_by =
        json!({ "metadata": { "annotations": part("/metadata/annotations") }, "spec": { "volumeName": "" } });
    let entries = json!([
        managed::entry("helm", None, "v1", &set),
        managed::entry("kube-controller-manager", None, "v1", &bound_by),
        managed::entry(
            "kube-controller-manager",
            Some("status"),
            "v1",
            &json!({ "status": part("/status") })
        ),
    ]);
    with_managed(object, &entries)
}

fn volume(phase: &str) -> Value {
    let object = json!({
        "metadata": {
            "name": "«name»", "uid": "«uid»", "resourceVersion": "«rv»", "creationTimestamp": "«created»",
            "annotations": {
                "pv.kubernetes.io/provisioned-by": "«provisioner»",
                "volume.kubernetes.io/provisioner-deletion-secret-name": "", "volume.kubernetes.io/provisioner-deletion-secret-namespace": "",
            },
            "finalizers": "«#finalizers»",
        },
        "spec": {
            "capacity": { "storage": "«size»" },
            "csi": {
                "driver": "«provisioner»", "volumeHandle": "«handle»", "fsType": "ext4",
                "volumeAttributes": { "storage.kubernetes.io/csiProvisionerIdentity": "1748779200000-8081-«provisioner»" },
            },
            "accessModes": ["«mode»"],
            "claimRef": {
                "kind": "PersistentVolumeClaim", "namespace": "«claim_namespace»", "name": "«claim»", "uid": "«claim_uid»",
                "apiVersion": "v1", "resourceVersion": "«claim_rv»",
            },
            "persistentVolumeReclaimPolicy": "«policy»", "storageClassName": "«class»", "volumeMode": "Filesystem",
            "nodeAffinity": { "required": { "nodeSelectorTerms": [{ "matchExpressions": [
                { "key": "topology.kubernetes.io/zone", "operator": "In", "values": ["eu-central-1a"] },
            ] }] } },
        },
        "status": { "phase": phase, "lastPhaseTransitionTime": "«changed»" },
    });
    let part = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
    let set = json!({
        "metadata": { "annotations": part("/metadata/annotations") },
        "spec": {
            "accessModes": [], "capacity": { "storage": "" }, "claimRef": part("/spec/claimRef"), "csi": part("/spec/csi"),
            "nodeAffinity": { "required": {} }, "persistentVolumeReclaimPolicy": "", "storageClassName": "", "volumeMode": "",
        },
    });
    let entries = json!([
        managed::entry("csi-provisioner", None, "v1", &set),
        managed::entry(
            "kube-controller-manager",
            Some("status"),
            "v1",
            &json!({ "status": part("/status") })
        ),
    ]);
    with_managed(object, &entries)
}

fn class() -> Value {
    json!({
        "metadata": {
            "name": "«name»", "uid": "«uid»", "resourceVersion": "«rv»", "creationTimestamp": "«created»",
            "annotations": { "storageclass.kubernetes.io/is-default-class": "«default»" },
            "managedFields": [managed::entry("kubectl-client-side-apply", None, "storage.k8s.io/v1", &json!({
                "provisioner": "", "reclaimPolicy": "", "volumeBindingMode": "",
            }))],
        },
        "provisioner": "«provisioner»", "reclaimPolicy": "«policy»", "allowVolumeExpansion": true, "volumeBindingMode": "«binding»",
    })
}

fn attachment() -> Value {
    let object = json!({
        "metadata": {
            "name": "«name»", "uid": "«uid»", "resourceVersion": "«rv»", "creationTimestamp": "«created»",
            "annotations": { "csi.alpha.kubernetes.io/node-id": "i-0f3b«node»" },
            "finalizers": ["external-attacher/ebs-csi-aws-com"],
        },
        "spec": { "attacher": "«provisioner»", "source": { "persistentVolumeName": "«volume»" }, "nodeName": "«node»" },
        "status": { "attached": true, "attachmentMetadata": { "devicePath": "/dev/xvdba" } },
    });
    let part = |pointer: &str| object.pointer(pointer).cloned().unwrap_or_default();
    let entries = json!([
        managed::entry(
            "kube-controller-manager",
            None,
            "storage.k8s.io/v1",
            &json!({ "spec": part("/spec") })
        ),
        managed::entry(
            "csi-attacher",
            Some("status"),
            "storage.k8s.io/v1",
            &json!({ "status": part("/status") })
        ),
    ]);
    with_managed(object, &entries)
}
