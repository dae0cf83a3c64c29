//! An eviction is a DELETE that asks the disruption budgets first (§3.12, `pkg/registry/core/pod/storage/eviction.go`). It is
//! sent as a create, which a namespace that is being deleted does not take (found by conformance).

use super::super::Outcome;
use crate::laws::Reason;
use crate::laws::disruption::{Verdict, verdict};
use crate::model::{Key, Kind, Object, World};

/// Why the server would refuse the eviction, or why nobody can say.
pub(super) fn refusal(world: &World, pod: &Object) -> Option<(Outcome, Reason)> {
    let refused = |error: &str, reason: Reason| {
        let error = error.to_owned();
        Some((Outcome::Rejected { error }, reason))
    };
    let namespace = Key::cluster(Kind::Namespace, &pod.meta.namespace);
    if world.get(&namespace).is_some_and(|held| held.meta.deleting()) {
        let error = format!(
            "403 Forbidden: unable to create new content in namespace {} because it is being terminated",
            namespace.name
        );
        let text = format!(
            "an eviction is a create, and {namespace} is being deleted and takes none; a plain DELETE is taken"
        );
        return refused(
            &error,
            Reason::new(text).seen(&namespace, "status.phase", "Terminating"),
        );
    }
    match verdict(world, pod) {
        Verdict::Passes(_) => None,
        Verdict::Refused { reason, .. } => refused(
            "429 TooManyRequests: Cannot evict pod as it would violate the pod's disruption budget.",
            reason,
        ),
        Verdict::Ambiguous { reason, .. } => refused(
            "500: This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.",
            reason,
        ),
        Verdict::Unknown { missing } => Some((
            Outcome::Unknown { missing },
            Reason::new("an eviction is refused (429) when a budget would be violated"),
        )),
    }
}

/// The reason of an eviction that is granted, with what the budgets said.
pub(super) fn granted(world: &World, pod: &Object, mut reason: Reason) -> Reason {
    if let Verdict::Passes(why) = verdict(world, pod) {
        reason.text = format!("{}; {}", reason.text, why.text);
        reason.evidence.extend(why.evidence);
    }
    reason
}
