//! Fields that the API server does not let change, by kind (`reference/semantics.md` §3.5).

use crate::model::helm::Document;
use crate::model::storage::ClaimPhase;
use crate::model::{Body, Key, Kind, Object, Text, World};

/// Fields of a StatefulSet's spec that may change.
const OF_SET: [&str; 7] = [
    "spec.replicas",
    "spec.ordinals",
    "spec.template",
    "spec.updateStrategy",
    "spec.revisionHistoryLimit",
    "spec.persistentVolumeClaimRetentionPolicy",
    "spec.minReadySeconds",
];

/// Fields of a volume's spec that may change: everything but its source.
const OF_VOLUME: [&str; 8] = [
    "spec.capacity",
    "spec.accessModes",
    "spec.claimRef",
    "spec.persistentVolumeReclaimPolicy",
    "spec.storageClassName",
    "spec.mountOptions",
    "spec.volumeAttributesClassName",
    "spec.nodeAffinity",
];

/// The server's refusal of a patch that sets these fields; `None` when it takes it. An `adopted` object was not in the
/// old manifest: then only what facts tell of the live object can be compared.
pub(super) fn refusal(
    world: &World,
    live: Option<&Object>,
    document: &Document,
    changed: &[Text],
    adopted: bool,
) -> Option<String> {
    let name = &document.address.name;
    let hit = |frozen: &dyn Fn(&str) -> bool| {
        changed
            .iter()
            .map(Text::as_str)
            .filter(|field| field.starts_with("spec.") || !field.starts_with("metadata."))
            .find(|field| frozen(field) && !same(live, document, field, adopted))
            .map(str::to_owned)
    };
    match document.address.kind.as_str() {
        "PersistentVolumeClaim" => hit(&|field| !matches!(field, "spec.resources" | "spec.volumeAttributesClassName"))
            .map(|_| frozen_claim(name))
            .or_else(|| resized(world, live?, document)),
        "StatefulSet" => hit(&|field| !OF_SET.contains(&field)).map(|_| {
            format!(
                "StatefulSet.apps {name:?} is invalid: spec: Forbidden: updates to statefulset spec for fields other than \
                 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', \
                 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
            )
        }),
        "PersistentVolume" => hit(&|field| !OF_VOLUME.contains(&field)).map(|_| {
            format!("PersistentVolume {name:?} is invalid: spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation")
        }),
        "StorageClass" => {
            hit(&|field| matches!(field, "provisioner" | "parameters" | "reclaimPolicy" | "volumeBindingMode"))
                .map(|field| format!("StorageClass.storage.k8s.io {name:?} is invalid: {field}: Invalid value: field is immutable"))
        }
        "Job" => hit(&|field| matches!(field, "spec.template" | "spec.selector" | "spec.completions"))
            .map(|field| format!("Job.batch {name:?} is invalid: {field}: Invalid value: field is immutable")),
        kind @ ("Deployment" | "DaemonSet" | "ReplicaSet") => hit(&|field| field == "spec.selector")
            .map(|field| format!("{kind}.apps {name:?} is invalid: {field}: Invalid value: field is immutable")),
        _ => None,
    }
}

/// Whether the live object has the document's value already, so that the patch does not touch the field. What facts do not
/// tell counts as the same for an adopted object, and as different for one whose manifest changed.
fn same(live: Option<&Object>, document: &Document, field: &str, adopted: bool) -> bool {
    let told = live
        .zip(document.object.as_deref())
        .and_then(|(live, document)| told(live, document, field));
    told.unwrap_or(adopted)
}

