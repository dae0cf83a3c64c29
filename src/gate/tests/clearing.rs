//! The digest, the life of an approval, and the second judgement: on what is.

use super::super::{APPROVAL_LIFE, Approved, Clearance, Fresh, Voided, clear, fingerprint};
use super::{QUIET, anna, answer, at, changed, claim, claim_world, cluster, delete_claim, object, open, volume, world};
use crate::forecast::{Forecast, Outcome, Tier, Undo, forecast};
use crate::journal::{self, Intent as _, Journal, Logged, Opened, Saved};
use crate::laws::Conditions;
use crate::model::{Act, ClusterIdentity, Key, Kind, Now, Propagation, Uid, World};
use serde_json::json;
use std::collections::BTreeSet;
use std::sync::Arc;
use tempfile::TempDir;

/// One thing made different.
type Change<T> = fn(&mut T);

/// When the panel of these tests is approved, in milliseconds.
const YES: u64 = 1_500;

fn approve(world: &World) -> Approved {
    let mut panel = open(world, &delete_claim(world));
    answer(&mut panel, world, 800);
    panel.approve(at(YES)).unwrap()
}

fn log(approved: Approved) -> (TempDir, Journal, Logged<Approved>) {
    let dir = tempfile::tempdir().unwrap();
    let Opened::Settled(mut journal) = journal::open(&dir.path().join("j"), &anna(), at(0)).unwrap() else {
        panic!("a new journal has no doubts");
    };
    let saved = Saved::new().with(approved.act().target().key.clone(), "kind: x\n".to_owned());
    let logged = journal.record(approved, &saved, at(YES)).unwrap();
    (dir, journal, logged)
}

/// What a read-through of this world says about the act.
fn fresh(world: &World, act: &Act, now: Now) -> Fresh {
    let keys = [act.target().key.clone(), Key::cluster(Kind::PersistentVolume, "pv-1")];
    Fresh {
        objects: keys
            .map(|key| (key.clone(), world.get(&key).map(|object| object.as_ref().clone())))
            .to_vec(),
        cluster: cluster(),
        forecast: forecast(world, act, &Conditions::default(), now, QUIET),
    }
}

/// Approves on one world and clears on another, after so many milliseconds.
fn judge(shown: &World, is: &World, after: u64, change: impl FnOnce(&mut Fresh)) -> Result<Clearance, Voided> {
    let approved = approve(shown);
    let mut fresh = fresh(is, approved.act(), at(100));
    change(&mut fresh);
    let (_dir, _journal, logged) = log(approved);
    clear(logged, &fresh, at(YES + after))
}

#[test]
fn what_is_as_it_was_shown_is_cleared_with_the_request_that_was_shown() {
    let world = claim_world("Retain", &[]);
    let shown = approve(&world).sends().clone();
    let clearance = judge(&world, &world, 10, |_| {}).unwrap();
    assert_eq!(clearance.request(), &shown);
    assert_eq!(clearance.act(), &delete_claim(&world));
    assert_eq!(clearance.ticket().intent(), 2);
    assert!(clearance.cluster().same(&cluster()));
}

#[test]
fn an_approval_lives_two_minutes_on_the_monotonic_clock() {
    let world = claim_world("Retain", &[]);
    let life = u64::try_from(APPROVAL_LIFE.as_millis()).unwrap();
    assert_eq!(life, 120_000);
    assert!(judge(&world, &world, life - 1, |_| {}).is_ok());
    for late in [life, life + 1, life * 1_000] {
        let voided = judge(&world, &world, late, |_| {}).unwrap_err();
        assert_eq!(voided.changes, ["the approval is older than 120 s"]);
    }
    let approved = approve(&world);
    assert!(
        approved.alive(at(YES).mono) && !approved.alive(at(YES - 1).mono),
        "nor before it was given"
    );
    // The wall clock may say what it likes.
    let mut now = at(YES + 10);
    now.wall += std::time::Duration::from_hours(1);
    let fresh = fresh(&world, approved.act(), at(100));
    let (_dir, _journal, logged) = log(approved);
    assert!(clear(logged, &fresh, now).is_ok());
}

