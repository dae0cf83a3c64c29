//! Helm release revisions, by the labels of their records only. The payload decides an upgrade and is not read here.
//!
//! Source: `reference/semantics.md` §2.1, §2.7, traps 21–23.

use super::super::finding::Explanation;
use super::super::look::Look;
use super::super::phrase;
use super::super::story::Story;
use crate::laws::Reason;
use crate::model::act::{HelmAct, Rollback, Uninstall};
use crate::model::fact::Release;
use crate::model::{Act, Kind, Object};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Whether the label says that an operation is under way, or was killed on its way.
pub(crate) fn pending(status: &str) -> bool {
    matches!(
        status,
        "pending-install" | "pending-upgrade" | "pending-rollback" | "uninstalling"
    )
}

/// The newest revision of each release of a namespace, by name.
pub(crate) fn latest<'a>(look: Look<'a>, namespace: &'a str) -> BTreeMap<&'a str, &'a Arc<Object>> {
    let mut newest: BTreeMap<&str, &Arc<Object>> = BTreeMap::new();
    for object in look.world.in_namespace(Kind::Release, namespace) {
        let Some(release) = object.body.release() else {
            continue;
        };
        let held = newest.entry(release.name.as_str()).or_insert(object);
        if held.body.release().is_some_and(|held| held.revision < release.revision) {
            *held = object;
        }
    }
    newest
}

pub(crate) fn sentence(look: Look<'_>, object: &Object, release: &Release) -> String {
    format!(
        "r{} {}{}",
        release.revision,
        release.status,
        phrase::aged(look.now, object.meta.creation_timestamp)
    )
}

pub(crate) fn explain(look: Look<'_>, object: &Object, release: &Release) -> Explanation {
    let mut story = Story::of(look, object);
    let said = sentence(look, object, release);
    let namespace = &object.meta.namespace;
    let newest = latest(look, namespace)
        .get(release.name.as_str())
        .map(|found| found.key());
    let is_newest = newest.as_ref() == Some(&object.key());
    if is_newest && pending(&release.status) {
        recover(&mut story, object, release);
    } else if is_newest && release.status == "failed" {
        story.step(format!(
            "find out what failed, then upgrade or roll back {}: what the failed revision made and no other names stays as orphans",
            release.name
        ));
    }
    for other in look.world.in_namespace(Kind::Release, namespace) {
        if other.body.release().is_some_and(|held| held.name == release.name) && other.key() != object.key() {
            story.link(1, other.key(), super::sentence(look, other), Reason::default());
        }
    }
    let reason = Reason::new(
        "read from the labels of the release record; its payload, which decides, is read for a forecast only",
    )
    .seen(&object.key(), "metadata.labels.status", release.status.as_str())
    .seen(&object.key(), "metadata.labels.version", release.revision.to_string());
    story.told(said, reason)
}

/// The recovery of §2.7, per status: the operator's own helm does it, and what it would come to can be forecast.
fn recover(story: &mut Story<'_>, object: &Object, release: &Release) {
    let name = &release.name;
    let uninstall = HelmAct::Uninstall(Uninstall::plain(None));
    let (sentence, helm) = match release.status.as_str() {
        "pending-install" => (
            format!(
                "see that no helm is running; then helm uninstall {name} and install again, but first see which PVCs that would delete"
            ),
            Some(uninstall),
        ),
        "uninstalling" => (
            format!(
                "find out what failed (a hook, a delete); then run helm uninstall {name} again, or roll back to a stored revision"
            ),
            Some(uninstall),
        ),
        _ => {
            let back = deployed(story.look, object, release).map(|to| {
                HelmAct::Rollback(Rollback {
                    executor: None,
                    to,
                    no_hooks: false,
                    ..Rollback::default()
                })
            });
            let sentence = format!(
                "see that no helm is running; then helm rollback {name} to the last deployed revision{}",
                match &back {
                    Some(HelmAct::Rollback(options)) => format!(", {}", options.to),
                    Some(_) | None => ", if one is left: none is in sight".to_owned(),
                }
            );
            (sentence, back)
        }
    };
    match helm {
        Some(helm) => {
            let release = object.pin();
            story.act(
                sentence,
                Act::Helm {
                    release,
                    helm,
                    means: None,
                },
            );
        }
        None => story.step(sentence),
    }
}

/// The newest revision of the release whose label says deployed.
fn deployed(look: Look<'_>, object: &Object, release: &Release) -> Option<u32> {
    look.world
        .in_namespace(Kind::Release, &object.meta.namespace)
        .filter_map(|other| other.body.release())
        .filter(|other| other.name == release.name && other.status == "deployed")
        .map(|other| other.revision)
        .max()
}
