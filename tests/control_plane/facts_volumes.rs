//! Whose a volume is, in the cases that lose data: clearing, retargeting, theft (semantics §3.3, §3.6).

use serde_json::{Value, json};

use crate::csi;
use crate::support::persons::Person;
use crate::trial::{Trial, text, uid, wait, wait_gone};

/// The whole claimRef cleared under a living claim: the claim that names the volume takes it back.
pub(crate) fn cleared_under_its_claim(trial: &Trial<'_>) {
    let volume = bound(trial);
    let claim = trial.claim("data").expect("the claim");
    remove(trial, &volume, &["/spec/claimRef"]);
    let taken = |volume: &Value| volume["spec"]["claimRef"]["uid"] == uid(&claim);
    wait("it is taken back", || trial.volume(&volume), taken);
    assert_eq!(trial.settled()["claim data"]["status"]["phase"], "Bound");
}

/// The same with another claim waiting for such a volume: whoever is looked at first has it, and if that is not the old
/// claim, the old claim is Lost under its running pod.
pub(crate) fn cleared_and_stolen(trial: &Trial<'_>) {
    let volume = bound(trial);
    trial.create_pod("user", "data", &json!({}), &json!({}));
    trial.wait_running("user");
    trial.create_claim("competitor", &json!({}));
    trial.settled();
    remove(trial, &volume, &["/spec/claimRef"]);
    wait(
        "it is taken",
        || trial.volume(&volume),
        |volume| volume["spec"]["claimRef"]["uid"].is_string() && volume["status"]["phase"] == "Bound",
    );
    let world = trial.settled();
    let phases = ["claim data", "claim competitor"].map(|claim| text(&world[claim]["status"]["phase"]).to_owned());
    let whose = text(&world[&format!("volume {volume}")]["spec"]["claimRef"]["name"]).to_owned();
    eprintln!("{}: {whose} has it, phases {phases:?}", trial.namespace);
    let expected = if whose == "data" {
        ["Bound", "Pending"]
    } else {
        ["Lost", "Bound"]
    };
    assert_eq!(phases, expected);
    assert_eq!(world["pod user"]["status"]["phase"], "Running");
}

/// Only the uid cleared under a living claim: what becomes of the claim.
pub(crate) fn uid_cleared_under_its_claim(trial: &Trial<'_>) {
    let volume = bound(trial);
    let claim = trial.claim("data").expect("the claim");
    trial.create_pod("user", "data", &json!({}), &json!({}));
    trial.wait_running("user");
    remove(
        trial,
        &volume,
        &["/spec/claimRef/uid", "/spec/claimRef/resourceVersion"],
    );
    let world = trial.settled();
    assert_eq!(uid(&world["claim data"]), uid(&claim));
    assert_eq!(
        world["claim data"]["status"]["phase"], "Lost",
        "{}",
        world["claim data"]
    );
    assert_eq!(world["pod user"]["status"]["phase"], "Running");
    csi::said(trial, "bound to the same volume, this one is bound incorrectly");
}

/// A claimRef rewritten to another claim, without a uid: that claim gets the volume, although it does not ask for it by name.
pub(crate) fn retargeted(trial: &Trial<'_>) {
    let volume = bound(trial);
    trial.delete_now("pvc/data");
    trial.wait_phase(&volume, "Released");
    trial.create_claim("competitor", &json!({}));
    let target =
        json!({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "namespace": trial.namespace, "name": "heir"});
    let change = json!([{"op": "replace", "path": "/spec/claimRef", "value": target}]);
    trial.patch(&format!("pv/{volume}"), &change).ok();
    trial.wait_phase(&volume, "Available");
    trial.create_claim("heir", &json!({}));
    let heir = trial.wait_bound("heir");
    assert_eq!(heir["spec"]["volumeName"], volume.as_str());
    assert_eq!(trial.settled()["claim competitor"]["status"]["phase"], "Pending");
}

