//! What the API server itself does with a DELETE, and what it refuses to change (semantics §3.1, §3.5, §3.10, §3.12).

use std::time::Duration;

use serde_json::{Value, json};

use crate::home::{Home, printed, said};
use crate::support::persons::Person;
use crate::support::run::Ran;
use crate::support::wait::until_still;
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

/// A namespace takes its pods first. As long as one lingers nothing else is even marked, and the condition that should
/// say what remains is False: only the content failure is True.
pub(crate) fn namespace_waits_for_a_lingering_pod(trial: &Trial<'_>) {
    let volume = furnished(trial);
    trial.create_pod("user", "data", &json!({"kit/lingers": "true"}), &json!({}));
    trial.wait_running("user");
    delete_namespace_and_wait_for(trial, "NamespaceDeletionContentFailure");
    assert!(!has_condition(
        &namespace(trial).expect("the namespace"),
        "NamespaceContentRemaining"
    ));
    assert_only_the_pod_is_going(trial);

    trial.kubectl(&["label", "pod/user", "kit/lingers-"]).ok();
    wait_gone("the namespace", || namespace(trial));
    trial.wait_phase(&volume, "Released");
}

/// The same with a pod that a finalizer holds: not one condition is True, although the namespace cannot go.
pub(crate) fn namespace_waits_for_a_pod_with_a_finalizer(trial: &Trial<'_>) {
    let volume = furnished(trial);
    trial.create_pod("user", "data", &json!({}), &json!({}));
    trial.wait_running("user");
    trial
        .patch(
            "pod/user",
            &json!([{"op": "add", "path": "/metadata/finalizers", "value": ["kit.example/held"]}]),
        )
        .ok();
    trial.delete_now(&format!("namespace/{}", trial.namespace));
    // The controller comes back every 8 s to something with a finalizer; it must have done so with no other result.
    let quiet = Duration::from_secs(10);
    let at_rest = until_still("the namespace at rest", quiet, Duration::from_mins(1), || {
        namespace(trial)
    });
    let at_rest = at_rest.unwrap_or_else(|why| panic!("{why}")).expect("the namespace");
    let conditions = at_rest["status"]["conditions"].as_array().expect("conditions");
    assert!(!conditions.is_empty());
    assert!(
        conditions.iter().all(|condition| condition["status"] == "False"),
        "{at_rest}"
    );
    assert_only_the_pod_is_going(trial);

    trial
        .patch("pod/user", &json!([{"op": "remove", "path": "/metadata/finalizers"}]))
        .ok();
    wait_gone("the namespace", || namespace(trial));
    trial.wait_phase(&volume, "Released");
}

/// With anything but a pod held by a finalizer it is told what remains, and why.
pub(crate) fn namespace_waits_for_a_finalizer(trial: &Trial<'_>) {
    trial.create(json!({
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "held", "finalizers": ["kit.example/held"]},
    }));
    delete_namespace_and_wait_for(trial, "NamespaceFinalizersRemaining");
    let waiting = namespace(trial).expect("the namespace");
    assert!(has_condition(&waiting, "NamespaceContentRemaining"));
    assert!(!has_condition(&waiting, "NamespaceDeletionContentFailure"));
    assert!(
        waiting.to_string().contains("kit.example/held in 1 resource instances"),
        "{waiting}"
    );

    trial
        .patch(
            "configmap/held",
            &json!([{"op": "remove", "path": "/metadata/finalizers"}]),
        )
        .ok();
    wait_gone("the namespace", || namespace(trial));
}

/// An API that is down: all content goes, and the namespace stays while nobody can tell what other kinds there are.
pub(crate) fn namespace_waits_for_an_api_that_is_down(trial: &Trial<'_>) {
    trial.create(json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "inside"}}));
    trial.plane.create(&json!({
        "apiVersion": "apiregistration.k8s.io/v1", "kind": "APIService", "metadata": {"name": "v1.down.kit.example"},
        "spec": {
            "group": "down.kit.example", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 10,
            "insecureSkipTLSVerify": true, "service": {"namespace": trial.namespace, "name": "nobody"},
        },
    }));
    let down = || {
        trial
            .plane
            .get("/apis/apiregistration.k8s.io/v1/apiservices/v1.down.kit.example")
    };
    wait("the API to be known as down", down, |service| {
        service.to_string().contains("ServiceNotFound")
    });
    assert_forecast_to_hang(trial, "v1.down.kit.example");
    delete_namespace_and_wait_for(trial, "NamespaceDeletionDiscoveryFailure");
    let inside = format!("/api/v1/namespaces/{}/configmaps/inside", trial.namespace);
    wait_gone("what was in it", || trial.plane.get(&inside));
    assert!(has_condition(
        &namespace(trial).expect("the namespace"),
        "NamespaceDeletionDiscoveryFailure"
    ));
    trial.kubectl(&["delete", "apiservice/v1.down.kit.example"]).ok();
    wait_gone("the namespace", || namespace(trial));
}

