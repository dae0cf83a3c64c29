//! `helm install`, by both versions.

use pilothouse::forecast::Outcome;
use pilothouse::model::act::{HelmAct, Install};
use pilothouse::model::helm::Manifest;
use serde_json::{Value, json};

use super::{FOUR, Helm, THREE, chart, claim, config, deployment, ends, hook};
use crate::stage::{Errand, Errands, Stage};
use crate::trial::Trial;

/// The release `app` of these templates, installed by this helm on both sides.
fn installed(
    stage: &mut Stage<'_>,
    trial: &Trial<'_>,
    helm: Helm,
    templates: &[Value],
    take_ownership: bool,
) -> Errands {
    let path = chart(trial, templates);
    let kubeconfig = trial.plane.kubeconfig(crate::support::persons::Person::Anna);
    let words = ["--namespace", &trial.namespace, "template", "app", &path];
    let rendered = trial
        .plane
        .run_on(&kubeconfig, helm.program, &words, "")
        .ok()
        .stdout
        .clone();
    let mut arguments = vec!["install", "app", &path, "--timeout=10s"];
    if take_ownership {
        arguments.push("--take-ownership");
    }
    stage.errand(&Errand {
        program: helm.program,
        act: HelmAct::Install(Install {
            executor: Some(helm.executor),
            rendered: Manifest::digest(&rendered),
            take_ownership,
            ..Install::default()
        }),
        rendered: Some(rendered),
        arguments: &arguments,
        failing: &[],
    })
}

fn ready<'plane>(trial: &'plane Trial<'plane>) -> Stage<'plane> {
    let mut stage = Stage::new(trial);
    let (_, disk) = stage.volume("disk", "Retain");
    stage.create(&[disk]);
    stage
}

/// A workload on its claim, a `ConfigMap` and a hook that runs before.
fn plain(trial: &Trial<'_>, helm: Helm) {
    let mut stage = ready(trial);
    let templates = [
        claim(trial, None),
        deployment("data"),
        config("settings"),
        hook("setup", "pre-install", None, &ends()),
    ];
    installed(&mut stage, trial, helm, &templates, false).ran.ok();
}

pub(crate) fn install_three(trial: &Trial<'_>) {
    plain(trial, THREE);
}

pub(crate) fn install_four(trial: &Trial<'_>) {
    plain(trial, FOUR);
}

/// The seed's path C: a claim that was made before, with the release's stamp, is adopted and stays the same.
fn adopts(trial: &Trial<'_>, helm: Helm) {
    let mut stage = ready(trial);
    let mut stamped = claim(trial, None);
    stamped["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "Helm"});
    stamped["metadata"]["annotations"] =
        json!({"meta.helm.sh/release-name": "app", "meta.helm.sh/release-namespace": trial.namespace});
    stage.create(&[stamped]);
    stage.until_bound("data");
    let before = trial.claim("data").expect("the claim");
    installed(
        &mut stage,
        trial,
        helm,
        &[claim(trial, None), deployment("data")],
        false,
    )
    .ran
    .ok();
    let after = trial.claim("data").expect("the claim");
    assert_eq!(after["metadata"]["uid"], before["metadata"]["uid"]);
}

pub(crate) fn install_adopts_three(trial: &Trial<'_>) {
    adopts(trial, THREE);
}

pub(crate) fn install_adopts_four(trial: &Trial<'_>) {
    adopts(trial, FOUR);
}

/// A claim of nobody's stops it before anything is made.
fn refused(trial: &Trial<'_>, helm: Helm) {
    let mut stage = ready(trial);
    stage.create(&[claim(trial, None)]);
    stage.until_bound("data");
    let came = installed(&mut stage, trial, helm, &[claim(trial, None), config("new")], false);
    let error = "cannot be imported into the current release";
    assert!(!came.ran.success && came.ran.stderr.contains(error), "{}", came.ran);
    let told = came
        .forecast
        .entries
        .iter()
        .any(|entry| matches!(&entry.outcome, Outcome::Rejected { error: told } if told.contains(error)));
    assert!(told, "{:#?}", came.forecast);
}

pub(crate) fn install_refused_three(trial: &Trial<'_>) {
    refused(trial, THREE);
}

pub(crate) fn install_refused_four(trial: &Trial<'_>) {
    refused(trial, FOUR);
}

/// The same, taken over.
fn taken_over(trial: &Trial<'_>, helm: Helm) {
    let mut stage = ready(trial);
    stage.create(&[claim(trial, None)]);
    stage.until_bound("data");
    installed(&mut stage, trial, helm, &[claim(trial, None), deployment("data")], true)
        .ran
        .ok();
}

pub(crate) fn install_takes_over_three(trial: &Trial<'_>) {
    taken_over(trial, THREE);
}

pub(crate) fn install_takes_over_four(trial: &Trial<'_>) {
    taken_over(trial, FOUR);
}
