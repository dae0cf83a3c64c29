//! How a run goes on, is stopped, taken up and ended.

use crate::model::{Act, Key, Kind, Pin, Propagation, ResourceVersion, Uid};
use crate::runbook::progress::{Event, Misplaced, Progress, State, Went, Word};
use crate::runbook::step::OnTimeout;
use crate::runbook::{Source, parse, skeleton};
use jiff::Timestamp;

fn begun() -> Progress {
    Progress::begin(&parse(&Source::new("x.yaml", skeleton("x"))).unwrap())
}

fn at() -> Timestamp {
    "2026-01-01T14:02:11Z".parse().unwrap()
}

fn word() -> Word {
    Word {
        by: "anna".to_owned(),
        reason: "the probe is broken".to_owned(),
    }
}

fn late() -> Event {
    Event::TimedOut {
        seen: "1 of 2 ready".to_owned(),
    }
}

fn delete(name: &str) -> Act {
    Act::Delete {
        target: Pin {
            key: Key::new(Kind::Job, "shop", name),
            uid: Uid::new(&format!("uid-{name}")),
            resource_version: ResourceVersion::new("7"),
        },
        propagation: Propagation::Background,
    }
}

fn began(acts: &[&str]) -> Event {
    Event::Began {
        acts: acts.iter().map(|name| delete(name)).collect(),
    }
}

fn sending(act: usize) -> Event {
    Event::Sending {
        act,
        approval: "d1".to_owned(),
        shown: Box::new(delete(if act == 0 { "a" } else { "b" })),
        word: None,
    }
}

fn ended(act: usize) -> Event {
    Event::Ended {
        act,
        how: "gone".to_owned(),
    }
}

fn returned(act: usize) -> Event {
    Event::Returned {
        act,
        why: "refused".to_owned(),
    }
}

fn verified() -> Event {
    Event::Verified { seen: String::new() }
}

fn failed() -> Event {
    Event::Failed {
        seen: "1 of 2 ready".to_owned(),
    }
}

/// The run after these events on its first step.
fn after(events: &[Event], on_timeout: OnTimeout) -> Progress {
    let mut progress = begun();
    for event in events {
        progress.apply(event.clone(), on_timeout, at()).unwrap();
    }
    progress
}

fn first(events: &[Event]) -> State {
    after(events, OnTimeout::Stop).steps[0].state.clone()
}

#[test]
fn a_step_is_done_when_its_end_was_seen() {
    let mut progress = after(&[began(&[]), Event::Acted, verified()], OnTimeout::Stop);
    assert_eq!(progress.steps[0].state, State::Done);
    assert_eq!(progress.current().map(|step| step.id.as_str()), Some("settled"));
    let why = "nothing to wait for".to_owned();
    progress.apply(Event::NotNeeded { why }, OnTimeout::Stop, at()).unwrap();
    assert!(progress.complete());
    assert_eq!(progress.apply(began(&[]), OnTimeout::Stop, at()), Err(Misplaced::Ended));
    // it comes back from a journal as it was
    let text = serde_json::to_string(&progress).unwrap();
    assert_eq!(serde_json::from_str::<Progress>(&text).unwrap(), progress);
}

#[test]
fn its_acts_go_one_after_the_other_and_all_of_them_before_its_end_is_waited_for() {
    let mut progress = after(&[began(&["a", "b"]), sending(0)], OnTimeout::Stop);
    assert!(progress.under_way());
    for event in [sending(1), Event::Acted, failed(), Event::Halted { word: word() }] {
        let before = progress.clone();
        assert!(
            progress.apply(event.clone(), OnTimeout::Stop, at()).is_err(),
            "while one is under way: {event:?}"
        );
        assert_eq!(progress, before);
    }
    for event in [ended(0), sending(1), returned(1), sending(1), ended(1), Event::Acted] {
        progress.apply(event, OnTimeout::Stop, at()).unwrap();
    }
    assert_eq!(
        progress.steps[0].state,
        State::Verifying {
            again: false,
            since: at()
        }
    );
    assert!(progress.apply(ended(1), OnTimeout::Stop, at()).is_err(), "it is over");
}

