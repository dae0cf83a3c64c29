//! What an uninstall takes with it, by the version of Helm that does it (semantics §2.2, §2.3, §2.8).

use std::fs;

use serde_json::{Value, json};

use crate::support::run::Ran;
use crate::trial::{Trial, uid, wait_gone};

/// Which Helm does it.
type Helm = fn(&Trial<'_>, &[&str]) -> Ran;

const KEEP: &str = "helm.sh/resource-policy=keep";

fn three(trial: &Trial<'_>, arguments: &[&str]) -> Ran {
    trial
        .plane
        .helm3(&[&["--namespace", &trial.namespace], arguments].concat())
}

fn four(trial: &Trial<'_>, arguments: &[&str]) -> Ran {
    trial
        .plane
        .helm4(&[&["--namespace", &trial.namespace], arguments].concat())
}

/// Option B of seed 000 with Helm 3: the claim goes, whatever was done to the live object.
pub(crate) fn ownership_stripped_three(trial: &Trial<'_>) {
    installed(trial, three, None);
    strip_ownership(trial);
    three(trial, &["uninstall", "app"]).ok();
    wait_gone("the claim", || trial.claim("data"));
}

/// The same with Helm 4.3: the claim stays, and Helm says that it does.
pub(crate) fn ownership_stripped_four(trial: &Trial<'_>) {
    let claim = installed(trial, four, None);
    strip_ownership(trial);
    let ran = four(trial, &["uninstall", "app"]);
    ran.ok();
    assert!(
        format!("{}{}", ran.stdout, ran.stderr).contains("not owned by this release"),
        "{ran}"
    );
    assert_kept(trial, &claim);
}

/// `keep` on the live object alone protects from neither.
pub(crate) fn live_keep_three(trial: &Trial<'_>) {
    live_keep(trial, three);
}

pub(crate) fn live_keep_four(trial: &Trial<'_>) {
    live_keep(trial, four);
}

/// `keep` in the stored manifest protects from both.
pub(crate) fn stored_keep_three(trial: &Trial<'_>) {
    stored_keep(trial, three);
}

pub(crate) fn stored_keep_four(trial: &Trial<'_>) {
    stored_keep(trial, four);
}

/// Any other value in the stored manifest keeps the object too, and nobody says so.
pub(crate) fn malformed_policy_three(trial: &Trial<'_>) {
    malformed_policy(trial, three);
}

pub(crate) fn malformed_policy_four(trial: &Trial<'_>) {
    malformed_policy(trial, four);
}

fn live_keep(trial: &Trial<'_>, helm: Helm) {
    installed(trial, helm, None);
    trial.kubectl(&["annotate", "pvc/data", KEEP]).ok();
    helm(trial, &["uninstall", "app"]).ok();
    wait_gone("the claim", || trial.claim("data"));
}

fn stored_keep(trial: &Trial<'_>, helm: Helm) {
    let claim = installed(trial, helm, Some("keep"));
    let ran = helm(trial, &["uninstall", "app"]);
    assert!(ran.ok().stdout.contains("kept due to the resource policy"), "{ran}");
    assert_kept(trial, &claim);
}

fn malformed_policy(trial: &Trial<'_>, helm: Helm) {
    let claim = installed(trial, helm, Some("retain"));
    let ran = helm(trial, &["uninstall", "app"]);
    assert!(
        !format!("{}{}", ran.ok().stdout, ran.stderr).contains("data"),
        "it was mentioned: {ran}"
    );
    assert_kept(trial, &claim);
}

/// A release `app` of a chart that holds one claim; gives the claim back.
fn installed(trial: &Trial<'_>, helm: Helm, policy: Option<&str>) -> Value {
    let chart = trial.plane.path("charts").join(&trial.namespace);
    let annotations = policy.map_or(json!({}), |policy| json!({"helm.sh/resource-policy": policy}));
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "annotations": annotations},
        "spec": {
            "storageClassName": trial.namespace, "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    });
    fs::create_dir_all(chart.join("templates")).expect("a directory for the chart");
    // JSON is YAML.
    let metadata = json!({"apiVersion": "v2", "name": "app", "version": "0.1.0"});
    fs::write(chart.join("Chart.yaml"), metadata.to_string()).expect("the chart's metadata");
    fs::write(chart.join("templates/claim.yaml"), claim.to_string()).expect("the chart's template");

    trial.create_class();
    trial.create_volume("disk");
    helm(trial, &["install", "app", &chart.display().to_string()]).ok();
    trial.wait_bound("data")
}

/// What seed 000 calls Option B, and `keep` on the live object on top.
fn strip_ownership(trial: &Trial<'_>) {
    trial
        .kubectl(&["label", "pvc/data", "app.kubernetes.io/managed-by-"])
        .ok();
    let strip = ["meta.helm.sh/release-name-", "meta.helm.sh/release-namespace-", KEEP];
    trial
        .kubectl(&[&["annotate", "pvc/data"], strip.as_slice()].concat())
        .ok();
}

fn assert_kept(trial: &Trial<'_>, claim: &Value) {
    let world = trial.settled();
    assert_eq!(uid(&world["claim data"]), uid(claim));
    assert!(world["claim data"]["metadata"]["deletionTimestamp"].is_null());
}
