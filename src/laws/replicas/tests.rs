//! What a ReplicaSet, a Deployment and a DaemonSet make again.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{at_rest, key, says, world};

const DYING: &str = ", deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 30";

fn owned(kind: &str, uid: &str) -> String {
    format!(", ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: w, uid: {uid}, controller: true}}]")
}

fn workload(kind: &str, name: &str, meta: &str, spec: &str) -> String {
    format!(
        "\n---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: {name}, namespace: a, labels: {{app: w}}{meta}}}\nspec: {{selector: {{matchLabels: {{app: w}}}}, template: {{metadata: {{labels: {{app: w}}}}, spec: {{volumes: [{{name: d, persistentVolumeClaim: {{claimName: data}}}}]}}}}{spec}}}\n"
    )
}

fn pod(name: &str, meta: &str, node: &str, phase: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: {name}, namespace: a, labels: {{app: w}}{meta}}}\nspec: {{nodeName: {node}}}\nstatus: {{phase: {phase}}}\n"
    )
}

fn node(name: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nstatus: {{conditions: [{{type: Ready, status: \"True\"}}]}}\n"
    )
}

fn check(cases: &[(&str, String, &[&str])]) {
    for (name, yaml, expected) in cases {
        assert_eq!(says(&LAW, &world(yaml), &Conditions::default()), *expected, "{name}");
    }
}

#[test]
fn a_replica_set_keeps_its_number() {
    let set = |spec: &str| workload("ReplicaSet", "w", ", uid: ru", spec);
    let mine = owned("ReplicaSet", "ru");
    let ending = format!("{mine}{DYING}");
    check(&[
        ("one there", set("") + &pod("p", &mine, "n1", "Running"), &[]),
        ("none there", set(""), &["SpawnPod replicaset/w"]),
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
    ]);
}

#[test]
fn a_deployment_keeps_one_replica_set() {
    let deployment = |spec: &str| workload("Deployment", "w", ", uid: du", spec);
    let mine = format!(", uid: ru{}", owned("Deployment", "du"));
    let second = mine.replace("uid: ru", "uid: ru2");
    let zero = ", replicas: 0";
    let told = |yaml: String| says(&LAW, &world(&yaml), &Conditions::default());
    assert_eq!(told(deployment("")), ["SpawnReplicaSet deployment/w"]);
    assert_eq!(
        told(deployment(zero) + &workload("ReplicaSet", "w-1", &mine, zero)),
        [""; 0]
    );
    assert_eq!(
        told(deployment(zero) + &workload("ReplicaSet", "w-1", &mine, ", replicas: 3"))[0],
        "Scale replicaset/w-1 0"
    );
    let history = workload("ReplicaSet", "w-1", &mine, zero) + &workload("ReplicaSet", "w-2", &second, ", replicas: 2");
    assert_eq!(
        told(deployment(", replicas: 3") + &history)[0],
        "Scale replicaset/w-2 3"
    );
    let rollout = workload("ReplicaSet", "w-1", &mine, "") + &workload("ReplicaSet", "w-2", &second, "");
    assert!(
        !told(deployment(", replicas: 3") + &rollout)
            .iter()
            .any(|said| said.starts_with("Scale"))
    );
    assert_eq!(
        told(deployment(zero) + &workload("ReplicaSet", "w-1", ", uid: ru", zero)),
        ["Adopt deployment/w replicaset/w-1"]
    );
}

#[test]
fn a_daemon_set_covers_the_nodes_and_waits_for_the_old_pod() {
    let set = workload("DaemonSet", "w", ", uid: su", "");
    let mine = owned("DaemonSet", "su");
    let ending = format!("{mine}{DYING}");
    check(&[
        (
            "covered",
            set.clone() + &node("n1") + &pod("p", &mine, "n1", "Running"),
            &[],
        ),
        (
            "a pod is missing",
            set.clone() + &node("n1") + &node("n2") + &pod("p", &mine, "n1", "Running"),
            &["SpawnPod daemonset/w"],
        ),
        (
            "the old one is ending",
            set.clone() + &node("n1") + &pod("p", &ending, "n1", "Running"),
            &[],
        ),
        (
            "the old one has ended",
            set.clone() + &node("n1") + &pod("p", &mine, "n1", "Failed"),
            &["Delete pod/p Background"],
        ),
        ("no nodes", set, &[]),
    ]);
}

#[test]
fn a_deployment_comes_all_the_way_up() {
    let claim = "\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: a}\nstatus: {phase: Bound}\n";
    let yaml = workload("Deployment", "w", ", uid: du", ", replicas: 2") + &node("n1") + claim;
    let (world, _) = at_rest(&world(&yaml), &Conditions::default());
    let pods: Vec<_> = world.users_of(&key("pvc a/data")).collect();
    assert_eq!(pods.len(), 2);
    assert!(pods.iter().all(|pod| pod.body.pod().unwrap().ready()));
}
