//! The control plane itself: who may do what, and that its API server can be taken away and given back.

use serde_json::json;

use crate::support::persons::Person;
use crate::trial::{Trial, uid, wait};

/// Anna may do everything, Ben nothing until somebody lets him, the viewer may read.
pub(crate) fn persons(trial: &Trial<'_>) {
    let may = |person: Person, arguments: &[&str]| {
        let arguments = [&["auth", "can-i", "--namespace", &trial.namespace], arguments].concat();
        trial.plane.run(person, "kubectl", &arguments, "").success
    };
    assert!(may(Person::Anna, &["delete", "persistentvolumes"]));
    assert!(may(Person::Viewer, &["watch", "persistentvolumes"]));
    assert!(may(Person::Viewer, &["get", "pods"]));
    assert!(!may(Person::Viewer, &["delete", "pods"]));
    assert!(!may(Person::Viewer, &["get", "secrets"]));
    assert!(!may(Person::Ben, &["get", "pods"]));

    trial
        .kubectl(&["create", "rolebinding", "ben-views", "--clusterrole=view", "--user=ben"])
        .ok();
    wait(
        "ben may",
        || Some(json!(may(Person::Ben, &["get", "pods"]))),
        |may| *may == true,
    );
    assert!(!may(Person::Ben, &["get", "persistentvolumes"]));
}

/// Killed and started again, the API server still has everything, and the controllers find it.
pub(crate) fn killed_and_started_again(trial: &Trial<'_>) {
    trial.create_class();
    let volume = trial.create_volume("disk");
    let before = trial.create_claim("data", &json!({}));
    trial.wait_bound("data");

    trial.plane.stop_api_server();
    let ran = trial.kubectl(&["get", "pods"]);
    assert!(!ran.success, "{ran}");
    trial.plane.start_api_server();

    assert_eq!(uid(&trial.wait_bound("data")), uid(&before));
    trial.delete_now("pvc/data");
    trial.wait_phase(&volume, "Released");
    trial.create_pod(
        "user",
        "none",
        &json!({}),
        &json!({"volumes": [{"name": "data", "emptyDir": {}}]}),
    );
    trial.wait_running("user");
}

/// Frozen, the API server answers nobody; thawed, it goes on as if nothing had been.
pub(crate) fn frozen_and_thawed(trial: &Trial<'_>) {
    trial.plane.freeze_api_server();
    let ran = trial.kubectl(&["get", "pods", "--request-timeout=1s"]);
    trial.plane.thaw_api_server();
    assert!(!ran.success, "{ran}");
    wait(
        "it answers",
        || Some(json!(trial.kubectl(&["get", "pods"]).success)),
        |answers| *answers == true,
    );
}
