//! The forms an object goes out in: itself, its metadata, or a table row; one, many, or as a line of a watch.

use super::events;
use super::resources::Resource;
use super::status::StoreError;
use super::table;
use jiff::Timestamp;
use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Value, json};
use std::sync::Arc;

/// What a table row carries besides its cells (`includeObject`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Include {
    Nothing,
    Metadata,
    Object,
}

/// The form asked for by `Accept`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum View {
    Object,
    Metadata,
    Table(Include),
}

/// How the bytes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    Json,
    Yaml,
}

/// Chooses the first form of an `Accept` header that is served.
pub(super) fn negotiate(accept: &str, include: &str) -> Result<(View, Encoding), StoreError> {
    let include = match include {
        "None" => Include::Nothing,
        "Object" => Include::Object,
        _ => Include::Metadata,
    };
    if accept.trim().is_empty() {
        return Ok((View::Object, Encoding::Json));
    }
    for range in accept.split(',') {
        let mut parts = range.split(';').map(str::trim);
        let encoding = match parts.next() {
            Some("application/json" | "*/*" | "application/*") => Encoding::Json,
            Some("application/yaml") => Encoding::Yaml,
            _ => continue,
        };
        let mut form = "";
        let mut version = "v1";
        for (name, value) in parts.filter_map(|part| part.split_once('=')) {
            match name {
                "as" => form = value,
                "v" => version = value,
                _ => {}
            }
        }
        match (form, version) {
            ("", _) => return Ok((View::Object, encoding)),
            ("Table", "v1") => return Ok((View::Table(include), encoding)),
            ("PartialObjectMetadata" | "PartialObjectMetadataList", "v1") => return Ok((View::Metadata, encoding)),
            _ => {}
        }
    }
    let message = "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml";
    let mut error = StoreError::new(406, "NotAcceptable", message);
    error.details = Some(Box::new(json!({})));
    Err(error)
}

/// What stands beside the items of a list.
#[derive(Clone, Debug, Default)]
pub(super) struct ListMeta {
    pub(super) revision: String,
    pub(super) next: Option<String>,
    pub(super) remaining: Option<usize>,
}

impl ListMeta {
    fn json(&self) -> Value {
        let mut meta = json!({ "resourceVersion": self.revision });
        if let (Some(fields), Some(next)) = (meta.as_object_mut(), &self.next) {
            fields.insert("continue".to_owned(), json!(next));
            if let Some(remaining) = self.remaining {
                fields.insert("remainingItemCount".to_owned(), json!(remaining));
            }
        }
        meta
    }
}

/// The metadata of an object, alone.
fn metadata(object: &Value) -> Value {
    json!({
        "kind": "PartialObjectMetadata",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": object.get("metadata").cloned().unwrap_or_default(),
    })
}

fn table(resource: &Resource, rows: &[Value], meta: &Value, headed: bool) -> Value {
    let columns = if headed {
        table::definitions(resource)
    } else {
        Value::Null
    };
    json!({
        "kind": "Table",
        "apiVersion": "meta.k8s.io/v1",
        "metadata": meta,
        "columnDefinitions": columns,
        "rows": rows,
    })
}

fn row(resource: &Resource, object: &Value, include: Include, now: Timestamp) -> Value {
    let cells = table::cells(resource, object, now);
    match include {
        Include::Nothing => json!({ "cells": cells }),
        Include::Metadata => json!({ "cells": cells, "object": metadata(object) }),
        Include::Object => json!({ "cells": cells, "object": object }),
    }
}

impl View {
    /// One object. `headed` is whether a table names its columns: a watch does so in its first line only.
    pub(super) fn one(self, resource: &Resource, object: &Value, now: Timestamp, headed: bool) -> Value {
        let shown = events::shown(resource, object);
        match self {
            Self::Object => shown.into_owned(),
            Self::Metadata => metadata(&shown),
            Self::Table(include) => {
                let revision = super::fields::at(object, &["metadata", "resourceVersion"]);
                let meta = json!({ "resourceVersion": revision });
                table(resource, &[row(resource, object, include, now)], &meta, headed)
            }
        }
    }

    /// A list, as the bytes of its JSON.
    pub(super) fn many(
        self,
        resource: &Resource,
        objects: &[Arc<Value>],
        meta: &ListMeta,
        now: Timestamp,
    ) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::Object => serde_json::to_vec(&List {
                kind: format!("{}List", resource.kind),
                api_version: resource.api_version(),
                meta: meta.json(),
                items: objects.iter().map(|object| Item(resource, object)).collect(),
            }),
            Self::Metadata => serde_json::to_vec(&List {
                kind: "PartialObjectMetadataList".to_owned(),
                api_version: "meta.k8s.io/v1".to_owned(),
                meta: meta.json(),
                items: objects.iter().map(|object| metadata(object)).collect(),
            }),
            Self::Table(include) => {
                let rows = objects.iter().map(|object| row(resource, object, include, now));
                let rows: Vec<Value> = rows.collect();
                serde_json::to_vec(&table(resource, &rows, &meta.json(), true))
            }
        }
    }
}

#[derive(serde::Serialize)]
#[serde(rename_all = "camelCase")]
struct List<T> {
    kind: String,
    api_version: String,
    #[serde(rename = "metadata")]
    meta: Value,
    items: Vec<T>,
}

/// An item of a list, which does not repeat what the list says of its kind.
struct Item<'a>(&'a Resource, &'a Value);

impl Serialize for Item<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let shown = events::shown(self.0, self.1);
        let mut map = serializer.serialize_map(None)?;
        for (field, value) in shown.as_object().into_iter().flatten() {
            if field != "kind" && field != "apiVersion" {
                map.serialize_entry(field, value)?;
            }
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::resources::by_path;

    #[test]
    fn the_first_form_that_is_served_is_taken() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        for (accept, expected) in [
            ("", Some((View::Object, Encoding::Json))),
            ("*/*", Some((View::Object, Encoding::Json))),
            (
                "application/vnd.kubernetes.protobuf,application/json",
                Some((View::Object, Encoding::Json)),
            ),
            (kubectl, Some((View::Table(Include::Metadata), Encoding::Json))),
            (
                "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1",
                Some((View::Metadata, Encoding::Json)),
            ),
            ("application/yaml", Some((View::Object, Encoding::Yaml))),
            ("text/html", None),
        ] {
            assert_eq!(negotiate(accept, "").ok(), expected, "{accept}");
        }
    }

    #[test]
    fn a_list_says_its_kind_once() {
        let claims = by_path("", "v1", "persistentvolumeclaims").unwrap();
        let object = Arc::new(
            json!({ "kind": "PersistentVolumeClaim", "apiVersion": "v1", "metadata": { "name": "a" }, "spec": {} }),
        );
        let meta = ListMeta {
            revision: "7".into(),
            ..ListMeta::default()
        };
        let bytes = View::Object
            .many(claims, &[Arc::clone(&object)], &meta, Timestamp::UNIX_EPOCH)
            .unwrap();
        assert_eq!(
            String::from_utf8(bytes).unwrap(),
            r#"{"kind":"PersistentVolumeClaimList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a"},"spec":{}}]}"#
        );
        let bytes = View::Metadata
            .many(claims, &[object], &meta, Timestamp::UNIX_EPOCH)
            .unwrap();
        let list: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(list["items"][0]["kind"], "PartialObjectMetadata");
        assert_eq!(list["items"][0].get("spec"), None);
    }
}
