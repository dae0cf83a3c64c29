//! Which volume a claim gets.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{says, table, world};

/// A volume: name, size, class, and anything else of its spec; Available.
fn volume(name: &str, size: &str, class: &str, more: &str) -> String {
    format!(
        "
---
apiVersion: v1
kind: PersistentVolume
metadata: {{name: {name}, labels: {{tier: {name}}}}}
spec: {{capacity: {{storage: {size}}}, accessModes: [ReadWriteOnce], storageClassName: {class}{more}}}
status: {{phase: Available}}
"
    )
}

/// A Pending claim for 5Gi of class `slow`, with anything else of its spec.
fn claim(more: &str) -> String {
    format!(
        "
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data, namespace: a, uid: u1}}
spec: {{accessModes: [ReadWriteOnce], storageClassName: slow, resources: {{requests: {{storage: 5Gi}}}}{more}}}
status: {{phase: Pending}}
"
    )
}

fn class(mode: &str) -> String {
    format!(
        "
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {{name: slow}}
provisioner: csi.x
volumeBindingMode: {mode}
"
    )
}

fn check(cases: &[(&str, String, &[&str])]) {
    for (name, yaml, expected) in cases {
        table(&LAW, &Conditions::default(), &[(name, yaml, expected)]);
    }
}

#[test]
fn a_free_volume_must_fit() {
    let block = ", volumeMode: Block";
    check(&[
        (
            "the smallest that fits",
            claim("")
                + &volume("big", "9Gi", "slow", "")
                + &volume("fit", "6Gi", "slow", "")
                + &volume("small", "4Gi", "slow", ""),
            &["Bind pvc/data pv/fit"],
        ),
        ("too small", claim("") + &volume("v", "4Gi", "slow", ""), &[]),
        ("other class", claim("") + &volume("v", "5Gi", "fast", ""), &[]),
        ("other volume mode", claim("") + &volume("v", "5Gi", "slow", block), &[]),
        (
            "same volume mode",
            claim(block) + &volume("v", "5Gi", "slow", block),
            &["Bind pvc/data pv/v"],
        ),
        (
            "mode not offered",
            claim("").replace("ReadWriteOnce", "ReadWriteMany") + &volume("v", "5Gi", "slow", ""),
            &[],
        ),
        (
            "selector picks",
            claim(", selector: {matchLabels: {tier: w}}")
                + &volume("v", "5Gi", "slow", "")
                + &volume("w", "8Gi", "slow", ""),
            &["Bind pvc/data pv/w"],
        ),
        (
            "no class on both sides",
            claim("").replace("slow", "\"\"") + &volume("v", "5Gi", "\"\"", ""),
            &["Bind pvc/data pv/v"],
        ),
        (
            "reserved for another",
            claim("") + &volume("v", "5Gi", "slow", ", claimRef: {namespace: a, name: other}"),
            &[],
        ),
        (
            "released is not free",
            claim("") + &volume("v", "5Gi", "slow", "").replace("Available", "Released"),
            &[],
        ),
        (
            "a dying claim gets nothing",
            claim("").replace("uid: u1", "uid: u1, deletionTimestamp: 2026-04-25T10:00:00Z")
                + &volume("v", "5Gi", "slow", ""),
            &[],
        ),
    ]);
}

#[test]
fn a_reservation_comes_before_class_and_phase() {
    let ours = ", claimRef: {namespace: a, name: data}";
    check(&[
        (
            "reserved by name",
            claim("") + &volume("free", "5Gi", "slow", "") + &volume("v", "9Gi", "fast", ours),
            &["Bind pvc/data pv/v"],
        ),
        (
            "reserved and too small",
            claim("") + &volume("v", "1Gi", "slow", ours),
            &[],
        ),
        (
            "made for this very claim",
            claim("")
                + &volume("v", "5Gi", "slow", ", claimRef: {namespace: a, name: data, uid: u1}")
                    .replace("Available", "Pending"),
            &["Bind pvc/data pv/v"],
        ),
        (
            "made for this very claim, of another volume mode",
            claim("")
                + &volume(
                    "v",
                    "5Gi",
                    "slow",
                    ", volumeMode: Block, claimRef: {namespace: a, name: data, uid: u1}",
                ),
            &[],
        ),
        (
            "reserved, and does not offer the access",
            claim("").replace("ReadWriteOnce", "ReadWriteMany") + &volume("v", "5Gi", "slow", ours),
            &[],
        ),
        (
            "held by an earlier claim of the name",
            claim("") + &volume("v", "5Gi", "slow", ", claimRef: {namespace: a, name: data, uid: u0}"),
            &[],
        ),
    ]);
}

