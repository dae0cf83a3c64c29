//! How a run goes on, is stopped, taken up and ended.

use crate::runbook::progress::{Event, Misplaced, Progress, State, Word};
use crate::runbook::step::OnTimeout;
use crate::runbook::{Source, parse, skeleton};

fn begun() -> Progress {
    Progress::begin(&parse(&Source::new("x.yaml", skeleton("x"))).unwrap())
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

/// The run after these events on its first step.
fn after(events: &[Event], on_timeout: OnTimeout) -> Progress {
    let mut progress = begun();
    for event in events {
        progress.apply(event.clone(), on_timeout).unwrap();
    }
    progress
}

#[test]
fn a_step_is_done_when_its_end_was_seen() {
    let mut progress = after(&[Event::Began, Event::Acted, Event::Verified], OnTimeout::Stop);
    assert_eq!(progress.steps[0].state, State::Done);
    assert_eq!(progress.current().map(|step| step.id.as_str()), Some("settled"));
    let why = "nothing to wait for".to_owned();
    progress.apply(Event::NotNeeded { why }, OnTimeout::Stop).unwrap();
    assert!(progress.complete());
    assert_eq!(progress.apply(Event::Began, OnTimeout::Stop), Err(Misplaced::Ended));
    // it comes back from a journal as it was
    let text = serde_json::to_string(&progress).unwrap();
    assert_eq!(serde_json::from_str::<Progress>(&text).unwrap(), progress);
}

#[test]
fn a_time_that_is_over_ends_as_the_runbook_says() {
    let verifying = [Event::Began, Event::Acted];
    let state = |more: &[Event], on_timeout| {
        let events: Vec<Event> = verifying.iter().chain(more).cloned().collect();
        after(&events, on_timeout).steps[0].state.clone()
    };
    let seen = || "1 of 2 ready".to_owned();
    assert_eq!(state(&[late()], OnTimeout::Stop), State::Stopped { seen: seen() });
    assert_eq!(state(&[late()], OnTimeout::Retry), State::Verifying { again: true });
    assert_eq!(
        state(&[late(), late()], OnTimeout::Retry),
        State::Stopped { seen: seen() }
    );
    assert_eq!(
        state(&[late()], OnTimeout::ContinueWithDoubt),
        State::InDoubt { seen: seen() }
    );
    let failed = Event::Failed { seen: seen() };
    assert_eq!(
        state(std::slice::from_ref(&failed), OnTimeout::ContinueWithDoubt),
        State::Stopped { seen: seen() }
    );
    let waived = state(&[failed.clone(), Event::Waived { word: word() }], OnTimeout::Stop);
    assert_eq!(
        waived,
        State::Waived {
            word: word(),
            seen: seen()
        }
    );
    let resumed = state(&[failed, Event::Resumed { word: word() }], OnTimeout::Stop);
    assert_eq!(resumed, State::Waiting);
}

#[test]
fn what_cannot_follow_is_refused_and_changes_nothing() {
    let nameless = Word {
        by: " ".to_owned(),
        ..word()
    };
    for (events, event) in [
        (vec![], Event::Acted),
        (vec![], Event::Verified),
        (vec![], Event::Waived { word: word() }),
        (vec![Event::Began], Event::Verified),
        (vec![Event::Began], Event::Skipped { word: word() }),
        (vec![Event::Began, Event::Acted], Event::Waived { word: word() }),
        (vec![], Event::Skipped { word: nameless }),
    ] {
        let before = after(&events, OnTimeout::Stop);
        let mut progress = before.clone();
        assert!(progress.apply(event.clone(), OnTimeout::Stop).is_err(), "{event:?}");
        assert_eq!(progress, before, "{event:?}");
    }
}

#[test]
fn an_aborted_run_goes_no_further_and_a_changed_runbook_is_another() {
    let mut progress = after(&[Event::Began], OnTimeout::Stop);
    progress
        .apply(Event::Aborted { word: word() }, OnTimeout::Stop)
        .unwrap();
    assert!(progress.current().is_none() && !progress.complete());
    assert_eq!(progress.apply(Event::Acted, OnTimeout::Stop), Err(Misplaced::Ended));
    let text = skeleton("x");
    assert!(progress.is_of(&parse(&Source::new("elsewhere.yaml", &*text)).unwrap()));
    assert!(!progress.is_of(&parse(&Source::new("x.yaml", format!("{text}\n"))).unwrap()));
}
