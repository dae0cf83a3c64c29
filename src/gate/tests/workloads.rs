//! The items of Jobs, pods and cleared claim references.

use super::super::ItemState::{False, True};
use super::{
    POD, at, changed, check, claim, claim_world, class, clear_ref, delete, dying, item, job, job_pod, open, released,
    set, set_pod, volume, world,
};
use crate::model::{Act, Kind, Propagation};
use serde_json::{Value, json};

fn cron(suspend: bool) -> Value {
    json!({ "metadata": { "name": "nightly", "uid": "cron-1" },
            "spec": { "schedule": "0 3 * * *", "suspend": suspend, "jobTemplate": {} } })
}

fn owned(api: &str, kind: &str, name: &str, uid: &str) -> Value {
    changed(job(), |job| {
        job["metadata"]["ownerReferences"] =
            json!([{ "apiVersion": api, "kind": kind, "name": name, "uid": uid, "controller": true }]);
    })
}

#[test]
fn who_starts_the_job_again() {
    let nightly = || owned("batch/v1", "CronJob", "nightly", "cron-1");
    for (job, cron, expected, value) in [
        (job(), None, True, "no owner"),
        (nightly(), Some(cron(true)), True, "is suspended"),
        (nightly(), Some(cron(false)), False, "starts another at its next tick"),
        (nightly(), None, True, "(gone)"),
        (owned("acme.io/v1", "Training", "t", "cr-1"), None, True, "Training t"),
    ] {
        let foreign = job["metadata"]["ownerReferences"][0]["kind"] == "Training";
        let mut objects = vec![(Kind::Job, job)];
        objects.extend(cron.map(|cron| (Kind::CronJob, cron)));
        let world = world(&objects);
        let act = delete(&world, Kind::Job, "train-7f");
        check(&world, &act, "job.no-respawn", expected, value);
        let panel = open(&world, &act);
        let asked = panel.items().iter().any(|item| item.id == "job.restart-known");
        assert_eq!(asked, foreign, "only an owner nobody knows is asked about");
    }
}

#[test]
fn what_a_jobs_pods_do_and_what_goes_with_it() {
    let idle = world(&[(Kind::Job, job())]);
    check(
        &idle,
        &delete(&idle, Kind::Job, "train-7f"),
        "job.work",
        True,
        "no pods",
    );
    let busy = claim_world(
        "Retain",
        &[(Kind::Job, job()), (Kind::Pod, job_pod("train-7f-x1", POD))],
    );
    let act = delete(&busy, Kind::Job, "train-7f");
    let value = "1 pod, 1 active: train-7f-x1 on ip-10-0-3-7; they name pvc/data-vault-0";
    check(&busy, &act, "job.work", True, value);
    for (propagation, value) in [
        (
            Propagation::Background,
            "Background: the Job goes at once, 1 pod after it",
        ),
        (Propagation::Foreground, "Foreground: 1 pod first"),
        (
            Propagation::Orphan,
            "1 pod stay without an owner and keep holding pvc/data-vault-0",
        ),
    ] {
        let target = act.target().clone();
        check(
            &busy,
            &Act::Delete { target, propagation },
            "job.propagation",
            True,
            value,
        );
    }
}

#[test]
fn what_comes_after_a_pod() {
    let bare = || changed(set_pod(), |pod| pod["metadata"]["ownerReferences"] = json!([]));
    let without_template = || changed(set("efs"), |set| set["spec"]["volumeClaimTemplates"] = json!([]));
    for (set, claim, pod, expected, value) in [
        (
            set("efs"),
            claim(),
            set_pod(),
            True,
            "StatefulSet vault makes it anew on the SAME data-vault-0",
        ),
        (set("efs"), dying(), set_pod(), True, "on a NEW, empty data-vault-0"),
        (
            without_template(),
            dying(),
            set_pod(),
            False,
            "waits for data-vault-0 for ever",
        ),
        (set("efs"), claim(), bare(), True, "does not come back"),
        (set("efs"), dying(), job_pod("vault-0", POD), False, "for ever"),
    ] {
        let world = world(&[
            (Kind::Job, job()),
            (Kind::StatefulSet, set),
            (Kind::PersistentVolumeClaim, claim),
            (Kind::PersistentVolume, volume("Retain")),
            (Kind::Pod, pod),
        ]);
        check(
            &world,
            &delete(&world, Kind::Pod, "vault-0"),
            "pod.recreation",
            expected,
            value,
        );
    }
}

