//! One event of a watch: what it says, and its line of JSON, read in one pass where nothing is wrong with it.

use super::super::page;
use super::super::said::{self, Status};
use crate::model::fact::Decode;
use crate::model::{Key, Kind, Malformed, Object, Uid};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// What one event says.
#[derive(Debug)]
pub enum Event {
    Applied {
        object: Box<Object>,
    },
    Deleted {
        key: Key,
        uid: Uid,
        resource_version: String,
    },
    Malformed {
        malformed: Malformed,
        resource_version: String,
    },
    Bookmark {
        resource_version: String,
    },
    /// 410: the history this watch needs is gone.
    Expired {
        why: String,
    },
    /// The server ends the watch with an error.
    Failed {
        why: String,
    },
    /// Nothing that a watch says: what was lost with it is unknown.
    Garbage {
        why: String,
    },
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    object: &'a RawValue,
}

/// As much of an object as a bookmark or a deletion needs.
#[derive(Deserialize)]
struct Stub {
    metadata: StubMeta,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct StubMeta {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<Uid>,
    resource_version: Option<String>,
}

/// Reads one line of a watch on this kind, without its line end.
pub fn decode(kind: Kind, line: &[u8]) -> Event {
    let mut json = serde_json::Deserializer::from_slice(line);
    let read = Straight(kind).deserialize(&mut json);
    match read.and_then(|event| json.end().map(|()| event)) {
        Ok(event) => event,
        Err(_something) => piecewise(kind, line),
    }
}

/// The slow path: first what kind of event it is, then its object.
fn piecewise(kind: Kind, line: &[u8]) -> Event {
    let envelope: Envelope<'_> = match serde_json::from_slice(line) {
        Ok(envelope) => envelope,
        Err(error) => return bare(line, &error),
    };
    let json = envelope.object.get();
    match envelope.kind.as_ref() {
        "ADDED" | "MODIFIED" => match Object::decode(kind, json.as_bytes()) {
            Ok(object) => Event::Applied {
                object: Box::new(object),
            },
            Err(error) => Event::Malformed {
                malformed: page::malformed(kind, json, &error),
                resource_version: stub(json).resource_version.unwrap_or_default(),
            },
        },
        "DELETED" => gone(kind, stub(json)),
        "BOOKMARK" => Event::Bookmark {
            resource_version: stub(json).resource_version.unwrap_or_default(),
        },
        "ERROR" => failed(json.as_bytes()),
        other => unknown(other),
    }
}

/// Reads an event whose type comes before its object, as every API server writes it; anything else is an error.
struct Straight(Kind);

impl<'de> DeserializeSeed<'de> for Straight {
    type Value = Event;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Event, D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Straight {
    type Value = Event;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "an event about {}", self.0.plural())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Event, A::Error> {
        let other = || serde::de::Error::custom("it is written otherwise");
        let (Some("type"), said) = (map.next_key::<&str>()?, map.next_value::<&str>()?) else {
            return Err(other());
        };
        let Some("object") = map.next_key::<&str>()? else {
            return Err(other());
        };
        let event = match said {
            "ADDED" | "MODIFIED" => Event::Applied {
                object: Box::new(map.next_value_seed(Decode(self.0))?),
            },
            "DELETED" => gone(self.0, map.next_value::<Stub>()?.metadata),
            "BOOKMARK" => Event::Bookmark {
                resource_version: map.next_value::<Stub>()?.metadata.resource_version.unwrap_or_default(),
            },
            _ => return Err(other()),
        };
        match map.next_key::<&str>()? {
            None => Ok(event),
            Some(_) => Err(other()),
        }
    }
}

fn gone(kind: Kind, meta: StubMeta) -> Event {
    deleted(
        kind,
        meta.namespace.as_deref().unwrap_or_default(),
        meta.name.as_deref().unwrap_or_default(),
        meta.uid.unwrap_or_default(),
        meta.resource_version.unwrap_or_default(),
    )
}

/// A deletion, if it says of what.
pub(super) fn deleted(kind: Kind, namespace: &str, name: &str, uid: Uid, resource_version: String) -> Event {
    if name.is_empty() {
        return Event::Garbage {
            why: "a deletion without a name".to_owned(),
        };
    }
    Event::Deleted {
        key: Key::new(kind, namespace, name),
        uid,
        resource_version,
    }
}

pub(super) fn unknown(kind: &str) -> Event {
    Event::Garbage {
        why: format!("an event of type {:?}", said::plain(kind)),
    }
}

fn stub(json: &str) -> StubMeta {
    serde_json::from_str::<Stub>(json)
        .map(|stub| stub.metadata)
        .unwrap_or_default()
}

/// Some servers and proxies end a stream with a bare `Status`.
fn bare(line: &[u8], error: &serde_json::Error) -> Event {
    if Status::read(line).is_some() {
        return failed(line);
    }
    Event::Garbage {
        why: format!("a line that is no event: {}", said::plain(&error.to_string())),
    }
}

/// The server's `Status`, in JSON or in protobuf.
pub(super) fn failed(body: &[u8]) -> Event {
    let why = said::words(body);
    let status = Status::read(body).unwrap_or_default();
    if status.code == 410 || matches!(status.reason.as_str(), "Expired" | "Gone") {
        Event::Expired { why }
    } else {
        Event::Failed { why }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_of_event_is_told_apart() {
        let says = |line: &str| format!("{:?}", decode(Kind::Pod, line.as_bytes()));
        assert!(says(r#"{"type":"ADDED","object":{"metadata":{"name":"a"}}}"#).starts_with("Applied"));
        assert!(says(r#"{"type":"DELETED","object":{"metadata":{"name":"a"},"spec":3}}"#).starts_with("Deleted"));
        assert!(
            says(r#"{"type":"MODIFIED","object":{"metadata":{"name":"a","resourceVersion":"9"},"spec":3}}"#)
                .contains("\"9\"")
        );
        assert!(says(r#"{"type":"BOOKMARK","object":{"metadata":{"resourceVersion":"12"}}}"#).contains("\"12\""));
        assert!(
            says(r#"{"type":"ERROR","object":{"kind":"Status","code":410,"message":"too old"}}"#)
                .starts_with("Expired")
        );
        assert!(
            says(r#"{"type":"ERROR","object":{"kind":"Status","code":500,"message":"oops"}}"#).starts_with("Failed")
        );
        assert!(says(r#"{"kind":"Status","code":410,"reason":"Expired"}"#).starts_with("Expired"));
        for garbage in [
            "{",
            "7",
            r#"{"type":"DELETED","object":{}}"#,
            r#"{"type":"NEWS","object":{}}"#,
        ] {
            assert!(says(garbage).starts_with("Garbage"), "{garbage}");
        }
    }
}
