//! Deleting claims.

use super::{CSI, NODE, about, dead, delete, deletion, pair, pod, tier, told};
use crate::forecast::{Outcome, Tier, Undo, forecast};
use crate::laws::fixture::world;
use crate::model::Propagation;

const ATTACHED: &str = "
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
metadata: {name: va, finalizers: [external-attacher/efs]}
spec: {attacher: efs.csi.aws.com, nodeName: n1, source: {persistentVolumeName: pv-data}}
status: {attached: true}
";

#[test]
fn a_claim_nobody_uses_goes_and_its_policy_decides_over_the_disk() {
    for (policy, source, expected, worst) in [
        ("Retain", CSI, vec!["DELETED pvc/data", "RELEASED pv/pv-data"], Tier::T2),
        (
            "Delete",
            CSI,
            vec!["DESTROYED pv/pv-data", "DELETED pvc/data"],
            Tier::T3,
        ),
        (
            "Delete",
            "nfs: {server: s, path: /p}",
            vec!["DELETED pvc/data", "RELEASED pv/pv-data"],
            Tier::T2,
        ),
        (
            "Recycle",
            "nfs: {server: s, path: /p}",
            vec!["DESTROYED pv/pv-data", "DELETED pvc/data"],
            Tier::T3,
        ),
        (
            "Delete",
            "gcePersistentDisk: {pdName: x}",
            vec!["UNKNOWN pv/pv-data", "DELETED pvc/data"],
            Tier::T3,
        ),
    ] {
        let world = world(&(pair("data", policy, source) + NODE));
        let forecast = delete(&world, "pvc a/data");
        assert_eq!(told(&forecast), expected, "{policy} {source}");
        assert_eq!(forecast.tier, worst, "{policy} {source}: {}", forecast.because);
        assert!(forecast.unknowns.is_empty(), "{:?}", forecast.unknowns);
    }
}

#[test]
fn retain_says_the_way_back_and_delete_says_there_is_none() {
    let kept = delete(&world(&pair("data", "Retain", CSI)), "pvc a/data");
    assert!(
        matches!(&kept.undo, Undo::Lossless { how } if how.contains("clear its claimRef uid")),
        "{:?}",
        kept.undo
    );
    assert_eq!(kept.headline(), "deletes 1 object · releases 1 volume");
    let gone = delete(&world(&pair("data", "Delete", CSI)), "pvc a/data");
    assert_eq!(gone.undo, Undo::None);
    assert_eq!(gone.headline(), "destroys 1 disk · deletes 1 object");
    assert_eq!(
        about(&gone, "pv pv-data"),
        "the disk efs.csi.aws.com fs-1 behind pv/pv-data is destroyed: pv/pv-data loses its claim a/data and its policy is Delete; it \
         was made by hand, and efs.csi.aws.com destroys such disks from external-provisioner 5.0 on, which is taken for granted: an \
         earlier one leaves it"
    );
}

#[test]
fn pods_hold_whatever_their_phase_if_they_were_scheduled() {
    for (phase, holds) in [
        ("Running", true),
        ("Succeeded", true),
        ("Failed", true),
        ("Pending", false),
    ] {
        let world = world(&(pair("data", "Retain", CSI) + &pod("p", "data", "", phase) + NODE));
        let forecast = delete(&world, "pvc a/data");
        let expected = if holds {
            vec!["HANGS pvc/data"]
        } else {
            vec!["DELETED pvc/data", "RELEASED pv/pv-data", "KEPT pod/p"]
        };
        assert_eq!(told(&forecast), expected, "{phase}");
    }
}

/// The unscheduled pod would have started: without the claim it does not.
#[test]
fn a_pod_that_would_have_started_is_told() {
    let world = world(&(pair("data", "Retain", CSI) + &pod("p", "data", "", "Pending") + NODE));
    let forecast = delete(&world, "pvc a/data");
    assert!(
        about(&forecast, "pod a/p").contains("stays Pending"),
        "{}",
        about(&forecast, "pod a/p")
    );
}

#[test]
fn holders_are_named_with_their_root() {
    let owner =
        ", ownerReferences: [{apiVersion: example.com/v1, kind: MySQLCluster, name: main, uid: x, controller: true}]";
    let world = world(&(pair("data", "Delete", CSI) + &pod("p", "data", owner, "Running") + NODE));
    let forecast = delete(&world, "pvc a/data");
    let Outcome::Hangs { holders } = &forecast.entries[0].outcome else {
        panic!("{:?}", told(&forecast));
    };
    assert_eq!(
        (holders[0].root.as_str(), holders[0].respawns),
        ("MySQLCluster main", true)
    );
    assert_eq!(holders[0].finalizer, "kubernetes.io/pvc-protection");
    assert_eq!(tier(&forecast).0, Tier::T3, "its disk is destroyed when the holders go");
    assert_ne!(forecast.undo, Undo::None);
}

