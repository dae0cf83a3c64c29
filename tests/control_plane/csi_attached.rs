//! Disks that pods have mounted: the attachment that guards them, and its absence (semantics §3.4, §3.7).

use serde_json::{Value, json};

use crate::csi::{PROTECTION, PROVISIONER, bound, class, said, sorted, strip};
use crate::trial::{Trial, finalizers, is_terminating, wait, wait_gone};

const ATTACHER: &str = "external-attacher/disk-kit";

/// The claim is torn from under a running pod: the attachment guards the disk until the pod goes and it is detached.
pub(crate) fn attachment_guards(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().attaching;
    class(trial, driver, &json!({}));
    let (volume, disk) = mounted(trial);
    let attachment = attached(trial, &volume);
    assert_eq!(finalizers(&attachment), [ATTACHER]);
    let held = wait(
        "the attacher's finalizer",
        || trial.volume(&volume),
        |volume| finalizers(volume).contains(&ATTACHER),
    );
    assert_eq!(sorted(&held), [ATTACHER, PROVISIONER, PROTECTION]);

    tear(trial);
    trial.wait_phase(&volume, "Released");
    said(
        trial,
        &format!("persistentvolume {volume} is still attached to node node-0"),
    );
    trial.settled();
    assert!(driver.volumes().contains(&disk), "destroyed under an attachment");

    trial.delete_now("pod/user");
    wait_gone("the volume", || trial.volume(&volume));
    assert!(!driver.volumes().contains(&disk), "the disk is still there");
}

/// Without attach nothing guards it: destroyed with the pod still running.
pub(crate) fn nothing_guards_without_attach(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    class(trial, driver, &json!({}));
    let (volume, disk) = mounted(trial);
    tear(trial);
    wait_gone("the volume", || trial.volume(&volume));
    assert!(!driver.volumes().contains(&disk), "the disk is still there");
    assert_eq!(trial.settled()["pod user"]["status"]["phase"], "Running");
}

/// The finalizer of an attached volume's attacher: of a volume that is going it is taken off once nothing attaches it.
pub(crate) fn attacher_lets_go(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().attaching;
    class(trial, driver, &json!({"reclaimPolicy": "Retain"}));
    let (volume, disk) = mounted(trial);
    attached(trial, &volume);
    wait(
        "the attacher's finalizer",
        || trial.volume(&volume),
        |volume| finalizers(volume).contains(&ATTACHER),
    );
    tear(trial);
    trial.wait_phase(&volume, "Released");
    trial.delete_now(&format!("pv/{volume}"));
    let going = &trial.settled()[&format!("volume {volume}")];
    assert!(is_terminating(going));
    assert_eq!(finalizers(going), [ATTACHER]);

    trial.delete_now("pod/user");
    wait_gone("the volume", || trial.volume(&volume));
    assert!(driver.volumes().contains(&disk), "Retain destroyed the disk");
}

/// A claim `data` with a volume that was made for it and a pod `user` that runs on it; gives back the volume and the handle
/// of its disk.
fn mounted(trial: &Trial<'_>) -> (String, String) {
    let made = bound(trial);
    trial.create_pod("user", "data", &json!({}), &json!({}));
    trial.wait_running("user");
    made
}

/// Takes the claim `data` from under the pod that holds it.
fn tear(trial: &Trial<'_>) {
    trial.delete_now("pvc/data");
    wait("the claim is going", || trial.claim("data"), is_terminating);
    strip(trial, "pvc/data", &json!([]));
    wait_gone("the claim", || trial.claim("data"));
}

/// The volume's attachment, once it is attached.
fn attached(trial: &Trial<'_>, volume: &str) -> Value {
    let look = || {
        let list = trial.plane.get("/apis/storage.k8s.io/v1/volumeattachments")?;
        let of_volume = |attachment: &&Value| attachment["spec"]["source"]["persistentVolumeName"] == volume;
        list["items"].as_array()?.iter().find(of_volume).cloned()
    };
    wait("the attachment", look, |attachment| {
        attachment["status"]["attached"] == true
    })
}
