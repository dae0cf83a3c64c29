//! The lines of a watch: bytes in, one event a line out, whatever the packets.

use super::super::page;
use super::super::said::{self, Status};
use super::super::wire::CAP;
use crate::model::{Key, Kind, Malformed, Object, Uid};
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;

/// Collects bytes into lines.
#[derive(Debug, Default)]
pub(super) struct Lines {
    held: Vec<u8>,
    /// How many of the held bytes are known to contain no line end.
    scanned: usize,
}

impl Lines {
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.held.extend_from_slice(bytes);
    }

    /// Hands every complete line to `each` until it returns `false`; keeps the rest for later.
    pub(super) fn drain(&mut self, mut each: impl FnMut(&[u8]) -> bool) {
        let mut begin = 0;
        let mut look = self.scanned;
        while let Some(length) = self
            .held
            .get(look..)
            .and_then(|rest| rest.iter().position(|byte| *byte == b'\n'))
        {
            let end = look + length;
            let line = self.held.get(begin..end).unwrap_or_default();
            begin = end + 1;
            look = begin;
            if !line.iter().all(u8::is_ascii_whitespace) && !each(line) {
                break;
            }
        }
        self.held.drain(..begin);
        self.scanned = self.held.len();
    }

    /// Bytes of a line that has not ended.
    pub(super) fn pending(&self) -> usize {
        self.held.len()
    }

    pub(super) fn overflown(&self) -> bool {
        self.held.len() > CAP
    }
}

/// What one line says.
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
        "DELETED" => {
            let meta = stub(json);
            match meta.name {
                Some(name) if !name.is_empty() => Event::Deleted {
                    key: Key::new(kind, meta.namespace.as_deref().unwrap_or_default(), &name),
                    uid: meta.uid.unwrap_or_default(),
                    resource_version: meta.resource_version.unwrap_or_default(),
                },
                _ => Event::Garbage {
                    why: "a deletion without a name".to_owned(),
                },
            }
        }
        "BOOKMARK" => Event::Bookmark {
            resource_version: stub(json).resource_version.unwrap_or_default(),
        },
        "ERROR" => failure(json.as_bytes()),
        other => Event::Garbage {
            why: format!("an event of type {:?}", said::plain(other)),
        },
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
        return failure(line);
    }
    Event::Garbage {
        why: format!("a line that is no event: {}", said::plain(&error.to_string())),
    }
}

fn failure(json: &[u8]) -> Event {
    let why = said::words(json);
    let status = Status::read(json).unwrap_or_default();
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
    fn lines_come_out_whole_wherever_the_packets_end() {
        let text = b"one\n\ntwo two\nthree\nrest";
        for cut in 0..text.len() {
            let mut lines = Lines::default();
            let mut seen = Vec::new();
            for part in [&text[..cut], &text[cut..]] {
                lines.push(part);
                lines.drain(|line| {
                    seen.push(String::from_utf8_lossy(line).into_owned());
                    true
                });
            }
            assert_eq!(seen, ["one", "two two", "three"], "cut at {cut}");
            assert_eq!(lines.pending(), 4);
        }
    }

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
