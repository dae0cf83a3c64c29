//! The two orders of seed 003 (semantics §3.8): what a StatefulSet does when its pod and its claim are deleted.

use serde_json::{Value, json};

use crate::trial::{Trial, is_terminating, pod_spec, text, uid, wait, wait_gone};

/// Pod first, claim second: the new pod holds the old claim, which can then never go.
pub(crate) fn pod_first(trial: &Trial<'_>) {
    let before = running_set(trial);

    trial.delete_now("pod/db-0");
    wait_replaced(trial, &before.pod);
    trial.delete_now("pvc/data-db-0");

    let world = trial.settled();
    let claim = &world["claim data-db-0"];
    assert_eq!(uid(claim), before.claim, "the claim is a new one");
    assert!(is_terminating(claim));
    assert_eq!(claim["spec"]["volumeName"], before.volume.as_str());
    assert_eq!(world["pod db-0"]["status"]["phase"], "Running");
    assert_eq!(phases(&world), ["Available", "Bound"]);
}

/// Claim first, pod second: the claim goes with the pod, and a new one is bound to another volume.
pub(crate) fn claim_first(trial: &Trial<'_>) {
    let before = running_set(trial);

    trial.delete_now("pvc/data-db-0");
    wait("the claim is going", || trial.claim("data-db-0"), is_terminating);
    trial.delete_now("pod/db-0");
    wait_replaced(trial, &before.pod);

    let world = trial.settled();
    let claim = &world["claim data-db-0"];
    assert_ne!(uid(claim), before.claim, "the claim is the old one");
    assert_eq!(claim["status"]["phase"], "Bound");
    assert_ne!(claim["spec"]["volumeName"], before.volume.as_str());
    assert_eq!(
        world[&format!("volume {}", before.volume)]["status"]["phase"],
        "Released"
    );
    assert_eq!(phases(&world), ["Bound", "Released"]);
}

/// Scaled down first, the claim goes at once; scaled up again there is a new one.
pub(crate) fn scaled_down_first(trial: &Trial<'_>) {
    let before = running_set(trial);

    trial.kubectl(&["scale", "statefulset/db", "--replicas=0"]).ok();
    wait_gone("the pod", || trial.pod("db-0"));
    assert_eq!(
        uid(&trial.settled()["claim data-db-0"]),
        before.claim,
        "scaling down keeps the claim"
    );
    trial.delete_now("pvc/data-db-0");
    wait_gone("the claim", || trial.claim("data-db-0"));
    trial.kubectl(&["scale", "statefulset/db", "--replicas=1"]).ok();
    trial.wait_running("db-0");

    let world = trial.settled();
    assert_ne!(world["claim data-db-0"]["spec"]["volumeName"], before.volume.as_str());
    assert_eq!(phases(&world), ["Bound", "Released"]);
}

/// Deleted with orphan, the set leaves pod and claim; a new set of that name adopts the pod without a restart.
pub(crate) fn orphaned_and_adopted(trial: &Trial<'_>) {
    let before = running_set(trial);

    trial.kubectl(&["delete", "statefulset/db", "--cascade=orphan"]).ok();
    let world = trial.settled();
    assert_eq!(uid(&world["pod db-0"]), before.pod);
    assert!(world["pod db-0"]["metadata"]["ownerReferences"].is_null());
    assert_eq!(uid(&world["claim data-db-0"]), before.claim);

    create_set(trial);
    let adopted = |pod: &Value| pod["metadata"]["ownerReferences"].is_array();
    wait("the pod is adopted", || trial.pod("db-0"), adopted);
    let world = trial.settled();
    assert_eq!(uid(&world["pod db-0"]), before.pod, "the pod was restarted");
    assert_eq!(uid(&world["claim data-db-0"]), before.claim);
}

/// With `whenDeleted: Delete` the claims are the set's own and go with it; the Retain volume stays.
pub(crate) fn when_deleted_takes_its_claim(trial: &Trial<'_>) {
    let before = running_set(trial);
    let policy = json!([{
        "op": "add", "path": "/spec/persistentVolumeClaimRetentionPolicy",
        "value": {"whenDeleted": "Delete", "whenScaled": "Retain"},
    }]);
    trial.patch("statefulset/db", &policy).ok();
    let owned = |claim: &Value| claim["metadata"]["ownerReferences"][0]["kind"] == "StatefulSet";
    wait("the claim is owned", || trial.claim("data-db-0"), owned);

    trial.delete_now("statefulset/db");
    wait_gone("the claim", || trial.claim("data-db-0"));
    trial.wait_phase(&before.volume, "Released");
}

/// What the set had before it was touched.
struct Before {
    pod: String,
    claim: String,
    volume: String,
}

/// A set of one, running, with a spare volume its claim could also have been bound to.
fn running_set(trial: &Trial<'_>) -> Before {
    trial.create_class();
    trial.create_volume("one");
    trial.create_volume("two");
    create_set(trial);
    let pod = trial.wait_running("db-0");
    let claim = trial.wait_bound("data-db-0");
    let volume = text(&claim["spec"]["volumeName"]).to_owned();
    Before {
        pod: uid(&pod).to_owned(),
        claim: uid(&claim).to_owned(),
        volume,
    }
}

fn create_set(trial: &Trial<'_>) {
    let labels = json!({"app": "db"});
    let mut spec = pod_spec("none");
    spec["volumes"] = json!([]);
    trial.create(json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db", "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "volumeClaimTemplates": [{
                "metadata": {"name": "data"},
                "spec": {
                    "storageClassName": trial.namespace, "accessModes": ["ReadWriteOnce"],
                    "resources": {"requests": {"storage": "1Gi"}},
                },
            }],
        },
    }));
}

fn wait_replaced(trial: &Trial<'_>, old: &str) {
    let replaced = |pod: &Value| uid(pod) != old && pod["status"]["phase"] == "Running";
    wait("a new pod runs", || trial.pod("db-0"), replaced);
}

/// The phases of the trial's volumes, sorted.
fn phases(world: &std::collections::BTreeMap<String, Value>) -> Vec<&str> {
    let volumes = world.iter().filter(|(name, _)| name.starts_with("volume "));
    let mut phases: Vec<_> = volumes.map(|(_, volume)| text(&volume["status"]["phase"])).collect();
    phases.sort_unstable();
    phases
}
