//! Who is garbage, and how the two finalizers of the collector are worked off.

use super::LAW;
use crate::laws::fixture::{says, world};
use crate::laws::{Change, Conditions, apply};
use crate::model::{FeedId, FeedState, Kind, Moment, Observation};

const DYING: &str = ", deletionTimestamp: 2026-04-25T10:00:00Z";

fn job(meta: &str) -> String {
    format!("\n---\napiVersion: batch/v1\nkind: Job\nmetadata: {{name: j, namespace: a, uid: ju{meta}}}\n")
}

fn pod(namespace: &str, owners: &str) -> String {
    format!(
        "\n---\napiVersion: v1\nkind: Pod\nmetadata: {{name: p, namespace: {namespace}, uid: pu, ownerReferences: [{owners}]}}\n"
    )
}

fn owner(api: &str, kind: &str, uid: &str) -> String {
    format!("{{apiVersion: {api}, kind: {kind}, name: j, uid: {uid}, controller: true, blockOwnerDeletion: true}}")
}

fn ours() -> String {
    owner("batch/v1", "Job", "ju")
}

fn check(cases: &[(&str, String, &[&str])]) {
    for (name, yaml, expected) in cases {
        assert_eq!(says(&LAW, &world(yaml), &Conditions::default()), *expected, "{name}");
    }
}

#[test]
fn dependents_of_absent_owners_go() {
    let gone: &[&str] = &["Delete pod/p Background"];
    let second = owner("batch/v1", "Job", "other").replace("controller: true, ", "");
    check(&[
        ("owner there", job("") + &pod("a", &ours()), &[]),
        ("owner gone", pod("a", &ours()), gone),
        (
            "owner of the name, another uid",
            job("") + &pod("a", &owner("batch/v1", "Job", "old")),
            gone,
        ),
        ("owner in another namespace", job("") + &pod("b", &ours()), gone),
        (
            "owner of a kind not held",
            pod("a", &owner("example.com/v1", "Cluster", "cu")),
            &[],
        ),
        (
            "one owner of two gone",
            job("") + &pod("a", &format!("{}, {second}", ours())),
            &["RemoveOwner pod/p other"],
        ),
        (
            "owner deleting in the background still is one",
            job(&format!("{DYING}, finalizers: [x/y]")) + &pod("a", &ours()),
            &[],
        ),
        (
            "a dependent that is dying already",
            pod("a", &ours()).replace("uid: pu", &format!("uid: pu{DYING}")),
            &[],
        ),
    ]);
}

#[test]
fn owners_that_were_never_shown_are_not_gone() {
    let mut world = world(&pod("a", &ours()));
    world.apply(Observation::Lost {
        feed: FeedId::cluster(Kind::Job),
        state: FeedState::Denied {
            since: Moment::default(),
            why: "forbidden".into(),
        },
    });
    assert!(says(&LAW, &world, &Conditions::default()).is_empty());
}

#[test]
fn foreground_waits_for_those_that_block() {
    let waiting = job(&format!("{DYING}, finalizers: [foregroundDeletion]"));
    let free = ours().replace(", blockOwnerDeletion: true", "");
    check(&[
        (
            "a blocking dependent goes first",
            waiting.clone() + &pod("a", &ours()),
            &["Delete pod/p Background"],
        ),
        (
            "one that does not block goes first all the same",
            waiting.clone() + &pod("a", &free),
            &["Delete pod/p Background"],
        ),
        (
            "and is not waited for",
            waiting.clone() + &pod("a", &free).replace("uid: pu", &format!("uid: pu{DYING}, finalizers: [x/y]")),
            &["RemoveFinalizer job/j foregroundDeletion"],
        ),
        ("none left", waiting, &["RemoveFinalizer job/j foregroundDeletion"]),
    ]);
}

#[test]
fn orphaning_takes_the_reference_off_first() {
    let orphaning = job(&format!("{DYING}, finalizers: [orphan]"));
    check(&[
        (
            "a dependent",
            orphaning.clone() + &pod("a", &ours()),
            &["RemoveOwner pod/p ju"],
        ),
        ("none left", orphaning, &["RemoveFinalizer job/j orphan"]),
    ]);
}

/// Stripping `orphan` before the collector has finished turns orphans into garbage (§3.11).
#[test]
fn an_orphan_finalizer_stripped_early_makes_garbage() {
    let mut world = world(&(job(&format!("{DYING}, finalizers: [orphan]")) + &pod("a", &ours())));
    let held = world.by_uid(&crate::model::Uid::new("ju")).unwrap().clone();
    apply(
        &mut world,
        &Change::RemoveFinalizer {
            object: held.key(),
            uid: held.meta.uid.clone(),
            finalizer: "orphan".into(),
        },
    );
    assert!(world.get(&held.key()).is_none());
    assert_eq!(says(&LAW, &world, &Conditions::default()), ["Delete pod/p Background"]);
}

#[test]
fn an_owner_nobody_can_see_leaves_the_end_open_and_is_named() {
    let foreign = owner("example.com/v1", "Cluster", "cu").replace("controller: true, ", "");
    let both = format!("{}, {foreign}", ours());
    let background = job(&format!("{DYING}, finalizers: [x/y]"));
    let foreground = job(&format!("{DYING}, finalizers: [foregroundDeletion]"));
    let cases: [(&str, String, bool); 5] = [
        ("the one that is seen is there", job("") + &pod("a", &both), false),
        (
            "it is going, and is one until it has gone",
            background + &pod("a", &both),
            false,
        ),
        ("it is gone", pod("a", &both), true),
        ("it waits for its dependents", foreground + &pod("a", &both), true),
        ("there was no other", pod("a", &foreign), false),
    ];
    for (name, yaml, open) in cases {
        let world = world(&yaml);
        let pod = world.get(&crate::laws::fixture::key("pod a/p")).unwrap();
        let named = super::doubt(&world, pod).map(|owner| owner.kind.to_string());
        assert_eq!(named, open.then(|| "Cluster".to_owned()), "{name}");
        let about_pod = says(&LAW, &world, &Conditions::default());
        assert!(
            !about_pod.iter().any(|said| said.contains("pod/p")),
            "{name}: {about_pod:?}"
        );
    }
}

#[test]
fn an_owner_counts_what_bears_its_uid_in_any_namespace() {
    let held = pod("b", &ours()).replace("uid: pu,", &format!("uid: pu{DYING}, finalizers: [x/y],"));
    let cases: &[(&str, &[&str])] = &[
        ("foregroundDeletion", &[]),
        ("orphan", &["RemoveOwner pod/p ju"]),
        ("x/y", &[]),
    ];
    for (finalizer, expected) in cases {
        let owner = job(&format!("{DYING}, finalizers: [{finalizer}]"));
        let said = says(&LAW, &world(&(owner + &held)), &Conditions::default());
        assert_eq!(said, *expected, "{finalizer}");
    }
}
