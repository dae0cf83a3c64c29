//! One page of a list in protobuf: each item on its own from the start, because its length says where the next begins.

use super::Page;
use crate::cluster::said;
use crate::model::fact::Decode;
use crate::model::{Key, Kind, Malformed, Object};
use crate::protobuf::{Envelope, Error, List, Message};
use serde::de::DeserializeSeed as _;

/// Decodes a page; [`super::decode`] for protobuf.
pub fn decode(kind: Kind, body: &[u8]) -> Result<Page, String> {
    let told = |error: Error| said::plain(&error.to_string());
    let envelope = Envelope::read(body).map_err(told)?;
    let items = envelope.kind.strip_suffix("List").unwrap_or_default();
    if !is_of(kind, items) {
        return Err(format!(
            "it is a {} and not a list of {}",
            said::plain(envelope.kind),
            kind.plural()
        ));
    }
    let list = List::read(envelope.raw).map_err(told)?;
    let mut page = Page {
        resource_version: list.metadata.text("resourceVersion").to_owned(),
        more: list.metadata.text("continue").to_owned(),
        ..Page::default()
    };
    for item in list.items() {
        match object(kind, item) {
            Ok(object) => page.objects.push(object),
            Err(error) => page.malformed.push(malformed(kind, item, &error)),
        }
    }
    Ok(page)
}

/// Whether a message of this name holds an object of this kind. A release is its Secret's metadata, also where a server
/// sends the Secret whole.
pub(in crate::cluster) fn is_of(kind: Kind, name: &str) -> bool {
    match kind {
        kind if kind.is_record() => name == METADATA || name == kind.name(),
        kind => name == kind.name(),
    }
}

/// The metadata of an object of any kind, which is field 1 of all of them.
const METADATA: &str = "PartialObjectMetadata";

/// One object's message.
pub(in crate::cluster) fn object(kind: Kind, raw: &[u8]) -> Result<Object, Error> {
    let name = match kind {
        kind if kind.is_record() => METADATA,
        kind => kind.name(),
    };
    Decode(kind).deserialize(Message::of(name, raw)?)
}

/// A text of an object's metadata; empty where there is none.
pub(in crate::cluster) fn metadata<'a>(raw: &'a [u8], field: &str) -> &'a str {
    let found = Message::of(METADATA, raw).ok();
    let found = found.and_then(|message| message.inner("metadata"));
    found.map(|metadata| metadata.text(field)).unwrap_or_default()
}

/// An object that does not decode, named as well as its metadata allows.
pub(in crate::cluster) fn malformed(kind: Kind, raw: &[u8], error: &Error) -> Malformed {
    let name = match metadata(raw, "name") {
        "" => "(unnamed)",
        name => name,
    };
    Malformed {
        key: Key::new(kind, metadata(raw, "namespace"), name),
        why: said::plain(&error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protobuf::MAGIC;
    use proptest::prelude::*;

    fn field(number: u8, bytes: &[u8]) -> Vec<u8> {
        let mut written = vec![number << 3 | 2, u8::try_from(bytes.len()).expect("a short one")];
        written.extend(bytes);
        written
    }

    fn pod(name: &[u8], status: &[u8]) -> Vec<u8> {
        let meta = [field(1, name), field(3, b"n")].concat();
        [field(1, &meta), field(3, status)].concat()
    }

    fn list(kind: &str, items: &[Vec<u8>]) -> Vec<u8> {
        let mut raw = field(1, &[field(2, b"7"), field(3, b"x")].concat());
        for item in items {
            raw.extend(field(2, item));
        }
        let meta = [field(1, b"v1"), field(2, kind.as_bytes())].concat();
        [MAGIC.to_vec(), field(1, &meta), field(2, &raw)].concat()
    }

    #[test]
    fn a_malformed_item_is_named_and_hurts_no_other() {
        let body = list(
            "PodList",
            &[
                pod(b"a", &field(1, b"Running")),
                pod(b"bad", &field(1, b"\xff")),
                pod(b"", b""),
                pod(b"c", b""),
                b"\x0a\x09".to_vec(),
            ],
        );
        let page = decode(Kind::Pod, &body).expect("a list");
        assert_eq!((page.resource_version.as_str(), page.more.as_str()), ("7", "x"));
        let names: Vec<&str> = page.objects.iter().map(|object| object.meta.name.as_str()).collect();
        assert_eq!(names, ["a", "c"]);
        let told: Vec<String> = page
            .malformed
            .iter()
            .map(|bad| format!("{} {}", bad.key, bad.why))
            .collect();
        assert_eq!(
            told,
            [
                "pod/bad status.phase: text that is not UTF-8",
                "pod/(unnamed) metadata.name is missing",
                "pod/(unnamed) it ends within a field",
            ]
        );
    }

    #[test]
    fn an_empty_list_is_one_and_what_is_no_list_of_the_kind_is_none() {
        let empty = decode(Kind::Pod, &list("PodList", &[])).expect("a list");
        assert!(empty.objects.is_empty() && empty.resource_version == "7");
        let whole = list("PodList", &[pod(b"a", b"")]);
        let cut = whole.get(..whole.len() - 1).expect("a part");
        for body in [
            &b"{}"[..],
            b"",
            cut,
            &list("Pod", &[]),
            &list("JobList", &[]),
            &list("List", &[]),
        ] {
            assert!(decode(Kind::Pod, body).is_err(), "{body:?}");
        }
        for kind in ["PartialObjectMetadataList", "SecretList"] {
            assert_eq!(
                decode(Kind::Release, &list(kind, &[pod(b"a", b"")]))
                    .expect("a list")
                    .objects
                    .len(),
                1
            );
        }
    }

    proptest! {
        #[test]
        fn no_damage_is_more_than_findings(at in any::<prop::sample::Index>(), byte in any::<u8>(), end in any::<prop::sample::Index>()) {
            let mut body = list("PodList", &[pod(b"a", &field(8, &[field(1, b"db"), vec![5 << 3, 3]].concat())), pod(b"b", b"")]);
            let at = at.index(body.len());
            if let Some(hit) = body.get_mut(at) {
                *hit = byte;
            }
            body.truncate(end.index(body.len() + 1));
            for kind in Kind::ALL {
                drop(decode(kind, &body));
                drop(object(kind, &body));
            }
        }
    }
}
