//! `helm uninstall`, by both versions.

use pilothouse::forecast::Outcome;
use pilothouse::model::Propagation;
use pilothouse::model::act::Uninstall;
use serde_json::json;

use super::changes::{back_to_one, upgrade};
use super::{FOUR, Helm, THREE, chart, claim, config, deployment, ends, hook, installed, installed_on};
use crate::stage::{Errand, Stage, pod};
use crate::trial::{Trial, pod_spec};

/// A release of a workload on its claim, and a `ConfigMap`: all of it goes, the Retain volume is Released.
fn plain(trial: &Trial<'_>, helm: Helm) {
    let mut stage = installed(
        trial,
        helm,
        &[claim(trial, None), deployment("data"), config("settings")],
    );
    stage.until_running("web");
    let came = stage.errand(&helm.uninstall());
    came.ran.ok();
    assert!(
        came.reason("pvc/data").contains("without a policy"),
        "{:#?}",
        came.forecast
    );
}

pub(crate) fn plain_three(trial: &Trial<'_>) {
    plain(trial, THREE);
}

pub(crate) fn plain_four(trial: &Trial<'_>) {
    plain(trial, FOUR);
}

/// The disk of a Delete volume is destroyed with the release.
pub(crate) fn destroys(trial: &Trial<'_>) {
    let mut stage = installed_on(trial, FOUR, &[claim(trial, None)], "Delete");
    stage.until_bound("data");
    let came = stage.errand(&FOUR.uninstall());
    assert!(
        came.forecast
            .entries
            .iter()
            .any(|entry| matches!(entry.outcome, Outcome::VolumeDestroyed { .. }))
    );
}

/// A policy in the stored manifest keeps the claim, whatever it says; ` Keep ` is keep.
fn stored(trial: &Trial<'_>, helm: Helm, policy: &str, because: &str) {
    let mut stage = installed(trial, helm, &[claim(trial, Some(policy)), config("settings")]);
    stage.until_bound("data");
    let came = stage.errand(&helm.uninstall());
    let kept = came.ran.ok().stdout.contains("kept due to the resource policy");
    assert_eq!(kept, policy.trim().eq_ignore_ascii_case("keep"), "{}", came.ran);
    assert!(came.reason("pvc/data").contains(because), "{}", came.reason("pvc/data"));
}

pub(crate) fn stored_keep_three(trial: &Trial<'_>) {
    stored(trial, THREE, " Keep ", "says keep");
}

pub(crate) fn stored_keep_four(trial: &Trial<'_>) {
    stored(trial, FOUR, " Keep ", "says keep");
}

pub(crate) fn malformed_three(trial: &Trial<'_>) {
    stored(trial, THREE, "retain", "neither absent nor keep");
}

pub(crate) fn malformed_four(trial: &Trial<'_>) {
    stored(trial, FOUR, "", "neither absent nor keep");
}

/// `keep` on the live object alone saves nothing.
fn live_keep(trial: &Trial<'_>, helm: Helm) {
    let mut stage = installed(trial, helm, &[claim(trial, None)]);
    stage.by_kubectl(&["annotate", "pvc/data", "helm.sh/resource-policy=keep"]);
    stage.until_bound("data");
    let namespace = trial.namespace.clone();
    stage.until("the live keep", move |world| {
        let key = pilothouse::model::Key::new(pilothouse::model::Kind::PersistentVolumeClaim, &namespace, "data");
        world
            .get(&key)
            .is_some_and(|claim| claim.meta.annotations.get("helm.sh/resource-policy").is_some())
    });
    let came = stage.errand(&helm.uninstall());
    assert!(
        came.reason("pvc/data").contains("live keep does not count"),
        "{}",
        came.reason("pvc/data")
    );
}

pub(crate) fn live_keep_three(trial: &Trial<'_>) {
    live_keep(trial, THREE);
}

pub(crate) fn live_keep_four(trial: &Trial<'_>) {
    live_keep(trial, FOUR);
}

