//! The closed list of acts: everything Pilothouse can be asked to do to a cluster.
//!
//! An act says what is asked and of which very object; how it is sent is `gate`'s, what comes of it `laws`'.

mod class;
mod draft;
mod helm;
mod image;
mod set;
pub mod task;
pub mod words;

use super::helm::Home;
use super::storage::ReclaimPolicy;
use super::{Key, Kind, Pin, ResourceVersion, Text, Uid, meta};
use serde::{Deserialize, Serialize};
use std::fmt;

pub use class::ClassDraft;
pub use draft::Draft;
pub use helm::{After, HelmAct, Install, Means, Rollback, Source, Standing, Uninstall, Upgrade};
pub use image::scale;
pub use set::SetDraft;
pub use task::Task;

/// `propagationPolicy` of a DELETE. Always sent: the default for a Job is `Orphan` (`reference/semantics.md` §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Propagation {
    Background,
    Foreground,
    Orphan,
}

impl Propagation {
    /// The word in the request body.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Background => "Background",
            Self::Foreground => "Foreground",
            Self::Orphan => "Orphan",
        }
    }
}

/// The annotation that tells a created object from another of its name: which step of which journal made it.
pub const STEP: &str = "pilothouse.dev/step";

/// One change asked of the cluster, pinned to the very object that was shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "camelCase")]
pub enum Act {
    /// DELETE with uid and resource version as preconditions. Performed for every kind but [`Kind::Release`], whose
    /// record is Helm's business.
    Delete { target: Pin, propagation: Propagation },
    /// POST to `pods/eviction`: a DELETE that asks the disruption budgets first (§3.12).
    Evict { pod: Pin },
    /// `spec.replicas` of a StatefulSet, Deployment or ReplicaSet.
    Scale { target: Pin, replicas: u32 },
    /// Takes one named finalizer off (§3.11): what its controller had still to do is never done.
    RemoveFinalizer { target: Pin, finalizer: Text },
    /// `spec.persistentVolumeReclaimPolicy`: Retain or Delete.
    SetReclaimPolicy { volume: Pin, policy: ReclaimPolicy },
    /// JSON patch that removes `claimRef.uid` and `claimRef.resourceVersion` of a volume, never the whole `claimRef`,
    /// so that only a claim of the same name can take it (`reference/semantics.md` §3.3).
    ClearClaimRef { volume: Pin },
    /// Reserves a volume for a claim by namespace and name, without a uid.
    RetargetClaimRef { volume: Pin, namespace: Text, name: Text },
    /// Sets one annotation, or removes it. Only annotations that Pilothouse reads: of others nobody could say whether the
    /// change came.
    Annotate {
        target: Pin,
        annotation: Text,
        value: Option<Text>,
    },
    /// Writes a Helm release's mark of ownership: [`super::helm::RELEASE_NAME`],
    /// [`super::helm::RELEASE_NAMESPACE`] and the label [`super::helm::MANAGED_BY`].
    Stamp {
        target: Pin,
        release: Text,
        namespace: Text,
    },
    /// POST of a new claim. Its precondition is that nothing of that name is there; `step` is written on it as [`STEP`].
    CreateClaim { claim: Pin, draft: Box<Draft>, step: Text },
    /// POST of a new StorageClass, under the same precondition and with the same mark.
    CreateClass {
        class: Pin,
        draft: Box<ClassDraft>,
        step: Text,
    },
    /// POST of a StatefulSet that was there before, under the same precondition and with the same mark.
    CreateSet { set: Pin, draft: Box<SetDraft>, step: Text },
    /// What the operator's own helm does to a release, named by the record of its newest revision; of one that is to be
    /// installed, by that of its first, which is not there yet. Without `means` it is forecast only.
    Helm {
        release: Pin,
        helm: HelmAct,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        means: Option<Means>,
    },
    /// What is done beside the API's own objects: in a pod, to a claim, or by a program here, pinned to what it is about.
    Task { target: Pin, task: Box<Task> },
}

impl Act {
    /// The kinds with a scale.
    pub const SCALED: [Kind; 3] = [Kind::StatefulSet, Kind::Deployment, Kind::ReplicaSet];

    /// A new claim of this name; what is not there yet has no uid and no resource version.
    pub fn create_claim(key: Key, draft: Draft, step: &str) -> Self {
        let claim = Pin {
            key,
            uid: Uid::default(),
            resource_version: ResourceVersion::default(),
        };
        Self::CreateClaim {
            claim,
            draft: Box::new(draft),
            step: step.into(),
        }
    }

