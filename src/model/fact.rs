//! An object as facts: lean `metadata` and a lean body, decoded straight from the response bytes.

use super::helm::{Driver, record_parts};
use super::lenient::or_default;
use super::storage::{Attachment, Claim, Class, Volume};
use super::workload::{CronJob, DisruptionBudget, Job, Namespace, Node, Pod, Replicated, StatefulSet};
use super::{Key, Kind, Kinds, Meta, Pin, Text};
use serde::Deserialize;
use serde::de::DeserializeSeed as _;

/// One object of the cluster, as much of it as a rule or a screen reads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    pub meta: Meta,
    pub body: Body,
}

/// What an object is, by kind. Boxed: a world of tens of thousands would otherwise pay for the largest kind each time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    Namespace(Box<Namespace>),
    Node(Box<Node>),
    StorageClass(Box<Class>),
    PersistentVolume(Box<Volume>),
    VolumeAttachment(Box<Attachment>),
    PersistentVolumeClaim(Box<Claim>),
    Pod(Box<Pod>),
    Job(Box<Job>),
    CronJob(Box<CronJob>),
    StatefulSet(Box<StatefulSet>),
    Deployment(Box<Replicated>),
    ReplicaSet(Box<Replicated>),
    DaemonSet(Box<Replicated>),
    PodDisruptionBudget(Box<DisruptionBudget>),
    Release(Box<Release>),
}

/// A Helm release revision, read from the labels of its record only (`reference/semantics.md` §2.1).
/// The label is what `helm list` believes; the payload, which decides an upgrade, is not read here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    pub name: Text,
    pub revision: u32,
    pub status: Text,
    /// What the record is kept in.
    pub driver: Driver,
}

/// The `type` of a Secret that holds a Helm release record.
pub const RELEASE_SECRET_TYPE: &str = "helm.sh/release.v1";

impl Object {
    #[inline]
    pub fn kind(&self) -> Kind {
        match &self.body {
            Body::Namespace(_) => Kind::Namespace,
            Body::Node(_) => Kind::Node,
            Body::StorageClass(_) => Kind::StorageClass,
            Body::PersistentVolume(_) => Kind::PersistentVolume,
            Body::VolumeAttachment(_) => Kind::VolumeAttachment,
            Body::PersistentVolumeClaim(_) => Kind::PersistentVolumeClaim,
            Body::Pod(_) => Kind::Pod,
            Body::Job(_) => Kind::Job,
            Body::CronJob(_) => Kind::CronJob,
            Body::StatefulSet(_) => Kind::StatefulSet,
            Body::Deployment(_) => Kind::Deployment,
            Body::ReplicaSet(_) => Kind::ReplicaSet,
            Body::DaemonSet(_) => Kind::DaemonSet,
            Body::PodDisruptionBudget(_) => Kind::PodDisruptionBudget,
            Body::Release(release) => release.driver.kind(),
        }
    }

    pub fn key(&self) -> Key {
        let kind = self.kind();
        let home = kind.namespaced().then(|| self.meta.namespace.clone());
        Key {
            kind,
            namespace: home.unwrap_or_default(),
            name: self.meta.name.clone(),
        }
    }

    /// Its [key](Self::key), without making one. Inlined: it is compared with every look into a world.
    #[inline]
    pub fn place(&self) -> (Kind, &str, &str) {
        let kind = self.kind();
        let home = if kind.namespaced() {
            self.meta.namespace.as_str()
        } else {
            ""
        };
        (kind, home, &self.meta.name)
    }

    /// Whether this is its [key](Self::key), without making one.
    #[inline]
    pub fn at(&self, key: &Key) -> bool {
        let home = !key.kind.namespaced() || self.meta.namespace == key.namespace;
        self.kind() == key.kind && self.meta.name == key.name && home
    }

    /// It is what its kind stands for: a `ConfigMap` of another's may bear Helm's label and is no record.
    pub fn is_meant(&self) -> bool {
        match &self.body {
            Body::Release(release) if release.driver == Driver::ConfigMap => {
                record_parts(&self.meta.name) == Some((release.name.as_str(), release.revision))
            }
            _ => true,
        }
    }

    /// No rule and no screen can tell the two apart: they differ in what every write raises, at most. A gate can: it goes
    /// by the resource version.
    pub fn alike(&self, other: &Self) -> bool {
        self.meta.alike(&other.meta) && self.body == other.body
    }

