//! What the API server does with each change.

use crate::laws::fixture::{key, world};
use crate::laws::{Change, apply};
use crate::model::{Key, Propagation, Uid, World};

fn delete(world: &mut World, key: &Key, propagation: Propagation) {
    let uid = world.get(key).unwrap().meta.uid.clone();
    let object = key.clone();
    apply(
        world,
        &Change::Delete {
            object,
            uid,
            propagation,
        },
    );
}

fn pod(spec: &str, phase: &str, meta: &str) -> World {
    world(&format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: a{meta}}}\nspec: {{{spec}}}\nstatus: {{phase: {phase}}}\n"
    ))
}

#[test]
fn a_delete_removes_or_marks() {
    let p = key("pod a/p");
    for (name, mut world, grace) in [
        ("unscheduled", pod("", "Pending", ""), None),
        ("terminal", pod("nodeName: n1", "Succeeded", ""), None),
        ("scheduled", pod("nodeName: n1", "Running", ""), Some(30)),
        ("held", pod("", "Pending", ", finalizers: [x/y]"), Some(0)),
    ] {
        delete(&mut world, &p, Propagation::Background);
        let left = world.get(&p).map(|pod| pod.meta.deletion_grace_period_seconds);
        assert_eq!(left, grace.map(Some), "{name}");
    }
}

#[test]
fn propagation_leaves_its_finalizer_and_takes_the_other() {
    let p = key("pod a/p");
    for (propagation, expected) in [
        (Propagation::Background, vec!["x/y"]),
        (Propagation::Foreground, vec!["x/y", "foregroundDeletion"]),
        (Propagation::Orphan, vec!["x/y", "orphan"]),
    ] {
        let mut world = pod("", "Pending", ", finalizers: [orphan, x/y]");
        delete(&mut world, &p, propagation);
        assert_eq!(*world.get(&p).unwrap().meta.finalizers, expected);
        let first = world.clone();
        delete(&mut world, &p, propagation);
        assert_eq!(
            world.revision(),
            first.revision(),
            "the same DELETE again changes nothing"
        );
    }
}

#[test]
fn a_second_delete_changes_the_propagation_of_what_only_finalizers_hold() {
    use Propagation::{Background, Foreground, Orphan};
    for (held, first, second, left) in [
        (", finalizers: [x/y]", Background, Orphan, &["x/y", "orphan"][..]),
        (", finalizers: [x/y]", Foreground, Orphan, &["x/y", "orphan"]),
        (", finalizers: [x/y]", Orphan, Background, &["x/y"]),
        ("", Foreground, Foreground, &["foregroundDeletion"]),
        ("", Foreground, Background, &[]),
    ] {
        let p = key("pod a/p");
        let mut world = pod("", "Pending", held);
        delete(&mut world, &p, first);
        delete(&mut world, &p, second);
        let finalizers: Vec<String> = world
            .get(&p)
            .into_iter()
            .flat_map(|pod| pod.meta.finalizers.iter().map(ToString::to_string))
            .collect();
        assert_eq!(finalizers, left, "{first:?}, then {second:?}");
    }
}

#[test]
fn a_pod_goes_when_its_kubelet_has_confirmed_and_no_finalizer_is_left() {
    let p = key("pod a/p");
    let confirm = |world: &mut World| {
        let uid = world.get(&p).unwrap().meta.uid.clone();
        apply(world, &Change::ConfirmPodGone { pod: p.clone(), uid });
    };
    let strip = |world: &mut World| {
        let uid = world.get(&p).unwrap().meta.uid.clone();
        let (object, finalizer) = (p.clone(), "x/y".into());
        apply(world, &Change::RemoveFinalizer { object, uid, finalizer });
    };
    let mut world = pod("nodeName: n1", "Running", ", finalizers: [x/y]");
    confirm(&mut world);
    assert!(world.get(&p).is_some(), "a pod that nobody deletes stays");
    delete(&mut world, &p, Propagation::Background);
    let mut other = world.clone();
    confirm(&mut world);
    assert!(world.get(&p).is_some(), "held by its finalizer");
    strip(&mut world);
    assert!(world.get(&p).is_none());
    strip(&mut other);
    assert!(other.get(&p).is_some(), "still ending");
    confirm(&mut other);
    assert!(other.get(&p).is_none());
}

#[test]
fn a_change_for_another_uid_does_nothing() {
    let mut world = pod("", "Pending", "");
    let before = world.revision();
    let (object, propagation) = (key("pod a/p"), Propagation::Background);
    apply(
        &mut world,
        &Change::Delete {
            object,
            uid: Uid::new("other"),
            propagation,
        },
    );
    assert_eq!(world.revision(), before);
}

#[test]
fn destroying_a_disk_deletes_the_volume_and_lifts_the_provisioners_mark_only() {
    let v = key("pv v");
    let mut world = world(
        "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: v, finalizers: [kubernetes.io/pv-protection, external-provisioner.volume.kubernetes.io/finalizer]}\n",
    );
    let uid = world.get(&v).unwrap().meta.uid.clone();
    apply(&mut world, &Change::DestroyDisk { volume: v.clone(), uid });
    let left = world.get(&v).unwrap();
    assert!(left.meta.deleting());
    assert_eq!(*left.meta.finalizers, ["kubernetes.io/pv-protection"]);
}

#[test]
fn unbinding_keeps_what_an_administrator_wrote() {
    let v = key("pv v");
    for (annotation, kept) in [("", true), ("pv.kubernetes.io/bound-by-controller: \"yes\"", false)] {
        let mut world = world(&format!(
            "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: v, annotations: {{{annotation}}}}}\nspec: {{claimRef: {{namespace: a, name: data, uid: u1}}}}\n"
        ));
        let uid = world.get(&v).unwrap().meta.uid.clone();
        apply(&mut world, &Change::Unbind { volume: v.clone(), uid });
        let object = world.get(&v).unwrap();
        let claim = object.body.volume().unwrap().spec.claim_ref.clone();
        assert_eq!(claim.is_some(), kept);
        assert!(claim.is_none_or(|claim| claim.uid.is_empty()));
    }
}
