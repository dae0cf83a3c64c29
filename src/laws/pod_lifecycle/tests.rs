//! When pods start and when they end.

use super::{LAW, places};
use crate::laws::Conditions;
use crate::laws::fixture::{says, world};
use crate::model::{FeedId, FeedState, Kind, Moment, Observation, World};

const DYING: &str = ", deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 30";

fn pod(meta: &str, node: &str, phase: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: a{meta}}}\nspec: {{nodeName: {node}, volumes: [{{name: d, persistentVolumeClaim: {{claimName: data}}}}]}}\nstatus: {{phase: {phase}}}\n"
    )
}

fn node(ready: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: Node\nmetadata: {{name: n1}}\nstatus: {{conditions: [{{type: Ready, status: \"{ready}\"}}]}}\n"
    )
}

fn claim(meta: &str, phase: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data, namespace: a{meta}}}\nstatus: {{phase: {phase}}}\n"
    )
}

fn check(cases: &[(&str, String, &[&str])]) {
    for (name, yaml, expected) in cases {
        assert_eq!(says(&LAW, &world(yaml), &Conditions::default()), *expected, "{name}");
    }
}

#[test]
fn a_deleting_pod_ends_when_its_node_says_so() {
    let gone: &[&str] = &["ConfirmPodGone pod/p"];
    check(&[
        ("ready node", pod(DYING, "n1", "Running") + &node("True"), gone),
        ("node not ready", pod(DYING, "n1", "Running") + &node("False"), &[]),
        ("node unknown", pod(DYING, "n1", "Running") + &node("Unknown"), &[]),
        ("node gone", pod(DYING, "n1", "Running"), gone),
        (
            "confirmed, held by a finalizer",
            pod(&DYING.replace("30", "0, finalizers: [x/y]"), "n1", "Running") + &node("True"),
            &[],
        ),
    ]);
}

#[test]
fn a_pod_starts_when_its_claims_are_bound() {
    let starts: &[&str] = &["StartPod pod/p"];
    check(&[
        (
            "bound",
            pod("", "\"\"", "Pending") + &claim("", "Bound") + &node("True"),
            starts,
        ),
        (
            "placed already",
            pod("", "n1", "Pending") + &claim("", "Bound") + &node("True"),
            starts,
        ),
        (
            "pending claim",
            pod("", "\"\"", "Pending") + &claim("", "Pending") + &node("True"),
            &[],
        ),
        (
            "lost claim",
            pod("", "\"\"", "Pending") + &claim("", "Lost") + &node("True"),
            &[],
        ),
        (
            "dying claim",
            pod("", "\"\"", "Pending") + &claim(DYING, "Bound") + &node("True"),
            &[],
        ),
        ("missing claim", pod("", "\"\"", "Pending") + &node("True"), &[]),
        (
            "no ready node",
            pod("", "\"\"", "Pending") + &claim("", "Bound") + &node("False"),
            &[],
        ),
        (
            "running already",
            pod("", "n1", "Running") + &claim("", "Bound") + &node("True"),
            &[],
        ),
    ]);
}

#[test]
fn nodes_that_were_never_shown_are_taken_to_live() {
    let mut world = world(&pod(DYING, "n1", "Running"));
    world.apply(Observation::Lost {
        feed: FeedId::cluster(Kind::Node),
        state: FeedState::Denied {
            since: Moment::default(),
            why: "forbidden".into(),
        },
    });
    assert_eq!(says(&LAW, &world, &Conditions::default()), ["ConfirmPodGone pod/p"]);
}

/// A node that keeps pods off gets none while there is another (conformance, seed 1052).
#[test]
fn a_tainted_node_is_the_last_choice() {
    let node = |name: &str, taint: &str| {
        format!(
            "\n---\napiVersion: v1\nkind: Node\nmetadata: {{name: {name}}}\nspec: {{taints: [{taint}]}}\nstatus: {{conditions: [{{type: Ready, status: 'True'}}]}}\n"
        )
    };
    let first = |world: &World| places(world, None).next().map(|node| node.meta.name.to_string());
    let own = node("a", "{key: kit, value: x, effect: NoSchedule}");
    let soft = node("b", "{key: kit, value: x, effect: PreferNoSchedule}");
    assert_eq!(first(&world(&(own.clone() + &soft))).as_deref(), Some("b"));
    assert_eq!(first(&world(&own)).as_deref(), Some("a"));
}