    /// What a rule would have to read to tell the two apart; nothing where they are [alike](Self::alike).
    pub fn difference(&self, other: &Self) -> Kinds {
        let own = self.kinds();
        if !self.meta.alike(&other.meta) {
            return own;
        }
        match (&self.body, &other.body) {
            (one, other) if one == other => Kinds::NONE,
            (Body::Pod(one), Body::Pod(other)) if one.same_but_for_health(other) => {
                Kinds::HEALTH.and(own.only(Kinds::PROVISIONERS))
            }
            (Body::PersistentVolumeClaim(one), Body::PersistentVolumeClaim(other)) if one.names_the_same(other) => {
                own.bodies().but(Kinds::BINDINGS)
            }
            _ => own.bodies(),
        }
    }

    /// What a rule would have to read to see that it is there.
    pub fn kinds(&self) -> Kinds {
        let own = Kinds::from(self.kind());
        match &self.body {
            Body::Pod(_) if !Pod::may_provision(&self.meta.name) => own.but(Kinds::PROVISIONERS),
            _ => own,
        }
    }

    /// Takes from another what both say alike, so that it is kept once: from its earlier state, or from its neighbour.
    pub(super) fn share(&mut self, other: &Self) {
        self.meta.share(&other.meta);
        match (&mut self.body, &other.body) {
            (Body::Pod(pod), Body::Pod(other)) => pod.share(other),
            (Body::PersistentVolumeClaim(claim), Body::PersistentVolumeClaim(other)) => {
                claim.spec.access_modes.share(&other.spec.access_modes);
            }
            (Body::PersistentVolume(volume), Body::PersistentVolume(other)) => {
                volume.spec.access_modes.share(&other.spec.access_modes);
            }
            _ => {}
        }
    }

    pub fn pin(&self) -> Pin {
        Pin {
            key: self.key(),
            uid: self.meta.uid.clone(),
            resource_version: self.meta.resource_version.clone(),
        }
    }

    /// Decodes one object of a kind from its JSON, exactly as the API server sends it.
    pub fn decode(kind: Kind, json: &[u8]) -> Result<Self, serde_json::Error> {
        Decode(kind).deserialize(&mut serde_json::Deserializer::from_slice(json))
    }

    /// Decodes one object of a kind from JSON already parsed.
    pub fn from_value(kind: Kind, value: &serde_json::Value) -> Result<Self, serde_json::Error> {
        Decode(kind).deserialize(value)
    }
}

macro_rules! bodies {
    ($($pattern:ident($facts:ty) => $accessor:ident),* $(,)?) => {
        impl Body {
            $(
                /// The facts of this kind, if the object is of it.
                pub fn $accessor(&self) -> Option<&$facts> {
                    match self { Self::$pattern(facts) => Some(facts), _ => None }
                }
            )*
        }
    };
}

bodies! {
    Namespace(Namespace) => namespace,
    Node(Node) => node,
    StorageClass(Class) => class,
    PersistentVolume(Volume) => volume,
    VolumeAttachment(Attachment) => attachment,
    PersistentVolumeClaim(Claim) => claim,
    Pod(Pod) => pod,
    Job(Job) => job,
    CronJob(CronJob) => cron_job,
    StatefulSet(StatefulSet) => stateful_set,
    PodDisruptionBudget(DisruptionBudget) => budget,
    Release(Release) => release,
}

impl Body {
    /// The facts that Deployments, ReplicaSets and DaemonSets share.
    pub fn replicated(&self) -> Option<&Replicated> {
        match self {
            Self::Deployment(facts) | Self::ReplicaSet(facts) | Self::DaemonSet(facts) => Some(facts),
            _ => None,
        }
    }
}

/// The common shape of an object: `metadata`, `spec`, `status`.
#[derive(Deserialize)]
struct Shape<S, T> {
    #[serde(default, deserialize_with = "or_default")]
    metadata: Meta,
    #[serde(
        default = "S::default",
        deserialize_with = "or_default",
        bound(deserialize = "S: Deserialize<'de> + Default")
    )]
    spec: S,
    #[serde(
        default = "T::default",
        deserialize_with = "or_default",
        bound(deserialize = "T: Deserialize<'de> + Default")
    )]
    status: T,
}

/// A part of an object that no rule reads.
#[derive(Default)]
struct Unread;

impl<'de> Deserialize<'de> for Unread {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        serde::de::IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

/// A storage class keeps its fields beside `metadata`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClassShape {
    #[serde(default, deserialize_with = "or_default")]
    metadata: Meta,
    #[serde(default, deserialize_with = "or_default")]
    provisioner: Text,
    reclaim_policy: Option<super::storage::ReclaimPolicy>,
    volume_binding_mode: Option<Text>,
    allow_volume_expansion: Option<bool>,
    #[serde(default, deserialize_with = "or_default")]
    parameters: super::storage::ClassParameters,
}

