//! What a release's records say about an act of Helm's that was under way.
//!
//! Helm goes on when its cockpit is gone, and ends by itself: until it has waited for everything it waits for, nothing that is
//! half done says that it broke off.

use super::{DoubtfulStep, Observed, Ruling, Stage, Verdict, unreachable_target};
use crate::model::act::{After, HelmAct};
use crate::model::helm::record_parts;
use crate::model::time::short_span;
use crate::model::{Now, Pin};
use std::time::Duration;

/// What has to be looked at.
pub(super) fn observe(target: &Pin, helm: &HelmAct) -> String {
    let (name, revision) = record_parts(&target.key.name).unwrap_or((target.key.name.as_str(), 0));
    match helm {
        HelmAct::Install(_) => format!("whether release {name} has a record, and its status"),
        HelmAct::Uninstall(_) => format!("whether release {name} still has records, and the newest one's status"),
        HelmAct::Upgrade(_) | HelmAct::Rollback(_) => format!(
            "whether release {name} has a revision {}, and its status",
            revision.saturating_add(1)
        ),
    }
}

pub(super) fn judge(step: &DoubtfulStep, helm: &HelmAct, observed: &Observed, now: Now) -> Verdict {
    let records = match observed {
        Observed::Release { records } => records,
        Observed::Absent | Observed::Object { .. } | Observed::Task { .. } => {
            return unreachable_target(step, "its records were not read");
        }
        Observed::Unreachable { why } => return unreachable_target(step, why),
    };
    let after = helm.after(step.entry.act.target(), records);
    let left = step.may_be_under_way(now);
    let unsent = step.entry.stage == Stage::Cleared;
    match after {
        After::Reached(seen) => Verdict::new(step, Ruling::Done, format!("{seen}; by whose hand is not known")),
        After::Untouched(seen) if unsent => Verdict::new(
            step,
            Ruling::NotApplied,
            format!("{seen}, and helm was never started: `sent` is on disk before"),
        ),
        After::Untouched(seen) | After::Halfway(seen) if !left.is_zero() => Verdict::new(
            step,
            Ruling::StillInDoubt,
            format!(
                "{seen}; {}, look again in {}",
                if step.helmless.is_some() {
                    "no helm is at work any more, and the server may still carry out what it asked for last"
                } else {
                    "helm may still be at work"
                },
                short_span(left + Duration::from_millis(999))
            ),
        ),
        After::Untouched(seen) => Verdict::new(
            step,
            Ruling::NotApplied,
            format!("{seen}, and whatever helm waits for has had its time"),
        ),
        After::Halfway(seen) => Verdict::new(
            step,
            Ruling::Conflict,
            format!("{seen}: helm began and broke off; explain tells the way out of it"),
        ),
        After::Otherwise(seen) => Verdict::new(step, Ruling::Conflict, format!("{seen}, which was not asked")),
    }
}