#[test]
fn whatever_differs_voids_it_and_is_named() {
    let shown = claim_world("Retain", &[]);
    let claim_with = |field: &str, value: &str| {
        let claim = changed(claim(), |claim| claim["metadata"][field] = json!(value));
        world(&[
            (Kind::PersistentVolumeClaim, claim),
            (Kind::PersistentVolume, volume("Retain")),
        ])
    };
    let flipped = changed(volume("Delete"), |volume| {
        volume["metadata"]["resourceVersion"] = json!("42");
    });
    let flipped = world(&[
        (Kind::PersistentVolumeClaim, claim()),
        (Kind::PersistentVolume, flipped),
    ]);
    for (is, expected) in [
        (claim_with("resourceVersion", "42"), "resourceVersion 42"),
        (claim_with("uid", "younger"), "+ pvc/data-vault-0 uid younger"),
        (world(&[(Kind::PersistentVolume, volume("Retain"))]), "(gone)"),
        (flipped.clone(), "+ tier T3 irreversible"),
        (flipped, "- pv/pv-1 uid"),
    ] {
        let voided = judge(&shown, &is, 10, |_| {}).unwrap_err();
        assert!(
            voided.changes.iter().any(|line| line.contains(expected)),
            "{expected}: {:?}",
            voided.changes
        );
        assert_eq!(voided.ticket.intent(), 2);
    }
    let unread = judge(&shown, &shown, 10, |fresh| fresh.objects.clear()).unwrap_err();
    assert_eq!(unread.changes, ["pvc/data-vault-0 was not read again"]);
}

#[test]
fn another_cluster_or_person_voids_it() {
    let world = claim_world("Retain", &[]);
    let changes: [(Change<ClusterIdentity>, &str); 4] = [
        (
            |cluster| cluster.server = "https://10.0.0.2".into(),
            "+ server https://10.0.0.2",
        ),
        (|cluster| cluster.ca = "cd".into(), "+ CA cd"),
        (
            |cluster| cluster.kube_system = Uid::new("ks-2"),
            "+ kube-system uid ks-2",
        ),
        (|cluster| cluster.user = "bert@corp".into(), "+ user bert@corp"),
    ];
    for (change, expected) in changes {
        let voided = judge(&world, &world, 10, |fresh| change(&mut fresh.cluster)).unwrap_err();
        assert!(voided.changes.contains(&expected.to_owned()), "{:?}", voided.changes);
    }
    let renamed = judge(&world, &world, 10, |fresh| fresh.cluster.context = "other".into());
    assert!(renamed.is_ok(), "what a kubeconfig calls it does not matter");
}

#[test]
fn the_forecasts_fingerprint_covers_its_substance_and_not_its_words() {
    let world = claim_world("Retain", &[]);
    let act = delete_claim(&world);
    let base = forecast(&world, &act, &Conditions::default(), at(0), QUIET);
    let substance: [Change<Forecast>; 7] = [
        |forecast| forecast.tier = Tier::T3,
        |forecast| forecast.undo = Undo::None,
        |forecast| forecast.entries[0].outcome = Outcome::Kept,
        |forecast| forecast.entries[0].uid = Uid::new("other"),
        |forecast| drop(forecast.entries.pop()),
        |forecast| forecast.unknowns.push("pods".to_owned()),
        |forecast| {
            if let Act::Delete { propagation, .. } = &mut forecast.act {
                *propagation = Propagation::Orphan;
            }
        },
    ];
    let mut digests = BTreeSet::from([fingerprint::forecast(&base)]);
    for change in substance {
        let mut other = base.clone();
        change(&mut other);
        assert!(digests.insert(fingerprint::forecast(&other)), "{other:?}");
    }
    let words: [Change<Forecast>; 3] = [
        |forecast| forecast.because.push('!'),
        |forecast| Arc::make_mut(&mut forecast.entries[0].reason).text.push('!'),
        |forecast| forecast.entries[0].law = "renamed".into(),
    ];
    for change in words {
        let mut other = base.clone();
        change(&mut other);
        assert_eq!(fingerprint::forecast(&other), fingerprint::forecast(&base));
    }
}

