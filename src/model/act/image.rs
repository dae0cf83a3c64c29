//! Is an object as an act would have left it? What a write's answer, a step's end and a doubt are judged by.

use super::{Act, STEP};
use crate::model::helm::{MANAGED_BY, RELEASE_NAME, RELEASE_NAMESPACE};
use crate::model::storage::{ClaimRef, VolumePhase};
use crate::model::{Object, World};

impl Act {
    /// Whether nothing is left to ask of this object: it is as the act would leave it, or the claim that a volume is to be
    /// reserved for is there and bound to it already.
    pub fn stands(&self, object: &Object, world: &World) -> bool {
        let bound = |(claim, _): (&ClaimRef, VolumePhase)| {
            let live = world.by_uid(&claim.uid).filter(|_| !claim.uid.is_empty());
            live.is_some_and(|live| live.meta.name == claim.name && live.meta.namespace == claim.namespace)
        };
        self.leaves(object) || self.reserves(object).is_some_and(bound)
    }

    /// The claimRef that says what the act asks, uid apart.
    fn reserves<'o>(&self, object: &'o Object) -> Option<(&'o ClaimRef, VolumePhase)> {
        let Self::RetargetClaimRef { namespace, name, .. } = self else {
            return None;
        };
        let volume = object.body.volume()?;
        let claim = volume.spec.claim_ref.as_ref()?;
        let named = claim.namespace == *namespace && claim.name == *name;
        named.then_some((claim, volume.status.phase))
    }

    /// Whether this object is as the act asked. Never for a deletion or an eviction, where the object has to be gone, and never
    /// for what is done beside it.
    pub fn leaves(&self, object: &Object) -> bool {
        let claim_ref = || object.body.volume().and_then(|volume| volume.spec.claim_ref.as_ref());
        let annotation = |key: &str| object.meta.annotations.get(key);
        match self {
            Self::Delete { .. } | Self::Evict { .. } | Self::Helm { .. } | Self::Task { .. } => false,
            Self::Scale { replicas, .. } => scale(object) == Some(*replicas),
            Self::RemoveFinalizer { finalizer, .. } => !object.meta.has_finalizer(finalizer),
            Self::SetReclaimPolicy { policy, .. } => object
                .body
                .volume()
                .is_some_and(|volume| volume.spec.persistent_volume_reclaim_policy == *policy),
            Self::ClearClaimRef { .. } => {
                claim_ref().is_some_and(|claim| claim.uid.is_empty() && claim.resource_version.is_empty())
            }
            // a uid is there again as soon as the new claim is bound; before that, and on the very version that was
            // looked at, it is the old claim's
            Self::RetargetClaimRef { volume: pin, .. } => self.reserves(object).is_some_and(|(claim, phase)| {
                let moved = object.meta.resource_version != pin.resource_version;
                claim.uid.is_empty() || (moved && phase == VolumePhase::Bound)
            }),
            Self::Annotate {
                annotation: key, value, ..
            } => annotation(key) == value.as_deref(),
            Self::Stamp { release, namespace, .. } => {
                annotation(RELEASE_NAME) == Some(release.as_str())
                    && annotation(RELEASE_NAMESPACE) == Some(namespace.as_str())
                    && object.meta.labels.get(MANAGED_BY).is_some_and(|by| by == "Helm")
            }
            Self::CreateClaim { step, .. } | Self::CreateClass { step, .. } | Self::CreateSet { step, .. } => {
                annotation(STEP) == Some(step.as_str())
            }
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
