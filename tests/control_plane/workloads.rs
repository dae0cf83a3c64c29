//! The laws of workloads against a real control plane and the sandbox: StatefulSets and Deployments here, Jobs, budgets and
//! what belongs to the cluster beside them.

pub(crate) mod batch;
pub(crate) mod cluster;

use pilothouse::laws::{Change as LawChange, apply};
use pilothouse::model::workload::Pod as PodFacts;
use pilothouse::model::{Body, Key, Kind, Object, Propagation, Uid, World};
use serde_json::{Value, json};

use crate::stage::Stage;
use crate::stage::change::Change;
use crate::trial::{Trial, merge, pod_spec};

use Kind::{Deployment, Pod, StatefulSet};
use Propagation::Orphan;

/// A claim goes with the pod that is scaled away, if the set says so.
pub(crate) fn set_scaled_down_takes_the_claim(trial: &Trial<'_>) {
    let mut stage = running_set(trial, "Delete");
    scale(&mut stage, StatefulSet, "db", 1);
}

pub(crate) fn set_scaled_down_keeps_the_claim(trial: &Trial<'_>) {
    let mut stage = running_set(trial, "Retain");
    scale(&mut stage, StatefulSet, "db", 1);
    scale(&mut stage, StatefulSet, "db", 2);
}

/// Seed 003: orphaned, and made anew with another template, it restarts its pods on their old claims.
pub(crate) fn set_orphaned_and_made_with_another_template(trial: &Trial<'_>) {
    let mut stage = running_set(trial, "Retain");
    stage.delete(StatefulSet, "db", Orphan);
    let mut set = set_of(&stage, "Retain");
    set["spec"]["template"]["spec"]["containers"][0]["env"] = json!([{"name": "NEW", "value": "1"}]);
    set["metadata"]["namespace"] = json!(trial.namespace);
    let mut observed = set.clone();
    merge(
        &mut observed,
        &json!({
            "metadata": {"uid": "made-anew", "generation": 1},
            "status": {"observedGeneration": 1, "updateRevision": "db-of-another-template"},
        }),
    );
    let alter = |world: &mut World| world.put(Object::from_value(StatefulSet, &observed).expect("a set"));
    let mut change = Change::new(
        "the set made anew with another template",
        &["create", "-f", "-"],
        &alter,
    );
    change.input = set.to_string();
    stage.change(&change);
}

/// A claim of an earlier pod keeps the set from making its own, and when it is let go the set does not look by itself, but when
/// something touches it.
pub(crate) fn set_stale_claim_let_go(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let owner =
        json!({"apiVersion": "v1", "kind": "Pod", "name": "db-0", "uid": "00000000-0000-0000-0000-000000000000"});
    let mut claim = stage.claim("data-db-0");
    merge(
        &mut claim["metadata"],
        &json!({"ownerReferences": [owner], "finalizers": ["kit.example/held"]}),
    );
    let set = set_of(&stage, "Delete");
    stage.create(&[claim, set]);
    let key = Key::new(Kind::PersistentVolumeClaim, &trial.namespace, "data-db-0");
    stage.until("the stale claim to be deleted", |world| {
        world.get(&key).is_some_and(|claim| claim.meta.deleting())
    });
    let alter = |world: &mut World| {
        world.take(&key);
    };
    let patch = r#"{"metadata": {"finalizers": null}}"#;
    let arguments = ["patch", "pvc/data-db-0", "--type=merge", "--patch", patch];
    stage.change(&Change::new("the stale claim let go", &arguments, &alter));
    stage.by_kubectl(&["annotate", "statefulset/db", "kit/touched=yes"]);
    stage.until("a pod", |world| {
        world.get(&Key::new(Pod, &trial.namespace, "db-0")).is_some()
    });
    stage.compare_now();
}

/// A changed template restarts the pods down to the partition.
pub(crate) fn set_with_a_partition(trial: &Trial<'_>) {
    let mut stage = running_set(trial, "Retain");
    let patch = json!({"spec": {
        "updateStrategy": {"rollingUpdate": {"partition": 1}},
        "template": {"spec": {"containers": [{"name": "main", "env": [{"name": "NEW", "value": "1"}]}]}},
    }});
    let key = Key::new(StatefulSet, &trial.namespace, "db");
    let alter = |world: &mut World| {
        edit(world, &key, |body| {
            let Body::StatefulSet(set) = body else { return };
            set.spec.update_strategy.rolling_update.partition = 1;
            set.status.current_revision = set.status.update_revision.clone();
            set.status.update_revision = "db-of-another-template".into();
        });
    };
    let patch = patch.to_string();
    stage.change(&Change::new(
        "another template, down to ordinal 1",
        &["patch", "sts", "db", "--patch", &patch],
        &alter,
    ));
}

/// Every pod but the partition's is replaced, one ReplicaSet by another.
pub(crate) fn deployment_rolled_out(trial: &Trial<'_>) {
    let mut stage = deployment(trial, &json!({"replicas": 3}));
    change_template(&mut stage, trial);
    scale(&mut stage, Deployment, "web", 1);
}

