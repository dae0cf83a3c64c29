//! Traps 47 and 48: a namespace that is being deleted waits for an API group, for pods, or for finalizers.

use super::super::explain::namespace::{blockers, sentence};
use super::super::finding::{Finding, Gist, Severity};
use super::super::look::Look;
use super::super::ward::Ward;
use super::finding;
use crate::laws::Reason;
use crate::model::Kind;
use std::time::Duration;

/// Deleting a namespace takes this long without anything being wrong.
const PATIENCE: Duration = Duration::from_mins(2);

pub(super) fn find(look: Look<'_>, ward: &Ward<'_>) -> Vec<Finding> {
    ward.namespaces()
        .iter()
        .filter_map(|name| {
            let object = look.world.find(Kind::Namespace, "", name)?;
            let since = object.meta.deletion_timestamp?;
            let facts = object.body.namespace()?;
            let age = look.now.since(since);
            let blocked = blockers(facts);
            let severity = if !blocked.is_empty() || age > PATIENCE {
                Severity::Blocked
            } else {
                Severity::Warned
            };
            let undiscovered = blocked
                .iter()
                .any(|(_, condition)| condition.kind == "NamespaceDeletionDiscoveryFailure");
            let mut reason = Reason::new("a namespace goes when everything in it is gone, pods first").seen(
                &object.key(),
                "metadata.deletionTimestamp",
                since.to_string(),
            );
            for (_, condition) in blocked {
                reason = reason.seen(
                    &object.key(),
                    &format!("status.conditions[{}]", condition.kind),
                    condition.status.as_str(),
                );
            }
            let told = finding(
                "namespace_stuck",
                severity,
                object.key(),
                format!("namespace {name} {}", sentence(look, object, facts)),
                reason,
                Gist::new("namespace", "Terminating").aged(Some(age)),
            );
            Some(told.of(if undiscovered { &[47] } else { &[48] }))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{with, world};
    use super::super::said;

    const SPACE: &str = r#"
- {kind: Namespace, metadata: {name: shop, deletionTimestamp: "2026-04-27T13:50:00Z"}, spec: {finalizers: [kubernetes]}, status: {phase: Terminating, conditions: [{type: NamespaceDeletionDiscoveryFailure, status: "STATUS", reason: DiscoveryFailed, message: metrics.k8s.io/v1beta1}]}}"#;

    #[test]
    fn type_and_status_decide_not_reason_or_message() {
        assert_eq!(
            said(&world(&SPACE.replace("STATUS", "True")), "namespace_stuck"),
            [
                "Blocked namespace/shop: namespace shop Terminating 10m: an API group cannot be discovered, so nobody knows whether it has objects here"
            ]
        );
        // the same condition at False says nothing, whatever its reason
        assert_eq!(
            said(&world(&SPACE.replace("STATUS", "False")), "namespace_stuck"),
            ["Blocked namespace/shop: namespace shop Terminating 10m, nothing that Pilothouse reads is left in it"]
        );
    }

    #[test]
    fn pods_go_first() {
        let pod = r"
- {kind: Pod, metadata: {name: p, namespace: shop}, spec: {nodeName: n1}}";
        assert_eq!(
            said(&with(world(&SPACE.replace("STATUS", "False")), pod), "namespace_stuck"),
            ["Blocked namespace/shop: namespace shop Terminating 10m, 1 pod to go before anything else is deleted"]
        );
        let alive = SPACE.replace("deletionTimestamp", "creationTimestamp");
        assert!(said(&world(&alive), "namespace_stuck").is_empty());
    }
}
