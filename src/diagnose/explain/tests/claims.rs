//! Claims.

use super::super::super::fixture::{denied, hasan_prod, stale, with, world};
use super::{chain, has_step, steps, told};
use crate::model::{Act, Kind, Propagation};

const DYING: &str = r#"
- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {persistentVolumeReclaimPolicy: POLICY, csi: {driver: ebs.csi.aws.com, volumeHandle: vol-1}, claimRef: {namespace: shop, name: data, uid: uid-data}}, status: {phase: Bound}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [kubernetes.io/pvc-protection]}, spec: {volumeName: pv-1}, status: {phase: Bound}}"#;

fn dying(holder: &str) -> crate::model::World {
    with(world(&DYING.replace("POLICY", "Retain")), holder)
}

#[test]
fn the_nine_jobs_of_seed_000() {
    let explanation = told(&hasan_prod(), "pvc/shared-data");
    assert_eq!(explanation.sentence, "Terminating 3h12m, held by 9 pods of 9 Jobs");
    let chain = chain(&explanation);
    assert_eq!(
        chain[0],
        "1 pvc/shared-data: finalizer kubernetes.io/pvc-protection · pvc-protection controller (owner alive) · waits for 9 pods to go"
    );
    assert_eq!(chain[1], "2 pod/train-0-x: Running on n1 mounts it");
    assert_eq!(chain[2], "3 job/train-0: active 3h40m, 1 pod · holds shared-data");
    assert!(
        chain
            .iter()
            .any(|link| link == "1 pv/efs-data: claimRef.uid ✓ is this claim · Retain · efs.csi.aws.com fs-06b3")
    );
    let steps = steps(&explanation);
    assert!(steps[0].starts_with("save the logs of 9 pods (train-0-x,"), "{steps:?}");
    assert!(
        steps[1].starts_with("wait until 9 Jobs (train-0, train-1,")
            && steps[1].ends_with("have ended and delete them then, since an ended pod holds too; or, if they must not go on, delete them now:"),
        "{steps:?}"
    );
    assert_eq!(
        steps[2],
        "delete Job train-0 with Background, which stops pod train-0-x [delete job/train-0 (Background)]"
    );
    let due = explanation.way_out.iter().filter(|step| !step.later);
    let acts: Vec<_> = due.filter_map(|step| step.act.clone()).collect();
    assert_eq!(acts.len(), 9);
    assert!(acts.iter().all(|act| act.performed()
        && matches!(
            act,
            Act::Delete {
                propagation: Propagation::Background,
                ..
            }
        )));
    assert!(has_step(
        &explanation,
        "the claim then goes by itself and pv/efs-data becomes Released"
    ));
    // clearing it now would make the claim Lost: it is for when the claim is gone
    let later: Vec<_> = explanation.way_out.iter().filter(|step| step.later).collect();
    assert!(
        matches!(later.as_slice(), [step] if matches!(step.act, Some(Act::ClearClaimRef { .. }))),
        "{later:?}"
    );
    assert!(
        steps
            .last()
            .unwrap()
            .starts_with("do not strip kubernetes.io/pvc-protection: the claim goes under its pods")
    );
    assert!(explanation.unknowns.is_empty());
}

#[test]
fn a_disk_that_would_be_destroyed_comes_first() {
    let pod = r"
- {kind: Pod, metadata: {name: debug, namespace: shop}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}";
    let world = with(world(&DYING.replace("POLICY", "Delete")), pod);
    let explanation = told(&world, "pvc/data");
    assert_eq!(explanation.sentence, "Terminating 1h00m, held by debug (no owner)");
    assert_eq!(
        steps(&explanation)[0],
        "set persistentVolumeReclaimPolicy of pv/pv-1 to Retain first: it is Delete, and the disk (ebs.csi.aws.com vol-1) is \
         destroyed as soon as the claim is gone [set reclaim policy of pv/pv-1 to Retain]"
    );
    assert!(has_step(&explanation, "delete pod debug: it has no owner"));
    let unseen = told(&denied(&world, Kind::PersistentVolume), "pvc/data");
    assert!(has_step(
        &unseen,
        "find out the reclaim policy of pv/pv-1 before anything else"
    ));
}

