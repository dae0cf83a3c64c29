//! Kubernetes' protobuf from JSON, over the product's own table: what a Go API server would have sent of the same object.
//!
//! Knows the wire and the table; nothing of servers. JSON that the table does not tell of is an error, so that nothing is
//! lost on the way.
#![allow(
    dead_code,
    reason = "each target uses a part of it; `expect` would fail in one that uses all"
)]

use base64::Engine as _;
use pilothouse::protobuf::MAGIC;
use pilothouse::protobuf::schema::{Keep, Kind, Known, Many, Schema, Shape};
use serde_json::{Map, Value};

/// A field of bytes: its tag, its length, itself.
pub(crate) fn field(number: u64, bytes: &[u8], out: &mut Vec<u8>) {
    head(number, bytes.len(), out);
    out.extend_from_slice(bytes);
}

/// The tag and length of a field of so many bytes.
fn head(number: u64, length: usize, out: &mut Vec<u8>) {
    varint(number << 3 | 2, out);
    varint(u64::try_from(length).unwrap_or(u64::MAX), out);
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(u8::try_from(value & 0x7f).unwrap_or(0) | 0x80);
        value >>= 7;
    }
    out.push(u8::try_from(value).unwrap_or(0));
}

fn number(number: u64, value: i64, out: &mut Vec<u8>) {
    varint(number << 3, out);
    varint(value.cast_unsigned(), out);
}

/// What stands before a message of so many bytes: a body is this, the message, and [`TAIL`].
pub(crate) fn envelope(api_version: &str, kind: &str, length: usize) -> Vec<u8> {
    let mut meta = Vec::new();
    field(1, api_version.as_bytes(), &mut meta);
    field(2, kind.as_bytes(), &mut meta);
    let mut out = MAGIC.to_vec();
    field(1, &meta, &mut out);
    head(2, length, &mut out);
    out
}

/// The empty content encoding and content type that Go writes behind a message.
pub(crate) const TAIL: &[u8] = &[3 << 3 | 2, 0, 4 << 3 | 2, 0];

/// A body: an object of this kind.
pub(crate) fn body(api_version: &str, kind: &str, message: &[u8]) -> Vec<u8> {
    let mut out = envelope(api_version, kind, message.len());
    out.extend_from_slice(message);
    out.extend_from_slice(TAIL);
    out
}

/// The message of a list's beginning; its items follow, each as [`field`] 2.
pub(crate) fn list_meta(version: &str, more: &str, left: Option<usize>) -> Vec<u8> {
    let mut meta = Vec::new();
    field(1, b"", &mut meta);
    field(2, version.as_bytes(), &mut meta);
    field(3, more.as_bytes(), &mut meta);
    if let Some(left) = left {
        number(4, i64::try_from(left).unwrap_or(i64::MAX), &mut meta);
    }
    let mut out = Vec::new();
    field(1, &meta, &mut out);
    out
}

/// An event of a watch, with its length before it.
pub(crate) fn frame(kind: &str, object: &[u8]) -> Vec<u8> {
    let mut raw = Vec::new();
    field(1, object, &mut raw);
    let mut event = Vec::new();
    field(1, kind.as_bytes(), &mut event);
    field(2, &raw, &mut event);
    let mut out = u32::try_from(event.len()).unwrap_or(u32::MAX).to_be_bytes().to_vec();
    out.extend_from_slice(&event);
    out
}

/// An object's JSON as the message of this name.
pub(crate) fn message(name: &str, object: &Value) -> Result<Vec<u8>, String> {
    let shape = Schema::get().message(name);
    let shape = shape.ok_or_else(|| format!("{name} is not in the table"))?;
    whole(shape, object.as_object().cloned().unwrap_or_default())
}

fn whole(shape: &Shape, mut fields: Map<String, Value>) -> Result<Vec<u8>, String> {
    let mut out = Vec::new();
    // an object's own kind has no number: protobuf says it in the envelope, and of a claim template not at all
    if shape.fields().any(|known| known.name == "metadata") {
        fields.shift_remove("kind");
        fields.shift_remove("apiVersion");
    }
    put(shape, &mut fields, &mut out)?;
    match fields.keys().next() {
        Some(unknown) => Err(format!("{}.{unknown} is not in the table", shape.name)),
        None => Ok(out),
    }
}

