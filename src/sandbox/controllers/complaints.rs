//! What controllers complain of while they cannot go on: claims without a volume, pods that may not be made or placed.
//! Knows no law and changes nothing but the Events; the sentences are Kubernetes' own (`reference/semantics.md` §3.2, §3.6).

use super::carry_out::{Hand, Said};
use super::document as doc;
use crate::model::storage::NO_PROVISIONER;
use crate::model::{Key, Kind};
use serde_json::Value;

/// Says what is stuck, each sentence once for each object.
pub(super) fn keep(hand: &mut Hand<'_>, all: &[(Key, Value)]) {
    for (key, object) in all.iter().filter(|(_, object)| !doc::deleting(object)) {
        match key.kind {
            Kind::PersistentVolumeClaim if doc::text(object, "/status/phase") == "Pending" => {
                of_claim(hand, key, object);
            }
            Kind::Pod if doc::text(object, "/status/phase") == "Pending" => of_pod(hand, key, object),
            Kind::StatefulSet => of_set(hand, key, object),
            _ => {}
        }
    }
}

fn once(hand: &mut Hand<'_>, key: &Key, object: &Value, said: &Said<'_>) {
    hand.voice.say_once(hand.objects, key, &doc::uid(object), said);
}

fn of_claim(hand: &mut Hand<'_>, key: &Key, claim: &Value) {
    const BINDER: &str = "persistentvolume-controller";
    if !doc::text(claim, "/spec/volumeName").is_empty() {
        return;
    }
    let class_name = doc::text(claim, "/spec/storageClassName");
    if class_name.is_empty() {
        let message = "no persistent volumes available for this claim and no storage class is set";
        return once(hand, key, claim, &Said::normal(BINDER, "FailedBinding", message));
    }
    let Some(class) = hand.objects.get(&Key::cluster(Kind::StorageClass, class_name)) else {
        let message = format!("storageclass.storage.k8s.io \"{class_name}\" not found");
        return once(hand, key, claim, &Said::warning(BINDER, "ProvisioningFailed", &message));
    };
    if doc::text(&class, "/volumeBindingMode") == "WaitForFirstConsumer" {
        let message = "waiting for first consumer to be created before binding";
        once(hand, key, claim, &Said::normal(BINDER, "WaitForFirstConsumer", message));
    } else if doc::text(&class, "/provisioner") == NO_PROVISIONER {
        let message = "no volume plugin matched name: kubernetes.io/no-provisioner";
        once(hand, key, claim, &Said::warning(BINDER, "ProvisioningFailed", message));
    }
}

/// The scheduler's refusal, or that of the kubelet when the claim began to go after the pod was placed.
fn of_pod(hand: &mut Hand<'_>, key: &Key, pod: &Value) {
    let placed = !doc::text(pod, "/spec/nodeName").is_empty();
    for volume in doc::list(pod, "/spec/volumes") {
        let name = doc::text(volume, "/persistentVolumeClaim/claimName");
        if name.is_empty() {
            continue;
        }
        let claim = hand
            .objects
            .get(&Key::new(Kind::PersistentVolumeClaim, &key.namespace, name));
        let why = match claim {
            None => format!("persistentvolumeclaim \"{name}\" not found"),
            Some(claim) if doc::deleting(&claim) => format!("persistentvolumeclaim \"{name}\" is being deleted"),
            Some(claim) if doc::text(&claim, "/status/phase") == "Lost" => {
                let volume = doc::text(&claim, "/spec/volumeName");
                format!("persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{volume}\"")
            }
            Some(_) => continue,
        };
        let said = if placed {
            let gone = if why.ends_with("not found") {
                "not found"
            } else {
                "PVC is being deleted"
            };
            (
                "kubelet",
                "FailedMount",
                format!("error processing PVC {}/{name}: {gone}", key.namespace),
            )
        } else {
            let message = format!("0/1 nodes are available: {why}.");
            ("default-scheduler", "FailedScheduling", message)
        };
        once(hand, key, pod, &Said::warning(said.0, said.1, &said.2));
    }
}

/// A StatefulSet does not make a pod while one of its claims is being deleted.
fn of_set(hand: &mut Hand<'_>, key: &Key, set: &Value) {
    let start = doc::number(set, "/spec/ordinals/start").unwrap_or(0);
    let replicas = doc::number(set, "/spec/replicas").unwrap_or(1);
    for ordinal in start..start.saturating_add(replicas) {
        let pod = format!("{}-{ordinal}", key.name);
        if hand.objects.get(&Key::new(Kind::Pod, &key.namespace, &pod)).is_some() {
            continue;
        }
        for template in doc::list(set, "/spec/volumeClaimTemplates") {
            let claim = format!("{}-{pod}", doc::name(template));
            let dying = hand
                .objects
                .get(&Key::new(Kind::PersistentVolumeClaim, &key.namespace, &claim))
                .is_some_and(|claim| doc::deleting(&claim));
            if dying {
                let message = format!(
                    "create Pod {pod} in StatefulSet {} failed error: pvc {claim} is being deleted",
                    key.name
                );
                once(
                    hand,
                    key,
                    set,
                    &Said::warning("statefulset-controller", "FailedCreate", &message),
                );
            }
        }
    }
}
