//! `OpenAPI` v3 documents with no more in them than clients need: which kinds live at which paths, that the server checks
//! fields itself (`fieldValidation`), and schemas that allow everything.
//!
//! Strategic merge is left out of the patch types on purpose: kubectl then takes the merge keys from its own types.

use crate::sandbox::resources::{RESOURCES, Resource};
use serde_json::{Map, Value, json};

/// The list of documents.
pub(super) fn index(group_versions: &[(&str, &str)]) -> Value {
    let paths: Map<String, Value> = group_versions
        .iter()
        .map(|(group, version)| {
            let path = root(group, version);
            let url = format!("/openapi/v3/{path}?hash=1");
            (path, json!({ "serverRelativeURL": url }))
        })
        .collect();
    json!({ "paths": paths })
}

fn root(group: &str, version: &str) -> String {
    match group {
        "" => format!("api/{version}"),
        group => format!("apis/{group}/{version}"),
    }
}

/// The document of a group and version.
pub(super) fn document(group: &str, version: &str) -> Value {
    let mut paths = Map::new();
    let mut schemas = Map::new();
    for resource in RESOURCES
        .iter()
        .filter(|resource| resource.group == group && resource.version == version)
    {
        let place = if resource.namespaced {
            "namespaces/{namespace}/"
        } else {
            ""
        };
        let collection = format!("/{}/{place}{}", root(group, version), resource.plural);
        let schema = schema_name(resource);
        paths.insert(
            format!("{collection}/{{name}}"),
            json!({
                "get": operation(resource, "get", &schema, &[]),
                "put": operation(resource, "put", &schema, &["application/json"]),
                "patch": operation(resource, "patch", &schema, &[
                    "application/apply-patch+yaml",
                    "application/json-patch+json",
                    "application/merge-patch+json",
                ]),
                "delete": operation(resource, "delete", &schema, &[]),
            }),
        );
        paths.insert(
            collection,
            json!({
                "get": operation(resource, "list", &schema, &[]),
                "post": operation(resource, "post", &schema, &["application/json"]),
            }),
        );
        schemas.insert(
            schema,
            json!({
                "type": "object",
                "x-kubernetes-preserve-unknown-fields": true,
                "properties": {
                    "apiVersion": { "type": "string" },
                    "kind": { "type": "string" },
                    "metadata": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                },
                "x-kubernetes-group-version-kind": [kind(resource)],
            }),
        );
    }
    json!({
        "openapi": "3.0.0",
        "info": { "title": "Kubernetes", "version": format!("1.{}", super::MINOR) },
        "paths": paths,
        "components": { "schemas": schemas },
    })
}

fn schema_name(resource: &Resource) -> String {
    let group = if resource.group.is_empty() {
        "core"
    } else {
        resource.group
    };
    format!("io.k8s.api.{group}.{}.{}", resource.version, resource.kind)
}

fn kind(resource: &Resource) -> Value {
    json!({ "group": resource.group, "version": resource.version, "kind": resource.kind })
}

fn operation(resource: &Resource, action: &str, schema: &str, takes: &[&str]) -> Value {
    let parameter =
        |name: &str| json!({ "name": name, "in": "query", "schema": { "type": "string", "uniqueItems": true } });
    let reference = json!({ "schema": { "$ref": format!("#/components/schemas/{schema}") } });
    let content: Map<String, Value> = takes
        .iter()
        .map(|kind| ((*kind).to_owned(), reference.clone()))
        .collect();
    let parameters = ["dryRun", "fieldManager", "fieldValidation"].map(parameter);
    let mut told = json!({
        "parameters": parameters,
        "responses": { "200": { "description": "OK", "content": { "application/json": reference } } },
        "x-kubernetes-action": action,
        "x-kubernetes-group-version-kind": kind(resource),
    });
    if let (false, Some(fields)) = (takes.is_empty(), told.as_object_mut()) {
        fields.insert(
            "requestBody".to_owned(),
            json!({ "content": content, "required": true }),
        );
    }
    told
}
