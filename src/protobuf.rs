//! How does Kubernetes write its objects in protobuf? A body's envelope, a list's items, an event's object, and each
//! message read by serde into whatever its JSON would be read into.
//!
//! Knows the wire format and the table of messages in `protobuf/messages.txt`; nothing of requests, and of objects only
//! their fields' names and numbers. What nobody reads is skipped by its length. Malformed bytes are an [`Error`].

mod entries;
mod error;
mod fields;
pub mod schema;
mod value;
mod wire;

pub use error::Error;
use error::Flaw;
pub use fields::Message;
use wire::Wire;

/// What every body begins with (`apimachinery/pkg/runtime/serializer/protobuf/protobuf.go` `protoEncodingPrefix`).
pub const MAGIC: [u8; 4] = *b"k8s\0";
/// How a body in protobuf is called in `Accept` and `Content-Type`.
pub const CONTENT_TYPE: &str = "application/vnd.kubernetes.protobuf";
/// No message of the table goes deeper.
const DEEPEST: u8 = 40;

/// What a body holds (`apimachinery/pkg/runtime/types_proto.go` `Unknown`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Envelope<'a> {
    pub api_version: &'a str,
    pub kind: &'a str,
    /// The message itself.
    pub raw: &'a [u8],
}

impl<'a> Envelope<'a> {
    /// Reads the envelope of a body; an error where it is cut, or no body in protobuf at all.
    pub fn read(body: &'a [u8]) -> Result<Self, Error> {
        let inner = body
            .strip_prefix(&MAGIC)
            .ok_or_else(|| Error::new("it does not begin as protobuf does"))?;
        let mut envelope = Envelope {
            api_version: "",
            kind: "",
            raw: &[],
        };
        let mut wire = Wire::of(inner);
        while let Some((number, field)) = wire.field()? {
            match number {
                1 => {
                    let mut meta = Wire::of(field.bytes()?);
                    while let Some((number, field)) = meta.field()? {
                        match number {
                            1 => envelope.api_version = field.text()?,
                            2 => envelope.kind = field.text()?,
                            _ => {}
                        }
                    }
                }
                2 => envelope.raw = field.bytes()?,
                _ => {}
            }
        }
        Ok(envelope)
    }

    /// The message in it, of the kind it says; an error for a kind that the table lacks.
    pub fn message(&self) -> Result<Message<'a>, Error> {
        Message::of(self.kind, self.raw)
    }
}

/// A list, whatever its items: the metadata is field 1 and the items are field 2 of every list of Kubernetes.
#[derive(Clone, Copy, Debug)]
pub struct List<'a> {
    pub metadata: Message<'a>,
    items: Wire<'a>,
}

impl<'a> List<'a> {
    /// Reads the message of a list.
    pub fn read(raw: &'a [u8]) -> Result<Self, Error> {
        let mut metadata: &[u8] = &[];
        let mut wire = Wire::of(raw);
        // all of it, so that a list cut in its last item is none
        while let Some((number, field)) = wire.field()? {
            if number == 1 {
                metadata = field.bytes()?;
            }
        }
        Ok(Self {
            metadata: Message::of("ListMeta", metadata)?,
            items: Wire::of(raw),
        })
    }

    /// The bytes of each item.
    pub fn items(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let mut wire = self.items;
        std::iter::from_fn(move || wire.field().ok().flatten())
            .filter(|(number, _)| *number == 2)
            .filter_map(|(_, field)| field.bytes().ok())
    }
}

/// One event of a watch, without the length that stands before it in the stream
/// (`apimachinery/pkg/apis/meta/v1/watch.go` `WatchEvent`; it comes without an envelope of its own).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event<'a> {
    /// `ADDED`, `MODIFIED`, …
    pub kind: &'a str,
    /// The object's whole body, with its envelope.
    pub object: &'a [u8],
}

impl<'a> Event<'a> {
    pub fn read(frame: &'a [u8]) -> Result<Self, Error> {
        let mut event = Event { kind: "", object: &[] };
        let mut wire = Wire::of(frame);
        while let Some((number, field)) = wire.field()? {
            match number {
                1 => event.kind = field.text()?,
                2 => event.object = one(field.bytes()?)?,
                _ => {}
            }
        }
        Ok(event)
    }
}

/// The first field of a message that has only that: a `RawExtension`, a `FieldsV1`, a `Quantity`.
fn one(bytes: &[u8]) -> Result<&[u8], Flaw> {
    let mut wire = Wire::of(bytes);
    let mut found: &[u8] = &[];
    while let Some((number, field)) = wire.field()? {
        if number == 1 {
            found = field.bytes()?;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests;
