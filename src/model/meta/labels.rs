//! Labels and annotations in one allocation: tens of thousands of objects carry the same few dozen keys. A copy shares them.
//!
//! Held as bytes, sorted by key: for each pair the key (one byte for a key in [`KNOWN`], else its length and its text)
//! and the value's length and text. What belongs to whom is decided elsewhere.

use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;
use std::sync::Arc;

/// Keys that are held as one byte, sorted. Their order is part of no contract: nothing of this is ever written down.
const KNOWN: [&str; 42] = [
    "app",
    "app.kubernetes.io/component",
    "app.kubernetes.io/instance",
    "app.kubernetes.io/managed-by",
    "app.kubernetes.io/name",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/version",
    "apps.kubernetes.io/pod-index",
    "batch.kubernetes.io/controller-uid",
    "batch.kubernetes.io/cronjob-scheduled-timestamp",
    "batch.kubernetes.io/job-completion-index",
    "batch.kubernetes.io/job-name",
    "chart",
    "component",
    "controller-revision-hash",
    "controller-uid",
    "createdAt",
    "helm.sh/chart",
    "helm.sh/hook",
    "helm.sh/hook-delete-policy",
    "helm.sh/hook-weight",
    "helm.sh/resource-policy",
    "heritage",
    "job-name",
    "kubernetes.io/metadata.name",
    "meta.helm.sh/release-name",
    "meta.helm.sh/release-namespace",
    "modifiedAt",
    "name",
    "owner",
    "pod-template-generation",
    "pod-template-hash",
    "pv.kubernetes.io/bind-completed",
    "pv.kubernetes.io/bound-by-controller",
    "pv.kubernetes.io/provisioned-by",
    "release",
    "statefulset.kubernetes.io/pod-name",
    "status",
    "version",
    "volume.beta.kubernetes.io/storage-provisioner",
    "volume.kubernetes.io/selected-node",
    "volume.kubernetes.io/storage-provisioner",
];
/// The tag of a key that is none of [`KNOWN`]; its length and text follow.
const SPELT: u8 = u8::MAX;

/// Labels or annotations, sorted by key.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Labels(Arc<[u8]>);

impl Labels {
    /// What is empty allocates nothing.
    fn of(pairs: &[u8]) -> Self {
        if pairs.is_empty() {
            Self::default()
        } else {
            Self(pairs.into())
        }
    }

    /// Takes the other's pairs for its own where both hold the same, so that they are kept once.
    pub(in crate::model) fn share(&mut self, other: &Self) {
        if self == other {
            self.0 = Arc::clone(&other.0);
        }
    }

    /// The value under a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(held, _)| *held == key).map(|(_, value)| value)
    }

    /// Key and value, by key.
    pub fn iter(&self) -> Pairs<'_> {
        Pairs(&self.0)
    }

    /// The same with this key set, or without it.
    #[must_use]
    pub fn with(&self, key: &str, value: Option<&str>) -> Self {
        self.iter()
            .filter(|(held, _)| *held != key)
            .chain(value.map(|value| (key, value)))
            .collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.iter().count()
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = (&'a str, &'a str);
    type IntoIter = Pairs<'a>;

    fn into_iter(self) -> Pairs<'a> {
        self.iter()
    }
}

/// The pairs of [`Labels`], in order.
#[derive(Clone, Debug)]
pub struct Pairs<'a>(&'a [u8]);

impl<'a> Iterator for Pairs<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<(&'a str, &'a str)> {
        let (tag, rest) = self.0.split_first()?;
        let (key, rest) = match KNOWN.get(usize::from(*tag)) {
            Some(known) => (*known, rest),
            None => text(rest)?,
        };
        let (value, rest) = text(rest)?;
        self.0 = rest;
        Some((key, value))
    }
}

/// A length and so many bytes of text, and what follows.
fn text(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (mut length, mut shift, mut rest) = (0_usize, 0_u32, bytes);
    loop {
        let (byte, after) = rest.split_first()?;
        rest = after;
        length |= usize::from(byte & 0x7f).checked_shl(shift)?;
        shift += 7;
        if byte & 0x80 == 0 {
            break;
        }
    }
    let (text, rest) = rest.split_at_checked(length)?;
    Some((std::str::from_utf8(text).ok()?, rest))
}

fn put(text: &str, out: &mut Vec<u8>) {
    let mut length = text.len();
    while length >= 0x80 {
        out.push(u8::try_from(length & 0x7f).unwrap_or(0) | 0x80);
        length >>= 7;
    }
    out.push(u8::try_from(length).unwrap_or(0));
    out.extend_from_slice(text.as_bytes());
}

impl<K: AsRef<str>, V: AsRef<str>> FromIterator<(K, V)> for Labels {
    /// Of a key that comes twice, the last value counts, as in JSON.
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut pairs: Vec<(K, V)> = pairs.into_iter().collect();
        pairs.sort_by(|(left, _), (right, _)| left.as_ref().cmp(right.as_ref()));
        let mut out = Vec::new();
        for (at, (key, value)) in pairs.iter().enumerate() {
            let key = key.as_ref();
            if pairs.get(at + 1).is_some_and(|(next, _)| next.as_ref() == key) {
                continue;
            }
            put_key(key, &mut out);
            put(value.as_ref(), &mut out);
        }
        Self::of(&out)
    }
}

