//! Every act besides deletions of claims, Jobs and pods: forecast, carried out through the cockpit's own write, seen on a
//! real control plane and on the sandbox.

use pilothouse::model::act::words;
use pilothouse::model::storage::ReclaimPolicy;
use pilothouse::model::{Act, Draft, Key, Kind, Propagation, World};
use serde_json::{Value, json};

use crate::stage::{Stage, pod};
use crate::trial::{Trial, pod_spec};

use Kind::{PersistentVolume, PersistentVolumeClaim as Claim, Pod, StatefulSet};
use Propagation::{Background, Foreground, Orphan};

/// Scaled down, the highest ordinal goes and its claim stays.
pub(crate) fn set_scaled_down(trial: &Trial<'_>) {
    let mut stage = set(trial, 2, "Retain");
    let key = Key::new(StatefulSet, &trial.namespace, "db");
    stage.act(&|world| Act::Scale {
        target: pin(world, &key),
        replicas: 1,
    });
    // and up again, on the claim that stayed
    stage.act(&|world| Act::Scale {
        target: pin(world, &key),
        replicas: 2,
    });
}

/// `whenScaled: Delete` takes the claim of the ordinal that goes.
pub(crate) fn set_scaled_down_with_its_claims(trial: &Trial<'_>) {
    let mut stage = set(trial, 2, "Delete");
    let key = Key::new(StatefulSet, &trial.namespace, "db");
    stage.act(&|world| Act::Scale {
        target: pin(world, &key),
        replicas: 1,
    });
}

pub(crate) fn deployment_scaled(trial: &Trial<'_>) {
    let mut stage = deployment(trial);
    let key = Key::new(Kind::Deployment, &trial.namespace, "web");
    stage.act(&|world| Act::Scale {
        target: pin(world, &key),
        replicas: 0,
    });
    stage.act(&|world| Act::Scale {
        target: pin(world, &key),
        replicas: 1,
    });
}

/// From Delete to Retain, and the claim deleted: the disk stays.
pub(crate) fn policy_to_retain(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Delete");
    let volume = disk(trial);
    stage.act(&|world| Act::SetReclaimPolicy {
        volume: pin(world, &volume),
        policy: ReclaimPolicy::Retain,
    });
    stage.delete(Claim, "data", Background);
}

/// From Retain to Delete while Bound: nothing happens until the claim goes; trap 35 while Released: destroyed at once.
pub(crate) fn policy_to_delete(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    let volume = disk(trial);
    let flip = |world: &World, policy| Act::SetReclaimPolicy {
        volume: pin(world, &volume),
        policy,
    };
    stage.act(&|world| flip(world, ReclaimPolicy::Delete));
    stage.act(&|world| flip(world, ReclaimPolicy::Retain));
    stage.delete(Claim, "data", Background);
    stage.act(&|world| flip(world, ReclaimPolicy::Delete));
}

/// A Released volume is reserved for another name, and a claim made for it binds it.
pub(crate) fn volume_retargeted_and_claimed(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    let volume = disk(trial);
    stage.delete(Claim, "data", Background);
    stage.act(&|world| Act::RetargetClaimRef {
        volume: pin(world, &volume),
        namespace: trial.namespace.as_str().into(),
        name: "heir".into(),
    });
    let key = Key::new(Claim, &trial.namespace, "heir");
    let draft = draft(&[
        "size=1Gi",
        &format!("volume={}", volume.name),
        &format!("class={}", trial.namespace),
    ]);
    stage.act(&|_| Act::create_claim(key.clone(), draft.clone(), "trial"));
}

/// A claim without a volume to be had stays Pending.
pub(crate) fn claim_made_in_vain(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let key = Key::new(Claim, &trial.namespace, "alone");
    let draft = draft(&["size=1Gi", &format!("class={}", trial.namespace)]);
    stage.act(&|_| Act::create_claim(key.clone(), draft.clone(), "trial"));
}

pub(crate) fn annotated_and_stamped(trial: &Trial<'_>) {
    let mut stage = bound(trial, "Retain");
    let key = Key::new(Claim, &trial.namespace, "data");
    for word in ["helm.sh/resource-policy=keep", "helm.sh/resource-policy-"] {
        let (annotation, value) = words::annotation(word).expect("an annotation");
        stage.act(&|world| Act::Annotate {
            target: pin(world, &key),
            annotation: annotation.clone(),
            value: value.clone(),
        });
    }
    stage.act(&|world| Act::Stamp {
        target: pin(world, &key),
        release: "eks".into(),
        namespace: trial.namespace.as_str().into(),
    });
}

