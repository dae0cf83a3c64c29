//! What a person does with a panel: sign, type, hold, break the glass; and what voids it.

use super::super::{COOL_DOWN, HOLD, ItemState, Panel, SETTLE};
use super::{
    POD, QUIET, anna, answer, at, changed, claim, claim_world, cluster, delete, delete_claim, fact, hear, item, job,
    job_pod, look, object, open, resense, set, set_pod, state, volume, world,
};
use crate::forecast::{Tier, forecast};
use crate::laws::Conditions;
use crate::model::{Kind, World};
use serde_json::json;
use std::collections::BTreeSet;

/// A T2 panel of a claim on a kept disk.
fn t2() -> (World, Panel) {
    let world = claim_world("Retain", &[]);
    let panel = open(&world, &delete_claim(&world));
    assert_eq!(panel.tier(), Tier::T2);
    (world, panel)
}

#[test]
fn a_t2_act_passes_when_everything_is_signed_and_typed_and_only_once() {
    let (world, mut panel) = t2();
    assert!(
        panel
            .closed(at(800))
            .iter()
            .any(|reason| reason.starts_with("not attested"))
    );
    answer(&mut panel, &world, 800);
    assert_eq!(panel.closed(at(1_500)), Vec::<String>::new());
    let approved = panel.approve(at(1_500)).unwrap();
    assert_eq!(approved.pins().len(), 2, "the claim and its volume");
    assert_eq!(approved.sends().text(), panel.request());
    let again = panel.approve(at(1_600)).unwrap_err();
    assert_eq!(again, ["it was approved already"]);
}

#[test]
fn each_missing_answer_closes_approve_with_its_own_reason() {
    let (world, mut panel) = t2();
    answer(&mut panel, &world, 800);
    let signed = panel
        .items()
        .iter()
        .position(|item| item.state == ItemState::Attested)
        .unwrap();
    assert!(panel.attest(signed, at(1_500)), "a signature can be taken back");
    let closed = panel.closed(at(1_500));
    assert_eq!(closed.len(), 1);
    assert!(
        closed[0].starts_with("not attested – the data is backed up"),
        "{closed:?}"
    );
    assert!(!panel.attest(0, at(1_500)), "a sensed item cannot be signed");
    assert!(!panel.attest(99, at(1_500)));
}

#[test]
fn nothing_half_and_wrong_are_told_in_the_same_words() {
    let (world, mut panel) = t2();
    answer(&mut panel, &world, 800);
    let mut told = BTreeSet::new();
    for _ in 0..6 {
        panel.erase(at(2_000));
        told.insert(panel.closed(at(2_000)));
    }
    assert_eq!(panel.challenge().unwrap().typed(), "");
    for (beat, letter) in (0_u64..).zip("zzzzzz".chars()) {
        panel.input(letter, at(2_100 + beat * 50));
        told.insert(panel.closed(at(2_500)));
    }
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(!format!("{panel:?}").contains(&format!(
        "answer: {:?}",
        fact(&world, panel.challenge().unwrap().question())
    )));
}

#[test]
fn keys_that_were_typed_for_what_stood_there_before_are_thrown_away() {
    let (world, mut panel) = t2();
    let settled = u64::try_from(SETTLE.as_millis()).unwrap();
    panel.input('x', at(settled - 1));
    assert_eq!(panel.challenge().unwrap().typed(), "");
    assert!((0..panel.items().len()).all(|index| !panel.attest(index, at(settled - 1))));
    panel.input('x', at(settled));
    assert_eq!(panel.challenge().unwrap().typed(), "x");
    panel.erase(at(settled));
    answer(&mut panel, &world, settled);
    assert!(panel.approve(at(settled + 500)).is_ok());
}

#[test]
fn pasting_is_refused_however_it_arrives() {
    let (world, mut panel) = t2();
    let fact = fact(&world, panel.challenge().unwrap().question());
    for letter in fact.chars() {
        panel.input(letter, at(900));
    }
    assert_ne!(
        panel.challenge().unwrap().typed(),
        fact,
        "six letters within a millisecond"
    );
    assert!(panel.challenge().unwrap().notice().is_some());
    let (_, mut panel) = t2();
    panel.input('a', at(900));
    panel.refuse_paste(at(950));
    assert_eq!(panel.challenge().unwrap().typed(), "");
    for control in ['\n', '\r', '\t', '\u{1b}', '\u{7f}'] {
        panel.input(control, at(1_000));
    }
    assert_eq!(panel.challenge().unwrap().typed(), "");
}

#[test]
fn the_fact_differs_from_seed_to_seed_and_stands_on_the_panel() {
    let world = claim_world("Retain", &[]);
    let mut questions = BTreeSet::new();
    for seed in 0..40 {
        let forecast = forecast(&world, &delete_claim(&world), &Conditions::default(), at(0), QUIET);
        let mut panel = Panel::open(forecast, look(&world), &cluster(), &anna(), seed);
        let question = panel.challenge().unwrap().question().to_owned();
        let fact = fact(&world, &question);
        assert!(
            panel.items().iter().any(|item| item.value.contains(&fact)),
            "{question} is nowhere to read"
        );
        answer(&mut panel, &world, 800);
        assert!(panel.approve(at(1_500)).is_ok(), "{question}");
        questions.insert(question);
    }
    assert_eq!(questions.len(), 3, "{questions:?}");
}

