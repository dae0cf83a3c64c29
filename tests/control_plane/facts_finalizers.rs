//! What stripping a finalizer really does (semantics §3.11), where it is not about a volume.

use std::time::Duration;

use serde_json::{Value, json};

use crate::trial::{Trial, finalizers, is_terminating, pod_spec, uid, wait, wait_gone};

const HELD: &str = "kit.example/held";
const LIMIT: Duration = Duration::from_mins(1);

/// `orphan` stripped while the garbage collector has not yet taken the references off: the dependents are deleted.
///
/// An admission policy keeps it from taking them off, as a webhook that is down would.
pub(crate) fn orphan_stripped_deletes_the_dependents(trial: &Trial<'_>) {
    let owner = config_map(trial, "owner", &json!({}));
    config_map(
        trial,
        "dependent",
        &json!({"ownerReferences": [reference(&owner, false)]}),
    );
    let name = &trial.namespace;
    trial.plane.create(&json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicy", "metadata": {"name": name},
        "spec": {
            "failurePolicy": "Fail",
            "matchConstraints": {"resourceRules": [
                {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["UPDATE"], "resources": ["configmaps"]},
            ]},
            "validations": [{"expression": "object.metadata.name != 'dependent'", "message": "not now"}],
        },
    }));
    trial.plane.create(&json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {
            "policyName": name, "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}},
        },
    }));
    crate::support::wait::until("the policy to hold", LIMIT, || {
        let ran = trial.kubectl(&["label", "--dry-run=server", "configmap/dependent", "kit/a=b"]);
        if ran.success { Err("not yet".to_owned()) } else { Ok(()) }
    })
    .unwrap_or_else(|why| panic!("{why}"));

    trial
        .kubectl(&["delete", "configmap/owner", "--cascade=orphan", "--wait=false"])
        .ok();
    let waiting = wait("the owner is going", || look(trial, "owner"), is_terminating);
    assert_eq!(finalizers(&waiting), ["orphan"]);
    strip(trial, "configmap/owner");
    wait_gone("the owner", || look(trial, "owner"));
    wait_gone("the dependent", || look(trial, "dependent"));
}

/// `foregroundDeletion` stripped: the owner is gone early, its dependents are on their way all the same.
pub(crate) fn foreground_stripped_lets_the_owner_go_first(trial: &Trial<'_>) {
    let owner = config_map(trial, "owner", &json!({}));
    config_map(
        trial,
        "dependent",
        &json!({"ownerReferences": [reference(&owner, true)], "finalizers": [HELD]}),
    );
    trial
        .kubectl(&["delete", "configmap/owner", "--cascade=foreground", "--wait=false"])
        .ok();
    wait("the dependent is going", || look(trial, "dependent"), is_terminating);
    let waiting = look(trial, "owner").expect("the owner");
    assert_eq!(finalizers(&waiting), ["foregroundDeletion"]);
    strip(trial, "configmap/owner");
    wait_gone("the owner", || look(trial, "owner"));
    let left = look(trial, "dependent").expect("the dependent");
    assert!(is_terminating(&left));
    strip(trial, "configmap/dependent");
    wait_gone("the dependent", || look(trial, "dependent"));
}

/// `batch.kubernetes.io/job-tracking` stripped from the running pod of a Job: nothing happens while it runs. Its end is
/// not counted, and the Job makes another pod: the work is done twice.
pub(crate) fn job_tracking_stripped_does_the_work_twice(trial: &Trial<'_>) {
    let mut spec = pod_spec("none");
    spec["volumes"] = json!([]);
    spec["containers"] = json!([{"name": "main", "image": "none"}]);
    spec["restartPolicy"] = json!("Never");
    trial.create(json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "work"},
        "spec": {"template": {"spec": spec}},
    }));
    let running = || pods(trial).into_iter().find(|pod| pod["status"]["phase"] == "Running");
    let first = wait("a pod runs", running, |_| true);
    strip(
        trial,
        &format!("pod/{}", crate::trial::text(&first["metadata"]["name"])),
    );
    trial.settled();
    let left = pods(trial);
    let uids: Vec<_> = left.iter().map(uid).collect();
    assert_eq!(uids, [uid(&first)]);

    let name = format!("pod/{}", crate::trial::text(&first["metadata"]["name"]));
    trial.kubectl(&["label", &name, "kit/ends=completed"]).ok();
    let other = || pods(trial).into_iter().find(|pod| uid(pod) != uid(&first));
    wait("another pod", other, |pod| pod["status"]["phase"] == "Running");
    let job = trial
        .plane
        .get(&format!("/apis/batch/v1/namespaces/{}/jobs/work", trial.namespace))
        .expect("the job");
    assert_eq!(job["status"]["active"], 1);
    assert!(job["status"]["succeeded"].is_null(), "{}", job["status"]);
}