#[test]
fn a_claim_that_names_its_volume_gets_that_one_or_none() {
    let named = claim(", volumeName: v");
    check(&[
        (
            "free and fitting",
            named.clone() + &volume("v", "5Gi", "slow", ""),
            &["Bind pvc/data pv/v"],
        ),
        (
            "free and not fitting",
            named.clone() + &volume("v", "5Gi", "fast", ""),
            &[],
        ),
        (
            "reserved for it",
            named.clone() + &volume("v", "5Gi", "slow", ", claimRef: {namespace: a, name: data}"),
            &["Bind pvc/data pv/v"],
        ),
        (
            "reserved for it: nothing more is compared",
            named.clone()
                + &volume(
                    "v",
                    "1Gi",
                    "fast",
                    ", volumeMode: Block, claimRef: {namespace: a, name: data, uid: u1}",
                ),
            &["Bind pvc/data pv/v"],
        ),
        (
            "claimed by another uid",
            named.clone() + &volume("v", "5Gi", "slow", ", claimRef: {namespace: a, name: data, uid: u0}"),
            &[],
        ),
        ("missing", named + &volume("w", "5Gi", "slow", ""), &[]),
    ]);
}

#[test]
fn two_claims_do_not_get_the_same_volume() {
    let other = claim("")
        .replace("name: data", "name: logs")
        .replace("uid: u1", "uid: u2");
    let yaml = claim("") + "---" + &other + &volume("v", "5Gi", "slow", "");
    let said = says(&LAW, &world(&yaml), &Conditions::default());
    assert_eq!(said, ["Bind pvc/data pv/v"]);
}

#[test]
fn where_a_class_waits_for_its_consumer_only_a_reservation_does_not() {
    let pod = "
---
apiVersion: v1
kind: Pod
metadata: {name: p, namespace: a}
spec: {volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}
";
    let lazy = || claim("") + &class("WaitForFirstConsumer");
    let free = volume("v", "5Gi", "slow", "");
    check(&[
        ("no consumer, though a volume is free", lazy() + &free, &[]),
        (
            "a reservation needs no consumer",
            lazy() + &volume("v", "5Gi", "slow", ", claimRef: {namespace: a, name: data}"),
            &["Bind pvc/data pv/v"],
        ),
        (
            "a consumer gets what is there",
            lazy() + pod + &free,
            &["Bind pvc/data pv/v"],
        ),
        (
            "a class that does not wait",
            claim("") + &class("Immediate") + &free,
            &["Bind pvc/data pv/v"],
        ),
        (
            "nothing fits: what is made is for another law",
            claim("") + &class("Immediate"),
            &[],
        ),
    ]);
}

#[test]
fn a_claim_once_bound_keeps_its_volume_or_is_lost() {
    let bound = |volume: &str| {
        claim(volume)
            .replace(
                "uid: u1",
                "uid: u1, annotations: {pv.kubernetes.io/bind-completed: \"yes\"}",
            )
            .replace("Pending", "Bound")
    };
    let lost: &[&str] = &["LoseClaim pvc/data"];
    let held = ", claimRef: {namespace: a, name: data, uid: u1}";
    check(&[
        ("volume vanished", bound(", volumeName: v"), lost),
        ("volumeName emptied", bound(""), lost),
        (
            "volume points elsewhere",
            bound(", volumeName: v") + &volume("v", "5Gi", "slow", ", claimRef: {namespace: a, name: data, uid: u9}"),
            lost,
        ),
        (
            "uid cleared under a live claim",
            bound(", volumeName: v") + &volume("v", "5Gi", "slow", ", claimRef: {namespace: a, name: data}"),
            lost,
        ),
        (
            "lost already",
            bound(", volumeName: v").replace("phase: Bound", "phase: Lost"),
            &[],
        ),
        (
            "claimRef removed whole",
            bound(", volumeName: v") + &volume("v", "5Gi", "slow", ""),
            &["Bind pvc/data pv/v"],
        ),
        (
            "uid put back",
            bound(", volumeName: v").replace("phase: Bound", "phase: Lost") + &volume("v", "5Gi", "slow", held),
            &["Bind pvc/data pv/v"],
        ),
        (
            "all well",
            bound(", volumeName: v") + &volume("v", "5Gi", "slow", held).replace("Available", "Bound"),
            &[],
        ),
    ]);
}
