//! Identities: kinds, keys, uids, resource versions, and the pin that a write carries.

use super::Text;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The kinds whose facts the world holds. Closed: a new kind stops the build wherever someone must think about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    Namespace,
    Node,
    StorageClass,
    PersistentVolume,
    VolumeAttachment,
    PersistentVolumeClaim,
    Pod,
    Job,
    CronJob,
    StatefulSet,
    Deployment,
    ReplicaSet,
    DaemonSet,
    PodDisruptionBudget,
    /// A Helm release revision, seen through the metadata of its Secret (`sh.helm.release.v1.NAME.vREV`).
    Release,
    /// A Helm release revision that is kept in a `ConfigMap` (`HELM_DRIVER=configmap`), seen through its metadata.
    ReleaseMap,
}

impl Kind {
    /// Every kind, in the order feeds are started and shown.
    pub const ALL: [Self; 16] = [
        Self::Namespace,
        Self::PersistentVolumeClaim,
        Self::PersistentVolume,
        Self::Pod,
        Self::Job,
        Self::StorageClass,
        Self::VolumeAttachment,
        Self::StatefulSet,
        Self::Deployment,
        Self::ReplicaSet,
        Self::DaemonSet,
        Self::CronJob,
        Self::Node,
        Self::PodDisruptionBudget,
        Self::Release,
        Self::ReleaseMap,
    ];

    /// The kinds that Helm keeps its records in.
    pub const RECORDS: [Self; 2] = [Self::Release, Self::ReleaseMap];

    /// A record of Helm's, whatever it is kept in.
    pub const fn is_record(self) -> bool {
        matches!(self, Self::Release | Self::ReleaseMap)
    }

    /// The kind as the API server writes it; a release is a `Secret` there.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Namespace => "Namespace",
            Self::Node => "Node",
            Self::StorageClass => "StorageClass",
            Self::PersistentVolume => "PersistentVolume",
            Self::VolumeAttachment => "VolumeAttachment",
            Self::PersistentVolumeClaim => "PersistentVolumeClaim",
            Self::Pod => "Pod",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::StatefulSet => "StatefulSet",
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::DaemonSet => "DaemonSet",
            Self::PodDisruptionBudget => "PodDisruptionBudget",
            Self::Release => "Secret",
            Self::ReleaseMap => "ConfigMap",
        }
    }

    /// The resource in a URL path.
    pub const fn plural(self) -> &'static str {
        match self {
            Self::Namespace => "namespaces",
            Self::Node => "nodes",
            Self::StorageClass => "storageclasses",
            Self::PersistentVolume => "persistentvolumes",
            Self::VolumeAttachment => "volumeattachments",
            Self::PersistentVolumeClaim => "persistentvolumeclaims",
            Self::Pod => "pods",
            Self::Job => "jobs",
            Self::CronJob => "cronjobs",
            Self::StatefulSet => "statefulsets",
            Self::Deployment => "deployments",
            Self::ReplicaSet => "replicasets",
            Self::DaemonSet => "daemonsets",
            Self::PodDisruptionBudget => "poddisruptionbudgets",
            Self::Release => "secrets",
            Self::ReleaseMap => "configmaps",
        }
    }

    /// The word operators type and read: `pvc/mysql-pvc`.
    pub const fn short(self) -> &'static str {
        match self {
            Self::Namespace => "namespace",
            Self::Node => "node",
            Self::StorageClass => "storageclass",
            Self::PersistentVolume => "pv",
            Self::VolumeAttachment => "volumeattachment",
            Self::PersistentVolumeClaim => "pvc",
            Self::Pod => "pod",
            Self::Job => "job",
            Self::CronJob => "cronjob",
            Self::StatefulSet => "statefulset",
            Self::Deployment => "deployment",
            Self::ReplicaSet => "replicaset",
            Self::DaemonSet => "daemonset",
            Self::PodDisruptionBudget => "pdb",
            Self::Release => "release",
            Self::ReleaseMap => "release-configmap",
        }
    }

    /// The API group; empty for the core group.
    pub const fn group(self) -> &'static str {
        match self {
            Self::Namespace
            | Self::Node
            | Self::PersistentVolume
            | Self::PersistentVolumeClaim
            | Self::Pod
            | Self::Release
            | Self::ReleaseMap => "",
            Self::StorageClass | Self::VolumeAttachment => "storage.k8s.io",
            Self::Job | Self::CronJob => "batch",
            Self::StatefulSet | Self::Deployment | Self::ReplicaSet | Self::DaemonSet => "apps",
            Self::PodDisruptionBudget => "policy",
        }
    }

    /// `v1`, `apps/v1`: what an `apiVersion` field says. Every kind we know is served as `v1`.
    pub fn api_version(self) -> String {
        match self.group() {
            "" => "v1".to_owned(),
            group => format!("{group}/v1"),
        }
    }

    #[inline]
    pub const fn namespaced(self) -> bool {
        !matches!(
            self,
            Self::Namespace | Self::Node | Self::StorageClass | Self::PersistentVolume | Self::VolumeAttachment
        )
    }

    /// The kind that an `apiVersion` and `kind` pair names, whatever the version.
    pub fn from_api(api_version: &str, kind: &str) -> Option<Self> {
        let group = || api_version.split_once('/').map_or("", |(group, _)| group);
        Self::ALL
            .into_iter()
            .find(|candidate| candidate.name() == kind && !candidate.is_record() && candidate.group() == group())
    }

    /// The kind an operator means by `pvc`, `persistentvolumeclaims`, `PersistentVolumeClaim`, `sts` and so on.
    pub fn from_word(word: &str) -> Option<Self> {
        let word = word.to_ascii_lowercase();
        let alias = match word.as_str() {
            "ns" => Some(Self::Namespace),
            "no" => Some(Self::Node),
            "sc" => Some(Self::StorageClass),
            "va" => Some(Self::VolumeAttachment),
            "po" => Some(Self::Pod),
            "cj" => Some(Self::CronJob),
            "sts" => Some(Self::StatefulSet),
            "deploy" => Some(Self::Deployment),
            "rs" => Some(Self::ReplicaSet),
            "ds" => Some(Self::DaemonSet),
            _ => None,
        };
        alias.or_else(|| {
            Self::ALL.into_iter().find(|kind| {
                word == kind.short()
                    || (!kind.is_record() && (word == kind.plural() || word == kind.name().to_ascii_lowercase()))
                    || (*kind == Self::Release && word == "releases")
            })
        })
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.short())
    }
}

