//! A claim is Terminating and something holds it: pods, or a finalizer.

use super::super::explain::claim::{other_finalizers, sentence};
use super::super::finding::{Finding, Gist, Severity};
use super::super::holder::{self, HeldBy};
use super::super::look::Look;
use super::finding;
use crate::laws::Reason;
use crate::laws::ownership::Root;
use crate::model::storage::PVC_PROTECTION;
use crate::model::{Kind, Object};
use std::collections::BTreeSet;
use std::time::Duration;

/// A deletion that nothing holds is given this long before it counts as stuck.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn find(look: Look<'_>, object: &Object) -> Option<Finding> {
    let since = object.meta.deletion_timestamp?;
    let age = look.now.since(since);
    let holders = holder::of_claim(look, &object.key());
    let held = (object.meta.has_finalizer(PVC_PROTECTION)
        && (!holders.is_empty() || !look.sees(Kind::Pod, &object.meta.namespace)))
        || !other_finalizers(object).is_empty();
    let severity = match (held, age > PATIENCE) {
        (true, _) => Severity::Blocked,
        (false, true) => Severity::Warned,
        (false, false) => return None,
    };
    let facts = object.body.claim()?;
    let mut reason = Reason::new("deletion was accepted and waits for its finalizers").seen(
        &object.key(),
        "metadata.deletionTimestamp",
        since.to_string(),
    );
    for finalizer in &object.meta.finalizers {
        reason = reason.seen(&object.key(), "metadata.finalizers", finalizer.as_str());
    }
    for held in &holders {
        reason = reason.seen(&held.pod.key(), "root", held.root_name(look));
    }
    Some(finding(
        "stuck_claim",
        severity,
        object.key(),
        format!("PVC {} {}", object.meta.name, sentence(look, object, facts)),
        reason,
        Gist::new("PVC", "Terminating").aged(Some(age)).held_by(roots(&holders)),
    ))
}

/// Kinds and names of the roots; a pod without owner is its own.
pub(super) fn roots(holders: &[HeldBy]) -> BTreeSet<(String, String)> {
    holders
        .iter()
        .map(|held| match &held.root {
            Root::Itself => ("pod".to_owned(), held.pod.meta.name.to_string()),
            Root::Known(root) => (root.kind().name().to_owned(), root.meta.name.to_string()),
            Root::Foreign(owner) | Root::Dangling(owner) => (owner.kind.to_string(), owner.name.to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::fixture::{denied, hasan_prod, with, world};
    use super::super::said;
    use crate::model::Kind;

    const CLAIM: &str = r#"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, deletionTimestamp: "2026-04-27T13:50:00Z", finalizers: [kubernetes.io/pvc-protection]}, status: {phase: Bound}}"#;

    #[test]
    fn a_held_claim_is_blocked_and_names_who_holds_it() {
        assert_eq!(
            said(&hasan_prod(), "stuck_claim"),
            ["Blocked pvc/shared-data: PVC shared-data Terminating 3h12m, held by 9 pods of 9 Jobs"]
        );
    }

    #[test]
    fn what_cannot_be_seen_is_not_called_free() {
        assert_eq!(
            said(&denied(&world(CLAIM), Kind::Pod), "stuck_claim"),
            ["Blocked pvc/data: PVC data Terminating 10m, what holds it is unknown (pods in shop: denied: forbidden)"]
        );
    }

    #[test]
    fn an_unscheduled_pod_and_a_live_claim_hold_nothing() {
        let unscheduled = with(
            world(CLAIM),
            r"- {kind: Pod, metadata: {name: p, namespace: shop}, spec: {volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}}",
        );
        assert_eq!(
            said(&unscheduled, "stuck_claim"),
            ["Warned pvc/data: PVC data Terminating 10m, no pod holds it: pvc-protection goes next"]
        );
        let live =
            world(r"- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, status: {phase: Bound}}");
        assert!(said(&live, "stuck_claim").is_empty());
        let fresh = world(&CLAIM.replace("13:50:00", "13:59:50"));
        assert!(said(&fresh, "stuck_claim").is_empty());
    }
}