/// A volume that is reserved for a claim by name is bound whatever its class; too small a one is not.
pub(crate) fn reserved_of_another_class(trial: &Trial<'_>) {
    trial.create_class();
    let reference = |name: &str| json!({"claimRef": {"namespace": trial.namespace, "name": name}});
    let mut other = reference("data");
    other["storageClassName"] = json!("another");
    let volume = format!("{}-other", trial.namespace);
    trial.create_volume_unwatched(&volume, &other);
    let mut small = reference("large");
    small["capacity"] = json!({"storage": "1Mi"});
    trial.create_volume_unwatched(&format!("{}-small", trial.namespace), &small);

    trial.create_claim("data", &json!({}));
    assert_eq!(trial.wait_bound("data")["spec"]["volumeName"], volume.as_str());
    trial.create_claim("large", &json!({}));
    assert_eq!(trial.settled()["claim large"]["status"]["phase"], "Pending");
}

/// A volume that names a waiting claim in full, uid and all, is that claim's, and nobody else's.
pub(crate) fn full_reference(trial: &Trial<'_>) {
    trial.create_class();
    trial.create_claim("competitor", &json!({}));
    let claim = trial.create_claim("data", &json!({}));
    let volume = format!("{}-disk", trial.namespace);
    trial.create_volume_unwatched(&volume, &json!({"claimRef": reference(&claim)}));
    let claim = trial.wait_bound("data");
    assert_eq!(claim["spec"]["volumeName"], volume.as_str());
    let held = trial.wait_phase(&volume, "Bound");
    assert_eq!(held["spec"]["claimRef"]["uid"], uid(&claim));
    assert_eq!(trial.settled()["claim competitor"]["status"]["phase"], "Pending");
}

/// A volume of another mode, or that offers another access, is not taken by the claim it is reserved for, by name or in full;
/// where the claim names it as well, nothing is compared any more.
pub(crate) fn reserved_of_other_modes(trial: &Trial<'_>) {
    trial.create_class();
    let modes = [
        ("block", json!({"volumeMode": "Block"})),
        ("access", json!({"accessModes": ["ReadOnlyMany"]})),
    ];
    for (mode, differs) in &modes {
        for how in ["by-name", "in-full", "named-too"] {
            let name = format!("{mode}-{how}");
            let volume = format!("{}-{name}", trial.namespace);
            let mut spec = differs.clone();
            let own = match how {
                "named-too" => json!({"volumeName": volume}),
                _ => json!({}),
            };
            let claim = trial.create_claim(&name, &own);
            spec["claimRef"] = match how {
                "in-full" => reference(&claim),
                _ => json!({"namespace": trial.namespace, "name": name}),
            };
            trial.create_volume_unwatched(&volume, &spec);
        }
    }
    let world = trial.settled();
    for (mode, _) in &modes {
        for (how, claimed, held) in [
            ("by-name", "Pending", "Available"),
            ("in-full", "Pending", "Pending"),
            ("named-too", "Bound", "Bound"),
        ] {
            let claim = &world[&format!("claim {mode}-{how}")];
            let volume = &world[&format!("volume {}-{mode}-{how}", trial.namespace)];
            assert_eq!(claim["status"]["phase"], claimed, "{mode}, {how}");
            assert_eq!(volume["status"]["phase"], held, "{mode}, {how}");
        }
    }
    csi::said(trial, "incompatible volumeMode");
}

/// A claim that names a volume waits for it, and takes none that does not fit.
pub(crate) fn claim_names_a_volume(trial: &Trial<'_>) {
    trial.create_class();
    let name = |name: &str| format!("{}-{name}", trial.namespace);
    trial.create_volume_unwatched(&name("small"), &json!({"capacity": {"storage": "1Mi"}}));
    trial.create_claim("large", &json!({"volumeName": name("small")}));
    trial.create_claim("early", &json!({"volumeName": name("late")}));
    let world = trial.settled();
    assert_eq!(world["claim large"]["status"]["phase"], "Pending");
    assert_eq!(world["claim early"]["status"]["phase"], "Pending");
    csi::said(trial, "requested PV is too small");

    trial.create_volume_unwatched(&name("late"), &json!({}));
    assert_eq!(trial.wait_bound("early")["spec"]["volumeName"], name("late").as_str());
}

