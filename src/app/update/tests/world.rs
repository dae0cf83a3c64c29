//! Reports from the watches: what appears, changes and vanishes, and what the cursor does about it.

use crate::app::fixture::{
    applied, at, claim, cockpit, deleted, dying, identity, listed, namespace, objects, press, started, wait,
};
use crate::app::view::fleet::Judged;
use crate::app::words::RowId;
use crate::app::{Event, Mode, Part, Screen, State, update};
use crate::model::feed::FeedState;
use crate::model::{FeedId, Kind, Kinds, Malformed, Moment, Object, Observation};

fn names(state: &State, part: Part) -> Vec<String> {
    state.derived.view(part).table.ids.iter().map(RowId::name).collect()
}

#[test]
fn what_appears_and_vanishes_is_on_screen_with_the_next_event() {
    let mut state = cockpit(Mode::Observing, (120, 40));
    press(&mut state, ":t acme<enter>");
    assert_eq!(names(&state, Part::Volumes), ["pvc/data"]);
    let fresh = claim("acme", "more", "", 70);
    update(
        &mut state,
        Event::Observed(vec![applied(fresh.clone(), Moment::default())]),
    );
    assert_eq!(names(&state, Part::Volumes), ["pvc/data", "pvc/more"]);
    update(&mut state, Event::Observed(vec![deleted(&fresh, Moment::default())]));
    assert_eq!(names(&state, Part::Volumes), ["pvc/data"]);
}

#[test]
fn the_cursor_stays_on_its_uid_under_churn() {
    let mut state = cockpit(Mode::Operating, (120, 40));
    press(&mut state, "<enter>j");
    let rests = state.visit().cursor().at().cloned();
    assert!(matches!(&rests, Some(RowId::Object(key, _)) if key.name == "mysql-pvc"));
    for (name, number) in [("aaa", 80), ("bbb", 81), ("mysql-a", 82)] {
        let above = claim("hasan-prod", name, "", number);
        update(&mut state, Event::Observed(vec![applied(above, Moment::default())]));
        assert_eq!(state.visit().cursor().at(), rests.as_ref());
    }
}

#[test]
fn when_its_object_vanishes_the_cursor_moves_and_a_destructive_key_waits_for_a_look() {
    let mut state = cockpit(Mode::Operating, (120, 40));
    press(&mut state, "<enter>j");
    let mysql = claim("hasan-prod", "mysql-pvc", "pvc-9f1c", 10);
    update(&mut state, Event::Observed(vec![deleted(&mysql, Moment::default())]));
    let said = state.flash.as_ref().map(|flash| flash.sentence.clone()).unwrap();
    assert_eq!(said, "pvc/mysql-pvc is gone; the cursor moved to pvc/shared-data");
    press(&mut state, "<ctrl-d>");
    assert!(state.gate.is_none(), "the key was meant for what had stood there");
    press(&mut state, "<ctrl-d>");
    assert!(state.gate.is_some());
}

#[test]
fn another_object_of_the_same_name_is_not_the_one_the_cursor_was_on() {
    let mut state = cockpit(Mode::Operating, (120, 40));
    press(&mut state, ":t acme<enter>");
    let other = claim("acme", "data", "pvc-acme", 777);
    update(&mut state, Event::Observed(vec![applied(other, Moment::default())]));
    assert!(state.visit().cursor().displaced().is_some());
    press(&mut state, "<ctrl-d>");
    assert!(state.gate.is_none());
}

#[test]
fn history_tells_what_changed_since_we_look_and_not_what_was_there() {
    let mut state = cockpit(Mode::Observing, (120, 40));
    press(&mut state, ":t acme<enter>h");
    assert!(
        state
            .derived
            .page
            .lines
            .iter()
            .any(|line| line.text() == "nothing has changed")
    );
    let stuck = dying(claim("acme", "data", "pvc-acme", 50));
    update(&mut state, Event::Observed(vec![applied(stuck, Moment::default())]));
    let told: Vec<String> = state
        .derived
        .page
        .lines
        .iter()
        .map(crate::app::words::Line::text)
        .collect();
    assert!(told.iter().any(|line| line.contains("its deletion began")), "{told:?}");
}

