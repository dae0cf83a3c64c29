//! Each item's table: the world in which it holds, and those in which it does not or cannot be told.

use super::super::ItemState::{self, False, True, Unattested, Unknown};
use super::{
    CLAIM, POD, at, changed, check, claim, claim_world, class, delete, delete_claim, dying, item, job, job_pod, lose,
    object, open, resense, set, set_pod, state, volume, world,
};
use crate::forecast::Tier;
use crate::model::{FeedState, Kind, Moment};
use serde_json::{Value, json};

#[test]
fn the_fate_of_the_disk() {
    let kept = "Retain: pv/pv-1 becomes Released, efs.csi.aws.com fs-06b3::fsap-9c1f4b stays";
    for (policy, expected, value) in [
        ("Retain", True, kept),
        ("Delete", True, "DESTROYED"),
        ("Recycle", False, "policy Recycle"),
        ("Magic", False, "policy unknown"),
    ] {
        let world = claim_world(policy, &[]);
        check(&world, &delete_claim(&world), "volume.fate", expected, value);
    }
    let unbound = changed(claim(), |claim| claim["spec"]["volumeName"] = json!(""));
    let unbound = world(&[(Kind::PersistentVolumeClaim, unbound)]);
    check(
        &unbound,
        &delete_claim(&unbound),
        "volume.fate",
        True,
        "bound to no volume",
    );
    let lost = world(&[(Kind::PersistentVolumeClaim, claim())]);
    check(
        &lost,
        &delete_claim(&lost),
        "volume.fate",
        True,
        "does not exist any more",
    );
}

#[test]
fn the_tier_follows_what_is_lost() {
    for (policy, tier) in [("Retain", Tier::T2), ("Delete", Tier::T3)] {
        let world = claim_world(policy, &[]);
        let panel = open(&world, &delete_claim(&world));
        assert_eq!(panel.tier(), tier);
        let second = panel.items().iter().any(|item| item.id == "second-person");
        assert_eq!(second, tier == Tier::T3);
        assert!((5..=9).contains(&panel.items().len()), "{}", panel.items().len());
    }
}

#[test]
fn the_claim_identity() {
    let held = |uid: &str| json!({"namespace": "hasan-prod", "name": "data-vault-0", "uid": uid});
    for (change, expected, value) in [
        (held(CLAIM), True, "claimRef.uid is this claim's"),
        (held("older"), False, "belongs to uid older"),
        (held(""), False, "only reserved"),
        (Value::Null, False, "anybody may take it"),
    ] {
        let volume = changed(volume("Retain"), |volume| volume["spec"]["claimRef"] = change);
        let world = world(&[(Kind::PersistentVolumeClaim, claim()), (Kind::PersistentVolume, volume)]);
        check(&world, &delete_claim(&world), "claim.identity", expected, value);
    }
}

#[test]
fn foreign_pods_that_hold_the_claim_are_named_with_their_roots() {
    const ID: &str = "claim.no-foreign-holders";
    let none = claim_world("Retain", &[]);
    check(&none, &delete_claim(&none), ID, True, "no pod");

    let holder = |change: fn(&mut Value)| {
        let pod = changed(job_pod("train-7f-x1", POD), change);
        claim_world("Retain", &[(Kind::Job, job()), (Kind::Pod, pod)])
    };
    let held = holder(|_| {});
    let value = "the delete would hang: 1 pod (train-7f-x1) of Job train-7f";
    check(&held, &delete_claim(&held), ID, False, value);
    let finished = holder(|pod| pod["status"]["phase"] = json!("Succeeded"));
    check(&finished, &delete_claim(&finished), ID, False, "would hang");
    let unscheduled = holder(|pod| pod["spec"]["nodeName"] = json!(""));
    check(&unscheduled, &delete_claim(&unscheduled), ID, True, "no pod");
}

#[test]
fn the_sets_own_pod_may_hold_its_claim_when_a_person_says_it_goes_next() {
    let own = claim_world("Retain", &[(Kind::StatefulSet, set("efs")), (Kind::Pod, set_pod())]);
    let panel = open(&own, &delete_claim(&own));
    assert_eq!(state(&panel, "claim.no-foreign-holders"), True);
    assert_eq!(state(&panel, "claim.own-pod-next"), Unattested);
    // A pod of the same name that the set does not own is a stranger.
    let stranger = changed(set_pod(), |pod| pod["metadata"]["ownerReferences"] = json!([]));
    let strange = claim_world("Retain", &[(Kind::StatefulSet, set("efs")), (Kind::Pod, stranger)]);
    check(
        &strange,
        &delete_claim(&strange),
        "claim.no-foreign-holders",
        False,
        "no owner",
    );
}