    /// A new StorageClass of this name.
    pub fn create_class(name: &str, draft: ClassDraft, step: &str) -> Self {
        let class = Pin {
            key: Key::cluster(Kind::StorageClass, name),
            uid: Uid::default(),
            resource_version: ResourceVersion::default(),
        };
        Self::CreateClass {
            class,
            draft: Box::new(draft),
            step: step.into(),
        }
    }

    /// A StatefulSet made again under its name.
    pub fn create_set(key: Key, draft: SetDraft, step: &str) -> Self {
        let set = Pin {
            key,
            uid: Uid::default(),
            resource_version: ResourceVersion::default(),
        };
        Self::CreateSet {
            set,
            draft: Box::new(draft),
            step: step.into(),
        }
    }

    /// An install of a release, kept as its home says; its first record has no uid and no resource version yet.
    pub fn install(home: &Home, install: Install) -> Self {
        Self::Helm {
            release: Pin {
                key: home.record(1),
                uid: Uid::default(),
                resource_version: ResourceVersion::default(),
            },
            helm: HelmAct::Install(install),
            means: None,
        }
    }

    /// The object the act is aimed at.
    pub const fn target(&self) -> &Pin {
        match self {
            Self::Delete { target, .. }
            | Self::Scale { target, .. }
            | Self::RemoveFinalizer { target, .. }
            | Self::Annotate { target, .. }
            | Self::Stamp { target, .. }
            | Self::Task { target, .. } => target,
            Self::Evict { pod } => pod,
            Self::SetReclaimPolicy { volume, .. }
            | Self::ClearClaimRef { volume }
            | Self::RetargetClaimRef { volume, .. } => volume,
            Self::CreateClaim { claim, .. } => claim,
            Self::CreateClass { class, .. } => class,
            Self::CreateSet { set, .. } => set,
            Self::Helm { release, .. } => release,
        }
    }

    /// The same, to be pinned anew to the same object.
    pub const fn target_mut(&mut self) -> &mut Pin {
        match self {
            Self::Delete { target, .. }
            | Self::Scale { target, .. }
            | Self::RemoveFinalizer { target, .. }
            | Self::Annotate { target, .. }
            | Self::Stamp { target, .. }
            | Self::Task { target, .. } => target,
            Self::Evict { pod } => pod,
            Self::SetReclaimPolicy { volume, .. }
            | Self::ClearClaimRef { volume }
            | Self::RetargetClaimRef { volume, .. } => volume,
            Self::CreateClaim { claim, .. } => claim,
            Self::CreateClass { class, .. } => class,
            Self::CreateSet { set, .. } => set,
            Self::Helm { release, .. } => release,
        }
    }

    /// The target is not there yet: the act makes it.
    pub const fn creates(&self) -> bool {
        matches!(
            self,
            Self::CreateClaim { .. }
                | Self::CreateClass { .. }
                | Self::CreateSet { .. }
                | Self::Helm {
                    helm: HelmAct::Install(_),
                    ..
                }
        )
    }

    /// Whether this program sends such a request at all.
    pub fn performed(&self) -> bool {
        match self {
            Self::Delete { target, .. } => !target.key.kind.is_record(),
            Self::Evict { .. }
            | Self::Scale { .. }
            | Self::RemoveFinalizer { .. }
            | Self::SetReclaimPolicy { .. }
            | Self::ClearClaimRef { .. }
            | Self::RetargetClaimRef { .. }
            | Self::Annotate { .. }
            | Self::Stamp { .. }
            | Self::CreateClaim { .. }
            | Self::CreateClass { .. }
            | Self::CreateSet { .. }
            | Self::Task { .. } => self.misfit().is_none(),
            Self::Helm { helm, means, .. } => {
                let brings = helm
                    .rendered()
                    .is_none_or(|digest| !digest.is_empty() && helm.source().is_some());
                means.is_some() && helm.executor().is_some() && brings && self.misfit().is_none()
            }
        }
    }

    /// Whether this program does such an act, once its own helm was asked what it needs for it.
    pub fn doable(&self) -> bool {
        if let Self::Helm { helm, .. } = self {
            helm.rendered().is_none() || helm.source().is_some()
        } else {
            self.performed()
        }
    }

