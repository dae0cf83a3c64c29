//! A helm that is killed while its record is pending, and one that takes over what is another's.

use pilothouse::model::act::HelmAct;
use serde_json::json;

use super::changes::{back_to_one, upgrade};
use super::{FOUR, Helm, THREE, claim, config, hook, installed};
use crate::stage::{Errand, Stage};
use crate::trial::Trial;

/// A release whose upgrade was killed in its first hook, which never ends.
fn killed<'plane>(trial: &'plane Trial<'plane>, helm: Helm) -> Stage<'plane> {
    let mut stage = installed(trial, helm, &[claim(trial, None), config("settings")]);
    stage.until_bound("data");
    let endless = hook("endless", "pre-upgrade", None, &json!({}));
    let (_, path) = upgrade(trial, helm, &[config("settings"), config("new"), endless]);
    stage.helm_killed(helm.program, &["upgrade", "app", &path], 2);
    stage.until_running("endless");
    stage
}

/// The payload says pending: no upgrade is let in, and a rollback is, which asks nobody.
fn pending(trial: &Trial<'_>, helm: Helm) {
    let mut stage = killed(trial, helm);
    let templates = [claim(trial, None), config("settings")];
    let (errand, path) = upgrade(trial, helm, &templates);
    let came = stage.errand(&Errand {
        arguments: &["upgrade", "app", &path],
        ..errand
    });
    assert!(came.ran.stderr.contains("another operation"), "{}", came.ran);
    let headline = came.forecast.headline();
    assert!(headline.contains("refused"), "{headline}");
    stage.errand(&back_to_one(helm)).ran.ok();
    trial.kubectl(&["get", "pvc/data"]).ok();
}

pub(crate) fn pending_three(trial: &Trial<'_>) {
    pending(trial, THREE);
}

pub(crate) fn pending_four(trial: &Trial<'_>) {
    pending(trial, FOUR);
}

/// An uninstall asks nothing either, and goes by the pending revision's manifest: what only the one before lists stays, and
/// belongs to nobody.
fn pending_uninstalled(trial: &Trial<'_>, helm: Helm) {
    let mut stage = killed(trial, helm);
    stage.errand(&helm.uninstall()).ran.ok();
    trial.kubectl(&["get", "pvc/data"]).ok();
    assert!(!trial.kubectl(&["get", "configmap/settings"]).success);
}

pub(crate) fn pending_uninstalled_three(trial: &Trial<'_>) {
    pending_uninstalled(trial, THREE);
}

pub(crate) fn pending_uninstalled_four(trial: &Trial<'_>) {
    pending_uninstalled(trial, FOUR);
}

/// With `--take-ownership` what is another's becomes the release's, and goes with it.
fn ownership_taken(trial: &Trial<'_>, helm: Helm) {
    let mut stage = installed(trial, helm, &[config("settings")]);
    let claim = claim(trial, None);
    stage.create(&[claim.clone(), config("theirs")]);
    stage.until_bound("data");
    let (mut errand, path) = upgrade(trial, helm, &[config("settings"), config("theirs"), claim]);
    let HelmAct::Upgrade(options) = &mut errand.act else {
        panic!("no upgrade");
    };
    options.take_ownership = true;
    let came = stage.errand(&Errand {
        arguments: &["upgrade", "app", &path, "--take-ownership"],
        ..errand
    });
    came.ran.ok();
    stage.until_revision(2);
    stage.errand(&helm.uninstall()).ran.ok();
    for gone in ["pvc/data", "configmap/theirs"] {
        assert!(!trial.kubectl(&["get", gone]).success, "{gone} is left");
    }
}

pub(crate) fn ownership_taken_three(trial: &Trial<'_>) {
    ownership_taken(trial, THREE);
}

pub(crate) fn ownership_taken_four(trial: &Trial<'_>) {
    ownership_taken(trial, FOUR);
}
