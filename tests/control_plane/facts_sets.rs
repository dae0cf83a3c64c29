//! What sets and Jobs do with claims and pods that are there already (semantics §3.8, §3.9), and what they refuse (§3.5).

use serde_json::{Value, json};

use crate::trial::{Trial, is_terminating, merge, pod_spec, text, uid, wait, wait_gone};

/// A claim of the right name is taken as it is, whatever its class and size.
pub(crate) fn existing_claim_is_taken_as_it_is(trial: &Trial<'_>) {
    trial.create_class();
    let volume = trial.create_volume_with("small", &json!({"capacity": {"storage": "1Mi"}}));
    let own = json!({"storageClassName": trial.namespace, "resources": {"requests": {"storage": "1Mi"}}});
    let claim = trial.create_claim("data-db-0", &own);
    let mut template = claim_template(trial);
    template["spec"]["storageClassName"] = json!("another");
    create_set(trial, &template, &json!({}));
    trial.wait_running("db-0");
    let now = trial.claim("data-db-0").expect("the claim");
    assert_eq!(uid(&now), uid(&claim));
    assert_eq!(now["spec"]["volumeName"], volume.as_str());
}

/// A set that was orphaned and made again with other claim templates adopts its pods and restarts none.
pub(crate) fn changed_claim_templates_restart_nothing(trial: &Trial<'_>) {
    let pod = running_set(trial);
    trial.kubectl(&["delete", "statefulset/db", "--cascade=orphan"]).ok();
    let mut template = claim_template(trial);
    template["spec"]["storageClassName"] = json!("another");
    create_set(trial, &template, &json!({}));
    wait_adopted(trial);
    assert_eq!(uid(&trial.settled()["pod db-0"]), uid(&pod), "the pod was restarted");
}

/// With another pod template it adopts them and restarts them at once, on the old claims.
pub(crate) fn changed_pod_template_restarts_on_the_old_claim(trial: &Trial<'_>) {
    let pod = running_set(trial);
    let claim = trial.claim("data-db-0").expect("the claim");
    trial.kubectl(&["delete", "statefulset/db", "--cascade=orphan"]).ok();
    let change = json!({"template": {"metadata": {"annotations": {"kit/changed": "yes"}}}});
    create_set(trial, &claim_template(trial), &change);
    wait(
        "another pod",
        || trial.pod("db-0"),
        |now| uid(now) != uid(&pod) && now["status"]["phase"] == "Running",
    );
    let now = &trial.settled()["claim data-db-0"];
    assert_eq!(uid(now), uid(&claim));
    assert!(!is_terminating(now));
}

/// A pod that is being deleted is not adopted; the set waits until it is gone, and makes its own.
pub(crate) fn a_pod_that_is_going_is_not_adopted(trial: &Trial<'_>) {
    let lingers = json!({"template": {"metadata": {"labels": {"kit/lingers": "true"}}}});
    let old = running_set_of(trial, &lingers);
    trial.kubectl(&["delete", "statefulset/db", "--cascade=orphan"]).ok();
    let free = |pod: &Value| pod["metadata"]["ownerReferences"].is_null();
    wait("the pod is nobody's", || trial.pod("db-0"), free);
    trial.delete_now("pod/db-0");
    create_set(trial, &claim_template(trial), &json!({}));
    let left = &trial.settled()["pod db-0"];
    assert_eq!(uid(left), uid(&old));
    assert!(is_terminating(left) && free(left), "{left}");
    trial.kubectl(&["label", "pod/db-0", "kit/lingers-"]).ok();
    wait(
        "the set's own pod",
        || trial.pod("db-0"),
        |pod| uid(pod) != uid(&old) && !free(pod),
    );
}

/// `whenDeleted: Delete`: an orphaning delete of the set takes its reference off the claim, which stays.
pub(crate) fn orphaned_set_lets_its_claim_go(trial: &Trial<'_>) {
    running_set_of(
        trial,
        &json!({"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete", "whenScaled": "Retain"}}),
    );
    let claim = || trial.claim("data-db-0");
    let owner = |claim: &Value| claim["metadata"]["ownerReferences"][0]["kind"].clone();
    wait("the claim is the set's", claim, |claim| owner(claim) == "StatefulSet");
    trial.kubectl(&["delete", "statefulset/db", "--cascade=orphan"]).ok();
    wait("the claim is nobody's", claim, |claim| owner(claim).is_null());
    assert!(!is_terminating(&trial.settled()["claim data-db-0"]));
}

