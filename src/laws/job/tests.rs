//! A Job's pods: counted, let go, replaced.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{says, world};

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
        ("its pod succeeded", job("", "", "") + &pod("p", "", "Succeeded"), &[]),
        ("counted as succeeded", job("", "completions: 2", "succeeded: 2"), &[]),
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
            "a work queue that is done",
            job("", "parallelism: 2", "succeeded: 1") + &pod("p", "", "Running"),
            &[],
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
            "suspended",
            job("", "suspend: true", "") + &pod("p", "", "Running"),
            &["Delete pod/p Background"],
        ),
    ]);
}

#[test]
fn a_pod_is_let_go_when_it_is_counted_or_nobody_counts() {
    let free: &[&str] = &["RemoveFinalizer pod/p batch.kubernetes.io/job-tracking"];
    let dying = format!("{TRACKED}{DYING}");
    check(&[
        ("running", job("", "", "") + &pod("p", TRACKED, "Running"), &[]),
        ("succeeded", job("", "", "") + &pod("p", TRACKED, "Succeeded"), free),
        (
            "being deleted, and replaced",
            job("", "", "") + &pod("p", &dying, "Running"),
            &[free[0], "SpawnPod job/j"],
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