#[test]
fn a_jobs_facts_are_its_own() {
    let pods = [("train-7f-x1", POD), ("train-7f-x2", "pod-2")].map(|(name, uid)| (Kind::Pod, job_pod(name, uid)));
    let mut objects = vec![(Kind::Job, job())];
    objects.extend(pods);
    let world = claim_world("Retain", &objects);
    let act = delete(&world, Kind::Job, "train-7f");
    let mut questions = BTreeSet::new();
    for seed in 0..40 {
        let mut forecast = forecast(&world, &act, &Conditions::default(), at(0), QUIET);
        forecast.tier = Tier::T2;
        let panel = Panel::open(forecast, look(&world), &cluster(), &anna(), seed);
        questions.insert(panel.challenge().unwrap().question().to_owned());
    }
    let expected = [
        "how many pods job/train-7f has",
        "the last six of the uid of job/train-7f",
        "the node that the pods of job/train-7f run on",
    ];
    assert_eq!(questions.iter().map(String::as_str).collect::<Vec<_>>(), expected);
}

#[test]
fn a_t1_act_is_held_for_a_second_without_a_gap() {
    let world = claim_world("Retain", &[(Kind::StatefulSet, set("efs")), (Kind::Pod, set_pod())]);
    let mut panel = open(&world, &delete(&world, Kind::Pod, "vault-0"));
    assert_eq!(
        (panel.tier(), panel.challenge().is_none()),
        (Tier::T1, true),
        "{:?}",
        panel.forecast()
    );
    panel.hold(at(100));
    assert_eq!(panel.held(at(100).mono).as_millis(), 0, "too early");
    for moment in [1_000, 1_500, 1_600, 1_990] {
        panel.hold(at(moment));
        assert!(panel.approve(at(moment)).is_err(), "{moment}");
    }
    assert!(panel.closed(at(1_990))[0].contains("0.9 s so far"));
    panel.hold(at(2_000));
    assert_eq!(panel.held(at(2_000).mono), HOLD);
    assert!(!panel.closed(at(2_601)).is_empty(), "let go");
    panel.let_go();
    assert!(!panel.closed(at(2_000)).is_empty());
    panel.hold(at(3_000));
    panel.hold(at(3_700));
    panel.hold(at(4_100));
    assert!(panel.approve(at(4_100)).is_err(), "a gap of 700 ms starts it anew");
    panel.hold(at(4_700));
    assert!(panel.approve(at(4_700)).is_ok());
}

#[test]
fn a_t3_act_wants_a_second_person_or_a_reason_and_then_time_to_think() {
    let mut world = claim_world("Delete", &[]);
    let mut panel = open(&world, &delete_claim(&world));
    assert_eq!(panel.tier(), Tier::T3);
    answer(&mut panel, &world, 800);
    let closed = panel.closed(at(1_500));
    assert!(
        closed.len() == 1 && closed[0].contains("a second person has looked"),
        "{closed:?}"
    );
    assert!(panel.waive_second_person("too short", at(1_500)).is_err());
    assert!(panel.waive_second_person("   x         y   ", at(1_500)).is_err());
    panel
        .waive_second_person("nobody else is awake at 02:00", at(1_500))
        .unwrap();
    assert_eq!(state(&panel, "second-person"), ItemState::Waived);
    assert!(
        item(&panel, "second-person")
            .value
            .starts_with("GLASS BROKEN by anna@corp")
    );
    assert_eq!(panel.closed(at(1_500)), ["cool-down: 10 s to think"]);
    for step in 1..10 {
        hear(&mut world, at(1_500 + step * 1_000));
        assert!(!resense(&mut panel, &world, at(1_500 + step * 1_000)));
    }
    assert_eq!(panel.closed(at(11_499)), ["cool-down: 1 s to think"]);
    assert_eq!(panel.cool_down_left(at(1_500).mono), Some(COOL_DOWN));
    let approved = panel.approve(at(11_500)).unwrap();
    let waivers = crate::journal::Intent::waivers(&approved);
    assert_eq!(waivers.len(), 1);
    assert_eq!(waivers[0].reason, "nobody else is awake at 02:00");
}

#[test]
fn the_glass_breaks_for_people_only() {
    let (_, mut panel) = t2();
    assert!(panel.waive_second_person("because I say so, loudly", at(900)).is_err());
    let held = claim_world(
        "Delete",
        &[(Kind::Job, job()), (Kind::Pod, job_pod("train-7f-x1", POD))],
    );
    let mut panel = open(&held, &delete_claim(&held));
    panel
        .waive_second_person("nobody else is awake at 02:00", at(900))
        .unwrap();
    answer(&mut panel, &held, 1_000);
    let closed = panel.closed(at(1_900));
    assert!(
        closed.iter().any(|reason| reason.starts_with("false – no foreign pod")),
        "{closed:?}"
    );
    assert!(panel.approve(at(60_000)).is_err());
}