/// Where an object lives: kind, namespace (empty for cluster-scoped kinds) and name. Not its identity: see [`Uid`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Key {
    pub kind: Kind,
    pub namespace: Text,
    pub name: Text,
}

impl Key {
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        let namespace = if kind.namespaced() { namespace } else { "" };
        Self {
            kind,
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    pub fn cluster(kind: Kind, name: &str) -> Self {
        Self::new(kind, "", name)
    }
}

/// `pvc/mysql-pvc` for cluster-scoped and namespaced objects alike; the namespace is said by the context.
impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.kind.short(), self.name)
    }
}

/// `metadata.uid`: what makes an object this one and not another of the same name. Opaque; usually a UUID, which is kept packed.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uid(Packed);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Packed {
    /// Big-endian, so that uids sort as they are written.
    Uuid([u8; 16]),
    Other(Box<str>),
    /// `forecast-N`.
    Made(u32),
}

/// What the uid of an object begins with that only a forecast has made.
const MADE: &str = "forecast-";

impl Uid {
    pub fn new(text: &str) -> Self {
        if let Some(bits) = unpack(text) {
            return Self(Packed::Uuid(bits.to_be_bytes()));
        }
        let number = text.strip_prefix(MADE).and_then(|number| number.parse().ok());
        let made = number.map(Self::made).filter(|made| made.to_string() == text);
        made.unwrap_or_else(|| Self(Packed::Other(text.into())))
    }

    /// The uid of an object that the laws made and that stands in no cluster: `forecast-N`.
    pub const fn made(number: u32) -> Self {
        Self(Packed::Made(number))
    }

    /// The number of an object that the laws made; `None` of one that a cluster has.
    pub const fn made_number(&self) -> Option<u32> {
        match &self.0 {
            Packed::Made(number) => Some(*number),
            Packed::Uuid(_) | Packed::Other(_) => None,
        }
    }

    /// An empty uid: the field was absent.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Packed::Other(text) if text.is_empty())
    }

    /// The last `count` characters, as a person reads them off the screen.
    pub fn tail(&self, count: usize) -> String {
        let text = self.to_string();
        let skip = text.chars().count().saturating_sub(count);
        text.chars().skip(skip).collect()
    }
}

