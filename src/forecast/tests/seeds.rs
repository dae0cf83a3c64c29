//! The incidents of the seeds.

use super::{CSI, NODE, about, delete, delete_with, job, pair, tier, told};
use crate::forecast::{Outcome, Recreation, Tier};
use crate::laws::fixture::{key, world};
use crate::laws::{Change, Conditions, apply, settle};
use crate::model::{Propagation, World};

/// Seed 000: nine Jobs outside the release mount a claim that is Terminating already.
fn hasan_prod(terminating: bool) -> World {
    let mut yaml = pair("shared", "Retain", CSI) + NODE;
    for number in 1..=9 {
        yaml += &job(&format!("train-{number}"), "shared", "", "Running");
    }
    if terminating {
        yaml = yaml.replacen(
            "uid: u-shared,",
            "uid: u-shared, deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 0,",
            1,
        );
    }
    world(&yaml)
}

#[test]
fn nine_jobs_hold_a_claim_and_are_named() {
    let forecast = delete(&hasan_prod(false), "pvc a/shared");
    assert_eq!(told(&forecast), ["HANGS pvc/shared"]);
    let Outcome::Hangs { holders } = &forecast.entries[0].outcome else {
        panic!("{forecast:?}");
    };
    let roots: Vec<&str> = holders.iter().map(|holder| holder.root.as_str()).collect();
    let expected: Vec<String> = (1..=9).map(|number| format!("Job train-{number}")).collect();
    assert_eq!(roots, expected);
    assert!(
        holders.iter().all(|holder| holder.respawns),
        "an active Job makes another pod"
    );
    assert_eq!(tier(&forecast).0, Tier::T2);
    assert!(
        forecast.entries[0].sentence().contains("and 6 more"),
        "{}",
        forecast.entries[0].sentence()
    );
}

#[test]
fn one_of_nine_jobs_does_not_free_the_claim() {
    let forecast = delete(&hasan_prod(true), "job a/train-1");
    assert_eq!(
        told(&forecast),
        ["DELETED job/train-1", "DELETED pod/train-1-x1", "KEPT pvc/shared"]
    );
    let left = about(&forecast, "pvc a/shared");
    assert!(
        left.contains("was being deleted before") && left.contains("and 5 more still hold it"),
        "{left}"
    );
    assert_eq!(
        tier(&forecast),
        (Tier::T2, "job/train-1 is still at work and loses its progress")
    );
}

#[test]
fn the_last_job_takes_the_terminating_claim_with_it() {
    let mut yaml = pair("shared", "Retain", CSI) + &job("train-1", "shared", "", "Running") + NODE;
    yaml = yaml.replacen(
        "uid: u-shared,",
        "uid: u-shared, deletionTimestamp: 2026-04-25T10:00:00Z, deletionGracePeriodSeconds: 0,",
        1,
    );
    let forecast = delete(&world(&yaml), "job a/train-1");
    assert_eq!(
        told(&forecast),
        [
            "DELETED job/train-1",
            "DELETED pvc/shared",
            "DELETED pod/train-1-x1",
            "RELEASED pv/pv-shared"
        ]
    );
    assert!(
        about(&forecast, "pod a/train-1-x1").contains("by the garbage collector"),
        "{}",
        about(&forecast, "pod a/train-1-x1")
    );
    assert!(about(&forecast, "pvc a/shared").contains("by the pvc-protection controller"));
}

#[test]
fn a_pod_of_an_active_job_comes_back_and_waits_for_the_dying_claim() {
    let forecast = delete(&hasan_prod(true), "pod a/train-1-x1");
    assert_eq!(
        told(&forecast),
        [
            "DELETED pod/train-1-x1",
            "RECREATED pod/train-1-new1 on the same claim",
            "KEPT pvc/shared"
        ]
    );
    assert!(about(&forecast, "pod a/train-1-new1").contains("stays Pending: pvc/shared is being deleted"));
}

/// Seed 003: three Vault pods on NFS claims, the set's template already on another class.
fn vault() -> World {
    let mut yaml = String::from(
        "
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: vault, namespace: a, uid: su}
spec:
  replicas: 3
  podManagementPolicy: Parallel
  selector: {matchLabels: {app: vault}}
  template: {metadata: {labels: {app: vault}}}
  volumeClaimTemplates:
  - metadata: {name: data}
    spec: {accessModes: [ReadWriteOnce], storageClassName: encrypted, resources: {requests: {storage: 1Gi}}}
---
apiVersion: storage.k8s.io/v1
kind: StorageClass
metadata: {name: encrypted}
provisioner: csi.proxmox
volumeBindingMode: WaitForFirstConsumer
",
    );
    yaml += NODE;
    let owner = ", labels: {app: vault}, ownerReferences: [{apiVersion: apps/v1, kind: StatefulSet, name: vault, uid: su, controller: true, blockOwnerDeletion: true}]";
    for ordinal in 0..3 {
        let claim = format!("data-vault-{ordinal}");
        yaml += &pair(&claim, "Retain", "nfs: {server: s, path: /p}");
        yaml += &super::pod(&format!("vault-{ordinal}"), &claim, owner, "Running").replace("{name: d,", "{name: data,");
    }
    world(&yaml)
}