/// `whenScaled: Delete`: the claim of an ordinal goes with its pod when the set is scaled below it.
pub(crate) fn when_scaled_takes_the_claim(trial: &Trial<'_>) {
    running_set_of(
        trial,
        &json!({"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Delete"}}),
    );
    trial.kubectl(&["scale", "statefulset/db", "--replicas=0"]).ok();
    wait_gone("the pod", || trial.pod("db-0"));
    wait_gone("the claim", || trial.claim("data-db-0"));
}

/// Under that policy a claim that is owned by a pod of the name that is gone keeps its ordinal from starting. The garbage
/// collector takes such a claim; the set does not look again by itself, but only when something touches it.
pub(crate) fn stale_claim_blocks_its_pod(trial: &Trial<'_>) {
    trial.create_class();
    trial.create_volume("disk");
    let mut claim = claim_template(trial);
    claim["apiVersion"] = json!("v1");
    claim["kind"] = json!("PersistentVolumeClaim");
    let owner =
        json!({"apiVersion": "v1", "kind": "Pod", "name": "db-0", "uid": "00000000-0000-0000-0000-000000000000"});
    claim["metadata"] = json!({"name": "data-db-0", "ownerReferences": [owner], "finalizers": ["kit.example/held"]});
    let claim = trial.create(claim);
    create_set(
        trial,
        &claim_template(trial),
        &json!({"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Delete"}}),
    );
    let world = trial.settled();
    assert!(!world.contains_key("pod db-0"), "{}", world["pod db-0"]);
    assert!(is_terminating(&world["claim data-db-0"]));

    crate::csi::strip(trial, "pvc/data-db-0", &json!([]));
    wait_gone("the old claim", || trial.claim("data-db-0"));
    assert!(
        !trial.settled().contains_key("pod db-0"),
        "the set looked again by itself"
    );
    trial.kubectl(&["annotate", "statefulset/db", "kit/touched=yes"]).ok();
    wait("the pod", || trial.pod("db-0"), |_| true);
    assert_ne!(uid(&trial.claim("data-db-0").expect("the new claim")), uid(&claim));
}

/// Scaled to nothing and back while its last pod lingers: the claim is tied to that pod and goes with it, and so the set stays
/// without a pod.
pub(crate) fn scaled_up_while_its_pod_goes(trial: &Trial<'_>) {
    let retention = json!({"whenDeleted": "Retain", "whenScaled": "Delete"});
    let pod = running_set_of(
        trial,
        &json!({
            "persistentVolumeClaimRetentionPolicy": retention,
            "template": {"metadata": {"labels": {"kit/lingers": "true"}}},
        }),
    );
    let scale = |replicas: &str| {
        trial.kubectl(&["scale", "statefulset/db", replicas]).ok();
    };
    scale("--replicas=0");
    wait("the pod is going", || trial.pod("db-0"), is_terminating);
    let claim = trial.claim("data-db-0").expect("the claim");
    assert_eq!(claim["metadata"]["ownerReferences"][0]["uid"], uid(&pod));
    scale("--replicas=1");
    trial.settled();
    trial.kubectl(&["label", "pod/db-0", "kit/lingers-"]).ok();
    wait_gone("the claim", || trial.claim("data-db-0"));
    let world = trial.settled();
    assert!(!world.contains_key("pod db-0"), "the set looked again by itself");
    trial.kubectl(&["annotate", "statefulset/db", "kit/touched=yes"]).ok();
    wait("the pod", || trial.pod("db-0"), |now| uid(now) != uid(&pod));
}

/// A claim bears the labels of its template, and over them those of the set's selector; not those of the pods.
pub(crate) fn labels_of_its_claims(trial: &Trial<'_>) {
    trial.create_class();
    let mut template = claim_template(trial);
    template["metadata"]["labels"] = json!({"app": "other", "tier": "disk"});
    let labels = json!({"app": "db", "of-the-pods": "yes"});
    create_set(trial, &template, &json!({"template": {"metadata": {"labels": labels}}}));
    let claim = wait("the claim", || trial.claim("data-db-0"), |_| true);
    assert_eq!(claim["metadata"]["labels"], json!({"app": "db", "tier": "disk"}));
}

/// A pod that waits for a claim that is gone: the set makes the missing claim.
pub(crate) fn missing_claim_is_made_for_a_pending_pod(trial: &Trial<'_>) {
    trial.create_class();
    create_set(trial, &claim_template(trial), &json!({}));
    let claim = wait("the claim", || trial.claim("data-db-0"), |_| true);
    wait("the pod", || trial.pod("db-0"), |_| true);
    trial.delete_now("pvc/data-db-0");
    wait(
        "another claim",
        || trial.claim("data-db-0"),
        |now| uid(now) != uid(&claim),
    );
}

