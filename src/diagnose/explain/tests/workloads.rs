//! Pods, Jobs and the sets.

use super::super::super::fixture::{denied, hasan_prod, with, world};
use super::{chain, has_step, steps, told};
use crate::model::Kind;

fn pod(meta: &str, rest: &str) -> String {
    format!("\n- {{kind: Pod, metadata: {{name: p, namespace: shop, {meta}}}, {rest}}}")
}

const NODE: &str = "\n- {kind: Node, metadata: {name: n1}, status: {conditions: [{type: Ready, status: \"READY\"}]}}";

#[test]
fn why_a_pod_does_not_stop() {
    // asked for at 13:50:00 with 30 s of grace, so that deletionTimestamp is 13:50:30
    let asked = "deletionTimestamp: \"2026-04-27T13:50:30Z\", deletionGracePeriodSeconds: 30";
    let running = "spec: {nodeName: n1}, status: {phase: Running}";
    for (ready, meta, said, step) in [
        (
            "Unknown",
            asked,
            "node n1 is not ready: its kubelet cannot confirm that it stopped",
            "bring node n1 back",
        ),
        (
            "True",
            asked,
            "9m30s past its grace: the kubelet of n1 has not confirmed that it stopped",
            "look at the kubelet of n1",
        ),
        (
            "True",
            "deletionTimestamp: \"2026-04-27T13:50:00Z\", deletionGracePeriodSeconds: 0, finalizers: [batch.kubernetes.io/job-tracking]",
            "stopped, held by finalizer batch.kubernetes.io/job-tracking",
            "let Job controller finish: it waits for the Job controller to count the pod's result",
        ),
    ] {
        let world = world(&(NODE.replace("READY", ready) + &pod(meta, running)));
        let explanation = told(&world, "pod/p");
        assert_eq!(explanation.sentence, format!("Terminating 10m, {said}"));
        assert!(has_step(&explanation, step), "{:?}", steps(&explanation));
    }
    let gone = told(&world(&pod(asked, running)), "pod/p");
    assert_eq!(
        gone.sentence,
        "Terminating 10m, node n1 is gone: no kubelet can confirm that it stopped"
    );
    let unseen = told(&denied(&world(&pod(asked, running)), Kind::Node), "pod/p");
    assert!(unseen.sentence.contains("past its grace"), "{}", unseen.sentence);
    assert_eq!(unseen.unknowns, ["nodes: denied: forbidden"]);
    let grace = "deletionTimestamp: \"2026-04-27T14:00:20Z\", deletionGracePeriodSeconds: 30";
    let stopping = told(&world(&(NODE.replace("READY", "True") + &pod(grace, running))), "pod/p");
    assert_eq!(stopping.sentence, "Terminating 10s, 20s of its grace left");
    assert!(stopping.way_out.is_empty());
}

#[test]
fn why_a_pod_does_not_start() {
    let claims = "spec: {volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Pending}";
    let claim = |meta: &str, phase: &str| {
        format!(
            "\n- {{kind: PersistentVolumeClaim, metadata: {{name: data, namespace: shop, {meta}}}, status: {{phase: {phase}}}}}"
        )
    };
    for (claim, said) in [
        (
            claim("deletionTimestamp: \"2026-04-27T13:50:00Z\"", "Bound"),
            "not scheduled: its claim data is being deleted",
        ),
        (
            claim("labels: {}", "Pending"),
            "not scheduled: its claim data is not bound",
        ),
        (claim("labels: {}", "Lost"), "not scheduled: its claim data is Lost"),
        (String::new(), "not scheduled: its claim data does not exist"),
    ] {
        let world = world(&(pod("creationTimestamp: \"2026-04-27T13:56:00Z\"", claims) + &claim));
        let explanation = told(&world, "pod/p");
        assert_eq!(explanation.sentence, format!("Pending 4m00s, {said}"));
        assert!(has_step(&explanation, "explain pvc/data"));
    }
    let unseen = denied(&world(&pod("labels: {}", claims)), Kind::PersistentVolumeClaim);
    assert_eq!(told(&unseen, "pod/p").sentence, "Pending, not scheduled yet");
}

#[test]
fn pods_that_stand() {
    let ready = pod(
        "creationTimestamp: \"2026-04-27T13:00:00Z\"",
        "spec: {nodeName: n1}, status: {phase: Running, conditions: [{type: Ready, status: \"True\"}]}",
    );
    let explanation = told(&world(&ready), "pod/p");
    assert_eq!(explanation.sentence, "Running 1h00m, ready");
    assert!(explanation.way_out.is_empty());
    let looping = ready.replace(
        "conditions: [{type: Ready, status: \"True\"}]",
        "containerStatuses: [{restartCount: 3, state: {waiting: {reason: CrashLoopBackOff}}}]",
    );
    assert_eq!(
        told(&world(&looping), "pod/p").sentence,
        "Running 1h00m, CrashLoopBackOff, 3 restarts"
    );
    // a pod that holds a dying claim points to the claim's own way out
    let holder = told(&hasan_prod(), "pod/train-0-x");
    assert_eq!(holder.sentence, "Running 3h40m, ready · holds shared-data");
    assert!(has_step(
        &holder,
        "pvc/shared-data is being deleted and this pod holds it"
    ));
    assert!(chain(&holder)[0].starts_with("1 job/train-0: active"));
}

