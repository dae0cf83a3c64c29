//! Claims and volumes: bound, unbound, lost, provisioned, destroyed. The field names and annotations are those of
//! `pkg/controller/volume/persistentvolume/pv_controller.go` and of the external provisioner (`reference/semantics.md`
//! §3.3, §3.4).

use super::{Hand, Said};
use crate::model::storage::{
    BIND_COMPLETED, BOUND_BY_CONTROLLER, EXTERNAL_PROVISIONER, PROVISIONED_BY, PV_CONTROLLER, PV_PROTECTION,
};
use crate::model::{Key, Kind, Object, Propagation, Uid};
use crate::sandbox::controllers::chance;
use crate::sandbox::controllers::document as doc;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(super) const BINDER: &str = "persistentvolume-controller";

/// Both sides name each other, and both are Bound.
pub(super) fn bind(hand: &mut Hand<'_>, claim: (&Key, &Uid), volume: (&Key, &Uid)) {
    let (Some(mut claim), Some(mut volume)) = (hand.pinned(claim.0, claim.1), hand.pinned(volume.0, volume.1)) else {
        return;
    };
    if doc::text(&volume, "/spec/claimRef/name").is_empty() {
        annotate(&mut volume, BOUND_BY_CONTROLLER);
    }
    doc::put(&mut volume, &["spec", "claimRef"], reference(&claim));
    phase(&mut volume, "Bound", hand.objects.now());
    if doc::text(&claim, "/spec/volumeName").is_empty() {
        doc::put(&mut claim, &["spec", "volumeName"], doc::name(&volume));
        annotate(&mut claim, BOUND_BY_CONTROLLER);
    }
    annotate(&mut claim, BIND_COMPLETED);
    doc::put(&mut claim, &["status", "phase"], "Bound");
    for (from, to) in [("accessModes", "accessModes"), ("capacity", "capacity")] {
        if let Some(value) = volume.pointer(&format!("/spec/{from}")).cloned() {
            doc::put(&mut claim, &["status", to], value);
        }
    }
    hand.write(volume);
    hand.write(claim);
}

/// A claim's place in a `claimRef`.
fn reference(claim: &Value) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "namespace": doc::namespace(claim),
        "name": doc::name(claim),
        "uid": doc::text(claim, "/metadata/uid"),
        "resourceVersion": doc::text(claim, "/metadata/resourceVersion"),
    })
}

fn annotate(object: &mut Value, annotation: &str) {
    doc::put(object, &["metadata", "annotations", annotation], "yes");
}

/// Sets a volume's phase and the time it changed.
pub(super) fn phase(volume: &mut Value, word: &str, now: Timestamp) {
    if doc::text(volume, "/status/phase") != word {
        doc::put(volume, &["status", "phase"], word);
        doc::put(volume, &["status", "lastPhaseTransitionTime"], doc::stamp(now));
    }
}

/// The volume is taken back: a `claimRef` the controller wrote goes whole, of one that a person wrote only the uid and
/// the resource version.
pub(super) fn unbind(hand: &mut Hand<'_>, key: &Key, uid: &Uid) {
    let Some(mut volume) = hand.pinned(key, uid) else {
        return;
    };
    let by_controller = volume
        .pointer("/metadata/annotations")
        .and_then(|annotations| annotations.get(BOUND_BY_CONTROLLER))
        .is_some();
    if by_controller {
        doc::drop_field(&mut volume, "/spec", "claimRef");
        doc::drop_field(&mut volume, "/metadata/annotations", BOUND_BY_CONTROLLER);
    } else {
        doc::drop_field(&mut volume, "/spec/claimRef", "uid");
        doc::drop_field(&mut volume, "/spec/claimRef", "resourceVersion");
    }
    phase(&mut volume, "Available", hand.objects.now());
    hand.write(volume);
}

/// The claim is Lost for good. The words are the binder's own.
pub(super) fn lose(hand: &mut Hand<'_>, key: &Key, uid: &Uid) {
    let Some(mut claim) = hand.pinned(key, uid) else { return };
    let volume = Key::cluster(Kind::PersistentVolume, doc::text(&claim, "/spec/volumeName"));
    let misbound = hand.objects.get(&volume).is_some();
    doc::put(&mut claim, &["status", "phase"], "Lost");
    doc::drop_field(&mut claim, "/status", "accessModes");
    doc::drop_field(&mut claim, "/status", "capacity");
    hand.write(claim);
    let said = if misbound {
        let message = "Two claims are bound to the same volume, this one is bound incorrectly";
        Said::warning(BINDER, "ClaimMisbound", message)
    } else {
        let message = "Bound claim has lost its PersistentVolume. Data on the volume is lost!";
        Said::warning(BINDER, "ClaimLost", message)
    };
    hand.say(key, uid, &said);
}

