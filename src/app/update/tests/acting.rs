//! Gates, steps and doubts: nothing destructive happens by habit, and nothing is said to be done before it is seen.

use super::super::gate::concerned;
use crate::app::fixture::{applied, at, claim, cockpit, deleted, job, press, volume, wait};
use crate::app::{
    Answer, Doubtful, Effect, Ending, Event, Fetched, JournalState, Mode, Phase, Rhythm, Screen, State, StepProgress,
    update,
};
use crate::journal::Outcome;
use crate::model::{Act, FeedId, Kind, Moment, Observation};

const SIZE: (u16, u16) = (120, 50);

/// A cockpit with the panel in front of deleting Job train-7f open.
fn at_the_gate(mode: Mode) -> State {
    let mut state = cockpit(mode, SIZE);
    press(&mut state, "<enter>");
    let effects = press(&mut state, "<tab><ctrl-d>");
    assert!(matches!(effects.as_slice(), [Effect::SetRhythm(Rhythm::Fast)]));
    wait(&mut state, 1);
    state
}

/// Attests every item, types what the panel asks for, and waits for no one.
fn answer(state: &mut State) {
    for at in 0..state.gate.as_ref().unwrap().panel.items().len() {
        if state.gate.as_ref().unwrap().panel.items()[at].attestable() {
            press(state, "<space>");
        }
        press(state, "<down>");
    }
    let asked = state
        .gate
        .as_ref()
        .unwrap()
        .panel
        .challenge()
        .map(|challenge| challenge.question().to_owned());
    if let Some(question) = asked {
        press(state, &fact(state, &question));
    }
}

/// What a person would read off the panel, where it must stand to be read.
fn fact(state: &State, question: &str) -> String {
    let gate = state.gate.as_ref().unwrap();
    let target = gate.panel.act().target();
    let (shown, fact) = if question.contains("node") {
        ("node-1".to_owned(), "node-1".to_owned())
    } else {
        assert!(question.ends_with("uid of job/train-7f"), "{question}");
        (target.uid.to_string(), target.uid.tail(6))
    };
    let page = crate::app::view::gate::sheet(state, gate).page;
    let whole: String = page
        .lines
        .iter()
        .map(crate::app::words::Line::text)
        .collect::<Vec<_>>()
        .join(" ");
    assert!(whole.contains(&shown), "{question} cannot be answered from the panel");
    fact
}

fn closed(state: &State) -> Vec<String> {
    crate::app::view::gate::closed(state, state.gate.as_ref())
}

#[test]
fn an_approved_act_is_committed_once_and_the_panel_becomes_its_progress() {
    let mut state = at_the_gate(Mode::Operating);
    answer(&mut state);
    assert_eq!(closed(&state), Vec::<String>::new());
    let effects = press(&mut state, "<ctrl-y>");
    assert!(matches!(
        effects.as_slice(),
        [Effect::Commit { number: 1, .. }, Effect::SetRhythm(Rhythm::Slow)]
    ));
    assert!(state.gate.is_none());
    assert_eq!(state.following, Some(1));
    assert!(press(&mut state, "<ctrl-y>").is_empty());
}

#[test]
fn space_on_a_sensed_item_types_nothing() {
    let mut state = at_the_gate(Mode::Operating);
    assert!(!state.gate.as_ref().unwrap().panel.items()[0].attestable());
    press(&mut state, "<space><space>");
    let typed = state
        .gate
        .as_ref()
        .unwrap()
        .panel
        .challenge()
        .unwrap()
        .typed()
        .to_owned();
    assert_eq!(typed, "");
    answer(&mut state);
    assert_eq!(closed(&state), Vec::<String>::new());
}

#[test]
fn enter_never_approves() {
    let mut state = at_the_gate(Mode::Operating);
    answer(&mut state);
    assert!(press(&mut state, "<enter><enter>y").is_empty());
    assert!(state.steps.is_empty());
}

#[test]
fn esc_leaves_without_harm_from_everywhere() {
    let mut state = at_the_gate(Mode::Operating);
    answer(&mut state);
    let effects = press(&mut state, "<esc>");
    assert!(matches!(effects.as_slice(), [Effect::SetRhythm(Rhythm::Slow)]));
    assert!(state.gate.is_none() && state.steps.is_empty());
}

#[test]
fn an_observing_cockpit_shows_the_panel_and_never_opens_approve() {
    let mut state = at_the_gate(Mode::Observing);
    answer(&mut state);
    assert!(closed(&state).iter().any(|why| why.contains("--operate")));
    assert!(press(&mut state, "<ctrl-y>").is_empty());
}

