//! Jobs and CronJobs: time to live, suspension, patience, history, and what goes with them.

use pilothouse::model::workload::{Job as JobFacts, Pod as PodFacts};
use pilothouse::model::{Act, Body, Key, Kind, Propagation, World};
use serde_json::{Value, json};
use std::time::Duration;

use super::edit;
use crate::stage::Stage;
use crate::stage::change::Change;
use crate::trial::{Trial, merge};

use Kind::{CronJob, Job, Pod};
use Propagation::{Background, Orphan};

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

fn on_job(world: &mut World, trial: &Trial<'_>, change: impl FnOnce(&mut JobFacts)) {
    edit(world, &Key::new(Job, &trial.namespace, "work"), |body| {
        let Body::Job(job) = body else { return };
        change(job);
    });
}

fn until_finished(stage: &mut Stage<'_>, trial: &Trial<'_>) {
    let namespace = trial.namespace.clone();
    stage.until("the Job to be complete", move |world| {
        let mut jobs = world.in_namespace(Job, &namespace);
        jobs.any(|job| job.body.job().is_some_and(|job| job.state().finished()))
    });
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
