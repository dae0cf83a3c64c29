//! How many revisions helm keeps: what is forecast to make room for the next one, and what is left of the records then.

use std::collections::BTreeSet;

use pilothouse::forecast::{Forecast, Outcome};
use serde_json::json;

use super::changes::{upgrade, upgraded};
use super::{FOUR, Helm, THREE, chart, claim, config, installed};
use crate::stage::{Errand, Stage};
use crate::trial::Trial;
use pilothouse::model::act::{HelmAct, Rollback};

/// `helm history` shows ten revisions at most, and Pilothouse's helm is told nothing else.
const KEPT: u32 = 10;

fn numbered(revisions: impl IntoIterator<Item = u32>) -> BTreeSet<String> {
    let record = |revision| format!("sh.helm.release.v1.app.v{revision}");
    revisions.into_iter().map(record).collect()
}

/// The records that a forecast says will go.
fn foretold(forecast: &Forecast) -> BTreeSet<String> {
    let gone = forecast
        .entries
        .iter()
        .filter(|entry| entry.outcome == Outcome::Deleted);
    gone.filter(|entry| entry.object.kind.is_record())
        .map(|entry| entry.object.name.to_string())
        .collect()
}

/// The records that are there, on the real control plane.
fn there(trial: &Trial<'_>) -> BTreeSet<String> {
    let found = trial.kubectl(&["get", "secrets", "-l", "owner=helm,name=app", "-o", "name"]);
    let lines = found.ok().stdout.lines();
    lines
        .filter_map(|line| line.strip_prefix("secret/"))
        .map(str::to_owned)
        .collect()
}

/// Ten revisions, an eleventh, and back to the oldest that is left: its own record makes room for its return.
fn pruned(trial: &Trial<'_>, helm: Helm) {
    let settings = |data: u32| {
        let mut settings = config("settings");
        settings["data"]["a"] = json!(data.to_string());
        settings
    };
    let mut stage = installed(trial, helm, &[settings(1)]);
    for revision in 2..=KEPT {
        let path = chart(trial, &[settings(revision)]);
        stage.helm_plain(helm.program, &["upgrade", "app", &path]);
    }
    stage.until_revision(KEPT);
    assert_eq!(there(trial), numbered(1..=10), "nine of ten make no room");
    let came = upgraded(&mut stage, trial, helm, &[settings(11)]);
    came.ran.ok();
    assert_eq!(foretold(&came.forecast), numbered([1]));
    assert_eq!(there(trial), numbered(2..=11));

    stage.until_revision(11);
    let came = stage.errand(&back_to(helm, 2));
    came.ran.ok();
    assert_eq!(foretold(&came.forecast), numbered([2]));
    assert_eq!(there(trial), numbered(3..=12));
}

fn back_to(helm: Helm, to: u32) -> Errand<'static> {
    Errand {
        program: helm.program,
        act: HelmAct::Rollback(Rollback {
            executor: Some(helm.executor),
            to,
            no_hooks: false,
            ..Rollback::default()
        }),
        rendered: None,
        arguments: &["rollback", "app", "2"],
        failing: &[],
    }
}

/// Nine failed after the one that is deployed: the oldest of those go, it stays.
fn deployed_stays(trial: &Trial<'_>, helm: Helm) {
    let mut stage: Stage<'_> = installed(trial, helm, &[claim(trial, None)]);
    stage.until_bound("data");
    let mut other = claim(trial, None);
    other["spec"]["storageClassName"] = json!("another");
    let path = chart(trial, &[other]);
    for _ in 2..=KEPT {
        stage.helm_in_vain(helm.program, &["upgrade", "app", &path]);
    }
    stage.until_revision(KEPT);
    let (errand, path) = upgrade(trial, helm, &[claim(trial, None)]);
    let came = stage.errand(&Errand {
        arguments: &["upgrade", "app", &path],
        ..errand
    });
    came.ran.ok();
    assert_eq!(foretold(&came.forecast), numbered([2]));
    assert_eq!(there(trial), numbered((1..=11).filter(|revision| *revision != 2)));
}

pub(crate) fn pruned_three(trial: &Trial<'_>) {
    pruned(trial, THREE);
}

pub(crate) fn pruned_four(trial: &Trial<'_>) {
    pruned(trial, FOUR);
}

pub(crate) fn deployed_stays_three(trial: &Trial<'_>) {
    deployed_stays(trial, THREE);
}

pub(crate) fn deployed_stays_four(trial: &Trial<'_>) {
    deployed_stays(trial, FOUR);
}
