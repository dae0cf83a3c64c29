//! Disks behind CSI volumes: who makes them, who destroys them and what keeps them (semantics §3.4, §3.6). What the driver
//! has in its books is what is left. Attachments are in `csi_attached.rs`.

use serde_json::{Value, json};

use crate::support::csi::{Driver, Order, Publishing};
use crate::trial::{Trial, finalizers, is_terminating, text, uid, wait, wait_gone};

pub(crate) const PROTECTION: &str = "kubernetes.io/pv-protection";
/// What a volume bears whose disk the external provisioner will destroy.
pub(crate) const PROVISIONER: &str = "external-provisioner.volume.kubernetes.io/finalizer";

/// Provisioned at once, and destroyed with its claim.
pub(crate) fn immediate(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    class(trial, driver, &json!({}));
    let claim = provisioned(trial, "data");
    let name = text(&claim["spec"]["volumeName"]);
    assert_eq!(name, format!("pvc-{}", uid(&claim)));
    let volume = trial.volume(name).expect("the volume");
    assert_eq!(
        volume["metadata"]["annotations"]["pv.kubernetes.io/provisioned-by"],
        driver.name()
    );
    assert_eq!(sorted(&volume), [PROVISIONER, PROTECTION]);
    assert_eq!(volume["spec"]["persistentVolumeReclaimPolicy"], "Delete");
    let disk = handle(&volume).to_owned();
    assert!(driver.volumes().contains(&disk));

    trial.delete_now("pvc/data");
    wait_gone("the volume", || trial.volume(name));
    assert!(!driver.volumes().contains(&disk), "the disk is still there");
}

/// Nothing is made before a pod wants it.
pub(crate) fn waits_for_first_consumer(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    class(trial, driver, &json!({"volumeBindingMode": "WaitForFirstConsumer"}));
    trial.create_claim("data", &json!({}));
    let waiting = &trial.settled()["claim data"];
    assert_eq!(waiting["status"]["phase"], "Pending");
    said(trial, "waiting for first consumer to be created before binding");

    trial.create_pod("user", "data", &json!({}), &json!({}));
    trial.wait_running("user");
    let claim = trial.wait_bound("data");
    assert_eq!(
        claim["metadata"]["annotations"]["volume.kubernetes.io/selected-node"],
        crate::support::plane::NODE
    );
    assert!(
        driver
            .volumes()
            .contains(&disk_of(trial, text(&claim["spec"]["volumeName"])))
    );
}

/// Retain keeps the disk when the claim goes, and when the volume object goes: nothing in the cluster knows it then.
pub(crate) fn retain_keeps(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    class(trial, driver, &json!({"reclaimPolicy": "Retain"}));
    let (volume, disk) = bound(trial);
    assert_eq!(finalizers(&trial.volume(&volume).expect("the volume")), [PROTECTION]);
    trial.delete_now("pvc/data");
    trial.wait_phase(&volume, "Released");
    trial.settled();
    assert!(driver.volumes().contains(&disk), "Retain destroyed the disk");

    trial.delete_now(&format!("pv/{volume}"));
    wait_gone("the volume", || trial.volume(&volume));
    trial.settled();
    assert!(driver.volumes().contains(&disk), "Retain destroyed the disk");
}

/// Retain to Delete on a Released volume destroys its disk then and there.
pub(crate) fn policy_flipped_while_released(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    class(trial, driver, &json!({"reclaimPolicy": "Retain"}));
    let (volume, disk) = bound(trial);
    trial.delete_now("pvc/data");
    trial.wait_phase(&volume, "Released");
    set_policy(trial, &volume, "Delete");
    wait_gone("the volume", || trial.volume(&volume));
    assert!(!driver.volumes().contains(&disk), "the disk is still there");
}

/// The volume first, its claim after: all goes on until the claim goes, and then the disk is destroyed all the same.
pub(crate) fn deleted_while_bound(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    class(trial, driver, &json!({}));
    let (volume, disk) = bound(trial);
    trial.delete_now(&format!("pv/{volume}"));
    let world = trial.settled();
    let going = &world[&format!("volume {volume}")];
    assert!(is_terminating(going));
    assert_eq!(sorted(going), [PROVISIONER, PROTECTION]);
    assert_eq!(going["status"]["phase"], "Bound");
    assert_eq!(world["claim data"]["status"]["phase"], "Bound");
    assert!(driver.volumes().contains(&disk));

    trial.delete_now("pvc/data");
    wait_gone("the volume", || trial.volume(&volume));
    assert!(!driver.volumes().contains(&disk), "the disk is still there");
}

