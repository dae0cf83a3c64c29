//! What became of a task that was under way: as its manifest here, or what it left in the pod or the cluster, tells.

use super::{DoubtfulStep, Observed, Ruling, Stage, Verdict, not_applied, unreachable_target};
use crate::model::act::task::RaftDeed;
use crate::model::act::{After, Task};
use crate::model::{Now, Pin};

/// What has to be looked at.
pub(super) fn observe(target: &Pin, task: &Task) -> String {
    let key = &target.key;
    match task {
        Task::Dump(dump) => format!("whether the manifest of {} says that it is whole", dump.to),
        Task::Restore(_) => format!("what the command left in {key}: whether it began, and its exit code"),
        Task::Count(_) => format!("nothing: what was counted in {key} changed nothing"),
        Task::Snapshot(snapshot) => format!(
            "whether volumesnapshot/{} is there with this step on it, and ready",
            snapshot.name
        ),
        Task::Raft(raft) => match &raft.asks {
            RaftDeed::StepDown => format!("which peer of {} leads now", raft.cluster),
            RaftDeed::RemovePeer { id } => format!("whether the configuration of {} lists {id}", raft.cluster),
            RaftDeed::Snapshot { to } => format!("whether {to} is there, with the receipt of this step beside it"),
        },
        Task::Run(run) if run.check.is_empty() => {
            "nothing: a program here leaves no trace that could be read".to_owned()
        }
        Task::Run(_) => "whether the program printed an identifier: nothing is asked by itself".to_owned(),
    }
}

pub(super) fn judge(step: &DoubtfulStep, task: &Task, observed: &Observed, now: Now) -> Verdict {
    if step.entry.stage == Stage::Cleared {
        return Verdict::new(
            step,
            Ruling::NotApplied,
            "it was cleared and nothing was started: `sent` is on disk before",
        );
    }
    let after = match observed {
        Observed::Task { after } => after,
        Observed::Absent | Observed::Object { .. } | Observed::Release { .. } => {
            return unreachable_target(step, "what the task left was not looked at");
        }
        Observed::Unreachable { why } => return unreachable_target(step, why),
    };
    match (after, task) {
        (After::Reached(seen), _) => Verdict::new(step, Ruling::Done, seen.clone()),
        // nothing of a dump changes anything: what was cut off is simply not there
        (After::Untouched(seen), Task::Dump(_) | Task::Count(_)) => {
            Verdict::new(step, Ruling::NotApplied, seen.clone())
        }
        (After::Untouched(seen), Task::Raft(raft)) => match raft.asks {
            RaftDeed::Snapshot { .. } => Verdict::new(step, Ruling::NotApplied, seen.clone()),
            RaftDeed::StepDown | RaftDeed::RemovePeer { .. } => not_applied(step, now, seen),
        },
        (After::Untouched(seen), Task::Restore(_) | Task::Snapshot(_) | Task::Run(_)) => not_applied(step, now, seen),
        (After::Halfway(seen), _) => Verdict::new(step, Ruling::StillInDoubt, seen.clone()),
        (After::Otherwise(seen), _) => Verdict::new(step, Ruling::Conflict, seen.clone()),
    }
}
