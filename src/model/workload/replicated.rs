//! Facts of Deployments, ReplicaSets and DaemonSets.

use super::PodTemplate;
use crate::model::Text;
use crate::model::lenient::or_default;
use crate::model::meta::Selector;
use crate::model::quantity::Share;
use serde::Deserialize;

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
    /// A Deployment that does not roll out.
    #[serde(deserialize_with = "or_default")]
    pub paused: bool,
    /// How a Deployment rolls out; of a DaemonSet its `updateStrategy`.
    #[serde(alias = "updateStrategy", deserialize_with = "or_default")]
    pub strategy: Strategy,
    pub replicas: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    pub selector: Selector,
    #[serde(deserialize_with = "or_default")]
    pub template: PodTemplate,
    /// The template is not the one that was read: a forecast has changed it, and no revision of a DaemonSet's is of it yet.
    #[serde(skip)]
    pub foreseen: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ReplicaStatus {
    #[serde(deserialize_with = "or_default")]
    pub replicas: u32,
    #[serde(deserialize_with = "or_default")]
    pub ready_replicas: u32,
}

/// `spec.strategy` of a Deployment, `spec.updateStrategy` of a DaemonSet.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Strategy {
    /// `RollingUpdate`, which absent means, or a Deployment's `Recreate`, or a DaemonSet's `OnDelete`.
    #[serde(rename = "type", deserialize_with = "or_default")]
    pub kind: Text,
    #[serde(deserialize_with = "or_default")]
    pub rolling_update: Rolling,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Rolling {
    pub max_surge: Option<Share>,
    pub max_unavailable: Option<Share>,
}

impl Strategy {
    /// How many pods there may be too many, and how many too few, of so many wanted: both 25 % when nothing is said, and
    /// one too few when both come to nothing (`pkg/controller/deployment/util/deployment_util.go` `ResolveFenceposts`).
    pub fn fence(&self, wanted: u32) -> (u32, u32) {
        let quarter = || Share::Percent(25);
        let surge = self.rolling_update.max_surge.clone().unwrap_or_else(quarter).up(wanted);
        let missing = self
            .rolling_update
            .max_unavailable
            .clone()
            .unwrap_or_else(quarter)
            .down(wanted);
        if surge == 0 && missing == 0 {
            (0, 1)
        } else {
            (surge, missing)
        }
    }
}

impl Replicated {
    /// `spec.replicas`; absent means 1.
    pub fn replicas(&self) -> u32 {
        self.spec.replicas.unwrap_or(1)
    }
}