#[test]
fn what_is_pasted_or_was_typed_before_the_panel_stood_there_is_thrown_away() {
    let mut state = cockpit(Mode::Operating, SIZE);
    press(&mut state, "<enter><tab><ctrl-d>abc<space><ctrl-y>");
    let panel = &state.gate.as_ref().unwrap().panel;
    assert_eq!(panel.challenge().unwrap().typed(), "");
    wait(&mut state, 1);
    let now = state.now();
    update(
        &mut state,
        Event::Paste {
            text: "00001e".to_owned(),
            at: now,
        },
    );
    assert_eq!(state.gate.as_ref().unwrap().panel.challenge().unwrap().typed(), "");
}

#[test]
fn a_panel_that_cannot_be_seen_whole_cannot_be_approved() {
    let mut state = at_the_gate(Mode::Operating);
    answer(&mut state);
    update(&mut state, Event::Resize { width: 80, height: 12 });
    assert!(press(&mut state, "<ctrl-y>").is_empty());
    assert!(
        state
            .flash
            .as_ref()
            .is_some_and(|flash| flash.sentence.contains("enlarge it"))
    );
    update(&mut state, Event::Resize { width: 120, height: 50 });
    assert!(matches!(
        press(&mut state, "<ctrl-y>").first(),
        Some(Effect::Commit { .. })
    ));
}

#[test]
fn at_80_by_24_an_answered_panel_fits() {
    let mut state = at_the_gate(Mode::Operating);
    update(&mut state, Event::Resize { width: 80, height: 24 });
    answer(&mut state);
    assert!(matches!(
        press(&mut state, "<ctrl-y>").first(),
        Some(Effect::Commit { .. })
    ));
}

/// A panel that the screen does not show at once is read by scrolling: APPROVE opens when its last line was shown.
#[test]
fn a_panel_longer_than_the_screen_is_read_to_its_end_before_it_can_be_approved() {
    let mut state = at_the_gate(Mode::Operating);
    answer(&mut state);
    update(&mut state, Event::Resize { width: 60, height: 20 });
    let shown = |state: &State| {
        let gate = state.gate.as_ref().unwrap();
        crate::app::view::gate::sheet(state, gate)
    };
    let sheet = shown(&state);
    assert!(
        sheet.pinned > 0 && !sheet.fits(state.size),
        "it is long enough for this test"
    );
    assert!(press(&mut state, "<ctrl-y>").is_empty());
    let why = state.flash.as_ref().unwrap().sentence.clone();
    assert!(why.contains("were not on the screen yet"), "{why}");
    // one line at a time, nothing is passed over
    let mut seen = state.gate.as_ref().unwrap().scroll + sheet.room(20);
    for _ in 0..60 {
        press(&mut state, "<down>");
        let gate = state.gate.as_ref().unwrap();
        assert!(gate.scroll <= seen, "a gap");
        seen = seen.max(gate.scroll + shown(&state).room(20));
    }
    assert!(seen >= shown(&state).body(), "the end is reached");
    assert!(matches!(
        press(&mut state, "<ctrl-y>").first(),
        Some(Effect::Commit { .. })
    ));
}

/// Nobody signs what is not on the screen.
#[test]
fn an_item_that_was_scrolled_away_is_shown_before_it_is_signed() {
    let mut state = at_the_gate(Mode::Operating);
    update(&mut state, Event::Resize { width: 60, height: 20 });
    let item = |state: &State| {
        let gate = state.gate.as_ref().unwrap();
        gate.panel.items().iter().position(crate::gate::Item::attestable)
    };
    let at = item(&state).expect("an item to sign");
    let gate = state.gate.as_mut().unwrap();
    gate.item = at;
    gate.scroll = 0;
    let sheet = crate::app::view::gate::sheet(&state, state.gate.as_ref().unwrap());
    assert!(!sheet.shows(at, 0, 20), "it stands below the screen");
    press(&mut state, "<space>");
    let gate = state.gate.as_ref().unwrap();
    assert_eq!(gate.panel.items()[at].state, crate::gate::ItemState::Unattested);
    assert!(sheet.shows(at, gate.scroll, 20), "now it is shown");
    press(&mut state, "<space>");
    let gate = state.gate.as_ref().unwrap();
    assert_eq!(gate.panel.items()[at].state, crate::gate::ItemState::Attested);
}

#[test]
fn a_lost_server_or_a_journal_that_cannot_be_written_shuts_every_gate() {
    let mut state = at_the_gate(Mode::Operating);
    answer(&mut state);
    update(
        &mut state,
        Event::ConnectionLost {
            why: "connection refused".to_owned(),
        },
    );
    assert!(press(&mut state, "<ctrl-y>").is_empty());
    let mut state = at_the_gate(Mode::Operating);
    answer(&mut state);
    update(
        &mut state,
        Event::Journal(JournalState::ReadOnly {
            why: "disk full".to_owned(),
        }),
    );
    assert!(press(&mut state, "<ctrl-y>").is_empty());
    assert!(closed(&state).iter().any(|why| why.contains("disk full")));
}

