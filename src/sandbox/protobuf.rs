//! Requests in Kubernetes' protobuf, which Go's typed clients write and cannot be talked out of (`kubectl create`,
//! `kubectl auth can-i`, Helm's release records). Answers are always JSON, which they all read.
//!
//! Knows the wire format and the table of messages in `protobuf/messages.txt`; nothing of requests or objects.

mod schema;
mod wire;

use base64::Engine as _;
use schema::{Keep, Kind, Schema};
use serde_json::{Map, Value, json};
use wire::{Field, Wire};

/// What every body begins with (`apimachinery/pkg/runtime/serializer/protobuf`).
const MAGIC: [u8; 4] = [b'k', b'8', b's', 0];
/// No message of the table goes deeper.
const DEEPEST: usize = 40;

/// Reads a body: the envelope says which kind it holds. `None` when it is cut, malformed, or of a kind the table lacks.
pub(super) fn read(body: &[u8]) -> Option<Value> {
    let envelope = Wire::fields(body.strip_prefix(&MAGIC)?)?;
    let (mut api_version, mut kind, mut raw): (String, String, &[u8]) = (String::new(), String::new(), &[]);
    for (number, field) in envelope {
        match (number, field) {
            (1, Field::Bytes(meta)) => {
                for (number, field) in Wire::fields(meta)? {
                    let said = field.text()?;
                    if number == 1 { api_version = said } else { kind = said }
                }
            }
            (2, Field::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let schema = Schema::get();
    let mut object = message(schema, &kind, raw, DEEPEST)?;
    // The kind first, as everybody writes it.
    let mut whole = Map::new();
    whole.insert("apiVersion".to_owned(), json!(api_version));
    whole.insert("kind".to_owned(), json!(kind));
    whole.append(&mut object);
    Some(Value::Object(whole))
}

fn message(schema: &Schema, name: &str, bytes: &[u8], depth: usize) -> Option<Map<String, Value>> {
    let depth = depth.checked_sub(1)?;
    let mut object = Map::new();
    for (number, field) in Wire::fields(bytes)? {
        let Some(known) = schema.field(name, number) else {
            continue;
        };
        if known.name == "-" {
            if let (Kind::Message(inner), Field::Bytes(bytes)) = (&known.kind, field) {
                object.append(&mut message(schema, inner, bytes, depth)?);
            }
            continue;
        }
        let slot = object.entry(known.name.clone()).or_insert(Value::Null);
        match &known.kind {
            Kind::List(kind) => push(slot, value(schema, kind, &field, depth)?),
            Kind::Map(kind) => {
                let (key, value) = entry(schema, kind, &field, depth)?;
                if !slot.is_object() {
                    *slot = json!({});
                }
                if let Value::Object(fields) = slot {
                    fields.insert(key, value);
                }
            }
            kind => *slot = value(schema, kind, &field, depth)?,
        }
        let keep = known.keep;
        if object.get(&known.name).is_some_and(|value| nothing(value, keep)) {
            object.shift_remove(&known.name);
        }
    }
    Some(object)
}

/// Whether a value stands for none: Go writes every field that is no pointer, empty or not.
fn nothing(value: &Value, keep: Keep) -> bool {
    match keep {
        Keep::Always => false,
        Keep::Pointer => value.is_null(),
        Keep::Filled => value.is_null() || *value == json!("") || *value == json!(0) || *value == json!(false),
    }
}

fn push(slot: &mut Value, value: Value) {
    match slot {
        Value::Array(list) => list.push(value),
        other => *other = Value::Array(vec![value]),
    }
}

fn entry(schema: &Schema, kind: &Kind, field: &Field<'_>, depth: usize) -> Option<(String, Value)> {
    let Field::Bytes(bytes) = field else { return None };
    let mut key = String::new();
    let mut held = Value::Null;
    for (number, field) in Wire::fields(bytes)? {
        match number {
            1 => key = field.text()?,
            2 => held = value(schema, kind, &field, depth)?,
            _ => {}
        }
    }
    Some((key, held))
}

fn value(schema: &Schema, kind: &Kind, field: &Field<'_>, depth: usize) -> Option<Value> {
    Some(match (kind, field) {
        (Kind::Text, field) => json!(field.text()?),
        (Kind::Number, Field::Number(number)) => json!(number.cast_signed()),
        (Kind::Flag, Field::Number(number)) => json!(*number != 0),
        (Kind::Bytes, Field::Bytes(bytes)) => json!(base64::engine::general_purpose::STANDARD.encode(bytes)),
        (Kind::Time, Field::Bytes(bytes)) => time(bytes)?,
        (Kind::Quantity, Field::Bytes(bytes)) => {
            let fields = Wire::fields(bytes)?;
            json!(fields.into_iter().find(|(number, _)| *number == 1)?.1.text()?)
        }
        (Kind::NumberOrText, Field::Bytes(bytes)) => number_or_text(bytes)?,
        (Kind::Raw, Field::Bytes(bytes)) => {
            let fields = Wire::fields(bytes)?;
            match fields.into_iter().find(|(number, _)| *number == 1)?.1 {
                Field::Bytes(json) => serde_json::from_slice(json).ok()?,
                Field::Number(_) => return None,
            }
        }
        (Kind::Message(name), Field::Bytes(bytes)) => Value::Object(message(schema, name, bytes, depth)?),
        _ => return None,
    })
}

/// Seconds and nanoseconds; an empty message is no time.
fn time(bytes: &[u8]) -> Option<Value> {
    let (mut seconds, mut nanoseconds) = (0, 0);
    let fields = Wire::fields(bytes)?;
    if fields.is_empty() {
        return Some(Value::Null);
    }
    for (number, field) in fields {
        match (number, field) {
            (1, Field::Number(number)) => seconds = number.cast_signed(),
            (2, Field::Number(number)) => nanoseconds = i32::try_from(number.cast_signed()).ok()?,
            _ => {}
        }
    }
    Some(json!(jiff::Timestamp::new(seconds, nanoseconds).ok()?.to_string()))
}

fn number_or_text(bytes: &[u8]) -> Option<Value> {
    let (mut is_text, mut number, mut said) = (false, 0_i64, String::new());
    for (at, field) in Wire::fields(bytes)? {
        match (at, field) {
            (1, Field::Number(kind)) => is_text = kind == 1,
            (2, Field::Number(given)) => number = given.cast_signed(),
            (3, field) => said = field.text()?,
            _ => {}
        }
    }
    Some(if is_text { json!(said) } else { json!(number) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes: its tag, its length, itself.
    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut written = vec![number << 3 | 2, u8::try_from(bytes.len()).unwrap()];
        written.extend(bytes);
        written
    }

    fn body(api_version: &str, kind: &str, raw: &[u8]) -> Vec<u8> {
        let meta = [field(1, api_version.as_bytes()), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &meta), field(2, raw)].concat()
    }

    #[test]
    fn delete_options_are_read_with_their_zeros() {
        let raw = [
            vec![1 << 3, 0],
            field(2, &field(1, b"uid-1")),
            field(4, b"Background"),
            field(5, b"All"),
        ]
        .concat();
        assert_eq!(
            read(&body("v1", "DeleteOptions", &raw)).unwrap(),
            json!({
                "apiVersion": "v1", "kind": "DeleteOptions",
                "gracePeriodSeconds": 0, "preconditions": { "uid": "uid-1" },
                "propagationPolicy": "Background", "dryRun": ["All"],
            })
        );
    }

    #[test]
    fn maps_bytes_and_empty_fields_are_read_as_go_means_them() {
        let label = [field(1, b"owner"), field(2, b"helm")].concat();
        let meta = [field(1, b"s"), field(3, b""), field(8, b""), field(11, &label)].concat();
        let data = [field(1, b"release"), field(2, b"hi")].concat();
        let raw = [field(1, &meta), field(2, &data), field(3, b"helm.sh/release.v1")].concat();
        assert_eq!(
            read(&body("v1", "Secret", &raw)).unwrap(),
            json!({
                "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s", "labels": { "owner": "helm" } },
                "data": { "release": "aGk=" }, "type": "helm.sh/release.v1",
            })
        );
    }

    #[test]
    fn a_body_cut_anywhere_is_refused_or_shorter_and_never_more() {
        let raw = field(1, &field(1, b"name"));
        let whole = body("v1", "ConfigMap", &raw);
        assert!(read(&whole).is_some());
        for end in 0..whole.len() {
            if let Some(value) = read(&whole[..end]) {
                assert_ne!(value["metadata"]["name"], "name", "cut at {end}");
            }
        }
    }
}