/// The 128 bits of a canonical lower-case UUID; `None` for anything that would not print back letter for letter.
fn unpack(text: &str) -> Option<u128> {
    let mut bits = 0_u128;
    let mut length = 0_usize;
    for (at, byte) in text.bytes().enumerate() {
        length += 1;
        if matches!(at, 8 | 13 | 18 | 23) {
            if byte != b'-' {
                return None;
            }
            continue;
        }
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        bits = (bits << 4) | u128::from(digit);
    }
    (length == 36).then_some(bits)
}

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Packed::Uuid(bytes) => {
                let bits = u128::from_be_bytes(*bytes);
                write!(
                    f,
                    "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
                    bits >> 96,
                    (bits >> 80) & 0xffff,
                    (bits >> 64) & 0xffff,
                    (bits >> 48) & 0xffff,
                    bits & 0xffff_ffff_ffff
                )
            }
            Packed::Other(text) => f.write_str(text),
            Packed::Made(number) => write!(f, "{MADE}{number}"),
        }
    }
}

impl fmt::Debug for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Uid({self})")
    }
}

impl Default for Uid {
    fn default() -> Self {
        Self(Packed::Other("".into()))
    }
}

impl Serialize for Uid {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Uid {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Uid;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a uid")
            }
            fn visit_str<E>(self, text: &str) -> Result<Uid, E> {
                Ok(Uid::new(text))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// `metadata.resourceVersion`: opaque; equal means unchanged. Usually a number, which is kept packed.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ResourceVersion(Version);

#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Version {
    Number(u64),
    Other(Box<str>),
}

impl ResourceVersion {
    pub fn new(text: &str) -> Self {
        // only what prints back letter for letter: "007" is not 7
        let canonical = !text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|_| canonical);
        Self(number.map_or_else(|| Version::Other(text.into()), Version::Number))
    }

    /// An empty version: the field was absent.
    pub fn is_empty(&self) -> bool {
        matches!(&self.0, Version::Other(text) if text.is_empty())
    }
}

impl Default for ResourceVersion {
    fn default() -> Self {
        Self(Version::Other("".into()))
    }
}

impl fmt::Display for ResourceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Version::Number(number) => write!(f, "{number}"),
            Version::Other(text) => f.write_str(text),
        }
    }
}

impl fmt::Debug for ResourceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ResourceVersion({self})")
    }
}

impl Serialize for ResourceVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResourceVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = ResourceVersion;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a resource version")
            }
            fn visit_str<E>(self, text: &str) -> Result<ResourceVersion, E> {
                Ok(ResourceVersion::new(text))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// The very object that was shown: where it lives, which one it is, and the state it was in.
/// Every write carries its pin as a precondition (`reference/safety-and-performance.md` A3 rule 4).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Pin {
    pub key: Key,
    pub uid: Uid,
    pub resource_version: ResourceVersion,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_laws_made_is_told_by_its_uid() {
        for (text, number) in [
            ("forecast-7", Some(7)),
            ("forecast-07", None),
            ("forecast-", None),
            ("0f0a5b1e-9c1f-4b6a-8c11-0000000000ff", None),
        ] {
            assert_eq!(Uid::new(text).made_number(), number, "{text}");
        }
        assert_eq!(Uid::made(7), Uid::new("forecast-7"));
    }

    #[test]
    fn a_uid_prints_back_letter_for_letter() {
        for text in [
            "0f0a5b1e-9c1f-4b6a-8c11-0123456789ab",
            "",
            "not-a-uuid",
            "forecast-7",
            "forecast-07",
            "forecast-+7",
            "forecast-",
            "forecast-99999999999",
            "0F0A5B1E-9C1F-4B6A-8C11-0123456789AB",
            "0f0a5b1e-9c1f-4b6a-8c11-0123456789a",
            "0f0a5b1e+9c1f-4b6a-8c11-0123456789ab",
        ] {
            assert_eq!(Uid::new(text).to_string(), text);
        }
        assert_eq!(Uid::new("0f0a5b1e-9c1f-4b6a-8c11-0123456789ab").tail(6), "6789ab");
        assert!(Uid::default().is_empty());
    }

    #[test]
    fn a_kind_is_found_by_every_word_for_it() {
        for kind in Kind::ALL {
            assert_eq!(Kind::from_word(kind.short()), Some(kind));
            if !kind.is_record() {
                assert_eq!(Kind::from_word(kind.plural()), Some(kind));
                assert_eq!(Kind::from_word(kind.name()), Some(kind));
                assert_eq!(Kind::from_api(&kind.api_version(), kind.name()), Some(kind));
            }
        }
        assert_eq!(Kind::from_word("sts"), Some(Kind::StatefulSet));
        assert_eq!(Kind::from_word("secret"), None);
        assert_eq!(Kind::from_api("example.com/v1", "Job"), None);
    }
}
