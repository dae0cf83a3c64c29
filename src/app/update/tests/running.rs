//! Runs of runbooks in the cockpit: offered, taken up, kept before anything that follows from them.

use crate::app::fixture::{cockpit, press, wait};
use crate::app::{Effect, Event, JournalState, Mode, Screen, State, scene, update};
use crate::journal::{Outcome, Stage};
use crate::runbook::chronicle::{Chapter, Kept, Story, What};
use crate::runbook::progress::Event as Came;
use std::collections::BTreeMap;

const SIZE: (u16, u16) = (120, 60);

/// A cockpit whose journal is open and holds no run.
fn opened() -> State {
    let mut state = cockpit(Mode::Operating, SIZE);
    update(
        &mut state,
        Event::Runs {
            stories: Vec::new(),
            acts: BTreeMap::new(),
        },
    );
    state
}

fn kept(effects: &[Effect]) -> Vec<&'static str> {
    let chapters = effects.iter().filter_map(|effect| {
        if let Effect::Keep(chapter) = effect {
            Some(chapter.name())
        } else {
            None
        }
    });
    chapters.collect()
}

fn words(state: &State) -> String {
    let lines = state.derived.page.lines.iter().map(crate::app::words::Line::text);
    let flash = scene(state).flash.map(|flash| flash.sentence.clone());
    lines.chain(flash).collect::<Vec<_>>().join("\n")
}

/// A run of `drain-foreign-jobs` that has come to its Jobs, with the records that were asked for.
fn draining() -> (State, Vec<Chapter>) {
    let mut state = opened();
    let mut effects = press(
        &mut state,
        ":run drain-foreign-jobs namespace=hasan-prod release=eks-1.0.4<enter>",
    );
    assert_eq!(state.visit().screen, Screen::Run);
    wait(&mut state, 1);
    for _ in 0..60 {
        if state.run_item() == Some(2) {
            break;
        }
        press(&mut state, "j");
    }
    effects.extend(press(&mut state, "<space><ctrl-y>"));
    let chapters = effects.into_iter().filter_map(|effect| {
        if let Effect::Keep(chapter) = effect {
            Some(*chapter)
        } else {
            None
        }
    });
    (state, chapters.collect())
}

/// The run as a journal tells it.
fn story(chapters: &[Chapter]) -> Story {
    let opening = chapters.iter().find_map(|chapter| match &chapter.what {
        What::Opened(opening) => Some((**opening).clone()),
        What::Came(_) => None,
    });
    let at = crate::app::fixture::at(0).wall;
    let came = chapters.iter().filter_map(|chapter| match &chapter.what {
        What::Came(event) => Some(Kept {
            at,
            by: "anna@bridge".to_owned(),
            step: chapter.step.clone(),
            event: event.clone(),
        }),
        What::Opened(_) => None,
    });
    Story {
        id: chapters[0].run.clone(),
        began: at,
        by: "anna@bridge".to_owned(),
        opening: opening.unwrap(),
        came: came.collect(),
    }
}

#[test]
fn a_run_is_opened_in_the_journal_and_goes_on_as_far_as_nobody_is_asked() {
    let (mut state, chapters) = draining();
    let names: Vec<&str> = chapters.iter().map(Chapter::name).collect();
    assert_eq!(names, ["opened", "signed", "acted", "verified"]);
    assert!(words(&state).contains("a begins it"), "{}", words(&state));
    let effects = press(&mut state, "a");
    assert_eq!(kept(&effects), ["began"]);
    assert!(state.at_gate());
    assert!(state.panel().unwrap().demand().is_some());
}

#[test]
fn words_that_begin_no_run_are_told() {
    for (line, told) in [
        (":run no-such<enter>", "drain-foreign-jobs"),
        (":run drain-foreign-jobs namespace<enter>", "write NAME=VALUE"),
        (
            ":run drain-foreign-jobs namespace=hasan-prod<enter>",
            "release is required",
        ),
    ] {
        let mut state = opened();
        let effects = press(&mut state, line);
        assert!(words(&state).contains(told), "{line}: {}", words(&state));
        assert!(effects.is_empty(), "{line}");
        assert!(state.runs().on().is_none());
    }
}

/// While a step is in doubt, or the journal is lost, nothing is begun and nothing goes on.
#[test]
fn without_an_open_journal_a_run_stands_still() {
    let (mut state, _) = draining();
    for journal in [
        JournalState::InDoubt,
        JournalState::ReadOnly {
            why: "disk full".to_owned(),
        },
    ] {
        update(&mut state, Event::Journal(journal.clone()));
        let effects = press(&mut state, "a");
        assert!(effects.is_empty() && !state.at_gate(), "{journal:?}");
        press(&mut state, "S");
        assert!(state.prompt.is_none(), "{journal:?}: {}", words(&state));
    }
    update(&mut state, Event::Journal(JournalState::Ready));
    assert_eq!(kept(&press(&mut state, "a")), ["began"]);
}

