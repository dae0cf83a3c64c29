//! Strategic merge patch (`apimachinery/pkg/util/strategicpatch`): lists of objects are merged by their key, and
//! directives say what to delete, replace, keep and in which order.

use super::{Items, items};
use crate::sandbox::resources::Resource;
use crate::sandbox::status::StoreError;
use serde_json::{Map, Value};

const DIRECTIVE: &str = "$patch";
const RETAIN: &str = "$retainKeys";
const DELETE_FROM: &str = "$deleteFromPrimitiveList/";
const ORDER: &str = "$setElementOrder/";

/// Merges a patch into an object.
pub(super) fn merge(resource: &Resource, object: &mut Value, patch: &Value) -> Result<(), StoreError> {
    merge_object(resource, "", object, patch)
}

fn bad(sentence: &str) -> StoreError {
    StoreError::bad_request(sentence)
}

fn merge_object(resource: &Resource, name: &str, object: &mut Value, patch: &Value) -> Result<(), StoreError> {
    let Value::Object(changes) = patch else {
        *object = patch.clone();
        return Ok(());
    };
    match changes.get(DIRECTIVE).map(Value::as_str) {
        Some(Some("replace")) => {
            let kept = changes.iter().filter(|(field, _)| field.as_str() != DIRECTIVE);
            *object = Value::Object(kept.map(|(field, value)| (field.clone(), value.clone())).collect());
            return Ok(());
        }
        Some(Some("delete")) => {
            *object = Value::Object(Map::new());
            return Ok(());
        }
        None | Some(Some("merge")) => {}
        Some(_) => return Err(bad("unknown patch type found in a strategic merge patch")),
    }
    if !object.is_object() {
        *object = Value::Object(Map::new());
    }
    let Value::Object(fields) = object else { return Ok(()) };
    if let Some(Value::Array(kept)) = changes.get(RETAIN) {
        fields.retain(|field, _| kept.iter().any(|kept| kept == field));
    }
    for (field, change) in changes {
        if field.starts_with(DIRECTIVE) || field == RETAIN || field.starts_with(ORDER) {
            continue;
        }
        if let Some(list) = field.strip_prefix(DELETE_FROM) {
            let gone = change.as_array().map_or(&[][..], Vec::as_slice);
            if let Some(Value::Array(held)) = fields.get_mut(list) {
                held.retain(|item| !gone.contains(item));
            }
            continue;
        }
        merge_field(resource, name, fields, field, change)?;
    }
    for (directive, order) in changes {
        if let (Some(list), Value::Array(order)) = (directive.strip_prefix(ORDER), order)
            && let Some(Value::Array(held)) = fields.get_mut(list)
        {
            arrange(items(resource, name, list), held, order);
        }
    }
    Ok(())
}

fn merge_field(
    resource: &Resource,
    name: &str,
    fields: &mut Map<String, Value>,
    field: &str,
    change: &Value,
) -> Result<(), StoreError> {
    match change {
        Value::Null => {
            fields.shift_remove(field);
            Ok(())
        }
        Value::Object(_) => {
            let held = fields.entry(field.to_owned()).or_insert(Value::Null);
            merge_object(resource, field, held, change)
        }
        Value::Array(changes) => {
            let held = fields.entry(field.to_owned()).or_insert(Value::Null);
            merge_list(resource, field, items(resource, name, field), held, changes)
        }
        scalar => {
            fields.insert(field.to_owned(), scalar.clone());
            Ok(())
        }
    }
}

fn merge_list(
    resource: &Resource,
    field: &str,
    items: Items,
    held: &mut Value,
    changes: &[Value],
) -> Result<(), StoreError> {
    if items == Items::Atomic || !held.is_array() {
        *held = Value::Array(Vec::new());
    }
    let Value::Array(list) = held else { return Ok(()) };
    if changes
        .iter()
        .any(|item| item.get(DIRECTIVE).and_then(Value::as_str) == Some("replace"))
    {
        let kept = changes.iter().filter(|item| item.get(DIRECTIVE).is_none());
        *list = kept.cloned().collect();
        return Ok(());
    }
    for change in changes {
        let Items::By([key, ..]) = items else {
            if items == Items::Atomic || !list.contains(change) {
                list.push(change.clone());
            }
            continue;
        };
        let Some(value) = change.get(key) else {
            return Err(bad(&format!(
                "map: {change} does not contain declared merge key: {key}"
            )));
        };
        let place = list.iter().position(|item| item.get(key) == Some(value));
        if change.get(DIRECTIVE).and_then(Value::as_str) == Some("delete") {
            list.retain(|item| item.get(key) != Some(value));
        } else if let Some(item) = place.and_then(|place| list.get_mut(place)) {
            merge_object(resource, field, item, change)?;
        } else {
            let mut item = Value::Object(Map::new());
            merge_object(resource, field, &mut item, change)?;
            list.push(item);
        }
    }
    Ok(())
}

