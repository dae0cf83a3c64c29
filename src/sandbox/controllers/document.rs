//! Reading and writing fields of a JSON object by path. Knows nothing of Kubernetes beyond `metadata`.

use crate::model::{Key, Kind, Uid};
use jiff::Timestamp;
use serde_json::{Map, Value};
use std::time::Duration;

/// Annotations the sandbox reads begin with this.
const PREFIX: &str = "sandbox.pilothouse.dev/";

/// A text field; empty when absent or of another type.
pub(in crate::sandbox) fn text<'a>(object: &'a Value, pointer: &str) -> &'a str {
    object.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A whole number; `None` when absent.
pub(in crate::sandbox) fn number(object: &Value, pointer: &str) -> Option<u64> {
    object.pointer(pointer).and_then(Value::as_u64)
}

/// The entries of a list; none when absent.
pub(in crate::sandbox) fn list<'a>(object: &'a Value, pointer: &str) -> &'a [Value] {
    object
        .pointer(pointer)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// A time; `None` when absent or unreadable.
pub(in crate::sandbox) fn time(object: &Value, pointer: &str) -> Option<Timestamp> {
    text(object, pointer).parse().ok()
}

/// Sets a field, making the objects on the way.
pub(in crate::sandbox) fn put(object: &mut Value, path: &[&str], value: impl Into<Value>) {
    let mut at = object;
    for step in path {
        if !at.is_object() {
            *at = Value::Object(Map::new());
        }
        let Some(fields) = at.as_object_mut() else { return };
        at = fields.entry(*step).or_insert(Value::Null);
    }
    *at = value.into();
}

/// Removes a field of an object that is there.
pub(in crate::sandbox) fn drop_field(object: &mut Value, pointer: &str, field: &str) {
    if let Some(fields) = object.pointer_mut(pointer).and_then(Value::as_object_mut) {
        fields.shift_remove(field);
    }
}

/// Copies the fields of one object into another.
pub(in crate::sandbox) fn merge(into: &mut Value, from: &Value) {
    let Some(from) = from.as_object() else { return };
    if !into.is_object() {
        *into = Value::Object(Map::new());
    }
    if let Some(fields) = into.as_object_mut() {
        for (field, value) in from {
            fields.insert(field.clone(), value.clone());
        }
    }
}

pub(in crate::sandbox) fn uid(object: &Value) -> Uid {
    Uid::new(text(object, "/metadata/uid"))
}

pub(in crate::sandbox) fn name(object: &Value) -> &str {
    text(object, "/metadata/name")
}

pub(in crate::sandbox) fn namespace(object: &Value) -> &str {
    text(object, "/metadata/namespace")
}

pub(in crate::sandbox) fn deleting(object: &Value) -> bool {
    object
        .pointer("/metadata/deletionTimestamp")
        .is_some_and(|at| !at.is_null())
}

/// Where the object lives, if it is of a kind the world holds.
pub(in crate::sandbox) fn key(object: &Value) -> Option<Key> {
    Kind::from_api(text(object, "/apiVersion"), text(object, "/kind"))
        .map(|kind| Key::new(kind, namespace(object), name(object)))
}

/// One of the sandbox's own annotations.
pub(in crate::sandbox) fn wish<'a>(object: &'a Value, name: &str) -> Option<&'a str> {
    object
        .pointer("/metadata/annotations")?
        .as_object()?
        .get(&format!("{PREFIX}{name}"))?
        .as_str()
}

/// One of the sandbox's own annotations, read as a span (`30s`, `5m`, `1h30m`).
pub(in crate::sandbox) fn wished_span(object: &Value, name: &str) -> Option<Duration> {
    span(wish(object, name)?)
}

/// `30s`, `3h12m`, `41d`: whole units, largest first. `None` when it is no span.
pub(in crate::sandbox) fn span(text: &str) -> Option<Duration> {
    let mut seconds = 0_u64;
    let mut digits = String::new();
    let mut last = u64::MAX;
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let unit: u64 = match letter {
            'd' => 86_400,
            'h' => 3_600,
            'm' => 60,
            's' => 1,
            _ => return None,
        };
        if unit >= last {
            return None;
        }
        last = unit;
        let count: u64 = digits.parse().ok()?;
        seconds = seconds.checked_add(count.checked_mul(unit)?)?;
        digits.clear();
    }
    // A span of more than a thousand years is a slip of the hand, and would leave the calendar.
    (digits.is_empty() && last != u64::MAX && seconds < 366 * 86_400 * 1_000).then(|| Duration::from_secs(seconds))
}

/// A later instant; the end of time when it cannot be told.
pub(in crate::sandbox) fn later(at: Timestamp, span: Duration) -> Timestamp {
    at.saturating_add(span).unwrap_or(Timestamp::MAX)
}

/// The instant as Kubernetes writes it: whole seconds, UTC.
pub(in crate::sandbox) fn stamp(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spans_are_read_as_operators_write_them() {
        for (text, seconds) in [
            ("30s", Some(30)),
            ("3h12m", Some(11_520)),
            ("41d", Some(41 * 86_400)),
            ("1d2h3m4s", Some(93_784)),
            ("", None),
            ("12", None),
            ("m", None),
            ("5m1h", None),
            ("1m1m", None),
            ("9999999d", None),
        ] {
            assert_eq!(span(text), seconds.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn a_field_is_put_where_no_object_was() {
        let mut object = json!({"spec": null});
        put(&mut object, &["spec", "claimRef", "name"], "mysql-pvc");
        assert_eq!(object, json!({"spec": {"claimRef": {"name": "mysql-pvc"}}}));
        drop_field(&mut object, "/spec/claimRef", "name");
        assert_eq!(object, json!({"spec": {"claimRef": {}}}));
    }
}
