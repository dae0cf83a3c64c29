//! The lines of a watch, and its frames in protobuf.

use super::super::encode;
use super::super::shapes::typed;
use super::shelf::{Form, Format, message, metadata_only};
use super::stats::Stamp;
use bytes::Bytes;
use pilothouse::model::Kind;
use serde_json::{Value, json};
use std::sync::Arc;

/// A line on its way to a watcher; its stamp is set when its bytes are handed to the socket.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) bytes: Bytes,
    pub(super) stamp: Option<Arc<Stamp>>,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    Added,
    Modified,
    Deleted,
}

impl What {
    const fn word(self) -> &'static str {
        match self {
            Self::Added => "ADDED",
            Self::Modified => "MODIFIED",
            Self::Deleted => "DELETED",
        }
    }
}

/// An event about an item of a list.
pub(super) fn event(what: What, kind: Kind, (form, format): (Form, Format), item: &[u8]) -> Vec<u8> {
    if format == Format::Protobuf {
        let (api_version, name) = named(kind, form);
        let object = encode::body(&api_version, name, &message(form, kind, item));
        return encode::frame(what.word(), &object);
    }
    let object = object(kind, form, item);
    let mut line = format!("{{\"type\":\"{}\",\"object\":", what.word()).into_bytes();
    line.extend_from_slice(&object);
    line.extend_from_slice(b"}\n");
    line
}

/// An item as an object of its own; a release's item is one already.
pub(super) fn object(kind: Kind, form: Form, item: &[u8]) -> Vec<u8> {
    match (kind, form) {
        (Kind::Release, _) => item.to_vec(),
        (kind, Form::Whole) => typed(&kind.api_version(), kind.name(), item),
        (_, Form::Metadata) => metadata_only(item),
    }
}

/// What an event's object calls itself.
fn named(kind: Kind, form: Form) -> (String, &'static str) {
    match (kind, form) {
        (Kind::Release, _) | (_, Form::Metadata) => ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadata"),
        (kind, Form::Whole) => (kind.api_version(), kind.name()),
    }
}

/// A bookmark; `ends`: the initial events are through.
pub(super) fn bookmark(kind: Kind, (form, format): (Form, Format), version: u64, ends: bool) -> Bytes {
    let (api_version, name) = named(kind, form);
    let mut metadata = json!({ "resourceVersion": version.to_string() });
    if ends && let Some(fields) = metadata.as_object_mut() {
        fields.insert("annotations".to_owned(), json!({ "k8s.io/initial-events-end": "true" }));
    }
    said("BOOKMARK", &api_version, name, format, &json!({ "metadata": metadata }))
}

/// The end of a watch whose history is gone.
pub(super) fn expired(format: Format) -> Bytes {
    let status = json!({
        "metadata": {}, "status": "Failure", "message": "The resourceVersion for the provided watch is too old.",
        "reason": "Expired", "code": 410,
    });
    said("ERROR", "v1", "Status", format, &status)
}

/// An event whose object is made for it.
fn said(what: &str, api_version: &str, kind: &str, format: Format, object: &Value) -> Bytes {
    match format {
        Format::Json => {
            let mut whole = json!({ "kind": kind, "apiVersion": api_version });
            if let (Some(whole), Some(fields)) = (whole.as_object_mut(), object.as_object()) {
                whole.extend(fields.clone());
            }
            Bytes::from(format!("{}\n", json!({ "type": what, "object": whole })))
        }
        Format::Protobuf => {
            let message = encode::message(kind, object).unwrap_or_default();
            Bytes::from(encode::frame(what, &encode::body(api_version, kind, &message)))
        }
    }
}
