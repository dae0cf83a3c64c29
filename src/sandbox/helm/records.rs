//! The records of a release in the store: read, written, superseded, forgotten.

use super::act::Rendered;
use super::words::Words;
use crate::laws::helm::LIMIT;
use crate::model::fact::RELEASE_SECRET_TYPE;
use crate::model::helm::{Driver, record_name, unveiled};
use crate::sandbox::controllers::document as doc;
use crate::sandbox::resources;
use crate::sandbox::scenario::payload;
use crate::sandbox::store::{DeleteOptions, Objects as _, Store};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One revision as the store holds it.
pub(super) struct Revision {
    pub(super) number: u32,
    pub(super) object: Value,
    /// The unpacked payload.
    pub(super) release: Value,
}

/// Every revision of the release, the oldest first.
pub(super) fn revisions(store: &Store, words: &Words) -> Vec<Revision> {
    let records = store.all().into_iter().filter(|(key, value)| {
        key.kind == words.driver.kind()
            && key.namespace == words.namespace
            && doc::text(value, "/metadata/labels/name") == words.release
    });
    let mut revisions: Vec<Revision> = records
        .filter_map(|(_, object)| {
            let release = unveiled(object.to_string().as_bytes(), words.driver)?;
            let number = u32::try_from(doc::number(&release, "/version")?).ok()?;
            Some(Revision {
                number,
                object,
                release,
            })
        })
        .collect();
    revisions.sort_by_key(|revision| revision.number);
    revisions
}

/// The new revision's record; the oldest make room for it, and the one before is superseded.
pub(super) fn record(
    store: &mut Store,
    words: &Words,
    rendered: &Rendered,
    revisions: &[Revision],
) -> Result<(), String> {
    let now = store.now();
    let deployed = |revision: &&Revision| doc::text(&revision.release, "/info/status") == "deployed";
    let last = revisions.iter().rev().find(deployed).map(|revision| revision.number);
    let oldest = revisions.iter().filter(|revision| Some(revision.number) != last);
    let surplus = (revisions.len() + 1).saturating_sub(LIMIT);
    let gone: BTreeSet<u32> = oldest.take(surplus).map(|revision| revision.number).collect();
    let (gone, left): (Vec<_>, Vec<_>) = revisions.iter().partition(|revision| gone.contains(&revision.number));
    erase(store, words, gone);
    for revision in left.into_iter().filter(deployed) {
        let (mut object, mut release) = (revision.object.clone(), revision.release.clone());
        doc::put(&mut release, &["info", "status"], "superseded");
        doc::put(&mut object, &["metadata", "labels", "status"], "superseded");
        doc::put(&mut object, &["data", "release"], packed(&release, words.driver)?);
        store.replace(object).map_err(|error| error.message)?;
    }
    let mut object = json!({
        "apiVersion": "v1", "kind": words.driver.kind().name(),
        "metadata": {
            "name": record_name(&words.release, rendered.revision), "namespace": words.namespace,
            "labels": {
                "owner": "helm", "name": words.release, "status": "deployed", "version": rendered.revision.to_string(),
                "createdAt": now.as_second().to_string(),
            },
        },
        "data": { "release": packed(&rendered.record("deployed", now), words.driver)? },
    });
    if words.driver == Driver::Secret {
        doc::put(&mut object, &["type"], RELEASE_SECRET_TYPE);
    }
    store.create(object).map(drop).map_err(|error| error.message)
}

fn packed(release: &Value, driver: Driver) -> Result<String, String> {
    payload(release, driver).map_err(|error| error.to_string())
}

/// The records of a release that was uninstalled.
pub(super) fn forget(store: &mut Store, words: &Words, revisions: &[Revision]) {
    if !words.keep_history {
        erase(store, words, revisions);
    }
}

fn erase<'a>(store: &mut Store, words: &Words, revisions: impl IntoIterator<Item = &'a Revision>) {
    let Some(resource) = resources::by_kind("v1", words.driver.kind().name()) else {
        return;
    };
    for revision in revisions {
        let name = record_name(&words.release, revision.number);
        if let Err(error) = store.erase(resource, &words.namespace, &name, &DeleteOptions::default()) {
            tracing::debug!(%error, "a record is gone already");
        }
    }
}

/// The documents of a manifest's text.
pub(super) fn documents(manifest: &str) -> Vec<Value> {
    let parts = manifest.split("\n---").map(|part| part.trim_start_matches("---"));
    parts
        .filter_map(|part| serde_saphyr::from_str::<Value>(part).ok())
        .filter(Value::is_object)
        .collect()
}