/// Ownership stripped from a claim and a `ConfigMap`: 3.22 deletes both, 4.3 leaves both.
fn stripped(trial: &Trial<'_>, helm: Helm, because: &str) {
    let mut stage = installed(trial, helm, &[claim(trial, None), config("settings")]);
    stage.until_bound("data");
    for object in ["pvc/data", "configmap/settings"] {
        stage.by_kubectl(&["label", object, "app.kubernetes.io/managed-by-"]);
        stage.by_kubectl(&[
            "annotate",
            object,
            "meta.helm.sh/release-name-",
            "meta.helm.sh/release-namespace-",
        ]);
    }
    let namespace = trial.namespace.clone();
    stage.until("the stamp to be gone", move |world| {
        let key = pilothouse::model::Key::new(pilothouse::model::Kind::PersistentVolumeClaim, &namespace, "data");
        world
            .get(&key)
            .is_some_and(|claim| claim.meta.annotations.get("meta.helm.sh/release-namespace").is_none())
    });
    let came = stage.errand(&helm.uninstall());
    came.ran.ok();
    for object in ["pvc/data", "ConfigMap/settings"] {
        assert!(came.reason(object).contains(because), "{}", came.reason(object));
    }
}

pub(crate) fn stripped_three(trial: &Trial<'_>) {
    stripped(trial, THREE, "ignored before 4.3");
}

pub(crate) fn stripped_four(trial: &Trial<'_>) {
    stripped(trial, FOUR, "leaves what is not this release's");
}

/// `--keep-history`, then a second uninstall refuses, and a third without it purges only.
fn keep_history(trial: &Trial<'_>, helm: Helm) {
    let mut stage = installed(trial, helm, &[claim(trial, None)]);
    stage.until_bound("data");
    let keep = |options: &mut Uninstall| options.keep_history = true;
    let arguments = ["uninstall", "app", "--keep-history"];
    stage.errand(&helm.uninstall_with(keep, &arguments)).ran.ok();
    let namespace = trial.namespace.clone();
    stage.until("the record to say uninstalled", move |world| {
        let mut records = world.in_namespace(pilothouse::model::Kind::Release, &namespace);
        records.any(|record| record.body.release().is_some_and(|facts| facts.status == "uninstalled"))
    });
    let came = stage.errand(&helm.uninstall_with(keep, &arguments));
    assert!(came.ran.stderr.contains("already deleted"), "{}", came.ran);
    assert!(
        came.forecast
            .entries
            .iter()
            .any(|entry| matches!(&entry.outcome, Outcome::Rejected { error } if error.contains("already deleted")))
    );
    stage.errand(&helm.uninstall()).ran.ok();
}

pub(crate) fn keep_history_three(trial: &Trial<'_>) {
    keep_history(trial, THREE);
}

pub(crate) fn keep_history_four(trial: &Trial<'_>) {
    keep_history(trial, FOUR);
}

/// What was deleted by hand before is passed over.
pub(crate) fn gone_already(trial: &Trial<'_>) {
    let mut stage = installed(trial, THREE, &[claim(trial, None), config("settings")]);
    stage.until_bound("data");
    stage.by_kubectl(&["delete", "pvc/data", "configmap/settings", "--wait=true"]);
    let namespace = trial.namespace.clone();
    stage.until("the claim to be gone", move |world| {
        world
            .in_namespace(pilothouse::model::Kind::PersistentVolumeClaim, &namespace)
            .next()
            .is_none()
    });
    stage.errand(&THREE.uninstall()).ran.ok();
}

/// The claims of a set's templates stand in no manifest, and stay.
fn set(trial: &Trial<'_>, helm: Helm, retention: &str) {
    let labels = json!({"app": "db"});
    let mut spec = pod_spec("none");
    spec["volumes"] = json!([]);
    let template = claim(trial, None);
    let set = json!({
        "apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "db"},
        "spec": {
            "serviceName": "db", "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": spec},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}, "spec": template["spec"]}],
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": retention, "whenScaled": "Retain"},
        },
    });
    let mut stage = installed(trial, helm, &[set]);
    stage.until_running("db-0");
    stage.errand(&helm.uninstall()).ran.ok();
}

