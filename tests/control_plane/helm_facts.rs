//! What Helm does besides the acts that are forecast: definitions in `crds/`, and its dry run (semantics §2.5, §3.12).

use std::fs;

use serde_json::{Value, json};

use crate::helm_acts::{Helm, chart, config};
use crate::support::persons::Person;
use crate::trial::{Trial, text, wait, wait_gone};

fn helm(trial: &Trial<'_>, helm: Helm, arguments: &[&str]) -> crate::support::run::Ran {
    let arguments = [&["--namespace", &trial.namespace], arguments].concat();
    match helm.program {
        "helm3" => trial.plane.helm3(&arguments),
        _ => trial.plane.helm4(&arguments),
    }
}

fn definition(trial: &Trial<'_>, short: &str, labels: &Value) -> Value {
    let group = format!("{}.example.com", trial.namespace);
    let names = json!({"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList", "shortNames": [short]});
    json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("widgets.{group}"), "labels": labels},
        "spec": {"group": group, "names": names, "scope": "Namespaced", "versions": [{
            "name": "v1", "served": true, "storage": true,
            "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
        }]},
    })
}

/// Writes a definition into the chart's `crds/`.
fn with_definition(trial: &Trial<'_>, new: &Value) {
    let crds = trial.plane.path("charts").join(&trial.namespace).join("crds");
    fs::create_dir_all(&crds).expect("a directory for definitions");
    fs::write(crds.join("widgets.yaml"), new.to_string()).expect("the definition");
}

/// An upgrade looks at no `crds/`, in either version: a definition that is new there is not made, and one that is there stays
/// as it was.
fn definitions_of_an_upgrade(trial: &Trial<'_>, by: Helm) {
    let path = chart(trial, &[config("settings")]);
    helm(trial, by, &["install", "app", &path]).ok();
    let name = format!("crd/widgets.{}.example.com", trial.namespace);
    with_definition(trial, &definition(trial, "new", &json!({"from": "chart"})));
    helm(trial, by, &["upgrade", "app", &path]).ok();
    assert!(!trial.kubectl(&["get", &name]).success, "the upgrade made {name}");
    trial.plane.create(&definition(trial, "old", &json!({})));
    helm(trial, by, &["upgrade", "app", &path]).ok();
    let came = trial.kubectl(&["get", &name, "-o", "json"]).json();
    assert!(came["metadata"]["labels"]["from"].is_null(), "{came}");
    helm(trial, by, &["uninstall", "app"]).ok();
    trial.kubectl(&["get", &name]).ok();
    trial.kubectl(&["delete", &name]).ok();
}

pub(crate) fn definitions_of_an_upgrade_three(trial: &Trial<'_>) {
    definitions_of_an_upgrade(trial, crate::helm_acts::THREE);
}

pub(crate) fn definitions_of_an_upgrade_four(trial: &Trial<'_>) {
    definitions_of_an_upgrade(trial, crate::helm_acts::FOUR);
}

/// Installs a chart whose `crds/` holds a definition that is there already, made by kubectl with the short name `old`. Gives
/// back what helm said and the definition as it is then.
fn installed_over(trial: &Trial<'_>, by: Helm, short: &str) -> (crate::support::run::Ran, Value) {
    trial.plane.create(&definition(trial, "old", &json!({})));
    let name = format!("crd/widgets.{}.example.com", trial.namespace);
    trial.kubectl(&["wait", "--for=condition=Established", &name]).ok();
    let path = chart(trial, &[config("settings")]);
    with_definition(trial, &definition(trial, short, &json!({"from": "chart"})));
    let ran = helm(trial, by, &["install", "app", &path]);
    let came = trial.kubectl(&["get", &name, "-o", "json"]).json();
    trial.kubectl(&["delete", &name]).ok();
    (ran, came)
}

/// Helm 3 passes over a definition that is there.
pub(crate) fn definition_passed_over_three(trial: &Trial<'_>) {
    let (ran, came) = installed_over(trial, crate::helm_acts::THREE, "new");
    ran.ok();
    assert_eq!(came["spec"]["names"]["shortNames"], json!(["old"]));
    assert!(came["metadata"]["labels"]["from"].is_null(), "{came}");
}