#[test]
fn feeds_that_fall_silent_make_items_unknown_and_close_approve() {
    let mut state = at_the_gate(Mode::Operating);
    answer(&mut state);
    let now = state.now();
    update(
        &mut state,
        Event::Tick(at(u64::try_from(now.mono.0.as_millis()).unwrap() + 6_000)),
    );
    assert!(!closed(&state).is_empty());
    assert!(press(&mut state, "<ctrl-y>").is_empty());
}

#[test]
fn a_change_under_the_panel_voids_the_answers_and_says_so() {
    let mut state = at_the_gate(Mode::Operating);
    answer(&mut state);
    let mut moved = job("hasan-prod", "train-7f", 30);
    moved.meta.resource_version = crate::model::ResourceVersion::new("5000");
    update(&mut state, Event::Observed(vec![applied(moved, Moment::default())]));
    assert!(!closed(&state).is_empty());
    assert!(!state.gate.as_ref().unwrap().panel.changes().is_empty());
    assert!(press(&mut state, "<ctrl-y>").is_empty());
}

/// A cockpit with step 1 accepted by the server.
fn accepted() -> State {
    let mut state = at_the_gate(Mode::Operating);
    answer(&mut state);
    press(&mut state, "<ctrl-y>");
    for progress in [
        StepProgress::Recorded,
        StepProgress::Cleared,
        StepProgress::Sent,
        StepProgress::Answered(Outcome::Accepted {
            evidence: "deletionTimestamp is set".to_owned(),
            waits_for: Vec::new(),
        }),
    ] {
        update(&mut state, Event::Step { number: 1, progress });
    }
    assert_eq!(state.steps[&1].phase, Phase::Accepted);
    state
}

#[test]
fn a_step_is_done_when_its_effect_is_seen_and_not_before() {
    let mut state = accepted();
    wait(&mut state, 3);
    assert!(!state.steps[&1].over());
    let gone = job("hasan-prod", "train-7f", 30);
    let effects = update(&mut state, Event::Observed(vec![deleted(&gone, Moment::default())]));
    assert!(matches!(effects.as_slice(), [Effect::Ended { number: 1, .. }]));
    assert!(matches!(state.steps[&1].phase, Phase::Over(Ending::Observed { .. })));
}

#[test]
fn a_step_whose_effect_is_not_seen_says_so_at_its_deadline() {
    let mut state = accepted();
    let effects = wait(&mut state, 91);
    assert_eq!(
        effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Ended { .. }))
            .count(),
        1
    );
    assert!(matches!(state.steps[&1].phase, Phase::Over(Ending::TimedOut { .. })));
}

#[test]
fn a_voided_approval_opens_the_panel_again_with_the_difference() {
    let mut state = at_the_gate(Mode::Operating);
    answer(&mut state);
    press(&mut state, "<ctrl-y>");
    let changes = vec!["- resourceVersion 1030".to_owned(), "+ resourceVersion 5000".to_owned()];
    update(
        &mut state,
        Event::Step {
            number: 1,
            progress: StepProgress::Voided { changes },
        },
    );
    assert!(matches!(state.steps[&1].phase, Phase::Over(Ending::Voided { .. })));
    let gate = state.gate.as_ref().unwrap();
    assert!(gate.changes.iter().any(|line| line.contains("5000")));
    assert!(!closed(&state).is_empty(), "nothing is answered for the new panel");
}

#[test]
fn q_asks_once_while_a_step_is_under_way() {
    let mut state = accepted();
    press(&mut state, "<esc><esc>");
    assert!(press(&mut state, "q").is_empty());
    assert!(
        state
            .flash
            .as_ref()
            .is_some_and(|flash| flash.sentence.contains("q again"))
    );
    assert!(matches!(press(&mut state, "q").as_slice(), [Effect::Quit]));
}

#[test]
fn a_release_is_uninstalled_by_helm_which_is_asked_first() {
    let mut state = cockpit(Mode::Operating, SIZE);
    let effects = press(&mut state, "<enter>:releases<enter><ctrl-d>");
    assert!(state.gate.is_none(), "nothing is known yet");
    let mut asked = None;
    for effect in effects {
        if let Effect::PrepareHelm(act) = effect {
            asked = Some(act);
        }
    }
    let asked = asked.expect("helm is asked");
    assert!(
        asked.to_string().starts_with("uninstall (helm of an unknown version)"),
        "{asked}"
    );
    let no = Err("there is no helm".to_owned());
    let told = |asked: &Act, answer| {
        Event::Fetched(Fetched::Helm {
            asked: Box::new(asked.clone()),
            answer,
        })
    };
    update(&mut state, told(&asked, no));
    assert!(state.gate.is_none());
    assert!(
        state
            .flash
            .as_ref()
            .is_some_and(|flash| flash.sentence == "there is no helm")
    );
    // an answer that nobody waits for any more opens nothing
    let late = (asked.clone(), Box::default());
    update(&mut state, told(&asked, Ok(late)));
    assert!(state.gate.is_none());
    press(&mut state, "<ctrl-d>");
    let ready = (asked.clone(), Box::default());
    update(&mut state, told(&asked, Ok(ready)));
    let panel = &state.gate.as_ref().expect("the panel").panel;
    assert!(
        !panel.closed(state.now).is_empty(),
        "what was not read is unknown, and blocks"
    );
}