/// A Released volume of policy Delete that is deleted while its driver fails: it waits with the provisioner's finalizer
/// alone, and the disk is destroyed as soon as the driver can.
pub(crate) fn deleted_while_released(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    let (volume, disk) = failing(trial, driver);
    trial.delete_now(&format!("pv/{volume}"));
    let going = &trial.settled()[&format!("volume {volume}")];
    assert!(is_terminating(going));
    assert_eq!(finalizers(going), [PROVISIONER]);
    assert!(driver.volumes().contains(&disk));

    driver.order(&disk, Order::Obey);
    wait_gone("the volume", || trial.volume(&volume));
    assert!(!driver.volumes().contains(&disk), "the disk is still there");
}

/// A `DeleteVolume` that fails leaves the volume Released, never Failed, and is tried again for ever.
pub(crate) fn delete_fails(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    let (volume, disk) = failing(trial, driver);
    let waiting = &trial.settled()[&format!("volume {volume}")];
    assert_eq!(waiting["status"]["phase"], "Released");
    assert_eq!(sorted(waiting), [PROVISIONER, PROTECTION]);
    assert!(!is_terminating(waiting));

    driver.order(&disk, Order::Hang);
    let waiting = &trial.settled()[&format!("volume {volume}")];
    assert_eq!(waiting["status"]["phase"], "Released");

    driver.order(&disk, Order::Obey);
    wait_gone("the volume", || trial.volume(&volume));
    assert!(!driver.volumes().contains(&disk), "the disk is still there");
}

/// Available, policy Delete and the provisioner's finalizer: deleted, it hangs on that one until its policy is Retain.
pub(crate) fn deleted_while_available(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    let (volume, disk) = failing(trial, driver);
    let clear = json!([
        {"op": "remove", "path": "/spec/claimRef/uid"}, {"op": "remove", "path": "/spec/claimRef/resourceVersion"},
    ]);
    trial.patch(&format!("pv/{volume}"), &clear).ok();
    trial.wait_phase(&volume, "Available");
    driver.order(&disk, Order::Obey);
    trial.delete_now(&format!("pv/{volume}"));
    let stuck = &trial.settled()[&format!("volume {volume}")];
    assert!(is_terminating(stuck));
    assert_eq!(finalizers(stuck), [PROVISIONER]);
    assert_eq!(stuck["status"]["phase"], "Available");
    assert!(driver.volumes().contains(&disk));

    set_policy(trial, &volume, "Retain");
    wait_gone("the volume", || trial.volume(&volume));
    assert!(driver.volumes().contains(&disk), "Retain destroyed the disk");
}

/// Never bound, it never got the finalizer: the object of a static volume is gone at once, and its disk is left.
pub(crate) fn static_deleted_while_available(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    class(trial, driver, &json!({}));
    let (volume, disk) = by_hand(trial, driver, "Delete");
    trial.wait_phase(&volume, "Available");
    assert_eq!(finalizers(&trial.settled()[&format!("volume {volume}")]), [PROTECTION]);
    trial.delete_now(&format!("pv/{volume}"));
    wait_gone("the volume", || trial.volume(&volume));
    trial.settled();
    assert!(
        driver.volumes().contains(&disk),
        "the disk of a volume never bound is gone"
    );
}

/// A disk that an administrator made is destroyed like any other.
pub(crate) fn static_is_destroyed(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    class(trial, driver, &json!({}));
    let (volume, disk) = by_hand(trial, driver, "Delete");
    trial.create_claim("data", &json!({"volumeName": volume}));
    trial.wait_bound("data");
    wait(
        "the provisioner's finalizer",
        || trial.volume(&volume),
        |volume| finalizers(volume).contains(&PROVISIONER),
    );
    trial.delete_now("pvc/data");
    wait_gone("the volume", || trial.volume(&volume));
    assert!(!driver.volumes().contains(&disk), "the disk is still there");
}