/// A pod that has ended is deleted and made anew.
pub(crate) fn ended_pod_is_made_anew(trial: &Trial<'_>) {
    let pod = running_set(trial);
    let ended = json!({"status": {"phase": "Failed"}});
    trial
        .kubectl(&[
            "patch",
            "pod/db-0",
            "--subresource=status",
            "--type=merge",
            "--patch",
            &ended.to_string(),
        ])
        .ok();
    wait(
        "another pod",
        || trial.pod("db-0"),
        |now| uid(now) != uid(&pod) && now["status"]["phase"] == "Running",
    );
}

/// A finished Job whose time is over is deleted in the foreground, its pods first.
pub(crate) fn time_to_live_is_foreground(trial: &Trial<'_>) {
    trial.create(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"},
        "spec": {"ttlSecondsAfterFinished": 2, "template": {
            "metadata": {"labels": {"kit/ends": "completed"}, "finalizers": ["kit.example/held"]},
            "spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "none"}]},
        }},
    }));
    let job = || {
        trial
            .plane
            .get(&format!("/apis/batch/v1/namespaces/{}/jobs/work", trial.namespace))
    };
    let going = wait("the job is going", job, is_terminating);
    assert_eq!(crate::trial::finalizers(&going), ["foregroundDeletion"]);
    let world = trial.settled();
    let (name, pod) = world
        .iter()
        .find(|(name, _)| name.starts_with("pod "))
        .expect("its pod");
    assert!(is_terminating(pod));
    assert!(world.contains_key("job work"));
    let pod = name.replace(' ', "/");
    trial
        .patch(&pod, &json!([{"op": "remove", "path": "/metadata/finalizers"}]))
        .ok();
    wait_gone("the job", job);
}

/// What a set and a Job refuse to have changed, and in which words.
pub(crate) fn immutable_fields(trial: &Trial<'_>) {
    trial.create_class();
    trial.create_volume("disk");
    create_set(trial, &claim_template(trial), &json!({"replicas": 0}));
    let set = trial.patch(
        "statefulset/db",
        &json!([{"op": "replace", "path": "/spec/volumeClaimTemplates/0/spec/storageClassName", "value": "another"}]),
    );
    assert!(
        set.stderr.contains(
            "spec: Forbidden: updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
             'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are \
             forbidden"
        ),
        "{set}"
    );
    trial.create(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"},
        "spec": {"template": {"spec": {"restartPolicy": "Never", "containers": [{"name": "main", "image": "none"}]}}},
    }));
    let job = trial.patch(
        "job/work",
        &json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "other"}]),
    );
    assert!(job.stderr.contains("field is immutable"), "{job}");
    let job = trial.patch(
        "job/work",
        &json!([{"op": "replace", "path": "/spec/completions", "value": 3}]),
    );
    assert!(job.stderr.contains("field is immutable"), "{job}");
}

fn running_set(trial: &Trial<'_>) -> Value {
    running_set_of(trial, &json!({}))
}

/// A set of one, running on a volume; gives back its pod.
fn running_set_of(trial: &Trial<'_>, spec: &Value) -> Value {
    trial.create_class();
    trial.create_volume("disk");
    create_set(trial, &claim_template(trial), spec);
    trial.wait_running("db-0")
}

fn create_set(trial: &Trial<'_>, claim: &Value, spec: &Value) {
    let labels = json!({"app": "db"});
    let mut pod = pod_spec("none");
    pod["volumes"] = json!([]);
    let mut set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db", "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod},
            "volumeClaimTemplates": [claim],
        },
    });
    merge(&mut set["spec"], spec);
    trial.create(set);
}

fn claim_template(trial: &Trial<'_>) -> Value {
    json!({"metadata": {"name": "data"}, "spec": {
        "storageClassName": trial.namespace, "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }})
}

fn wait_adopted(trial: &Trial<'_>) {
    let set = trial
        .plane
        .get(&format!("/apis/apps/v1/namespaces/{}/statefulsets/db", trial.namespace))
        .expect("the set");
    wait(
        "the pod is adopted",
        || trial.pod("db-0"),
        |pod| pod["metadata"]["ownerReferences"][0]["uid"] == text(&set["metadata"]["uid"]),
    );
}
