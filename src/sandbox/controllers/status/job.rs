//! A Job's status (`pkg/controller/job/job_controller.go`, `reference/semantics.md` §3.9).

use super::{counted, holds, with_condition};
use crate::sandbox::controllers::document as doc;
use jiff::Timestamp;
use serde_json::{Value, json};

/// Counts the pods, starts the clock of the Job and closes it when enough of them have succeeded, or too many failed.
pub(super) fn derive(job: &Value, own: &[&Value], now: Timestamp) -> Value {
    let phase = |wanted: &str| {
        own.iter()
            .filter(|pod| doc::text(pod, "/status/phase") == wanted)
            .count()
    };
    let active = own
        .iter()
        .filter(|pod| matches!(doc::text(pod, "/status/phase"), "Pending" | "Running") && !doc::deleting(pod));
    let active: Vec<&&Value> = active.collect();
    let terminating = own
        .iter()
        .filter(|pod| matches!(doc::text(pod, "/status/phase"), "Pending" | "Running") && doc::deleting(pod))
        .count();
    // What was counted once stays counted when the pod goes.
    let counted_before = |field: &str| usize::try_from(doc::number(job, field).unwrap_or(0)).unwrap_or(usize::MAX);
    let succeeded = phase("Succeeded").max(counted_before("/status/succeeded"));
    let failed = phase("Failed").max(counted_before("/status/failed"));
    let ready = active.iter().filter(|pod| holds(pod, "Ready")).count();
    let mut status = counted(
        job,
        &[("ready", ready), ("terminating", terminating)],
        &[("active", active.len()), ("succeeded", succeeded), ("failed", failed)],
    );
    doc::put(&mut status, &["uncountedTerminatedPods"], json!({}));
    let suspended = job.pointer("/spec/suspend") == Some(&Value::Bool(true));
    if status.get("startTime").is_none() && !suspended {
        let start = doc::text(job, "/metadata/creationTimestamp");
        let start = if start.is_empty() {
            doc::stamp(now)
        } else {
            start.to_owned()
        };
        doc::put(&mut status, &["startTime"], start);
    }
    close(job, &mut status, (succeeded, failed), suspended, now);
    status
}

fn close(job: &Value, status: &mut Value, (succeeded, failed): (usize, usize), suspended: bool, now: Timestamp) {
    let finished = ["Complete", "Failed"].iter().any(|kind| holds(job, kind));
    if finished {
        return;
    }
    let size = |field: &str, otherwise: usize| {
        doc::number(job, field).map_or(otherwise, |count| usize::try_from(count).unwrap_or(usize::MAX))
    };
    let mut conditions = doc::list(status, "/conditions").to_vec();
    if suspended || conditions.iter().any(|entry| doc::text(entry, "/type") == "Suspended") {
        let told = if suspended {
            ("JobSuspended", "Job suspended")
        } else {
            ("JobResumed", "Job resumed")
        };
        conditions = with_condition(conditions, "Suspended", suspended, told, now);
    }
    // without a number of completions one success is enough, once every pod has ended
    let enough = match doc::number(job, "/spec/completions") {
        Some(_) => succeeded >= size("/spec/completions", 1),
        None => succeeded > 0 && doc::number(status, "/active").unwrap_or(0) == 0,
    };
    if enough {
        for kind in ["SuccessCriteriaMet", "Complete"] {
            let told = ("CompletionsReached", "Reached expected number of succeeded pods");
            conditions = with_condition(conditions, kind, true, told, now);
        }
        doc::put(status, &["completionTime"], doc::stamp(now));
    } else if failed > size("/spec/backoffLimit", 6) {
        for kind in ["FailureTarget", "Failed"] {
            let told = ("BackoffLimitExceeded", "Job has reached the specified backoff limit");
            conditions = with_condition(conditions, kind, true, told, now);
        }
    }
    if conditions.is_empty() {
        doc::drop_field(status, "", "conditions");
    } else {
        doc::put(status, &["conditions"], conditions);
    }
}
