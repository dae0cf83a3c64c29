//! `metadata`, as much of it as a rule or a screen reads; never `managedFields`.

use super::lenient::or_default;
use super::{Key, Kind, ResourceVersion, Text, Uid};
use jiff::Timestamp;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use std::fmt;

/// Annotations that some rule reads; all others are dropped while decoding. Prefixes, matched at the start of the key.
const KEPT_ANNOTATIONS: [&str; 7] = [
    "helm.sh/",
    "meta.helm.sh/",
    "pv.kubernetes.io/",
    "volume.kubernetes.io/",
    "volume.beta.kubernetes.io/",
    "storageclass.kubernetes.io/",
    "pilothouse.dev/",
];

/// The lean `metadata` of an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Meta {
    #[serde(deserialize_with = "or_default")]
    pub name: Text,
    #[serde(deserialize_with = "or_default")]
    pub namespace: Text,
    #[serde(deserialize_with = "or_default")]
    pub uid: Uid,
    #[serde(deserialize_with = "or_default")]
    pub resource_version: ResourceVersion,
    /// Counts the changes of the spec; 0 for kinds that do not count.
    #[serde(deserialize_with = "or_default")]
    pub generation: u64,
    pub creation_timestamp: Option<Timestamp>,
    pub deletion_timestamp: Option<Timestamp>,
    pub deletion_grace_period_seconds: Option<i64>,
    #[serde(deserialize_with = "or_default")]
    pub finalizers: Vec<Text>,
    #[serde(deserialize_with = "or_default")]
    pub owner_references: Vec<OwnerReference>,
    #[serde(deserialize_with = "or_default")]
    pub labels: Labels,
    #[serde(deserialize_with = "kept_annotations")]
    pub annotations: Labels,
}

impl Meta {
    /// Deletion was accepted: `deletionTimestamp` is set. It can never be unset again.
    pub const fn deleting(&self) -> bool {
        self.deletion_timestamp.is_some()
    }

    pub fn has_finalizer(&self, finalizer: &str) -> bool {
        self.finalizers.iter().any(|held| held == finalizer)
    }

    /// The owner with `controller: true`, of which there is at most one.
    pub fn controller(&self) -> Option<&OwnerReference> {
        self.owner_references.iter().find(|owner| owner.controller)
    }
}

/// `metadata.ownerReferences[]`. The owner may be of a kind the world does not hold (a custom resource).
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct OwnerReference {
    pub api_version: Text,
    pub kind: Text,
    pub name: Text,
    pub uid: Uid,
    #[serde(deserialize_with = "or_default")]
    pub controller: bool,
    #[serde(deserialize_with = "or_default")]
    pub block_owner_deletion: bool,
}

impl OwnerReference {
    /// Where the owner would live if it is of a kind the world holds. A namespaced owner lives in its dependent's namespace.
    pub fn key(&self, namespace: &str) -> Option<Key> {
        Kind::from_api(&self.api_version, &self.kind).map(|kind| Key::new(kind, namespace, &self.name))
    }
}

/// Labels or annotations, sorted by key, in one allocation.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Labels(Box<[(Text, Text)]>);

impl Labels {
    pub fn get(&self, key: &str) -> Option<&Text> {
        self.0
            .binary_search_by(|(held, _)| held.as_str().cmp(key))
            .ok()
            .and_then(|at| self.0.get(at))
            .map(|(_, value)| value)
    }

    pub fn iter(&self) -> impl Iterator<Item = (&Text, &Text)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The same with this key set, or without it.
    #[must_use]
    pub fn with(&self, key: &str, value: Option<&str>) -> Self {
        let kept = self.iter().filter(|(held, _)| *held != key);
        kept.map(|(held, value)| (held.clone(), value.clone()))
            .chain(value.map(|value| (Text::from(key), Text::from(value))))
            .collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl<K: Into<Text>, V: Into<Text>> FromIterator<(K, V)> for Labels {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(pairs: I) -> Self {
        let mut pairs: Vec<(Text, Text)> = pairs
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()))
            .collect();
        pairs.sort();
        pairs.dedup_by(|later, earlier| later.0 == earlier.0);
        Self(pairs.into_boxed_slice())
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

struct LabelsVisitor<F>(F);

impl<'de, F: Fn(&str) -> bool> Visitor<'de> for LabelsVisitor<F> {
    type Value = Labels;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map of strings")
    }

    fn visit_unit<E>(self) -> Result<Labels, E> {
        Ok(Labels::default())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Labels, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = map.next_key::<Text>()? {
            if (self.0)(&key) {
                let value: Option<Text> = map.next_value()?;
                pairs.push((key, value.unwrap_or_default()));
            } else {
                map.next_value::<serde::de::IgnoredAny>()?;
            }
        }
        Ok(pairs.into_iter().collect())
    }
}

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LabelsVisitor(|_: &str| true))
    }
}

impl Serialize for Labels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

/// Whether an annotation is among those that facts keep.
pub fn reads(annotation: &str) -> bool {
    KEPT_ANNOTATIONS.iter().any(|prefix| annotation.starts_with(prefix))
}

fn kept_annotations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
    deserializer.deserialize_any(LabelsVisitor(reads))
}

/// `metav1.LabelSelector`. Source: `apimachinery/pkg/apis/meta/v1/helpers.go`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    #[serde(deserialize_with = "or_default")]
    pub match_labels: Labels,
    #[serde(deserialize_with = "or_default")]
    pub match_expressions: Vec<Requirement>,
}

/// One `matchExpressions` entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Requirement {
    pub key: Text,
    pub operator: Text,
    #[serde(deserialize_with = "or_default")]
    pub values: Vec<Text>,
}

impl Selector {
    /// Whether the labels satisfy every requirement. An empty selector matches everything, as in Kubernetes.
    /// An operator that Kubernetes does not know matches nothing.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.match_labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(value))
            && self.match_expressions.iter().all(|wanted| wanted.holds(labels))
    }
}

impl Requirement {
    /// Whether the labels satisfy it. `Gt` and `Lt`, which only node affinity knows, compare whole numbers.
    pub fn holds(&self, labels: &Labels) -> bool {
        let held = labels.get(&self.key);
        let compare = |order: std::cmp::Ordering| {
            let number = |text: &Text| text.parse::<i64>().ok();
            let (held, bound) = (held.and_then(number), self.values.first().and_then(number));
            held.zip(bound).is_some_and(|(held, bound)| held.cmp(&bound) == order)
        };
        match self.operator.as_str() {
            "In" => held.is_some_and(|value| self.values.contains(value)),
            "NotIn" => held.is_none_or(|value| !self.values.contains(value)),
            "Exists" => held.is_some(),
            "DoesNotExist" => held.is_none(),
            "Gt" => compare(std::cmp::Ordering::Greater),
            "Lt" => compare(std::cmp::Ordering::Less),
            _ => false,
        }
    }
}
