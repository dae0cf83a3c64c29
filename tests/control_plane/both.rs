//! What Pilothouse forecasts, what a real control plane then does, and what the sandbox does: the same, act by act.

use pilothouse::model::{Act, Key, Kind, Propagation};
use serde_json::{Value, json};

use crate::stage::{Stage, pod};
use crate::trial::{Trial, pod_spec};

use Kind::{Job, PersistentVolume, PersistentVolumeClaim as Claim, Pod, StatefulSet};
use Propagation::{Background, Foreground, Orphan};

/// Seed 003, the trap: pod first, so it comes back on the old claim, which then cannot go.
pub(crate) fn pod_first(trial: &Trial<'_>) {
    let mut stage = running_set(trial);
    stage.delete(Pod, "db-0", Background);
    stage.delete(Claim, "data-db-0", Background);
}

/// Seed 003, the way: claim first, so it goes with the pod, and both come back anew.
pub(crate) fn claim_first(trial: &Trial<'_>) {
    let mut stage = running_set(trial);
    stage.delete(Claim, "data-db-0", Background);
    stage.delete(Pod, "db-0", Background);
}

pub(crate) fn set_orphaned(trial: &Trial<'_>) {
    let mut stage = running_set(trial);
    stage.delete(StatefulSet, "db", Orphan);
    stage.delete(Pod, "db-0", Background);
}

pub(crate) fn set_in_background(trial: &Trial<'_>) {
    let mut stage = running_set(trial);
    stage.delete(StatefulSet, "db", Background);
}

pub(crate) fn claim_retained(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    stage.delete(Claim, "data", Background);
}

/// The controller manager really removes the directory.
pub(crate) fn claim_destroyed(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Delete");
    stage.delete(Claim, "data", Background);
}

/// Held by a pod, the claim hangs; it goes with the pod.
pub(crate) fn claim_held(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    stage.create(&[pod("user", "data", &json!({}))]);
    stage.until_running("user");
    stage.delete(Claim, "data", Background);
    stage.delete(Pod, "user", Background);
}

/// A pod that has done its work holds as well.
pub(crate) fn claim_held_by_a_succeeded_pod(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    let mut user = pod("user", "data", &ends());
    user["spec"]["restartPolicy"] = json!("Never");
    stage.create(&[user]);
    let namespace = trial.namespace.clone();
    stage.until("the pod to end", move |world| {
        world
            .in_namespace(Pod, &namespace)
            .any(|pod| pod.body.pod().is_some_and(|pod| pod.status.phase.terminal()))
    });
    stage.delete(Claim, "data", Background);
    stage.delete(Pod, "user", Background);
}

pub(crate) fn job_in_background(trial: &Trial<'_>) {
    let mut stage = job(trial, &json!({}));
    stage.delete(Job, "work", Background);
}

pub(crate) fn job_in_foreground(trial: &Trial<'_>) {
    let mut stage = job(trial, &json!({}));
    stage.delete(Job, "work", Foreground);
}

pub(crate) fn job_orphaned(trial: &Trial<'_>) {
    let mut stage = job(trial, &json!({}));
    stage.delete(Job, "work", Orphan);
}

pub(crate) fn finished_job_in_background(trial: &Trial<'_>) {
    let mut stage = finished_job(trial);
    stage.delete(Job, "work", Background);
}

pub(crate) fn finished_job_orphaned(trial: &Trial<'_>) {
    let mut stage = finished_job(trial);
    stage.delete(Job, "work", Orphan);
}

/// The Job of seed 000: it holds a claim that is going, and the claim goes with it.
pub(crate) fn job_that_holds_a_claim(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    stage.create(&[job_of(&json!({}), &pod_spec("data"))]);
    stage.until_running("work");
    stage.delete(Claim, "data", Background);
    stage.delete(Job, "work", Background);
}