fn told(live: &Object, document: &Object, field: &str) -> Option<bool> {
    Some(match (&live.body, &document.body) {
        (Body::PersistentVolumeClaim(live), Body::PersistentVolumeClaim(new)) => match field {
            "spec.storageClassName" => match (&live.spec.storage_class_name, &new.spec.storage_class_name) {
                (Some(live), Some(new)) => live == new,
                // left out of the manifest it stays as it is; set for the first time it may be set
                (None, _) | (_, None) => true,
            },
            "spec.accessModes" => live.spec.access_modes == new.spec.access_modes,
            "spec.volumeMode" => {
                live.spec.volume_mode.as_deref().unwrap_or("Filesystem")
                    == new.spec.volume_mode.as_deref().unwrap_or("Filesystem")
            }
            "spec.volumeName" => {
                live.spec.volume_name.is_empty()
                    || new.spec.volume_name.is_empty()
                    || live.spec.volume_name == new.spec.volume_name
            }
            "spec.selector" => live.spec.selector == new.spec.selector,
            _ => return None,
        },
        (Body::StorageClass(live), Body::StorageClass(new)) => match field {
            "provisioner" => live.provisioner == new.provisioner,
            "reclaimPolicy" => live.reclaim_policy == new.reclaim_policy || new.reclaim_policy.is_none(),
            "volumeBindingMode" => {
                live.volume_binding_mode == new.volume_binding_mode || new.volume_binding_mode.is_none()
            }
            _ => return None,
        },
        (_, _) => return None,
    })
}

fn frozen_claim(name: &str) -> String {
    format!(
        "PersistentVolumeClaim {name:?} is invalid: spec: Forbidden: spec is immutable after creation except \
         resources.requests and volumeAttributesClassName for bound claims"
    )
}

/// The refusal of a patch that is made from the live object because the old manifest does not list it (a rollback by
/// client-side apply, `pkg/kube/client.go` `update`): what the server has filled in and the document does not state is
/// taken out, a bound claim's volume and a Job's selector among it, and the resource version, without which a budget takes
/// no update (`pkg/registry/policy/poddisruptionbudget/strategy.go` `AllowUnconditionalUpdate`).
pub(super) fn stripped(live: &Object, document: &Document) -> Option<String> {
    let name = &document.address.name;
    match (&live.body, &document.object.as_ref()?.body) {
        (Body::PersistentVolumeClaim(live), Body::PersistentVolumeClaim(new)) => {
            (!live.spec.volume_name.is_empty() && new.spec.volume_name.is_empty()).then(|| frozen_claim(name))
        }
        (Body::Job(_), Body::Job(_)) => Some(format!(
            "Job.batch {name:?} is invalid: spec.selector: Required value, spec.template: field is immutable"
        )),
        (Body::PodDisruptionBudget(_), Body::PodDisruptionBudget(_)) => Some(format!(
            "poddisruptionbudgets.policy {name:?} is invalid: metadata.resourceVersion: Invalid value: 0: must be \
             specified for an update"
        )),
        (_, _) => None,
    }
}

/// A bound claim's request may grow where its class says so (admission `PersistentVolumeClaimResize`), and shrink only as
/// long as it stays above what it has; that of a claim that is not bound stays as it is.
fn resized(world: &World, live: &Object, document: &Document) -> Option<String> {
    let name = &document.address.name;
    let (live, new) = (live.body.claim()?, document.object.as_ref()?.body.claim()?);
    let asked = new.spec.resources.requests.storage.as_ref()?.bytes()?;
    let before = live.spec.resources.requests.storage.as_ref()?.bytes()?;
    if asked != before && live.status.phase != ClaimPhase::Bound {
        return Some(frozen_claim(name));
    }
    let class = live.spec.storage_class_name.as_deref().unwrap_or_default();
    let class = world.get(&Key::cluster(Kind::StorageClass, class));
    let expands = class.and_then(|class| class.body.class()?.allow_volume_expansion);
    if asked > before && expands != Some(true) {
        return Some(format!(
            "persistentvolumeclaims {name:?} is forbidden: only dynamically provisioned pvc can be resized and the \
             storageclass that provisions the pvc must support resize"
        ));
    }
    let has = live.status.capacity.storage.as_ref()?.bytes()?;
    (asked < has && asked < before).then(|| {
        format!(
            "PersistentVolumeClaim {name:?} is invalid: spec.resources.requests.storage: Forbidden: field can not be less than status.capacity"
        )
    })
}
