//! What Pilothouse forecasts of helm's acts, what the real helm then does on a real control plane, and on the sandbox.

use std::fs;

use pilothouse::forecast::Outcome;
use pilothouse::model::Propagation;
use pilothouse::model::act::{HelmAct, Rollback, Uninstall, Upgrade};
use pilothouse::model::helm::{Executor, Manifest};
use serde_json::{Value, json};

use crate::stage::{Errand, Stage, pod};
use crate::trial::{Trial, pod_spec};

/// A helm of the kit.
#[derive(Clone, Copy)]
struct Helm {
    program: &'static str,
    executor: Executor,
}

const THREE: Helm = Helm {
    program: "helm3",
    executor: Executor::new(3, 22, 0),
};
const FOUR: Helm = Helm {
    program: "helm4",
    executor: Executor::new(4, 3, 1),
};

impl Helm {
    fn uninstall(self) -> Errand<'static> {
        self.uninstall_with(|_| {}, &["uninstall", "app"])
    }

    fn uninstall_with<'a>(self, set: impl FnOnce(&mut Uninstall), arguments: &'a [&'a str]) -> Errand<'a> {
        let mut options = Uninstall::plain(Some(self.executor));
        set(&mut options);
        Errand {
            program: self.program,
            act: HelmAct::Uninstall(options),
            rendered: None,
            arguments,
            failing: &[],
        }
    }
}

/// The trial's chart with these templates, written anew; its path.
fn chart(trial: &Trial<'_>, templates: &[Value]) -> String {
    let chart = trial.plane.path("charts").join(&trial.namespace);
    let directory = chart.join("templates");
    if directory.exists() {
        fs::remove_dir_all(&directory).expect("the old templates to go");
    }
    fs::create_dir_all(&directory).expect("a directory for the chart");
    // JSON is YAML.
    let metadata = json!({"apiVersion": "v2", "name": "app", "version": "0.1.0"});
    fs::write(chart.join("Chart.yaml"), metadata.to_string()).expect("the chart's metadata");
    for (number, template) in templates.iter().enumerate() {
        fs::write(directory.join(format!("t{number}.yaml")), template.to_string()).expect("a template");
    }
    chart.display().to_string()
}

/// A stage with a volume `disk` and the release `app` of these templates on it.
fn installed<'plane>(trial: &'plane Trial<'plane>, helm: Helm, templates: &[Value]) -> Stage<'plane> {
    installed_on(trial, helm, templates, "Retain")
}

fn installed_on<'plane>(trial: &'plane Trial<'plane>, helm: Helm, templates: &[Value], policy: &str) -> Stage<'plane> {
    let mut stage = Stage::new(trial);
    let (_, disk) = stage.volume("disk", policy);
    stage.create(&[disk]);
    stage.helm_plain(helm.program, &["install", "app", &chart(trial, templates)]);
    stage.until_revision(1);
    stage
}

fn config(name: &str) -> Value {
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": {"a": "1"}})
}

fn claim(stage: &Trial<'_>, policy: Option<&str>) -> Value {
    let annotations = policy.map_or(json!({}), |policy| json!({"helm.sh/resource-policy": policy}));
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data", "annotations": annotations},
        "spec": {
            "storageClassName": stage.namespace, "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": "1Gi"}},
        },
    })
}

fn deployment(claim: &str) -> Value {
    let labels = json!({"app": "web"});
    json!({
        "apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"},
        "spec": {
            "replicas": 1, "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": pod_spec(claim)},
        },
    })
}

fn hook(name: &str, events: &str, policy: Option<&str>, pod: &Value) -> Value {
    let mut annotations = json!({"helm.sh/hook": events});
    if let Some(policy) = policy {
        annotations["helm.sh/hook-delete-policy"] = json!(policy);
    }
    job(name, &annotations, pod)
}

fn job(name: &str, annotations: &Value, pod: &Value) -> Value {
    json!({
        "apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": name, "annotations": annotations},
        "spec": {
            "backoffLimit": 0,
            "template": {"metadata": pod, "spec": {
                "restartPolicy": "Never", "containers": [{"name": "main", "image": "none"}],
            }},
        },
    })
}

/// Makes a pod end well: the first for the kit's kubelet, the second for the sandbox's.
fn ends() -> Value {
    json!({
        "labels": {"kit/ends": "completed"},
        "annotations": {"sandbox.pilothouse.dev/completes-after": "1s"},
    })
}

/// A release of a workload on its claim, and a ConfigMap: all of it goes, the Retain volume is Released.
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
    stage.kubectl(&["annotate", "pvc/data", "helm.sh/resource-policy=keep"]);
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

/// Ownership stripped from a claim and a ConfigMap: 3.22 deletes both, 4.3 leaves both.
fn stripped(trial: &Trial<'_>, helm: Helm, because: &str) {
    let mut stage = installed(trial, helm, &[claim(trial, None), config("settings")]);
    stage.until_bound("data");
    for object in ["pvc/data", "configmap/settings"] {
        stage.kubectl(&["label", object, "app.kubernetes.io/managed-by-"]);
        stage.kubectl(&[
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
    stage.kubectl(&["delete", "pvc/data", "configmap/settings", "--wait=true"]);
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

/// An upgrade of the release to these templates, by this helm.
fn upgraded(stage: &mut Stage<'_>, trial: &Trial<'_>, helm: Helm, templates: &[Value]) -> crate::stage::Errands {
    let path = chart(trial, templates);
    let arguments = ["template", "app", &path, "--is-upgrade"];
    let arguments = [&["--namespace", trial.namespace.as_str()], arguments.as_slice()].concat();
    let kubeconfig = trial.plane.kubeconfig(crate::support::persons::Person::Anna);
    let rendered = trial.plane.run_on(&kubeconfig, helm.program, &arguments, "");
    let rendered = rendered.ok().stdout.clone();
    stage.errand(&Errand {
        program: helm.program,
        act: HelmAct::Upgrade(Upgrade {
            executor: Some(helm.executor),
            rendered: Manifest::digest(&rendered),
            take_ownership: false,
            no_hooks: false,
        }),
        rendered: Some(rendered),
        arguments: &["upgrade", "app", &path],
        failing: &[],
    })
}

/// An object that the new manifest drops goes, unless it says keep live, to the letter.
fn dropped(trial: &Trial<'_>, helm: Helm, live: Option<&str>) {
    let mut stage = installed(trial, helm, &[claim(trial, None), config("settings"), config("old")]);
    stage.until_bound("data");
    if let Some(policy) = live {
        stage.kubectl(&["annotate", "pvc/data", &format!("helm.sh/resource-policy={policy}")]);
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
    let came = stage.errand(&Errand {
        program: helm.program,
        act: HelmAct::Rollback(Rollback {
            executor: Some(helm.executor),
            to: 1,
            no_hooks: false,
        }),
        rendered: None,
        arguments: &["rollback", "app", "1"],
        failing: &[],
    });
    came.ran.ok();
}

pub(crate) fn rolled_back_three(trial: &Trial<'_>) {
    rolled_back(trial, THREE);
}

pub(crate) fn rolled_back_four(trial: &Trial<'_>) {
    rolled_back(trial, FOUR);
}
