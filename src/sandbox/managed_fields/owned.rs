//! Sets of fields as `FieldsV1` writes them: `f:` before a field, `k:` before the keys of an item, `v:` before a value.

use crate::sandbox::fields::at;
use crate::sandbox::patch::{Items, is_atomic_object, items};
use crate::sandbox::resources::Resource;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A tree of fields; a leaf is a field that is owned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Owned(pub(super) BTreeMap<String, Self>);

/// The mark that an item of a list is itself owned.
const ITSELF: &str = ".";

/// What nobody owns: it names the object, or the server keeps it.
const UNOWNED_META: [&str; 10] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "selfLink",
    "managedFields",
];

impl Owned {
    pub(super) fn read(fields: &Value) -> Self {
        let read = fields.as_object().into_iter().flatten();
        Self(read.map(|(step, below)| (step.clone(), Self::read(below))).collect())
    }

    pub(super) fn json(&self) -> Value {
        Value::Object(
            self.0
                .iter()
                .map(|(step, below)| (step.clone(), below.json()))
                .collect(),
        )
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn union(&self, other: &Self) -> Self {
        let mut both = self.0.clone();
        for (step, below) in &other.0 {
            let here = both.entry(step.clone()).or_default();
            *here = here.union(below);
        }
        Self(both)
    }

    /// The fields in both. A leaf is the field as such and stands for nothing below it.
    pub(super) fn intersection(&self, other: &Self) -> Self {
        let mut common = BTreeMap::new();
        for (step, below) in &self.0 {
            let Some(others) = other.0.get(step) else { continue };
            let inner = below.intersection(others);
            if !inner.is_empty() || (below.is_empty() && others.is_empty()) {
                common.insert(step.clone(), inner);
            }
        }
        Self(common)
    }

    /// The owned fields as paths, `.spec.containers[name="c"].image`.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        self.collect("", &mut paths);
        paths
    }

    fn collect(&self, above: &str, paths: &mut Vec<String>) {
        for (step, below) in &self.0 {
            if step == ITSELF {
                continue;
            }
            let here = format!("{above}{}", shown(step));
            if below.0.keys().all(|step| step == ITSELF) {
                paths.push(here);
            } else {
                below.collect(&here, paths);
            }
        }
    }
}

fn shown(step: &str) -> String {
    if let Some(field) = step.strip_prefix("f:") {
        return format!(".{field}");
    }
    let Some(keys) = step.strip_prefix("k:") else {
        return format!("[={}]", step.trim_start_matches("v:"));
    };
    let keys: Map<String, Value> = serde_json::from_str(keys).unwrap_or_default();
    let said: Vec<String> = keys.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("[{}]", said.join(","))
}

/// What is in the first and not in the second. A leaf is the field as such and stands for nothing below it.
pub(super) fn difference(one: &Owned, other: &Owned) -> Owned {
    let mut left = BTreeMap::new();
    for (step, below) in &one.0 {
        let Some(others) = other.0.get(step) else {
            left.insert(step.clone(), below.clone());
            continue;
        };
        let inner = difference(below, others);
        if !inner.is_empty() || (below.is_empty() && !others.is_empty()) {
            left.insert(step.clone(), inner);
        }
    }
    Owned(left)
}

/// One item of a list: the step that leads to it, and the item.
pub(super) fn stepped(items: Items, list: &[Value]) -> Vec<(String, &Value)> {
    let step = |item: &Value| match items {
        Items::By(keys) => {
            let held: Map<String, Value> = keys
                .iter()
                .filter_map(|key| Some(((*key).to_owned(), item.get(key)?.clone())))
                .collect();
            format!("k:{}", Value::Object(held))
        }
        Items::Set | Items::Atomic => format!("v:{item}"),
    };
    list.iter().map(|item| (step(item), item)).collect()
}

/// The fields an object says.
pub(super) fn fields_of(resource: &Resource, object: &Value) -> Owned {
    changed(resource, &Value::Null, object, true)
}

/// The fields of the second object that the first has not, or has otherwise. `status` counts where it is asked for, and
/// where it is no subresource.
pub(super) fn changed(resource: &Resource, old: &Value, new: &Value, status: bool) -> Owned {
    let mut owned = BTreeMap::new();
    for (field, value) in new.as_object().into_iter().flatten() {
        let skipped =
            matches!(field.as_str(), "apiVersion" | "kind") || (field == "status" && resource.status && !status);
        if skipped {
            continue;
        }
        let mut before = old.get(field).cloned().unwrap_or_default();
        let mut value = value.clone();
        if field == "metadata" {
            for unowned in UNOWNED_META {
                for side in [&mut before, &mut value] {
                    side.as_object_mut().and_then(|meta| meta.shift_remove(unowned));
                }
            }
        }
        note(
            &mut owned,
            format!("f:{field}"),
            inside(resource, "", field, &before, &value),
        );
    }
    Owned(owned)
}

/// The fields of the first object that are gone from the second.
pub(super) fn removed(resource: &Resource, old: &Value, new: &Value) -> Owned {
    difference(&fields_of(resource, old), &fields_of(resource, new))
}

fn note(owned: &mut BTreeMap<String, Owned>, step: String, inner: Option<Owned>) {
    if let Some(inner) = inner {
        owned.insert(step, inner);
    }
}

/// What of a field's value is new; `None` when nothing is, an empty set when the field as such is.
fn inside(resource: &Resource, under: &str, field: &str, old: &Value, new: &Value) -> Option<Owned> {
    let whole = || (old != new).then(Owned::default);
    match new {
        Value::Object(fields) if !fields.is_empty() && !is_atomic_object(under, field) => {
            let mut owned = BTreeMap::new();
            for (name, value) in fields {
                let before = at(old, &[name]).unwrap_or(&Value::Null);
                note(
                    &mut owned,
                    format!("f:{name}"),
                    inside(resource, field, name, before, value),
                );
            }
            (!owned.is_empty()).then_some(Owned(owned))
        }
        Value::Object(fields) if fields.is_empty() && field == "metadata" => None,
        Value::Array(list) if items(resource, under, field) != Items::Atomic => {
            let items = items(resource, under, field);
            let before = stepped(items, old.as_array().map_or(&[][..], Vec::as_slice));
            let mut owned = BTreeMap::new();
            for (step, item) in stepped(items, list) {
                let known = before.iter().find(|(other, _)| *other == step).map(|(_, item)| *item);
                let inner = match (items, known) {
                    (Items::By(_), known) => {
                        let mut inner = inside(resource, under, "", known.unwrap_or(&Value::Null), item);
                        if let (None, Some(inner)) = (known, &mut inner) {
                            inner.0.insert(ITSELF.to_owned(), Owned::default());
                        }
                        inner
                    }
                    (Items::Set | Items::Atomic, known) => known.is_none().then(Owned::default),
                };
                note(&mut owned, step, inner);
            }
            (!owned.is_empty()).then_some(Owned(owned))
        }
        _ => whole(),
    }
}