/// The pod of a Deployment comes back, on the same claim.
pub(crate) fn pod_of_a_deployment(trial: &Trial<'_>) {
    let mut stage = deployment(trial);
    let namespace = trial.namespace.clone();
    stage.act(&move |world| Act::Delete {
        target: world.in_namespace(Pod, &namespace).next().expect("a pod").pin(),
        propagation: Background,
    });
}

/// A Released volume is opened to a claim of the old name, and bound by one.
pub(crate) fn claim_ref_cleared(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    let volume = Key::cluster(PersistentVolume, &format!("{}-disk", trial.namespace));
    stage.delete(Claim, "data", Background);
    stage.act(&|world| Act::ClearClaimRef {
        volume: world.get(&volume).expect("the volume").pin(),
    });
    let mut heir = stage.claim("data");
    heir["spec"]["volumeName"] = json!(volume.name);
    stage.create(&[heir]);
    stage.until_bound("data");
    stage.compare_now();
}

/// A new claim of the old name waits already: the cleared volume is bound at once.
pub(crate) fn claim_ref_cleared_for_a_heir(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    let volume = Key::cluster(PersistentVolume, &format!("{}-disk", trial.namespace));
    stage.delete(Claim, "data", Background);
    let mut heir = stage.claim("data");
    heir["spec"]["volumeName"] = json!(volume.name);
    stage.create(&[heir]);
    stage.act(&|world| Act::ClearClaimRef {
        volume: world.get(&volume).expect("the volume").pin(),
    });
}

/// A Bound volume that is deleted is a fuse: it burns when the claim goes.
pub(crate) fn volume_deleted_while_bound(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    let name = format!("{}-disk", trial.namespace);
    stage.delete(PersistentVolume, &name, Background);
    stage.delete(Claim, "data", Background);
}

/// The claims of a set that says so go with it.
pub(crate) fn set_takes_its_claims(trial: &Trial<'_>) {
    let mut stage = running_set_of(trial, &json!({"whenDeleted": "Delete", "whenScaled": "Retain"}));
    stage.delete(StatefulSet, "db", Background);
}

pub(crate) fn set_in_foreground(trial: &Trial<'_>) {
    let mut stage = running_set(trial);
    stage.delete(StatefulSet, "db", Foreground);
}

pub(crate) fn deployment_in_background(trial: &Trial<'_>) {
    let mut stage = deployment(trial);
    stage.delete(Kind::Deployment, "web", Background);
}

pub(crate) fn deployment_orphaned(trial: &Trial<'_>) {
    let mut stage = deployment(trial);
    stage.delete(Kind::Deployment, "web", Orphan);
}

/// Its Deployment makes it anew.
pub(crate) fn replica_set_in_background(trial: &Trial<'_>) {
    let mut stage = deployment(trial);
    let namespace = trial.namespace.clone();
    stage.act(&move |world| Act::Delete {
        target: world
            .in_namespace(Kind::ReplicaSet, &namespace)
            .next()
            .expect("a set")
            .pin(),
        propagation: Background,
    });
}

/// The deleter of the controller manager refuses this path: the volume is Failed and stays.
pub(crate) fn claim_with_a_disk_elsewhere(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let (_, mut volume) = stage.volume("disk", "Delete");
    volume["spec"]["hostPath"] = json!({"path": "/no-such-directory/disk"});
    let claim = stage.claim("data");
    stage.create(&[volume, claim]);
    stage.until_bound("data");
    stage.delete(Claim, "data", Background);
}

pub(crate) fn claim_pending(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let claim = stage.claim("data");
    stage.create(&[claim]);
    stage.delete(Claim, "data", Background);
}

pub(crate) fn volume_deleted_while_released(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    stage.delete(Claim, "data", Background);
    let name = format!("{}-disk", trial.namespace);
    stage.delete(PersistentVolume, &name, Background);
}