/// What Pilothouse forecasts of the namespace before anything is deleted.
fn assert_forecast_to_hang(trial: &Trial<'_>, service: &str) {
    let target = format!("namespace/{}", trial.namespace);
    let kubeconfig = trial.plane.kubeconfig(Person::Anna).display().to_string();
    let output = Home::new().run(&["forecast", "delete", &target, "-o", "json", "--kubeconfig", &kubeconfig]);
    let all = printed(&output) + &said(&output);
    let forecast: Value = serde_json::from_str(&printed(&output)).unwrap_or_else(|error| panic!("{error}: {all}"));
    let entries = forecast["entries"].as_array().expect("entries");
    let space = entries.iter().find(|entry| entry["object"]["kind"] == "Namespace");
    let space = space.unwrap_or_else(|| panic!("nothing of the namespace: {all}"));
    assert_eq!(space["outcome"], "hangs", "{all}");
    let holders = space["holders"].as_array().expect("holders");
    assert!(
        holders.iter().any(|holder| text(&holder["root"]).contains(service)),
        "{all}"
    );
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
    let parameters = json!([{"op": "add", "path": "/parameters", "value": {"type": "fast"}}]);
    for (field, change) in [
        ("provisioner", replace("/provisioner", json!("another"))),
        ("parameters", parameters),
        ("reclaimPolicy", replace("/reclaimPolicy", json!("Retain"))),
        (
            "volumeBindingMode",
            replace("/volumeBindingMode", json!("WaitForFirstConsumer")),
        ),
    ] {
        let ran = trial.patch(&class, &change);
        assert!(ran.stderr.contains("field is immutable"), "{ran}");
        refused(ran, &format!("{field}: "));
    }
    let zones = json!([{"matchLabelExpressions": [{"key": "zone", "values": ["one"]}]}]);
    for (path, value) in [("/allowVolumeExpansion", json!(true)), ("/allowedTopologies", zones)] {
        trial
            .patch(&class, &json!([{"op": "add", "path": path, "value": value}]))
            .ok();
    }
}

/// A used and an unused claim; gives back the name of the volume of the used one.
fn furnished(trial: &Trial<'_>) -> String {
    trial.create_class();
    let volume = trial.create_volume("disk");
    trial.create_claim("data", &json!({}));
    trial.wait_bound("data");
    trial.create_claim("unused", &json!({}));
    volume
}

fn namespace(trial: &Trial<'_>) -> Option<Value> {
    trial.plane.get(&format!("/api/v1/namespaces/{}", trial.namespace))
}

fn has_condition(namespace: &Value, kind: &str) -> bool {
    let conditions = namespace["status"]["conditions"].as_array();
    conditions.is_some_and(|all| all.iter().any(|one| one["type"] == kind && one["status"] == "True"))
}

fn delete_namespace_and_wait_for(trial: &Trial<'_>, condition: &str) {
    trial.delete_now(&format!("namespace/{}", trial.namespace));
    wait(
        condition,
        || namespace(trial),
        |namespace| has_condition(namespace, condition),
    );
}

fn assert_only_the_pod_is_going(trial: &Trial<'_>) {
    let world = trial.settled();
    assert!(is_terminating(&world["pod user"]));
    for claim in ["claim data", "claim unused"] {
        assert!(
            !is_terminating(&world[claim]),
            "{claim} was marked before the pod was gone"
        );
    }
    let ran = trial.kubectl(&["create", "configmap", "late"]);
    assert!(
        !ran.success && ran.stderr.contains("because it is being terminated"),
        "{ran}"
    );
}
