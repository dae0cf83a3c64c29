//! Is an object as an act would have left it? What a write's answer, a step's end and a doubt are judged by.

use super::{Act, STEP};
use crate::model::Object;
use crate::model::helm::{MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE};

impl Act {
    /// Whether this object is as the act asked. Never for a deletion or an eviction: there the object has to be gone.
    pub fn leaves(&self, object: &Object) -> bool {
        let claim_ref = || object.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref());
        let annotation = |key: &str| object.meta.annotations.get(key);
        match self {
            Self::Delete { .. } | Self::Evict { .. } | Self::Helm { .. } => false,
            Self::Scale { replicas, .. } => scale(object) == Some(*replicas),
            Self::RemoveFinalizer { finalizer, .. } => !object.meta.has_finalizer(finalizer),
            Self::SetReclaimPolicy { policy, .. } => object
                .body
                .volume()
                .is_some_and(|volume| volume.spec.persistent_volume_reclaim_policy == *policy),
            Self::ClearClaimRef { .. } => {
                claim_ref().is_some_and(|claim| claim.uid.is_empty() && claim.resource_version.is_empty())
            }
            Self::RetargetClaimRef { namespace, name, .. } => {
                claim_ref().is_some_and(|claim| claim.namespace == *namespace && claim.name == *name)
            }
            Self::Annotate {
                annotation: key, value, ..
            } => annotation(key) == value.as_deref(),
            Self::Stamp { release, namespace, .. } => {
                annotation(RELEASE_NAME) == Some(release.as_str())
                    && annotation(RELEASE_NAMESPACE) == Some(namespace.as_str())
                    && object.meta.labels.get(MANAGED_BY).is_some_and(|by| by == "Helm")
            }
            Self::CreateClaim { step, .. } => annotation(STEP) == Some(step.as_str()),
        }
    }
}

/// `spec.replicas` of an object that has a scale; one when the field is absent.
pub fn scale(object: &Object) -> Option<u32> {
    object
        .body
        .stateful_set()
        .map(crate::model::workload::StatefulSet::replicas)
        .or_else(|| Some(object.body.replicated()?.spec.replicas.unwrap_or(1)))
}
