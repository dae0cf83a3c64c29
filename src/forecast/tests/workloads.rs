//! Deleting Jobs and pods.

use super::{COMPLETE, CSI, NODE, QUIET, about, delete, delete_with, forecast, job, now, pair, pin, pod, tier, told};
use crate::forecast::{Outcome, Tier};
use crate::laws::Conditions;
use crate::laws::fixture::world;
use crate::model::{Act, Propagation, World};

fn with_job(conditions: &str, phase: &str) -> World {
    world(&(pair("data", "Retain", CSI) + &job("train", "data", conditions, phase) + NODE))
}

/// A set that has given up over a stale claim does not look again when that goes.
#[test]
fn a_stale_claim_that_goes_brings_no_pod_back() {
    let stale = |uid: &str| {
        format!(
            "
apiVersion: apps/v1
kind: StatefulSet
metadata: {{name: db, namespace: a}}
spec:
  selector: {{matchLabels: {{app: db}}}}
  persistentVolumeClaimRetentionPolicy: {{whenScaled: Delete}}
  volumeClaimTemplates: [{{metadata: {{name: data}}}}]
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {{name: data-db-0, namespace: a, deletionTimestamp: 2026-04-25T10:00:00Z, finalizers: [a.example/held], ownerReferences: [{{apiVersion: v1, kind: Pod, name: db-0, uid: {uid}}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: other, namespace: a, uid: there}}
spec: {{nodeName: n1}}
"
        )
    };
    let freed = |yaml: &str| {
        let world = world(yaml);
        let (target, finalizer) = (pin(&world, "pvc a/data-db-0"), "a.example/held".into());
        let act = Act::RemoveFinalizer { target, finalizer };
        forecast(&world, &act, &Conditions::default(), now(), QUIET)
    };
    let waits = "when statefulset/db makes pod/db-0: it gave up over a stale claim";
    let gone = freed(&stale("gone"));
    assert_eq!(told(&gone), ["DELETED pvc/data-db-0"]);
    assert!(
        gone.unknowns.iter().any(|unknown| unknown.starts_with(waits)),
        "{:#?}",
        gone.unknowns
    );
    // its owner is there: the set was refused, and tries again
    let there = freed(&stale("there"));
    assert!(
        told(&there).iter().any(|line| line.starts_with("RECREATED pod/db-0")),
        "{:#?}",
        told(&there)
    );
    assert!(!there.unknowns.iter().any(|unknown| unknown.starts_with(waits)));
}

#[test]
fn each_propagation_of_a_job() {
    let active = with_job("", "Running");
    let (gone, kept) = ("DELETED job/train", "KEPT pvc/data");
    let background = delete(&active, "job a/train");
    assert_eq!(told(&background), [gone, "DELETED pod/train-x1", kept]);
    let foreground = delete_with(&active, "job a/train", Propagation::Foreground);
    assert_eq!(told(&foreground), [gone, "DELETED pod/train-x1", kept]);
    let orphan = delete_with(&active, "job a/train", Propagation::Orphan);
    assert_eq!(told(&orphan), [gone, "ORPHANED pod/train-x1"]);
    for forecast in [background, foreground, orphan] {
        assert_eq!(forecast.tier, Tier::T2, "{}", forecast.because);
    }
}

#[test]
fn a_finished_job_is_no_great_loss() {
    let forecast = delete(&with_job(COMPLETE, "Succeeded"), "job a/train");
    assert_eq!(
        told(&forecast),
        ["DELETED job/train", "DELETED pod/train-x1", "KEPT pvc/data"]
    );
    assert_eq!(forecast.tier, Tier::T1, "{}", forecast.because);
}

#[test]
fn a_foreground_deletion_waits_for_a_pod_that_does_not_end() {
    let yaml =
        pair("data", "Retain", CSI) + &job("train", "data", "", "Running") + &NODE.replace("\"True\"", "Unknown");
    let world = world(&yaml);
    let forecast = delete_with(&world, "job a/train", Propagation::Foreground);
    assert_eq!(
        told(&forecast),
        ["HANGS job/train", "HANGS pod/train-x1", "KEPT pvc/data"]
    );
    assert!(
        about(&forecast, "pod a/train-x1").contains("the kubelet of node n1, which is not ready"),
        "{}",
        about(&forecast, "pod a/train-x1")
    );
    assert!(
        about(&forecast, "job a/train").contains("pod/train-x1"),
        "{}",
        about(&forecast, "job a/train")
    );
}

#[test]
fn pods_come_back_or_do_not() {
    let bare = delete(
        &world(&(pair("data", "Retain", CSI) + &pod("p", "data", "", "Running") + NODE)),
        "pod a/p",
    );
    assert_eq!(told(&bare), ["DELETED pod/p", "KEPT pvc/data"]);
    assert_eq!(tier(&bare), (Tier::T2, "pod/p does not come back"));
    let set = "
---
apiVersion: apps/v1
kind: ReplicaSet
metadata: {name: w, namespace: a, uid: ru}
spec: {selector: {matchLabels: {app: w}}, template: {metadata: {labels: {app: w}}, spec: {volumes: [{name: d, persistentVolumeClaim: {claimName: data}}]}}}
";
    let owned = ", labels: {app: w}, ownerReferences: [{apiVersion: apps/v1, kind: ReplicaSet, name: w, uid: ru, controller: true}]";
    let owned = delete(
        &world(&(pair("data", "Retain", CSI) + set + &pod("p", "data", owned, "Running") + NODE)),
        "pod a/p",
    );
    assert_eq!(
        told(&owned),
        [
            "DELETED pod/p",
            "RECREATED pod/w-new1 on the same claim",
            "KEPT pvc/data"
        ]
    );
    assert_eq!(owned.tier, Tier::T1);
}

#[test]
fn a_cron_job_is_the_root_that_respawns() {
    let cron = "
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly, namespace: a, uid: cu}
spec: {schedule: \"0 2 * * *\", suspend: SUSPEND}
";
    for (suspended, respawns) in [("false", true), ("true", false)] {
        let job = job("train", "data", COMPLETE, "Succeeded").replacen(
            "uid: u-train}",
            "uid: u-train, ownerReferences: [{apiVersion: batch/v1, kind: CronJob, name: nightly, uid: cu, controller: true}]}",
            1,
        );
        let world = world(&(pair("data", "Retain", CSI) + &job + &cron.replace("SUSPEND", suspended) + NODE));
        let forecast = delete(&world, "pvc a/data");
        let Outcome::Hangs { holders } = &forecast.entries[0].outcome else {
            panic!("{:?}", told(&forecast));
        };
        assert_eq!(
            (holders[0].root.as_str(), holders[0].respawns),
            ("CronJob nightly", respawns)
        );
    }
}

/// A Deployment of one pod, its ReplicaSet, and what both are annotated with.
fn deployed(annotations: &str) -> World {
    let template = "template: {metadata: {labels: {app: w}}}";
    let controlled = |kind: &str, uid: &str| {
        format!(
            ", labels: {{app: w}}, ownerReferences: [{{apiVersion: apps/v1, kind: {kind}, name: w, uid: {uid}, controller: true}}]"
        )
    };
    let of = |kind: &str, meta: &str| {
        format!(
            "\n---\napiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: w, namespace: a, uid: {kind}/w, annotations: {{{annotations}}}{meta}}}\nspec: {{replicas: 1, selector: {{matchLabels: {{app: w}}}}, {template}}}\n"
        )
    };
    let pods = controlled("ReplicaSet", "ReplicaSet/w");
    world(
        &(of("Deployment", "")
            + &of("ReplicaSet", &controlled("Deployment", "Deployment/w"))
            + &pod("p", "none", &pods, "Running")
            + NODE),
    )
}

#[test]
fn nobody_knows_whether_a_replica_set_acts_before_its_deployment_scales_it_back() {
    let world = deployed("");
    let scaled = |target: &str, replicas| {
        let target = pin(&world, target);
        told(&forecast(
            &world,
            &Act::Scale { target, replicas },
            &Conditions::default(),
            now(),
            QUIET,
        ))
    };
    assert_eq!(scaled("replicaset a/w", 0), ["UNKNOWN replicaset/w", "UNKNOWN pod/p"]);
    assert_eq!(
        scaled("replicaset a/w", 2),
        ["UNKNOWN replicaset/w"],
        "its own pods stay"
    );
    assert_eq!(scaled("deployment a/w", 0)[0], "DELETED pod/p");
}

#[test]
fn a_deployment_gives_its_replica_set_back_what_is_taken_off() {
    let world = deployed("helm.sh/resource-policy: keep");
    let annotated = |target: &str, value: Option<&str>| {
        let act = Act::Annotate {
            target: pin(&world, target),
            annotation: "helm.sh/resource-policy".into(),
            value: value.map(Into::into),
        };
        told(&forecast(&world, &act, &Conditions::default(), now(), QUIET))
    };
    assert_eq!(annotated("replicaset a/w", None), ["KEPT replicaset/w"]);
    assert_eq!(annotated("replicaset a/w", Some("delete")), ["KEPT replicaset/w"]);
    assert_eq!(annotated("deployment a/w", None), ["CHANGED deployment/w"]);
}