pub(crate) fn set_leaves_its_claims(trial: &Trial<'_>) {
    set(trial, FOUR, "Retain");
}

pub(crate) fn set_takes_its_claims(trial: &Trial<'_>) {
    set(trial, THREE, "Delete");
}

/// `--cascade=orphan`: the pods of a Deployment stay.
pub(crate) fn orphaned(trial: &Trial<'_>) {
    let mut stage = installed(trial, THREE, &[claim(trial, Some("keep")), deployment("data")]);
    stage.until_running("web");
    let orphan = |options: &mut Uninstall| options.cascade = Propagation::Orphan;
    stage
        .errand(&THREE.uninstall_with(orphan, &["uninstall", "app", "--cascade=orphan"]))
        .ran
        .ok();
}

/// Seed 000: a foreign pod holds the release's claim, which hangs; the record is gone all the same.
pub(crate) fn held_by_a_foreign_pod(trial: &Trial<'_>) {
    let mut stage = installed(trial, THREE, &[claim(trial, None)]);
    stage.until_bound("data");
    stage.create(&[pod("foreign", "data", &json!({}))]);
    stage.until_running("foreign");
    let came = stage.errand(&THREE.uninstall());
    came.ran.ok();
    assert!(
        came.reason("pvc/data").contains("when they go"),
        "{}",
        came.reason("pvc/data")
    );
}

/// A hook's object of another event stays: hooks are nobody's.
pub(crate) fn hook_stays(trial: &Trial<'_>) {
    let post = hook("setup", "post-install", None, &ends());
    let mut stage = installed(trial, FOUR, &[config("settings"), post]);
    let came = stage.errand(&FOUR.uninstall());
    assert!(came.reason("job/setup").contains("never deletes hooks"));
}

/// A pre-delete hook runs and stays, or goes when its policy says so.
fn pre_delete(trial: &Trial<'_>, helm: Helm) {
    let first = hook("one", "pre-delete", None, &ends());
    let second = hook("two", "pre-delete", Some("hook-succeeded"), &ends());
    let mut stage = installed(trial, helm, &[config("settings"), first, second]);
    stage.errand(&helm.uninstall()).ran.ok();
}

pub(crate) fn pre_delete_three(trial: &Trial<'_>) {
    pre_delete(trial, THREE);
}

pub(crate) fn pre_delete_four(trial: &Trial<'_>) {
    pre_delete(trial, FOUR);
}

/// A pre-delete hook that fails: nothing is deleted, the release stays uninstalling, and then no upgrade is let in; a rollback
/// is, and makes what is missing.
fn pre_delete_fails(trial: &Trial<'_>, helm: Helm) {
    let fails = hook("last", "pre-delete", None, &json!({"labels": {"kit/ends": "failed"}}));
    let templates = [claim(trial, None), config("settings"), fails];
    let mut stage = installed(trial, helm, &templates);
    stage.until_bound("data");
    let came = stage.errand_on_real(&Errand {
        failing: &["last"],
        ..helm.uninstall()
    });
    assert!(!came.ran.success, "{}", came.ran);
    trial.kubectl(&["get", "configmap/settings"]).ok();
    let (errand, path) = upgrade(trial, helm, &templates);
    let came = stage.errand_on_real(&Errand {
        arguments: &["upgrade", "app", &path],
        ..errand
    });
    assert!(came.ran.stderr.contains("has no deployed releases"), "{}", came.ran);
    assert!(
        came.forecast.headline().contains("refused"),
        "{}",
        came.forecast.headline()
    );
    trial.kubectl(&["delete", "configmap/settings"]).ok();
    let came = stage.errand_on_real(&back_to_one(helm));
    came.ran.ok();
    assert!(
        came.forecast.headline().contains("makes 1 object"),
        "{}",
        came.forecast.headline()
    );
    trial.kubectl(&["get", "configmap/settings"]).ok();
}

