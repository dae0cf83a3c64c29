//! `helm upgrade` and `helm rollback`, by both versions.

use pilothouse::forecast::Outcome;
use pilothouse::model::act::{HelmAct, Rollback, Uninstall, Upgrade};
use pilothouse::model::helm::Manifest;
use serde_json::{Value, json};

use super::{FOUR, Helm, THREE, chart, claim, config, deployment, ends, hook, installed, job};
use crate::stage::{Errand, Errands, Stage, pod};
use crate::support::helm::template;
use crate::trial::Trial;

/// An upgrade of the release to these templates, by this helm.
pub(super) fn upgraded(stage: &mut Stage<'_>, trial: &Trial<'_>, helm: Helm, templates: &[Value]) -> Errands {
    let (errand, path) = upgrade(trial, helm, templates);
    stage.errand(&Errand {
        arguments: &["upgrade", "app", &path, "--timeout=10s"],
        ..errand
    })
}

/// The errand, still without its arguments, and the chart's path.
pub(super) fn upgrade(trial: &Trial<'_>, helm: Helm, templates: &[Value]) -> (Errand<'static>, String) {
    let path = chart(trial, templates);
    let arguments = template(&trial.namespace, "app", &path);
    let kubeconfig = trial.plane.kubeconfig(crate::support::persons::Person::Anna);
    let rendered = trial.plane.run_on(&kubeconfig, helm.program, &arguments, "");
    let rendered = rendered.ok().stdout.clone();
    let errand = Errand {
        program: helm.program,
        act: HelmAct::Upgrade(Upgrade {
            executor: Some(helm.executor),
            rendered: Manifest::digest(&rendered),
            take_ownership: false,
            no_hooks: false,
            ..Upgrade::default()
        }),
        rendered: Some(rendered),
        arguments: &[],
        failing: &[],
    };
    (errand, path)
}

/// An object that the new manifest drops goes, unless it says keep live, to the letter.
fn dropped(trial: &Trial<'_>, helm: Helm, live: Option<&str>) {
    let mut stage = installed(trial, helm, &[claim(trial, None), config("settings"), config("old")]);
    stage.until_bound("data");
    if let Some(policy) = live {
        stage.by_kubectl(&["annotate", "pvc/data", &format!("helm.sh/resource-policy={policy}")]);
        let namespace = trial.namespace.clone();
        stage.until("the live policy", move |world| {
            let key = pilothouse::model::Key::new(pilothouse::model::Kind::PersistentVolumeClaim, &namespace, "data");
            world
                .get(&key)
                .is_some_and(|claim| claim.meta.annotations.get("helm.sh/resource-policy").is_some())
        });
    }
    upgraded(&mut stage, trial, helm, &[config("settings")]).ran.ok();
}

pub(crate) fn dropped_three(trial: &Trial<'_>) {
    dropped(trial, THREE, None);
}

pub(crate) fn dropped_four(trial: &Trial<'_>) {
    dropped(trial, FOUR, None);
}

pub(crate) fn dropped_live_keep_three(trial: &Trial<'_>) {
    dropped(trial, THREE, Some("keep"));
}

pub(crate) fn dropped_live_keep_four(trial: &Trial<'_>) {
    dropped(trial, FOUR, Some("keep"));
}

pub(crate) fn dropped_live_keep_in_capitals(trial: &Trial<'_>) {
    dropped(trial, THREE, Some("Keep"));
}

/// An object that is new to the manifest and is there already, another's: nothing at all is done.
fn adoption(trial: &Trial<'_>, helm: Helm) {
    let mut stage = installed(trial, helm, &[config("settings")]);
    let claim = claim(trial, None);
    stage.create(std::slice::from_ref(&claim));
    stage.until_bound("data");
    let came = upgraded(&mut stage, trial, helm, &[config("new"), claim]);
    let error = "cannot be imported into the current release";
    assert!(!came.ran.success && came.ran.stderr.contains(error), "{}", came.ran);
    assert!(
        came.forecast
            .entries
            .iter()
            .any(|entry| matches!(&entry.outcome, Outcome::Rejected { error: told } if told.contains(error))),
        "{:#?}",
        came.forecast
    );
    assert!(came.forecast.others.is_empty(), "{:#?}", came.forecast.others);
}

