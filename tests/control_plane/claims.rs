//! What holds a claim, and what lets it go (semantics §3.2).

use serde_json::json;

use crate::trial::{Trial, finalizers, is_terminating, uid};

const PROTECTION: &str = "kubernetes.io/pvc-protection";

/// A claim under a running pod stays Terminating until the pod object is gone; then its Retain volume is Released.
pub(crate) fn held_by_a_running_pod(trial: &Trial<'_>) {
    trial.create_class();
    let volume = trial.create_volume("disk");
    trial.create_claim("data", &json!({}));
    trial.wait_bound("data");
    trial.create_pod("user", "data", &json!({}), &json!({}));
    trial.wait_running("user");

    trial.delete_now("pvc/data");
    let world = trial.settled();
    let claim = &world["claim data"];
    assert!(is_terminating(claim), "{claim}");
    assert_eq!(finalizers(claim), [PROTECTION]);
    assert_eq!(claim["status"]["phase"], "Bound");
    assert_eq!(world[&format!("volume {volume}")]["status"]["phase"], "Bound");

    trial.delete_now("pod/user");
    trial.wait_gone("the claim", || trial.claim("data"));
    let volume = trial.wait_phase(&volume, "Released");
    assert_eq!(volume["spec"]["claimRef"]["uid"], uid(claim), "the volume forgot its claim");
}