#[test]
fn a_time_that_is_over_ends_as_the_runbook_says() {
    let state = |more: &[Event], on_timeout| {
        let events: Vec<Event> = [began(&[]), Event::Acted].iter().chain(more).cloned().collect();
        after(&events, on_timeout).steps[0].state.clone()
    };
    let seen = || "1 of 2 ready".to_owned();
    let stopped = State::Stopped {
        seen: seen(),
        unseen: true,
    };
    assert_eq!(state(&[late()], OnTimeout::Stop), stopped);
    assert_eq!(
        state(&[late()], OnTimeout::Retry),
        State::Verifying {
            again: true,
            since: at()
        }
    );
    assert_eq!(state(&[late(), late()], OnTimeout::Retry), stopped);
    assert_eq!(
        state(&[late()], OnTimeout::ContinueWithDoubt),
        State::InDoubt { seen: seen() }
    );
    let waived = state(&[late(), Event::Waived { word: word() }], OnTimeout::Stop);
    assert_eq!(
        waived,
        State::Waived {
            word: word(),
            seen: seen()
        }
    );
    let resumed = state(&[late(), Event::Resumed { word: word() }], OnTimeout::Stop);
    assert_eq!(resumed, State::Waiting);
}

/// A waiver is about an end that was not seen: it is no way past a gate.
#[test]
fn what_was_not_done_cannot_be_waived() {
    let events = [began(&["a"]), sending(0), returned(0), failed()];
    let mut progress = after(&events, OnTimeout::Stop);
    assert!(matches!(progress.steps[0].state, State::Stopped { unseen: false, .. }));
    assert!(
        progress
            .apply(Event::Waived { word: word() }, OnTimeout::Stop, at())
            .is_err()
    );
    progress
        .apply(Event::Skipped { word: word() }, OnTimeout::Stop, at())
        .unwrap();
    assert_eq!(progress.steps[0].state, State::Skipped { word: word() });
}

/// Begun anew, what stands is kept for its end to be judged on, and what does not is asked for again.
#[test]
fn a_step_that_begins_anew_keeps_what_stands() {
    let events = [
        began(&["a", "b"]),
        sending(0),
        ended(0),
        Event::Halted { word: word() },
        Event::Resumed { word: word() },
        began(&["b", "c"]),
    ];
    let progress = after(&events, OnTimeout::Stop);
    let acts: Vec<(String, bool)> = progress.steps[0]
        .acts
        .iter()
        .map(|taken| (taken.act.target().key.name.to_string(), taken.went == Went::Ahead))
        .collect();
    let expected = [("a", false), ("b", true), ("c", true)];
    assert_eq!(acts, expected.map(|(name, ahead)| (name.to_owned(), ahead)));
}

#[test]
fn what_cannot_follow_is_refused_and_changes_nothing() {
    let nameless = Word {
        by: " ".to_owned(),
        ..word()
    };
    for (events, event) in [
        (vec![], Event::Acted),
        (vec![], verified()),
        (vec![], sending(0)),
        (vec![], Event::Waived { word: word() }),
        (vec![began(&["a"])], verified()),
        (vec![began(&["a"])], Event::Acted),
        (vec![began(&["a"])], sending(1)),
        (vec![began(&["a"])], returned(0)),
        (vec![began(&[])], Event::Skipped { word: word() }),
        (vec![began(&[]), Event::Acted], Event::Waived { word: word() }),
        (vec![], Event::Skipped { word: nameless }),
        (
            vec![],
            Event::TurnedBack {
                word: word(),
                steps: Vec::new(),
            },
        ),
    ] {
        let before = after(&events, OnTimeout::Stop);
        let mut progress = before.clone();
        assert!(
            progress.apply(event.clone(), OnTimeout::Stop, at()).is_err(),
            "{event:?}"
        );
        assert_eq!(progress, before, "{event:?}");
    }
}

#[test]
fn a_step_is_stopped_by_a_person_while_its_end_is_waited_for() {
    assert!(matches!(
        first(&[began(&[]), Event::Acted, Event::Halted { word: word() }]),
        State::Stopped { unseen: true, .. }
    ));
    assert!(matches!(
        first(&[began(&["a"]), Event::Halted { word: word() }]),
        State::Stopped { unseen: false, .. }
    ));
}