/// A pod that has ended asks no budget; nothing holds it.
pub(crate) fn ended_pod_evicted(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let mut user = pod(
        "user",
        "none",
        &json!({
            "labels": {"kit/ends": "completed"},
            "annotations": {"sandbox.pilothouse.dev/completes-after": "2s"},
        }),
    );
    user["spec"]["restartPolicy"] = json!("Never");
    user["spec"]["volumes"] = json!([]);
    user["spec"]["containers"] = json!([{"name": "main", "image": "none"}]);
    stage.create(&[user]);
    let namespace = trial.namespace.clone();
    stage.until("the pod to end", move |world| {
        world
            .in_namespace(Pod, &namespace)
            .any(|pod| pod.body.pod().is_some_and(|pod| pod.status.phase.terminal()))
    });
    let key = Key::new(Pod, &trial.namespace, "user");
    stage.act(&|world| Act::Evict { pod: pin(world, &key) });
}

/// A budget that allows one disruption lets the pod go; one that allows none refuses it (429), and nothing changes.
pub(crate) fn pod_evicted_under_a_budget(trial: &Trial<'_>) {
    let mut stage = set(trial, 2, "Retain");
    let budget = |least: u32| {
        json!({
            "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "db"},
            "spec": {"minAvailable": least, "selector": {"matchLabels": {"app": "db"}}},
        })
    };
    stage.create(&[budget(1)]);
    let namespace = trial.namespace.clone();
    stage.until("the budget to allow one", move |world| {
        let mut budgets = world.in_namespace(Kind::PodDisruptionBudget, &namespace);
        budgets.any(|object| {
            object
                .body
                .budget()
                .is_some_and(|budget| budget.status.disruptions_allowed == 1)
        })
    });
    let key = Key::new(Pod, &trial.namespace, "db-1");
    stage.act(&|world| Act::Evict { pod: pin(world, &key) });
}

/// Everything else that can be deleted, through the panel.
pub(crate) fn set_deleted(trial: &Trial<'_>) {
    let mut stage = set(trial, 1, "Retain");
    stage.delete(StatefulSet, "db", Orphan);
}

pub(crate) fn deployment_deleted(trial: &Trial<'_>) {
    let mut stage = deployment(trial);
    stage.delete(Kind::Deployment, "web", Foreground);
}

/// A volume that nobody claims is deleted: its disk is left.
pub(crate) fn volume_deleted(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let (name, volume) = stage.volume("disk", "Retain");
    stage.create(&[volume]);
    stage.compare_now();
    stage.delete(PersistentVolume, &name, Background);
}

pub(crate) fn pin(world: &World, key: &Key) -> pilothouse::model::Pin {
    world.get(key).unwrap_or_else(|| panic!("no {key}")).pin()
}

fn disk(trial: &Trial<'_>) -> Key {
    Key::cluster(PersistentVolume, &format!("{}-disk", trial.namespace))
}

fn draft(words: &[&str]) -> Draft {
    let mut draft = Draft {
        access_modes: vec!["ReadWriteOnce".into()],
        ..Draft::default()
    };
    assert!(words.iter().all(|word| draft.take(word)), "{words:?}");
    draft
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

/// A set of so many, each on a volume of its own.
pub(crate) fn set<'plane>(trial: &'plane Trial<'plane>, replicas: u32, when_scaled: &str) -> Stage<'plane> {
    let mut stage = Stage::new(trial);
    let labels = json!({"app": "db"});
    let mut spec = pod_spec("none");
    spec["volumes"] = json!([]);
    // each reserved for its ordinal: which of several fitting volumes a claim gets is not defined
    let mut objects: Vec<Value> = (0..replicas)
        .map(|number| {
            let (_, mut volume) = stage.volume(&format!("disk-{number}"), "Retain");
            volume["spec"]["claimRef"] = json!({"namespace": trial.namespace, "name": format!("data-db-{number}")});
            volume
        })
        .collect();
    objects.push(json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db", "replicas": replicas, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": stage.claim_spec()}],
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": when_scaled},
        },
    }));
    stage.create(&objects);
    for number in 0..replicas {
        stage.until_running(&format!("db-{number}"));
    }
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
