//! A Job's pods: counted, let go, replaced.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{at_rest, key, says, world};
use crate::model::Kind;
use crate::model::workload::JobState;

const TRACKED: &str = ", finalizers: [batch.kubernetes.io/job-tracking]";
const DYING: &str = ", deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 30";

fn job(meta: &str, spec: &str, status: &str) -> String {
    format!(
        "\n---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: j, namespace: a, uid: ju{meta}}}\nspec: {{{spec}}}\nstatus: {{{status}}}\n"
    )
}

fn pod(name: &str, meta: &str, phase: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: a, ownerReferences: [{{apiVersion: batch/v1, kind: Job, name: j, uid: ju, controller: true}}]{meta}}}\nspec: {{nodeName: n1}}\nstatus: {{phase: {phase}}}\n"
    )
}

fn selecting(more: &str) -> String {
    format!("selector: {{matchLabels: {{of: ju}}}}{more}")
}

fn check(cases: &[(&str, String, &[&str])]) {
    for (name, yaml, expected) in cases {
        assert_eq!(says(&LAW, &world(yaml), &Conditions::default()), *expected, "{name}");
    }
}

#[test]
fn an_active_job_keeps_its_pods_coming() {
    let again: &[&str] = &["SpawnPod job/j"];
    check(&[
        ("its pod is there", job("", "", "") + &pod("p", "", "Running"), &[]),
        ("its pod is gone", job("", "", ""), again),
        (
            "its pod is being deleted",
            job("", "", "") + &pod("p", DYING, "Running"),
            again,
        ),
        ("its pod failed", job("", "", "") + &pod("p", "", "Failed"), again),
        (
            "its pod succeeded",
            job("", "", "") + &pod("p", "", "Succeeded"),
            &["Complete job/j"],
        ),
        (
            "counted as succeeded",
            job("", "completions: 2", "succeeded: 2"),
            &["Complete job/j"],
        ),
        (
            "counted as failed too often",
            job("", "backoffLimit: 2", "failed: 3"),
            &["Failed job/j"],
        ),
        (
            "counted as failed often enough",
            job("", "backoffLimit: 3", "failed: 3"),
            again,
        ),
        (
            "failed too often, with a pod at work",
            job("", "backoffLimit: 2", "failed: 3") + &pod("p", "", "Running"),
            &["Delete pod/p Background"],
        ),
        (
            "failed too often, with a pod on its way out",
            job("", "backoffLimit: 2", "failed: 3") + &pod("p", DYING, "Running"),
            &[],
        ),
        (
            "fewer at once than there are",
            job("", "parallelism: 1, completions: 5", "") + &pod("p", "", "Running") + &pod("q", "", "Running"),
            &["Delete pod/q Background"],
        ),
        (
            "two at once, one left to do",
            job("", "completions: 3, parallelism: 2", "succeeded: 2"),
            again,
        ),
        (
            "a work queue",
            job("", "parallelism: 2", "") + &pod("p", "", "Running"),
            again,
        ),
        (
            "a work queue, one of them done",
            job("", "parallelism: 2", "succeeded: 1") + &pod("p", "", "Running"),
            &[],
        ),
        (
            "a work queue that is done",
            job("", "parallelism: 2", "succeeded: 1"),
            &["Complete job/j"],
        ),
        ("parallelism 0", job("", "parallelism: 0", ""), &[]),
        (
            "complete",
            job("", "", "conditions: [{type: Complete, status: \"True\"}]"),
            &[],
        ),
        (
            "failed",
            job("", "", "conditions: [{type: Failed, status: \"True\"}]"),
            &[],
        ),
        (
            "being deleted",
            job(&format!("{DYING}, finalizers: [x/y]"), "", ""),
            &[],
        ),
        (
            "being deleted, and failed before",
            job(&format!("{DYING}, finalizers: [x/y]"), "backoffLimit: 0", "failed: 1"),
            &["Failed job/j"],
        ),
        (
            "suspended",
            job("", "suspend: true", "") + &pod("p", "", "Running"),
            &["Delete pod/p Background"],
        ),
    ]);
}

