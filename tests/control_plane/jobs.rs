//! What a Job leaves behind when it is deleted, by propagation policy (semantics §3.1, §3.9).

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::run::Ran;
use crate::trial::{Trial, finalizers, is_terminating, wait, wait_gone};

const TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// A bare DELETE orphans the pods, and the server says so in a Warning header.
pub(crate) fn deleted_without_a_policy(trial: &Trial<'_>) {
    running_job(trial);
    let ran = delete(trial, &json!({}));
    assert!(
        ran.stderr
            .contains("Warning: child pods are preserved by default when jobs are deleted"),
        "{ran}"
    );
    wait_job_gone(trial);
    assert_orphaned_and_running(trial);
}

/// With Orphan said aloud the end is the same, without a warning.
pub(crate) fn active_orphaned(trial: &Trial<'_>) {
    running_job(trial);
    let ran = delete(trial, &json!({"propagationPolicy": "Orphan"}));
    assert!(!ran.stderr.contains("Warning"), "{ran}");
    wait_job_gone(trial);
    assert_orphaned_and_running(trial);
}

/// The pod of a finished Job lost its tracking finalizer when it was counted; orphaned, it stays as it was.
pub(crate) fn finished_orphaned(trial: &Trial<'_>) {
    create_job(trial, &json!({"kit/ends": "completed"}));
    wait_complete(trial);
    let (_, pod) = the_pod(&trial.settled());
    assert_eq!(finalizers(&pod), [""; 0], "a counted pod is still tracked");

    delete(trial, &json!({"propagationPolicy": "Orphan"})).ok();
    wait_job_gone(trial);
    let (_, pod) = the_pod(&trial.settled());
    assert_eq!(pod["status"]["phase"], "Succeeded");
    assert!(pod["metadata"]["ownerReferences"].is_null());
    assert!(!is_terminating(&pod));
}

/// Background: the Job is gone at once, its pod follows.
pub(crate) fn active_in_background(trial: &Trial<'_>) {
    let pod = running_job(trial);
    delete(trial, &json!({"propagationPolicy": "Background"})).ok();
    assert!(job(trial).is_none(), "the job outlived a background delete");
    wait_gone("the pod", || trial.pod(&pod));
}

/// Background while the kubelet does not answer: the Job is gone, the pod loses its tracking and lingers.
pub(crate) fn background_with_a_lingering_pod(trial: &Trial<'_>) {
    create_job(trial, &json!({"kit/lingers": "true"}));
    let pod = wait_pod_running(trial);
    delete(trial, &json!({"propagationPolicy": "Background"})).ok();
    let world = trial.settled();
    assert!(!world.contains_key("job work"));
    let (_, left) = the_pod(&world);
    assert!(is_terminating(&left));
    assert_eq!(finalizers(&left), [""; 0], "{left}");
    assert_eq!(left["metadata"]["ownerReferences"][0]["name"], "work");

    trial.kubectl(&["label", &format!("pod/{pod}"), "kit/lingers-"]).ok();
    wait_gone("the pod", || trial.pod(&pod));
}

/// Foreground: the Job stays, with a finalizer of its own, until its pod is gone.
pub(crate) fn active_in_foreground(trial: &Trial<'_>) {
    create_job(trial, &json!({"kit/lingers": "true"}));
    let pod = wait_pod_running(trial);
    let ran = delete(trial, &json!({"propagationPolicy": "Foreground"}));
    assert!(ran.success, "{ran}");

    let world = trial.settled();
    let waiting = &world["job work"];
    assert!(is_terminating(waiting));
    assert_eq!(finalizers(waiting), ["foregroundDeletion"]);
    let (_, left) = the_pod(&world);
    assert!(is_terminating(&left), "the pod is not even marked: {left}");
    assert_eq!(finalizers(&left), [""; 0], "{left}");
    assert_eq!(left["metadata"]["ownerReferences"][0]["blockOwnerDeletion"], true);

    trial.kubectl(&["label", &format!("pod/{pod}"), "kit/lingers-"]).ok();
    wait_job_gone(trial);
    assert!(trial.pod(&pod).is_none(), "the job went before its pod");
}

/// Suspending an active Job deletes its pods; the Job stays.
pub(crate) fn suspended(trial: &Trial<'_>) {
    let pod = running_job(trial);
    trial
        .patch(
            "job/work",
            &json!([{"op": "add", "path": "/spec/suspend", "value": true}]),
        )
        .ok();
    wait_gone("the pod", || trial.pod(&pod));
    let world = trial.settled();
    assert_eq!(world.keys().collect::<Vec<_>>(), ["job work"]);
    assert_eq!(world["job work"]["status"]["active"], Value::Null);
}

/// A Job with one running pod; gives back the pod's name.
fn running_job(trial: &Trial<'_>) -> String {
    create_job(trial, &json!({}));
    wait_pod_running(trial)
}

fn create_job(trial: &Trial<'_>, pod_labels: &Value) {
    trial.create(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"},
        "spec": {
            "template": {
                "metadata": {"labels": pod_labels},
                "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "none"}]},
            },
        },
    }));
}

/// Waits for the Job's pod to run and to be tracked, and gives back its name.
fn wait_pod_running(trial: &Trial<'_>) -> String {
    let pods = || trial.plane.get(&trial.path("pods", ""));
    let runs = |list: &Value| list["items"][0]["status"]["phase"] == "Running";
    let list = wait("the job's pod runs", pods, runs);
    let (name, pod) = the_pod(&trial.settled());
    assert_eq!(finalizers(&pod), [TRACKING]);
    assert_eq!(list["items"].as_array().map(Vec::len), Some(1));
    name
}

fn wait_complete(trial: &Trial<'_>) {
    let complete = |job: &Value| {
        let conditions = job["status"]["conditions"].as_array();
        conditions.is_some_and(|all| {
            all.iter()
                .any(|one| one["type"] == "Complete" && one["status"] == "True")
        })
    };
    wait("the job is complete", || job(trial), complete);
}

fn delete(trial: &Trial<'_>, options: &Value) -> Ran {
    trial.delete(&job_path(trial), options)
}

fn job(trial: &Trial<'_>) -> Option<Value> {
    trial.plane.get(&job_path(trial))
}

fn wait_job_gone(trial: &Trial<'_>) {
    wait_gone("the job", || job(trial));
}

fn job_path(trial: &Trial<'_>) -> String {
    format!("/apis/batch/v1/namespaces/{}/jobs/work", trial.namespace)
}

fn the_pod(world: &BTreeMap<String, Value>) -> (String, Value) {
    let (name, pod) = world.iter().find(|(name, _)| name.starts_with("pod ")).expect("a pod");
    (name.trim_start_matches("pod ").to_owned(), pod.clone())
}

fn assert_orphaned_and_running(trial: &Trial<'_>) {
    let (_, pod) = the_pod(&trial.settled());
    assert_eq!(pod["status"]["phase"], "Running");
    assert!(pod["metadata"]["ownerReferences"].is_null(), "{pod}");
    assert!(!is_terminating(&pod));
    assert_eq!(finalizers(&pod), [""; 0], "an orphan is still tracked: {pod}");
}
