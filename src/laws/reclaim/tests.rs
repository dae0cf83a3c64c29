//! The table of `reference/semantics.md` §3.4.

use super::{LAW, marking};
use crate::laws::Conditions;
use crate::laws::fixture::{says, world};

const CSI: &str = "csi: {driver: csi.x, volumeHandle: h1}";
const MARK: &str = "external-provisioner.volume.kubernetes.io/finalizer";
const ATTACHMENT: &str = "
---
apiVersion: storage.k8s.io/v1
kind: VolumeAttachment
metadata: {name: va}
spec: {attacher: csi.x, nodeName: n1, source: {persistentVolumeName: v}}
";

fn volume(meta: &str, policy: &str, phase: &str, source: &str) -> String {
    format!(
        "
apiVersion: v1
kind: PersistentVolume
metadata: {{name: v{meta}}}
spec: {{persistentVolumeReclaimPolicy: {policy}, {source}}}
status: {{phase: {phase}}}
"
    )
}

#[test]
fn the_disk_goes_only_with_policy_delete_and_someone_to_delete_it() {
    let marked = format!(", finalizers: [{MARK}]");
    let dying = ", deletionTimestamp: 2026-04-25T10:00:00Z";
    let dying_marked = format!("{dying}{marked}");
    let local_path = ", annotations: {pv.kubernetes.io/provisioned-by: rancher.io/local-path}";
    let destroyed: &[&str] = &["DestroyDisk pv/v"];
    let failed: &[&str] = &["Failed pv/v"];
    let cases: [(&str, String, &[&str]); 16] = [
        ("retain", volume("", "Retain", "Released", CSI), &[]),
        ("delete", volume(&marked, "Delete", "Released", CSI), destroyed),
        (
            "static CSI, never marked",
            volume("", "Delete", "Released", CSI),
            destroyed,
        ),
        (
            "still attached",
            volume(&marked, "Delete", "Released", CSI) + ATTACHMENT,
            &[],
        ),
        (
            "a path with a provisioner has no attachment",
            volume(local_path, "Delete", "Released", "hostPath: {path: /opt/x}") + ATTACHMENT,
            destroyed,
        ),
        (
            "deleting and marked",
            volume(&dying_marked, "Delete", "Released", CSI),
            destroyed,
        ),
        (
            "deleting and stripped: passed by",
            volume(dying, "Delete", "Released", CSI),
            &[],
        ),
        (
            "available is not released",
            volume(&marked, "Delete", "Available", CSI),
            &[],
        ),
        (
            "nfs has no deleter",
            volume("", "Delete", "Released", "nfs: {server: s, path: /p}"),
            failed,
        ),
        (
            "nor has a local disk",
            volume("", "Delete", "Released", "local: {path: /p}"),
            failed,
        ),
        (
            "a host path elsewhere neither",
            volume("", "Delete", "Released", "hostPath: {path: /srv/x}"),
            failed,
        ),
        (
            "a host path in /tmp is removed",
            volume("", "Delete", "Released", "hostPath: {path: /tmp/x}"),
            destroyed,
        ),
        (
            "even while it is being deleted",
            volume(dying, "Delete", "Released", "hostPath: {path: /tmp/x}"),
            destroyed,
        ),
        (
            "an unread source: nobody knows",
            volume("", "Delete", "Released", "gcePersistentDisk: {pdName: x}"),
            &[],
        ),
        (
            "a bound volume is marked",
            volume("", "Delete", "Bound", CSI),
            &["AddFinalizer pv/v external-provisioner.volume.kubernetes.io/finalizer"],
        ),
        (
            "retain takes the mark off",
            volume(&marked, "Retain", "Released", CSI),
            &["RemoveFinalizer pv/v external-provisioner.volume.kubernetes.io/finalizer"],
        ),
    ];
    for (name, yaml, expected) in &cases {
        assert_eq!(says(&LAW, &world(yaml), &Conditions::default()), *expected, "{name}");
    }
}

#[test]
fn a_mark_is_expected_of_a_server_of_its_age_and_decides_where_it_is() {
    const MARKS: &[&str] = &["AddFinalizer pv/v external-provisioner.volume.kubernetes.io/finalizer"];
    let marked = format!(", deletionTimestamp: 2026-04-25T10:00:00Z, finalizers: [{MARK}]");
    for (server_minor, marks, words) in [
        (Some(30), &[][..], "marks no volumes: that began with 1.31"),
        (Some(31), MARKS, "unless HonorPVReclaimPolicy is switched off"),
        (Some(32), MARKS, "unless HonorPVReclaimPolicy is switched off"),
        (
            Some(33),
            MARKS,
            "of the age of server 1.33, which is taken for granted, marks volumes",
        ),
        (None, MARKS, "of 1.31 or later, which is taken for granted"),
    ] {
        let conditions = Conditions {
            server_minor,
            ..Conditions::default()
        };
        let bound = world(&volume("", "Delete", "Bound", CSI));
        assert_eq!(says(&LAW, &bound, &conditions), marks, "{server_minor:?}");
        assert!(marking(&conditions).contains(words), "{}", marking(&conditions));
        if let Some(reaction) = (LAW.react)(&bound, &conditions).first() {
            assert!(reaction.reason.text.contains(words), "{}", reaction.reason.text);
        }
        let going = world(&volume(&marked, "Delete", "Released", CSI));
        assert_eq!(
            says(&LAW, &going, &conditions),
            ["DestroyDisk pv/v"],
            "{server_minor:?}"
        );
    }
}

#[test]
fn what_is_taken_for_granted_of_a_disk_made_by_hand_is_said() {
    let marked = format!(", finalizers: [{MARK}]");
    let provisioned = ", annotations: {pv.kubernetes.io/provisioned-by: csi.x}";
    for (meta, said) in [("", true), (marked.as_str(), false), (provisioned, false)] {
        let world = world(&volume(meta, "Delete", "Released", CSI));
        let reactions = (LAW.react)(&world, &Conditions::default());
        let text = &reactions[0].reason.text;
        assert_eq!(
            text.contains("from external-provisioner 5.0 on"),
            said,
            "{meta}: {text}"
        );
    }
}

#[test]
fn a_driver_without_attach_has_no_guard() {
    let attachless = Conditions {
        attachless_drivers: ["csi.x".into()].into_iter().collect(),
        ..Conditions::default()
    };
    let yaml = volume("", "Delete", "Released", CSI) + ATTACHMENT;
    assert_eq!(says(&LAW, &world(&yaml), &attachless), ["DestroyDisk pv/v"]);
}

#[test]
fn a_dead_provisioner_does_nothing_at_all() {
    let dead = Conditions {
        dead_provisioners: ["csi.x".into()].into_iter().collect(),
        ..Conditions::default()
    };
    let marked = format!(", finalizers: [{MARK}]");
    for yaml in [
        volume(&marked, "Delete", "Released", CSI),
        volume(&marked, "Retain", "Released", CSI),
        volume("", "Delete", "Bound", CSI),
    ] {
        assert!(says(&LAW, &world(&yaml), &dead).is_empty(), "{yaml}");
    }
}
