//! What controllers count into statuses: a Job's pods, a budget's disruptions (`reference/semantics.md` §3.9, §3.12).

use super::{Hand, Said, remove_finalizer};
use crate::laws::BudgetCount;
use crate::model::workload::JOB_TRACKING;
use crate::model::{Key, Uid};
use crate::sandbox::controllers::{document as doc, status};
use serde_json::json;

const JOBS: &str = "job-controller";

/// A Job counts an ended pod and takes its finalizer off.
pub(super) fn pod(hand: &mut Hand<'_>, (job, job_uid): (&Key, &Uid), (pod, uid): (&Key, &Uid), succeeded: bool) {
    let tracked = hand.pinned(pod, uid).is_some_and(|pod| {
        doc::list(&pod, "/metadata/finalizers")
            .iter()
            .any(|held| held == JOB_TRACKING)
    });
    if !tracked {
        return;
    }
    if let Some(mut object) = hand.pinned(job, job_uid) {
        let field = if succeeded { "succeeded" } else { "failed" };
        let before = doc::number(&object, &format!("/status/{field}")).unwrap_or(0);
        doc::put(&mut object, &["status", field], before + 1);
        hand.write(object);
    }
    remove_finalizer(hand, pod, uid, JOB_TRACKING);
}

/// A Job is Complete or Failed.
pub(super) fn finish(hand: &mut Hand<'_>, key: &Key, uid: &Uid, failed: bool) {
    let Some(mut job) = hand.pinned(key, uid) else { return };
    let mut told = job.get("status").cloned().unwrap_or_else(|| json!({}));
    status::job::close(&mut told, failed, hand.objects.now());
    doc::put(&mut job, &["status"], told);
    hand.write(job);
    let said = if failed {
        Said::warning(JOBS, "BackoffLimitExceeded", status::job::LIMIT_REACHED)
    } else {
        Said::normal(JOBS, "Completed", "Job completed")
    };
    hand.say(key, uid, &said);
}

/// The disruption controller writes what it has counted, and forgets the evictions it was told of.
pub(super) fn budget(hand: &mut Hand<'_>, key: &Key, uid: &Uid, count: &BudgetCount) {
    let Some(mut budget) = hand.pinned(key, uid) else {
        return;
    };
    let now = hand.objects.now();
    let generation = doc::number(&budget, "/metadata/generation").unwrap_or(1);
    let allowed = count.disruptions_allowed > 0;
    let reason = if allowed { "SufficientPods" } else { "InsufficientPods" };
    let conditions = doc::list(&budget, "/status/conditions").to_vec();
    let conditions = status::with_condition(conditions, "DisruptionAllowed", allowed, (reason, ""), now);
    let mut told = json!({
        "currentHealthy": count.current_healthy,
        "desiredHealthy": count.desired_healthy,
        "disruptionsAllowed": count.disruptions_allowed,
        "expectedPods": count.expected_pods,
        "observedGeneration": generation,
    });
    doc::put(&mut told, &["conditions"], conditions);
    doc::put(&mut budget, &["status"], told);
    hand.write(budget);
}