/// A namespace's own finalizer stripped: the namespace is gone, what was in it is still stored, and is there again in a
/// new namespace of the name.
pub(crate) fn namespace_stripped_leaves_its_content(trial: &Trial<'_>) {
    config_map(trial, "left", &json!({"finalizers": [HELD]}));
    let namespace = || trial.plane.get(&format!("/api/v1/namespaces/{}", trial.namespace));
    let old = namespace().expect("the namespace");
    trial.delete_now(&format!("namespace/{}", trial.namespace));
    wait("the namespace waits", namespace, |namespace| {
        namespace["status"]["conditions"]
            .to_string()
            .contains("kit.example/held in 1")
    });
    let finalize = json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": trial.namespace}, "spec": {"finalizers": []},
    });
    let path = format!("/api/v1/namespaces/{}/finalize", trial.namespace);
    trial
        .plane
        .run(
            crate::support::persons::Person::Anna,
            "kubectl",
            &["replace", "--raw", &path, "-f", "-"],
            &finalize.to_string(),
        )
        .ok();
    wait_gone("the namespace", namespace);
    trial
        .plane
        .create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": trial.namespace}}));
    assert_ne!(uid(&namespace().expect("the namespace")), uid(&old));
    let left = look(trial, "left").expect("what was in it");
    assert!(is_terminating(&left));
    strip(trial, "configmap/left");
    wait_gone("what was in it", || look(trial, "left"));
}

/// The finalizer of a resource definition stripped: its objects are still stored, and are there again with a new one.
pub(crate) fn definition_stripped_leaves_its_objects(trial: &Trial<'_>) {
    let group = "kit.example";
    let definition = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("things.{group}")},
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": {"plural": "things", "singular": "thing", "kind": "Thing", "listKind": "ThingList"},
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
            }],
        },
    });
    let path = format!("/apis/{group}/v1/namespaces/{}/things", trial.namespace);
    // A definition that has just come is answered for with 429 for a while.
    let answers = || trial.plane.kubectl(&["get", "--raw", &path]);
    let served = || {
        let answered = crate::support::wait::until("the definition to be served", LIMIT, || {
            let ran = answers();
            if ran.success { Ok(()) } else { Err(ran.stderr) }
        });
        answered.unwrap_or_else(|why| panic!("{why}"));
    };
    trial.plane.create(&definition);
    served();
    let thing = json!({
        "apiVersion": format!("{group}/v1"), "kind": "Thing", "metadata": {"name": "left", "finalizers": [HELD]},
    });
    trial.create(thing);
    let at = format!("{path}/left");
    let old = trial.plane.get(&at).expect("the thing");

    let name = format!("crd/things.{group}");
    trial.delete_now(&name);
    wait("the thing is going", || trial.plane.get(&at), is_terminating);
    strip(trial, &name);
    wait_gone("the definition", || {
        trial.plane.get(&format!(
            "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/things.{group}"
        ))
    });
    wait_gone("the resource", || trial.plane.get(&path));

    trial.plane.create(&definition);
    served();
    let left = trial.plane.get(&at).expect("the thing that was stored");
    assert_eq!(uid(&left), uid(&old));
    strip(trial, &format!("things.{group}/left"));
    wait_gone("the thing", || trial.plane.get(&at));
    trial.kubectl(&["delete", &name]).ok();
}

fn config_map(trial: &Trial<'_>, name: &str, metadata: &Value) -> Value {
    let mut object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}});
    crate::trial::merge(&mut object["metadata"], metadata);
    trial.create(object)
}

fn reference(owner: &Value, block: bool) -> Value {
    json!({
        "apiVersion": "v1", "kind": "ConfigMap", "name": owner["metadata"]["name"], "uid": uid(owner),
        "blockOwnerDeletion": block,
    })
}

fn look(trial: &Trial<'_>, name: &str) -> Option<Value> {
    trial.plane.get(&trial.path("configmaps", name))
}

fn pods(trial: &Trial<'_>) -> Vec<Value> {
    let list = trial.plane.get(&format!("/api/v1/namespaces/{}/pods", trial.namespace));
    list.and_then(|list| list["items"].as_array().cloned())
        .unwrap_or_default()
}

fn strip(trial: &Trial<'_>, object: &str) {
    trial
        .patch(object, &json!([{"op": "remove", "path": "/metadata/finalizers"}]))
        .ok();
}