#[test]
fn an_attachment_guards_until_it_is_detached() {
    let base = pair("data", "Delete", CSI) + NODE;
    let succeeded = base.clone() + ATTACHED;
    let forecast = delete(&world(&succeeded), "pvc a/data");
    assert_eq!(
        told(&forecast),
        ["DESTROYED pv/pv-data", "DELETED pvc/data"],
        "detached anyway, so the disk goes"
    );
    let stuck = base + &ATTACHED.replace("external-attacher/efs", "example.com/never");
    let forecast = delete(&world(&stuck), "pvc a/data");
    assert_eq!(told(&forecast), ["HANGS pv/pv-data", "DELETED pvc/data"]);
    assert!(
        about(&forecast, "pv pv-data").contains("held by volumeattachment/va"),
        "{}",
        about(&forecast, "pv pv-data")
    );
    assert_eq!(forecast.tier, Tier::T3, "{}", forecast.because);
}

#[test]
fn a_dead_provisioner_is_a_time_bomb() {
    let world = world(&(pair("data", "Delete", CSI) + NODE));
    let act = deletion(&world, "pvc a/data", Propagation::Background);
    let forecast = forecast(&world, &act, &dead("efs.csi.aws.com"), super::now(), super::QUIET);
    assert_eq!(told(&forecast), ["HANGS pv/pv-data", "DELETED pvc/data"]);
    let said = about(&forecast, "pv pv-data");
    assert!(said.contains("as soon as it returns"), "{said}");
    assert_eq!(forecast.tier, Tier::T3);
}

#[test]
fn a_ready_provisioner_is_not_counted_as_dead_whatever_is_said() {
    let running = |name: &str| pod(name, "scratch", "", "Running").replace("namespace: a", "namespace: kube-system");
    let told_beside = |pod: &str, policy: &str| {
        let world = world(&(pair("data", policy, CSI) + NODE + &running(pod)));
        let act = deletion(&world, "pvc a/data", Propagation::Background);
        forecast(&world, &act, &dead("efs.csi.aws.com"), super::now(), super::QUIET)
    };
    let contradicted = told_beside("efs-csi-controller-0", "Delete");
    assert_eq!(told(&contradicted), ["DESTROYED pv/pv-data", "DELETED pvc/data"]);
    assert_eq!(contradicted.tier, Tier::T3);
    assert_eq!(
        contradicted.unknowns,
        [
            "whether efs.csi.aws.com is gone: it was named dead, but pod kube-system/efs-csi-controller-0 is ready; it is counted as running"
        ]
    );
    // another driver's pod says nothing, and where the disk is kept either way there is nothing to say
    let other = told_beside("ebs-csi-controller-0", "Delete");
    assert_eq!(told(&other), ["HANGS pv/pv-data", "DELETED pvc/data"]);
    let kept = told_beside("efs-csi-controller-0", "Retain");
    assert!(
        other.unknowns.is_empty() && kept.unknowns.is_empty(),
        "{:?}",
        kept.unknowns
    );
}

#[test]
fn a_claim_that_is_dying_already_changes_nothing() {
    let yaml =
        pair("data", "Retain", CSI).replace("uid: u-data,", "uid: u-data, deletionTimestamp: 2026-04-25T10:00:00Z,");
    let held = world(
        &(yaml.replace(
            ", claimRef: {namespace: a, name: data, uid: u-data, deletionTimestamp: 2026-04-25T10:00:00Z",
            ", claimRef: {namespace: a, name: data, uid: u-data",
        ) + &pod("p", "data", "", "Running")
            + NODE),
    );
    let forecast = delete(&held, "pvc a/data");
    assert_eq!(told(&forecast), ["HANGS pvc/data"]);
    assert!(
        forecast.entries[0]
            .reason
            .text
            .contains("another DELETE changes nothing")
    );
    assert_eq!(tier(&forecast), (Tier::T0, "nothing changes"));
}

#[test]
fn an_attachment_that_a_running_pod_needs_is_made_anew() {
    let alone = pair("data", "Retain", CSI) + ATTACHED + NODE;
    assert_eq!(
        told(&delete(&world(&alone), "volumeattachment va")),
        ["DELETED volumeattachment/va"]
    );
    let used = alone + &pod("p", "data", "", "Running");
    let forecast = delete(&world(&used), "volumeattachment va");
    assert_eq!(
        told(&forecast),
        [
            "DELETED volumeattachment/va",
            "RECREATED volumeattachment/va on the same claim"
        ]
    );
    let said = about(&forecast, "volumeattachment va");
    assert!(said.contains("until then its disk is detached under it"), "{said}");
}
