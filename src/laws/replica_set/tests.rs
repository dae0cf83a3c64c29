//! What a ReplicaSet makes again, and what it lets go.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{DYING, node, owned, pod, says, workload, world};

#[test]
fn a_replica_set_keeps_its_number() {
    let set = |spec: &str| workload("ReplicaSet", "w", ", uid: ru", spec);
    let mine = owned("ReplicaSet", "ru");
    let ending = format!("{mine}{DYING}");
    let ready = "Running, conditions: [{type: Ready, status: \"True\"}]";
    let cases: [(&str, String, &[&str]); 11] = [
        ("one there", set("") + &pod("p", &mine, "n1", "Running"), &[]),
        ("none there", set(""), &["SpawnPod replicaset/w"]),
        (
            "several missing",
            set(", replicas: 2"),
            &["SpawnPod replicaset/w", "SpawnPod replicaset/w"],
        ),
        (
            "the one there is ending",
            set("") + &pod("p", &ending, "n1", "Running"),
            &["SpawnPod replicaset/w"],
        ),
        (
            "the one there has failed",
            set("") + &pod("p", &mine, "n1", "Failed"),
            &["SpawnPod replicaset/w"],
        ),
        (
            "too many: the unscheduled one goes",
            set("") + &pod("p", &mine, "\"\"", "Pending") + &pod("q", &mine, "n1", "Running"),
            &["Delete pod/p Background"],
        ),
        (
            "too many: the one that is not ready goes",
            set("") + &pod("p", &mine, "n1", ready) + &pod("q", &mine, "n1", "Running"),
            &["Delete pod/q Background"],
        ),
        (
            "too many: the younger goes",
            set("")
                + &pod(
                    "p",
                    &format!("{mine}, creationTimestamp: 2026-04-02T00:00:00Z"),
                    "n1",
                    "Running",
                )
                + &pod(
                    "q",
                    &format!("{mine}, creationTimestamp: 2026-04-01T00:00:00Z"),
                    "n1",
                    "Running",
                ),
            &["Delete pod/p Background"],
        ),
        (
            "an orphan is adopted first",
            set("") + &pod("p", "", "n1", "Running"),
            &["Adopt replicaset/w pod/p"],
        ),
        (
            "being deleted",
            workload("ReplicaSet", "w", &format!(", uid: ru{DYING}, finalizers: [x/y]"), ""),
            &[],
        ),
        ("none wanted", set(", replicas: 0"), &[]),
    ];
    for (name, yaml, expected) in cases {
        assert_eq!(
            says(&LAW, &world(&(yaml + &node("n1"))), &Conditions::default()),
            expected,
            "{name}"
        );
    }
}
