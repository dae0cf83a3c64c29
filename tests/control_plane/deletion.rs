//! What the API server itself does with a DELETE, and what it refuses to change (semantics §3.1, §3.5, §3.10, §3.12).

use serde_json::{Value, json};

use crate::support::run::Ran;
use crate::trial::{Trial, finalizers, is_terminating, text, uid, wait, wait_gone};

/// A DELETE meant for another object of that name is refused and changes nothing.
pub(crate) fn wrong_uid_is_refused(trial: &Trial<'_>) {
    let claim = trial.create_claim("data", &json!({}));
    let path = trial.path("persistentvolumeclaims", "data");
    let ran = trial.delete(&path, &json!({"preconditions": {"uid": "another"}}));
    assert!(!ran.success && ran.stderr.contains("(Conflict)"), "{ran}");
    assert!(
        ran.stderr
            .contains("the UID in the precondition (another) does not match"),
        "{ran}"
    );
    assert!(!is_terminating(&trial.settled()["claim data"]));

    trial
        .delete(&path, &json!({"preconditions": {"uid": uid(&claim)}}))
        .ok();
    wait_gone("the claim", || trial.claim("data"));
}

/// A DELETE with a resourceVersion that is not the newest is refused.
pub(crate) fn stale_resource_version_is_refused(trial: &Trial<'_>) {
    let stale = text(&trial.create_claim("data", &json!({}))["metadata"]["resourceVersion"]).to_owned();
    trial.kubectl(&["annotate", "pvc/data", "touched=yes"]).ok();
    let path = trial.path("persistentvolumeclaims", "data");
    let ran = trial.delete(&path, &json!({"preconditions": {"resourceVersion": stale}}));
    assert!(!ran.success && ran.stderr.contains("(Conflict)"), "{ran}");
    assert!(trial.claim("data").is_some());
}

/// A dry run answers with the finalizers that would hold the object, and changes nothing.
pub(crate) fn dry_run_shows_what_would_hold(trial: &Trial<'_>) {
    trial.create_claim("data", &json!({}));
    let before = trial.settled();
    let answer = trial
        .delete(
            &trial.path("persistentvolumeclaims", "data"),
            &json!({"dryRun": ["All"]}),
        )
        .json();
    assert!(is_terminating(&answer));
    assert_eq!(finalizers(&answer), ["kubernetes.io/pvc-protection"]);
    assert!(trial.settled() == before, "a dry run changed something");
}

/// An object that is going takes no new finalizer.
pub(crate) fn no_new_finalizer_on_the_way_out(trial: &Trial<'_>) {
    trial.create(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": ["kit.example/one"]},
    }));
    trial.delete_now("configmap/held");
    let add = json!([{"op": "add", "path": "/metadata/finalizers/-", "value": "kit.example/two"}]);
    let ran = trial.patch("configmap/held", &add);
    assert!(
        !ran.success
            && ran
                .stderr
                .contains("no new finalizers can be added if the object is being deleted"),
        "{ran}"
    );

    trial
        .patch(
            "configmap/held",
            &json!([{"op": "remove", "path": "/metadata/finalizers"}]),
        )
        .ok();
    let path = trial.path("configmaps", "held");
    assert!(
        trial.plane.get(&path).is_none(),
        "the object outlived its last finalizer"
    );
}

/// A namespace takes its pods first. As long as one lingers nothing else is even marked.
pub(crate) fn namespace_waits_for_its_pods(trial: &Trial<'_>) {
    trial.create_class();
    let volume = trial.create_volume("disk");
    trial.create_claim("data", &json!({}));
    trial.create_claim("unused", &json!({}));
    trial.wait_bound("data");
    trial.create_pod("user", "data", &json!({"kit/lingers": "true"}), &json!({}));
    trial.wait_running("user");

    let namespace = || trial.plane.get(&format!("/api/v1/namespaces/{}", trial.namespace));
    trial.delete_now(&format!("namespace/{}", trial.namespace));
    let remaining = |namespace: &Value| {
        let conditions = namespace["status"]["conditions"].as_array();
        let is = |one: &Value| one["type"] == "NamespaceContentRemaining" && one["status"] == "True";
        conditions.is_some_and(|all| all.iter().any(is))
    };
    wait("the namespace says what is left", namespace, remaining);
    let world = trial.settled();
    assert!(is_terminating(&world["pod user"]));
    assert!(
        !is_terminating(&world["claim data"]),
        "the claim was marked before the pods were gone"
    );
    assert!(
        !is_terminating(&world["claim unused"]),
        "the claim was marked before the pods were gone"
    );
    let ran = trial.kubectl(&["create", "configmap", "late"]);
    assert!(
        !ran.success && ran.stderr.contains("because it is being terminated"),
        "{ran}"
    );

    trial.kubectl(&["label", "pod/user", "kit/lingers-"]).ok();
    wait_gone("the namespace", namespace);
    trial.wait_phase(&volume, "Released");
}

/// What may not be changed, and in which words the server says so.
pub(crate) fn immutable_fields(trial: &Trial<'_>) {
    trial.create_class();
    let volume = trial.create_volume("disk");
    trial.create_claim("data", &json!({}));
    trial.wait_bound("data");
    let refused = |ran: Ran, words: &str| assert!(!ran.success && ran.stderr.contains(words), "no {words:?} in {ran}");
    let replace = |path: &str, value: Value| json!([{"op": "replace", "path": path, "value": value}]);

    let claim = trial.patch("pvc/data", &replace("/spec/accessModes", json!(["ReadOnlyMany"])));
    refused(
        claim,
        "spec: Forbidden: spec is immutable after creation except resources.requests and volumeAttributesClassName for \
         bound claims",
    );
    let source = trial.patch(
        &format!("pv/{volume}"),
        &replace("/spec/hostPath/path", json!("/elsewhere")),
    );
    refused(
        source,
        "spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation",
    );
    let class = format!("storageclass/{}", trial.namespace);
    refused(
        trial.patch(&class, &replace("/provisioner", json!("another"))),
        "updates to provisioner are forbidden.",
    );
    refused(
        trial.patch(&class, &replace("/reclaimPolicy", json!("Retain"))),
        "updates to reclaimPolicy are forbidden.",
    );
    let binding = trial.patch(&class, &replace("/volumeBindingMode", json!("WaitForFirstConsumer")));
    refused(binding, "field is immutable");
    trial
        .patch(
            &class,
            &json!([{"op": "add", "path": "/allowVolumeExpansion", "value": true}]),
        )
        .ok();
}
