//! A release on screen: what is asked for it and when, and what becomes of answers.

use crate::app::event::{Effect, Event, Fetched};
use crate::app::fixture::{cockpit, press, wait};
use crate::app::release::{Answer, Aspect, Question, Section};
use crate::app::{Mode, Screen, State, update};
use crate::model::helm::{Claims, Driver, Home, Opening};
use crate::model::{Kind, Pin, ResourceVersion, Uid};
use serde_json::json;

fn asked(effects: &[Effect]) -> Vec<String> {
    let words = |effect: &Effect| {
        let Effect::FetchRelease(question) = effect else {
            return None;
        };
        Some(match question {
            Question::Open { revision, .. } => format!("r{revision}"),
            Question::Live { .. } => "live".to_owned(),
            Question::Whole { .. } => "whole".to_owned(),
            Question::Claims { others, .. } => format!("claims of {}", others.len()),
            Question::Survey { records, .. } => format!("survey of {} records", records.len()),
        })
    };
    effects.iter().filter_map(words).collect()
}

fn home(state: &State) -> Home {
    let mut records = state.world().of_kind(Kind::Release);
    let record = records.find(|object| object.meta.namespace == "hasan-prod").unwrap();
    Home::new("hasan-prod", &record.body.release().unwrap().name, Driver::Secret)
}

/// The newest revision opened, from another version of its record than the watch knows.
fn answer(home: &Home, revision: u32) -> Event {
    let stored = json!({"name": home.name, "namespace": home.namespace, "version": revision, "info": {"status": "deployed"},
        "manifest": "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: app}\n"});
    let payload = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, stored.to_string());
    let opening = Opening::of_config_map(json!({"data": {"release": payload}}).to_string().as_bytes());
    let pin = Pin {
        key: home.record(revision),
        uid: Uid::new("another"),
        resource_version: ResourceVersion::new("newer than the watch"),
    };
    Event::Fetched(Fetched::Release(Answer::Opened {
        home: home.clone(),
        revision,
        answer: Ok((pin, opening)),
    }))
}

#[test]
fn what_a_release_needs_is_asked_for_once_and_forgotten_when_it_is_left() {
    let mut state = cockpit(Mode::Observing, (120, 40));
    let effects = press(&mut state, "<enter>");
    assert_eq!(
        asked(&effects),
        Vec::<String>::new(),
        "whatever Helm keeps its records in is watched"
    );
    let home = home(&state);
    let newest = state.revisions(&home).last().unwrap().body.release().unwrap().revision;
    let effects = press(&mut state, ":releases<enter>g<enter>");
    assert!(
        matches!(&state.visit().screen, Screen::Release(aspect) if aspect.home == home),
        "{:?}",
        state.visit()
    );
    assert_eq!(asked(&effects)[0], format!("r{newest}"));
    assert_eq!(asked(&wait(&mut state, 3)), Vec::<String>::new(), "asked once");

    let effects = update(&mut state, answer(&home, newest));
    assert!(
        asked(&effects).contains(&"live".to_owned()) && asked(&effects).iter().any(|asked| asked.starts_with("claims"))
    );
    assert_eq!(
        asked(&wait(&mut state, 3)),
        Vec::<String>::new(),
        "the record is newer than the watch knows: that is no reason to ask again and again"
    );
    let dossier = state.dossier.as_ref().unwrap();
    assert!(dossier.opened(newest).is_some());
    press(&mut state, "<esc>");
    assert!(state.dossier.is_none(), "nobody looks any more");
    update(&mut state, answer(&home, newest));
    assert!(state.dossier.is_none(), "an answer nobody waits for is dropped");
}

#[test]
fn the_way_out_that_was_asked_for_is_shown_as_soon_as_its_object_is_in_sight() {
    use crate::app::fixture::{connected, listed, objects, started};
    use crate::model::{Key, Moment};
    for (name, shown) in [("shared-data", true), ("nobody", false)] {
        let mut state = started(Mode::Observing, (120, 40));
        state.unstick(Key::new(Kind::PersistentVolumeClaim, "hasan-prod", name));
        update(&mut state, Event::Observed(listed(&objects(), Moment::default())));
        let there = matches!(&state.visit().screen, Screen::Unstick(subject) if subject.key.name == name);
        assert_eq!(there, shown, "{name}");
        let told = state
            .flash
            .as_ref()
            .map(|flash| flash.sentence.clone())
            .unwrap_or_default();
        assert_eq!(told == "pvc/nobody does not exist", !shown, "{told}");
    }
    let mut state = connected(Mode::Observing, (120, 40), &objects());
    let record = home(&state).name;
    state.unstick(Key::new(Kind::Release, "hasan-prod", &record));
    wait(&mut state, 1);
    assert!(matches!(&state.visit().screen, Screen::Unstick(subject) if subject.key.kind == Kind::Release));
}

#[test]
fn sections_go_round_and_drift_is_asked_for_when_it_is_looked_at() {
    let mut state = cockpit(Mode::Observing, (80, 24));
    let home = home(&state);
    let newest = state.revisions(&home).last().unwrap().body.release().unwrap().revision;
    state
        .visits
        .push(crate::app::screen::Visit::to(Screen::Release(Aspect::of(home.clone()))));
    wait(&mut state, 1);
    update(&mut state, answer(&home, newest));
    let none = Claims::default();
    for told in [
        Answer::Live {
            home: home.clone(),
            found: Vec::new(),
        },
        Answer::Claims {
            home: home.clone(),
            claims: none,
        },
    ] {
        update(&mut state, Event::Fetched(Fetched::Release(told)));
    }
    let mut seen = Vec::new();
    for _ in 0..6 {
        let Screen::Release(aspect) = &state.visit().screen else {
            panic!("{:?}", state.visit());
        };
        seen.push(aspect.section);
        let effects = press(&mut state, "<tab>");
        let whole = asked(&effects).contains(&"whole".to_owned());
        assert_eq!(whole, seen.len() == 5, "{seen:?}");
    }
    assert_eq!(seen, Section::ALL);
    press(&mut state, "n");
    assert!(state.flash.is_some());
}

/// API services that do not answer hold a namespace: they are asked for when its panel opens, where nobody has asked yet.
#[test]
fn api_services_are_asked_for_before_a_namespace_is_deleted() {
    const ORDER: &str = ":delete ns/hasan-prod<enter>";
    let mut state = cockpit(Mode::Operating, (120, 40));
    let told = asked(&press(&mut state, ORDER));
    assert!(state.at_gate(), "a panel is open");
    assert!(told.len() == 1 && told[0].starts_with("survey of"), "{told:?}");
    press(&mut state, "<esc>");
    let asked_before = crate::model::Survey {
        at: Some(state.now),
        ..crate::model::Survey::default()
    };
    std::sync::Arc::make_mut(&mut state.conditions.survey).take_in(asked_before);
    state.reading = None;
    let again = asked(&press(&mut state, ORDER));
    assert!(state.at_gate() && again.is_empty(), "{again:?}");
}
