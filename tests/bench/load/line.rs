//! The lines of a watch.

use super::super::shapes::typed;
use super::stats::Stamp;
use super::stock::{Form, metadata_only};
use bytes::Bytes;
use pilothouse::model::Kind;
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
pub(super) fn event(what: What, kind: Kind, form: Form, item: &[u8]) -> Vec<u8> {
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

/// A bookmark; `ends`: the initial events are through.
pub(super) fn bookmark(kind: Kind, form: Form, version: u64, ends: bool) -> Bytes {
    let (api_version, name) = match form {
        Form::Whole => (kind.api_version(), kind.name()),
        Form::Metadata => ("meta.k8s.io/v1".to_owned(), "PartialObjectMetadata"),
    };
    let marks = if ends {
        ",\"annotations\":{\"k8s.io/initial-events-end\":\"true\"}"
    } else {
        ""
    };
    Bytes::from(format!(
        "{{\"type\":\"BOOKMARK\",\"object\":{{\"kind\":\"{name}\",\"apiVersion\":\"{api_version}\",\"metadata\":{{\"resourceVersion\":\"{version}\",\"creationTimestamp\":null{marks}}}}}}}\n"
    ))
}

/// The end of a watch whose history is gone.
pub(super) fn expired() -> Bytes {
    Bytes::from_static(
        b"{\"type\":\"ERROR\",\"object\":{\"kind\":\"Status\",\"apiVersion\":\"v1\",\"metadata\":{},\"status\":\"Failure\",\"message\":\"The resourceVersion for the provided watch is too old.\",\"reason\":\"Expired\",\"code\":410}}\n",
    )
}
