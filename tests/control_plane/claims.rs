//! What holds a claim, what lets it go, and what becomes of one that lost its volume (semantics §3.2, §3.3, §3.11).

use serde_json::{Value, json};

use crate::trial::{Trial, finalizers, is_terminating, uid, wait, wait_gone};

const PROTECTION: &str = "kubernetes.io/pvc-protection";

/// A claim under a running pod stays Terminating until the pod object is gone; then its Retain volume is Released.
pub(crate) fn held_by_a_running_pod(trial: &Trial<'_>) {
    let volume = bound(trial);
    trial.create_pod("user", "data", &json!({}), &json!({}));
    trial.wait_running("user");

    trial.delete_now("pvc/data");
    let claim = assert_held(trial, &volume);

    trial.delete_now("pod/user");
    wait_gone("the claim", || trial.claim("data"));
    let volume = trial.wait_phase(&volume, "Released");
    assert_eq!(
        volume["spec"]["claimRef"]["uid"],
        uid(&claim),
        "the volume forgot its claim"
    );
}

/// A pod that has done its work holds the claim as well as one that works.
pub(crate) fn held_by_a_succeeded_pod(trial: &Trial<'_>) {
    let volume = bound(trial);
    trial.create_pod(
        "user",
        "data",
        &json!({"kit/ends": "completed"}),
        &json!({"restartPolicy": "Never"}),
    );
    wait(
        "the pod has ended",
        || trial.pod("user"),
        |pod| pod["status"]["phase"] == "Succeeded",
    );

    trial.delete_now("pvc/data");
    assert_held(trial, &volume);

    trial.delete_now("pod/user");
    wait_gone("the claim", || trial.claim("data"));
    trial.wait_phase(&volume, "Released");
}

/// A pod that was deleted but whose kubelet does not answer holds the claim.
pub(crate) fn held_by_a_lingering_pod(trial: &Trial<'_>) {
    let volume = bound(trial);
    trial.create_pod("user", "data", &json!({"kit/lingers": "true"}), &json!({}));
    trial.wait_running("user");

    trial.delete_now("pod/user");
    trial.delete_now("pvc/data");
    assert_held(trial, &volume);
    assert!(is_terminating(&trial.pod("user").expect("the pod")));

    trial
        .kubectl(&["delete", "pod/user", "--force", "--grace-period=0"])
        .ok();
    wait_gone("the claim", || trial.claim("data"));
}

/// A pod that has a node but does not run yet holds the claim.
pub(crate) fn held_by_a_scheduled_pod(trial: &Trial<'_>) {
    let volume = bound(trial);
    trial.create_pod("user", "data", &json!({"kit/starts": "false"}), &json!({}));
    let has_node = |pod: &Value| pod["spec"]["nodeName"].is_string();
    let pod = wait("the pod has a node", || trial.pod("user"), has_node);
    assert_eq!(pod["status"]["phase"], "Pending");

    trial.delete_now("pvc/data");
    assert_held(trial, &volume);
}

/// A pod without a node does not hold the claim, and afterwards cannot be scheduled because the claim is gone.
pub(crate) fn not_held_by_an_unscheduled_pod(trial: &Trial<'_>) {
    let volume = bound(trial);
    trial.create_pod(
        "user",
        "data",
        &json!({}),
        &json!({"nodeSelector": {"nobody": "has-this"}}),
    );
    unschedulable(trial, "user");

    trial.delete_now("pvc/data");
    wait_gone("the claim", || trial.claim("data"));
    trial.wait_phase(&volume, "Released");
    let reason = "persistentvolumeclaim \"data\" not found";
    trial.create_pod("late", "data", &json!({}), &json!({}));
    assert!(
        unschedulable(trial, "late").contains(reason),
        "{}",
        unschedulable(trial, "late")
    );
}

/// The scheduler gives no node to a new pod on a claim that is going.
pub(crate) fn a_terminating_claim_takes_no_new_pod(trial: &Trial<'_>) {
    bound(trial);
    trial.create_pod("user", "data", &json!({}), &json!({}));
    trial.wait_running("user");
    trial.delete_now("pvc/data");

    trial.create_pod("late", "data", &json!({}), &json!({}));
    let why = unschedulable(trial, "late");
    assert!(why.contains("persistentvolumeclaim \"data\" is being deleted"), "{why}");

    trial.delete_now("pod/user");
    wait_gone("the claim", || trial.claim("data"));
}

