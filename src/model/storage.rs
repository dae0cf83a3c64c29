//! Facts of storage: claims, volumes, classes, attachments, in Kubernetes' own field names.

use super::lenient::or_default;
use super::meta::{Meta, Selector};
use super::quantity::Quantity;
use super::{List, ResourceVersion, Text, Uid};
use serde::{Deserialize, Serialize};

pub const PVC_PROTECTION: &str = "kubernetes.io/pvc-protection";
pub const PV_PROTECTION: &str = "kubernetes.io/pv-protection";
/// Set by the external provisioner on volumes whose backing disk it will delete.
pub const EXTERNAL_PROVISIONER: &str = "external-provisioner.volume.kubernetes.io/finalizer";
/// The in-tree equivalent of [`EXTERNAL_PROVISIONER`].
pub const PV_CONTROLLER: &str = "kubernetes.io/pv-controller";
/// Finalizers of attachers begin with this; the driver's name follows.
pub const EXTERNAL_ATTACHER_PREFIX: &str = "external-attacher/";
/// A claim that has once been bound carries this; a bound claim that loses its volume is Lost for good.
pub const BIND_COMPLETED: &str = "pv.kubernetes.io/bind-completed";
pub const BOUND_BY_CONTROLLER: &str = "pv.kubernetes.io/bound-by-controller";
pub const PROVISIONED_BY: &str = "pv.kubernetes.io/provisioned-by";
pub const DEFAULT_CLASS: &str = "storageclass.kubernetes.io/is-default-class";
/// The Secret that the external provisioner reads before it has the disk destroyed: it writes both on what it makes.
pub const DELETION_SECRET_NAME: &str = "volume.kubernetes.io/provisioner-deletion-secret-name";
pub const DELETION_SECRET_NAMESPACE: &str = "volume.kubernetes.io/provisioner-deletion-secret-namespace";
/// A class with this provisioner never provisions: its volumes are made by hand.
pub const NO_PROVISIONER: &str = "kubernetes.io/no-provisioner";

/// A `PersistentVolumeClaim`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Claim {
    #[serde(deserialize_with = "or_default")]
    pub spec: ClaimSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: ClaimStatus,
}

