//! What the API server answers: evictions, dry runs, streaming lists, who one is (semantics §3.12, §3.13).

use serde_json::{Value, json};

use crate::support::persons::Person;
use crate::support::run::Ran;
use crate::trial::{Trial, wait, wait_gone};

const OVER_BUDGET: &str = "Cannot evict pod as it would violate the pod's disruption budget.";

/// A budget stops an eviction and not a delete; a dry run of the eviction is stopped as well.
pub(crate) fn eviction_against_a_budget(trial: &Trial<'_>) {
    running(trial, "user", &json!({}));
    budget(trial, "one", &json!({}));
    for dry_run in [json!({}), json!({"deleteOptions": {"dryRun": ["All"]}})] {
        let refused = evict(trial, "user", &dry_run);
        assert!(!refused.success && refused.stderr.contains(OVER_BUDGET), "{refused}");
    }
    assert!(!crate::trial::is_terminating(&trial.pod("user").expect("the pod")));
    trial.delete_now("pod/user");
    wait_gone("the pod", || trial.pod("user"));
}

/// Within its budget a pod is evicted.
pub(crate) fn eviction_within_a_budget(trial: &Trial<'_>) {
    running(trial, "user", &json!({}));
    running(trial, "other", &json!({}));
    budget(trial, "one", &json!({}));
    wait_budget(trial, "one", 1);
    evict(trial, "user", &json!({})).ok();
    wait_gone("the pod", || trial.pod("user"));
    let refused = evict(trial, "other", &json!({}));
    assert!(!refused.success && refused.stderr.contains(OVER_BUDGET), "{refused}");
}

/// Two budgets on one pod: nothing is evicted.
pub(crate) fn eviction_under_two_budgets(trial: &Trial<'_>) {
    running(trial, "user", &json!({}));
    budget(trial, "one", &json!({"minAvailable": 0}));
    budget(trial, "two", &json!({"minAvailable": 0}));
    let refused = evict(trial, "user", &json!({}));
    assert!(
        !refused.success
            && refused
                .stderr
                .contains("This pod has more than one PodDisruptionBudget"),
        "{refused}"
    );
}

/// Pods that do not run yet, or no longer, are evicted whatever their budget says.
pub(crate) fn eviction_of_what_does_not_run(trial: &Trial<'_>) {
    running(trial, "keeper", &json!({}));
    running(trial, "second", &json!({}));
    budget(trial, "one", &json!({"minAvailable": 2}));
    wait_budget(trial, "one", 0);
    pod(trial, "pending", &json!({"kit/starts": "false"}));
    pod(trial, "ended", &json!({"kit/ends": "completed"}));
    wait(
        "it has ended",
        || trial.pod("ended"),
        |pod| pod["status"]["phase"] == "Succeeded",
    );
    for name in ["pending", "ended"] {
        evict(trial, name, &json!({})).ok();
        wait_gone("the pod", || trial.pod(name));
    }
}

/// A pod that is being deleted already is evicted whatever its budget says.
pub(crate) fn eviction_of_what_is_going(trial: &Trial<'_>) {
    running(trial, "keeper", &json!({}));
    running(trial, "going", &json!({"kit/lingers": "true"}));
    budget(trial, "one", &json!({"minAvailable": 2}));
    wait_budget(trial, "one", 0);
    let refused = evict(trial, "going", &json!({}));
    assert!(!refused.success && refused.stderr.contains(OVER_BUDGET), "{refused}");
    trial.delete_now("pod/going");
    wait("it is going", || trial.pod("going"), crate::trial::is_terminating);
    evict(trial, "going", &json!({})).ok();
    let refused = evict(trial, "keeper", &json!({}));
    assert!(!refused.success && refused.stderr.contains(OVER_BUDGET), "{refused}");
}

/// A pod that runs and is not ready goes while enough others are healthy, and with `AlwaysAllow` at any time.
pub(crate) fn eviction_of_what_is_not_ready(trial: &Trial<'_>) {
    running(trial, "sick", &json!({}));
    running(trial, "second", &json!({}));
    budget(trial, "one", &json!({"minAvailable": 2}));
    wait_budget(trial, "one", 0);
    for name in ["sick", "second"] {
        let condition = json!({"status": {"conditions": [{"type": "Ready", "status": "False"}]}});
        trial
            .kubectl(&[
                "patch",
                &format!("pod/{name}"),
                "--subresource=status",
                "--patch",
                &condition.to_string(),
            ])
            .ok();
    }
    let budget = || {
        trial.plane.get(&format!(
            "/apis/policy/v1/namespaces/{}/poddisruptionbudgets/one",
            trial.namespace
        ))
    };
    wait("none is healthy", budget, |budget| {
        budget["status"]["currentHealthy"] == 0
    });
    let refused = evict(trial, "sick", &json!({}));
    assert!(!refused.success && refused.stderr.contains(OVER_BUDGET), "{refused}");
    let always = json!([{"op": "add", "path": "/spec/unhealthyPodEvictionPolicy", "value": "AlwaysAllow"}]);
    trial.patch("pdb/one", &always).ok();
    evict(trial, "sick", &json!({})).ok();
    wait_gone("the pod", || trial.pod("sick"));
}

