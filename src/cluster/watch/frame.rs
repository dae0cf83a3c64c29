//! One event of a watch in protobuf, from its frame.

use super::super::page::protobuf as page;
use super::super::said::{self, Status};
use super::event::{Event, deleted, failed, unknown};
use crate::model::{Kind, Uid};
use crate::protobuf::{self, Envelope, Error, MAGIC};

/// Reads one frame of a watch on this kind, without its length; [`super::event::decode`] for protobuf.
pub fn decode(kind: Kind, frame: &[u8]) -> Event {
    if frame.starts_with(&MAGIC) {
        return bare(frame);
    }
    let event = match protobuf::Event::read(frame) {
        Ok(event) => event,
        Err(error) => return garbage(&error),
    };
    if event.kind == "ERROR" {
        return failed(event.object);
    }
    let envelope = match Envelope::read(event.object) {
        Ok(envelope) => envelope,
        Err(error) => return garbage(&error),
    };
    let raw = envelope.raw;
    match event.kind {
        // of a bookmark only the metadata is read
        "BOOKMARK" => Event::Bookmark {
            resource_version: page::metadata(raw, "resourceVersion").to_owned(),
        },
        _ if !page::is_of(kind, envelope.kind) => Event::Garbage {
            why: format!("a {} among {}", said::plain(envelope.kind), kind.plural()),
        },
        "ADDED" | "MODIFIED" => match page::object(kind, raw) {
            Ok(object) => Event::Applied {
                object: Box::new(object),
            },
            Err(error) => Event::Malformed {
                malformed: page::malformed(kind, raw, &error),
                resource_version: page::metadata(raw, "resourceVersion").to_owned(),
            },
        },
        "DELETED" => deleted(
            kind,
            page::metadata(raw, "namespace"),
            page::metadata(raw, "name"),
            Uid::new(page::metadata(raw, "uid")),
            page::metadata(raw, "resourceVersion").to_owned(),
        ),
        other => unknown(other),
    }
}

/// A stream ended with a body instead of an event.
fn bare(frame: &[u8]) -> Event {
    match Status::read(frame) {
        Some(_) => failed(frame),
        None => Event::Garbage {
            why: "a frame that is no event".to_owned(),
        },
    }
}

fn garbage(error: &Error) -> Event {
    Event::Garbage {
        why: format!("a frame that is no event: {}", said::plain(&error.to_string())),
    }
}