#[test]
fn only_touched_tenants_are_judged_again_and_all_are_in_the_end() {
    let mut state = cockpit(Mode::Observing, (120, 40));
    let verdict = |state: &State| {
        state
            .judged()
            .find(|(tenant, _)| tenant.name == "acme")
            .map(|(_, judged)| judged.verdict.sentence.clone())
            .unwrap()
    };
    let before = verdict(&state);
    let stuck = dying(claim("acme", "data", "pvc-acme", 50));
    update(&mut state, Event::Observed(vec![applied(stuck, Moment::default())]));
    assert_ne!(verdict(&state), before);
    let told = verdict(&state);
    wait(&mut state, 120);
    assert_ne!(verdict(&state), told, "ages grow");
}

/// The first picture of 500 tenants once took sixteen seconds: a portion a tick, and a tick a second.
#[test]
fn a_large_fleet_is_judged_as_fast_as_there_is_time_and_not_by_the_tick() {
    let tenants: Vec<Object> = (0..200)
        .map(|number| namespace(&format!("tenant-{number:03}"), 50))
        .collect();
    let mut state = started(Mode::Observing, (120, 40));
    update(&mut state, Event::Observed(listed(&tenants, Moment::default())));
    let (mut portions, before) = (0, state.now());
    assert!(state.judged().count() < 200, "one event judges a portion only");
    while state.behind() {
        update(&mut state, Event::Onward);
        portions += 1;
        assert!(portions <= 200, "each goes on where the last one ended");
    }
    assert_eq!(state.judged().count(), 200);
    assert_eq!(state.now(), before);
}

#[test]
fn while_a_list_comes_in_nothing_is_judged_ahead_of_it() {
    let tenants: Vec<Object> = (0..200)
        .map(|number| namespace(&format!("tenant-{number:03}"), 50))
        .collect();
    let mut state = started(Mode::Observing, (120, 40));
    let mut reports = listed(&tenants, Moment::default());
    reports.pop();
    update(&mut state, Event::Observed(reports));
    assert!(!state.behind());
}

/// Of a feed that is lost and listed anew only how current its facts are is judged again, and what the list no longer named.
#[test]
fn what_a_feed_says_of_itself_leaves_every_tenant_judged_as_if_anew() {
    let mut state = cockpit(Mode::Observing, (120, 40));
    let at = Moment::default();
    let told = |state: &State| -> Vec<_> {
        let own = |judged: &Judged| (judged.row.clone(), judged.known, judged.verdict.sentence.clone());
        state
            .judged()
            .map(|(tenant, judged)| (tenant.name.clone(), own(judged)))
            .collect()
    };
    let lost = |kind: Kind| Observation::Lost {
        feed: FeedId::cluster(kind),
        state: FeedState::Stale {
            since: at,
            why: "expired".into(),
        },
    };
    let mut reports: Vec<Observation> = Kind::ALL.into_iter().map(lost).collect();
    for kind in Kind::ALL {
        let feed = FeedId::cluster(kind);
        let objects = objects()
            .into_iter()
            .filter(|object| object.kind() == kind && object.meta.name != "mysql-pvc");
        reports.push(Observation::ListBegan { feed: feed.clone(), at });
        reports.extend(objects.map(|object| applied(object, at)));
        reports.push(Observation::ListEnded { feed, at });
    }
    let (before, mut seen) = (told(&state), 0);
    for report in reports {
        update(&mut state, Event::Observed(vec![report]));
        while state.behind() {
            update(&mut state, Event::Onward);
        }
        let renewed = told(&state);
        state.derived.touch_all(Kinds::ALL);
        state.judge_all();
        assert_eq!(renewed, told(&state));
        seen += usize::from(renewed.iter().any(|(_, (_, known, _))| !known));
    }
    assert!(seen > 0, "meanwhile nothing was known");
    assert_ne!(told(&state), before, "a claim went with the list");
}

