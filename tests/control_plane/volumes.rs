//! Whom a volume belongs to, and what becomes of it and of its disk (semantics §3.3, §3.4).

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::trial::{Trial, finalizers, is_terminating, text, uid, wait, wait_gone};

const PROTECTION: &str = "kubernetes.io/pv-protection";
/// What an in-tree provisioned volume of policy Delete has beside it.
const IN_TREE: &str = "kubernetes.io/pv-controller";

/// Without uid and resourceVersion in its claimRef a Released volume is Available, but only to the claim it names.
pub(crate) fn reserved_by_name(trial: &Trial<'_>) {
    let (volume, old) = released(trial);
    let refused = trial.patch(&format!("pv/{volume}"), &without_uid("not-this-uid"));
    assert!(!refused.success, "a JSON patch whose test fails was taken: {refused}");
    assert_eq!(
        trial.volume(&volume).expect("the volume")["status"]["phase"],
        "Released"
    );

    trial.patch(&format!("pv/{volume}"), &without_uid(&old)).ok();
    let reserved = trial.wait_phase(&volume, "Available");
    assert_eq!(reserved["spec"]["claimRef"]["name"], "data");
    assert!(reserved["spec"]["claimRef"].get("uid").is_none());

    trial.create_claim("competitor", &json!({}));
    let world = trial.settled();
    assert_eq!(
        world["claim competitor"]["status"]["phase"], "Pending",
        "a competitor took a reserved volume"
    );

    trial.create_claim("data", &json!({"volumeName": volume}));
    let claim = trial.wait_bound("data");
    assert_ne!(uid(&claim), old);
    let world = trial.settled();
    assert_eq!(
        world[&format!("volume {volume}")]["spec"]["claimRef"]["uid"],
        uid(&claim)
    );
    assert_eq!(world["claim competitor"]["status"]["phase"], "Pending");
}

/// A competitor that names the reserved volume does not get it either.
pub(crate) fn reserved_against_a_claim_that_names_it(trial: &Trial<'_>) {
    let (volume, old) = released(trial);
    trial.patch(&format!("pv/{volume}"), &without_uid(&old)).ok();
    trial.wait_phase(&volume, "Available");

    trial.create_claim("competitor", &json!({"volumeName": volume}));
    let world = trial.settled();
    assert_eq!(world["claim competitor"]["status"]["phase"], "Pending");
    assert_eq!(world[&format!("volume {volume}")]["status"]["phase"], "Available");
}

/// With the whole claimRef gone, whoever waits takes the volume.
pub(crate) fn claim_ref_cleared_is_a_theft_window(trial: &Trial<'_>) {
    let (volume, _) = released(trial);
    trial.create_claim("competitor", &json!({}));
    trial
        .patch(
            &format!("pv/{volume}"),
            &json!([{"op": "remove", "path": "/spec/claimRef"}]),
        )
        .ok();

    let claim = trial.wait_bound("competitor");
    assert_eq!(claim["spec"]["volumeName"], volume.as_str());
    trial.create_claim("data", &json!({"volumeName": volume}));
    assert_eq!(trial.settled()["claim data"]["status"]["phase"], "Pending");
}

/// A Released volume is not bound again, not even to a claim of the old name that asks for it.
pub(crate) fn released_is_not_bound_again(trial: &Trial<'_>) {
    let (volume, old) = released(trial);
    trial.create_claim("data", &json!({"volumeName": volume}));
    let world = trial.settled();
    assert_eq!(world["claim data"]["status"]["phase"], "Pending");
    let volume = &world[&format!("volume {volume}")];
    assert_eq!(volume["status"]["phase"], "Released");
    assert_eq!(volume["spec"]["claimRef"]["uid"], old.as_str());
    let events = trial.kubectl(&["get", "events", "-o", "json"]).json();
    let said = events["items"].as_array().expect("events").iter().any(|event| {
        event["message"]
            .as_str()
            .is_some_and(|message| message.contains("already bound to a different claim"))
    });
    assert!(said, "{events}");
}

/// Deleting a Bound volume is a fuse: all goes on until the claim goes, and then the object is gone, its disk left.
pub(crate) fn deleted_while_bound(trial: &Trial<'_>) {
    let (volume, disk) = with_disk(trial, "Retain");
    trial.delete_now(&format!("pv/{volume}"));
    let world = trial.settled();
    let going = &world[&format!("volume {volume}")];
    assert!(is_terminating(going));
    assert_eq!(finalizers(going), [PROTECTION]);
    assert_eq!(going["status"]["phase"], "Bound");
    assert_eq!(world["claim data"]["status"]["phase"], "Bound");
    assert!(!is_terminating(&world["claim data"]));

    trial.delete_now("pvc/data");
    wait_gone("the claim", || trial.claim("data"));
    wait_gone("the volume", || trial.volume(&volume));
    assert!(disk.join("content").exists(), "Retain destroyed the disk");
}