/// The provisioner's finalizer stripped from a volume that is going: the provisioner passes it by, the disk is leaked.
pub(crate) fn late_strip_leaks(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    class(trial, driver, &json!({}));
    let (volume, disk) = bound(trial);
    trial.delete_now(&format!("pv/{volume}"));
    wait("the volume is going", || trial.volume(&volume), is_terminating);
    strip(trial, &format!("pv/{volume}"), &json!([PROTECTION]));
    let going = &trial.settled()[&format!("volume {volume}")];
    assert_eq!(
        finalizers(going),
        [PROTECTION],
        "the provisioner put its finalizer back"
    );

    trial.delete_now("pvc/data");
    wait_gone("the volume", || trial.volume(&volume));
    trial.settled();
    assert!(driver.volumes().contains(&disk), "the disk is not leaked but destroyed");
}

/// Stripped before the delete it comes back by itself.
pub(crate) fn early_strip_is_undone(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    class(trial, driver, &json!({}));
    let (volume, _) = bound(trial);
    strip(trial, &format!("pv/{volume}"), &json!([]));
    wait(
        "both are back",
        || trial.volume(&volume),
        |volume| sorted(volume) == [PROVISIONER, PROTECTION],
    );
}

/// A dead provisioner is a time bomb: Released and whole, until it is back. Retain, set before, is what saves the disk.
pub(crate) fn provisioner_dead(trial: &Trial<'_>) {
    let driver = trial.plane.csi_driver("dead.kit", Publishing::None);
    class(trial, &driver, &json!({}));
    let claims = ["lost", "saved"].map(|name| (name, provisioned(trial, name)));
    let volumes = claims.map(|(name, claim)| {
        let volume = text(&claim["spec"]["volumeName"]).to_owned();
        let disk = disk_of(trial, &volume);
        (name, volume, disk)
    });
    driver.stop_provisioner();
    for (name, volume, _) in &volumes {
        trial.delete_now(&format!("pvc/{name}"));
        trial.wait_phase(volume, "Released");
    }
    let [(_, lost, lost_disk), (_, saved, saved_disk)] = &volumes;
    let world = trial.settled();
    let waiting = &world[&format!("volume {lost}")];
    assert_eq!(waiting["status"]["phase"], "Released");
    assert_eq!(sorted(waiting), [PROVISIONER, PROTECTION]);
    assert!(driver.volumes().contains(lost_disk));

    set_policy(trial, saved, "Retain");
    trial.plane.start_provisioner(&driver);
    wait_gone("the volume", || trial.volume(lost));
    assert!(!driver.volumes().contains(lost_disk), "the disk is still there");
    let kept = trial.settled()[&format!("volume {saved}")].clone();
    assert_eq!(finalizers(&kept), [PROTECTION]);
    assert!(driver.volumes().contains(saved_disk), "Retain destroyed the disk");
}

/// Deleting a class touches nothing that was made of it; a claim that waits goes on once a class of the name is back.
pub(crate) fn class_deleted(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    class(trial, driver, &json!({}));
    let (volume, disk) = bound(trial);
    trial.kubectl(&["delete", "storageclass", &trial.namespace]).ok();
    let world = trial.settled();
    assert_eq!(world["claim data"]["status"]["phase"], "Bound");
    trial.create_claim("late", &json!({}));
    assert_eq!(trial.settled()["claim late"]["status"]["phase"], "Pending");

    trial.delete_now("pvc/data");
    wait_gone("the volume", || trial.volume(&volume));
    assert!(!driver.volumes().contains(&disk), "the disk is still there");

    class(trial, driver, &json!({}));
    trial.wait_bound("late");
}

/// The Secret whose credentials a disk is to be destroyed with is gone, or only a class names it that is gone as well: the driver
/// is asked without, and destroys the disk.
pub(crate) fn deletion_secret_gone(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    let secret = json!({
        "csi.storage.k8s.io/provisioner-secret-name": "creds",
        "csi.storage.k8s.io/provisioner-secret-namespace": trial.namespace,
    });
    class(trial, driver, &json!({"parameters": secret}));
    trial.create_claim("data", &json!({}));
    said(trial, "secret creds in namespace");
    trial
        .create(json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "creds"}, "stringData": {"a": "1"}}));
    let names = ["data", "unmarked"];
    let volumes = names.map(|name| {
        if name != "data" {
            trial.create_claim(name, &json!({}));
        }
        let volume = text(&trial.wait_bound(name)["spec"]["volumeName"]).to_owned();
        let annotations = &trial.volume(&volume).expect("the volume")["metadata"]["annotations"];
        for (mark, value) in [("name", "creds"), ("namespace", trial.namespace.as_str())] {
            assert_eq!(
                annotations[format!("volume.kubernetes.io/provisioner-deletion-secret-{mark}")],
                value
            );
        }
        let disk = disk_of(trial, &volume);
        (name, volume, disk)
    });
    let [_, (_, unmarked, _)] = &volumes;
    let marks = ["name", "namespace"].map(|mark| format!("volume.kubernetes.io/provisioner-deletion-secret-{mark}-"));
    trial.kubectl(&["annotate", "pv", unmarked, &marks[0], &marks[1]]).ok();
    trial.kubectl(&["delete", "secret/creds"]).ok();
    trial.kubectl(&["delete", "storageclass", &trial.namespace]).ok();
    for (name, volume, disk) in &volumes {
        trial.delete_now(&format!("pvc/{name}"));
        wait_gone("the volume", || trial.volume(volume));
        assert!(!driver.volumes().contains(disk), "the disk is still there");
    }
}