fn put_key(key: &str, out: &mut Vec<u8>) {
    // their lengths tell most of them apart, so that hardly one is compared in vain
    if let Some(known) = KNOWN.iter().position(|known| *known == key) {
        out.push(u8::try_from(known).unwrap_or(SPELT));
    } else {
        out.push(SPELT);
        put(key, out);
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Reads a map of strings, keeping the keys that the function wants; `null` reads as an empty value or an empty map.
pub(super) struct Kept<F>(pub(super) F);

impl<'de, F: Fn(&str) -> bool> Visitor<'de> for Kept<F> {
    type Value = Labels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_unit<E>(self) -> Result<Labels, E> {
        Ok(Labels::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
        let mut out = Vec::with_capacity(ROOM);
        let (mut last, mut sorted) = (None, true);
        loop {
            let at = out.len();
            let key = KeyOf {
                keep: &self.0,
                out: &mut out,
            };
            let Some(wanted) = map.next_key_seed(key)? else { break };
            if !wanted {
                map.next_value::<serde::de::IgnoredAny>()?;
                continue;
            }
            map.next_value_seed(ValueOf(&mut out))?;
            let key = |at: usize| Some(Pairs(out.get(at..)?).next()?.0);
            // API servers write maps sorted by key
            sorted &= last.is_none_or(|last| key(last) < key(at));
            last = Some(at);
        }
        if sorted {
            Ok(Labels::of(&out))
        } else {
            Ok(Pairs(&out).collect())
        }
    }
}

/// What the labels of most objects take.
const ROOM: usize = 256;

/// Writes a key that is wanted; whether it is.
struct KeyOf<'o, F> {
    keep: &'o F,
    out: &'o mut Vec<u8>,
}

impl<'de, F: Fn(&str) -> bool> DeserializeSeed<'de> for KeyOf<'_, F> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<F: Fn(&str) -> bool> Visitor<'_> for KeyOf<'_, F> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, key: &str) -> Result<bool, E> {
        let wanted = (self.keep)(key);
        if wanted {
            put_key(key, self.out);
        }
        Ok(wanted)
    }
}

/// Writes a value.
struct ValueOf<'o>(&'o mut Vec<u8>);

impl<'de> DeserializeSeed<'de> for ValueOf<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_option(self)
    }
}

impl<'de> Visitor<'de> for ValueOf<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_str<E>(self, value: &str) -> Result<(), E> {
        put(value, self.0);
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        put("", self.0);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        put("", self.0);
        Ok(())
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Kept(|_: &str| true))
    }
}

impl Serialize for Labels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_known_keys_are_sorted_and_fit_a_byte() {
        assert!(KNOWN.is_sorted() && KNOWN.len() < usize::from(SPELT));
    }

    #[test]
    fn what_is_put_in_comes_out_by_key() {
        let long = "x".repeat(70_000);
        let labels: Labels = [
            ("tier", "db"),
            ("app", "mysql"),
            ("zone", long.as_str()),
            ("app", "vault"),
        ]
        .into_iter()
        .collect();
        assert_eq!(labels.get("app"), Some("vault"), "the last one counts");
        assert_eq!(labels.get("zone").map(str::len), Some(70_000));
        assert_eq!(labels.get("nothing"), None);
        let keys: Vec<&str> = labels.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["app", "tier", "zone"]);
        assert_eq!(labels.with("tier", None).len(), 2);
        assert_eq!(labels.with("tier", Some("web")).get("tier"), Some("web"));
        assert_eq!(labels.with("new", Some("")).get("new"), Some(""));
    }

    #[test]
    fn json_in_whatever_order_reads_as_the_same() {
        let read = |json: &str| serde_json::from_str::<Labels>(json).unwrap();
        let wanted: Labels = [("app", "b"), ("tier", ""), ("zone", "z")].into_iter().collect();
        for json in [
            r#"{"app": "b", "tier": null, "zone": "z"}"#,
            r#"{"zone": "z", "app": "b", "tier": ""}"#,
            r#"{"app": "a", "tier": "", "zone": "z", "app": "b"}"#,
        ] {
            assert_eq!(read(json), wanted, "{json}");
        }
        assert_eq!(read("null"), Labels::default());
        for malformed in [r#"{"app": 1}"#, r#"{"app": {}}"#, "[]", "1", r#"{"app": ["a"]}"#] {
            assert!(serde_json::from_str::<Labels>(malformed).is_err(), "{malformed}");
        }
    }

    proptest! {
        #[test]
        fn any_map_reads_back(map in proptest::collection::btree_map("\\PC{0,40}", "\\PC{0,300}", 0..12)) {
            let labels: Labels = map.iter().collect();
            let back: std::collections::BTreeMap<String, String> =
                labels.iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
            prop_assert_eq!(&back, &map);
            let read: Labels = serde_json::from_value(serde_json::to_value(&map).unwrap()).unwrap();
            prop_assert_eq!(read, labels);
        }
    }
}