    /// Why this cannot be asked of such an object at all, whatever its state.
    pub fn misfit(&self) -> Option<String> {
        let key = &self.target().key;
        let kind = key.kind;
        let only = |wanted: Kind, what: &str| {
            (kind != wanted).then(|| format!("a {} has no {what}; only a {} has", kind.name(), wanted.name()))
        };
        match self {
            Self::Delete { .. } => None,
            Self::Evict { .. } => only(Kind::Pod, "eviction"),
            Self::Scale { .. } => (!Self::SCALED.contains(&kind)).then(|| {
                format!("a {} has no scale; a StatefulSet, Deployment or ReplicaSet has", kind.name())
            }),
            Self::SetReclaimPolicy { policy, .. } => {
                only(Kind::PersistentVolume, "reclaim policy to set").or_else(|| match policy {
                    ReclaimPolicy::Retain | ReclaimPolicy::Delete => None,
                    ReclaimPolicy::Recycle | ReclaimPolicy::Unknown => {
                        Some("the policy is Retain or Delete; Recycle is deprecated and empties the disk".to_owned())
                    }
                })
            }
            Self::ClearClaimRef { .. } => only(Kind::PersistentVolume, "claimRef"),
            Self::RetargetClaimRef { namespace, name, .. } => only(Kind::PersistentVolume, "claimRef").or_else(|| {
                (namespace.is_empty() || name.is_empty())
                    .then(|| "a reservation names a namespace and a claim".to_owned())
            }),
            Self::RemoveFinalizer { finalizer, .. } => of_record(kind).or_else(|| {
                (kind == Kind::Namespace && finalizer == "kubernetes").then(|| {
                    "it stands in spec.finalizers: only the namespace controller takes it off, and what is left would stay \
                     in etcd and reappear"
                        .to_owned()
                })
            }),
            Self::Annotate { annotation, .. } => of_record(kind).or_else(|| {
                (!meta::reads(annotation) || annotation == STEP).then(|| {
                    format!("Pilothouse does not read the annotation {annotation}: nobody could say whether the change came")
                })
            }),
            Self::Stamp { release, namespace, .. } => of_record(kind).or_else(|| {
                (release.is_empty() || namespace.is_empty())
                    .then(|| "a release is named by its namespace and its name".to_owned())
            }),
            Self::Helm { release, helm, .. } => (!kind.is_record())
                .then(|| format!("a {} has no act of Helm's; a release has", kind.name()))
                .or_else(|| helm.misfit(release)),
            Self::Task { task, .. } => task.misfit(kind),
            Self::CreateClass { draft, .. } => {
                only(Kind::StorageClass, "class to make").or_else(|| draft.lacks().map(str::to_owned))
            }
            Self::CreateSet { draft, .. } => {
                only(Kind::StatefulSet, "set to make").or_else(|| draft.lacks().map(str::to_owned))
            }
            Self::CreateClaim { draft, .. } => {
                only(Kind::PersistentVolumeClaim, "claim to make").or_else(|| draft.lacks().map(str::to_owned))
            }
        }
    }

    /// The propagation an operator most likely wants when he says nothing.
    pub const fn usual_propagation(_target: &Key) -> Propagation {
        Propagation::Background
    }
}

/// A release record is written by Helm alone.
fn of_record(kind: Kind) -> Option<String> {
    kind.is_record()
        .then(|| "a release record is helm's alone to change".to_owned())
}

/// `delete job/train-7f (Background)`: how the act is named on screen and in the journal.
impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = &self.target().key;
        match self {
            Self::Delete { propagation, .. } => write!(f, "delete {key} ({})", propagation.word()),
            Self::Evict { .. } => write!(f, "evict {key}"),
            Self::Scale { replicas, .. } => write!(f, "scale {key} to {replicas}"),
            Self::RemoveFinalizer { finalizer, .. } => write!(f, "remove finalizer {finalizer} of {key}"),
            Self::SetReclaimPolicy { policy, .. } => write!(f, "set reclaim policy of {key} to {}", policy.word()),
            Self::ClearClaimRef { .. } => write!(f, "clear claimRef uid of {key}"),
            Self::RetargetClaimRef { namespace, name, .. } => write!(f, "reserve {key} for {namespace}/{name}"),
            Self::Annotate { annotation, value, .. } => match value {
                Some(value) => write!(f, "annotate {key} {annotation}={value}"),
                None => write!(f, "annotate {key} {annotation}-"),
            },
            Self::Stamp { release, namespace, .. } => write!(f, "stamp {key} for release {namespace}/{release}"),
            Self::CreateClaim { .. } | Self::CreateClass { .. } | Self::CreateSet { .. } => write!(f, "create {key}"),
            Self::Helm { helm, .. } => write!(f, "{helm} of {key}"),
            Self::Task { task, .. } => match task.as_ref() {
                Task::Raft(task) => write!(f, "ask {key} {task}"),
                Task::Dump(_) | Task::Restore(_) | Task::Count(_) | Task::Snapshot(_) | Task::Run(_) => {
                    write!(f, "{} of {key} {task}", task.word())
                }
            },
        }
    }
}

#[cfg(test)]
mod tests;
