//! A node that is gone, budgets that are asked, classes that come and go.

use pilothouse::model::workload::DisruptionBudget;
use pilothouse::model::{Act, Body, Key, Kind, Object, Propagation, World};
use serde_json::{Value, json};
use std::time::Duration;

use super::{deployment, edit, scale};
use crate::stage::change::Change;
use crate::stage::{Stage, pod};
use crate::trial::Trial;

use Kind::{Deployment, Pod};
use Propagation::Background;

/// The node of a DaemonSet's pod, and of one nobody owns, is deleted: both go, and none comes back. First the DaemonSet's
/// pod alone, which does.
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
    let labels = json!({"app": "agent"});
    let mut spec = json!({
        "terminationGracePeriodSeconds": 1,
        "containers": [{"name": "main", "image": "none"}],
        "nodeSelector": {"kubernetes.io/hostname": node},
        "tolerations": [{"key": "only", "operator": "Exists"}],
    });
    stage.create(&[json!({
        "apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": {"name": "agent"},
        "spec": {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": spec}},
    })]);
    spec["nodeName"] = json!(node);
    stage.create(&[json!({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "lone"}, "spec": spec})]);
    stage.until_running("agent");
    stage.until_running("lone");
    let namespace = trial.namespace.clone();
    stage.act(&move |world| Act::Delete {
        target: world
            .in_namespace(Pod, &namespace)
            .find(|pod| pod.meta.name.starts_with("agent"))
            .expect("a pod of the DaemonSet")
            .pin(),
        propagation: Background,
    });
    let key = Key::cluster(Kind::Node, &node);
    let alter = |world: &mut World| {
        world.take(&key);
    };
    let arguments = ["delete", "node", &node, "--wait=false"];
    let mut change = Change::new("the node deleted", &arguments, &alter);
    change.later = Duration::from_secs(90);
    stage.change(&change);
}

/// What a budget answers: nothing left, something left, to a pod that waits, to a pod two budgets speak of.
pub(crate) fn budget_asked(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let labels = json!({"labels": {"app": "x"}});
    let lone = |name: &str, metadata: &Value| {
        let mut pod = pod(name, "none", metadata);
        pod["spec"]["volumes"] = json!([]);
        pod["spec"]["containers"][0]["volumeMounts"] = json!([]);
        pod
    };
    let budget = |name: &str, spec: Value| {
        let mut spec = spec;
        spec["selector"] = json!({"matchLabels": {"app": "x"}});
        json!({"apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name}, "spec": spec})
    };
    stage.create(&[
        lone("one", &labels),
        lone("two", &labels),
        budget("all", json!({"minAvailable": 2})),
    ]);
    stage.create(&[lone("alien", &json!({"labels": {"app": "y"}}))]);
    // on a claim that does not exist, so it is never placed
    stage.create(&[pod("waiting", "missing", &labels)]);
    for name in ["one", "two", "alien"] {
        stage.until_running(name);
    }
    until_budget(&mut stage, trial, "all", |budget| {
        budget.status.desired_healthy == 2 && budget.status.current_healthy == 2
    });
    assert!(!stage.evict("one"), "a budget of two let one of two go");
    assert!(stage.evict("waiting"), "a pod without a node was guarded");
    assert!(stage.evict("alien"), "a pod of no budget was guarded");

    let patch = json!({"spec": {"minAvailable": 1}}).to_string();
    let key = Key::new(Kind::PodDisruptionBudget, &trial.namespace, "all");
    let alter = |world: &mut World| {
        edit(world, &key, |body| {
            let Body::PodDisruptionBudget(budget) = body else {
                return;
            };
            budget.spec.min_available = Some(pilothouse::model::quantity::Share::Count(1));
        });
    };
    let arguments = ["patch", "pdb", "all", "--patch", &patch];
    stage.change(&Change::new("one is enough", &arguments, &alter));
    stage.create(&[budget("more", json!({"maxUnavailable": 1}))]);
    until_budget(&mut stage, trial, "more", |budget| {
        budget.status.observed_generation > 0
    });
    assert!(!stage.evict("one"), "a pod of two budgets was evicted");
    stage.delete(Kind::PodDisruptionBudget, "more", Background);
    assert!(stage.evict("one"), "a budget of one kept one of two");
    stage.until("the end of one", |world| {
        world.get(&Key::new(Pod, &trial.namespace, "one")).is_none()
    });
    until_budget(&mut stage, trial, "all", |budget| {
        budget.status.current_healthy == 1 && budget.status.disruptions_allowed == 0
    });
    assert!(!stage.evict("two"), "the last one went");
}

/// A budget in percent counts what the controllers of its pods want.
pub(crate) fn budget_of_a_deployment(trial: &Trial<'_>) {
    let mut stage = deployment(trial, &json!({"replicas": 3}));
    stage.create(&[json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": "web"},
        "spec": {"maxUnavailable": "50%", "selector": {"matchLabels": {"app": "web"}}},
    })]);
    until_budget(&mut stage, trial, "web", |budget| {
        budget.status.disruptions_allowed == 2
    });
    scale(&mut stage, Deployment, "web", 1);
}

/// A claim that named no class gets the default one as soon as there is one, and with it a volume.
pub(crate) fn default_class_comes_late(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let (_, volume) = stage.volume("disk", "Retain");
    let mut claim = stage.claim("data");
    claim["spec"]
        .as_object_mut()
        .expect("a spec")
        .remove("storageClassName");
    stage.create(&[volume, claim]);
    let key = Key::cluster(Kind::StorageClass, &trial.namespace);
    let mark = "storageclass.kubernetes.io/is-default-class";
    let alter = |world: &mut World| {
        let mut class = Object::clone(world.get(&key).expect("the class"));
        class.meta.annotations = [(mark, "true")].into_iter().collect();
        world.put(class);
    };
    let marked = format!("{mark}=true");
    let arguments = ["annotate", "storageclass", &trial.namespace, &marked];
    stage.change(&Change::new("the class becomes the default", &arguments, &alter));
    let unmarked = format!("{mark}-");
    trial
        .kubectl(&["annotate", "storageclass", &trial.namespace, &unmarked])
        .ok();
}

/// A class that goes takes nothing with it: bound claims stay, and those that wait go on waiting.
pub(crate) fn class_deleted(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let (_, volume) = stage.volume("disk", "Delete");
    let claim = stage.claim("data");
    stage.create(&[volume, claim]);
    stage.until_bound("data");
    let waiting = stage.claim("waiting");
    stage.create(&[waiting]);
    let key = Key::cluster(Kind::StorageClass, &trial.namespace);
    let alter = |world: &mut World| {
        world.take(&key);
    };
    let arguments = ["delete", "storageclass", &trial.namespace, "--wait=false"];
    stage.change(&Change::new("the class deleted", &arguments, &alter));
}

fn until_budget(stage: &mut Stage<'_>, trial: &Trial<'_>, name: &str, holds: impl Fn(&DisruptionBudget) -> bool) {
    let key = Key::new(Kind::PodDisruptionBudget, &trial.namespace, name);
    stage.until("the budget to be counted", move |world| {
        world
            .get(&key)
            .and_then(|object| object.body.budget())
            .is_some_and(&holds)
    });
}
