//! Facts of workloads: pods, Jobs, StatefulSets and their kin, nodes and namespaces.

use super::Text;
use super::lenient::or_default;
use super::meta::{Labels, Meta, Selector};
use super::storage::ClaimSpec;
use jiff::Timestamp;
use serde::Deserialize;

pub const JOB_TRACKING: &str = "batch.kubernetes.io/job-tracking";

/// A `Pod`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Pod {
    #[serde(deserialize_with = "or_default")]
    pub spec: PodSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: PodStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodSpec {
    #[serde(deserialize_with = "or_default")]
    pub node_name: Text,
    /// Only the volumes that lead to a claim survive decoding.
    #[serde(deserialize_with = "claim_volumes")]
    pub volumes: Vec<PodVolume>,
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

fn claim_volumes<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<PodVolume>, D::Error> {
    let mut volumes: Vec<PodVolume> = or_default(deserializer)?;
    volumes.retain(|volume| volume.persistent_volume_claim.is_some() || volume.ephemeral);
    volumes.shrink_to_fit();
    Ok(volumes)
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PodStatus {
    #[serde(deserialize_with = "or_default")]
    pub phase: PodPhase,
    #[serde(deserialize_with = "or_default")]
    pub reason: Text,
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
    #[serde(deserialize_with = "or_default")]
    pub container_statuses: Vec<ContainerStatus>,
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
    pub fn ready(&self) -> bool {
        is_true(&self.status.conditions, "Ready")
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

/// What a controller's pods will look like, as far as a rule reads it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct PodTemplate {
    #[serde(deserialize_with = "or_default")]
    pub metadata: TemplateMeta,
    #[serde(deserialize_with = "or_default")]
    pub spec: PodSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TemplateMeta {
    #[serde(deserialize_with = "or_default")]
    pub labels: Labels,
}

/// A `Job`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Job {
    #[serde(deserialize_with = "or_default")]
    pub spec: JobSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: JobStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobSpec {
    pub parallelism: Option<u32>,
    pub completions: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    pub suspend: bool,
    pub ttl_seconds_after_finished: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    pub template: PodTemplate,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct JobStatus {
    #[serde(deserialize_with = "or_default")]
    pub active: u32,
    #[serde(deserialize_with = "or_default")]
    pub succeeded: u32,
    #[serde(deserialize_with = "or_default")]
    pub failed: u32,
    pub start_time: Option<Timestamp>,
    pub completion_time: Option<Timestamp>,
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}

/// Where a Job stands (`reference/semantics.md` §3.9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum JobState {
    Active,
    Suspended,
    Complete,
    Failed,
}

impl JobState {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Complete => "complete",
            Self::Failed => "failed",
        }
    }

    pub const fn finished(self) -> bool {
        matches!(self, Self::Complete | Self::Failed)
    }
}

impl Job {
    pub fn state(&self) -> JobState {
        if is_true(&self.status.conditions, "Complete") {
            JobState::Complete
        } else if is_true(&self.status.conditions, "Failed") {
            JobState::Failed
        } else if self.spec.suspend {
            JobState::Suspended
        } else {
            JobState::Active
        }
    }
}

/// A `CronJob`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CronJob {
    #[serde(deserialize_with = "or_default")]
    pub spec: CronJobSpec,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct CronJobSpec {
    #[serde(deserialize_with = "or_default")]
    pub schedule: Text,
    #[serde(deserialize_with = "or_default")]
    pub suspend: bool,
}

/// A `StatefulSet`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatefulSet {
    #[serde(deserialize_with = "or_default")]
    pub spec: StatefulSetSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: ReplicaStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StatefulSetSpec {
    /// Absent means 1.
    pub replicas: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    pub selector: Selector,
    #[serde(deserialize_with = "or_default")]
    pub template: PodTemplate,
    #[serde(deserialize_with = "or_default")]
    pub volume_claim_templates: Vec<ClaimTemplate>,
    #[serde(deserialize_with = "or_default")]
    pub pod_management_policy: Text,
    #[serde(deserialize_with = "or_default")]
    pub ordinals: Ordinals,
    #[serde(deserialize_with = "or_default")]
    pub persistent_volume_claim_retention_policy: ClaimRetention,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Ordinals {
    #[serde(deserialize_with = "or_default")]
    pub start: u32,
}

/// `persistentVolumeClaimRetentionPolicy`; absent fields mean `Retain`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ClaimRetention {
    #[serde(deserialize_with = "or_default")]
    pub when_deleted: Text,
    #[serde(deserialize_with = "or_default")]
    pub when_scaled: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ClaimTemplate {
    #[serde(deserialize_with = "or_default")]
    pub metadata: Meta,
    #[serde(deserialize_with = "or_default")]
    pub spec: ClaimSpec,
}

impl StatefulSet {
    pub fn replicas(&self) -> u32 {
        self.spec.replicas.unwrap_or(1)
    }

    /// The ordinals that should have a pod.
    pub fn ordinals(&self) -> std::ops::Range<u32> {
        let start = self.spec.ordinals.start;
        start..start.saturating_add(self.replicas())
    }

    /// The name of a template's claim for one ordinal: `<template>-<set>-<ordinal>`.
    pub fn claim_name(template: &ClaimTemplate, set: &str, ordinal: u32) -> Text {
        format!("{}-{set}-{ordinal}", template.metadata.name).into()
    }
}

/// A `Deployment`, `ReplicaSet` or `DaemonSet`: what they have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Replicated {
    #[serde(deserialize_with = "or_default")]
    pub spec: ReplicatedSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: ReplicaStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct ReplicatedSpec {
    pub replicas: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    pub selector: Selector,
    #[serde(deserialize_with = "or_default")]
    pub template: PodTemplate,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaStatus {
    #[serde(deserialize_with = "or_default")]
    pub replicas: u32,
    #[serde(deserialize_with = "or_default")]
    pub ready_replicas: u32,
}

/// A `Node`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Node {
    #[serde(deserialize_with = "or_default")]
    pub status: NodeStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NodeStatus {
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}

impl Node {
    pub fn ready(&self) -> bool {
        is_true(&self.status.conditions, "Ready")
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