#[test]
fn the_trap_of_seed_003_has_to_be_signed() {
    const ID: &str = "pod.old-claim-known";
    let moved = [
        (Kind::StatefulSet, set("lvm")),
        (Kind::StorageClass, class("lvm")),
        (Kind::Pod, set_pod()),
    ];
    let moved = claim_world("Retain", &moved);
    let panel = open(&moved, &delete(&moved, Kind::Pod, "vault-0"));
    let question = &item(&panel, ID).title;
    assert!(
        question.contains("on the OLD data-vault-0 (class efs), not on class lvm"),
        "{question}"
    );
    assert!(
        panel
            .closed(at(9_000))
            .iter()
            .any(|reason| reason.contains("OLD data-vault-0"))
    );
    let same = claim_world("Retain", &[(Kind::StatefulSet, set("efs")), (Kind::Pod, set_pod())]);
    let panel = open(&same, &delete(&same, Kind::Pod, "vault-0"));
    assert!(panel.items().iter().all(|item| item.id != ID));
}

#[test]
fn the_last_ready_pod() {
    let second = |ready: &str| {
        let pod = changed(set_pod(), |pod| {
            pod["metadata"]["name"] = json!("vault-1");
            pod["metadata"]["uid"] = json!("pod-1");
            pod["spec"]["volumes"] = json!([]);
            pod["status"]["conditions"][0]["status"] = json!(ready);
        });
        (Kind::Pod, pod)
    };
    let unready = changed(set_pod(), |pod| pod["status"]["conditions"] = json!([]));
    for (mine, others, expected, value) in [
        (set_pod(), vec![], True, "the only one"),
        (set_pod(), vec![second("True")], True, "1 others are ready"),
        (set_pod(), vec![second("False")], False, "last ready one of 2"),
        (unready, vec![second("False")], True, "not ready itself"),
    ] {
        let mut objects = vec![(Kind::StatefulSet, set("efs")), (Kind::Pod, mine)];
        objects.extend(others);
        let world = claim_world("Retain", &objects);
        let act = delete(&world, Kind::Pod, "vault-0");
        check(&world, &act, "pod.not-last-ready", expected, value);
        check(
            &world,
            &act,
            "pod.not-last-ready",
            expected,
            "asks no PodDisruptionBudget",
        );
    }
}

fn attachment() -> Value {
    json!({ "metadata": { "name": "va-1", "uid": "va-1" },
            "spec": { "attacher": "efs.csi.aws.com", "nodeName": "ip-10-0-3-7",
                      "source": { "persistentVolumeName": "pv-1" } },
            "status": { "attached": true } })
}

/// A claim of the reserved name and another uid.
fn heir(phase: &str) -> Value {
    changed(claim(), |claim| {
        claim["metadata"]["uid"] = json!("heir");
        claim["status"]["phase"] = json!(phase);
    })
}

#[test]
fn the_items_of_a_cleared_claim_ref() {
    let claim_kind = Kind::PersistentVolumeClaim;
    let stranger = changed(heir("Pending"), |claim| claim["metadata"]["namespace"] = json!("acme"));
    let leaving = changed(dying(), |claim| claim["metadata"]["uid"] = json!("heir"));
    let deleted = changed(released(), |volume| {
        volume["spec"]["persistentVolumeReclaimPolicy"] = json!("Delete");
    });
    for (volume, more, id, expected, value) in [
        (released(), None, "volume.released", True, "Released"),
        (volume("Retain"), None, "volume.released", False, "Bound"),
        (released(), None, "volume.retained", True, "Retain: efs.csi.aws.com"),
        (deleted, None, "volume.retained", False, "set Retain first"),
        (released(), None, "claim-ref.orphaned", True, "no claim has uid"),
        (
            released(),
            Some((claim_kind, claim())),
            "claim-ref.orphaned",
            False,
            "is alive and owns it",
        ),
        (released(), None, "claim-ref.taker", True, "does not exist yet"),
        (
            released(),
            Some((claim_kind, heir("Pending"))),
            "claim-ref.taker",
            True,
            "is Pending and takes it",
        ),
        (
            released(),
            Some((claim_kind, heir("Bound"))),
            "claim-ref.taker",
            False,
            "cannot take it",
        ),
        (
            released(),
            Some((claim_kind, leaving)),
            "claim-ref.taker",
            False,
            "Terminating",
        ),
        (
            released(),
            Some((claim_kind, stranger)),
            "claim-ref.taker",
            True,
            "acme/data-vault-0 ask for it",
        ),
        (released(), None, "volume.detached", True, "no node"),
        (
            released(),
            Some((Kind::VolumeAttachment, attachment())),
            "volume.detached",
            False,
            "attached to ip-10-0-3-7",
        ),
    ] {
        let mut objects = vec![(Kind::PersistentVolume, volume)];
        objects.extend(more);
        let world = world(&objects);
        check(&world, &clear_ref(&world), id, expected, value);
    }
}