/// A Released or an Available volume is gone at once, and its disk stays.
pub(crate) fn deleted_while_released_or_available(trial: &Trial<'_>) {
    let (volume, disk) = with_disk(trial, "Retain");
    let spare = trial.create_volume("spare");
    trial.delete_now("pvc/data");
    trial.wait_phase(&volume, "Released");
    for gone in [&volume, &spare] {
        trial.delete_now(&format!("pv/{gone}"));
        wait_gone("the volume", || trial.volume(gone));
    }
    assert!(disk.join("content").exists(), "Retain destroyed the disk");
}

/// The controller manager's own host path plugin really removes the directory, if its path has `/tmp/` in it.
pub(crate) fn delete_policy_host_path_under_tmp(trial: &Trial<'_>) {
    let (volume, disk) = with_disk(trial, "Delete");
    trial.delete_now("pvc/data");
    wait_gone("the volume", || trial.volume(&volume));
    assert!(!disk.exists(), "the disk is still there");
}

/// Any other path it refuses, and the volume is Failed.
pub(crate) fn delete_policy_host_path_elsewhere(trial: &Trial<'_>) {
    let volume = bound_to(
        trial,
        "Delete",
        &json!({"hostPath": {"path": "/no-such-directory/disk"}}),
    );
    trial.delete_now("pvc/data");
    let failed = trial.wait_phase(&volume, "Failed");
    let why = text(&failed["status"]["message"]);
    assert!(why.contains("host_path deleter only supports /tmp/.+"), "{why}");
}

/// No plugin can delete an NFS volume: Failed. Setting it to Retain afterwards leaves it Failed; taking the uid out of
/// its claimRef is what makes it usable again.
pub(crate) fn delete_policy_nfs(trial: &Trial<'_>) {
    let volume = bound_to(
        trial,
        "Delete",
        &json!({"nfs": {"server": "127.0.0.1", "path": "/disk"}}),
    );
    let old = uid(&trial.claim("data").expect("the claim")).to_owned();
    trial.delete_now("pvc/data");
    let failed = trial.wait_phase(&volume, "Failed");
    let why = text(&failed["status"]["message"]);
    assert!(why.contains("error getting deleter volume plugin"), "{why}");

    set_policy(trial, &volume, "Retain");
    let world = trial.settled();
    assert_eq!(world[&format!("volume {volume}")]["status"]["phase"], "Failed");

    trial.patch(&format!("pv/{volume}"), &without_uid(&old)).ok();
    trial.wait_phase(&volume, "Available");
}

/// Without the driver's provisioner a CSI volume waits, Released, for ever: the time bomb of trap 59.
pub(crate) fn delete_policy_csi_without_a_provisioner(trial: &Trial<'_>) {
    let source = json!({"csi": {"driver": "nobody.example", "volumeHandle": "disk"}});
    let volume = bound_to(trial, "Delete", &source);
    trial.delete_now("pvc/data");
    trial.wait_phase(&volume, "Released");
    let world = trial.settled();
    let waiting = &world[&format!("volume {volume}")];
    assert_eq!(waiting["status"]["phase"], "Released");
    assert_eq!(finalizers(waiting), [PROTECTION]);
    assert!(!is_terminating(waiting));
}

/// A Released volume that is set from Retain to Delete is destroyed then and there.
pub(crate) fn policy_flipped_while_released(trial: &Trial<'_>) {
    let (volume, disk) = with_disk(trial, "Retain");
    trial.delete_now("pvc/data");
    trial.wait_phase(&volume, "Released");
    assert!(disk.join("content").exists());

    set_policy(trial, &volume, "Delete");
    wait_gone("the volume", || trial.volume(&volume));
    assert!(!disk.exists(), "the disk is still there");
}

/// A Bound volume with policy Delete that is deleted first goes with its claim.
///
/// Nothing is asserted about its disk, which is a race: one controller removes the protection of a volume that is no
/// longer Bound, another destroys the disk if the object is still there when it looks.
pub(crate) fn delete_policy_deleted_while_bound(trial: &Trial<'_>) {
    let (volume, _) = with_disk(trial, "Delete");
    trial.delete_now(&format!("pv/{volume}"));
    wait("the volume is going", || trial.volume(&volume), is_terminating);
    trial.delete_now("pvc/data");
    wait_gone("the volume", || trial.volume(&volume));
}