#[test]
fn an_unfinished_run_is_offered_and_taken_up_where_it_was() {
    let (_, mut chapters) = draining();
    let mut state = cockpit(Mode::Operating, SIZE);
    let acts = BTreeMap::new();
    let stories = vec![story(&chapters)];
    update(&mut state, Event::Runs { stories, acts });
    assert!(words(&state).contains("R shows it"), "{}", words(&state));
    press(&mut state, "R");
    assert!(
        words(&state).contains("step end-jobs 2/4 is waiting"),
        "{}",
        words(&state)
    );
    // the same is not begun beside it
    press(
        &mut state,
        ":run drain-foreign-jobs namespace=hasan-prod release=eks-1.0.4<enter>",
    );
    assert!(state.runs().on().is_none());
    assert!(words(&state).contains("is unfinished"), "{}", words(&state));
    press(&mut state, "G");
    let effects = press(&mut state, "r");
    assert_eq!(state.runs().on().unwrap().run.id, chapters[0].run);
    assert!(kept(&effects).is_empty(), "nothing came of it");
    assert!(matches!(effects.as_slice(), [Effect::CheckRunbook { .. }]));

    // another is ended without going on
    chapters[0].run = "other-1".to_owned();
    let mut state = cockpit(Mode::Operating, SIZE);
    let stories = vec![story(&chapters)];
    update(
        &mut state,
        Event::Runs {
            stories,
            acts: BTreeMap::new(),
        },
    );
    press(&mut state, "RG");
    let effects = press(&mut state, "Xnot needed any more<enter>");
    assert_eq!(kept(&effects), ["aborted"]);
    assert!(state.runs().on().unwrap().run.over());
}

