//! `metadata.managedFields`: who set which field, in the server's own notation. The largest part of many an object.

use serde_json::{Map, Value, json};

/// One manager's entry over the given parts of an object.
pub(super) fn entry(manager: &str, subresource: Option<&str>, api_version: &str, owned: &Value) -> Value {
    let mut entry = json!({
        "manager": manager,
        "operation": "Update",
        "apiVersion": api_version,
        "time": "«changed»",
        "fieldsType": "FieldsV1",
        "fieldsV1": fields(owned),
    });
    if let (Some(subresource), Some(fields)) = (subresource, entry.as_object_mut()) {
        fields.insert("subresource".to_owned(), json!(subresource));
    }
    entry
}

/// `FieldsV1` of a value: maps by `f:`, lists of named items by their key, other lists as one
/// (`structured-merge-diff/fieldpath`).
fn fields(value: &Value) -> Value {
    match value {
        Value::Object(held) => {
            let told = held.iter().map(|(key, value)| (format!("f:{key}"), fields(value)));
            Value::Object(told.collect())
        }
        Value::Array(items) if items.iter().all(|item| key(item).is_some()) => {
            let mut told = Map::new();
            for item in items {
                let Some(key) = key(item) else { continue };
                let mut inner = fields(item);
                if let Some(inner) = inner.as_object_mut() {
                    inner.insert(".".to_owned(), json!({}));
                }
                told.insert(format!("k:{key}"), inner);
            }
            Value::Object(told)
        }
        _ => json!({}),
    }
}

/// By what an item of a list is known: the merge key of its type.
fn key(item: &Value) -> Option<Value> {
    let by = |name: &str| item.get(name).map(|value| json!({ name: value }));
    by("mountPath")
        .or_else(|| by("containerPort"))
        .or_else(|| by("type"))
        .or_else(|| by("uid"))
        .or_else(|| by("ip"))
        .or_else(|| by("name"))
}
