//! Acts on CSI volumes: what Pilothouse forecasts, what the real provisioner and attacher then do, and what the sandbox does.

use pilothouse::model::{Act, Key, Kind, Propagation};
use serde_json::{Value, json};

use crate::stage::{Stage, pod};
use crate::support::csi::Driver;
use crate::trial::{Trial, pod_spec};

use Kind::{PersistentVolume, PersistentVolumeClaim as Claim, Pod};
use Propagation::Background;

/// Policy Delete: the disk goes with the claim.
pub(crate) fn claim_destroyed(trial: &Trial<'_>) {
    let mut stage = bound(trial, &trial.plane.csi().plain, &json!({}));
    stage.delete(Claim, "data", Background);
}

pub(crate) fn claim_destroyed_attaching(trial: &Trial<'_>) {
    let mut stage = bound(trial, &trial.plane.csi().attaching, &json!({}));
    stage.delete(Claim, "data", Background);
}

pub(crate) fn claim_retained(trial: &Trial<'_>) {
    let mut stage = bound(trial, &trial.plane.csi().plain, &json!({"reclaimPolicy": "Retain"}));
    stage.delete(Claim, "data", Background);
}

/// Held by its pod, the claim hangs; with the pod go claim, volume and disk.
pub(crate) fn claim_held(trial: &Trial<'_>) {
    held(trial, &trial.plane.csi().plain);
}

/// The same, and the disk waits until it is detached.
pub(crate) fn claim_held_attaching(trial: &Trial<'_>) {
    held(trial, &trial.plane.csi().attaching);
}

fn held(trial: &Trial<'_>, driver: &Driver) {
    let mut stage = mounted(trial, driver, &json!({}));
    stage.delete(Claim, "data", Background);
    stage.delete(Pod, "user", Background);
}

/// Made for its first pod, and gone with it.
pub(crate) fn first_consumer(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    let mut stage = stage(trial, driver, &json!({"volumeBindingMode": "WaitForFirstConsumer"}));
    let claim = stage.claim("data");
    stage.create(&[claim]);
    stage.compare_now();
    stage.create(&[pod("user", "data", &json!({}))]);
    stage.until_running("user");
    stage.delete(Pod, "user", Background);
    stage.delete(Claim, "data", Background);
}

/// A Bound volume that is deleted is a fuse, and at its end the disk is destroyed.
pub(crate) fn volume_deleted_while_bound(trial: &Trial<'_>) {
    let mut stage = bound(trial, &trial.plane.csi().plain, &json!({}));
    delete_volume(&mut stage);
    stage.delete(Claim, "data", Background);
}

/// The same with a pod on it and an attachment: claim, then pod, and all of it is gone.
pub(crate) fn volume_deleted_while_attached(trial: &Trial<'_>) {
    let mut stage = mounted(trial, &trial.plane.csi().attaching, &json!({"reclaimPolicy": "Retain"}));
    delete_volume(&mut stage);
    stage.delete(Claim, "data", Background);
    stage.delete(Pod, "user", Background);
}

/// The object of a Released Retain volume goes, its disk is left.
pub(crate) fn volume_deleted_while_released(trial: &Trial<'_>) {
    let mut stage = bound(trial, &trial.plane.csi().plain, &json!({"reclaimPolicy": "Retain"}));
    stage.delete(Claim, "data", Background);
    delete_volume(&mut stage);
}

/// A disk that an administrator made goes like any other.
pub(crate) fn static_destroyed(trial: &Trial<'_>) {
    let mut stage = by_hand(trial);
    let mut claim = stage.claim("data");
    claim["spec"]["volumeName"] = json!(format!("{}-disk", trial.namespace));
    stage.create(&[claim]);
    stage.until_bound("data");
    stage.delete(Claim, "data", Background);
}

/// Never bound, the object goes at once and its disk is left.
pub(crate) fn static_deleted_while_available(trial: &Trial<'_>) {
    let mut stage = by_hand(trial);
    stage.delete(PersistentVolume, &format!("{}-disk", trial.namespace), Background);
}

