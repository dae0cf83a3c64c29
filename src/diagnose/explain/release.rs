//! Helm release revisions: by the labels of their records, and by the payload, which decides, where it was read.
//!
//! Source: `reference/semantics.md` §2.1, §2.7, traps 21–23; what helm 3.22 and 4.3 allow on a release that hangs was seen on
//! a real control plane (`tests/control_plane/releases.rs`).

use super::super::finding::Explanation;
use super::super::look::Look;
use super::super::phrase;
use super::super::standing::mislabelled;
use super::super::story::Story;
use crate::laws::Reason;
use crate::model::act::{HelmAct, Rollback, Uninstall};
use crate::model::fact::Release;
use crate::model::helm::Record;
use crate::model::time::short_span;
use crate::model::{Act, Kind, Object, Text};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Helm's own default timeout: an operation that goes by it is over after this long, one way or the other.
pub(crate) const PATIENCE: Duration = Duration::from_mins(5);

/// Whether the label says that an operation is under way, or was killed on its way.
pub(crate) fn pending(status: &str) -> bool {
    matches!(
        status,
        "pending-install" | "pending-upgrade" | "pending-rollback" | "uninstalling"
    )
}

/// The newest revision of each release of a namespace whose records are of this kind, by name.
pub(crate) fn latest<'a>(look: Look<'a>, kind: Kind, namespace: &'a str) -> BTreeMap<&'a str, &'a Arc<Object>> {
    let mut newest: BTreeMap<&str, &Arc<Object>> = BTreeMap::new();
    for object in look.world.in_namespace(kind, namespace) {
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

/// The release that a record of this name is of: `sh.helm.release.v1.NAME.vREVISION`.
pub(crate) fn named(record: &str) -> Option<&str> {
    let (name, _revision) = record.strip_prefix("sh.helm.release.v1.")?.rsplit_once(".v")?;
    Some(name)
}

pub(crate) fn sentence(look: Look<'_>, object: &Object, release: &Release) -> String {
    if object.meta.deleting() {
        return super::going(look, object);
    }
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
    let newest = latest(look, object.kind(), namespace)
        .get(release.name.as_str())
        .map(|found| found.key());
    let record = read(look, object);
    if object.meta.deleting() {
        story.held_by_finalizers(object);
    }
    if newest.as_ref() == Some(&object.key()) {
        // the payload decides where it was read
        let status = record.as_ref().map_or(&release.status, |record| &record.status);
        stuck(&mut story, object, release, status, record.as_ref());
    }
    for other in look.world.in_namespace(object.kind(), namespace) {
        if other.body.release().is_some_and(|held| held.name == release.name) && other.key() != object.key() {
            story.link(1, other.key(), super::sentence(look, other), Reason::default());
        }
    }
    let mut reason = match &record {
        None => Reason::new(
            "read from the labels of the release record; its payload, which decides, is read for a forecast only, or when \
             the release is opened",
        ),
        Some(record) => Reason::new(
            mislabelled(&release.status, record).unwrap_or_else(|| "label and payload say the same".to_owned()),
        )
        .seen(&object.key(), "payload info.status", record.status.as_str())
        .seen(
            &object.key(),
            "payload info.description",
            record.story.description.as_str(),
        ),
    };
    reason = reason
        .seen(&object.key(), "metadata.labels.status", release.status.as_str())
        .seen(&object.key(), "metadata.labels.version", release.revision.to_string());
    story.told(said, reason)
}

/// The record of this very object, where it was read and could be decoded.
fn read(look: Look<'_>, object: &Object) -> Option<Record> {
    let reading = look.conditions.helm.record(&object.pin())?;
    reading.record().cloned()
}

/// The recovery of §2.7, per status: the operator's own helm does it, and what it would come to can be forecast.
fn stuck(story: &mut Story<'_>, object: &Object, release: &Release, status: &Text, record: Option<&Record>) {
    let name = &release.name;
    match status.as_str() {
        "pending-install" => {
            quiet(story, object, status, record);
            let sentence = format!(
                "helm uninstall {name}: the only act helm 3 and 4 allow on it besides a rollback, which has nothing to go back \
                 to; then install again, but first see which PVCs that would delete"
            );
            act(story, object, sentence, HelmAct::Uninstall(Uninstall::plain(None)));
            story.step(format!(
                "where nobody runs helm any more: delete the record {} alone; its objects stay, bear the release's stamp, and \
                 belong to nothing until a release of the name {name} is installed over them. Pilothouse deletes no record",
                object.meta.name
            ));
        }
        "pending-upgrade" | "pending-rollback" => {
            quiet(story, object, status, record);
            back(story, object, release);
            story.step(format!(
                "where nobody runs helm any more: compare what is live with the revision before (drift), then delete the record \
                 {} alone; helm goes on from the revision before. Pilothouse deletes no record",
                object.meta.name
            ));
        }
        "uninstalling" => {
            quiet(story, object, status, record);
            story.step("find out what failed: a pre-delete hook, a delete that was refused, an object that hangs in Terminating");
            let sentence = format!(
                "run helm uninstall {name} again: it goes on where it stopped, with its pre-delete hooks run again; or roll back \
                 to a stored revision, which makes again what is gone, disks empty"
            );
            act(story, object, sentence, HelmAct::Uninstall(Uninstall::plain(None)));
        }
        "failed" => failed(story, object, release, record),
        _ => {}
    }
}

/// Is a helm still at work? How old the record is tells more than any list of processes.
fn quiet(story: &mut Story<'_>, object: &Object, status: &Text, record: Option<&Record>) {
    let begun = match status.as_str() {
        "uninstalling" => record.and_then(|record| record.story.deleted),
        _ => object.meta.creation_timestamp,
    };
    let age = begun.map(|begun| story.look.now.since(begun));
    story.step(match age {
        Some(age) if age > PATIENCE => format!(
            "it is {status} for {}, longer than the {} helm waits unless told otherwise: a helm that was killed, or one with a \
             longer --timeout. See that none is running before anything else",
            short_span(age),
            short_span(PATIENCE)
        ),
        Some(age) => format!(
            "it is {status} for {} only: a helm may still be at work. Wait until it is {}, and see that none is running",
            short_span(age),
            short_span(PATIENCE)
        ),
        None => format!("it is not known since when it is {status}: see that no helm is running before anything else"),
    });
}

/// Back to the revision that is deployed, or to the newest that was.
fn back(story: &mut Story<'_>, object: &Object, release: &Release) {
    let name = &release.name;
    let (to, which) = match of_status(story.look, object, release, "deployed") {
        Some(to) => (Some(to), "the last deployed revision"),
        None => (
            of_status(story.look, object, release, "superseded"),
            "the newest revision that was deployed once",
        ),
    };
    match to {
        Some(to) => {
            let rollback = HelmAct::Rollback(Rollback {
                to,
                ..Rollback::default()
            });
            let sentence = format!("helm rollback {name} to {which}, {to}: a rollback asks for no status, in helm 3 and 4");
            act(story, object, sentence, rollback);
        }
        None => story.step(format!(
            "no revision of {name} that was ever deployed is in sight: upgrades are refused, what is left is to uninstall, and \
             first to see which PVCs that would delete"
        )),
    }
}

fn failed(story: &mut Story<'_>, object: &Object, release: &Release, record: Option<&Record>) {
    let name = &release.name;
    let why = record
        .map(|record| record.story.description.as_str())
        .filter(|why| !why.is_empty());
    story.step(match why {
        Some(why) => format!("mend what failed: {why}"),
        None => format!(
            "find out what failed: the record of r{} says it (open the release)",
            release.revision
        ),
    });
    story.step(format!(
        "then upgrade {name} again, or roll back: what the failed revision made and no other names stays as orphans"
    ));
    if of_status(story.look, object, release, "deployed").is_some() {
        back(story, object, release);
    }
}

fn act(story: &mut Story<'_>, object: &Object, sentence: String, helm: HelmAct) {
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

/// The newest other revision of the release whose label says so.
fn of_status(look: Look<'_>, object: &Object, release: &Release, status: &str) -> Option<u32> {
    look.world
        .in_namespace(object.kind(), &object.meta.namespace)
        .filter_map(|other| other.body.release())
        .filter(|other| other.name == release.name && other.status == status && other.revision != release.revision)
        .map(|other| other.revision)
        .max()
}
