//! Chains of owners, and where they end.

use super::{Root, root};
use crate::laws::fixture::{key, world};
use crate::model::{Kind, World};

/// An object of a kind and name, in namespace `a`, with these owners.
fn object(version: &str, kind: &str, name: &str, owners: &str) -> String {
    format!(
        "\n---\napiVersion: {version}\nkind: {kind}\nmetadata: {{name: {name}, namespace: a, ownerReferences: [{owners}]}}\n"
    )
}

fn pod(owners: &str) -> String {
    object("v1", "Pod", "p", owners)
}

/// A reference to an object of its kind and name in the fixture.
fn owner(version: &str, kind: &str, name: &str, controls: bool) -> String {
    format!("{{apiVersion: {version}, kind: {kind}, name: {name}, uid: {kind}/{name}, controller: {controls}}}")
}

/// How the root of `pod a/p` is named.
fn said(world: &World) -> String {
    root(world, world.get(&key("pod a/p")).unwrap()).sentence()
}

#[test]
fn the_root_is_where_the_chain_ends() {
    let job = || object("batch/v1", "Job", "nightly-1", "");
    let controls = |kind, name| owner("batch/v1", kind, name, true);
    let cases: [(&str, String, &str); 9] = [
        ("no owner", pod(""), "no owner"),
        (
            "one owner",
            pod(&controls("Job", "nightly-1")) + &job(),
            "Job nightly-1",
        ),
        (
            "the owner of its owner",
            pod(&controls("Job", "nightly-1"))
                + &object("batch/v1", "Job", "nightly-1", &controls("CronJob", "nightly"))
                + &object("batch/v1", "CronJob", "nightly", ""),
            "CronJob nightly",
        ),
        (
            "the one that controls comes before the first",
            pod(&format!(
                "{}, {}",
                owner("apps/v1", "DaemonSet", "d", false),
                controls("Job", "nightly-1")
            )) + &job()
                + &object("apps/v1", "DaemonSet", "d", ""),
            "Job nightly-1",
        ),
        (
            "none controls: the first",
            pod(&format!(
                "{}, {}",
                owner("apps/v1", "DaemonSet", "d", false),
                owner("batch/v1", "Job", "nightly-1", false)
            )) + &job()
                + &object("apps/v1", "DaemonSet", "d", ""),
            "DaemonSet d",
        ),
        (
            "an owner that is gone",
            pod(&controls("Job", "nightly-1")),
            "Job nightly-1 (gone)",
        ),
        (
            "one of the name and another uid is not it",
            pod(&controls("Job", "nightly-1").replace("uid: Job/nightly-1", "uid: old")) + &job(),
            "Job nightly-1 (gone)",
        ),
        (
            "an operator's resource, which the world does not hold",
            pod(&owner("db.example.com/v1", "MySQLCluster", "main", true)),
            "MySQLCluster main",
        ),
        (
            "a chain that bites its tail ends where it closes",
            pod(&controls("Job", "nightly-1"))
                + &object("batch/v1", "Job", "nightly-1", &owner("v1", "Pod", "p", true)),
            "Pod p",
        ),
    ];
    for (name, yaml, expected) in cases {
        assert_eq!(said(&world(&yaml)), expected, "{name}");
    }
}

/// What was never listed is not gone, and of all roots only one that is held can be acted on.
#[test]
fn an_owner_that_could_not_be_seen_is_not_called_gone() {
    let pod = pod(&owner("batch/v1", "Job", "nightly-1", true));
    let seen = world(&pod);
    let mut blind = World::default();
    for object in seen.objects() {
        blind.put(crate::model::Object::clone(object));
    }
    let of = |world: &World| root(world, world.get(&key("pod a/p")).unwrap());
    assert!(matches!(of(&seen), Root::Dangling(_)));
    assert!(matches!(of(&blind), Root::Foreign(_)));
    assert_eq!(of(&blind).key(), None);
    let held = world(&(pod + &object("batch/v1", "Job", "nightly-1", "")));
    assert_eq!(of(&held).key().map(|key| key.kind), Some(Kind::Job));
}
