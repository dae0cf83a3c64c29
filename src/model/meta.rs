//! `metadata`, as much of it as a rule or a screen reads; never `managedFields`.

mod labels;

use super::lenient::or_default;
use super::{Key, Kind, List, ResourceVersion, Text, Uid};
use jiff::Timestamp;
pub use labels::{Labels, Pairs};
use serde::{Deserialize, Deserializer};

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
    pub finalizers: List<Text>,
    #[serde(deserialize_with = "or_default")]
    pub owner_references: List<OwnerReference>,
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

    /// The same but for the resource version, which every write raises.
    pub fn alike(&self, other: &Self) -> bool {
        let Self {
            name,
            namespace,
            uid,
            resource_version: _,
            generation,
            creation_timestamp,
            deletion_timestamp,
            deletion_grace_period_seconds,
            finalizers,
            owner_references,
            labels,
            annotations,
        } = self;
        *name == other.name
            && *namespace == other.namespace
            && *uid == other.uid
            && *generation == other.generation
            && *creation_timestamp == other.creation_timestamp
            && *deletion_timestamp == other.deletion_timestamp
            && *deletion_grace_period_seconds == other.deletion_grace_period_seconds
            && *finalizers == other.finalizers
            && *owner_references == other.owner_references
            && *labels == other.labels
            && *annotations == other.annotations
    }

    /// Takes from another what both say alike, so that it is kept once.
    pub(super) fn share(&mut self, other: &Self) {
        if self.namespace == other.namespace {
            self.namespace = other.namespace.clone();
        }
        if self.name == other.name {
            self.name = other.name.clone();
        }
        self.finalizers.share(&other.finalizers);
        self.owner_references.share(&other.owner_references);
        self.labels.share(&other.labels);
        self.annotations.share(&other.annotations);
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
        self.held_kind().map(|kind| Key::new(kind, namespace, &self.name))
    }

    /// The owner's kind, if it is one that the world holds.
    pub fn held_kind(&self) -> Option<Kind> {
        Kind::from_api(&self.api_version, &self.kind)
    }
}

/// `metav1.LabelSelector`. Source: `apimachinery/pkg/apis/meta/v1/helpers.go`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Selector {
    #[serde(deserialize_with = "or_default")]
    pub match_labels: Labels,
    #[serde(deserialize_with = "or_default")]
    pub match_expressions: List<Requirement>,
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
            let number = |text: &str| text.parse::<i64>().ok();
            let bound = self.values.first().map(Text::as_str);
            let (held, bound) = (held.and_then(number), bound.and_then(number));
            held.zip(bound).is_some_and(|(held, bound)| held.cmp(&bound) == order)
        };
        match self.operator.as_str() {
            "In" => held.is_some_and(|value| self.values.iter().any(|one| one == value)),
            "NotIn" => held.is_none_or(|value| !self.values.iter().any(|one| one == value)),
            "Exists" => held.is_some(),
            "DoesNotExist" => held.is_none(),
            "Gt" => compare(std::cmp::Ordering::Greater),
            "Lt" => compare(std::cmp::Ordering::Less),
            _ => false,
        }
    }
}

fn kept_annotations<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Labels, D::Error> {
    deserializer.deserialize_any(labels::Kept(reads))
}

/// Whether an annotation is among those that facts keep.
pub fn reads(annotation: &str) -> bool {
    KEPT_ANNOTATIONS.iter().any(|prefix| annotation.starts_with(prefix))
}
