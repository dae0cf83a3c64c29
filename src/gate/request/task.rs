//! A task as the panel shows it: every command that will be run, argument by argument, where, and how it is bounded.

use crate::model::Text;
use crate::model::act::Task;
use crate::model::act::task::{Bounds, RaftDeed, RaftTask, Told, shown};
use serde_json::json;
use std::fmt::Write as _;

/// What is shown, and hashed into the approval.
pub(super) fn text(path: &str, task: &Task) -> String {
    let mut text = String::new();
    // writing to a String cannot fail
    match task {
        Task::Dump(dump) => {
            exec(&mut text, path, &dump.container);
            line(&mut text, "rows", &dump.rows);
            line(&mut text, "run", &dump.command);
            match dump.stage.as_str() {
                "" => writeln!(text, "its output straight into {}", dump.to),
                stage => writeln!(
                    text,
                    "its output into a private directory of {stage}, then into {}",
                    dump.to
                ),
            }
            .unwrap_or_default();
            bounds(&mut text, dump.bounds);
        }
        Task::Restore(restore) => {
            exec(&mut text, path, &restore.container);
            writeln!(text, "{} into a private directory of {}", restore.from, restore.stage).unwrap_or_default();
            line(&mut text, "run with it", &restore.command);
            line(&mut text, "rows", &restore.rows);
            bounds(&mut text, restore.bounds);
        }
        Task::Count(count) => {
            exec(&mut text, path, &count.container);
            line(&mut text, "rows", &count.command);
            if !count.like.is_empty() {
                writeln!(text, "held against those in the manifest of {}", count.like).unwrap_or_default();
            }
            bounds(&mut text, count.bounds);
        }
        Task::Snapshot(snapshot) => {
            writeln!(
                text,
                "POST volumesnapshot/{} of {path}, class {}, ready within {} s",
                snapshot.name,
                if snapshot.class.is_empty() {
                    "of the driver's choice"
                } else {
                    &snapshot.class
                },
                snapshot.within
            )
            .unwrap_or_default();
        }
        Task::Raft(raft) => of_raft(&mut text, path, raft),
        Task::Run(run) => {
            line(&mut text, "run here", &run.command);
            match &run.identifier {
                Some(Told::Pattern(pattern)) => writeln!(text, "its identifier is what {pattern} finds"),
                Some(Told::Pointer(pointer)) => writeln!(text, "its identifier stands at {pointer}"),
                None => Ok(()),
            }
            .unwrap_or_default();
            line(&mut text, "checked by", &run.check);
            writeln!(text, "each ended after {} s", run.within).unwrap_or_default();
        }
    }
    text
}

/// Through a port-forward; the token goes in a header and stands nowhere.
fn of_raft(text: &mut String, path: &str, task: &RaftTask) {
    let asked = match &task.asks {
        RaftDeed::StepDown => "PUT /v1/sys/step-down".to_owned(),
        RaftDeed::RemovePeer { id } => {
            format!("PUT /v1/sys/storage/raft/remove-peer\n{}", json!({ "server_id": id }))
        }
        RaftDeed::Snapshot { to } => {
            format!("GET /v1/sys/storage/raft/snapshot\ninto {to}; kept only when its archive was read to its end")
        }
    };
    writeln!(
        text,
        "GET {path}/portforward, port {}, while it leads {}\n{asked}\ngiven up after {} s",
        task.port, task.cluster, task.within
    )
    .unwrap_or_default();
}

fn exec(text: &mut String, path: &str, container: &str) {
    let container = if container.is_empty() {
        "its default container"
    } else {
        container
    };
    writeln!(text, "GET {path}/exec\nin {container}").unwrap_or_default();
}

fn line(text: &mut String, lead: &str, command: &[Text]) {
    if !command.is_empty() {
        writeln!(text, "{lead}: {}", shown(command)).unwrap_or_default();
    }
}

fn bounds(text: &mut String, bounds: Bounds) {
    writeln!(
        text,
        "given up after {} s without a step forward, and after {} s in all",
        bounds.quiet, bounds.within
    )
    .unwrap_or_default();
}