#[test]
fn each_root_is_stopped_where_it_respawns() {
    let pod = |name: &str, kind: &str, api: &str, owner: &str| {
        format!(
            r"
- {{kind: Pod, metadata: {{name: {name}, namespace: shop, ownerReferences: [{{apiVersion: {api}, kind: {kind}, name: {owner}, uid: uid-{owner}, controller: true}}]}}, spec: {{nodeName: n1, volumes: [{{name: d, persistentVolumeClaim: {{claimName: data}}}}]}}, status: {{phase: Running}}}}"
        )
    };
    for (owner, holder, start) in [
        (
            r#"
- {kind: CronJob, apiVersion: batch/v1, metadata: {name: nightly, namespace: shop}, spec: {schedule: "0 2 * * *"}}
- {kind: Job, apiVersion: batch/v1, metadata: {name: nightly-1, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: nightly, uid: uid-nightly, controller: true}]}}"#,
            pod("nightly-1-x", "Job", "batch/v1", "nightly-1"),
            vec![
                "suspend CronJob nightly (schedule 0 2 * * *): its next run would hold the claim again",
                "save the logs of 1 pod (nightly-1-x)",
                "wait until 1 Job (nightly-1) has ended and delete it then",
                "delete Job nightly-1 with Background",
            ],
        ),
        (
            r"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: db, namespace: shop}, spec: {replicas: 1}}",
            pod("db-0", "StatefulSet", "apps/v1", "db"),
            vec![
                "save the logs",
                "scale StatefulSet db down: it would make pod db-0 again",
            ],
        ),
        (
            r"
- {kind: Deployment, apiVersion: apps/v1, metadata: {name: web, namespace: shop}, spec: {replicas: 1}}
- {kind: ReplicaSet, apiVersion: apps/v1, metadata: {name: web-1, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: uid-web, controller: true}]}, spec: {replicas: 1}}",
            pod("web-1-x", "ReplicaSet", "apps/v1", "web-1"),
            vec![
                "save the logs",
                "scale Deployment web to 0: it would make pod web-1-x again",
            ],
        ),
        (
            "",
            pod("main-0", "MySQLCluster", "mysql.example.com/v1", "main"),
            vec![
                "first stop what stands behind pod main-0: MySQLCluster main is a custom resource",
                "save the logs",
                "then delete pod main-0",
            ],
        ),
    ] {
        let mut world = dying(&holder);
        if !owner.is_empty() {
            world = with(world, owner);
        }
        let explanation = told(&world, "pvc/data");
        let steps = steps(&explanation);
        for (step, start) in steps.iter().zip(start) {
            assert!(step.starts_with(start), "{start}\n{steps:#?}");
        }
    }
}

#[test]
fn a_set_that_makes_its_own_claim_gets_an_empty_one() {
    let set = r#"
- {kind: StatefulSet, apiVersion: apps/v1, metadata: {name: db, namespace: shop}, spec: {replicas: 1, volumeClaimTemplates: [{metadata: {name: data}, spec: {}}]}}
- {kind: PersistentVolumeClaim, metadata: {name: data-db-0, namespace: shop, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [kubernetes.io/pvc-protection]}, status: {phase: Bound}}
- {kind: Pod, metadata: {name: db-0, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: db, uid: uid-db, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data-db-0}}]}, status: {phase: Running}}"#;
    let explanation = told(&world(set), "pvc/data-db-0");
    assert!(has_step(
        &explanation,
        "delete pod db-0: StatefulSet db makes no new one while the claim is going, and then an EMPTY claim"
    ));
}

#[test]
fn an_ended_pod_holds_and_its_finished_job_is_deleted() {
    let job = r#"
- {kind: Job, apiVersion: batch/v1, metadata: {name: seed, namespace: shop}, status: {conditions: [{type: Complete, status: "True"}]}}
- {kind: Pod, metadata: {name: seed-x, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: seed, uid: uid-seed, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Succeeded}}"#;
    let explanation = told(&dying(job), "pvc/data");
    assert!(
        chain(&explanation)
            .contains(&"2 pod/seed-x: Succeeded on n1 mounts it: it has ended, and its object still holds".to_owned())
    );
    assert!(has_step(
        &explanation,
        "delete finished Job seed with Background: its ended pod (seed-x) holds until its object is gone [delete job/seed (Background)]"
    ));
    let second = with(
        dying(job),
        r"
- {kind: Pod, metadata: {name: seed-y, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: seed, uid: uid-seed, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Failed}}",
    );
    let both = told(&second, "pvc/data");
    assert!(
        has_step(
            &both,
            "delete finished Job seed with Background: its ended pods (seed-x, seed-y) hold until their objects are gone"
        ),
        "one step names every pod of the Job: {:?}",
        steps(&both)
    );
}

