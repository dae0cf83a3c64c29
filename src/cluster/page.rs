//! One page of a list, from its bytes: the whole page typed at once, and item by item only where that fails.

pub(super) mod protobuf;

use super::body::Format;
use super::said;
use crate::model::fact::Decode;
use crate::model::{Key, Kind, Malformed, Object};
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;

/// A decoded page.
#[derive(Debug, Default)]
pub struct Page {
    pub objects: Vec<Object>,
    pub malformed: Vec<Malformed>,
    /// `metadata.resourceVersion`: where a watch goes on.
    pub resource_version: String,
    /// `metadata.continue`: empty on the last page.
    pub more: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListMeta {
    resource_version: Option<String>,
    #[serde(rename = "continue")]
    more: Option<String>,
}

/// Decodes a page, however it is written.
pub(super) fn read(format: Format, kind: Kind, body: &[u8]) -> Result<Page, String> {
    match format {
        Format::Json => decode(kind, body),
        Format::Protobuf => protobuf::decode(kind, body),
    }
}

/// Decodes a page of JSON. An item that does not decode becomes [`Malformed`] and hurts no other; `Err` means that the body is no
/// list at all, in the decoder's words.
pub fn decode(kind: Kind, body: &[u8]) -> Result<Page, String> {
    let mut decoder = serde_json::Deserializer::from_slice(body);
    match PageOf(kind).deserialize(&mut decoder) {
        Ok(page) => Ok(page),
        Err(_some_item) => one_by_one(kind, body),
    }
}

/// The slow path: each item on its own.
fn one_by_one(kind: Kind, body: &[u8]) -> Result<Page, String> {
    #[derive(Deserialize)]
    struct RawPage<'a> {
        #[serde(default)]
        metadata: Option<ListMeta>,
        #[serde(borrow)]
        items: Option<Vec<&'a RawValue>>,
    }
    let raw: RawPage<'_> = serde_json::from_slice(body).map_err(|error| said::plain(&error.to_string()))?;
    let items = raw.items.ok_or_else(|| "it has no items".to_owned())?;
    let meta = raw.metadata.unwrap_or_default();
    let mut page = Page {
        resource_version: meta.resource_version.unwrap_or_default(),
        more: meta.more.unwrap_or_default(),
        ..Page::default()
    };
    for item in items {
        match Object::decode(kind, item.get().as_bytes()) {
            Ok(object) => page.objects.push(object),
            Err(error) => page.malformed.push(malformed(kind, item.get(), &error)),
        }
    }
    Ok(page)
}

/// An object that does not decode, named as well as its metadata allows.
pub(super) fn malformed(kind: Kind, json: &str, error: &serde_json::Error) -> Malformed {
    let value: serde_json::Value = serde_json::from_str(json).unwrap_or_default();
    let field = |name: &str| {
        value
            .pointer("/metadata")
            .and_then(|metadata| metadata.get(name))
            .and_then(serde_json::Value::as_str)
            .unwrap_or_default()
    };
    let name = match field("name") {
        "" => "(unnamed)",
        name => name,
    };
    Malformed {
        key: Key::new(kind, field("namespace"), name),
        why: said::plain(&error.to_string()),
    }
}

/// Decodes a list whose items are of one kind.
struct PageOf(Kind);

impl<'de> DeserializeSeed<'de> for PageOf {
    type Value = Page;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Page, D::Error> {
        source.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for PageOf {
    type Value = Page;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a list of {}", self.0.plural())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Page, A::Error> {
        let mut page = Page::default();
        let mut listed = false;
        while let Some(field) = map.next_key::<std::borrow::Cow<'de, str>>()? {
            match field.as_ref() {
                "metadata" => {
                    let meta: Option<ListMeta> = map.next_value()?;
                    let meta = meta.unwrap_or_default();
                    page.resource_version = meta.resource_version.unwrap_or_default();
                    page.more = meta.more.unwrap_or_default();
                }
                "items" => {
                    listed = true;
                    page.objects = map.next_value_seed(Items(self.0))?;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        if listed {
            Ok(page)
        } else {
            Err(serde::de::Error::custom("it has no items"))
        }
    }
}

struct Items(Kind);

impl<'de> DeserializeSeed<'de> for Items {
    type Value = Vec<Object>;

    fn deserialize<D: Deserializer<'de>>(self, source: D) -> Result<Vec<Object>, D::Error> {
        source.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for Items {
    type Value = Vec<Object>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("items")
    }

    /// Go writes an empty slice as `null`.
    fn visit_none<E>(self) -> Result<Vec<Object>, E> {
        Ok(Vec::new())
    }

    fn visit_unit<E>(self) -> Result<Vec<Object>, E> {
        Ok(Vec::new())
    }

    fn visit_some<D: Deserializer<'de>>(self, source: D) -> Result<Vec<Object>, D::Error> {
        source.deserialize_seq(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<Object>, A::Error> {
        let mut objects = Vec::new();
        while let Some(object) = items.next_element_seed(Decode(self.0))? {
            objects.push(object);
        }
        Ok(objects)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(page: &Page) -> Vec<&str> {
        page.objects.iter().map(|object| object.meta.name.as_str()).collect()
    }

    #[test]
    fn a_page_decodes_with_its_items_before_or_after_its_metadata() {
        let body = br#"{"kind":"PodList","items":[{"metadata":{"name":"a"}},{"metadata":{"name":"b"}}],"metadata":{"resourceVersion":"7","continue":"x"}}"#;
        let page = decode(Kind::Pod, body).expect("a list");
        assert_eq!(names(&page), ["a", "b"]);
        assert_eq!((page.resource_version.as_str(), page.more.as_str()), ("7", "x"));
        let empty = decode(Kind::Pod, br#"{"items":null,"metadata":{"resourceVersion":"7"}}"#).expect("a list");
        assert!(empty.objects.is_empty());
    }

    #[test]
    fn a_malformed_item_is_named_and_hurts_no_other() {
        let body = br#"{"metadata":{"resourceVersion":"7"},"items":[{"metadata":{"name":"a","namespace":"n"}},
            {"metadata":{"name":"bad","namespace":"n"},"spec":"not an object"},
            {"metadata":{"namespace":"n"}},{"metadata":{"name":"c","namespace":"n"}}]}"#;
        let page = decode(Kind::Pod, body).expect("a list");
        assert_eq!(names(&page), ["a", "c"]);
        let keys: Vec<String> = page.malformed.iter().map(|bad| bad.key.to_string()).collect();
        assert_eq!(keys, ["pod/bad", "pod/(unnamed)"]);
        let why = page.malformed.first().map(|bad| bad.why.clone()).unwrap_or_default();
        assert!(why.contains("not an object") || why.contains("invalid type"), "{why}");
    }

    #[test]
    fn what_is_no_list_is_refused_and_not_taken_for_an_empty_one() {
        for body in [&b"<html>"[..], b"{}", b"{\"items\":[", b"[]", br#"{"items":7}"#] {
            assert!(decode(Kind::Pod, body).is_err(), "{}", String::from_utf8_lossy(body));
        }
    }
}
