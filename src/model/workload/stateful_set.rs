//! Facts of StatefulSets.

use super::PodTemplate;
use crate::model::Text;
use crate::model::lenient::or_default;
use crate::model::meta::{Meta, Selector};
use crate::model::storage::ClaimSpec;
use serde::Deserialize;

/// A `StatefulSet`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct StatefulSet {
    #[serde(deserialize_with = "or_default")]
    pub spec: StatefulSetSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: SetStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SetStatus {
    #[serde(deserialize_with = "or_default")]
    pub replicas: u32,
    #[serde(deserialize_with = "or_default")]
    pub ready_replicas: u32,
    /// The generation that the rest of the status speaks of.
    #[serde(deserialize_with = "or_default")]
    pub observed_generation: u64,
    /// The name of the revision that pods below the partition are made from.
    #[serde(deserialize_with = "or_default")]
    pub current_revision: Text,
    /// The name of the present template's revision.
    #[serde(deserialize_with = "or_default")]
    pub update_revision: Text,
    /// What its controller had before it when it gave up over a stale claim, as a print. No field of the object tells it: the
    /// laws and the sandbox remember it, until the set changes.
    #[serde(skip)]
    pub gave_up: Option<u64>,
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
    #[serde(deserialize_with = "or_default")]
    pub update_strategy: SetStrategy,
}

/// `updateStrategy`: whether and down to which ordinal a changed template restarts pods.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SetStrategy {
    /// `RollingUpdate`, which absent means, or `OnDelete`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: Text,
    #[serde(deserialize_with = "or_default")]
    pub rolling_update: SetRolling,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct SetRolling {
    #[serde(deserialize_with = "or_default")]
    pub partition: u32,
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

    /// The name of the present template's revision; `None` while the controller has not looked at this generation of the
    /// set yet. The name is a hash that only the controller can compute.
    pub fn update_revision(&self, meta: &Meta) -> Option<&Text> {
        let status = &self.status;
        (!status.update_revision.is_empty() && status.observed_generation >= meta.generation)
            .then_some(&status.update_revision)
    }

    /// The lowest ordinal that a changed template reaches; `None` under `OnDelete`.
    pub fn reached_from(&self) -> Option<u32> {
        let strategy = &self.spec.update_strategy;
        let partition = strategy.rolling_update.partition;
        (strategy.kind != "OnDelete").then(|| self.spec.ordinals.start.saturating_add(partition))
    }

    /// The name of a template's claim for one ordinal: `<template>-<set>-<ordinal>`.
    pub fn claim_name(template: &ClaimTemplate, set: &str, ordinal: u32) -> Text {
        format!("{}-{set}-{ordinal}", template.metadata.name).into()
    }
}