/// What would make the holder again is scaled below it first, by an act.
#[test]
fn an_owner_is_scaled_down_by_an_act() {
    let web = r#"
- {kind: Deployment, apiVersion: apps/v1, metadata: {name: web, namespace: shop, resourceVersion: "3"}, spec: {replicas: 2}}
- {kind: ReplicaSet, apiVersion: apps/v1, metadata: {name: web-1, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: Deployment, name: web, uid: uid-web, controller: true}]}, spec: {replicas: 2}}
- {kind: Pod, metadata: {name: web-1-a, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: web-1, uid: uid-web-1, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}"#;
    let explanation = told(&dying(web), "pvc/data");
    assert!(
        explanation.way_out.iter().any(|step| matches!(
            &step.act,
            Some(Act::Scale { target, replicas: 0 }) if target.key.name == "web"
        )),
        "{:?}",
        steps(&explanation)
    );
}

#[test]
fn a_foreign_finalizer_is_named_with_what_a_strip_would_lose() {
    let claim = r#"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, deletionTimestamp: "2026-04-27T13:00:00Z", finalizers: [snapshot.storage.kubernetes.io/pvc-as-source-protection]}, status: {phase: Bound}}"#;
    let explanation = told(&world(claim), "pvc/data");
    assert_eq!(
        explanation.sentence,
        "Terminating 1h00m, held by finalizer snapshot.storage.kubernetes.io/pvc-as-source-protection"
    );
    assert!(has_step(
        &explanation,
        "let snapshot-controller finish: it waits for snapshots being taken of this claim to end"
    ));
    assert!(has_step(
        &explanation,
        "do not strip snapshot.storage.kubernetes.io/pvc-as-source-protection: a snapshot under way loses its source. Pilothouse offers no strip"
    ));
}

#[test]
fn what_is_not_seen_is_not_claimed() {
    let blind = told(&denied(&dying(""), Kind::Pod), "pvc/data");
    assert_eq!(
        blind.sentence,
        "Terminating 1h00m, what holds it is unknown (pods in shop: denied: forbidden)"
    );
    assert_eq!(blind.unknowns, ["pods in shop: denied: forbidden"]);
    assert_eq!(
        steps(&blind),
        ["do nothing before pods can be listed: what holds the claim is not in sight"]
    );
    let old = told(&stale(hasan_prod(), Kind::Pod), "pvc/shared-data");
    assert!(
        old.sentence.ends_with("held by 9 pods of 9 Jobs (as of 0s ago)"),
        "{}",
        old.sentence
    );
    assert_eq!(old.unknowns, ["pods in shop: as of 0s ago, connection reset"]);
    let jobs = told(&denied(&hasan_prod(), Kind::Job), "pvc/shared-data");
    assert!(
        jobs.unknowns.contains(&"Jobs in shop: denied: forbidden".to_owned()),
        "{:?}",
        jobs.unknowns
    );
    assert!(!steps(&jobs).iter().any(|step| step.contains("(gone)")));
}

#[test]
fn a_claim_at_rest_says_so() {
    let explanation = told(&hasan_prod(), "pvc/mysql-pvc");
    assert_eq!(explanation.sentence, "Bound · mysql-0");
    assert!(explanation.way_out.is_empty() && explanation.unknowns.is_empty());
    assert_eq!(
        chain(&explanation),
        [
            "1 pv/mysql: claimRef.uid ✓ is this claim · Retain · efs.csi.aws.com fs-07",
            "2 storageclass/efs: efs.csi.aws.com · Retain · Immediate",
            "1 pod/mysql-0: Running 4h00m, ready · holds mysql-pvc",
        ]
    );
}

