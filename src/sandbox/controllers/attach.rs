//! Attachments: a volume whose driver attaches is attached to the node of a pod that mounts it, and bears its attacher's
//! finalizer as long as it is (`reference/semantics.md` §3.7). Detaching and letting go are a law. Knows which drivers do not attach from
//! the conditions.

use super::carry_out::{Hand, Said};
use super::{chance, document as doc};
use crate::laws::Conditions;
use crate::model::{Key, Kind, Text};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Attaches what is needed.
pub(super) fn keep(hand: &mut Hand<'_>, all: &[(Key, Value)], conditions: &Conditions) {
    for ((volume, node), (driver, handle)) in wanted(all, conditions) {
        attach(hand, &volume, &node, &driver, &handle);
    }
}

/// The volumes pods need, by volume and node; with the driver and the handle.
fn wanted(all: &[(Key, Value)], conditions: &Conditions) -> BTreeMap<(String, String), (String, String)> {
    let objects: BTreeMap<&Key, &Value> = all.iter().map(|(key, object)| (key, object)).collect();
    let mut wanted = BTreeMap::new();
    for (key, pod) in all.iter().filter(|(key, _)| key.kind == Kind::Pod) {
        let node = doc::text(pod, "/spec/nodeName");
        let stopped = doc::deleting(pod) && doc::number(pod, "/metadata/deletionGracePeriodSeconds") == Some(0);
        if node.is_empty() || stopped || matches!(doc::text(pod, "/status/phase"), "Succeeded" | "Failed") {
            continue;
        }
        for volume in doc::list(pod, "/spec/volumes") {
            let claim = doc::text(volume, "/persistentVolumeClaim/claimName");
            let claim = objects.get(&Key::new(Kind::PersistentVolumeClaim, &key.namespace, claim));
            let Some(name) = claim.map(|claim| doc::text(claim, "/spec/volumeName")) else {
                continue;
            };
            let Some(volume) = objects.get(&Key::cluster(Kind::PersistentVolume, name)) else {
                continue;
            };
            let driver = doc::text(volume, "/spec/csi/driver");
            if !driver.is_empty() && !conditions.attachless_drivers.contains(&Text::from(driver)) {
                let handle = doc::text(volume, "/spec/csi/volumeHandle").to_owned();
                wanted.insert((name.to_owned(), node.to_owned()), (driver.to_owned(), handle));
            }
        }
    }
    wanted
}

/// The name the attach/detach controller gives: a hash of handle, driver and node.
pub(in crate::sandbox) fn name(handle: &str, driver: &str, node: &str) -> String {
    let place = format!("{handle}{driver}{node}");
    format!("csi-{}{}", chance::hex(0, &place, 32), chance::hex(1, &place, 32))
}

/// The finalizer of an attacher: the driver's name with dots and slashes made dashes.
fn finalizer(driver: &str) -> String {
    let sanitised: String = driver
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '-' })
        .collect();
    format!("external-attacher/{sanitised}")
}

/// An attachment of a volume to a node, attached.
pub(in crate::sandbox) fn attachment(volume: &str, node: &str, driver: &str, handle: &str) -> Value {
    json!({
        "apiVersion": "storage.k8s.io/v1",
        "kind": "VolumeAttachment",
        "metadata": { "name": name(handle, driver, node), "finalizers": [finalizer(driver)] },
        "spec": { "attacher": driver, "nodeName": node, "source": { "persistentVolumeName": volume } },
        "status": { "attached": true },
    })
}

fn attach(hand: &mut Hand<'_>, volume: &str, node: &str, driver: &str, handle: &str) {
    let key = Key::cluster(Kind::VolumeAttachment, &name(handle, driver, node));
    if hand.objects.get(&key).is_some() {
        return;
    }
    if hand.make(attachment(volume, node, driver, handle)).is_err() {
        return;
    }
    let volume_key = Key::cluster(Kind::PersistentVolume, volume);
    if let Some(mut object) = hand.objects.get(&volume_key) {
        let uid = doc::uid(&object);
        let mut held = doc::list(&object, "/metadata/finalizers").to_vec();
        let own = json!(finalizer(driver));
        if !doc::deleting(&object) && !held.contains(&own) {
            held.push(own);
            doc::put(&mut object, &["metadata", "finalizers"], held);
            hand.write(object);
        }
        let message = format!("AttachVolume.Attach succeeded for volume \"{volume}\"");
        let said = Said::normal("attachdetach-controller", "SuccessfulAttachVolume", &message);
        hand.say(&volume_key, &uid, &said);
    }
}

/// The attachments, and the volumes' own finalizers, that a cluster would have which has been running for a while.
pub(in crate::sandbox) fn grow(all: &mut Vec<(Key, Value)>, conditions: &Conditions) {
    for ((volume, node), (driver, handle)) in wanted(all, conditions) {
        let volume_key = Key::cluster(Kind::PersistentVolume, &volume);
        if let Some((_, object)) = all.iter_mut().find(|(key, _)| *key == volume_key) {
            let mut held = doc::list(object, "/metadata/finalizers").to_vec();
            let own = json!(finalizer(&driver));
            if !held.contains(&own) {
                held.push(own);
                doc::put(object, &["metadata", "finalizers"], held);
            }
        }
        let grown = attachment(&volume, &node, &driver, &handle);
        let key = Key::cluster(Kind::VolumeAttachment, doc::name(&grown));
        if all.iter().all(|(held, _)| *held != key) {
            all.push((key, grown));
        }
    }
}
