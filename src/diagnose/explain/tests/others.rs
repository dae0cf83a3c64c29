//! Namespaces, releases, nodes, classes, and what cannot be read.

use super::super::super::fixture::{QUIET, conditions, denied, hasan_prod, key, now, world};
use super::super::super::{explain, state};
use super::{chain, has_step, told};
use crate::model::{FeedId, Kind, Malformed, Moment, Observation};

#[test]
fn a_namespace_waits_for_its_pods_first() {
    let space = r#"
- {kind: Namespace, metadata: {name: shop, deletionTimestamp: "2026-04-27T13:50:00Z"}, spec: {finalizers: [kubernetes]}, status: {phase: Terminating, conditions: [{type: NamespaceDeletionContentFailure, status: "False", message: all gone}]}}
- {kind: Pod, metadata: {name: p, namespace: shop, deletionTimestamp: "2026-04-27T13:50:00Z", deletionGracePeriodSeconds: 0, finalizers: [example.com/hold]}, status: {phase: Succeeded}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, finalizers: [kubernetes.io/pvc-protection]}, status: {phase: Bound}}"#;
    let explanation = told(&world(space), "namespace/shop");
    assert_eq!(
        explanation.sentence,
        "Terminating 10m, 1 pod to go before anything else is deleted"
    );
    assert!(has_step(
        &explanation,
        "explain pod/p: nothing else is deleted before it is gone"
    ));
    assert!(has_step(&explanation, "do not empty spec.finalizers"));
    let links = chain(&explanation);
    assert!(
        links.contains(&"1 namespace/shop: finalizer example.com/hold on 1 object".to_owned()),
        "{links:?}"
    );
    assert!(
        !links.iter().any(|link| link.contains("ContentFailure")),
        "a condition at False says nothing"
    );
    let failing = space.replace("status: \"False\"", "status: \"True\"");
    assert!(has_step(
        &told(&world(&failing), "namespace/shop"),
        "mend what refuses the deletion"
    ));
    let calm = told(&hasan_prod(), "namespace/shop");
    assert_eq!(calm.sentence, "Active");
    assert!(calm.way_out.is_empty());
}

#[test]
fn releases_by_their_label() {
    let deployed = told(&hasan_prod(), "release/sh.helm.release.v1.eks.v7");
    assert_eq!(deployed.sentence, "r7 deployed 41d");
    assert!(deployed.way_out.is_empty());
    for (status, step) in [
        ("pending-install", "helm uninstall eks: the only act"),
        ("pending-install", "it is not known since when it is pending-install"),
        (
            "pending-upgrade",
            "no revision of eks that was ever deployed is in sight",
        ),
        ("pending-rollback", "where nobody runs helm any more"),
        ("uninstalling", "find out what failed: a pre-delete hook"),
        ("failed", "find out what failed: the record of r8 says it"),
    ] {
        let record = format!(
            "- {{kind: Secret, metadata: {{name: sh.helm.release.v1.eks.v8, namespace: shop, labels: {{owner: helm, name: eks, version: '8', status: {status}}}}}}}"
        );
        let explanation = told(&world(&record), "release/sh.helm.release.v1.eks.v8");
        assert!(has_step(&explanation, step), "{status}: {:?}", explanation.way_out);
    }
}

#[test]
fn the_way_out_of_a_stuck_release_can_be_forecast() {
    let record = |revision: u32, status: &str| {
        format!(
            "- {{kind: Secret, metadata: {{name: sh.helm.release.v1.eks.v{revision}, namespace: shop, labels: {{owner: helm, name: eks, version: '{revision}', status: {status}}}}}}}\n"
        )
    };
    let acts = |status: &str, before: &str| -> Vec<String> {
        let world = world(&(record(8, status) + before));
        let explanation = told(&world, "release/sh.helm.release.v1.eks.v8");
        let acts = explanation.way_out.iter().filter_map(|step| step.act.as_ref());
        acts.map(ToString::to_string).collect()
    };
    let before = record(6, "deployed") + &record(7, "superseded");
    assert_eq!(acts("pending-upgrade", &before), [ROLLBACK]);
    assert_eq!(
        acts("pending-upgrade", &record(6, "superseded")),
        [ROLLBACK],
        "where none is deployed, the newest that was"
    );
    assert!(
        acts("pending-upgrade", &record(7, "failed")).is_empty(),
        "nothing to go back to"
    );
    assert_eq!(acts("failed", &before), [ROLLBACK]);
    assert!(acts("failed", "").is_empty());
    assert_eq!(acts("uninstalling", ""), [UNINSTALL]);
    assert_eq!(acts("pending-install", ""), [UNINSTALL]);
    assert!(acts("deployed", "").is_empty());
}