impl Claim {
    /// The two name the same volume and the same class ([`Kinds::BINDINGS`](super::Kinds::BINDINGS)).
    pub fn names_the_same(&self, other: &Self) -> bool {
        self.spec.volume_name == other.spec.volume_name && self.spec.storage_class_name == other.spec.storage_class_name
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimSpec {
    #[serde(deserialize_with = "or_default")]
    pub volume_name: Text,
    /// `None`: the default class, also late. `Some("")`: no class, no provisioning.
    pub storage_class_name: Option<Text>,
    #[serde(deserialize_with = "or_default")]
    pub access_modes: List<Text>,
    pub volume_mode: Option<Text>,
    pub selector: Option<Selector>,
    #[serde(deserialize_with = "or_default")]
    pub resources: Resources,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Resources {
    #[serde(deserialize_with = "or_default")]
    pub requests: Storage,
}

/// A resource list of which only `storage` is read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Storage {
    pub storage: Option<Quantity>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ClaimStatus {
    #[serde(deserialize_with = "or_default")]
    pub phase: ClaimPhase,
    #[serde(deserialize_with = "or_default")]
    pub capacity: Storage,
}

/// `status.phase` of a claim. It says nothing about deletion: a dying claim is still `Bound`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum ClaimPhase {
    #[default]
    Pending,
    Bound,
    Lost,
    #[serde(other)]
    Unknown,
}

/// A `PersistentVolume`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Volume {
    #[serde(deserialize_with = "or_default")]
    pub spec: VolumeSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: VolumeStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct VolumeSpec {
    pub claim_ref: Option<ClaimRef>,
    #[serde(deserialize_with = "or_default")]
    pub capacity: Storage,
    #[serde(deserialize_with = "or_default")]
    pub access_modes: List<Text>,
    #[serde(deserialize_with = "or_default")]
    pub persistent_volume_reclaim_policy: ReclaimPolicy,
    #[serde(deserialize_with = "or_default")]
    pub storage_class_name: Text,
    pub volume_mode: Option<Text>,
    pub csi: Option<CsiSource>,
    pub nfs: Option<Box<NfsSource>>,
    pub host_path: Option<Box<PathSource>>,
    pub local: Option<Box<PathSource>>,
}

/// `spec.claimRef`: whose the volume is. Without `uid` the volume is only reserved for that name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimRef {
    #[serde(deserialize_with = "or_default")]
    pub namespace: Text,
    #[serde(deserialize_with = "or_default")]
    pub name: Text,
    #[serde(deserialize_with = "or_default")]
    pub uid: Uid,
    #[serde(deserialize_with = "or_default")]
    pub resource_version: ResourceVersion,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ReclaimPolicy {
    #[default]
    Retain,
    Delete,
    Recycle,
    #[serde(other)]
    Unknown,
}

impl ReclaimPolicy {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Retain => "Retain",
            Self::Delete => "Delete",
            Self::Recycle => "Recycle",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct CsiSource {
    pub driver: Text,
    pub volume_handle: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NfsSource {
    pub server: Text,
    pub path: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PathSource {
    pub path: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct VolumeStatus {
    #[serde(deserialize_with = "or_default")]
    pub phase: VolumePhase,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum VolumePhase {
    #[default]
    Pending,
    Available,
    Bound,
    Released,
    Failed,
    #[serde(other)]
    Unknown,
}

impl VolumeSpec {
    /// What an administrator would look for in the storage system: `efs.csi.aws.com fs-06b3…`, `nfs 10.0.0.1:/srv`, `/tmp/x`.
    pub fn handle(&self) -> String {
        if let Some(csi) = &self.csi {
            format!("{} {}", csi.driver, csi.volume_handle)
        } else if let Some(nfs) = &self.nfs {
            format!("nfs {}:{}", nfs.server, nfs.path)
        } else if let Some(path) = self.host_path.as_ref().or(self.local.as_ref()) {
            path.path.to_string()
        } else {
            "a source Pilothouse does not read".to_owned()
        }
    }
}

/// Who deletes the backing disk of a volume: `provisioned-by`, or the CSI driver of a static volume
/// (external-provisioner ≥ 5.0, `reference/semantics.md` §3.4); `None` for in-tree and path sources.
pub fn provisioner<'a>(meta: &'a Meta, volume: &'a Volume) -> Option<&'a str> {
    meta.annotations
        .get(PROVISIONED_BY)
        .or_else(|| volume.spec.csi.as_ref().map(|csi| csi.driver.as_str()))
}

/// A `StorageClass`; its fields stand at the top level of the object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Class {
    #[serde(deserialize_with = "or_default")]
    pub provisioner: Text,
    /// Absent means `Delete` for a class, unlike for a volume.
    pub reclaim_policy: Option<ReclaimPolicy>,
    pub volume_binding_mode: Option<Text>,
    /// Its claims may ask for more later.
    pub allow_volume_expansion: Option<bool>,
    #[serde(deserialize_with = "or_default")]
    pub parameters: ClassParameters,
}

/// What is read of a class's `parameters`: where the credentials stand that its driver makes and destroys disks with. Both may
/// hold `${pv.name}`, `${pvc.namespace}` and `${pvc.name}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ClassParameters {
    #[serde(
        rename = "csi.storage.k8s.io/provisioner-secret-name",
        alias = "csiProvisionerSecretName",
        deserialize_with = "or_default"
    )]
    pub secret_name: Text,
    #[serde(
        rename = "csi.storage.k8s.io/provisioner-secret-namespace",
        alias = "csiProvisionerSecretNamespace",
        deserialize_with = "or_default"
    )]
    pub secret_namespace: Text,
}

impl Class {
    pub fn waits_for_consumer(&self) -> bool {
        self.volume_binding_mode.as_deref() == Some("WaitForFirstConsumer")
    }
}

/// A `VolumeAttachment`: a volume attached to a node, which guards its disk against deletion.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Attachment {
    #[serde(deserialize_with = "or_default")]
    pub spec: AttachmentSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: AttachmentStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachmentSpec {
    pub attacher: Text,
    pub node_name: Text,
    #[serde(deserialize_with = "or_default")]
    pub source: AttachmentSource,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AttachmentSource {
    #[serde(deserialize_with = "or_default")]
    pub persistent_volume_name: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct AttachmentStatus {
    #[serde(deserialize_with = "or_default")]
    pub attached: bool,
}
