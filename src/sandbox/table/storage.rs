//! Claims, volumes, classes and attachments in columns.

use super::Type::{Flag, Name, Text};
use super::{Printer, age, name, or_none};
use crate::sandbox::fields::{at, text, texts};
use serde_json::{Value, json};

pub(super) const CLAIM: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Status", Text, 0),
        ("Volume", Text, 0),
        ("Capacity", Text, 0),
        ("Access Modes", Text, 0),
        ("StorageClass", Text, 0),
        ("VolumeAttributesClass", Text, 0),
        ("Age", Text, 0),
        ("VolumeMode", Text, 1),
    ],
    cells: |claim, now| {
        let bound = !text(claim, &["spec", "volumeName"]).is_empty();
        let capacity = if bound {
            text(claim, &["status", "capacity", "storage"])
        } else {
            ""
        };
        let modes = if bound {
            modes(claim, &["status", "accessModes"])
        } else {
            String::new()
        };
        vec![
            name(claim),
            phase(claim),
            json!(text(claim, &["spec", "volumeName"])),
            json!(capacity),
            json!(modes),
            json!(text(claim, &["spec", "storageClassName"])),
            unset(claim),
            age(claim, now),
            json!(text(claim, &["spec", "volumeMode"])),
        ]
    },
};

pub(super) const VOLUME: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Capacity", Text, 0),
        ("Access Modes", Text, 0),
        ("Reclaim Policy", Text, 0),
        ("Status", Text, 0),
        ("Claim", Text, 0),
        ("StorageClass", Text, 0),
        ("VolumeAttributesClass", Text, 0),
        ("Reason", Text, 0),
        ("Age", Text, 0),
        ("VolumeMode", Text, 1),
    ],
    cells: |volume, now| {
        let claim = match text(volume, &["spec", "claimRef", "name"]) {
            "" => String::new(),
            name => format!("{}/{name}", text(volume, &["spec", "claimRef", "namespace"])),
        };
        vec![
            name(volume),
            json!(text(volume, &["spec", "capacity", "storage"])),
            json!(modes(volume, &["spec", "accessModes"])),
            json!(text(volume, &["spec", "persistentVolumeReclaimPolicy"])),
            phase(volume),
            json!(claim),
            json!(text(volume, &["spec", "storageClassName"])),
            unset(volume),
            json!(text(volume, &["status", "reason"])),
            age(volume, now),
            json!(text(volume, &["spec", "volumeMode"])),
        ]
    },
};

pub(super) const CLASS: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Provisioner", Text, 0),
        ("ReclaimPolicy", Text, 0),
        ("VolumeBindingMode", Text, 0),
        ("AllowVolumeExpansion", Text, 0),
        ("Age", Text, 0),
    ],
    cells: |class, now| {
        let default = ["metadata", "annotations", "storageclass.kubernetes.io/is-default-class"];
        let mark = if text(class, &default) == "true" {
            " (default)"
        } else {
            ""
        };
        let expands = at(class, &["allowVolumeExpansion"]) == Some(&json!(true));
        vec![
            json!(format!("{}{mark}", text(class, &["metadata", "name"]))),
            json!(text(class, &["provisioner"])),
            json!(text(class, &["reclaimPolicy"])),
            json!(text(class, &["volumeBindingMode"])),
            json!(if expands { "true" } else { "false" }),
            age(class, now),
        ]
    },
};

pub(super) const ATTACHMENT: Printer = Printer {
    columns: &[
        ("Name", Name, 0),
        ("Attacher", Name, 0),
        ("PV", Text, 0),
        ("Node", Text, 0),
        ("Attached", Flag, 0),
        ("Age", Text, 0),
    ],
    cells: |attachment, now| {
        vec![
            name(attachment),
            json!(text(attachment, &["spec", "attacher"])),
            or_none(text(attachment, &["spec", "source", "persistentVolumeName"])),
            json!(text(attachment, &["spec", "nodeName"])),
            at(attachment, &["status", "attached"]).cloned().unwrap_or(json!(false)),
            age(attachment, now),
        ]
    },
};

fn phase(object: &Value) -> Value {
    if at(object, &["metadata", "deletionTimestamp"]).is_some() {
        return json!("Terminating");
    }
    json!(text(object, &["status", "phase"]))
}

fn unset(object: &Value) -> Value {
    match text(object, &["spec", "volumeAttributesClassName"]) {
        "" => json!("<unset>"),
        class => json!(class),
    }
}

/// `RWO,ROX`: access modes in the order and the letters of `kubectl`.
fn modes(object: &Value, path: &[&str]) -> String {
    let held = texts(object, path);
    let known = [
        ("ReadWriteOnce", "RWO"),
        ("ReadOnlyMany", "ROX"),
        ("ReadWriteMany", "RWX"),
        ("ReadWriteOncePod", "RWOP"),
    ];
    let shown = known
        .iter()
        .filter(|(mode, _)| held.contains(mode))
        .map(|(_, letters)| *letters);
    shown.collect::<Vec<_>>().join(",")
}