#[test]
fn a_new_resource_version_voids_the_answers_and_is_shown_as_a_diff() {
    let (mut world, mut panel) = t2();
    answer(&mut panel, &world, 800);
    assert!(panel.closed(at(1_500)).is_empty());
    let before = panel.request().to_owned();
    world.put(object(
        Kind::PersistentVolumeClaim,
        changed(claim(), |claim| claim["metadata"]["resourceVersion"] = json!("42")),
    ));
    assert!(resense(&mut panel, &world, at(1_600)));
    assert!(panel.changes().contains(&"- metadata.resourceVersion 41".to_owned()));
    assert!(panel.changes().contains(&"+ metadata.resourceVersion 42".to_owned()));
    assert_eq!(panel.challenge().unwrap().typed(), "");
    assert!(panel.items().iter().all(|item| item.state != ItemState::Attested));
    assert_eq!(panel.opened_at(), at(1_600).mono);
    assert!(panel.approve(at(1_700)).is_err());
    assert_ne!(panel.request(), before);
    assert!(
        panel.request().contains(r#""resourceVersion":"42""#),
        "it is pinned to what is shown now"
    );
    answer(&mut panel, &world, 2_400);
    assert!(panel.approve(at(3_000)).is_ok());
}

#[test]
fn a_recreated_object_is_never_taken_for_the_one_that_was_shown() {
    let (mut world, mut panel) = t2();
    answer(&mut panel, &world, 800);
    world.put(object(
        Kind::PersistentVolumeClaim,
        changed(claim(), |claim| claim["metadata"]["uid"] = json!("younger")),
    ));
    assert!(resense(&mut panel, &world, at(1_600)));
    assert!(!panel.request().contains("younger"));
    let closed = panel.closed(at(9_000));
    assert!(
        closed
            .iter()
            .any(|reason| reason.contains("another one, uid younger, has its name")),
        "{closed:?}"
    );
    assert!(panel.approve(at(9_000)).is_err());
}

#[test]
fn a_forecast_that_turns_worse_raises_the_tier_and_voids_everything() {
    let (mut world, mut panel) = t2();
    answer(&mut panel, &world, 800);
    world.put(object(Kind::PersistentVolume, volume("Delete")));
    assert!(resense(&mut panel, &world, at(1_600)));
    assert_eq!(panel.tier(), Tier::T3);
    assert!(panel.changes().contains(&"+ tier T3 irreversible".to_owned()));
    assert!(panel.approve(at(9_000)).is_err());
}

#[test]
fn a_panel_that_nobody_senses_closes_itself() {
    let (world, mut panel) = t2();
    answer(&mut panel, &world, 800);
    assert!(panel.closed(at(5_000)).is_empty());
    assert!(
        panel
            .closed(at(5_001))
            .iter()
            .any(|reason| reason.contains("not sensed for more than 5 s"))
    );
}

#[test]
fn what_is_forecast_only_cannot_be_approved() {
    let record = json!({"metadata": {
        "name": "sh.helm.release.v1.eks.v1", "namespace": "hasan-prod", "uid": "r1", "resourceVersion": "41",
        "labels": {"owner": "helm", "name": "eks", "version": "1", "status": "deployed"},
    }});
    let world = claim_world("Retain", &[(Kind::Release, record)]);
    let mut panel = open(&world, &delete(&world, Kind::Release, "sh.helm.release.v1.eks.v1"));
    assert!(panel.request().contains("does not perform it"), "{}", panel.request());
    assert!(panel.digest().is_none());
    answer(&mut panel, &world, 800);
    let refused = panel.approve(at(2_000)).unwrap_err();
    assert!(
        refused.iter().any(|reason| reason.contains("does not perform it")),
        "{refused:?}"
    );
}

#[test]
fn the_api_servers_refusal_is_known_before() {
    let job = world(&[(Kind::Job, job())]);
    let act = delete(&job, Kind::Job, "train-7f");
    let mut forecast = forecast(&job, &act, &Conditions::default(), at(0), QUIET);
    let error = "forbidden".to_owned();
    forecast.entries[0].outcome = crate::forecast::Outcome::Rejected { error };
    let panel = Panel::open(forecast, look(&job), &cluster(), &anna(), 1);
    assert_eq!(state(&panel, "facts.fresh"), ItemState::False);
}

#[test]
fn what_no_feed_can_tell_is_for_a_person_to_accept() {
    let job = world(&[(Kind::Job, job())]);
    let act = delete(&job, Kind::Job, "train-7f");
    let mut forecast = forecast(&job, &act, &Conditions::default(), at(0), QUIET);
    forecast
        .unknowns
        .push("whether the operator of Training t makes it anew".to_owned());
    let panel = Panel::open(forecast, look(&job), &cluster(), &anna(), 1);
    assert_eq!(state(&panel, "facts.fresh"), ItemState::True);
    assert_eq!(state(&panel, "forecast.granted"), ItemState::Unattested);
}
