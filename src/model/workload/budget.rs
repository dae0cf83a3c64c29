//! Facts of disruption budgets (`policy/v1`).

use super::Condition;
use crate::model::Text;
use crate::model::lenient::or_default;
use crate::model::meta::Selector;
use crate::model::quantity::Share;
use jiff::Timestamp;
use serde::Deserialize;
use std::collections::BTreeMap;

/// A `PodDisruptionBudget`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct DisruptionBudget {
    #[serde(deserialize_with = "or_default")]
    pub spec: BudgetSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: BudgetStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetSpec {
    /// Absent: no pod. Empty: every pod of the namespace.
    pub selector: Option<Selector>,
    pub min_available: Option<Share>,
    pub max_unavailable: Option<Share>,
    /// `IfHealthyBudget`, which absent means, or `AlwaysAllow`.
    #[serde(deserialize_with = "or_default")]
    pub unhealthy_pod_eviction_policy: Text,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BudgetStatus {
    #[serde(deserialize_with = "or_default")]
    pub observed_generation: u64,
    /// Evictions that would pass right now.
    #[serde(deserialize_with = "or_default")]
    pub disruptions_allowed: u32,
    #[serde(deserialize_with = "or_default")]
    pub current_healthy: u32,
    #[serde(deserialize_with = "or_default")]
    pub desired_healthy: u32,
    #[serde(deserialize_with = "or_default")]
    pub expected_pods: u32,
    /// Pods whose eviction was accepted and whose deletion the controller has not seen yet.
    #[serde(deserialize_with = "or_default")]
    pub disrupted_pods: BTreeMap<Text, Timestamp>,
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}