/// The trial's class, made by this driver.
pub(crate) fn class(trial: &Trial<'_>, driver: &Driver, fields: &Value) {
    let mut class = json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": trial.namespace},
        "provisioner": driver.name(),
    });
    crate::trial::merge(&mut class, fields);
    trial.plane.create(&class);
}

/// A claim with a volume that was made for it.
fn provisioned(trial: &Trial<'_>, claim: &str) -> Value {
    trial.create_claim(claim, &json!({}));
    trial.wait_bound(claim)
}

/// A claim `data` with a volume that was made for it; gives back the volume and the handle of its disk.
pub(crate) fn bound(trial: &Trial<'_>) -> (String, String) {
    let volume = text(&provisioned(trial, "data")["spec"]["volumeName"]).to_owned();
    let disk = disk_of(trial, &volume);
    (volume, disk)
}

/// A Released volume of policy Delete whose disk the driver fails to destroy.
fn failing(trial: &Trial<'_>, driver: &Driver) -> (String, String) {
    class(trial, driver, &json!({}));
    let (volume, disk) = bound(trial);
    driver.order(&disk, Order::Fail);
    trial.delete_now("pvc/data");
    trial.wait_phase(&volume, "Released");
    said(trial, &format!("{disk} is not destroyed: the driver was told to fail"));
    (volume, disk)
}

/// A volume on a disk that an administrator made; gives back the volume and the handle of its disk.
pub(crate) fn by_hand(trial: &Trial<'_>, driver: &Driver, policy: &str) -> (String, String) {
    let volume = format!("{}-disk", trial.namespace);
    let disk = format!("{volume}-by-hand");
    driver.make(&disk);
    let csi = json!({"driver": driver.name(), "volumeHandle": disk});
    trial.create_volume_unwatched(&volume, &json!({"persistentVolumeReclaimPolicy": policy, "csi": csi}));
    (volume, disk)
}

/// Sets the finalizers of an object.
pub(crate) fn strip(trial: &Trial<'_>, object: &str, left: &Value) {
    let change = json!([{"op": "replace", "path": "/metadata/finalizers", "value": left}]);
    trial.patch(object, &change).ok();
}

fn set_policy(trial: &Trial<'_>, volume: &str, policy: &str) {
    let change = json!([{"op": "replace", "path": "/spec/persistentVolumeReclaimPolicy", "value": policy}]);
    trial.patch(&format!("pv/{volume}"), &change).ok();
}

/// Waits for an event with these words about an object of the trial. Events of volumes, which have no namespace, stand in
/// `default`.
pub(crate) fn said(trial: &Trial<'_>, words: &str) {
    let look = || {
        ["default", &trial.namespace].iter().find_map(|namespace| {
            let list = trial.plane.get(&format!("/api/v1/namespaces/{namespace}/events"))?;
            let says = |event: &&Value| event["message"].as_str().is_some_and(|message| message.contains(words));
            list["items"].as_array()?.iter().find(says).cloned()
        })
    };
    wait(&format!("an event that says {words:?}"), look, |_| true);
}

fn disk_of(trial: &Trial<'_>, volume: &str) -> String {
    handle(&trial.volume(volume).expect("the volume")).to_owned()
}

fn handle(volume: &Value) -> &str {
    text(&volume["spec"]["csi"]["volumeHandle"])
}

pub(crate) fn sorted(object: &Value) -> Vec<&str> {
    let mut finalizers = finalizers(object);
    finalizers.sort_unstable();
    finalizers
}
