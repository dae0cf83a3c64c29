//! An eviction is a DELETE that asks the disruption budgets first (§3.12, `pkg/registry/core/pod/storage/eviction.go`).

use super::super::Outcome;
use crate::laws::Reason;
use crate::model::{Object, World};

/// What the budgets say.
enum Budgets {
    /// They are not asked: the pod is Pending, has ended, or is being deleted already.
    Skipped(&'static str),
    /// Nobody can say: the budgets are not among the facts.
    Unread,
}

/// The seam for `laws::disruption`.
fn budgets(_world: &World, pod: &Object) -> Budgets {
    let Some(facts) = pod.body.pod() else {
        return Budgets::Unread;
    };
    if pod.meta.deleting() {
        Budgets::Skipped("it is being deleted already")
    } else if facts.status.phase.terminal() {
        Budgets::Skipped("it has ended")
    } else if facts.status.phase == crate::model::workload::PodPhase::Pending {
        Budgets::Skipped("it is Pending")
    } else {
        Budgets::Unread
    }
}

/// Why the server would refuse the eviction, or why nobody can say.
pub(super) fn refusal(world: &World, pod: &Object) -> Option<(Outcome, Reason)> {
    match budgets(world, pod) {
        Budgets::Skipped(_) => None,
        Budgets::Unread => Some((
            Outcome::Unknown {
                missing: "the PodDisruptionBudgets that select it".to_owned(),
            },
            Reason::new("an eviction is refused (429) when a budget would be violated"),
        )),
    }
}

/// The reason of an eviction that is granted, with why.
pub(super) fn granted(world: &World, pod: &Object, mut reason: Reason) -> Reason {
    if let Budgets::Skipped(why) = budgets(world, pod) {
        reason.text = format!("{}; no disruption budget is asked: {why}", reason.text);
    }
    reason
}