#[test]
fn a_claim_ref_is_cleared_only_on_a_released_volume() {
    let mut state = cockpit(Mode::Operating, SIZE);
    press(&mut state, "<enter>jc");
    assert!(state.gate.is_none());
    assert!(
        state
            .flash
            .as_ref()
            .is_some_and(|flash| flash.sentence.contains("not Released"))
    );
    press(&mut state, "Gc");
    assert_eq!(
        state.gate.as_ref().unwrap().panel.act().to_string(),
        "clear claimRef uid of pv/pvc-old"
    );
}

#[test]
fn steps_in_doubt_come_first_and_a_person_speaks_only_where_asked() {
    let mut state = cockpit(Mode::Operating, SIZE);
    let doubt = |asks: bool, settled: bool| Doubtful {
        step: "delete pvc/data".into(),
        act: "delete pvc/data (Background)".to_owned(),
        verdict: "in doubt".to_owned(),
        evidence: vec!["sent; no answer is recorded".to_owned()],
        asks,
        settled,
    };
    update(&mut state, Event::Doubts(vec![doubt(false, false)]));
    assert_eq!(state.visit().screen, Screen::Doubts);
    assert_eq!(state.journal, JournalState::InDoubt);
    assert!(press(&mut state, "D").is_empty());
    assert!(matches!(press(&mut state, "r").as_slice(), [Effect::ObserveDoubts]));
    update(&mut state, Event::Doubts(vec![doubt(true, false)]));
    assert!(matches!(
        press(&mut state, "N").as_slice(),
        [Effect::SettleDoubt {
            answer: Answer::NotApplied,
            ..
        }]
    ));
    update(&mut state, Event::Doubts(vec![doubt(false, true)]));
    update(&mut state, Event::Journal(JournalState::Ready));
    assert!(press(&mut state, "N").is_empty());
}

#[test]
fn a_t1_act_is_sent_by_a_key_held_for_a_second_and_not_by_tapping_it() {
    let tapped = |gap: u64, times: u64| {
        let mut state = cockpit(Mode::Operating, SIZE);
        press(&mut state, ":pods<enter><ctrl-d>");
        wait(&mut state, 1);
        let begin = u64::try_from(state.now().mono.0.as_millis()).unwrap();
        let mut effects = Vec::new();
        for tap in 0..times {
            let key = crate::app::Key::Char(' ');
            effects.extend(update(
                &mut state,
                Event::Key {
                    key,
                    at: at(begin + tap * gap),
                },
            ));
        }
        effects
            .iter()
            .filter(|effect| matches!(effect, Effect::Commit { .. }))
            .count()
    };
    assert_eq!(tapped(100, 30), 1);
    assert_eq!(tapped(700, 6), 0);
    assert_eq!(tapped(100, 9), 0);
}

#[test]
fn no_key_acts_on_the_rows_behind_a_steps_progress() {
    let mut state = accepted();
    assert!(press(&mut state, "<ctrl-d>j<ctrl-d>").is_empty());
    assert!(state.gate.is_none());
}

/// Under a thousand events a second a panel looks again at those that can bear on it, at once; the tick sees the rest.
#[test]
fn a_panel_is_sensed_at_once_after_what_can_bear_on_it() {
    let state = at_the_gate(Mode::Operating);
    let home = state.gate.as_ref().unwrap().panel.act().target().key.namespace.clone();
    let feed = FeedId::cluster(Kind::Pod);
    let heard = Observation::Heard {
        feed,
        at: Moment::default(),
    };
    let volume = volume("pv-any", "elsewhere", "data", 89, "Bound", "Retain", 90);
    for (report, near) in [
        (applied(claim(&home, "any", "", 91), Moment::default()), true),
        (deleted(&claim(&home, "any", "", 91), Moment::default()), true),
        (applied(volume, Moment::default()), true),
        (heard, true),
        (applied(claim("elsewhere", "any", "", 92), Moment::default()), false),
    ] {
        assert_eq!(concerned(&state, std::slice::from_ref(&report)), near, "{report:?}");
    }
    assert!(!concerned(&cockpit(Mode::Operating, SIZE), &[]), "no panel is open");
}
