//! Facts of nodes, and of what pods ask of them.

use super::{Condition, is_true};
use crate::model::Text;
use crate::model::lenient::or_default;
use crate::model::meta::{Labels, Meta, Requirement};
use serde::Deserialize;

/// A `Node`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Node {
    #[serde(deserialize_with = "or_default")]
    pub spec: NodeSpec,
    #[serde(deserialize_with = "or_default")]
    pub status: NodeStatus,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NodeSpec {
    /// Cordoned: no pod is placed here, save those of DaemonSets.
    #[serde(deserialize_with = "or_default")]
    pub unschedulable: bool,
    #[serde(deserialize_with = "or_default")]
    pub taints: Vec<Taint>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Taint {
    pub key: Text,
    #[serde(deserialize_with = "or_default")]
    pub value: Text,
    /// `NoSchedule`, `PreferNoSchedule` or `NoExecute`.
    #[serde(deserialize_with = "or_default")]
    pub effect: Text,
}

/// What a pod bears with. Source: `k8s.io/component-helpers/scheduling/corev1/helpers.go`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct Toleration {
    /// Empty with `Exists`: every key.
    #[serde(deserialize_with = "or_default")]
    pub key: Text,
    /// `Equal`, which absent means, or `Exists`.
    #[serde(deserialize_with = "or_default")]
    pub operator: Text,
    #[serde(deserialize_with = "or_default")]
    pub value: Text,
    /// Empty: every effect.
    #[serde(deserialize_with = "or_default")]
    pub effect: Text,
}

impl Toleration {
    pub fn bears(&self, taint: &Taint) -> bool {
        (self.effect.is_empty() || self.effect == taint.effect)
            && (self.key.is_empty() || self.key == taint.key)
            && match self.operator.as_str() {
                "" | "Equal" => self.value == taint.value,
                "Exists" => true,
                _ => false,
            }
    }
}

/// Where the pods of a template may go: a node selector, and required node affinity.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Placement {
    #[serde(deserialize_with = "or_default")]
    pub node_selector: Labels,
    #[serde(deserialize_with = "or_default")]
    pub tolerations: Vec<Toleration>,
    #[serde(deserialize_with = "or_default")]
    pub affinity: Affinity,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Affinity {
    #[serde(deserialize_with = "or_default")]
    pub node_affinity: NodeAffinity,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeAffinity {
    pub required_during_scheduling_ignored_during_execution: Option<NodeTerms>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeTerms {
    /// One of them must hold.
    #[serde(deserialize_with = "or_default")]
    pub node_selector_terms: Vec<NodeTerm>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NodeTerm {
    #[serde(deserialize_with = "or_default")]
    pub match_expressions: Vec<Requirement>,
    #[serde(deserialize_with = "or_default")]
    pub match_fields: Vec<Requirement>,
}

impl Placement {
    /// Whether a node's labels and name satisfy the selector and the affinity.
    pub fn admits(&self, node: &Meta) -> bool {
        let mut wanted = self.node_selector.iter();
        let required = &self
            .affinity
            .node_affinity
            .required_during_scheduling_ignored_during_execution;
        wanted.all(|(key, value)| node.labels.get(key) == Some(value))
            && required
                .as_ref()
                .is_none_or(|terms| terms.node_selector_terms.iter().any(|term| term.holds(node)))
    }

    pub fn bears(&self, taint: &Taint) -> bool {
        self.tolerations.iter().any(|toleration| toleration.bears(taint))
    }
}

impl NodeTerm {
    /// An empty term holds nowhere. `metadata.name` is the only field there is.
    fn holds(&self, node: &Meta) -> bool {
        let name: Labels = [("metadata.name", node.name.clone())].into_iter().collect();
        (!self.match_expressions.is_empty() || !self.match_fields.is_empty())
            && self.match_expressions.iter().all(|wanted| wanted.holds(&node.labels))
            && self.match_fields.iter().all(|wanted| wanted.holds(&name))
    }
}

/// The one node that a pod's required affinity names by `metadata.name`.
pub(super) fn destination<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Box<str>>, D::Error> {
    let affinity: Affinity = or_default(deserializer)?;
    let required = affinity
        .node_affinity
        .required_during_scheduling_ignored_during_execution;
    let terms = required.unwrap_or_default().node_selector_terms;
    Ok(match terms.as_slice() {
        [NodeTerm { match_fields, .. }] => match match_fields.as_slice() {
            [Requirement { key, operator, values }] if key == "metadata.name" && operator == "In" => {
                values.first().map(|name| name.as_str().into())
            }
            _ => None,
        },
        _ => None,
    })
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct NodeStatus {
    #[serde(deserialize_with = "or_default")]
    pub conditions: Vec<Condition>,
}

impl Node {
    /// A taint lets only pods here that bear it (`PreferNoSchedule` does not).
    pub fn keeps_off(&self) -> bool {
        let mut taints = self.spec.taints.iter();
        taints.any(|taint| matches!(taint.effect.as_str(), "NoSchedule" | "NoExecute"))
    }

    pub fn ready(&self) -> bool {
        is_true(&self.status.conditions, "Ready")
    }
}