/// Writes the fields in the order of their numbers, as Go does, and takes them out of the map.
fn put(shape: &Shape, fields: &mut Map<String, Value>, out: &mut Vec<u8>) -> Result<(), String> {
    for known in shape.fields() {
        if let (true, Some(inner)) = (known.is_inline(), message_of(known.kind)) {
            let mut written = Vec::new();
            put(inner, fields, &mut written)?;
            field(known.number, &written, out);
            continue;
        }
        match (fields.shift_remove(known.name), known.many) {
            (None | Some(Value::Null), Many::One) => nothing(known, out),
            (None | Some(Value::Null), _) => {}
            (Some(value), Many::One) => one(known.number, known.kind, value, out)?,
            (Some(Value::Array(items)), Many::List) => {
                for item in items {
                    one(known.number, known.kind, item, out)?;
                }
            }
            (Some(Value::Object(entries)), Many::Map) => {
                for (key, value) in entries {
                    let mut entry = Vec::new();
                    field(1, key.as_bytes(), &mut entry);
                    one(2, known.kind, value, &mut entry)?;
                    field(known.number, &entry, out);
                }
            }
            (Some(other), _) => return Err(format!("{}.{}: {other}", shape.name, known.name)),
        }
    }
    Ok(())
}

fn message_of(kind: Kind) -> Option<&'static Shape> {
    match kind {
        Kind::Message(place) => Schema::get().at(place),
        _ => None,
    }
}

/// A field that is not set: written all the same where it is no pointer.
fn nothing(known: &Known, out: &mut Vec<u8>) {
    if known.keep == Keep::Pointer {
        return;
    }
    match known.kind {
        Kind::Text => field(known.number, b"", out),
        Kind::Number | Kind::Flag => number(known.number, 0, out),
        Kind::Bytes | Kind::Time | Kind::Quantity | Kind::NumberOrText | Kind::Raw | Kind::Message(_) => {}
    }
}

fn one(at: u64, kind: Kind, value: Value, out: &mut Vec<u8>) -> Result<(), String> {
    let mut inner = Vec::new();
    match (kind, value) {
        (Kind::Text, Value::String(text)) => inner = text.into_bytes(),
        (Kind::Number, Value::Number(given)) => {
            number(
                at,
                given.as_i64().ok_or_else(|| format!("{given} is no whole number"))?,
                out,
            );
            return Ok(());
        }
        (Kind::Flag, Value::Bool(flag)) => {
            number(at, i64::from(flag), out);
            return Ok(());
        }
        (Kind::Bytes, Value::String(text)) => {
            let plain = base64::engine::general_purpose::STANDARD.decode(text);
            inner = plain.map_err(|error| error.to_string())?;
        }
        (Kind::Time, Value::String(text)) => {
            let time: jiff::Timestamp = text.parse().map_err(|error| format!("{text}: {error}"))?;
            number(1, time.as_second(), &mut inner);
            number(2, i64::from(time.subsec_nanosecond()), &mut inner);
        }
        (Kind::Quantity, Value::String(text)) => field(1, text.as_bytes(), &mut inner),
        (Kind::NumberOrText, Value::Number(given)) => {
            number(1, 0, &mut inner);
            number(2, given.as_i64().unwrap_or_default(), &mut inner);
            field(3, b"", &mut inner);
        }
        (Kind::NumberOrText, Value::String(text)) => {
            number(1, 1, &mut inner);
            number(2, 0, &mut inner);
            field(3, text.as_bytes(), &mut inner);
        }
        (Kind::Raw, json) => field(1, json.to_string().as_bytes(), &mut inner),
        (Kind::Message(place), Value::Object(fields)) => {
            let shape = Schema::get().at(place).ok_or("a message without a shape")?;
            inner = whole(shape, fields)?;
        }
        (kind, other) => return Err(format!("{other} where a {kind:?} should be")),
    }
    field(at, &inner, out);
    Ok(())
}
