//! Facts of workloads: pods and namespaces here, what makes pods, keeps them and carries them beside it.

pub mod batch;
pub mod budget;
pub mod node;
pub mod replicated;
pub mod stateful_set;
pub mod template;

pub use batch::{CronJob, JOB_TRACKING, Job, JobState};
pub use budget::DisruptionBudget;
pub use node::Node;
pub use replicated::{ReplicaStatus, Replicated};
pub use stateful_set::{ClaimTemplate, StatefulSet};
pub use template::PodTemplate;

use super::lenient::or_default;
use super::meta::Meta;
use super::{List, Text};
use serde::Deserialize;

/// A `Pod`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pod {
    #[serde(deserialize_with = "or_default")]
    pub spec: PodSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: PodStatus,
}

impl Pod {
    /// Takes from another what both say alike, so that it is kept once.
    pub(super) fn share(&mut self, other: &Self) {
        if self.spec.node_name == other.spec.node_name {
            self.spec.node_name = other.spec.node_name.clone();
        }
        self.spec.volumes.share(&other.spec.volumes);
        self.status.conditions.unmet.share(&other.status.conditions.unmet);
        self.status.container_statuses.share(&other.status.container_statuses);
    }

    /// Whether a pod of this name may run an external provisioner: facts hold no images, and names are what there is.
    pub fn may_provision(name: &str) -> bool {
        name.contains("provisioner") || (name.contains("csi") && name.contains("controller"))
    }

    /// The two differ in their conditions and containers, at most ([`Kinds::HEALTH`](super::Kinds::HEALTH)).
    pub fn same_but_for_health(&self, other: &Self) -> bool {
        let PodStatus {
            phase,
            reason,
            conditions: _,
            container_statuses: _,
        } = &self.status;
        self.spec == other.spec && *phase == other.status.phase && *reason == other.status.reason
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    #[serde(deserialize_with = "or_default")]
    pub node_name: Text,
    /// Only the volumes that lead to a claim survive decoding.
    #[serde(deserialize_with = "claim_volumes")]
    pub volumes: List<PodVolume>,
    /// The one node that a DaemonSet made the pod for, while it is not scheduled yet: its affinity names it
    /// (`pkg/controller/daemon/util/daemonset_util.go` `ReplaceDaemonSetPodNodeNameNodeAffinity`).
    #[serde(rename = "affinity", deserialize_with = "node::destination")]
    pub destination: Option<Box<str>>,
    /// The class that gives the pod its priority, where it names one.
    pub priority_class_name: Option<Box<str>>,
}

impl PodSpec {
    /// The node the pod is on, or the one it was made for.
    pub fn node(&self) -> Option<&str> {
        match self.node_name.as_str() {
            "" => self.destination.as_deref(),
            node => Some(node),
        }
    }
}

/// One of a pod's volumes that is backed by a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodVolume {
    pub name: Text,
    pub persistent_volume_claim: Option<ClaimVolume>,
    #[serde(deserialize_with = "present")]
    pub ephemeral: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimVolume {
    pub claim_name: Text,
}

impl PodVolume {
    /// The claim this volume uses; a generic ephemeral volume's claim is `<pod>-<volume>`.
    pub fn claim_name(&self, pod: &str) -> Option<Text> {
        match &self.persistent_volume_claim {
            Some(claim) => Some(claim.claim_name.clone()),
            None if self.ephemeral => Some(format!("{pod}-{}", self.name).into()),
            None => None,
        }
    }
}

fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    Ok(Option::<serde::de::IgnoredAny>::deserialize(deserializer)?.is_some())
}

fn claim_volumes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<List<PodVolume>, D::Error> {
    let mut volumes: Vec<PodVolume> = or_default(deserializer)?;
    volumes.retain(|volume| volume.persistent_volume_claim.is_some() || volume.ephemeral);
    Ok(volumes.into())
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    #[serde(deserialize_with = "or_default")]
    pub phase: PodPhase,
    #[serde(deserialize_with = "or_default")]
    pub reason: Text,
    #[serde(deserialize_with = "or_default")]
    pub conditions: PodConditions,
    /// Only the containers that wait for something or were restarted survive decoding.
    #[serde(deserialize_with = "remarkable")]
    pub container_statuses: List<ContainerStatus>,
}

/// What a pod's conditions say: whether it is ready, and whatever is not as it should be, with the reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PodConditions {
    /// `Ready` stands at `True`.
    pub ready: bool,
    /// The conditions that do not stand at `True`.
    pub unmet: List<Condition>,
}

impl<'de> Deserialize<'de> for PodConditions {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut conditions: Vec<Condition> = or_default(deserializer)?;
        let ready = is_true(&conditions, "Ready");
        conditions.retain(|condition| condition.status != "True");
        Ok(Self {
            ready,
            unmet: conditions.into(),
        })
    }
}

fn remarkable<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<List<ContainerStatus>, D::Error> {
    let mut containers: Vec<ContainerStatus> = or_default(deserializer)?;
    containers.retain(|container| container.restart_count > 0 || container.state.waiting.is_some());
    Ok(containers.into())
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum PodPhase {
    #[default]
    Pending,
    Running,
    Succeeded,
    Failed,
    #[serde(other)]
    Unknown,
}

impl PodPhase {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Succeeded => "Succeeded",
            Self::Failed => "Failed",
            Self::Unknown => "Unknown",
        }
    }

    /// The pod's containers have ended for good; its object still holds its claims.
    pub const fn terminal(self) -> bool {
        matches!(self, Self::Succeeded | Self::Failed)
    }
}

/// A condition in the common shape: type, status, reason.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Condition {
    #[serde(rename = "type")]
    pub kind: Text,
    pub status: Text,
    #[serde(deserialize_with = "or_default")]
    pub reason: Text,
    #[serde(deserialize_with = "or_default")]
    pub message: Text,
}

/// The condition of this type stands at `True`.
pub fn is_true(conditions: &[Condition], kind: &str) -> bool {
    conditions
        .iter()
        .any(|condition| condition.kind == kind && condition.status == "True")
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ContainerStatus {
    #[serde(deserialize_with = "or_default")]
    pub ready: bool,
    #[serde(deserialize_with = "or_default")]
    pub restart_count: u32,
    #[serde(deserialize_with = "or_default")]
    pub state: ContainerState,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ContainerState {
    pub waiting: Option<Waiting>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Waiting {
    #[serde(deserialize_with = "or_default")]
    pub reason: Text,
}

impl Pod {
    pub const fn ready(&self) -> bool {
        self.status.conditions.ready
    }

    pub fn scheduled(&self) -> bool {
        !self.spec.node_name.is_empty()
    }

    /// The claims this pod names, in its own namespace.
    pub fn claims(&self, meta: &Meta) -> impl Iterator<Item = Text> {
        self.spec
            .volumes
            .iter()
            .filter_map(|volume| volume.claim_name(&meta.name))
    }
}

/// A `Namespace`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Namespace {
    #[serde(deserialize_with = "or_default")]
    pub spec: NamespaceSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: NamespaceStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NamespaceSpec {
    #[serde(deserialize_with = "or_default")]
    pub finalizers: Vec<Text>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NamespaceStatus {
    #[serde(deserialize_with = "or_default")]
    pub phase: Text,
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}