/// A provisioned volume whose claimRef names, uid and all, a claim that is bound to another: it is destroyed.
pub(crate) fn provisioned_of_a_claim_bound_elsewhere(trial: &Trial<'_>) {
    let driver = &trial.plane.csi().plain;
    csi::class(trial, driver, &json!({}));
    let (own, own_disk) = csi::bound(trial);
    let claim = trial.claim("data").expect("the claim");
    let volume = format!("{}-second", trial.namespace);
    driver.make(&volume);
    let named = reference(&claim);
    let mut object = volume_of(trial, &volume, &named);
    object["metadata"]["annotations"] = json!({"pv.kubernetes.io/provisioned-by": driver.name()});
    object["spec"]["csi"] = json!({"driver": driver.name(), "volumeHandle": volume});
    trial.plane.create(&object);
    wait_gone("the second volume", || trial.volume(&volume));
    let left = driver.volumes();
    assert!(!left.contains(&volume), "the disk of the second volume is still there");
    assert!(left.contains(&own_disk));
    assert_eq!(trial.settled()[&format!("volume {own}")]["status"]["phase"], "Bound");
}

/// The same with a volume made by hand: it is let go, and stays reserved for that name.
pub(crate) fn static_of_a_claim_bound_elsewhere(trial: &Trial<'_>) {
    bound(trial);
    let claim = trial.claim("data").expect("the claim");
    let volume = format!("{}-second", trial.namespace);
    let mut object = volume_of(trial, &volume, &reference(&claim));
    object["spec"]["hostPath"] = json!({"path": trial.plane.path("volumes").join(&volume)});
    trial.plane.create(&object);
    trial.wait_phase(&volume, "Available");
    let left = &trial.settled()[&format!("volume {volume}")];
    assert_eq!(left["spec"]["claimRef"]["name"], "data");
    assert!(left["spec"]["claimRef"].get("uid").is_none(), "{left}");
}

/// A claim without a class gets the default one, also when that comes later.
pub(crate) fn default_class_late(trial: &Trial<'_>) {
    trial.create_class();
    let volume = trial.create_volume("disk");
    trial.create(json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    }));
    assert_eq!(trial.settled()["claim data"]["status"]["phase"], "Pending");
    let class = format!("storageclass/{}", trial.namespace);
    let mark = "storageclass.kubernetes.io/is-default-class";
    trial.kubectl(&["annotate", &class, &format!("{mark}=true")]).ok();
    let claim = trial.wait_bound("data");
    trial.kubectl(&["annotate", &class, &format!("{mark}-")]).ok();
    assert_eq!(claim["spec"]["storageClassName"], trial.namespace.as_str());
    assert_eq!(claim["spec"]["volumeName"], volume.as_str());
}

/// Of two default classes the younger one is given, at the creation of a claim.
pub(crate) fn default_class_of_two(trial: &Trial<'_>) {
    let names = ["older", "younger"].map(|name| format!("{}-{name}", trial.namespace));
    let mut born = String::new();
    for name in &names {
        // creation times are told in whole seconds
        let made = until_after(trial, name, &born);
        text(&made["metadata"]["creationTimestamp"]).clone_into(&mut born);
    }
    let claim = json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "data"},
        "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}},
    });
    // the admission sees classes a little later than they are made
    let given = || {
        let arguments = [
            "--namespace",
            &trial.namespace,
            "create",
            "--dry-run=server",
            "-o",
            "json",
            "-f",
            "-",
        ];
        let made = trial.plane.run(Person::Anna, "kubectl", &arguments, &claim.to_string());
        Some(made.json())
    };
    let younger = |claim: &Value| claim["spec"]["storageClassName"] == names[1].as_str();
    wait("the younger class", given, younger);
    for name in &names {
        trial.kubectl(&["delete", "storageclass", name]).ok();
    }
}

