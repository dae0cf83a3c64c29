//! The two faces of an Event: `v1`, as it is kept, and `events.k8s.io/v1` (`pkg/apis/events/v1/conversion.go`).

use super::fields::take;
use super::resources::Resource;
use serde_json::{Value, json};
use std::borrow::Cow;

/// Fields by their names in `v1` and in `events.k8s.io/v1`.
const NAMES: [(&str, &str); 7] = [
    ("involvedObject", "regarding"),
    ("message", "note"),
    ("source", "deprecatedSource"),
    ("firstTimestamp", "deprecatedFirstTimestamp"),
    ("lastTimestamp", "deprecatedLastTimestamp"),
    ("count", "deprecatedCount"),
    ("reportingComponent", "reportingController"),
];

fn is_new(resource: &Resource) -> bool {
    resource.group == "events.k8s.io"
}

/// A kept object as this resource shows it.
pub(super) fn shown<'a>(resource: &Resource, object: &'a Value) -> Cow<'a, Value> {
    if !is_new(resource) {
        return Cow::Borrowed(object);
    }
    Cow::Owned(renamed(object, resource, |(old, new)| (old, new)))
}

/// An object of this resource as it is kept.
pub(super) fn kept(resource: &Resource, object: Value) -> Value {
    if !is_new(resource) {
        return object;
    }
    let mut object = renamed(&object, resource, |(old, new)| (new, old));
    if let Some(fields) = object.as_object_mut() {
        fields.insert("apiVersion".to_owned(), json!("v1"));
    }
    object
}

fn renamed(
    object: &Value,
    resource: &Resource,
    direction: impl Fn((&'static str, &'static str)) -> (&'static str, &'static str),
) -> Value {
    let mut object = object.clone();
    for (from, to) in NAMES.map(direction) {
        if let (Some(value), Some(fields)) = (take(&mut object, &[from]), object.as_object_mut()) {
            fields.insert(to.to_owned(), value);
        }
    }
    if let Some(fields) = object.as_object_mut() {
        fields.insert("apiVersion".to_owned(), json!(resource.api_version()));
    }
    object
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::resources::by_path;

    #[test]
    fn an_event_reads_the_same_after_going_both_ways() {
        let events = by_path("events.k8s.io", "v1", "events").unwrap();
        let event = json!({
            "apiVersion": "v1", "kind": "Event", "reason": "R",
            "involvedObject": { "name": "a" }, "message": "m", "source": { "component": "c" }, "count": 2,
        });
        let new = shown(events, &event).into_owned();
        assert_eq!(new["regarding"], json!({ "name": "a" }));
        assert_eq!(new["note"], "m");
        assert_eq!(new["apiVersion"], "events.k8s.io/v1");
        assert_eq!(kept(events, new), event);
    }
}
