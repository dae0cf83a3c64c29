//! The controller of snapshots: a `VolumeSnapshot` of a bound claim is ready when it is looked at next, with a content and the
//! storage's own handle; of anything else it says why not.
//!
//! Source: kubernetes-csi/external-snapshotter, `client/apis/volumesnapshot/v1/types.go`.

use super::fields::text;
use super::resources;
use super::store::{Objects as _, Store};
use crate::model::{Key, Kind};
use serde_json::{Value, json};

const API: &str = "snapshot.storage.k8s.io/v1";

/// Does what is due.
pub(super) fn keep(store: &mut Store) {
    let Some(snapshots) = resources::by_kind(API, "VolumeSnapshot") else {
        return;
    };
    let all = store.list(snapshots, None, store.latest()).unwrap_or_default();
    for (_, snapshot) in all {
        if snapshot.pointer("/status/readyToUse").is_some() {
            continue;
        }
        let (status, content) = judged(store, &snapshot);
        if let Some(content) = content {
            // one that is there already is the one
            drop(store.create(content));
        }
        let mut next = (*snapshot).clone();
        if let Some(fields) = next.as_object_mut() {
            fields.insert("status".to_owned(), status);
        }
        if let Err(error) = store.replace(next) {
            tracing::debug!(%error, "a snapshot was changed meanwhile");
        }
    }
}

/// What it comes to: its status, and its content where it is ready.
fn judged(store: &Store, snapshot: &Value) -> (Value, Option<Value>) {
    let now = super::clock::seconds(store.now());
    let failed = |message: String| {
        let error = json!({ "time": now, "message": message });
        (json!({ "readyToUse": false, "error": error }), None)
    };
    let (namespace, name) = (
        text(snapshot, &["metadata", "namespace"]),
        text(snapshot, &["metadata", "name"]),
    );
    let source = text(snapshot, &["spec", "source", "persistentVolumeClaimName"]);
    let claim = store.get(&Key::new(Kind::PersistentVolumeClaim, namespace, source));
    let Some(claim) = claim else {
        return failed(format!("failed to take snapshot: claim {namespace}/{source} not found"));
    };
    let volume = text(&claim, &["spec", "volumeName"]);
    let volume = store.get(&Key::cluster(Kind::PersistentVolume, volume));
    let Some(volume) = volume else {
        return failed(format!(
            "failed to take snapshot: claim {namespace}/{source} is not bound"
        ));
    };
    let disk = text(&volume, &["spec", "csi", "volumeHandle"]);
    let driver = text(&volume, &["spec", "csi", "driver"]);
    if disk.is_empty() {
        return failed("failed to take snapshot: the volume is not of a CSI driver".to_owned());
    }
    let uid = text(snapshot, &["metadata", "uid"]);
    let content = format!("snapcontent-{uid}");
    let size = text(&volume, &["spec", "capacity", "storage"]);
    let status = json!({
        "boundVolumeSnapshotContentName": content,
        "creationTime": now,
        "readyToUse": true,
        "restoreSize": size,
    });
    let content = json!({
        "apiVersion": API,
        "kind": "VolumeSnapshotContent",
        "metadata": { "name": content },
        "spec": {
            "deletionPolicy": "Delete",
            "driver": driver,
            "source": { "volumeHandle": disk },
            "volumeSnapshotRef": { "namespace": namespace, "name": name, "uid": uid },
        },
        "status": { "readyToUse": true, "snapshotHandle": format!("snap-of-{disk}") },
    });
    (status, Some(content))
}
