//! Ways out on small worlds: their order, what they never offer first, and that they end.

use super::super::fixture::{QUIET, conditions, hasan_prod, key, now, with, world};
use super::*;
use crate::model::World;

fn told(world: &World, target: &str) -> Way {
    let conditions = conditions();
    let look = Look {
        world,
        conditions: &conditions,
        now: now(),
        quiet: QUIET,
    };
    way(look, &key(target)).unwrap()
}

fn acts(way: &Way) -> Vec<String> {
    way.steps
        .iter()
        .filter(|step| !step.later)
        .filter_map(|step| step.act.as_ref())
        .map(ToString::to_string)
        .collect()
}

#[test]
fn a_claim_is_freed_by_ending_its_nine_jobs_one_after_another() {
    let mut world = hasan_prod();
    for left in (0..9).rev() {
        let way = told(&world, "pvc/shared-data");
        assert_eq!(acts(&way).len(), left + 1, "{:?}", acts(&way));
        let next = way.steps[way.next().unwrap()].act.clone().unwrap();
        assert!(way.due(way.next().unwrap()) && !way.due(way.steps.len() - 1));
        let Act::Delete { target, .. } = &next else {
            panic!("{next}");
        };
        let pod = Key::new(Kind::Pod, "shop", &format!("{}-x", target.key.name));
        assert!(world.take(&target.key).is_some() && world.take(&pod).is_some());
    }
    assert_eq!(
        told(&world, "pvc/shared-data").next(),
        None,
        "the rest is the controller's"
    );
    // what is for later is shown, and its panel is never opened before its time
    let way = told(&hasan_prod(), "pvc/shared-data");
    let later: Vec<usize> = (0..way.steps.len()).filter(|at| way.steps[*at].later).collect();
    assert!(!later.is_empty() && later.iter().all(|at| !way.due(*at)), "{way:?}");
    let calm = told(&world, "pvc/mysql-pvc");
    assert!(calm.over && calm.steps.is_empty());
}

#[test]
fn the_disk_is_kept_before_anything_is_ended() {
    let world = hasan_prod();
    let volume = world.get(&Key::cluster(Kind::PersistentVolume, "efs-data")).unwrap();
    let mut doomed = Object::clone(volume);
    if let crate::model::Body::PersistentVolume(facts) = &mut doomed.body {
        facts.spec.persistent_volume_reclaim_policy = ReclaimPolicy::Delete;
    }
    let mut world = world.clone();
    world.put(doomed);
    let way = told(&world, "pvc/shared-data");
    assert_eq!(acts(&way)[0], "set reclaim policy of pv/efs-data to Retain");
    assert_eq!(way.next(), Some(0));

    let space = r#"
- {kind: Namespace, metadata: {name: shop, deletionTimestamp: "2026-04-27T12:00:00Z"}, status: {phase: Terminating}}"#;
    let going = with(world, space);
    let way = told(&going, "namespace/shop");
    assert_eq!(acts(&way)[0], "set reclaim policy of pv/efs-data to Retain");
    assert!(
        acts(&way).iter().any(|act| act.starts_with("delete job/train-0")),
        "{:?}",
        acts(&way)
    );
    assert!(
        !way.steps.iter().any(|step| step.sentence == "explain pvc/shared-data"),
        "what it says to look up is in the way itself"
    );
    assert!(way.steps.last().unwrap().sentence.starts_with("do not"));
}

#[test]
fn a_finalizer_is_never_what_is_offered_first() {
    let orphan = r#"
- {kind: PersistentVolume, metadata: {name: dead, deletionTimestamp: "2026-04-27T12:00:00Z", finalizers: [external-provisioner.volume.kubernetes.io/finalizer], annotations: {pv.kubernetes.io/provisioned-by: dead.example.com}}, spec: {persistentVolumeReclaimPolicy: Delete, csi: {driver: dead.example.com, volumeHandle: h}}, status: {phase: Released}}"#;
    let world = world(orphan);
    let mut conditions = conditions();
    conditions.dead_provisioners.insert("dead.example.com".into());
    for conditions in [&super::super::fixture::conditions(), &conditions] {
        let look = Look {
            world: &world,
            conditions,
            now: now(),
            quiet: QUIET,
        };
        let way = way(look, &Key::cluster(Kind::PersistentVolume, "dead")).unwrap();
        let strip = (0..way.steps.len()).find(|at| way.strips(*at));
        assert!(strip != Some(0), "{:?}", way.steps);
        assert!(way.next().is_none_or(|next| Some(next) != strip), "{:?}", way.steps);
    }
}

#[test]
fn a_release_goes_on_under_its_newest_record() {
    let record = |revision: u32, status: &str| {
        format!(
            "\n- {{kind: Secret, metadata: {{name: sh.helm.release.v1.eks.v{revision}, namespace: shop, creationTimestamp: '2026-04-27T12:00:00Z', labels: {{owner: helm, name: eks, version: '{revision}', status: {status}}}}}}}"
        )
    };
    let stuck = world(&(record(7, "deployed") + &record(8, "pending-upgrade")));
    let way = told(&stuck, "release/sh.helm.release.v1.eks.v7");
    assert_eq!(way.object.name, "sh.helm.release.v1.eks.v8");
    assert_eq!(
        acts(&way),
        ["rollback to revision 7 (helm of an unknown version) of release/sh.helm.release.v1.eks.v8"]
    );
    let mut freed = with(stuck, &record(9, "deployed"));
    freed.take(&key("release/sh.helm.release.v1.eks.v8"));
    let way = told(&freed, "release/sh.helm.release.v1.eks.v8");
    assert!(way.over && way.object.name == "sh.helm.release.v1.eks.v9", "{way:?}");
}

#[test]
fn only_the_object_that_is_named_is_followed() {
    let name = key("pod/x");
    assert!(refers(
        "explain pod/x: nothing else is deleted before it is gone",
        &name
    ));
    assert!(!refers("explain pod/x1: nothing else", &name) && !refers("delete pod/x", &name));
}