pub(crate) fn adoption_three(trial: &Trial<'_>) {
    adoption(trial, THREE);
}

pub(crate) fn adoption_four(trial: &Trial<'_>) {
    adoption(trial, FOUR);
}

/// A field that cannot change: the rest is changed, nothing is deleted, the revision failed.
fn immutable(trial: &Trial<'_>, helm: Helm) {
    let mut stage = installed(trial, helm, &[claim(trial, None), config("settings"), config("old")]);
    stage.until_bound("data");
    let mut other = claim(trial, None);
    other["spec"]["storageClassName"] = json!("another");
    let came = upgraded(&mut stage, trial, helm, &[other, config("settings"), config("new")]);
    let error = "spec is immutable after creation";
    assert!(!came.ran.success && came.ran.stderr.contains(error), "{}", came.ran);
    assert!(
        came.forecast
            .entries
            .iter()
            .any(|entry| matches!(&entry.outcome, Outcome::Rejected { error: told } if told.contains(error))),
        "{:#?}",
        came.forecast
    );
    // the failed revision's own object is in neither manifest of the next upgrade: nobody ever takes it away
    stage.until_revision(2);
    upgraded(&mut stage, trial, helm, &[claim(trial, None), config("settings")])
        .ran
        .ok();
    trial.kubectl(&["get", "configmap/new"]).ok();
    assert!(!trial.kubectl(&["get", "configmap/old"]).success);
}

pub(crate) fn immutable_three(trial: &Trial<'_>) {
    immutable(trial, THREE);
}

pub(crate) fn immutable_four(trial: &Trial<'_>) {
    immutable(trial, FOUR);
}

/// Seed 002: a plain Job becomes a pre-upgrade hook of the same name.
fn flip(trial: &Trial<'_>, helm: Helm) {
    let mut stage = installed(trial, helm, &[config("settings"), job("setup", &json!({}), &ends())]);
    stage.until("the Job to be there", {
        let namespace = trial.namespace.clone();
        move |world| finished(world, &namespace)
    });
    let flipped = hook("setup", "pre-upgrade", None, &ends());
    upgraded(&mut stage, trial, helm, &[config("settings"), flipped])
        .ran
        .ok();
}

fn finished(world: &pilothouse::model::World, namespace: &str) -> bool {
    let mut jobs = world.in_namespace(pilothouse::model::Kind::Job, namespace);
    jobs.any(|job| job.body.job().is_some_and(|job| job.state().finished()))
}

pub(crate) fn flip_three(trial: &Trial<'_>) {
    flip(trial, THREE);
}

pub(crate) fn flip_four(trial: &Trial<'_>) {
    flip(trial, FOUR);
}

/// A hook becomes a plain object: it bears no stamp, and cannot be imported.
pub(crate) fn hook_becomes_plain(trial: &Trial<'_>) {
    let was = hook("setup", "post-install", None, &ends());
    let mut stage = installed(trial, THREE, &[config("settings"), was]);
    let came = upgraded(
        &mut stage,
        trial,
        THREE,
        &[config("settings"), job("setup", &json!({}), &ends())],
    );
    assert!(
        came.ran.stderr.contains("cannot be imported into the current release"),
        "{}",
        came.ran
    );
    assert!(came.reason("job/setup").contains("hooks bear no stamp"));
}

/// A claim becomes a pre-upgrade hook: its data is gone with the upgrade (trap 6).
pub(crate) fn claim_becomes_a_hook(trial: &Trial<'_>) {
    let mut stage = installed(trial, THREE, &[config("settings"), claim(trial, None)]);
    stage.until_bound("data");
    let mut flipped = claim(trial, None);
    flipped["metadata"]["annotations"] = json!({"helm.sh/hook": "post-upgrade"});
    upgraded(&mut stage, trial, THREE, &[config("settings"), flipped])
        .ran
        .ok();
}

