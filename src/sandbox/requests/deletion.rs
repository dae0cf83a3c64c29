//! DELETE of one object and of many.

use super::collection::selection;
use super::is_dry;
use crate::model::Propagation;
use crate::sandbox::fields::{at, is_true, list, number, text};
use crate::sandbox::http::{Answer, Ask};
use crate::sandbox::resources::Resource;
use crate::sandbox::routes::Target;
use crate::sandbox::serve::Shared;
use crate::sandbox::status::{Cause, StoreError};
use crate::sandbox::store::{DeleteOptions, Deleted};
use crate::sandbox::view::{ListMeta, View, negotiate};
use serde_json::{Value, json};

const JOB_WARNING: &str = "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background \
                           to remove them or set propagationPolicy=Orphan to suppress this warning";

/// Reads the options of a DELETE from its body and, where that says nothing, from its query.
pub(super) fn options(ask: &Ask, body: &Value) -> Result<DeleteOptions, StoreError> {
    let given = |path: &[&str]| Some(text(body, path).to_owned()).filter(|text| !text.is_empty());
    let word = match text(body, &["propagationPolicy"]) {
        "" => ask.query.get("propagationPolicy"),
        word => word,
    };
    let mut propagation = match word {
        "" => None,
        "Background" => Some(Propagation::Background),
        "Foreground" => Some(Propagation::Foreground),
        "Orphan" => Some(Propagation::Orphan),
        other => return Err(unknown_propagation(other)),
    };
    if at(body, &["orphanDependents"]).is_some_and(Value::is_boolean) {
        if propagation.is_some() {
            let sentence = "orphanDependents and deletionPropagation cannot be both set";
            let cause = Cause::invalid("propagationPolicy", &json!(word), sentence);
            return Err(StoreError::invalid_options("DeleteOptions", &[cause]));
        }
        let orphan = is_true(body, &["orphanDependents"]);
        propagation = Some(if orphan {
            Propagation::Orphan
        } else {
            Propagation::Background
        });
    }
    let dry = match list(body, &["dryRun"]).first().and_then(Value::as_str) {
        Some(word) => is_dry("DeleteOptions", word)?,
        None => is_dry("DeleteOptions", ask.query.get("dryRun"))?,
    };
    let grace = match number(body, &["gracePeriodSeconds"]) {
        Some(seconds) => Some(seconds),
        None => ask.query.number("gracePeriodSeconds")?,
    };
    Ok(DeleteOptions {
        uid: given(&["preconditions", "uid"]),
        resource_version: given(&["preconditions", "resourceVersion"]),
        grace,
        propagation,
        dry,
    })
}

fn unknown_propagation(word: &str) -> StoreError {
    let cause = Cause {
        field: "propagationPolicy".to_owned(),
        reason: "FieldValueNotSupported",
        message: format!(
            "Unsupported value: \"{word}\": supported values: \"Foreground\", \"Background\", \"Orphan\", \"nil\""
        ),
    };
    StoreError::invalid_options("DeleteOptions", &[cause])
}

pub(super) fn delete(shared: &Shared, ask: &Ask, target: &Target) -> Result<Answer, StoreError> {
    let options = options(ask, &ask.document()?)?;
    let (view, encoding) = negotiate(&ask.accept, ask.query.get("includeObject"))?;
    let resource = target.resource;
    let deleted = shared.change(|store| store.erase(resource, &target.namespace, &target.name, &options))?;
    let told = match deleted {
        Deleted::Removed(object) if !resource.answers_deleted && !options.dry => success(resource, &object),
        Deleted::Removed(object) | Deleted::Marked(object) => view.one(resource, &object, shared.now(), true),
    };
    let answer = Answer::encoded(200, &told, encoding);
    Ok(if resource.kind == "Job" && options.propagation.is_none() {
        answer.warned(JOB_WARNING)
    } else {
        answer
    })
}

/// The answer to the DELETE of an object that is gone and that its resource does not show again.
fn success(resource: &Resource, object: &Value) -> Value {
    let mut details = json!({ "name": text(object, &["metadata", "name"]) });
    if let Some(fields) = details.as_object_mut() {
        if !resource.group.is_empty() {
            fields.insert("group".to_owned(), json!(resource.group));
        }
        fields.insert("kind".to_owned(), json!(resource.plural));
        fields.insert("uid".to_owned(), json!(text(object, &["metadata", "uid"])));
    }
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details })
}

pub(super) fn delete_collection(shared: &Shared, ask: &Ask, target: &Target) -> Result<Answer, StoreError> {
    if target.resource.kind == "Namespace" {
        return Err(StoreError::method_not_allowed());
    }
    let options = options(ask, &ask.document()?)?;
    let selection = selection(ask, target.resource)?;
    let namespace = Some(target.namespace.as_str()).filter(|namespace| !namespace.is_empty());
    let (objects, revision) = shared.change(|store| {
        let all = store
            .list(target.resource, namespace, store.latest())
            .unwrap_or_default();
        let chosen: Vec<_> = all
            .into_iter()
            .filter(|(_, object)| selection.matches(object))
            .collect();
        for (place, _) in &chosen {
            match store.erase(target.resource, &place.namespace, &place.name, &options) {
                Ok(_) => {}
                Err(error) => return Err(error),
            }
        }
        Ok((chosen, store.latest()))
    })?;
    let objects: Vec<_> = objects.into_iter().map(|(_, object)| object).collect();
    let meta = ListMeta {
        revision: revision.to_string(),
        ..ListMeta::default()
    };
    let bytes = View::Object.many(target.resource, &objects, &meta, shared.now());
    let bytes = bytes.map_err(|error| StoreError::new(500, "InternalError", error.to_string()))?;
    Ok(Answer::bytes(200, "application/json", bytes))
}