/// A streaming list is answered, and its end is marked.
pub(crate) fn streaming_list(trial: &Trial<'_>) {
    trial.create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "here"}}));
    let path = format!(
        "/api/v1/namespaces/{}/configmaps?watch=1&allowWatchBookmarks=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&timeoutSeconds=2",
        trial.namespace
    );
    let ran = trial.plane.kubectl(&["get", "--raw", &path]);
    let events: Vec<Value> = ran
        .ok()
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("an event"))
        .collect();
    let names: Vec<_> = events
        .iter()
        .filter(|event| event["type"] == "ADDED")
        .map(|event| event["object"]["metadata"]["name"].clone())
        .collect();
    assert!(names.contains(&json!("here")), "{names:?}");
    let end = events
        .iter()
        .find(|event| event["type"] == "BOOKMARK")
        .expect("a bookmark");
    assert_eq!(
        end["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"],
        "true"
    );
}

/// Who one is, asked of the server itself; anybody may ask.
pub(crate) fn who_am_i(trial: &Trial<'_>) {
    let review = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let answer = trial
        .plane
        .run(
            Person::Viewer,
            "kubectl",
            &["create", "--validate=false", "-f", "-", "-o", "json"],
            &review.to_string(),
        )
        .json();
    assert_eq!(answer["status"]["userInfo"]["username"], Person::Viewer.name());
}

/// A dry run of the patches Pilothouse sends changes nothing, and is refused where the patch would be.
pub(crate) fn dry_run_of_a_patch(trial: &Trial<'_>) {
    trial.create_class();
    let volume = trial.create_volume("disk");
    let object = format!("pv/{volume}");
    let patch = |change: &Value| {
        trial.kubectl(&[
            "patch",
            &object,
            "--dry-run=server",
            "--type=json",
            "--patch",
            &change.to_string(),
        ])
    };
    patch(&json!([{"op": "replace", "path": "/spec/persistentVolumeReclaimPolicy", "value": "Delete"}])).ok();
    let refused = patch(&json!([{"op": "replace", "path": "/spec/hostPath/path", "value": "/elsewhere"}]));
    assert!(
        !refused.success && refused.stderr.contains("is immutable after creation"),
        "{refused}"
    );
    let left = trial.volume(&volume).expect("the volume");
    assert_eq!(left["spec"]["persistentVolumeReclaimPolicy"], "Retain");
}

/// A pod with labels; `app: web` is what the budgets select.
fn pod(trial: &Trial<'_>, name: &str, labels: &Value) {
    let mut all = json!({"app": "web"});
    crate::trial::merge(&mut all, labels);
    trial.create(json!({
        "apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": all},
        "spec": {
            "terminationGracePeriodSeconds": 1, "restartPolicy": "Never",
            "containers": [{"name": "main", "image": "none"}],
        },
    }));
}

fn running(trial: &Trial<'_>, name: &str, labels: &Value) {
    pod(trial, name, labels);
    trial.wait_running(name);
}

/// A budget of one pod that must be there, or with its spec set otherwise; comes back when the controller has counted.
fn budget(trial: &Trial<'_>, name: &str, spec: &Value) {
    let mut budget = json!({
        "apiVersion": "policy/v1", "kind": "PodDisruptionBudget", "metadata": {"name": name},
        "spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}},
    });
    crate::trial::merge(&mut budget["spec"], spec);
    trial.create(budget);
    wait(
        "the budget is counted",
        || look(trial, name),
        |budget| budget["status"]["observedGeneration"] == budget["metadata"]["generation"],
    );
}

fn wait_budget(trial: &Trial<'_>, name: &str, allowed: u32) {
    wait(
        "what the budget allows",
        || look(trial, name),
        |budget| budget["status"]["disruptionsAllowed"] == allowed && budget["status"]["currentHealthy"] != 0,
    );
}

fn look(trial: &Trial<'_>, name: &str) -> Option<Value> {
    trial.plane.get(&format!(
        "/apis/policy/v1/namespaces/{}/poddisruptionbudgets/{name}",
        trial.namespace
    ))
}

fn evict(trial: &Trial<'_>, name: &str, more: &Value) -> Ran {
    let mut eviction = json!({
        "apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": name, "namespace": trial.namespace},
    });
    crate::trial::merge(&mut eviction, more);
    let path = format!("{}/eviction", trial.path("pods", name));
    trial.plane.run(
        Person::Anna,
        "kubectl",
        &["create", "--raw", &path, "-f", "-"],
        &eviction.to_string(),
    )
}