/// Back to the first revision: what it listed is made again, what it did not list goes.
fn rolled_back(trial: &Trial<'_>, helm: Helm) {
    let mut stage = installed(
        trial,
        helm,
        &[config("settings"), deployment("data"), claim(trial, Some("keep"))],
    );
    stage.until_running("web");
    let mut two = deployment("data");
    two["spec"]["replicas"] = json!(0);
    upgraded(
        &mut stage,
        trial,
        helm,
        &[config("new"), two, claim(trial, Some("keep"))],
    )
    .ran
    .ok();
    stage.until_revision(2);
    stage.errand(&back_to_one(helm)).ran.ok();
}

pub(crate) fn rolled_back_three(trial: &Trial<'_>) {
    rolled_back(trial, THREE);
}

pub(crate) fn rolled_back_four(trial: &Trial<'_>) {
    rolled_back(trial, FOUR);
}

/// `helm rollback app 1`.
pub(super) fn back_to_one(helm: Helm) -> Errand<'static> {
    Errand {
        program: helm.program,
        act: HelmAct::Rollback(Rollback {
            executor: Some(helm.executor),
            to: 1,
            no_hooks: false,
            ..Rollback::default()
        }),
        rendered: None,
        arguments: &["rollback", "app", "1"],
        failing: &[],
    }
}

/// A rollback after `uninstall --keep-history` makes everything again; a claim comes back on a volume that is free.
pub(crate) fn rolled_back_after_uninstall(trial: &Trial<'_>) {
    let mut stage = installed(
        trial,
        THREE,
        &[claim(trial, None), deployment("data"), config("settings")],
    );
    stage.until_running("web");
    let keep = |options: &mut Uninstall| options.keep_history = true;
    let arguments = ["uninstall", "app", "--keep-history"];
    stage.errand(&THREE.uninstall_with(keep, &arguments)).ran.ok();
    let (_, spare) = stage.volume("spare", "Retain");
    stage.create(&[spare]);
    let namespace = trial.namespace.clone();
    stage.until("the spare volume", move |world| {
        let mut volumes = world.of_kind(pilothouse::model::Kind::PersistentVolume);
        volumes.any(|volume| volume.meta.name == format!("{namespace}-spare"))
    });
    stage.errand(&back_to_one(THREE)).ran.ok();
}

/// A claim in use that becomes a pre-upgrade hook: Helm 3 gives up waiting for it, Helm 4 does not wait and calls it done.
fn held_claim_becomes_a_hook(trial: &Trial<'_>, helm: Helm, succeeds: bool) {
    let mut stage = installed(trial, helm, &[config("settings"), claim(trial, None)]);
    stage.until_bound("data");
    stage.create(&[pod("foreign", "data", &json!({}))]);
    stage.until_running("foreign");
    let mut flipped = claim(trial, None);
    flipped["metadata"]["annotations"] = json!({"helm.sh/hook": "pre-upgrade"});
    let came = upgraded(&mut stage, trial, helm, &[config("settings"), flipped]);
    assert_eq!(came.ran.success, succeeds, "{}", came.ran);
}

pub(crate) fn held_claim_becomes_a_hook_three(trial: &Trial<'_>) {
    held_claim_becomes_a_hook(trial, THREE, false);
}

pub(crate) fn held_claim_becomes_a_hook_four(trial: &Trial<'_>) {
    held_claim_becomes_a_hook(trial, FOUR, true);
}

/// The flip without `before-hook-creation`: Helm 3 finds it there and fails, Helm 4 applies onto the finished Job, which
/// "succeeds" without running again.
fn flip_without_deletion(trial: &Trial<'_>, helm: Helm, succeeds: bool) {
    let mut stage = installed(trial, helm, &[config("settings"), job("setup", &json!({}), &ends())]);
    let namespace = trial.namespace.clone();
    stage.until("the Job to end", move |world| finished(world, &namespace));
    let flipped = hook("setup", "pre-upgrade", Some("hook-failed"), &ends());
    let came = upgraded(&mut stage, trial, helm, &[config("settings"), flipped]);
    assert_eq!(came.ran.success, succeeds, "{}", came.ran);
}

