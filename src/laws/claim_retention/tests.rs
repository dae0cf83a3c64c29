//! Whose the claims of a set's pods are.

use super::react;
use crate::laws::fixture::{DYING, key, said, world};

const SOONER: &str = ", creationTimestamp: 2026-05-01T10:00:00Z";
const LATER: &str = ", creationTimestamp: 2026-05-01T10:05:00Z";

/// A set `db` of so many pods, under this policy.
fn set(replicas: u32, policy: &str) -> String {
    format!(
        "
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db, namespace: a, uid: su}}
spec:
  replicas: {replicas}
  selector: {{matchLabels: {{app: db}}}}
  persistentVolumeClaimRetentionPolicy: {{{policy}}}
  volumeClaimTemplates: [{{metadata: {{name: data}}}}]
"
    )
}

/// A pod of the set, Running and ready unless it says Pending.
fn pod(ordinal: u32, meta: &str, phase: &str) -> String {
    let ready = if phase == "Running" { "True" } else { "False" };
    format!(
        "
---
apiVersion: v1
kind: Pod
metadata: {{name: db-{ordinal}, namespace: a, uid: p{ordinal}, ownerReferences: [{{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: su, controller: true}}]{meta}}}
spec: {{nodeName: n1}}
status: {{phase: {phase}, conditions: [{{type: Ready, status: \"{ready}\"}}]}}
"
    )
}

fn claim(ordinal: u32, meta: &str) -> String {
    format!(
        "
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data-db-{ordinal}, namespace: a, uid: c{ordinal}{meta}}}
"
    )
}

fn owned_by(kind: &str, name: &str, uid: &str, controls: bool) -> String {
    format!(", ownerReferences: [{{apiVersion: v1, kind: {kind}, name: {name}, uid: {uid}, controller: {controls}}}]")
}

fn check(cases: &[(&str, String, &[&str])]) {
    for (name, yaml, expected) in cases {
        let world = world(yaml);
        let object = world.get(&key("statefulset a/db")).unwrap();
        let mut reactions = Vec::new();
        react(&world, object, object.body.stateful_set().unwrap(), &mut reactions);
        let told: Vec<String> = reactions.iter().map(|reaction| said(&reaction.change)).collect();
        assert_eq!(told, *expected, "{name}");
    }
}

#[test]
fn when_deleted_ties_claims_to_the_set() {
    let delete = || set(1, "whenDeleted: Delete");
    let of_set = owned_by("StatefulSet", "db", "su", true);
    let running = pod(0, "", "Running");
    let adopted: &[&str] = &["Adopt statefulset/db pvc/data-db-0"];
    check(&[
        ("Delete", delete() + &claim(0, "") + &running, adopted),
        ("nothing is said", set(1, "") + &claim(0, "") + &running, &[]),
        ("tied already", delete() + &claim(0, &of_set) + &running, &[]),
        (
            "back to Retain",
            set(1, "whenDeleted: Retain") + &claim(0, &of_set) + &running,
            &["RemoveOwner pvc/data-db-0 su"],
        ),
        (
            "somebody else controls it",
            delete() + &claim(0, &owned_by("Backup", "b", "bu", true)) + &running,
            &[],
        ),
        (
            "somebody else owns it and does not control it",
            delete() + &claim(0, &owned_by("Backup", "b", "bu", false)) + &running,
            adopted,
        ),
        ("the claim is going", delete() + &claim(0, DYING) + &running, &[]),
        (
            "the pod is going",
            delete() + &claim(0, "") + &pod(0, DYING, "Running"),
            &[],
        ),
        ("no pod of the claim", delete() + &claim(0, ""), &[]),
        (
            "a claim of no template",
            delete() + &claim(0, "").replace("data-db", "logs-db") + &running,
            &[],
        ),
    ]);
}

#[test]
fn a_claim_that_came_after_its_ready_pod_is_no_news_to_the_set() {
    let delete = || set(1, "whenDeleted: Delete");
    let adopted: &[&str] = &["Adopt statefulset/db pvc/data-db-0"];
    check(&[
        (
            "after it",
            delete() + &claim(0, LATER) + &pod(0, SOONER, "Running"),
            &[],
        ),
        (
            "before it",
            delete() + &claim(0, SOONER) + &pod(0, LATER, "Running"),
            adopted,
        ),
        (
            "after it, which is not ready",
            delete() + &claim(0, LATER) + &pod(0, SOONER, "Pending"),
            adopted,
        ),
    ]);
}

#[test]
fn when_scaled_ties_claims_to_pods_that_are_too_many() {
    let delete = |replicas| set(replicas, "whenScaled: Delete");
    let both = || claim(0, "") + &pod(0, "", "Running") + &claim(1, "") + &pod(1, "", "Running");
    let of_pod = owned_by("Pod", "db-1", "p1", true);
    check(&[
        (
            "scaled down: only the one too many",
            delete(1) + &both(),
            &["Adopt pod/db-1 pvc/data-db-1"],
        ),
        ("wanted both", delete(2) + &both(), &[]),
        (
            "scaled down, and claims are kept",
            set(1, "whenScaled: Retain") + &both(),
            &[],
        ),
        (
            "tied already",
            delete(1) + &claim(1, &of_pod) + &pod(1, "", "Running"),
            &[],
        ),
        (
            "wanted again",
            delete(2) + &claim(1, &of_pod) + &pod(1, "", "Running"),
            &["RemoveOwner pvc/data-db-1 p1"],
        ),
        (
            "both policies: the set lets go of it, and its pod takes it",
            set(0, "whenDeleted: Delete, whenScaled: Delete")
                + &claim(0, &owned_by("StatefulSet", "db", "su", false))
                + &pod(0, "", "Running"),
            &["RemoveOwner pvc/data-db-0 su", "Adopt pod/db-0 pvc/data-db-0"],
        ),
    ]);
}