/// Turned around, the run walks its way back step by step, and is never complete.
#[test]
fn a_run_that_is_turned_around_walks_the_way_back() {
    let turned = Event::TurnedBack {
        word: word(),
        steps: vec!["start".to_owned(), "mark".to_owned()],
    };
    let mut progress = after(&[began(&["a"]), sending(0), ended(0)], OnTimeout::Stop);
    progress.apply(turned.clone(), OnTimeout::Stop, at()).unwrap();
    assert_eq!(progress.current().map(|step| step.id.as_str()), Some("start"));
    assert_eq!(progress.steps[0].state, State::Acting, "it is left where it was");
    assert!(progress.apply(turned, OnTimeout::Stop, at()).is_err(), "once");
    for event in [began(&["b"]), sending(0), ended(0), Event::Acted, verified()] {
        progress.apply(event, OnTimeout::Stop, at()).unwrap();
    }
    assert_eq!(progress.current().map(|step| step.id.as_str()), Some("mark"));
    progress
        .apply(Event::Skipped { word: word() }, OnTimeout::Stop, at())
        .unwrap();
    assert!(progress.current().is_none() && !progress.complete());
}

#[test]
fn an_aborted_run_goes_no_further_and_a_changed_runbook_is_another() {
    let mut progress = after(&[began(&[])], OnTimeout::Stop);
    progress
        .apply(Event::Aborted { word: word() }, OnTimeout::Stop, at())
        .unwrap();
    assert!(progress.current().is_none() && !progress.complete());
    assert_eq!(
        progress.apply(Event::Acted, OnTimeout::Stop, at()),
        Err(Misplaced::Ended)
    );
    let text = skeleton("x");
    assert!(progress.is_of(&parse(&Source::new("elsewhere.yaml", &*text)).unwrap()));
    assert!(!progress.is_of(&parse(&Source::new("x.yaml", format!("{text}\n"))).unwrap()));
}

#[test]
fn a_step_that_ended_by_itself_is_begun_anew_while_the_next_one_waits() {
    let renewed = |step: &str| Event::Renewed {
        step: step.to_owned(),
        why: "it has worn off".to_owned(),
    };
    let done = [began(&["a"]), sending(0), ended(0), Event::Acted, verified()];
    let mut progress = after(&done, OnTimeout::Stop);
    let (first, second) = (progress.steps[0].id.clone(), progress.steps[1].id.clone());
    for wrong in [second.as_str(), "nowhere"] {
        assert!(
            progress.apply(renewed(wrong), OnTimeout::Stop, at()).is_err(),
            "{wrong}"
        );
    }
    progress.apply(renewed(&first), OnTimeout::Stop, at()).unwrap();
    assert_eq!(progress.current().map(|step| step.id.clone()), Some(first.clone()));
    // what stands is not asked for again, and what is found anew comes after it
    for event in [began(&["b"]), sending(1), ended(1), Event::Acted, verified()] {
        progress.apply(event, OnTimeout::Stop, at()).unwrap();
    }
    assert_eq!(progress.steps[0].acts.len(), 2);
    assert_eq!(progress.current().map(|step| step.id.clone()), Some(second));

    // not over the word of a person, and not while an act is under way
    let skipped = [Event::Skipped { word: word() }];
    assert!(
        after(&skipped, OnTimeout::Stop)
            .apply(renewed(&first), OnTimeout::Stop, at())
            .is_err()
    );
    // what was chosen and not sent yet is chosen anew: the peer that follows then may lead now
    for event in [began(&["c"]), renewed(&first)] {
        progress.apply(event, OnTimeout::Stop, at()).unwrap();
    }
    assert_eq!(
        (&progress.steps[1].state, progress.steps[1].acts.len()),
        (&State::Waiting, 0)
    );
    for event in [began(&[]), Event::Acted, verified(), began(&["b"]), sending(0)] {
        progress.apply(event, OnTimeout::Stop, at()).unwrap();
    }
    assert!(progress.apply(renewed(&first), OnTimeout::Stop, at()).is_err());
}
