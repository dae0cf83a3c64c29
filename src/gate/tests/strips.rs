//! A finalizer taken off: what comes of it is told, what nobody knows is signed, and nothing opens before its controller is
//! known to be gone.

use super::super::ItemState::{False, True, Unattested, Unknown};
use super::{
    CLAIM, Panel, QUIET, anna, answer, at, changed, check, claim, cluster, dying, item, look, open, state, volume,
    world,
};
use crate::diagnose::Look;
use crate::forecast::{Outcome, forecast};
use crate::laws::Conditions;
use crate::model::storage::EXTERNAL_PROVISIONER;
use crate::model::{Act, Key, Kind, World};
use serde_json::json;

const FOREIGN: &str = "example.com/hold";

fn strip(world: &World, key: &Key, finalizer: &str) -> Act {
    Act::RemoveFinalizer {
        target: world.get(key).unwrap().pin(),
        finalizer: finalizer.into(),
    }
}

fn claim_key() -> Key {
    Key::new(Kind::PersistentVolumeClaim, "hasan-prod", "data-vault-0")
}

#[test]
fn a_foreign_finalizer_stays_while_its_controller_may_live() {
    let held = changed(dying(), |claim| claim["metadata"]["finalizers"] = json!([FOREIGN]));
    let world = world(&[
        (Kind::PersistentVolumeClaim, held),
        (Kind::PersistentVolume, volume("Retain")),
    ]);
    let act = strip(&world, &claim_key(), FOREIGN);
    let mut panel = open(&world, &act);

    // what comes of the objects is known
    let told = |panel: &Panel, uid: &str| {
        let mut entries = panel.forecast().entries.iter();
        entries
            .find(|entry| entry.uid.to_string() == uid)
            .map(|entry| entry.outcome.clone())
    };
    assert_eq!(told(&panel, CLAIM), Some(Outcome::Deleted));
    let kept = told(&panel, super::VOLUME);
    assert!(matches!(kept, Some(Outcome::VolumeRetained { .. })), "{kept:?}");
    assert_eq!(state(&panel, "facts.fresh"), True);

    // what the controller had still to do is not, and that is signed, as the loss is
    let granted = item(&panel, "forecast.granted");
    assert_eq!(granted.state, Unattested);
    let unknown = format!("what the controller of {FOREIGN} has still to do");
    assert!(granted.title.contains(&unknown), "{}", granted.title);
    assert_eq!(state(&panel, "finalizer.loss"), Unattested);

    // whatever is signed, it stays shut
    check(&world, &act, "finalizer.owner-absent", Unknown, "unknown owner");
    answer(&mut panel, &world, 1_000);
    // and the refusal says that there is no word for it
    let refused = item(&panel, "finalizer.owner-absent");
    assert!(
        refused.value.contains("a finalizer names no workload"),
        "{}",
        refused.value
    );
    assert!(!refused.value.contains("--dead-provisioner"), "{}", refused.value);
    let shut = panel.closed(at(4_000)).join("; ");
    assert!(
        shut.contains(&format!("the controller of {FOREIGN} is gone for good")),
        "{shut}"
    );
    assert!(panel.approve(at(4_000)).is_err());
}

#[test]
fn nothing_is_stripped_from_what_is_not_being_deleted_or_of_a_controller_that_lives() {
    let whole = world(&[
        (Kind::PersistentVolumeClaim, claim()),
        (Kind::PersistentVolume, volume("Retain")),
    ]);
    let act = strip(&whole, &claim_key(), "kubernetes.io/pvc-protection");
    check(&whole, &act, "finalizer.waited-for", False, "not being deleted");
    check(&whole, &act, "finalizer.owner-absent", False, "nothing proves it gone");

    // the same claim, deleted first: it is waited for, and its controller lives all the same
    let going = world(&[
        (Kind::PersistentVolumeClaim, dying()),
        (Kind::PersistentVolume, volume("Retain")),
    ]);
    let act = strip(&going, &claim_key(), "kubernetes.io/pvc-protection");
    check(&going, &act, "finalizer.waited-for", True, "");
    check(&going, &act, "finalizer.owner-absent", False, "taken to be alive");
}

#[test]
fn a_dead_provisioners_finalizer_waits_for_the_word_and_the_signature() {
    let going = changed(volume("Retain"), |volume| {
        volume["metadata"]["deletionTimestamp"] = json!("2026-01-01T11:00:00Z");
        volume["metadata"]["finalizers"] = json!([EXTERNAL_PROVISIONER]);
        volume["status"]["phase"] = json!("Released");
    });
    let world = world(&[(Kind::PersistentVolume, going)]);
    let act = strip(
        &world,
        &Key::cluster(Kind::PersistentVolume, "pv-1"),
        EXTERNAL_PROVISIONER,
    );
    check(&world, &act, "finalizer.owner-absent", Unknown, "--dead-provisioner");

    let mut named = Conditions::default();
    named.dead_provisioners.insert("efs.csi.aws.com".into());
    let told = forecast(&world, &act, &named, at(0), QUIET);
    let look = Look {
        conditions: &named,
        ..look(&world)
    };
    let panel = Panel::open(told, look, &cluster(), &anna(), 1);
    assert_eq!(state(&panel, "finalizer.owner-absent"), True);
    assert_eq!(state(&panel, "finalizer.loss"), Unattested);

    // a pod of the driver that is ready contradicts the word, one of another driver does not
    for (pod, expected) in [("efs-csi-controller-7d9", False), ("ebs-csi-controller-7d9", True)] {
        let running = json!({
            "metadata": {"name": pod, "namespace": "kube-system", "uid": "u-pod", "resourceVersion": "1"},
            "spec": {"nodeName": "n1"},
            "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
        });
        let mut seen = world.clone();
        seen.put(crate::model::Object::from_value(Kind::Pod, &running).unwrap());
        let told = forecast(&seen, &act, &named, at(0), QUIET);
        let look = Look {
            conditions: &named,
            ..super::look(&seen)
        };
        let mut panel = Panel::open(told, look, &cluster(), &anna(), 1);
        assert_eq!(state(&panel, "finalizer.owner-absent"), expected, "{pod}");
        answer(&mut panel, &seen, 1_000);
        let shut = panel.closed(at(4_000)).join("; ");
        assert_eq!(shut.contains("is gone for good"), expected == False, "{pod}: {shut}");
        if expected == False {
            assert!(panel.approve(at(4_000)).is_err());
        }
    }
}