#[test]
fn jobs() {
    let active = told(&hasan_prod(), "job/train-0");
    assert_eq!(active.sentence, "active 3h40m, 1 pod · holds shared-data");
    assert!(has_step(
        &active,
        "claim shared-data is being deleted and held by this Job"
    ));
    assert!(has_step(&active, "save the logs of 1 pod (train-0-x)"));
    let blind = told(&denied(&hasan_prod(), Kind::Pod), "job/train-0");
    assert_eq!(blind.sentence, "active 3h40m, 1 pod by its status");
    let job = |rest: &str| {
        world(&format!(
            "\n- {{kind: Job, apiVersion: batch/v1, metadata: {{name: j, namespace: shop}}, {rest}}}"
        ))
    };
    for (rest, said) in [
        ("spec: {suspend: true}", "suspended"),
        (
            "status: {completionTime: \"2026-04-27T13:00:00Z\", conditions: [{type: Complete, status: \"True\"}]}",
            "complete 1h00m",
        ),
        ("status: {conditions: [{type: Failed, status: \"True\"}]}", "failed"),
    ] {
        let explanation = told(&job(rest), "job/j");
        assert_eq!(explanation.sentence, said);
        assert!(explanation.way_out.is_empty());
    }
    let foreground = r#"
- {kind: Job, apiVersion: batch/v1, metadata: {name: j, namespace: shop, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [foregroundDeletion]}}
- {kind: Pod, metadata: {name: j-x, namespace: shop, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [batch.kubernetes.io/job-tracking], ownerReferences: [{apiVersion: batch/v1, kind: Job, name: j, uid: uid-j, controller: true, blockOwnerDeletion: true}]}}"#;
    let explanation = told(&world(foreground), "job/j");
    assert_eq!(explanation.sentence, "Terminating 1h00m, 1 pod to go");
    assert!(chain(&explanation)[0].contains("garbage collector (owner alive) · waits for 1 dependent to go: pod/j-x"));
    assert!(has_step(&explanation, "do not strip foregroundDeletion"));
}

#[test]
fn a_set_whose_claim_is_going() {
    let set = r#"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: vault, namespace: shop}, spec: {replicas: 1, volumeClaimTemplates: [{metadata: {name: data}, spec: {}}]}}
- {kind: PersistentVolumeClaim, metadata: {name: data-vault-0, namespace: shop, deletionTimestamp: "2026-04-27T13:50:00Z", finalizers: [kubernetes.io/pvc-protection]}, status: {phase: Bound}}"#;
    let explanation = told(&world(set), "sts/vault");
    assert_eq!(
        explanation.sentence,
        "0/1 ready, vault-0 is not made: its claim data-vault-0 is being deleted"
    );
    assert!(has_step(
        &explanation,
        "explain pvc/data-vault-0: when it is gone, vault-0 is made on a new and EMPTY claim"
    ));
    // seed 003: pod first, claim second: the new pod stands on the dying claim
    let wrong = with(
        world(set),
        r#"
- {kind: Pod, metadata: {name: vault-0, namespace: shop, creationTimestamp: "2026-04-27T13:51:00Z"}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data-vault-0}}]}, status: {phase: Running}}"#,
    );
    let explanation = told(&wrong, "sts/vault");
    assert!(
        explanation
            .sentence
            .contains("vault-0 was made again on claim data-vault-0"),
        "{}",
        explanation.sentence
    );
    assert!(
        steps(&explanation)[0].ends_with("[delete pod/vault-0 (Background)]"),
        "{:?}",
        steps(&explanation)
    );
    let calm = told(
        &with(
            world("[]"),
            "- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: vault, namespace: shop}, spec: {replicas: 0}}",
        ),
        "sts/vault",
    );
    assert_eq!(calm.sentence, "0/0 ready");
    assert!(calm.way_out.is_empty());
}

#[test]
fn a_deployment_that_is_not_ready_names_its_pod() {
    let deployment = r#"
- {kind: Deployment, apiVersion: apps/v1, metadata: {name: web, namespace: shop, creationTimestamp: "2026-04-27T13:00:00Z"}, spec: {replicas: 2}, status: {replicas: 2, readyReplicas: 1}}
- {kind: ReplicaSet, apiVersion: apps/v1, metadata: {name: web-1, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: uid-web, controller: true}]}, spec: {replicas: 2}, status: {readyReplicas: 1}}
- {kind: Pod, metadata: {name: web-1-a, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: uid-web-1, controller: true}]}, spec: {}, status: {phase: Pending, conditions: [{type: PodScheduled, status: "False", message: no node fits}]}}"#;
    let explanation = told(&world(deployment), "deploy/web");
    assert_eq!(
        explanation.sentence,
        "1/2 ready, web-1-a: Pending, not scheduled: no node fits"
    );
    assert_eq!(steps(&explanation), ["explain pod/web-1-a"]);
    let healthy = deployment.replace("readyReplicas: 1", "readyReplicas: 2").replace(
        "status: {phase: Pending, conditions: [{type: PodScheduled, status: \"False\", message: no node fits}]}",
        "status: {phase: Running, conditions: [{type: Ready, status: \"True\"}]}",
    );
    let explanation = told(&world(&healthy), "deploy/web");
    assert_eq!(explanation.sentence, "2/2 ready");
    assert!(explanation.way_out.is_empty());
}