/// Everything in it goes; the Retain volume is Released.
pub(crate) fn namespace(trial: &Trial<'_>) {
    let mut stage = running_set(trial);
    let key = Key::cluster(Kind::Namespace, &trial.namespace);
    stage.act(&|world| Act::Delete {
        target: world.get(&key).expect("the namespace").pin(),
        propagation: Background,
    });
}

/// These trials can fail: a forecast that knows of no pods is not what comes.
pub(crate) fn a_blind_forecast_is_noticed(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    stage.create(&[pod("user", "data", &json!({}))]);
    stage.until_running("user");
    let claim = Key::new(Claim, &trial.namespace, "data");
    let noticed = stage.notices(Pod, &|world| Act::Delete {
        target: world.get(&claim).expect("the claim").pin(),
        propagation: Background,
    });
    assert!(noticed, "a wrong forecast was taken for a right one");
}

/// A set of one, running, with a spare volume its claim could also have been bound to.
fn running_set<'plane>(trial: &'plane Trial<'plane>) -> Stage<'plane> {
    running_set_of(trial, &json!({"whenDeleted": "Retain", "whenScaled": "Retain"}))
}

/// The same with a retention policy for its claims.
fn running_set_of<'plane>(trial: &'plane Trial<'plane>, retention: &Value) -> Stage<'plane> {
    let mut stage = Stage::new(trial);
    let labels = json!({"app": "db"});
    let mut spec = pod_spec("none");
    spec["volumes"] = json!([]);
    let (_, one) = stage.volume("one", "Retain");
    let set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db", "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": stage.claim_spec()}],
            "persistentVolumeClaimRetentionPolicy": retention,
        },
    });
    stage.create(&[one, set]);
    stage.until_running("db-0");
    // only now, so that there is no doubt which of the two is the set's own
    let (_, spare) = stage.volume("two", "Retain");
    stage.create(&[spare]);
    stage
}

/// A claim `data` bound to a volume `disk`.
fn bound<'plane>(trial: &'plane Trial<'plane>, policy: &str) -> Stage<'plane> {
    let mut stage = Stage::new(trial);
    let (_, volume) = stage.volume("disk", policy);
    let claim = stage.claim("data");
    stage.create(&[volume, claim]);
    stage.until_bound("data");
    stage
}

/// A Deployment of one pod, running, on a claim.
fn deployment<'plane>(trial: &'plane Trial<'plane>) -> Stage<'plane> {
    let mut stage = bound(trial, "Retain");
    let labels = json!({"app": "web"});
    stage.create(&[json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec("data")},
        },
    })]);
    stage.until_running("web");
    stage
}

/// An active Job with one running pod, without claims.
fn job<'plane>(trial: &'plane Trial<'plane>, pod_metadata: &Value) -> Stage<'plane> {
    let mut stage = Stage::new(trial);
    stage.create(&[job_of(
        pod_metadata,
        &json!({"containers": [{"name": "main", "image": "none"}]}),
    )]);
    stage.until_running("work");
    stage
}

fn finished_job<'plane>(trial: &'plane Trial<'plane>) -> Stage<'plane> {
    let mut stage = Stage::new(trial);
    stage.create(&[job_of(
        &ends(),
        &json!({"containers": [{"name": "main", "image": "none"}]}),
    )]);
    let namespace = trial.namespace.clone();
    stage.until("the job to be complete", move |world| {
        let mut jobs = world.in_namespace(Job, &namespace);
        jobs.any(|job| job.body.job().is_some_and(|job| job.state().finished()))
    });
    stage
}

fn job_of(pod_metadata: &Value, pod_spec: &Value) -> Value {
    let mut spec = pod_spec.clone();
    spec["restartPolicy"] = json!("Never");
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"},
        "spec": {"template": {"metadata": pod_metadata, "spec": spec}},
    })
}

/// Makes a pod end well by itself: the first for the kit's kubelet, the second for the sandbox's.
fn ends() -> Value {
    json!({
        "labels": {"kit/ends": "completed"},
        "annotations": {"sandbox.pilothouse.dev/completes-after": "2s"},
    })
}