fn shaped<'de, D, S, T>(source: D, body: impl FnOnce(S, T) -> Body) -> Result<Object, D::Error>
where
    D: serde::Deserializer<'de>,
    S: Deserialize<'de> + Default,
    T: Deserialize<'de> + Default,
{
    let shape = Shape::<S, T>::deserialize(source)?;
    Ok(Object {
        meta: shape.metadata,
        body: body(shape.spec, shape.status),
    })
}

/// Decodes objects of one kind; a seed, so that a page of a list decodes item by item from its bytes.
#[derive(Clone, Copy, Debug)]
pub struct Decode(pub Kind);

impl<'de> serde::de::DeserializeSeed<'de> for Decode {
    type Value = Object;

    fn deserialize<D: serde::Deserializer<'de>>(self, source: D) -> Result<Object, D::Error> {
        let mut object = match self.0 {
            Kind::Namespace => shaped(source, |spec, status| {
                Body::Namespace(Box::new(Namespace { spec, status }))
            }),
            Kind::Node => shaped(source, |spec, status| Body::Node(Box::new(Node { spec, status }))),
            Kind::StorageClass => ClassShape::deserialize(source).map(|shape| Object {
                meta: shape.metadata,
                body: Body::StorageClass(Box::new(Class {
                    provisioner: shape.provisioner,
                    reclaim_policy: shape.reclaim_policy,
                    volume_binding_mode: shape.volume_binding_mode,
                    allow_volume_expansion: shape.allow_volume_expansion,
                    parameters: shape.parameters,
                })),
            }),
            Kind::PersistentVolume => shaped(source, |spec, status| {
                Body::PersistentVolume(Box::new(Volume { spec, status }))
            }),
            Kind::VolumeAttachment => shaped(source, |spec, status| {
                Body::VolumeAttachment(Box::new(Attachment { spec, status }))
            }),
            Kind::PersistentVolumeClaim => shaped(source, |spec, status| {
                Body::PersistentVolumeClaim(Box::new(Claim { spec, status }))
            }),
            Kind::Pod => shaped(source, |spec, status| Body::Pod(Box::new(Pod { spec, status }))),
            Kind::Job => shaped(source, |spec, status| Body::Job(Box::new(Job { spec, status }))),
            Kind::CronJob => shaped(source, |spec, _: Unread| Body::CronJob(Box::new(CronJob { spec }))),
            Kind::StatefulSet => shaped(source, |spec, status| {
                Body::StatefulSet(Box::new(StatefulSet { spec, status }))
            }),
            Kind::Deployment => shaped(source, |spec, status| {
                Body::Deployment(Box::new(Replicated { spec, status }))
            }),
            Kind::ReplicaSet => shaped(source, |spec, status| {
                Body::ReplicaSet(Box::new(Replicated { spec, status }))
            }),
            Kind::DaemonSet => shaped(source, |spec, status| {
                Body::DaemonSet(Box::new(Replicated { spec, status }))
            }),
            Kind::PodDisruptionBudget => shaped(source, |spec, status| {
                Body::PodDisruptionBudget(Box::new(DisruptionBudget { spec, status }))
            }),
            Kind::Release | Kind::ReleaseMap => shaped(source, |_: Unread, _: Unread| Body::Release(Box::default())),
        }?;
        if object.meta.name.is_empty() {
            return Err(serde::de::Error::custom("metadata.name is missing"));
        }
        if let Body::Release(release) = &mut object.body {
            **release = Release::from_labels(&object.meta, Driver::of(self.0));
        }
        if let Body::Job(job) = &mut object.body {
            // the API server gives a Job without labels those of its template
            job.spec.template.metadata.labels.share(&object.meta.labels);
        }
        Ok(object)
    }
}

impl Release {
    /// What the record's labels say; a revision that is no number reads as 0.
    fn from_labels(meta: &Meta, driver: Driver) -> Self {
        let label = |key: &str| meta.labels.get(key).map(Text::from).unwrap_or_default();
        Self {
            name: label("name"),
            revision: label("version").parse().unwrap_or(0),
            status: label("status"),
            driver,
        }
    }
}

/// An object that could not be read: a finding with a name, never a dead watch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    pub key: Key,
    /// What the decoder said, with the field where it stopped.
    pub why: String,
}