/// For a provisioned volume there is no race: a second finalizer keeps the object until the disk is destroyed.
pub(crate) fn provisioned_deleted_while_bound(trial: &Trial<'_>) {
    let (volume, disk) = with_disk(trial, "Delete");
    make_provisioned(trial, &volume);
    trial.delete_now(&format!("pv/{volume}"));
    let world = trial.settled();
    assert!(is_terminating(&world[&format!("volume {volume}")]));
    assert!(disk.join("content").exists());

    trial.delete_now("pvc/data");
    wait_gone("the volume", || trial.volume(&volume));
    assert!(!disk.exists(), "the disk is still there");
}

/// A provisioned volume that is Available when it is deleted hangs on that finalizer until its policy is Retain.
pub(crate) fn provisioned_deleted_while_available(trial: &Trial<'_>) {
    trial.create_class();
    let volume = trial.create_volume_with("disk", &json!({"persistentVolumeReclaimPolicy": "Delete"}));
    make_provisioned(trial, &volume);
    trial.delete_now(&format!("pv/{volume}"));
    let stuck = &trial.settled()[&format!("volume {volume}")];
    assert!(is_terminating(stuck));
    assert_eq!(finalizers(stuck), [IN_TREE]);
    assert_eq!(stuck["status"]["phase"], "Available");

    set_policy(trial, &volume, "Retain");
    wait_gone("the volume", || trial.volume(&volume));
}

/// A pv-protection stripped before the delete comes back by itself.
pub(crate) fn an_early_strip_is_undone(trial: &Trial<'_>) {
    trial.create_class();
    let volume = trial.create_volume("disk");
    trial
        .patch(
            &format!("pv/{volume}"),
            &json!([{"op": "remove", "path": "/metadata/finalizers"}]),
        )
        .ok();
    let protected = |volume: &Value| finalizers(volume) == [PROTECTION];
    wait("the protection is back", || trial.volume(&volume), protected);
}

/// A Released Retain volume; gives back its name and the uid of the claim it had.
fn released(trial: &Trial<'_>) -> (String, String) {
    let volume = bound_to(trial, "Retain", &json!({}));
    let old = uid(&trial.claim("data").expect("the claim")).to_owned();
    trial.delete_now("pvc/data");
    trial.wait_phase(&volume, "Released");
    (volume, old)
}

/// A claim `data` bound to a volume of this policy and source.
fn bound_to(trial: &Trial<'_>, policy: &str, source: &Value) -> String {
    trial.create_class();
    let mut spec = source.clone();
    spec["persistentVolumeReclaimPolicy"] = json!(policy);
    let volume = trial.create_volume_with("disk", &spec);
    trial.create_claim("data", &json!({}));
    trial.wait_bound("data");
    volume
}

/// The same on a directory with something in it. Its path has `/tmp/` in it wherever the machine keeps its temporary
/// files, which is what the controller manager asks of a host path it may remove.
fn with_disk(trial: &Trial<'_>, policy: &str) -> (String, PathBuf) {
    let disk = trial.plane.path("disks/tmp").join(&trial.namespace);
    fs::create_dir_all(&disk).expect("a directory for the disk");
    fs::write(disk.join("content"), "precious").expect("something on the disk");
    (bound_to(trial, policy, &json!({"hostPath": {"path": disk}})), disk)
}

/// Says that an in-tree plugin provisioned the volume, and waits for what the controller makes of that.
fn make_provisioned(trial: &Trial<'_>, volume: &str) {
    let by = "pv.kubernetes.io/provisioned-by=kubernetes.io/host-path";
    trial.kubectl(&["annotate", "pv", volume, by]).ok();
    wait(
        "the finalizer",
        || trial.volume(volume),
        |volume| finalizers(volume).contains(&IN_TREE),
    );
}

fn set_policy(trial: &Trial<'_>, volume: &str, policy: &str) {
    let change = json!([{"op": "replace", "path": "/spec/persistentVolumeReclaimPolicy", "value": policy}]);
    trial.patch(&format!("pv/{volume}"), &change).ok();
}

/// The patch that lets a claim of the same name in, if the volume still belongs to the claim with this uid.
fn without_uid(uid: &str) -> Value {
    json!([
        {"op": "test", "path": "/spec/claimRef/uid", "value": uid},
        {"op": "remove", "path": "/spec/claimRef/uid"},
        {"op": "remove", "path": "/spec/claimRef/resourceVersion"},
    ])
}