/// The world after an act, at rest.
fn after(world: &World, target: &str) -> World {
    let mut world = world.clone();
    let object = key(target);
    let uid = world.get(&object).unwrap().meta.uid.clone();
    let propagation = Propagation::Background;
    apply(
        &mut world,
        &Change::Delete {
            object,
            uid,
            propagation,
        },
    );
    settle(&mut world, &Conditions::default(), &mut |_, _| {});
    world
}

#[test]
fn pod_first_is_the_trap() {
    let first = delete(&vault(), "pod a/vault-0");
    assert_eq!(
        told(&first),
        [
            "DELETED pod/vault-0",
            "RECREATED pod/vault-0 on the same claim",
            "KEPT pvc/data-vault-0"
        ]
    );
    assert_eq!(tier(&first), (Tier::T1, "pod/vault-0 is interrupted and comes back"));
    let second = delete(&after(&vault(), "pod a/vault-0"), "pvc a/data-vault-0");
    assert_eq!(told(&second), ["HANGS pvc/data-vault-0"]);
    assert!(about(&second, "pvc a/data-vault-0").contains("pod/vault-0 of StatefulSet vault"));
}

#[test]
fn claim_first_gives_a_new_disk() {
    let first = delete(&vault(), "pvc a/data-vault-0");
    assert_eq!(told(&first), ["HANGS pvc/data-vault-0"]);
    assert_eq!(
        about(&first, "pvc a/data-vault-0"),
        "pvc/data-vault-0 hangs, held by pod/vault-0 of StatefulSet vault: the deletion is accepted and cannot be withdrawn; \
         when they go, the claim goes, pv/pv-data-vault-0 is Released and keeps its disk, and StatefulSet vault makes a new, \
         empty claim"
    );
    let second = delete(&after(&vault(), "pvc a/data-vault-0"), "pod a/vault-0");
    assert_eq!(
        told(&second),
        [
            "RECREATED pvc/data-vault-0 on a new claim",
            "RECREATED pod/vault-0 on a new claim",
            "DELETED pod/vault-0",
            "DELETED pvc/data-vault-0",
            "RELEASED pv/pv-data-vault-0",
        ]
    );
    assert!(about(&second, "pvc a/data-vault-0").contains("nothing of what the old one held"));
    let new = second.entries.iter().find(|entry| {
        matches!(
            entry.outcome,
            Outcome::Recreated {
                on: Recreation::NewClaim
            }
        )
    });
    assert!(
        new.is_some_and(|entry| entry.uid.is_empty()),
        "an object that does not exist yet has no uid"
    );
}

#[test]
fn deleting_the_set_keeps_the_claims_and_orphaning_keeps_the_pods_too() {
    let claims = [
        "KEPT pvc/data-vault-0",
        "KEPT pvc/data-vault-1",
        "KEPT pvc/data-vault-2",
    ];
    let cascade = delete(&vault(), "statefulset a/vault");
    let pods = [
        "DELETED statefulset/vault",
        "DELETED pod/vault-0",
        "DELETED pod/vault-1",
        "DELETED pod/vault-2",
    ];
    assert_eq!(told(&cascade), [&pods[..], &claims[..]].concat());
    let orphan = delete_with(&vault(), "statefulset a/vault", Propagation::Orphan);
    let pods = [
        "DELETED statefulset/vault",
        "ORPHANED pod/vault-0",
        "ORPHANED pod/vault-1",
        "ORPHANED pod/vault-2",
    ];
    assert_eq!(told(&orphan), [&pods[..], &claims[..]].concat());
    assert_eq!(orphan.tier, Tier::T2);
}

/// Seed 003's phase 3: deleting a Released Retain volume frees nothing (trap 36).
#[test]
fn deleting_a_released_retain_volume_leaks_its_disk() {
    let world = after(&after(&vault(), "pvc a/data-vault-0"), "pod a/vault-0");
    let forecast = delete(&world, "pv pv-data-vault-0");
    assert_eq!(told(&forecast), ["LEAKED pv/pv-data-vault-0"]);
    assert_eq!(forecast.tier, Tier::T3);
}