/// Puts the items that the patch knows into its order; the others stay behind the item they stood behind.
fn arrange(items: Items, held: &mut Vec<Value>, order: &[Value]) {
    let rank = |item: &Value| {
        order.iter().position(|ordered| match items {
            Items::By([key, ..]) => ordered.get(key) == item.get(key),
            Items::By([]) | Items::Set | Items::Atomic => ordered == item,
        })
    };
    let mut groups: Vec<(Option<usize>, Vec<Value>)> = vec![(None, Vec::new())];
    for item in held.drain(..) {
        match (rank(&item), groups.last_mut()) {
            (None, Some((_, group))) => group.push(item),
            (rank, _) => groups.push((rank, vec![item])),
        }
    }
    groups.sort_by_key(|(rank, _)| rank.map_or(0, |rank| rank + 1));
    held.extend(groups.into_iter().flat_map(|(_, group)| group));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::resources::by_path;
    use serde_json::json;

    fn merged(object: &Value, patch: &Value) -> Value {
        let mut object = object.clone();
        merge(by_path("", "v1", "pods").unwrap(), &mut object, patch).unwrap();
        object
    }

    #[test]
    fn containers_merge_by_name_and_scalars_are_replaced() {
        let pod = json!({ "spec": { "containers": [{ "name": "a", "image": "1", "args": ["x"] }, { "name": "b", "image": "1" }] } });
        let patch = json!({ "spec": { "containers": [{ "name": "b", "image": "2" }, { "name": "c", "image": "1" }, { "name": "a", "args": ["y"] }] } });
        assert_eq!(
            merged(&pod, &patch)["spec"]["containers"],
            json!([{ "name": "a", "image": "1", "args": ["y"] }, { "name": "b", "image": "2" }, { "name": "c", "image": "1" }])
        );
    }

    #[test]
    fn directives_delete_replace_and_order() {
        let pod = json!({
            "metadata": { "finalizers": ["a/a", "b/b"], "labels": { "x": "1", "y": "2" } },
            "spec": { "volumes": [{ "name": "a" }, { "name": "b" }, { "name": "mine" }, { "name": "c" }] },
        });
        let patch = json!({
            "metadata": { "$deleteFromPrimitiveList/finalizers": ["a/a"], "labels": { "x": null, "$retainKeys": ["x", "y"] } },
            "spec": {
                "$setElementOrder/volumes": [{ "name": "c" }, { "name": "d" }, { "name": "b" }],
                "volumes": [{ "name": "a", "$patch": "delete" }, { "name": "d" }],
            },
        });
        let done = merged(&pod, &patch);
        assert_eq!(
            done["metadata"],
            json!({ "finalizers": ["b/b"], "labels": { "y": "2" } })
        );
        assert_eq!(
            done["spec"]["volumes"],
            json!([{ "name": "c" }, { "name": "d" }, { "name": "b" }, { "name": "mine" }])
        );
        let replaced = merged(&pod, &json!({ "metadata": { "$patch": "replace", "name": "z" } }));
        assert_eq!(replaced["metadata"], json!({ "name": "z" }));
    }

    #[test]
    fn an_item_without_its_key_is_refused() {
        let mut pod = json!({ "spec": { "containers": [{ "name": "a" }] } });
        let patch = json!({ "spec": { "containers": [{ "image": "x" }] } });
        let refused = merge(by_path("", "v1", "pods").unwrap(), &mut pod, &patch).unwrap_err();
        assert!(
            refused.message.contains("does not contain declared merge key: name"),
            "{refused}"
        );
    }
}