/// A new disk and its volume, as an external provisioner makes them; the binder then binds the two.
pub(super) fn provision(hand: &mut Hand<'_>, key: &Key, uid: &Uid) {
    let Some(claim) = hand.pinned(key, uid) else { return };
    let Some(class) = class_of(hand, &claim) else { return };
    let provisioner = doc::text(&class, "/provisioner").to_owned();
    let name = format!("pvc-{uid}");
    let waits = format!(
        "Waiting for a volume to be created either by the external provisioner '{provisioner}' or manually by the \
         system administrator. If volume creation is delayed, please verify that the provisioner is running and \
         correctly registered."
    );
    hand.say(key, uid, &Said::normal(BINDER, "ExternalProvisioning", &waits));
    let volume = new_volume(hand.seed, &claim, &class, &name);
    if let Err(error) = hand.make(volume) {
        tracing::debug!(error, "a provisioned volume was refused");
        return;
    }
    let mut claim = claim;
    for annotation in [
        "volume.kubernetes.io/storage-provisioner",
        "volume.beta.kubernetes.io/storage-provisioner",
    ] {
        doc::put(
            &mut claim,
            &["metadata", "annotations", annotation],
            provisioner.as_str(),
        );
    }
    hand.write(claim);
    let done = format!("Successfully provisioned volume {name}");
    hand.say(
        key,
        uid,
        &Said::normal("external-provisioner", "ProvisioningSucceeded", &done),
    );
}

/// The class a claim names.
fn class_of(hand: &Hand<'_>, claim: &Value) -> Option<Value> {
    let named = doc::text(claim, "/spec/storageClassName");
    hand.objects.get(&Key::cluster(Kind::StorageClass, named))
}

fn new_volume(seed: u64, claim: &Value, class: &Value, name: &str) -> Value {
    let provisioner = doc::text(class, "/provisioner");
    let policy = class
        .pointer("/reclaimPolicy")
        .and_then(Value::as_str)
        .unwrap_or("Delete");
    let mode = claim
        .pointer("/spec/volumeMode")
        .and_then(Value::as_str)
        .unwrap_or("Filesystem");
    let mut finalizers = vec![json!(PV_PROTECTION)];
    if policy == "Delete" {
        finalizers.push(json!(EXTERNAL_PROVISIONER));
    }
    let mut annotations = json!({});
    doc::put(&mut annotations, &[PROVISIONED_BY], provisioner);
    json!({
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": { "name": name, "annotations": annotations, "finalizers": finalizers },
        "spec": {
            "accessModes": claim.pointer("/spec/accessModes").cloned().unwrap_or_else(|| json!(["ReadWriteOnce"])),
            "capacity": claim.pointer("/spec/resources/requests").cloned().unwrap_or_else(|| json!({})),
            "claimRef": reference(claim),
            "csi": { "driver": provisioner, "volumeHandle": handle(seed, provisioner, name) },
            "persistentVolumeReclaimPolicy": policy,
            "storageClassName": doc::name(class),
            "volumeMode": mode,
        },
        "status": { "phase": "Pending" },
    })
}

/// A handle in the shape the storage system would give: `vol-…` for EBS, an access point for EFS, a logical volume for
/// Proxmox, else the volume's own name.
fn handle(seed: u64, provisioner: &str, name: &str) -> String {
    match provisioner {
        "ebs.csi.aws.com" => format!("vol-0{}", chance::hex(seed, name, 16)),
        "efs.csi.aws.com" => format!(
            "fs-{}::fsap-0{}",
            chance::hex(seed, "efs", 17),
            chance::hex(seed, name, 16)
        ),
        "csi.proxmox.sinextra.dev" => format!("homelab/pve/local-lvm/vm-9999-{name}"),
        _ => name.to_owned(),
    }
}

/// The disk is destroyed: the ledger says so, the provisioner's finalizers go, and the volume object is deleted.
pub(super) fn destroy(hand: &mut Hand<'_>, key: &Key, uid: &Uid) {
    let Some(mut volume) = hand.pinned(key, uid) else {
        return;
    };
    let handle = Object::from_value(Kind::PersistentVolume, &volume)
        .ok()
        .and_then(|object| object.body.volume().map(|volume| volume.spec.handle()))
        .unwrap_or_else(|| key.name.to_string());
    hand.destroyed.push(handle);
    hand.delete(key, uid, Propagation::Background);
    if let Some(current) = hand.pinned(key, uid) {
        volume = current;
    } else {
        return;
    }
    let mut held = doc::list(&volume, "/metadata/finalizers").to_vec();
    held.retain(|entry| entry != EXTERNAL_PROVISIONER && entry != PV_CONTROLLER);
    doc::put(&mut volume, &["metadata", "finalizers"], held);
    hand.write(volume);
}