#[test]
fn waiting_for_the_first_consumer_is_normal() {
    let claim = r#"
- {kind: StorageClass, apiVersion: storage.k8s.io/v1, metadata: {name: lvm}, provisioner: x, volumeBindingMode: WaitForFirstConsumer}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, creationTimestamp: "2026-04-26T14:00:00Z"}, spec: {storageClassName: lvm}, status: {phase: Pending}}"#;
    let explanation = told(&world(claim), "pvc/data");
    assert_eq!(
        explanation.sentence,
        "Pending 1d, waits for its first consumer, as class lvm asks: normal until a pod uses it"
    );
    assert!(explanation.way_out.is_empty());
    let blind = told(&denied(&world(claim), Kind::Pod), "pvc/data");
    assert_eq!(
        blind.sentence,
        "Pending 1d, why is unknown (pods in shop: denied: forbidden)"
    );
}

#[test]
fn a_taken_volume_is_offered_to_be_cleared_only_under_retain() {
    let taken = r#"
- {kind: PersistentVolume, metadata: {name: pv-1}, spec: {persistentVolumeReclaimPolicy: POLICY, claimRef: {namespace: shop, name: data, uid: old}}, status: {phase: Released}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, creationTimestamp: "2026-04-27T13:00:00Z"}, spec: {volumeName: pv-1}, status: {phase: Pending}}"#;
    let kept = told(&world(&taken.replace("POLICY", "Retain")), "pvc/data");
    assert!(
        kept.way_out
            .iter()
            .any(|step| matches!(step.act, Some(Act::ClearClaimRef { .. })))
    );
    let doomed = told(&world(&taken.replace("POLICY", "Delete")), "pvc/data");
    assert!(doomed.way_out.iter().all(|step| step.act.is_none()));
}

#[test]
fn a_lost_claim() {
    let lost = r"
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, spec: {volumeName: pv-1}, status: {phase: Lost}}";
    let explanation = told(&world(lost), "pvc/data");
    assert_eq!(explanation.sentence, "Lost: its volume pv/pv-1 is gone");
    assert!(has_step(&explanation, "find the disk behind pv/pv-1"));
    assert!(has_step(&explanation, "delete the Lost claim"));
}

/// Where the vocabulary has an act for a step, the step bears it; where it has none, the step says whose it is.
#[test]
fn a_step_without_an_act_says_who_does_it() {
    let cron = r#"
- {kind: CronJob, apiVersion: batch/v1, metadata: {name: nightly, namespace: shop}, spec: {schedule: "0 2 * * *"}}
- {kind: Job, apiVersion: batch/v1, metadata: {name: nightly-1, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: nightly, uid: uid-nightly, controller: true}]}}
- {kind: Pod, metadata: {name: nightly-1-x, namespace: shop, ownerReferences: [{apiVersion: batch/v1, kind: Job, name: nightly-1, uid: uid-nightly-1, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}"#;
    let told_steps = steps(&told(&dying(cron), "pvc/data"));
    assert!(
        told_steps[0].ends_with("kubectl does that, Pilothouse has no act for it"),
        "{told_steps:?}"
    );
    let set = r"
- {kind: DaemonSet, apiVersion: apps/v1, metadata: {name: agent, namespace: shop}}
- {kind: Pod, metadata: {name: agent-x, namespace: shop, ownerReferences: [{apiVersion: apps/v1, kind: DaemonSet, name: agent, uid: uid-agent, controller: true}]}, spec: {nodeName: n1, volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}, status: {phase: Running}}";
    let told_steps = steps(&told(&dying(set), "pvc/data"));
    assert!(
        told_steps.iter().any(|step| step.starts_with("delete DaemonSet agent")
            && step.ends_with("[delete daemonset/agent (Background)]")),
        "{told_steps:?}"
    );
}

#[test]
fn a_lost_claim_is_made_anew_by_an_act() {
    let lost = world(
        "- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop}, spec: {volumeName: pv-1, accessModes: [ReadWriteOnce], resources: {requests: {storage: 5Gi}}}, status: {phase: Lost}}",
    );
    let told_steps = steps(&told(&lost, "pvc/data"));
    assert_eq!(
        told_steps[2..],
        [
            "delete the Lost claim (Lost is final) once its pods are stopped [delete pvc/data (Background)]",
            "and make it anew with volumeName pv-1 [create pvc/data]",
        ]
    );
}