#[test]
fn the_digest_changes_with_each_of_its_inputs() {
    let world = claim_world("Retain", &[]);
    let panel = open(&world, &delete_claim(&world));
    let request =
        super::super::Request::of(panel.act(), world.get(&panel.act().target().key).map(AsRef::as_ref)).unwrap();
    let orphan = Act::Delete {
        target: panel.act().target().clone(),
        propagation: Propagation::Orphan,
    };
    let other_request =
        super::super::Request::of(&orphan, world.get(&panel.act().target().key).map(AsRef::as_ref)).unwrap();
    let digest = |forecast: &str, pins: &[_], request, items: &[_], cluster: &_, user: &str| {
        let mut operator = anna();
        operator.user = user.into();
        fingerprint::approval(forecast, pins, request, items, cluster, &operator, None)
    };
    let (pins, items) = (panel.pins().to_vec(), panel.items().to_vec());
    let user = "anna@corp";
    let mut digests = BTreeSet::from([digest("f", &pins, &request, &items, &cluster(), user)]);
    assert!(digests.insert(digest("g", &pins, &request, &items, &cluster(), user)));
    assert!(digests.insert(digest("f", &pins, &other_request, &items, &cluster(), user)));
    assert!(digests.insert(digest("f", &pins, &request, &items, &cluster(), "bert")));
    for at in 0..pins.len() {
        let mut other = pins.clone();
        other[at].uid = Uid::new("x");
        assert!(digests.insert(digest("f", &other, &request, &items, &cluster(), user)));
        let mut other = pins.clone();
        other[at].resource_version = crate::model::ResourceVersion::new("99");
        assert!(digests.insert(digest("f", &other, &request, &items, &cluster(), user)));
    }
    for at in 0..items.len() {
        let mut other = items.clone();
        other[at].state = super::ItemState::Waived;
        assert!(
            digests.insert(digest("f", &pins, &request, &other, &cluster(), user)),
            "{at}"
        );
    }
    let changes: [Change<ClusterIdentity>; 4] = [
        |cluster| cluster.server = "x".into(),
        |cluster| cluster.ca = "x".into(),
        |cluster| cluster.kube_system = Uid::new("x"),
        |cluster| cluster.user = "x".into(),
    ];
    for change in changes {
        let mut other = cluster();
        change(&mut other);
        assert!(digests.insert(digest("f", &pins, &request, &items, &other, user)));
    }
}

#[test]
fn the_journal_keeps_what_was_answered_and_sent() {
    let world = claim_world("Retain", &[]);
    let approved = approve(&world);
    let (digest, request) = (approved.digest(), approved.request().to_owned());
    let (dir, journal, logged) = log(approved);
    assert_eq!(logged.intent().step(), "delete pvc/data-vault-0 (Background)");
    drop(journal);
    let shown = journal::show(&dir.path().join("j")).unwrap();
    let payload = &shown.entries[1].payload;
    assert_eq!(payload["approval"], digest);
    assert_eq!(payload["request"], request);
    assert_eq!(payload["answers"]["tier"], "T2 destructive");
    let items = payload["answers"]["items"].as_array().unwrap();
    let signed: Vec<_> = items.iter().filter(|item| item["byPerson"] == true).collect();
    assert_eq!(signed.len(), 1);
    assert_eq!(signed[0]["value"], "I attest, as anna@corp");
    assert_eq!(shown.steps[0].stage.word(), "unfinished");
    assert!(object(Kind::PersistentVolumeClaim, claim()).meta.uid == shown.steps[0].act.target().uid);
}