#[test]
fn a_job_lets_go_of_what_its_selector_does_not_match() {
    check(&[
        (
            "its pod does not match its selector",
            job("", &selecting(""), "") + &pod("p", "", "Running"),
            &["RemoveOwner pod/p ju"],
        ),
        (
            "its pod does not match its selector and has ended",
            job("", &selecting(""), "") + &pod("p", "", "Succeeded"),
            &["RemoveOwner pod/p ju"],
        ),
        (
            "suspended, and its pod does not match its selector",
            job("", &selecting(", suspend: true"), "") + &pod("p", "", "Running"),
            &["RemoveOwner pod/p ju"],
        ),
        (
            "suspended, and its pod matches its selector",
            job("", &selecting(", suspend: true"), "") + &pod("p", ", labels: {of: ju}", "Running"),
            &["Delete pod/p Background"],
        ),
        (
            "finished, and its pod does not match its selector",
            job("", &selecting(""), "conditions: [{type: Complete, status: \"True\"}]") + &pod("p", "", "Running"),
            &[],
        ),
    ]);
}

#[test]
fn a_pod_is_let_go_when_it_is_counted_or_nobody_counts() {
    let free: &[&str] = &["RemoveFinalizer pod/p batch.kubernetes.io/job-tracking"];
    let dying = format!("{TRACKED}{DYING}");
    check(&[
        ("running", job("", "", "") + &pod("p", TRACKED, "Running"), &[]),
        (
            "succeeded",
            job("", "", "") + &pod("p", TRACKED, "Succeeded"),
            &["CountPod job/j pod/p succeeded"],
        ),
        (
            "failed, and replaced",
            job("", "", "") + &pod("p", TRACKED, "Failed"),
            &["CountPod job/j pod/p failed", "SpawnPod job/j"],
        ),
        (
            "failed once too often",
            job("", "backoffLimit: 0", "") + &pod("p", TRACKED, "Failed"),
            &["CountPod job/j pod/p failed"],
        ),
        (
            "being deleted, of a Job without patience",
            job("", "backoffLimit: 0", "") + &pod("p", &dying, "Running"),
            &["CountPod job/j pod/p failed"],
        ),
        (
            "being deleted, of a Job that waits for the end",
            job("", "podReplacementPolicy: Failed", "") + &pod("p", &dying, "Running"),
            &[],
        ),
        (
            "deleted after it succeeded",
            job("", "", "") + &pod("p", &dying, "Succeeded"),
            &["CountPod job/j pod/p succeeded"],
        ),
        (
            "being deleted, and replaced",
            job("", "", "") + &pod("p", &dying, "Running"),
            &["CountPod job/j pod/p failed", "SpawnPod job/j"],
        ),
        (
            "of a finished Job",
            job("", "", "conditions: [{type: Complete, status: \"True\"}]") + &pod("p", TRACKED, "Running"),
            free,
        ),
        (
            "of a dying Job",
            job(&format!("{DYING}, finalizers: [x/y]"), "", "") + &pod("p", TRACKED, "Running"),
            free,
        ),
        ("of no Job", pod("p", TRACKED, "Running"), free),
        (
            "orphaned",
            pod("p", TRACKED, "Running").replace(
                "ownerReferences: [{apiVersion: batch/v1, kind: Job, name: j, uid: ju, controller: true}]",
                "ownerReferences: []",
            ),
            free,
        ),
    ]);
}

#[test]
fn a_job_without_patience_fails_when_its_pod_is_deleted_and_another_makes_it_anew() {
    for (limit, pods, state) in [(0, 0, JobState::Failed), (1, 1, JobState::Active)] {
        let dying = format!("{TRACKED}{DYING}");
        let yaml = job("", &format!("backoffLimit: {limit}"), "") + &pod("p", &dying, "Running");
        let (after, heard) = at_rest(&world(&yaml), &Conditions::default());
        assert_eq!(after.of_kind(Kind::Pod).count(), pods, "{heard:#?}");
        let job = after.get(&key("job a/j")).unwrap().body.job().unwrap();
        assert_eq!((job.state(), job.status.failed), (state, 1), "{heard:#?}");
    }
}