/// The way to keep a disk: Retain, claim deleted, claimRef cleared, bound again.
pub(crate) fn claim_ref_cleared(trial: &Trial<'_>) {
    let mut stage = bound(trial, &trial.plane.csi().plain, &json!({"reclaimPolicy": "Retain"}));
    stage.delete(Claim, "data", Background);
    let namespace = trial.namespace.clone();
    stage.act(&move |world| Act::ClearClaimRef {
        volume: volume_of(world, &namespace).pin(),
    });
}

/// A set's claim and then its pod: both are made anew, on a new disk, and the old one is destroyed.
pub(crate) fn set_claim_first(trial: &Trial<'_>) {
    let mut stage = stage(trial, &trial.plane.csi().attaching, &json!({}));
    let labels = json!({"app": "db"});
    let mut spec = pod_spec("none");
    spec["volumes"] = json!([]);
    stage.create(&[json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db", "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": stage.claim_spec()}],
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
        },
    })]);
    stage.until_running("db-0");
    stage.delete(Claim, "data-db-0", Background);
    stage.delete(Pod, "db-0", Background);
}

/// Everything in it goes, and the disks with it.
pub(crate) fn namespace(trial: &Trial<'_>) {
    let mut stage = mounted(trial, &trial.plane.csi().attaching, &json!({}));
    let key = Key::cluster(Kind::Namespace, &trial.namespace);
    stage.act(&|world| Act::Delete {
        target: world.get(&key).expect("the namespace").pin(),
        propagation: Background,
    });
}

fn delete_volume(stage: &mut Stage<'_>) {
    let namespace = stage.trial.namespace.clone();
    stage.act(&move |world| Act::Delete {
        target: volume_of(world, &namespace).pin(),
        propagation: Background,
    });
}

/// The one volume of the trial's class.
fn volume_of<'w>(world: &'w pilothouse::model::World, class: &str) -> &'w pilothouse::model::Object {
    world
        .of_kind(PersistentVolume)
        .find(|object| {
            let volume = object.body.volume();
            volume.is_some_and(|volume| volume.spec.storage_class_name == class)
        })
        .expect("a volume")
}

/// Both sides with a class made by this driver.
fn stage<'plane>(trial: &'plane Trial<'plane>, driver: &Driver, fields: &Value) -> Stage<'plane> {
    let mut class = json!({"provisioner": driver.name()});
    crate::trial::merge(&mut class, fields);
    Stage::of_class(trial, &class)
}

/// A claim `data` with a volume that was made for it.
fn bound<'plane>(trial: &'plane Trial<'plane>, driver: &Driver, fields: &Value) -> Stage<'plane> {
    let mut stage = stage(trial, driver, fields);
    let claim = stage.claim("data");
    stage.create(&[claim]);
    stage.until_bound("data");
    stage
}

/// The same with a pod `user` that runs on it.
fn mounted<'plane>(trial: &'plane Trial<'plane>, driver: &Driver, fields: &Value) -> Stage<'plane> {
    let mut stage = bound(trial, driver, fields);
    stage.create(&[pod("user", "data", &json!({}))]);
    stage.until_running("user");
    stage
}

/// A volume of policy Delete on a disk that an administrator made.
fn by_hand<'plane>(trial: &'plane Trial<'plane>) -> Stage<'plane> {
    let driver = &trial.plane.csi().plain;
    let mut stage = stage(trial, driver, &json!({}));
    let name = format!("{}-disk", trial.namespace);
    driver.make(&name);
    stage.create(&[json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
        "spec": {
            "storageClassName": trial.namespace, "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Delete", "csi": {"driver": driver.name(), "volumeHandle": name},
        },
    })]);
    stage.until("the volume to be Available", move |world| {
        world
            .get(&Key::cluster(PersistentVolume, &name))
            .and_then(|object| object.body.volume())
            .is_some_and(|volume| volume.status.phase == pilothouse::model::storage::VolumePhase::Available)
    });
    stage
}
