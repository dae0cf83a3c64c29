//! How an applied configuration goes into a live object, and how fields that are no longer applied go out of it.

use super::owned::{Owned, stepped};
use crate::sandbox::patch::{Items, is_atomic_object, items};
use crate::sandbox::resources::Resource;
use serde_json::{Map, Value};

/// Sets in the live object what the configuration says.
pub(super) fn into(resource: &Resource, live: &mut Value, config: &Value) {
    merge(resource, "", "", live, config);
}

fn merge(resource: &Resource, under: &str, field: &str, live: &mut Value, config: &Value) {
    match config {
        Value::Object(wanted) if !is_atomic_object(under, field) => {
            if !live.is_object() {
                *live = Value::Object(Map::new());
            }
            let Value::Object(fields) = live else { return };
            for (name, value) in wanted {
                merge(
                    resource,
                    field,
                    name,
                    fields.entry(name.clone()).or_insert(Value::Null),
                    value,
                );
            }
        }
        Value::Array(wanted) if items(resource, under, field) != Items::Atomic => {
            if !live.is_array() {
                *live = Value::Array(Vec::new());
            }
            let Value::Array(held) = live else { return };
            let kind = items(resource, under, field);
            for (step, item) in stepped(kind, wanted) {
                let place = stepped(kind, held).iter().position(|(other, _)| *other == step);
                match place.and_then(|place| held.get_mut(place)) {
                    Some(known) => merge(resource, under, "", known, item),
                    None => held.push(item.clone()),
                }
            }
        }
        value => *live = value.clone(),
    }
}

/// Takes fields out of an object; an item goes whole when its own mark does.
pub(super) fn remove(object: &mut Value, gone: &Owned) {
    for (step, below) in &gone.0 {
        if let Some(field) = step.strip_prefix("f:") {
            let Value::Object(fields) = &mut *object else { continue };
            if below.is_empty() {
                fields.shift_remove(field);
                continue;
            }
            let Some(inner) = fields.get_mut(field) else { continue };
            remove(inner, below);
            let hollow = inner.as_array().is_some_and(Vec::is_empty) || inner.as_object().is_some_and(Map::is_empty);
            if hollow {
                fields.shift_remove(field);
            }
        } else if let Value::Array(list) = &mut *object {
            remove_item(list, step, below);
        }
    }
}

fn remove_item(list: &mut Vec<Value>, step: &str, below: &Owned) {
    let is_it = |item: &Value| match step.split_once(':') {
        Some(("k", keys)) => {
            let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
            !keys.is_empty() && keys.iter().all(|(key, value)| item.get(key) == Some(value))
        }
        Some((_, value)) => *item == serde_json::from_str::<Value>(value).unwrap_or_default(),
        None => false,
    };
    if below.is_empty() || below.0.contains_key(".") {
        list.retain(|item| !is_it(item));
    } else if let Some(item) = list.iter_mut().find(|item| is_it(item)) {
        remove(item, below);
    }
}
