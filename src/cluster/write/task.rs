//! What is done beside the API's objects: a dump, a restore, a snapshot, a program of the operator's. Each is begun once,
//! bounded, told about while it goes on, and judged by what it leaves.

mod dump;
mod far;
mod look;
mod manifest;
mod raft;
mod restore;
mod rows;
mod run;
mod snapshot;

use crate::cluster::connect::Connection;
use crate::cluster::raft::Way;
use crate::diagnose::Found;
use crate::journal::Outcome;
use crate::model::act::{After, Task};
use crate::model::{Act, Kind, Pin};
use std::time::Duration;

/// Who hears how far it is, a line at a time, with nothing secret in it.
type Hear<'a> = &'a mut (dyn FnMut(String) + Send);

/// Does what a clearance says, and says what is certain about what became of it.
pub(super) async fn carry(
    act: &Act,
    shown: &Task,
    step: &str,
    (connection, way): (&Connection, Option<&Way>),
    hear: Hear<'_>,
) -> Outcome {
    let Act::Task { target, task } = act else {
        return not_applied(format!("{act} is no task"));
    };
    if task.as_ref() != shown {
        return not_applied("what was shown does not fit the act".to_owned());
    }
    if connection.identity().kube_system.is_empty() {
        return not_applied(
            "this cluster cannot be told from another one: reading namespace kube-system is denied".to_owned(),
        );
    }
    if let Some(why) = act.misfit() {
        return not_applied(why);
    }
    match shown {
        Task::Dump(dump) => dump::carry(connection, target, dump, step, hear).await,
        Task::Restore(restore) => restore::carry(connection, target, restore, step, hear).await,
        Task::Count(count) => rows::carry(connection, target, count, hear).await,
        Task::Snapshot(snapshot) => snapshot::carry(connection, target, snapshot, step, hear).await,
        Task::Run(run) => run::carry(run, hear).await,
        Task::Raft(task) => raft::carry(connection, target, task, way, step, hear).await,
    }
}

/// Counts rows for a soak that somebody signed for: the only command in a pod that is run without a clearance, and it only
/// reads.
pub async fn probe(connection: &Connection, act: &Act) -> Found {
    let mut nobody = |_line: String| {};
    let counted = if let Act::Task { target, task } = act
        && let Task::Count(count) = task.as_ref()
    {
        Some(rows::carry(connection, target, count, &mut nobody).await)
    } else {
        None
    };
    match counted {
        Some(Outcome::Done { evidence }) => Found {
            holds: Some(true),
            value: evidence,
        },
        Some(Outcome::Failed { why }) => Found {
            holds: Some(false),
            value: why,
        },
        Some(other) => Found {
            holds: None,
            value: other.evidence().to_owned(),
        },
        None => Found {
            holds: None,
            value: format!("{act} counts no rows"),
        },
    }
}

/// The name of a step of the journal by which a task finds again what it left.
pub fn mark(intent: u64, step: &str) -> String {
    format!("{intent} {step}")
}

/// What a task left that was under way when its cockpit ended: here, in the pod, or in the cluster.
///
/// # Errors
/// Why that cannot be seen.
pub async fn standing(
    connection: &Connection,
    target: &Pin,
    task: &Task,
    step: &str,
    way: Option<&Way>,
) -> Result<After, String> {
    match task {
        Task::Dump(dump) => dump::standing(dump, step).await,
        Task::Restore(restore) => restore::standing(connection, target, restore, step).await,
        Task::Count(_) => Ok(After::Untouched(
            "what was counted is not known; it changed nothing".to_owned(),
        )),
        Task::Snapshot(snapshot) => snapshot::standing(connection, target, snapshot, step).await,
        Task::Raft(task) => raft::standing(connection, target, task, way, step).await,
        Task::Run(_) => Err(
            "a program here leaves no trace that could be read: look whether it is at work, and what it made"
                .to_owned(),
        ),
    }
}

const fn not_applied(why: String) -> Outcome {
    Outcome::NotApplied { why }
}

/// `1.5 MiB`, `312 bytes`.
fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 3] = [("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    for (unit, one) in UNITS {
        if bytes >= one {
            let tenths = u128::from(bytes) * 10 / u128::from(one);
            return format!("{}.{} {unit}", tenths / 10, tenths % 10);
        }
    }
    format!("{bytes} bytes")
}

/// How long is waited before asking again.
fn pause(tries: u32) -> Duration {
    Duration::from_millis(250 << tries.min(4))
}

/// The pod a task is about.
fn pod(target: &Pin) -> Result<(&str, &str), String> {
    if target.key.kind == Kind::Pod {
        Ok((target.key.namespace.as_str(), target.key.name.as_str()))
    } else {
        Err(format!("{} is no pod", target.key))
    }
}