#[test]
fn how_old_a_pending_operation_is_tells_whether_a_helm_may_be_at_work() {
    for (made, told_so) in [
        (
            "2026-04-27T12:58:00Z",
            "it is pending-upgrade for 1h02m, longer than the 5m00s helm waits",
        ),
        (
            "2026-04-27T13:58:00Z",
            "it is pending-upgrade for 2m00s only: a helm may still be at work",
        ),
    ] {
        let record = format!(
            "- {{kind: Secret, metadata: {{name: sh.helm.release.v1.eks.v8, namespace: shop, creationTimestamp: '{made}', labels: {{owner: helm, name: eks, version: '8', status: pending-upgrade}}}}}}"
        );
        let explanation = told(&world(&record), "release/sh.helm.release.v1.eks.v8");
        assert!(
            explanation.way_out[0].sentence.starts_with(told_so),
            "{:?}",
            explanation.way_out
        );
    }
}

const ROLLBACK: &str = "rollback to revision 6 (helm of an unknown version) of release/sh.helm.release.v1.eks.v8";
const UNINSTALL: &str = "uninstall (helm of an unknown version) of release/sh.helm.release.v1.eks.v8";

#[test]
fn nodes_and_classes() {
    let world = world(
        r#"
- {kind: Node, metadata: {name: n1}, status: {conditions: [{type: Ready, status: Unknown}]}}
- {kind: StorageClass, apiVersion: storage.k8s.io/v1, metadata: {name: fast, annotations: {storageclass.kubernetes.io/is-default-class: "true"}}, provisioner: ebs.csi.aws.com}
- {kind: Pod, metadata: {name: p, namespace: shop}, spec: {nodeName: n1}}"#,
    );
    let node = told(&world, "node/n1");
    assert_eq!(node.sentence, "not ready: 1 pod on it cannot be confirmed");
    assert!(has_step(&node, "bring n1 back"));
    assert_eq!(
        told(&world, "sc/fast").sentence,
        "ebs.csi.aws.com · Delete · Immediate · default"
    );
}

#[test]
fn an_unreadable_object_is_explained_by_its_error_and_a_missing_one_not_at_all() {
    let mut world = world("[]");
    assert!(explain(&world, &key("pvc/x"), &conditions(), now(), QUIET).is_none());
    world.apply(Observation::Malformed {
        feed: FeedId::cluster(Kind::PersistentVolumeClaim),
        malformed: Malformed {
            key: key("pvc/x"),
            why: "status.phase: expected a string".into(),
        },
        at: Moment::default(),
    });
    let explanation = told(&world, "pvc/x");
    assert_eq!(explanation.sentence, "cannot be read: no rule can judge it");
    assert_eq!(explanation.unknowns, ["pvc/x: status.phase: expected a string"]);
}

#[test]
fn a_state_is_the_sentence_of_the_explanation() {
    let world = hasan_prod();
    for object in world.objects() {
        let explanation = explain(&world, &object.key(), &conditions(), now(), QUIET).unwrap();
        assert_eq!(state(&world, object, now()), explanation.sentence, "{}", object.key());
    }
}

/// Everything that is named in this world exists, so whatever kind is taken out of sight, nothing may be called absent.
#[test]
fn nothing_out_of_sight_is_called_absent() {
    let world = hasan_prod();
    for kind in Kind::ALL {
        let blind = denied(&world, kind);
        for object in blind.objects() {
            let explanation = explain(&blind, &object.key(), &conditions(), now(), QUIET).unwrap();
            let said = std::iter::once(explanation.sentence.as_str())
                .chain(explanation.chain.iter().map(|link| link.sentence.as_str()))
                .chain(explanation.way_out.iter().map(|step| step.sentence.as_str()));
            for said in said {
                for absent in [
                    "does not exist",
                    "is gone",
                    "(gone)",
                    "no pod uses",
                    "no pod holds",
                    "is missing",
                    "that claim is gone",
                ] {
                    // "as soon as the claim is gone" speaks of what will be
                    let future = said.contains("when it is gone")
                        || said.contains("its object is gone")
                        || said.contains("the claim is gone");
                    assert!(
                        !said.contains(absent) || future,
                        "{kind} denied, {}: {said}",
                        object.key()
                    );
                }
            }
        }
    }
}
