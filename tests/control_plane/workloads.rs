//! The laws of workloads against a real control plane and the sandbox: what controllers make of a changed workload, a
//! node that is gone, a budget, time that passes.

use pilothouse::laws::{Change as LawChange, apply};
use pilothouse::model::workload::{DisruptionBudget, Job as JobFacts, Pod as PodFacts};
use pilothouse::model::{Act, Body, Key, Kind, Object, Propagation, Uid, World};
use serde_json::{Value, json};
use std::time::Duration;

use crate::stage::{Change, Stage, pod};
use crate::trial::{Trial, merge, pod_spec};

use Kind::{CronJob, Deployment, Job, Pod, StatefulSet};
use Propagation::{Background, Orphan};

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

/// The node of a DaemonSet's pod, and of one nobody owns, is deleted: both go, and none comes back. First the DaemonSet's
/// pod alone, which does.
pub(crate) fn node_deleted(trial: &Trial<'_>) {
    let node = format!("{}-node", trial.namespace);
    let mut stage = Stage::new(trial);
    let room = json!({"cpu": "64", "memory": "256Gi", "pods": "1000"});
    stage.create_in_cluster(&json!({
        "apiVersion": "v1", "kind": "Node",
        "metadata": {"name": node, "labels": {"kubernetes.io/hostname": node}},
        "spec": {"taints": [{"key": "only", "value": trial.namespace, "effect": "NoSchedule"}]},
        "status": {"allocatable": room, "capacity": room, "conditions": [{"type": "Ready", "status": "True"}]},
    }));
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

/// When its time to live is over a finished Job goes, and its pod with it.
pub(crate) fn job_outlives_its_time(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    let mut job = job_of("work", &json!({"ttlSecondsAfterFinished": 15}));
    job["spec"]["template"]["metadata"] = ends();
    stage.create(&[job]);
    until_finished(&mut stage, trial);
    let mut change = Change::new("its time to live is over", &[], &|_| {});
    change.later = Duration::from_secs(20);
    stage.change(&change);
}

/// Suspended it loses its pods; let go on, it makes new ones.
pub(crate) fn job_suspended_and_resumed(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    stage.create(&[job_of("work", &json!({}))]);
    stage.until_running("work");
    for (what, suspend) in [("suspended", true), ("let go on", false)] {
        let patch = json!({"spec": {"suspend": suspend}}).to_string();
        let alter = |world: &mut World| on_job(world, trial, |job| job.spec.suspend = suspend);
        stage.change(&Change::new(what, &["patch", "job", "work", "--patch", &patch], &alter));
    }
}

/// Deleting the pod of a Job without patience ends the Job; with patience the pod is made anew.
pub(crate) fn job_pod_deleted(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    stage.create(&[job_of("work", &json!({"backoffLimit": 1}))]);
    stage.until_running("work");
    for _ in 0..2 {
        let namespace = trial.namespace.clone();
        stage.act(&move |world| Act::Delete {
            target: world
                .in_namespace(Pod, &namespace)
                .find(|pod| !pod.meta.deleting())
                .expect("a pod")
                .pin(),
            propagation: Background,
        });
    }
}

/// Its parallelism cut, an active Job stops the pods that are too many.
pub(crate) fn job_with_less_at_once(trial: &Trial<'_>) {
    let mut stage = Stage::new(trial);
    stage.create(&[job_of("work", &json!({"parallelism": 3, "completions": 5}))]);
    let namespace = trial.namespace.clone();
    stage.until("three pods", move |world| {
        let ready = world
            .in_namespace(Pod, &namespace)
            .filter(|pod| pod.body.pod().is_some_and(PodFacts::ready));
        ready.count() == 3
    });
    let patch = json!({"spec": {"parallelism": 1}}).to_string();
    let alter = |world: &mut World| on_job(world, trial, |job| job.spec.parallelism = Some(1));
    let arguments = ["patch", "job", "work", "--patch", &patch];
    stage.change(&Change::new("one at once", &arguments, &alter));
}

/// A CronJob's Jobs go with it.
pub(crate) fn cron_job_deleted(trial: &Trial<'_>) {
    let mut stage = cron_job(trial, &json!({}));
    stage.delete(CronJob, "night", Background);
}

/// Orphaned, they stay.
pub(crate) fn cron_job_orphaned(trial: &Trial<'_>) {
    let mut stage = cron_job(trial, &json!({}));
    stage.delete(CronJob, "night", Orphan);
}

/// What the history has no room for goes, with its pods.
pub(crate) fn cron_job_forgets(trial: &Trial<'_>) {
    let mut stage = cron_job(trial, &ends());
    until_finished(&mut stage, trial);
    let patch = json!({"spec": {"successfulJobsHistoryLimit": 0}}).to_string();
    let key = Key::new(CronJob, &trial.namespace, "night");
    let alter = |world: &mut World| {
        edit(world, &key, |body| {
            let Body::CronJob(cron) = body else { return };
            cron.spec.successful_jobs_history_limit = Some(0);
        });
    };
    let arguments = ["patch", "cronjob", "night", "--patch", &patch];
    stage.change(&Change::new("no history", &arguments, &alter));
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
    let mut waiting = lone("waiting", &labels);
    waiting["spec"]["nodeSelector"] = json!({"no": "such"});
    stage.create(&[waiting]);
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
    stage.compare_now();
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

fn edit(world: &mut World, key: &Key, change: impl FnOnce(&mut Body)) {
    let mut object = Object::clone(world.get(key).unwrap_or_else(|| panic!("no {key}")));
    change(&mut object.body);
    world.put(object);
}

fn on_job(world: &mut World, trial: &Trial<'_>, change: impl FnOnce(&mut JobFacts)) {
    edit(world, &Key::new(Job, &trial.namespace, "work"), |body| {
        let Body::Job(job) = body else { return };
        change(job);
    });
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

fn until_finished(stage: &mut Stage<'_>, trial: &Trial<'_>) {
    let namespace = trial.namespace.clone();
    stage.until("the Job to be complete", move |world| {
        let mut jobs = world.in_namespace(Job, &namespace);
        jobs.any(|job| job.body.job().is_some_and(|job| job.state().finished()))
    });
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

fn job_of(name: &str, spec: &Value) -> Value {
    let mut job = json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name},
        "spec": {"template": {"spec": {
            "restartPolicy": "Never", "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "main", "image": "none"}],
        }}},
    });
    merge(&mut job["spec"], spec);
    job
}

/// A CronJob that does not fire while the trial lasts, and a Job made from it by hand.
fn cron_job<'plane>(trial: &'plane Trial<'plane>, pod_metadata: &Value) -> Stage<'plane> {
    let mut stage = Stage::new(trial);
    let mut template = job_of("none", &json!({}))["spec"].clone();
    template["template"]["metadata"] = pod_metadata.clone();
    stage.create(&[json!({
        "apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "night"},
        "spec": {"schedule": "0 0 30 2 *", "jobTemplate": {"spec": template}},
    })]);
    stage.by_kubectl(&["create", "job", "by-hand", "--from=cronjob/night"]);
    let namespace = trial.namespace.clone();
    stage.until("the pod of its Job", move |world| {
        let mut pods = world.in_namespace(Pod, &namespace);
        pods.any(|pod| {
            pod.body
                .pod()
                .is_some_and(|pod| pod.ready() || pod.status.phase.terminal())
        })
    });
    stage
}

/// Makes a pod end well by itself: the first for the kit's kubelet, the second for the sandbox's.
fn ends() -> Value {
    json!({
        "labels": {"kit/ends": "completed"},
        "annotations": {"sandbox.pilothouse.dev/completes-after": "2s"},
    })
}