/// Helm 4 applies it: what nobody else owns is changed.
pub(crate) fn definition_patched_four(trial: &Trial<'_>) {
    let (ran, came) = installed_over(trial, crate::helm_acts::FOUR, "old");
    ran.ok();
    assert_eq!(came["metadata"]["labels"]["from"], "chart", "{came}");
}

/// What somebody else owns is a conflict, and nothing is installed.
pub(crate) fn definition_conflicts_four(trial: &Trial<'_>) {
    let (ran, came) = installed_over(trial, crate::helm_acts::FOUR, "new");
    assert!(!ran.success && ran.stderr.contains("conflict"), "{ran}");
    assert_eq!(came["spec"]["names"]["shortNames"], json!(["old"]));
    assert!(!trial.kubectl(&["get", "configmap/settings"]).success);
}

/// A definition in `templates/` is of the release like anything else: an uninstall deletes it, and with it every object of its
/// kind, whoever made it and wherever.
fn definition_in_templates(trial: &Trial<'_>, by: Helm) {
    let definition = definition(trial, "new", &json!({}));
    let path = chart(trial, std::slice::from_ref(&definition));
    helm(trial, by, &["install", "app", &path]).ok();
    let name = format!("crd/{}", text(&definition["metadata"]["name"]));
    trial.kubectl(&["wait", "--for=condition=Established", &name]).ok();
    let elsewhere = format!("{}-elsewhere", trial.namespace);
    trial
        .plane
        .create(&json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": elsewhere}}));
    let group = text(&definition["spec"]["group"]);
    for namespace in [&trial.namespace, &elsewhere] {
        let widget = json!({
            "apiVersion": format!("{group}/v1"), "kind": "Widget", "metadata": {"name": "foreign", "namespace": namespace},
        });
        let made = trial
            .plane
            .run(Person::Anna, "kubectl", &["create", "-f", "-"], &widget.to_string());
        made.ok();
    }
    // while its storage is made anew the server answers 429
    let widgets = || trial.plane.api().get(&format!("/apis/{group}/v1/widgets"));
    let both = |list: &Value| list["items"].as_array().is_some_and(|items| items.len() == 2);
    wait("both widgets", || widgets().unwrap_or_default(), both);
    helm(trial, by, &["uninstall", "app"]).ok();
    wait_gone("the widgets of everybody", || widgets().unwrap_or(Some(Value::Null)));
    assert!(!trial.kubectl(&["get", &name]).success, "{name} is still there");

    // made again under its name it is empty
    trial.plane.create(&definition);
    trial.kubectl(&["wait", "--for=condition=Established", &name]).ok();
    let left = wait(
        "the new definition is served",
        || widgets().unwrap_or_default(),
        |_| true,
    );
    assert_eq!(left["items"], json!([]));
    trial.kubectl(&["delete", &name]).ok();
}

pub(crate) fn definition_in_templates_three(trial: &Trial<'_>) {
    definition_in_templates(trial, crate::helm_acts::THREE);
}

pub(crate) fn definition_in_templates_four(trial: &Trial<'_>) {
    definition_in_templates(trial, crate::helm_acts::FOUR);
}

/// `--dry-run=server` looks things up and asks the server about no object: what it would refuse is not found out.
fn dry_run(trial: &Trial<'_>, by: Helm) {
    trial.create(config("seen"));
    let mut refused = config("Never_A_Name");
    refused["data"]["found"] = json!("{{ (lookup `v1` `ConfigMap` .Release.Namespace `seen`).data.a }}");
    let path = chart(trial, &[refused]);
    let ran = helm(trial, by, &["install", "app", &path, "--dry-run=server"]);
    assert!(ran.ok().stdout.contains(r#""found":"1""#), "{ran}");
    let ran = helm(trial, by, &["install", "app", &path]);
    assert!(!ran.success && ran.stderr.contains("Invalid value"), "{ran}");
}

pub(crate) fn dry_run_three(trial: &Trial<'_>) {
    dry_run(trial, crate::helm_acts::THREE);
}

pub(crate) fn dry_run_four(trial: &Trial<'_>) {
    dry_run(trial, crate::helm_acts::FOUR);
}
