//! A Job's status (`pkg/controller/job/job_controller.go`, `reference/semantics.md` §3.9).

use super::{counted, holds, with_condition};
use crate::model::workload::JOB_TRACKING;
use crate::sandbox::controllers::document as doc;
use jiff::Timestamp;
use serde_json::{Value, json};

pub(in crate::sandbox) const LIMIT_REACHED: &str = "Job has reached the specified backoff limit";

/// Counts the pods and starts the clock of the Job. What has succeeded and failed a law counts, as it takes the tracking
/// finalizers off; pods that never had one are counted here.
pub(super) fn derive(job: &Value, own: &[&Value], now: Timestamp) -> Value {
    let tracked = |pod: &Value| {
        let mut held = doc::list(pod, "/metadata/finalizers").iter();
        held.any(|finalizer| finalizer == JOB_TRACKING)
    };
    let phase = |wanted: &str| {
        own.iter()
            .filter(|pod| doc::text(pod, "/status/phase") == wanted && !tracked(pod))
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
    let conditions = doc::list(&status, "/conditions").to_vec();
    if suspended || conditions.iter().any(|entry| doc::text(entry, "/type") == "Suspended") {
        let told = if suspended {
            ("JobSuspended", "Job suspended")
        } else {
            ("JobResumed", "Job resumed")
        };
        let conditions = with_condition(conditions, "Suspended", suspended, told, now);
        doc::put(&mut status, &["conditions"], conditions);
    }
    status
}

/// Closes a Job of a scenario that has done its work, or failed too often, before the story begins.
pub(in crate::sandbox) fn close_loaded(job: &Value, status: &mut Value, now: Timestamp) {
    let size = |field: &str, otherwise: u64| doc::number(job, field).unwrap_or(otherwise);
    let count = |field: &str| doc::number(status, field).unwrap_or(0);
    let finished = ["Complete", "Failed"].iter().any(|kind| holds(job, kind));
    let succeeded = count("/succeeded") >= size("/spec/completions", 1);
    let failed = count("/failed") > size("/spec/backoffLimit", 6);
    if !finished && (succeeded || failed) {
        close(status, !succeeded, now);
    }
}

/// The conditions of a Job that is Complete or Failed.
pub(in crate::sandbox) fn close(status: &mut Value, failed: bool, now: Timestamp) {
    let (kinds, told) = if failed {
        (["FailureTarget", "Failed"], ("BackoffLimitExceeded", LIMIT_REACHED))
    } else {
        let message = "Reached expected number of succeeded pods";
        (["SuccessCriteriaMet", "Complete"], ("CompletionsReached", message))
    };
    let mut conditions = doc::list(status, "/conditions").to_vec();
    for kind in kinds {
        conditions = with_condition(conditions, kind, true, told, now);
    }
    doc::put(status, &["conditions"], conditions);
    if !failed {
        doc::put(status, &["completionTime"], doc::stamp(now));
    }
}
