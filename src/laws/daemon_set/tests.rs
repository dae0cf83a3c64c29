//! A pod on every node that fits, and on no other.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{DYING, at_rest, node, owned, pod, says, workload, world};
use crate::model::Kind;

fn tainted(name: &str, spec: &str) -> String {
    node(name) + &format!("spec: {{{spec}}}\n")
}

fn set(template: &str) -> String {
    workload("DaemonSet", "w", ", uid: su", "").replace("spec: {volumes:", &format!("spec: {{{template}volumes:"))
}

#[test]
fn a_daemon_set_covers_the_nodes_that_fit_and_waits_for_the_old_pod() {
    let mine = owned("DaemonSet", "su");
    let ending = format!("{mine}{DYING}");
    let here = || pod("p", &mine, "n1", "Running");
    let dedicated = "taints: [{key: only, value: db, effect: NoSchedule}]";
    let expelling = "taints: [{key: only, value: db, effect: NoExecute}]";
    let spawn: &[&str] = &["SpawnPod daemonset/w n1"];
    let gone: &[&str] = &["Delete pod/p Background"];
    let destined = here().replace(
        "nodeName: n1",
        "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [n1]}]}]}}}",
    );
    let selector = "nodeSelector: {disk: ssd}, ";
    let affinity = "affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: disk, operator: In, values: [ssd]}]}]}}}, ";
    let ssd = node("n1").replace("name: n1", "name: n1, labels: {disk: ssd}");
    let cases: [(&str, String, &[&str]); 22] = [
        ("covered", set("") + &node("n1") + &here(), &[]),
        (
            "a pod is missing",
            set("") + &node("n1") + &node("n2") + &here(),
            &["SpawnPod daemonset/w n2"],
        ),
        (
            "made for the node and not yet there",
            set("") + &node("n1") + &destined,
            &[],
        ),
        (
            "the old one is ending",
            set("") + &node("n1") + &pod("p", &ending, "n1", "Running"),
            &[],
        ),
        (
            "the old one has ended",
            set("") + &node("n1") + &pod("p", &mine, "n1", "Failed"),
            gone,
        ),
        (
            "ended, and held by a finalizer",
            set("") + &node("n1") + &pod("p", &ending, "n1", "Failed"),
            spawn,
        ),
        (
            "two on a node: the older stays",
            set("")
                + &node("n1")
                + &here().replace("name: p", "name: p, creationTimestamp: 2026-04-01T00:00:00Z")
                + &here().replace("name: p", "name: q, creationTimestamp: 2026-04-02T00:00:00Z"),
            &["Delete pod/q Background"],
        ),
        (
            "cordoned",
            set("")
                + &tainted(
                    "n1",
                    "unschedulable: true, taints: [{key: node.kubernetes.io/unschedulable, effect: NoSchedule}]",
                ),
            spawn,
        ),
        ("tainted", set("") + &tainted("n1", dedicated), &[]),
        (
            "tainted later: it stays",
            set("") + &tainted("n1", dedicated) + &here(),
            &[],
        ),
        (
            "tainted, and borne",
            set("tolerations: [{key: only, operator: Exists}], ") + &tainted("n1", dedicated),
            spawn,
        ),
        (
            "borne by value",
            set("tolerations: [{key: only, value: db}], ") + &tainted("n1", dedicated),
            spawn,
        ),
        (
            "another value",
            set("tolerations: [{key: only, value: web}], ") + &tainted("n1", dedicated),
            &[],
        ),
        (
            "everything borne",
            set("tolerations: [{operator: Exists}], ") + &tainted("n1", expelling),
            spawn,
        ),
        ("expelled", set("") + &tainted("n1", expelling) + &here(), gone),
        ("not selected", set(selector) + &node("n1"), &[]),
        ("selected", set(selector) + &ssd, spawn),
        ("not selected any more", set(affinity) + &node("n1") + &here(), gone),
        ("selected by affinity", set(affinity) + &ssd, spawn),
        (
            "nobody's: taken in",
            set("") + &node("n1") + &pod("p", "", "n1", "Running"),
            &["Adopt daemonset/w pod/p"],
        ),
        (
            "nobody's, and being deleted",
            set("") + &node("n1") + &pod("p", DYING, "n1", "Running"),
            spawn,
        ),
        (
            "made for a node that is gone",
            set("") + &tainted("n2", dedicated) + &destined,
            gone,
        ),
    ];
    for (name, yaml, expected) in cases {
        assert_eq!(says(&LAW, &world(&yaml), &Conditions::default()), expected, "{name}");
    }
}

#[test]
fn each_new_pod_starts_on_the_node_it_was_made_for() {
    let claim = "\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: data, namespace: a}\nstatus: {phase: Bound}\n";
    let (world, _) = at_rest(
        &world(&(set("") + &node("n1") + &node("n2") + claim)),
        &Conditions::default(),
    );
    let mut nodes: Vec<_> = world
        .of_kind(Kind::Pod)
        .map(|pod| pod.body.pod().unwrap().spec.node_name.to_string())
        .collect();
    nodes.sort();
    assert_eq!(nodes, ["n1", "n2"]);
}
