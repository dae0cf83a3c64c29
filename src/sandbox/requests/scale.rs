//! The `/scale` of Deployments, ReplicaSets and StatefulSets: `spec.replicas` in a wrapper of its own.

use super::writing::{is_dry_write, patch_kind};
use crate::sandbox::fields::{at, copy, entries, number, put, text};
use crate::sandbox::http::{Answer, Ask};
use crate::sandbox::patch::Patch;
use crate::sandbox::routes::Target;
use crate::sandbox::serve::Shared;
use crate::sandbox::status::{Cause, StoreError};
use crate::sandbox::store::{Part, Write};
use hyper::Method;
use serde_json::{Value, json};

pub(super) fn answer(shared: &Shared, ask: &Ask, target: &Target) -> Result<Answer, StoreError> {
    if ask.method == Method::GET {
        let found = shared.read(|store| store.fetch(target.resource, &target.namespace, &target.name).cloned());
        let object = found.ok_or_else(|| StoreError::not_found(target.resource, &target.name))?;
        return Ok(Answer::json(200, &scale_of(&object)));
    }
    let write = Write {
        resource: target.resource,
        namespace: &target.namespace,
        name: &target.name,
        part: Part::Main,
        put: ask.method == Method::PUT,
        dry: is_dry_write(ask)?,
    };
    let patch = match ask.method {
        Method::PUT => None,
        _ => Some(Patch::read(patch_kind(ask)?, &ask.body)?),
    };
    let body = if patch.is_none() { ask.document()? } else { Value::Null };
    let changed = shared.change(|store| {
        store.update(&write, |old| {
            let wanted = match &patch {
                Some(patch) => patch.apply(target.resource, &scale_of(old))?,
                None => body,
            };
            let replicas = number(&wanted, &["spec", "replicas"]).unwrap_or(0);
            if replicas < 0 {
                let sentence = "must be greater than or equal to 0";
                let cause = Cause::invalid("spec.replicas", &json!(replicas), sentence);
                return Err(StoreError::invalid(target.resource, &target.name, &[cause]));
            }
            let mut new = old.clone();
            put(&mut new, &["spec", "replicas"], replicas);
            for field in ["resourceVersion", "uid"] {
                if !text(&wanted, &["metadata", field]).is_empty() {
                    copy(&wanted, &mut new, &["metadata", field]);
                }
            }
            Ok(new)
        })
    })?;
    Ok(Answer::json(200, &scale_of(&changed)))
}

fn scale_of(object: &Value) -> Value {
    let meta: serde_json::Map<String, Value> = ["name", "namespace", "uid", "resourceVersion", "creationTimestamp"]
        .into_iter()
        .filter_map(|field| Some((field.to_owned(), at(object, &["metadata", field])?.clone())))
        .collect();
    let labels: Vec<String> = entries(object, &["spec", "selector", "matchLabels"])
        .map(|(label, value)| format!("{label}={}", value.as_str().unwrap_or_default()))
        .collect();
    json!({
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": meta,
        "spec": { "replicas": number(object, &["spec", "replicas"]).unwrap_or(0) },
        "status": {
            "replicas": number(object, &["status", "replicas"]).unwrap_or(0),
            "selector": labels.join(","),
        },
    })
}