pub(crate) fn flip_without_deletion_three(trial: &Trial<'_>) {
    flip_without_deletion(trial, THREE, false);
}

pub(crate) fn flip_without_deletion_four(trial: &Trial<'_>) {
    flip_without_deletion(trial, FOUR, true);
}

/// With another template Helm 4 cannot apply it: the Job is immutable, and the revision fails.
pub(crate) fn flip_to_another_template_four(trial: &Trial<'_>) {
    let mut stage = installed(trial, FOUR, &[config("settings"), job("setup", &json!({}), &ends())]);
    let namespace = trial.namespace.clone();
    stage.until("the Job to end", move |world| finished(world, &namespace));
    let mut flipped = hook("setup", "pre-upgrade", Some("hook-failed"), &ends());
    flipped["spec"]["template"]["spec"]["containers"][0]["image"] = json!("another");
    let came = upgraded(&mut stage, trial, FOUR, &[config("settings"), flipped]);
    assert!(
        !came.ran.success && came.ran.stderr.contains("field is immutable"),
        "{}",
        came.ran
    );
    assert!(
        came.forecast.headline().contains("refused"),
        "{}",
        came.forecast.headline()
    );
}

/// Scaled down by hand, then upgraded to the same manifest: Helm 3 scales it up again.
pub(crate) fn drift_is_undone(trial: &Trial<'_>) {
    let templates = [claim(trial, None), deployment("data")];
    let mut stage = scaled_by_hand(trial, THREE, &templates, 0);
    let came = upgraded(&mut stage, trial, THREE, &templates);
    came.ran.ok();
    assert!(
        came.reason("deployment/web")
            .contains("changed by hand (spec.replicas)")
    );
}

/// With Helm 4 (server-side apply) it depends on whose the field is, which Pilothouse does not read, and says so. `kubectl
/// scale` to 2 makes it kubectl's: a conflict. To 0 it becomes nobody's, since a zero is left out: scaled up again.
fn drift_is_unknown(trial: &Trial<'_>, replicas: u32, conflict: bool) {
    let templates = [claim(trial, None), deployment("data")];
    let mut stage = scaled_by_hand(trial, FOUR, &templates, replicas);
    let (errand, path) = upgrade(trial, FOUR, &templates);
    let arguments = ["upgrade", "app", &path];
    let asked = Errand {
        arguments: &arguments,
        ..errand
    };
    let (forecast, ran) = stage.errand_untold(&asked, None);
    let told = forecast.entries.iter().find(|entry| entry.object.name == "web");
    let unknown = told.is_some_and(|entry| matches!(entry.outcome, Outcome::Unknown { .. }));
    assert!(unknown, "{forecast:#?}");
    assert_eq!(ran.stderr.contains("conflict"), conflict, "{ran}");
    let web = trial.kubectl(&["get", "deployment/web", "-o", "json"]).json();
    assert_eq!(web["spec"]["replicas"], if conflict { replicas } else { 1 });
}

pub(crate) fn drift_is_a_conflict(trial: &Trial<'_>) {
    drift_is_unknown(trial, 2, true);
}

pub(crate) fn drift_to_nothing_is_undone(trial: &Trial<'_>) {
    drift_is_unknown(trial, 0, false);
}

fn scaled_by_hand<'plane>(
    trial: &'plane Trial<'plane>,
    helm: Helm,
    templates: &[Value],
    replicas: u32,
) -> Stage<'plane> {
    let mut stage = installed(trial, helm, templates);
    stage.until_running("web");
    stage.by_kubectl(&["scale", "deployment/web", &format!("--replicas={replicas}")]);
    let namespace = trial.namespace.clone();
    stage.until("the pods to be as many", move |world| {
        let pods = world.in_namespace(pilothouse::model::Kind::Pod, &namespace).count();
        u32::try_from(pods).is_ok_and(|pods| pods == replicas)
    });
    stage
}