#[test]
fn who_makes_the_claim_anew() {
    let scaled = changed(set("lvm"), |set| set["spec"]["replicas"] = json!(0));
    for (more, expected, value) in [
        (vec![], True, "nobody"),
        (
            vec![(Kind::StatefulSet, set("efs"))],
            True,
            "StatefulSet vault makes it anew, empty, class efs",
        ),
        (
            vec![(Kind::StatefulSet, set("lvm"))],
            False,
            "class lvm, which does not exist",
        ),
        (
            vec![(Kind::StatefulSet, set("lvm")), (Kind::StorageClass, class("lvm"))],
            True,
            "class lvm",
        ),
        (vec![(Kind::StatefulSet, scaled)], True, "nobody"),
    ] {
        let world = claim_world("Retain", &more);
        check(&world, &delete_claim(&world), "claim.recreation", expected, value);
    }
}

#[test]
fn the_target_as_it_was_shown() {
    let shown = claim_world("Retain", &[]);
    let act = delete_claim(&shown);
    check(&shown, &act, "target.unchanged", True, CLAIM);
    let with = |field: &str, value: &str| changed(claim(), |claim| claim["metadata"][field] = json!(value));
    for (after, value) in [
        (
            dying(),
            "already Terminating and waits for kubernetes.io/pvc-protection",
        ),
        (
            with("resourceVersion", "42"),
            "it is at resourceVersion 42, 41 was shown",
        ),
        (with("uid", "younger"), "another one, uid younger, has its name"),
    ] {
        let world = world(&[
            (Kind::PersistentVolumeClaim, after),
            (Kind::PersistentVolume, volume("Retain")),
        ]);
        check(&world, &act, "target.unchanged", False, value);
    }
    check(&world(&[]), &act, "target.unchanged", False, "is gone");
}

#[test]
fn every_feed_that_is_not_live_shuts_the_gate() {
    let since = Moment::default();
    let why = || "connection reset".into();
    let states = [
        FeedState::Stale { since, why: why() },
        FeedState::Denied { since, why: why() },
        FeedState::Listing { since, seen: 3 },
        FeedState::Waiting { since },
        FeedState::Unserved { since },
    ];
    for kind in [
        Kind::PersistentVolumeClaim,
        Kind::PersistentVolume,
        Kind::Pod,
        Kind::StatefulSet,
        Kind::Job,
    ] {
        for lost in &states {
            let mut world = claim_world("Retain", &[(Kind::Job, job()), (Kind::Pod, set_pod())]);
            lose(&mut world, kind, lost.clone());
            for act in [
                delete_claim(&world),
                delete(&world, Kind::Job, "train-7f"),
                delete(&world, Kind::Pod, "vault-0"),
            ] {
                let panel = open(&world, &act);
                assert_eq!(state(&panel, "facts.fresh"), Unknown, "{act} with {kind} {lost:?}");
                let closed = panel.closed(at(800));
                assert!(closed.iter().any(|reason| reason.starts_with("unknown")), "{act}");
            }
        }
    }
}

#[test]
fn a_feed_that_goes_quiet_turns_its_items_unknown_without_anybody_saying_so() {
    let world = claim_world("Retain", &[]);
    let mut panel = open(&world, &delete_claim(&world));
    assert!(!resense(&mut panel, &world, at(4_900)));
    assert_eq!(state(&panel, "volume.fate"), True);
    assert!(resense(&mut panel, &world, at(5_100)));
    for id in [
        "target.unchanged",
        "volume.fate",
        "claim.identity",
        "claim.no-foreign-holders",
        "claim.recreation",
        "facts.fresh",
    ] {
        assert_eq!(state(&panel, id), Unknown, "{id}");
    }
    let said = panel.changes().len();
    assert!(
        !resense(&mut panel, &world, at(9_100)),
        "that it grows older is no change"
    );
    assert_eq!(panel.changes().len(), said);
}

#[test]
fn an_item_unticks_itself_while_the_panel_is_open() {
    const ID: &str = "claim.no-foreign-holders";
    let mut world = claim_world("Retain", &[]);
    let mut panel = open(&world, &delete_claim(&world));
    assert!(!resense(&mut panel, &world, at(100)), "nothing changed");
    world.put(object(Kind::Job, job()));
    world.put(object(Kind::Pod, job_pod("train-7f-x1", POD)));
    assert!(resense(&mut panel, &world, at(200)));
    assert_eq!(state(&panel, ID), False);
    let now = format!("+ {ID} false the delete would hang");
    assert!(
        panel.changes().iter().any(|line| line.starts_with(&now)),
        "{:?}",
        panel.changes()
    );
    assert!(panel.changes().contains(&format!("- {ID} true no pod")));
    assert!(item(&panel, ID).source.starts_with("pods: spec.nodeName"));
}

/// Keeps the tables readable: every state an item can be in has its word.
#[test]
fn only_three_states_pass() {
    use ItemState::{Attested, Waived};
    let passing: Vec<_> = [True, False, Unknown, Attested, Unattested, Waived]
        .into_iter()
        .filter(|state| state.passes())
        .map(ItemState::word)
        .collect();
    assert_eq!(passing, ["true", "attested", "waived"]);
}
