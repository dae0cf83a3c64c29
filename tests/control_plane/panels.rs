//! Acts through the panel on a real control plane that no other trial sends through it: what it lets pass is compared as every
//! other act, and what it must not let pass stays shut and says why.

use pilothouse::model::storage::EXTERNAL_PROVISIONER;
use pilothouse::model::{Act, Key, Kind, Propagation, World};
use serde_json::json;

use crate::acts::{pin, set};
use crate::stage::{Stage, pod};
use crate::support::csi::DEAD_DRIVER;
use crate::trial::Trial;

use Propagation::Background;

pub(crate) fn cron_job_deleted(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let spec = json!({"restartPolicy": "Never", "containers": [{"name": "main", "image": "none"}]});
    stage.create(&[json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "nightly"},
        "spec": {"schedule": "0 0 1 1 *", "jobTemplate": {"spec": {"template": {"spec": spec}}}},
    })]);
    through(&mut stage, &Key::new(Kind::CronJob, &trial.namespace, "nightly"));
}

/// With its pod.
pub(crate) fn daemon_set_deleted(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let labels = json!({"app": "agent"});
    let spec = json!({"terminationGracePeriodSeconds": 1, "containers": [{"name": "main", "image": "none"}]});
    stage.create(&[json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    })]);
    stage.until_running("agent");
    through(&mut stage, &Key::new(Kind::DaemonSet, &trial.namespace, "agent"));
}

pub(crate) fn budget_deleted(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    stage.create(&[json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "db"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "db"}}},
    })]);
    through(&mut stage, &Key::new(Kind::PodDisruptionBudget, &trial.namespace, "db"));
}

/// What it made, or what names it, stays as it is.
pub(crate) fn class_deleted(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let (_, volume) = stage.volume("disk", "Retain");
    let (bound, waits) = (stage.claim("data"), stage.claim("waits"));
    stage.create(&[volume, bound]);
    stage.until_bound("data");
    stage.create(&[waits]);
    through(&mut stage, &Key::cluster(Kind::StorageClass, &trial.namespace));
}

/// One with nothing on it.
pub(crate) fn node_deleted(trial: &Trial<'_>) {
    let node = format!("{}-node", trial.namespace);
    let mut stage = Stage::new(trial);
    let room = json!({"cpu": "64", "memory": "256Gi", "pods": "1000"});
    stage.create(&[json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": node, "labels": {"kubernetes.io/hostname": node}},
        "spec": {"taints": [{"key": "only", "value": trial.namespace, "effect": "NoSchedule"}]},
        "status": {"allocatable": room, "capacity": room, "conditions": [{"type": "Ready", "status": "True"}]},
    })]);
    through(&mut stage, &Key::cluster(Kind::Node, &node));
}

/// The panel lets it pass; that it comes back under its pod within a minute, `detached-under-a-pod` of the conformance shows.
pub(crate) fn attachment_deleted(trial: &Trial<'_>) {
    let mut stage = Stage::of_class(trial, &json!({"provisioner": trial.plane.csi().attaching.name()}));
    let claim = stage.claim("data");
    stage.create(&[claim, pod("user", "data", &json!({}))]);
    stage.until_running("user");
    let claim = Key::new(Kind::PersistentVolumeClaim, &trial.namespace, "data");
    let attached = |world: &World| {
        let volume = world.get(&claim)?.body.claim()?.spec.volume_name.clone();
        Some(world.attachments_of(&volume).next()?.pin())
    };
    // the pod of a kwok node runs whether its disk is attached or not
    stage.until("an attachment", |world| attached(world).is_some());
    stage.approved(&|world| Act::Delete {
        target: attached(world).expect("an attachment"),
        propagation: Background,
    });
}

/// The finalizer of a provisioner that is gone by the operator's own word: the object goes, and its disk is left.
pub(crate) fn dead_provisioners_finalizer(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let (name, mut volume) = stage.volume("disk", "Delete");
    volume["metadata"]["finalizers"] = json!([EXTERNAL_PROVISIONER]);
    volume["metadata"]["annotations"] = json!({"pv.kubernetes.io/provisioned-by": DEAD_DRIVER});
    stage.create(&[volume]);
    let key = Key::cluster(Kind::PersistentVolume, &name);
    // by kubectl: the panel lets nothing pass that hangs on a dead controller
    stage.delete(Kind::PersistentVolume, &name, Background);
    let passed = stage.act(&|world| strip(world, &key, EXTERNAL_PROVISIONER));
    assert!(passed, "the panel did not open");
}

/// The finalizer of a controller that nobody knows: the panel stays shut, whatever is signed.
pub(crate) fn foreign_finalizer(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let mut claim = stage.claim("data");
    claim["metadata"]["finalizers"] = json!(["kit.example/held"]);
    stage.create(&[claim]);
    let key = Key::new(Kind::PersistentVolumeClaim, &trial.namespace, "data");
    through(&mut stage, &key);
    let why = stage.shut(&|world| strip(world, &key, "kit.example/held"));
    assert!(
        why.contains("closed: 1 unknown") && why.contains("is gone for good"),
        "{why}"
    );
    trial.kubectl(&["get", "pvc/data"]).ok();
}

/// A budget that allows nothing: the panel says the server's 429 before anything is sent.
pub(crate) fn eviction_refused(trial: &Trial<'_>) {
    let mut stage = set(trial, 1, "Retain");
    stage.create(&[json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "db"},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "db"}}},
    })]);
    stage.compare_now();
    let key = Key::new(Kind::Pod, &trial.namespace, "db-0");
    let why = stage.shut(&|world| Act::Evict { pod: pin(world, &key) });
    assert!(why.contains("429"), "{why}");
    trial.kubectl(&["get", "pod/db-0"]).ok();
}

/// Deletes an object through the panel and compares what comes.
fn through(stage: &mut Stage<'_>, key: &Key) {
    stage.until(&format!("{key} to be there"), |world| world.get(key).is_some());
    let passed = stage.act(&|world| Act::Delete {
        target: pin(world, key),
        propagation: Background,
    });
    assert!(passed, "the panel of {key} did not open");
}

fn strip(world: &World, key: &Key, finalizer: &str) -> Act {
    Act::RemoveFinalizer {
        target: pin(world, key),
        finalizer: finalizer.into(),
    }
}