/// A manifest that was rendered beforehand is read by the process that takes the run up, too, and counts from then on.
#[test]
fn what_a_run_goes_by_is_read_again_when_it_is_taken_up() {
    const TEXT: &str = r#"apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: keep, title: Keep, version: "1" }
tenant: { namespace: hasan-prod, release: eks-1.0.4 }
steps:
  - id: keep
    title: Upgrade so that keep is stored
    act: { helmUpgrade: { release: eks-1.0.4, rendered: /old.yaml } }
    verify: { all: [act.done], within: 5m, onTimeout: stop }
"#;
    let source = crate::runbook::Source {
        name: "keep.yaml".to_owned(),
        text: TEXT.to_owned(),
    };
    let resolved = crate::runbook::resolve(&crate::runbook::parse(&source).unwrap(), &[]).unwrap();
    let run = crate::runbook::Run::begin(resolved, "anna@bridge", crate::app::fixture::at(0)).unwrap();
    let opened = Chapter {
        run: run.id.clone(),
        step: None,
        what: What::Opened(Box::new(run.opening())),
    };
    let mut state = cockpit(Mode::Operating, SIZE);
    let (stories, acts) = (vec![story(&[opened])], BTreeMap::new());
    update(&mut state, Event::Runs { stories, acts });
    let effects = press(&mut state, "RGr");
    let asked = effects.iter().find_map(|effect| {
        if let Effect::ReadManifests { paths, namespace } = effect {
            Some((paths.clone(), namespace.clone()))
        } else {
            None
        }
    });
    assert_eq!(asked, Some((vec!["/old.yaml".to_owned()], "hasan-prod".to_owned())));
    let due = |state: &State| format!("{:?}", state.runs().on().unwrap().standing.due);
    assert!(due(&state).contains("/old.yaml was not read"), "{}", due(&state));
    // it is asked for once
    let later = wait(&mut state, 1);
    assert!(
        !later
            .iter()
            .any(|effect| matches!(effect, Effect::ReadManifests { .. }))
    );
    let manifest =
        crate::model::helm::Manifest::parse("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "hasan-prod");
    let read = vec![("/old.yaml".to_owned(), Ok(("digest".into(), Box::new(manifest))))];
    update(&mut state, Event::Fetched(crate::app::event::Fetched::Manifests(read)));
    assert!(!due(&state).contains("was not read"), "{}", due(&state));
    assert!(state.conditions.helm.rendered("digest").is_some());
}

/// After a crash with an act under way: what the journal knows of it decides.
#[test]
fn an_act_that_was_under_way_is_what_the_journal_says_of_it() {
    let sent = |stage: Option<Stage>| {
        let (mut state, mut chapters) = draining();
        press(&mut state, "a");
        let on = state.runs().on().unwrap();
        let course = on.run.progress.current().unwrap();
        let acts: Vec<_> = course.acts.iter().map(|taken| taken.act.clone()).collect();
        let id = chapters[0].run.clone();
        let came = |event| Chapter {
            run: id.clone(),
            step: Some("end-jobs".to_owned()),
            what: What::Came(event),
        };
        chapters.push(came(Came::Began { acts: acts.clone() }));
        chapters.push(came(Came::Sending {
            act: 0,
            approval: "d1".to_owned(),
            shown: Box::new(acts[0].clone()),
            word: None,
        }));
        let mut state = cockpit(Mode::Operating, SIZE);
        let stages = stage.map(|stage| ("d1".to_owned(), stage));
        update(
            &mut state,
            Event::Runs {
                stories: vec![story(&chapters)],
                acts: stages.into_iter().collect(),
            },
        );
        press(&mut state, "RG");
        let effects = press(&mut state, "r");
        (
            kept(&effects),
            state.runs().on().unwrap().run.progress.steps[1].state.word(),
        )
    };
    let done = || Outcome::Done {
        evidence: "404".to_owned(),
    };
    let refused = || Outcome::Refused {
        code: 403,
        why: "no".to_owned(),
    };
    for (stage, records, state) in [
        (Some(Stage::Ended(done())), vec!["ended"], "doing"),
        (Some(Stage::Ended(refused())), vec!["returned", "failed"], "stopped"),
        (Some(Stage::Sent), vec![], "doing"),
        (None, vec!["returned", "failed"], "stopped"),
    ] {
        assert_eq!(sent(stage.clone()), (records, state), "{stage:?}");
    }
}

#[test]
fn an_approval_is_on_record_as_the_runs_before_it_is_committed() {
    let (mut state, _) = draining();
    press(&mut state, "a");
    wait(&mut state, 1);
    let typed = state.panel().unwrap().typed().unwrap().question().to_owned();
    assert!(typed.ends_with(", hasan-prod"), "{typed}");
    press(&mut state, "hasan-prod");
    for at in 0..state.panel().unwrap().items().len() {
        if state.panel().unwrap().items()[at].attestable() {
            press(&mut state, "<space>");
        }
        press(&mut state, "<down>");
    }
    let question = state.panel().unwrap().challenge().unwrap().question().to_owned();
    let fact = if question.contains("node") {
        "node-1".to_owned()
    } else {
        state.panel().unwrap().act().target().uid.tail(6)
    };
    press(&mut state, &fact);
    let effects = press(&mut state, "<ctrl-y>");
    let places: Vec<&str> = effects
        .iter()
        .filter_map(|effect| {
            if let Effect::Keep(chapter) = effect {
                return Some(chapter.name());
            }
            matches!(effect, Effect::Commit { .. }).then_some("commit")
        })
        .collect();
    assert_eq!(places, ["sending", "commit"], "{question}: {}", words(&state));
}

#[test]
fn two_runs_begun_in_the_same_millisecond_have_names_of_their_own() {
    let (mut state, _) = draining();
    press(&mut state, "Xthe window is shut<enter>");
    let order = |state: &State| {
        let order = state
            .runs()
            .read("drain-foreign-jobs namespace=hasan-prod release=eks-1.0.4")
            .unwrap();
        Event::RunAsked(Box::new(order))
    };
    let asked = order(&state);
    update(&mut state, asked);
    let first = state.runs().on().unwrap().run.clone();
    state.runs.on = None;
    let asked = order(&state);
    let effects = update(&mut state, asked);
    let on = &state.runs().on().unwrap().run;
    assert_eq!(on.began, first.began);
    assert_eq!(on.id, format!("{}-2", first.id));
    let opened = effects.iter().find_map(|effect| {
        if let Effect::Keep(chapter) = effect {
            Some(chapter.run.clone())
        } else {
            None
        }
    });
    assert_eq!(opened.as_ref(), Some(&on.id), "the journal knows it by that name");
}

#[test]
fn space_away_from_the_items_leads_to_the_first_that_waits_and_signs_nothing() {
    let mut state = opened();
    press(
        &mut state,
        ":run drain-foreign-jobs namespace=hasan-prod release=eks-1.0.4<enter>",
    );
    wait(&mut state, 1);
    assert_eq!(state.run_item(), None);
    press(&mut state, "<space>");
    assert_eq!(state.run_item(), Some(2), "{}", words(&state));
    assert!(words(&state).contains("☐ Whoever starts Jobs"), "{}", words(&state));
    press(&mut state, "<space>");
    assert!(words(&state).contains("☑ Whoever starts Jobs"), "{}", words(&state));
}

#[test]
fn from_an_item_the_cursor_goes_to_the_next_one_however_long_its_words_are() {
    let mut state = opened();
    update(&mut state, Event::Resize { width: 40, height: 60 });
    press(
        &mut state,
        ":run drain-foreign-jobs namespace=hasan-prod release=eks-1.0.4<enter>",
    );
    wait(&mut state, 1);
    press(&mut state, "<space>");
    let first = state.run_item().expect("an item that waits");
    let words = words(&state);
    let item = words.lines().position(|line| line.contains('☐')).expect("an item");
    let next = words.lines().nth(item + 1).unwrap_or_default();
    assert!(next.starts_with("   "), "its words need a further line here:\n{words}");
    press(&mut state, "k");
    assert_eq!(state.run_item(), first.checked_sub(1), "{words}");
    press(&mut state, "jj");
    assert_ne!(state.run_item(), Some(first));
    press(&mut state, "k");
    assert_eq!(state.run_item(), Some(first), "{words}");
}

/// Nobody looks: no tenant is judged, no page is worked out, and the shell is not kept busy; a key still finds the items.
#[test]
fn without_a_screen_nothing_is_worked_out_until_a_key_moves_on_it() {
    let mut state = opened();
    state.unattended();
    let judged = state.judged().count();
    assert!(judged > 0, "the fixture judges before");
    press(
        &mut state,
        ":run drain-foreign-jobs namespace=hasan-prod release=eks-1.0.4<enter>",
    );
    let before = words(&state);
    wait(&mut state, 5);
    assert_eq!(words(&state), before, "no page was worked out");
    assert!(!state.behind(), "nothing is to be judged for nobody");
    press(&mut state, "<space><space>");
    assert!(words(&state).contains("☐ Whoever starts Jobs"), "{}", words(&state));
    assert_eq!(state.run_item(), Some(2), "the item is found");
    let on = state
        .runs
        .on
        .as_ref()
        .and_then(|on| on.sign_off.as_ref())
        .expect("a step to sign");
    assert_eq!(
        on.items().get(2).map(|item| item.state),
        Some(crate::gate::ItemState::Attested)
    );
}

/// Trap 60: before anything is begun the server is asked about every act, once, and what it denies stops the run there.
#[test]
fn a_run_begins_when_all_of_it_may_be_done() {
    let asked = |effects: &[Effect]| {
        effects.iter().find_map(|effect| {
            if let Effect::AskRights { run, acts } = effect {
                Some((run.clone(), acts.iter().map(ToString::to_string).collect::<Vec<_>>()))
            } else {
                None
            }
        })
    };
    let mut state = opened();
    let order = state
        .runs()
        .read("drain-foreign-jobs namespace=hasan-prod release=eks-1.0.4")
        .unwrap();
    let effects = update(&mut state, Event::RunAsked(Box::new(order)));
    let (run, acts) = asked(&effects).expect("it asks");
    assert_eq!(
        acts,
        ["delete job/train-7f (Background)", "delete job/train-80 (Background)"]
    );
    let answer = |run: &str, said: Result<bool, String>| {
        let may = acts.iter().map(|act| (act.clone(), said.clone())).collect();
        let run = run.to_owned();
        Event::Fetched(crate::app::event::Fetched::Rights { run, may })
    };
    assert!(words(&state).contains("the server is being asked"), "{}", words(&state));
    // what was asked for another run says nothing of this one
    update(&mut state, answer("another", Ok(true)));
    assert!(words(&state).contains("the server is being asked"), "{}", words(&state));
    update(&mut state, answer(&run, Ok(false)));
    let told = words(&state);
    assert!(
        told.contains("blocked: rights.of-every-act: this user may not delete job/train-7f"),
        "{told}"
    );
    press(&mut state, "<space><ctrl-y>");
    assert_eq!(state.runs().on().unwrap().run.progress.steps[0].state.word(), "waiting");
    update(&mut state, answer(&run, Err("it did not answer".to_owned())));
    assert!(
        words(&state).contains("the server does not say of"),
        "{}",
        words(&state)
    );
    update(&mut state, answer(&run, Ok(true)));
    let told = words(&state);
    assert!(
        told.contains("all 2 acts are allowed") && told.contains("ctrl-y signs the step"),
        "{told}"
    );
    // it is not asked again once it is known
    let later = wait(&mut state, 20);
    assert_eq!(asked(&later), None);
}