#[test]
fn an_object_that_can_be_read_again_is_no_finding_any_more() {
    let mut state = cockpit(Mode::Observing, (120, 40));
    let told = |state: &State| {
        let (_, judged) = state.judged().find(|(tenant, _)| tenant.name == "acme").unwrap();
        judged
            .diagnosis
            .findings()
            .iter()
            .any(|finding| finding.rule == "malformed")
    };
    let torn = claim("acme", "torn", "", 70);
    let malformed = Malformed {
        key: torn.key(),
        why: "cut".to_owned(),
    };
    let (feed, at) = (FeedId::cluster(Kind::PersistentVolumeClaim), Moment::default());
    update(
        &mut state,
        Event::Observed(vec![Observation::Malformed { feed, malformed, at }]),
    );
    assert!(told(&state));
    update(&mut state, Event::Observed(vec![applied(torn, at)]));
    assert!(!told(&state));
}

#[test]
fn a_denied_feed_is_never_an_empty_panel() {
    let mut state = cockpit(Mode::Observing, (120, 40));
    press(&mut state, "<enter>");
    let feed = FeedId::cluster(Kind::PersistentVolume);
    let why = "persistentvolumes is forbidden: User \"anna\" cannot list";
    let denied = FeedState::Denied {
        since: Moment::default(),
        why: why.into(),
    };
    update(
        &mut state,
        Event::Observed(vec![Observation::Lost { feed, state: denied }]),
    );
    assert_eq!(
        state.derived.view(Part::Volumes).freshness.text,
        format!("denied: {why}")
    );
    press(&mut state, "<esc>");
    let (_, judged) = state.judged().find(|(tenant, _)| tenant.name == "acme").unwrap();
    assert!(!judged.known);
    let name = &judged.row.cells[0].text;
    assert!(!name.contains('✓'), "no tick on what cannot be seen");
}

#[test]
fn before_the_first_list_every_panel_says_what_it_waits_for() {
    let mut state = started(Mode::Observing, (120, 40));
    update(&mut state, Event::Tick(at(3_000)));
    let view = state.derived.view(Part::Whole);
    assert!(
        view.freshness.text.starts_with("waiting 3s for "),
        "{}",
        view.freshness.text
    );
    assert!(view.table.empty.text.starts_with("waiting 3s for "));
}

#[test]
fn a_lost_server_is_said_with_since_when_and_why_and_comes_back() {
    let mut state = cockpit(Mode::Observing, (120, 40));
    update(
        &mut state,
        Event::ConnectionLost {
            why: "connection refused".to_owned(),
        },
    );
    update(&mut state, Event::Tick(at(13_000)));
    let header = crate::app::view::header::header(&state);
    assert_eq!(
        header.lost.as_deref(),
        Some("SERVER LOST 12s: connection refused · all gates shut")
    );
    let back = Event::Connected {
        identity: identity(),
        operator: state.operator.clone().unwrap(),
        conditions: state.conditions.clone(),
    };
    update(&mut state, back);
    assert_eq!(crate::app::view::header::header(&state).lost, None);
}

#[test]
fn a_tenant_whose_namespace_goes_is_gone() {
    let mut state = cockpit(Mode::Observing, (120, 40));
    let acme = objects().into_iter().find(|object| object.meta.name == "acme").unwrap();
    update(&mut state, Event::Observed(vec![deleted(&acme, Moment::default())]));
    assert_eq!(names(&state, Part::Whole), ["tenant hasan-prod"]);
    assert_eq!(state.visit().screen, Screen::Fleet);
}

#[test]
fn before_the_first_key_the_cursor_waits_on_the_first_row() {
    let mut state = started(Mode::Observing, (120, 40));
    let (late, early): (Vec<_>, Vec<_>) = objects()
        .into_iter()
        .partition(|object| object.key().namespace == "hasan-prod");
    update(&mut state, Event::Observed(listed(&early, Moment::default())));
    let mut all = early;
    all.extend(late);
    update(&mut state, Event::Observed(listed(&all, Moment::default())));
    press(&mut state, "<enter>");
    assert_eq!(state.visit().screen, Screen::Tenant("hasan-prod".into()));
}