pub(crate) fn pre_delete_fails_three(trial: &Trial<'_>) {
    pre_delete_fails(trial, THREE);
}

pub(crate) fn pre_delete_fails_four(trial: &Trial<'_>) {
    pre_delete_fails(trial, FOUR);
}

/// One kind of the stored manifest is not served any more. A helm that does not know it from its discovery cache gives up
/// and deletes nothing; one that does passes it over and deletes the rest. Nobody can foretell which.
fn unmappable(trial: &Trial<'_>, helm: Helm, cached: bool) {
    let group = format!("{}.example.com", trial.namespace);
    let definition = format!("widgets.{group}");
    let names = json!({"plural": "widgets", "singular": "widget", "kind": "Widget"});
    trial.plane.create(&json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": definition},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [{
            "name": "v1", "served": true, "storage": true,
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
        }]},
    }));
    trial
        .kubectl(&["wait", "--for=condition=Established", &format!("crd/{definition}")])
        .ok();
    let widget = json!({"apiVersion": format!("{group}/v1"), "kind": "Widget", "metadata": {"name": "one"}});
    let mut stage = Stage::new(trial);
    let (_, disk) = stage.volume("disk", "Retain");
    stage.create(&[disk]);
    let path = chart(trial, &[claim(trial, None), widget]);
    let home = trial.plane.path(&format!("home-{}", trial.namespace));
    let home = home.display().to_string();
    let install = ["--namespace", &trial.namespace, "install", "app", &path];
    let kubeconfig = trial.plane.kubeconfig(crate::support::persons::Person::Anna);
    let plane = trial.plane;
    plane
        .run_with(&kubeconfig, helm.program, &install, "", &[("HOME", &home)])
        .ok();
    trial
        .kubectl(&["delete", &format!("crd/{definition}"), "--wait=true"])
        .ok();
    trial.wait_bound("data");
    stage.until_real_revision(1);
    let (forecast, ran) = stage.errand_untold(&helm.uninstall(), cached.then_some(home.as_str()));
    assert!(
        forecast.headline().starts_with("unknown: 3 objects"),
        "{}",
        forecast.headline()
    );
    assert_eq!(ran.success, cached, "{ran}");
    if cached {
        crate::trial::wait_gone("the claim", || trial.claim("data"));
    } else {
        assert!(ran.stderr.contains("failed to delete release"), "{ran}");
        assert!(!crate::trial::is_terminating(&trial.wait_bound("data")));
    }
}

pub(crate) fn unmappable_three(trial: &Trial<'_>) {
    unmappable(trial, THREE, false);
}

pub(crate) fn unmappable_four(trial: &Trial<'_>) {
    unmappable(trial, FOUR, false);
}

pub(crate) fn unmappable_but_cached_three(trial: &Trial<'_>) {
    unmappable(trial, THREE, true);
}

pub(crate) fn unmappable_but_cached_four(trial: &Trial<'_>) {
    unmappable(trial, FOUR, true);
}

/// These trials can fail: what 4.3 would do is not what 3.22 does.
pub(crate) fn wrong_version_is_noticed(trial: &Trial<'_>) {
    let mut stage = installed(trial, THREE, &[claim(trial, None)]);
    stage.until_bound("data");
    stage.by_kubectl(&["label", "pvc/data", "app.kubernetes.io/managed-by-"]);
    let namespace = trial.namespace.clone();
    stage.until("the stamp to be gone", move |world| {
        let key = pilothouse::model::Key::new(pilothouse::model::Kind::PersistentVolumeClaim, &namespace, "data");
        let label = "app.kubernetes.io/managed-by";
        world
            .get(&key)
            .is_some_and(|claim| claim.meta.labels.get(label).is_none())
    });
    let wrong = Errand {
        program: THREE.program,
        ..FOUR.uninstall()
    };
    assert!(
        stage.notices_errand(&wrong),
        "a wrong forecast was taken for a right one"
    );
}