/// A protection stripped before the delete comes back by itself.
pub(crate) fn an_early_strip_is_undone(trial: &Trial<'_>) {
    bound(trial);
    strip(trial, "pvc/data");
    let protected = |claim: &Value| finalizers(claim) == [PROTECTION];
    wait("the protection is back", || trial.claim("data"), protected);
}

/// A protection stripped after the delete frees the volume under the pod that still runs on it.
pub(crate) fn a_late_strip_frees_the_volume_under_the_pod(trial: &Trial<'_>) {
    let volume = bound(trial);
    trial.create_pod("user", "data", &json!({}), &json!({}));
    trial.wait_running("user");
    trial.delete_now("pvc/data");
    strip(trial, "pvc/data");

    wait_gone("the claim", || trial.claim("data"));
    trial.wait_phase(&volume, "Released");
    let world = trial.settled();
    assert_eq!(world["pod user"]["status"]["phase"], "Running");
}

/// A claim whose volume vanished is Lost. Deleting it is not held by anything, and leaves nothing behind.
pub(crate) fn a_lost_claim_can_be_deleted(trial: &Trial<'_>) {
    lose(trial);
    trial.delete_now("pvc/data");
    wait_gone("the claim", || trial.claim("data"));
    assert!(trial.settled().is_empty());
}

/// A Lost claim under a running pod is held as any other.
pub(crate) fn a_lost_claim_is_held_by_its_pod(trial: &Trial<'_>) {
    lose(trial);
    // The volume is gone, so no scheduler would place this pod: it says where it runs.
    let here = json!({"nodeName": crate::support::plane::NODE});
    trial.create_pod("user", "data", &json!({}), &here);
    trial.wait_running("user");
    trial.delete_now("pvc/data");
    let claim = &trial.settled()["claim data"];
    assert!(is_terminating(claim));
    assert_eq!(finalizers(claim), [PROTECTION]);

    trial.delete_now("pod/user");
    wait_gone("the claim", || trial.claim("data"));
}

/// A volume of the old name that comes back, without a claimRef or with that of the claim, ends the loss.
pub(crate) fn a_lost_claim_is_found_again(trial: &Trial<'_>) {
    let volume = lose(trial);
    trial.create_volume_unwatched(&volume, &json!({}));
    let claim = trial.wait_bound("data");
    assert_eq!(claim["spec"]["volumeName"], volume.as_str());
    let volume = trial.wait_phase(&volume, "Bound");
    assert_eq!(volume["spec"]["claimRef"]["uid"], uid(&claim));
}

/// A bound claim `data`; gives back its volume's name.
fn bound(trial: &Trial<'_>) -> String {
    trial.create_class();
    let volume = trial.create_volume("disk");
    trial.create_claim("data", &json!({}));
    trial.wait_bound("data");
    volume
}

/// Deletes the volume of a bound claim and strips its protection, so that the claim is Lost.
fn lose(trial: &Trial<'_>) -> String {
    let volume = bound(trial);
    trial.delete_now(&format!("pv/{volume}"));
    strip(trial, &format!("pv/{volume}"));
    wait_gone("the volume", || trial.volume(&volume));
    wait(
        "the claim is lost",
        || trial.claim("data"),
        |claim| claim["status"]["phase"] == "Lost",
    );
    volume
}

fn strip(trial: &Trial<'_>, object: &str) {
    trial
        .patch(object, &json!([{"op": "remove", "path": "/metadata/finalizers"}]))
        .ok();
}

/// At rest, the claim is Terminating but there, and still owns its volume.
fn assert_held(trial: &Trial<'_>, volume: &str) -> Value {
    let world = trial.settled();
    let claim = &world["claim data"];
    assert!(is_terminating(claim), "{claim}");
    assert_eq!(finalizers(claim), [PROTECTION]);
    assert_eq!(claim["status"]["phase"], "Bound");
    assert_eq!(world[&format!("volume {volume}")]["status"]["phase"], "Bound");
    claim.clone()
}

/// Waits until the scheduler has refused the pod, and gives back why.
fn unschedulable(trial: &Trial<'_>, pod: &str) -> String {
    let refusal = |pod: &Value| {
        let conditions = pod["status"]["conditions"].as_array()?;
        let refusal = conditions
            .iter()
            .find(|condition| condition["reason"] == "Unschedulable")?;
        refusal["message"].as_str().map(str::to_owned)
    };
    let pod = wait("the scheduler refuses", || trial.pod(pod), |pod| refusal(pod).is_some());
    refusal(&pod).expect("a message")
}
