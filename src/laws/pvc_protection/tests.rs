//! Who holds a claim, and when its protection goes.

use super::LAW;
use crate::laws::Conditions;
use crate::laws::fixture::{says, table, world};
use crate::model::{FeedId, FeedState, Kind, Moment, Observation};

const CLAIM: &str = r"
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  {name: data, namespace: a, deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 0, finalizers: [kubernetes.io/pvc-protection]}
";

/// A pod in namespace `a` with this name, node, metadata and phase, that names the claim.
fn pod(name: &str, node: &str, meta: &str, phase: &str) -> String {
    format!(
        "
---
apiVersion: v1
kind: Pod
metadata: {{name: {name}, namespace: a{meta}}}
spec:
  nodeName: {node}
  volumes: [{{name: data, persistentVolumeClaim: {{claimName: data}}}}]
status: {{phase: {phase}}}
"
    )
}

#[test]
fn a_deleting_claim_stays_while_a_scheduled_pod_names_it() {
    const GONE: &[&str] = &["RemoveFinalizer pvc/data kubernetes.io/pvc-protection"];
    const HELD: &[&str] = &[];
    let dying = ", deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: ";
    for (name, pods, expected) in [
        ("no pod", String::new(), GONE),
        ("a running pod", pod("p", "n1", "", "Running"), HELD),
        ("a succeeded pod still holds", pod("p", "n1", "", "Succeeded"), HELD),
        ("a failed pod still holds", pod("p", "n1", "", "Failed"), HELD),
        ("an unscheduled pod does not", pod("p", "\"\"", "", "Pending"), GONE),
        (
            "a terminating pod holds",
            pod("p", "n1", &format!("{dying}30"), "Running"),
            HELD,
        ),
        (
            "even one that is shut down",
            pod("p", "n1", &format!("{dying}0"), "Running"),
            HELD,
        ),
    ] {
        let world = world(&format!("{CLAIM}{pods}"));
        assert_eq!(says(&LAW, &world, &Conditions::default()), expected, "{name}");
    }
}

#[test]
fn a_generic_ephemeral_claim_is_let_go_by_a_pod_that_is_shut_down() {
    const EPHEMERAL: &str = r"
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: web-tmp, namespace: a, deletionTimestamp: 2026-04-25T10:00:00Z, finalizers: [kubernetes.io/pvc-protection]}
---
apiVersion: v1
kind: Pod
metadata: {name: web, namespace: a, deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: GRACE, finalizers: [x/y]}
spec: {nodeName: n1, volumes: [{name: tmp, ephemeral: {}}]}
";
    let running = world(&EPHEMERAL.replace("GRACE", "30"));
    assert!(says(&LAW, &running, &Conditions::default()).is_empty());
    let shut_down = world(&EPHEMERAL.replace("GRACE", "0"));
    assert_eq!(says(&LAW, &shut_down, &Conditions::default()).len(), 1);
}

#[test]
fn protection_is_put_on_and_put_back() {
    table(
        &LAW,
        &Conditions::default(),
        &[
            (
                "a claim without it",
                "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: a}}",
                &["AddFinalizer pvc/data kubernetes.io/pvc-protection"],
            ),
            (
                "a claim with it",
                "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: a, finalizers: [kubernetes.io/pvc-protection]}}",
                &[],
            ),
            (
                "a pod of another namespace does not count",
                r"
- {apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, namespace: a, deletionTimestamp: 2026-04-25T10:00:00Z, finalizers: [kubernetes.io/pvc-protection]}}
- {apiVersion: v1, kind: Pod, metadata: {name: p, namespace: b}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}}
",
                &["RemoveFinalizer pvc/data kubernetes.io/pvc-protection"],
            ),
        ],
    );
}

#[test]
fn pods_that_were_never_shown_are_not_absent() {
    let mut world = world(CLAIM);
    world.apply(Observation::Lost {
        feed: FeedId::cluster(Kind::Pod),
        state: FeedState::Denied {
            since: Moment::default(),
            why: "forbidden".into(),
        },
    });
    assert!(says(&LAW, &world, &Conditions::default()).is_empty());
}
