//! Pods whose node is gone.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{DYING, at_rest, key, node, owned, pod, says, workload, world};
use crate::model::Kind;

#[test]
fn only_pods_of_a_node_that_is_not_there_go() {
    let silent = node("n1").replace("\"True\"", "Unknown");
    let cases: [(&str, String, &[&str]); 6] = [
        ("the node is there", node("n1") + &pod("p", "", "n1", "Running"), &[]),
        ("the node is silent", silent + &pod("p", "", "n1", "Running"), &[]),
        (
            "the node is gone",
            node("n2") + &pod("p", "", "n1", "Running"),
            &["Delete pod/p Background"],
        ),
        (
            "ended pods too",
            node("n2") + &pod("p", "", "n1", "Succeeded"),
            &["Delete pod/p Background"],
        ),
        ("going already", node("n2") + &pod("p", DYING, "n1", "Running"), &[]),
        ("never scheduled", node("n2") + &pod("p", "", "\"\"", "Pending"), &[]),
    ];
    for (name, yaml, expected) in cases {
        assert_eq!(says(&LAW, &world(&yaml), &Conditions::default()), expected, "{name}");
    }
}

#[test]
fn nothing_is_concluded_from_nodes_nobody_listed() {
    let mut blind = world(&(node("n2") + &pod("p", "", "n1", "Running")));
    blind.take(&key("node n2"));
    blind.apply(crate::model::Observation::Lost {
        feed: crate::model::FeedId::cluster(Kind::Node),
        state: crate::model::FeedState::Denied {
            since: crate::model::Moment::default(),
            why: "no".into(),
        },
    });
    assert_eq!(says(&LAW, &blind, &Conditions::default()), [""; 0]);
}

#[test]
fn what_is_gone_with_its_node_comes_back_elsewhere_and_what_stands_on_a_silent_one_does_not() {
    let set = |kind: &str| {
        workload(kind, "w", ", uid: su", "").replace("[{name: d, persistentVolumeClaim: {claimName: data}}]", "[]")
    };
    let mine = |kind: &str| owned(kind, "su");
    for (kind, name) in [("ReplicaSet", "w-x"), ("StatefulSet", "w-0")] {
        let gone = set(kind) + &node("n2") + &pod(name, &mine(kind), "n1", "Running");
        let (after, _) = at_rest(&world(&gone), &Conditions::default());
        let nodes: Vec<_> = after
            .of_kind(Kind::Pod)
            .map(|pod| pod.body.pod().unwrap().spec.node_name.to_string())
            .collect();
        assert_eq!(nodes, ["n2"], "{kind}");
    }
    let silent = node("n1").replace("\"True\"", "Unknown") + &node("n2");
    let dying = format!("{}{DYING}", mine("StatefulSet"));
    let (after, _) = at_rest(
        &world(&(set("StatefulSet") + &silent + &pod("w-0", &dying, "n1", "Running"))),
        &Conditions::default(),
    );
    let held = after.get(&key("pod a/w-0")).unwrap();
    assert!(
        held.meta.deleting(),
        "a set makes no second pod of a name while the first may run"
    );
}