/// Makes a default class whose creation time is another than this one.
fn until_after(trial: &Trial<'_>, name: &str, born: &str) -> Value {
    let mark = "storageclass.kubernetes.io/is-default-class";
    let make = || {
        let made = trial.plane.create(&json!({
            "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass",
            "metadata": {"name": name, "annotations": {mark: "true"}},
            "provisioner": "kubernetes.io/no-provisioner",
        }));
        if made["metadata"]["creationTimestamp"] == born {
            trial.kubectl(&["delete", "storageclass", name]).ok();
            return None;
        }
        Some(made)
    };
    wait("a class of another age", make, |_| true)
}

/// A class that waits for a consumer binds a pair that names each other without one.
pub(crate) fn pre_bound_needs_no_consumer(trial: &Trial<'_>) {
    trial.plane.create(&json!({
        "apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": {"name": trial.namespace},
        "provisioner": "kubernetes.io/no-provisioner", "volumeBindingMode": "WaitForFirstConsumer",
    }));
    let volume = trial.create_volume("disk");
    trial.create_claim("waits", &json!({}));
    trial.create_claim("named", &json!({"volumeName": volume}));
    trial.wait_bound("named");
    assert_eq!(trial.settled()["claim waits"]["status"]["phase"], "Pending");
}

/// A volume that appears twice in no claim's books: of two claims on one volume the one that is not in its claimRef is Lost.
pub(crate) fn misbound(trial: &Trial<'_>) {
    let volume = bound(trial);
    let change = json!([
        {"op": "replace", "path": "/spec/claimRef/uid", "value": "00000000-0000-0000-0000-000000000000"},
    ]);
    trial.patch(&format!("pv/{volume}"), &change).ok();
    wait(
        "the claim is Lost",
        || trial.claim("data"),
        |claim| claim["status"]["phase"] == "Lost",
    );
    assert_eq!(
        trial.settled()[&format!("volume {volume}")]["status"]["phase"],
        "Released"
    );
}

/// A pod's generic ephemeral volume: the claim is held by that pod, and goes with it.
pub(crate) fn ephemeral_volume_holds(trial: &Trial<'_>) {
    trial.create_class();
    trial.create_volume("disk");
    let template = json!({"spec": {
        "storageClassName": trial.namespace, "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    }});
    let volumes = json!({"volumes": [{"name": "data", "ephemeral": {"volumeClaimTemplate": template}}]});
    trial.create_pod("user", "none", &json!({}), &volumes);
    trial.wait_running("user");
    let claim = trial.wait_bound("user-data");
    assert_eq!(claim["metadata"]["ownerReferences"][0]["kind"], "Pod");
    trial.delete_now("pvc/user-data");
    let held = &trial.settled()["claim user-data"];
    assert!(crate::trial::is_terminating(held));
    trial.delete_now("pod/user");
    wait_gone("the claim", || trial.claim("user-data"));
}

/// A claim `data` bound to a Retain volume `disk`.
fn bound(trial: &Trial<'_>) -> String {
    trial.create_class();
    let volume = trial.create_volume("disk");
    trial.create_claim("data", &json!({}));
    trial.wait_bound("data");
    volume
}

fn remove(trial: &Trial<'_>, volume: &str, paths: &[&str]) {
    let change: Vec<Value> = paths.iter().map(|path| json!({"op": "remove", "path": path})).collect();
    trial.patch(&format!("pv/{volume}"), &json!(change)).ok();
}

/// A claimRef that names this very claim.
fn reference(claim: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolumeClaim",
        "namespace": text(&claim["metadata"]["namespace"]), "name": text(&claim["metadata"]["name"]),
        "uid": uid(claim), "resourceVersion": text(&claim["metadata"]["resourceVersion"]),
    })
}

/// A volume of the trial's class, policy Delete, that names a claim, without a source.
fn volume_of(trial: &Trial<'_>, name: &str, claim: &Value) -> Value {
    json!({
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name},
        "spec": {
            "storageClassName": trial.namespace, "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Delete", "claimRef": claim,
        },
    })
}