pub(crate) fn deployment_recreated(trial: &Trial<'_>) {
    let mut stage = deployment(trial, &json!({"replicas": 2, "strategy": {"type": "Recreate"}}));
    change_template(&mut stage, trial);
}

pub(crate) fn deployment_paused(trial: &Trial<'_>) {
    let mut stage = deployment(trial, &json!({"replicas": 2, "paused": false}));
    let key = Key::new(Deployment, &trial.namespace, "web");
    let alter = |world: &mut World| {
        edit(world, &key, |body| {
            let Body::Deployment(facts) = body else { return };
            facts.spec.paused = true;
        });
    };
    stage.change(&Change::new("paused", &["rollout", "pause", "deployment/web"], &alter));
    change_template(&mut stage, trial);
    scale(&mut stage, Deployment, "web", 1);
}

/// Made anew with the same template it takes its ReplicaSet back, and restarts nothing.
pub(crate) fn deployment_orphaned_and_adopted(trial: &Trial<'_>) {
    let mut stage = deployment(trial, &json!({"replicas": 1}));
    stage.delete(Deployment, "web", Orphan);
    let mut web = deployment_of(&json!({"replicas": 1}));
    web["metadata"]["namespace"] = json!(trial.namespace);
    let mut made = web.clone();
    made["metadata"]["uid"] = json!("made-anew");
    let alter = |world: &mut World| world.put(Object::from_value(Deployment, &made).expect("a deployment"));
    let mut change = Change::new("the Deployment made anew", &["create", "-f", "-"], &alter);
    change.input = web.to_string();
    stage.change(&change);
}

fn edit(world: &mut World, key: &Key, change: impl FnOnce(&mut Body)) {
    let mut object = Object::clone(world.get(key).unwrap_or_else(|| panic!("no {key}")));
    change(&mut object.body);
    world.put(object);
}

/// By kubectl: the laws say what comes of it.
fn scale(stage: &mut Stage<'_>, kind: Kind, name: &str, replicas: u32) {
    let key = Key::new(kind, &stage.trial.namespace, name);
    let alter = |world: &mut World| {
        let uid: Uid = world.get(&key).expect("the workload").meta.uid.clone();
        let object = key.clone();
        apply(world, &LawChange::Scale { object, uid, replicas });
    };
    let (target, count) = (format!("{}/{name}", kind.plural()), format!("--replicas={replicas}"));
    stage.change(&Change::new("scaled", &["scale", &target, &count], &alter));
}

fn change_template(stage: &mut Stage<'_>, trial: &Trial<'_>) {
    let patch = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "main", "env": [{"name": "NEW", "value": "1"}]},
    ]}}}})
    .to_string();
    let key = Key::new(Deployment, &trial.namespace, "web");
    let alter = |world: &mut World| {
        edit(world, &key, |body| {
            let Body::Deployment(facts) = body else { return };
            facts.spec.template.print = facts.spec.template.print.wrapping_add(1);
        });
    };
    let arguments = ["patch", "deployment", "web", "--patch", &patch];
    stage.change(&Change::new("another template", &arguments, &alter));
}

/// A set of two on volumes reserved for its claims, so that nobody can mistake one for the other.
fn running_set<'plane>(trial: &'plane Trial<'plane>, when_scaled: &str) -> Stage<'plane> {
    let mut stage = Stage::new(trial);
    let volumes = ["0", "1"].map(|ordinal| {
        let (_, mut volume) = stage.volume(ordinal, "Retain");
        let claim = format!("data-db-{ordinal}");
        volume["spec"]["claimRef"] = json!({"namespace": trial.namespace, "name": claim});
        volume
    });
    stage.create(&volumes);
    let set = set_of(&stage, when_scaled);
    stage.create(&[set]);
    stage.until_running("db-1");
    stage
}

fn set_of(stage: &Stage<'_>, when_scaled: &str) -> Value {
    let labels = json!({"app": "db"});
    let mut spec = pod_spec("none");
    spec["volumes"] = json!([]);
    json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db", "replicas": 2, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": stage.claim_spec()}],
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": when_scaled},
        },
    })
}

fn deployment_of(spec: &Value) -> Value {
    let labels = json!({"app": "web"});
    let containers = json!([{"name": "main", "image": "none"}]);
    let mut web = json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"terminationGracePeriodSeconds": 1, "containers": containers},
            },
        },
    });
    merge(&mut web["spec"], spec);
    web
}

fn deployment<'plane>(trial: &'plane Trial<'plane>, spec: &Value) -> Stage<'plane> {
    let mut stage = Stage::new(trial);
    stage.create(&[deployment_of(spec)]);
    let (namespace, wanted) = (trial.namespace.clone(), spec["replicas"].as_u64());
    stage.until("its pods to run", move |world| {
        let ready = world
            .in_namespace(Pod, &namespace)
            .filter(|pod| pod.body.pod().is_some_and(PodFacts::ready));
        u64::try_from(ready.count()).ok() == wanted
    });
    stage
}
