//! What is done beside an object: whether what it is done to is there for it, and what a person says to what no forecast tells.

use super::{Sight, raft};
use crate::diagnose::Found;
use crate::gate::item::Item;
use crate::model::act::Task;
use crate::model::storage::ClaimPhase;
use crate::model::workload::PodPhase;
use crate::model::{Kind, Object};

pub(super) fn items(sight: Sight<'_>, target: &Object, task: &Task) -> Vec<Item> {
    let mut items = Vec::new();
    match task {
        Task::Dump(_) | Task::Restore(_) | Task::Count(_) => items.push(runs(sight, target)),
        Task::Snapshot(_) => items.push(bound(sight, target)),
        Task::Raft(task) => return raft::items(sight, target, task),
        Task::Run(_) => {}
    }
    match task {
        Task::Restore(restore) => items.push(Item::to_attest(
            "restore.replaces",
            format!(
                "what {} keeps may be replaced by {}; if it is needed, there is a dump of it",
                target.key(),
                restore.from
            ),
        )),
        Task::Run(run) if run.identifier.is_none() => items.push(Item::to_attest(
            "run.untold",
            "what the program made has no identifier by which it could be found again",
        )),
        Task::Run(_) | Task::Dump(_) | Task::Count(_) | Task::Snapshot(_) | Task::Raft(_) => {}
    }
    items
}

/// A command can be run in it.
fn runs(sight: Sight<'_>, target: &Object) -> Item {
    let found = match target.body.pod() {
        None => Found::untold("the pod cannot be read"),
        Some(pod) if pod.status.phase != PodPhase::Running => Found::no(format!("it is {}", pod.status.phase.word())),
        Some(pod) if !pod.ready() => Found::no("it runs, and is not ready".to_owned()),
        Some(_) => Found::yes("it runs and is ready".to_owned()),
    };
    Item::sensed(
        "task.pod-runs",
        format!("{} runs and is ready", target.key()),
        found,
        sight.fresh(&[Kind::Pod]),
        "pods: status.phase, status.conditions",
    )
}

/// There is a disk to make a snapshot of.
fn bound(sight: Sight<'_>, target: &Object) -> Item {
    let found = match target.body.claim() {
        None => Found::untold("the claim cannot be read"),
        Some(claim) if claim.status.phase != ClaimPhase::Bound => Found::no(format!("it is {:?}", claim.status.phase)),
        Some(claim) => Found::yes(format!("bound to pv/{}", claim.spec.volume_name)),
    };
    Item::sensed(
        "task.claim-bound",
        format!("{} is bound to a volume", target.key()),
        found,
        sight.fresh(&[Kind::PersistentVolumeClaim]),
        "persistentvolumeclaims: status.phase, spec.volumeName",
    )
}
