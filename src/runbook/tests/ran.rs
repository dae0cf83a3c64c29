//! Runs in worlds: what is due, what is recorded by itself, and how a run is taken up from what was kept.

use super::hands::{go_on, granted, later, look, tell};
use crate::diagnose::Found;
use crate::diagnose::fixture::{denied, hasan_prod, now, with};
use crate::model::{Kind, Now, World};
use crate::runbook::chronicle::{Kept, Story};
use crate::runbook::progress::{Event, State, Word};
use crate::runbook::run::Due;
use crate::runbook::{Given, Origin, Resolved, Run, Source, parse, resolve};
use std::time::Duration;

const TEXT: &str = "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: own, title: Own, version: '1' }
tenant: { namespace: shop, release: eks }
parameters:
  job: { type: name, required: true }
  settle: { type: duration, default: 10m }
steps:
  - id: quiet
    title: look
    gate: { sensed: [namespace.active] }
    verify: { all: [cronjobs.suspended], within: 5m, onTimeout: stop }
  - id: agreed
    title: ask
    gate: { attested: ['${job} may end'] }
  - id: calm
    title: not needed here
    when: jobs.no-foreign
    verify: { all: [claims.settled], within: 1m, onTimeout: stop }
  - id: end
    title: end
    act: { delete: { target: 'job/${job}', propagation: Background } }
    verify: { all: [act.done], within: '${settle}', onTimeout: stop }
    undo: { rollback: [policy] }
  - id: all
    title: end all
    act: { delete: { each: jobs.foreign, propagation: Background } }
    verify: { all: [act.done, jobs.no-foreign], within: 5m, onTimeout: retry }
rollback:
  - id: policy
    title: back
    act: { setReclaimPolicy: { target: pv/mysql, policy: Retain } }
    verify: { all: [act.done], within: 1m, onTimeout: stop }
";

fn resolved(text: &str) -> Resolved {
    let runbook = parse(&Source::new("own.yaml", text)).unwrap_or_else(|faults| panic!("{}", faults.text()));
    let job = Given {
        name: "job".to_owned(),
        text: "train-0".to_owned(),
        origin: Origin::Flag,
    };
    resolve(&runbook, &[job]).unwrap()
}

fn begun() -> Run {
    granted(Run::begin(resolved(TEXT), "anna@laptop", now()).unwrap())
}

fn word() -> Word {
    Word {
        by: "anna".to_owned(),
        reason: "because".to_owned(),
    }
}

fn signed() -> Event {
    Event::Signed {
        answers: vec!["attested: train-0 may end".to_owned()],
    }
}

fn sending(act: usize, shown: &crate::model::Act) -> Event {
    Event::Sending {
        act,
        approval: format!("d{act}"),
        shown: Box::new(shown.clone()),
        word: None,
    }
}

fn ended(act: usize) -> Event {
    Event::Ended {
        act,
        how: "gone".to_owned(),
    }
}

fn states(run: &Run) -> Vec<&'static str> {
    run.progress.steps.iter().map(|course| course.state.word()).collect()
}

/// A world without this Job and its pod.
fn without(world: &World, name: &str) -> World {
    world.excerpt(world.objects().filter(|object| !object.meta.name.starts_with(name)))
}

#[test]
fn nothing_is_begun_before_all_of_it_may_be_done() {
    let (mut run, world) = (begun(), hasan_prod());
    for (rights, due) in [
        (None, "Unknown"),
        (Some(Found::untold("no answer")), "Unknown"),
        (Some(Found::no("not delete job/train-0")), "Blocked"),
        (Some(Found::yes("all of it")), "Come"),
    ] {
        run.rights = rights;
        let standing = look(&run, &world, now());
        assert!(format!("{:?}", standing.due).starts_with(due), "{standing:?}");
        assert!(standing.rights.is_some());
    }
    // once it is begun, or the first step left out, its own gates decide
    let mut left = run.clone();
    tell(&mut left, Event::Skipped { word: word() }, now());
    assert_eq!(go_on(&mut run, &world, now()), Due::Sign);
    for mut run in [run, left] {
        run.rights = None;
        assert!(!run.unbegun());
        let standing = look(&run, &world, now());
        assert!((standing.due, standing.rights) == (Due::Sign, None));
    }
}

#[test]
fn what_only_looks_runs_through_and_what_needs_a_person_waits() {
    let (mut run, world) = (begun(), hasan_prod());
    assert_eq!(go_on(&mut run, &world, now()), Due::Sign);
    assert_eq!(states(&run), ["done", "waiting", "waiting", "waiting", "waiting"]);
    tell(&mut run, signed(), now());
    // what is not needed is passed, and an act is never begun by itself
    let Due::Begin(acts) = go_on(&mut run, &world, now()) else {
        panic!("{:?}", look(&run, &world, now()));
    };
    assert_eq!(states(&run), ["done", "done", "not needed", "waiting", "waiting"]);
    assert_eq!(acts.len(), 1);
    assert_eq!(acts[0].to_string(), "delete job/train-0 (Background)");
}

#[test]
fn what_is_not_known_or_not_so_is_no_ground_to_go_on() {
    let world = hasan_prod();
    let run = begun();
    assert!(matches!(
        look(&run, &denied(&world, Kind::Namespace), now()).due,
        Due::Unknown(_)
    ));
    let dying = with(
        world.excerpt(world.objects().filter(|object| object.kind() != Kind::Namespace)),
        "- {kind: Namespace, metadata: {name: shop, deletionTimestamp: '2026-04-27T10:48:00Z'}, status: {phase: Terminating}}",
    );
    assert!(matches!(look(&run, &dying, now()).due, Due::Blocked(_)));
    let mut run = begun();
    go_on(&mut run, &world, now());
    tell(&mut run, signed(), now());
    // whether a step is needed is asked before anything else
    assert!(matches!(
        go_on(&mut run, &denied(&world, Kind::Job), now()),
        Due::Unknown(_)
    ));
    // an object that a step names and that is not there was no success
    let gone = without(&world, "train-0");
    assert!(matches!(go_on(&mut run, &gone, now()), Due::Blocked(why) if why.contains("job/train-0")));
}

/// A run that has come to its destructive step, its act begun.
fn at_the_act(world: &World) -> (Run, crate::model::Act) {
    let mut run = begun();
    go_on(&mut run, world, now());
    tell(&mut run, signed(), now());
    let Due::Begin(acts) = go_on(&mut run, world, now()) else {
        panic!("no act");
    };
    let act = acts[0].clone();
    tell(&mut run, Event::Began { acts }, now());
    (run, act)
}

#[test]
fn an_end_is_seen_or_its_time_is_over_by_whichever_clock_says_more() {
    let world = hasan_prod();
    let (mut run, act) = at_the_act(&world);
    assert_eq!(go_on(&mut run, &world, now()), Due::Act(0));
    tell(&mut run, sending(0, &act), now());
    assert_eq!(go_on(&mut run, &world, now()), Due::UnderWay(0));
    tell(&mut run, ended(0), now());
    assert_eq!(go_on(&mut run, &world, now()), Due::Wait);
    assert_eq!(look(&run, &world, later(100)).left, Some(Duration::from_secs(500)));
    // the wall clock was set back by an hour: the wait is not longer for it
    let back = Now {
        wall: now().wall - Duration::from_hours(1),
        ..later(601)
    };
    assert!(matches!(
        look(&run, &world, back).due,
        Due::Come(Event::TimedOut { .. })
    ));
    // seen, whatever the time
    let gone = without(&world, "train-0");
    let mut seen = run.clone();
    assert!(matches!(go_on(&mut seen, &gone, later(700)), Due::Begin(acts) if acts.len() == 8));
    // and not known is not seen
    assert_eq!(look(&run, &denied(&gone, Kind::Job), later(5)).due, Due::Wait);
    let due = go_on(&mut run, &world, later(600));
    assert!(
        matches!(&due, Due::Decide(seen) if seen.contains("act.done")),
        "{due:?}"
    );
}

#[test]
fn what_is_so_already_is_not_sent() {
    let world = hasan_prod();
    let (mut run, _) = at_the_act(&world);
    let gone = without(&world, "train-0");
    let due = go_on(&mut run, &gone, now());
    assert!(matches!(due, Due::Begin(_)), "the next step: {due:?}");
    let told: Vec<String> = run.came.iter().map(|kept| kept.event.to_string()).collect();
    assert!(
        told.iter()
            .any(|line| line.contains("job/train-0 is gone already; nothing was sent")),
        "{told:?}"
    );
    // while Jobs cannot be seen, nothing is said to be gone
    let (run, _) = at_the_act(&world);
    assert_eq!(look(&run, &denied(&gone, Kind::Job), now()).due, Due::Act(0));
}

/// A selection is frozen when the step begins: what comes later is seen by its `verify`, and not touched.
#[test]
fn what_comes_later_is_not_touched_and_keeps_the_step_from_its_end() {
    let world = hasan_prod();
    let (mut run, act) = at_the_act(&world);
    tell(&mut run, sending(0, &act), now());
    tell(&mut run, ended(0), now());
    let rest = without(&world, "train-0");
    let Due::Begin(acts) = go_on(&mut run, &rest, now()) else {
        panic!("no acts");
    };
    tell(&mut run, Event::Began { acts }, now());
    let none = (0..9).fold(world.clone(), |world, index| without(&world, &format!("train-{index}")));
    let later_job = with(
        none,
        "- {kind: Job, apiVersion: batch/v1, metadata: {name: train-99, namespace: shop}, spec: {parallelism: 1}, status: {active: 1}}",
    );
    assert_eq!(go_on(&mut run, &later_job, now()), Due::Wait);
    assert_eq!(run.progress.steps[4].acts.len(), 8);
    // begun anew, it is found
    for _ in 0..2 {
        tell(
            &mut run,
            Event::TimedOut {
                seen: "train-99".to_owned(),
            },
            now(),
        );
    }
    assert!(matches!(go_on(&mut run, &later_job, now()), Due::Decide(_)));
    tell(&mut run, Event::Resumed { word: word() }, now());
    assert!(matches!(go_on(&mut run, &later_job, now()), Due::Begin(acts) if acts.len() == 1));
}

fn story(run: &Run) -> Story {
    let story = Story {
        id: run.id.clone(),
        began: run.began,
        by: run.by.clone(),
        opening: run.opening(),
        came: run.came.clone(),
    };
    // as a journal keeps it
    let text = serde_json::to_string(&(&story.opening, &story.came)).unwrap();
    let (opening, came) = serde_json::from_str(&text).unwrap();
    Story { opening, came, ..story }
}

/// After each record: the run that is taken up is the run that was left, with the values it began with.
#[test]
fn a_run_is_taken_up_from_its_records_at_any_of_them() {
    let world = hasan_prod();
    let (mut run, act) = at_the_act(&world);
    tell(&mut run, sending(0, &act), now());
    tell(&mut run, ended(0), now());
    go_on(&mut run, &world, now());
    tell(&mut run, Event::Halted { word: word() }, now());
    let whole = story(&run);
    for count in 0..=whole.came.len() {
        let part = Story {
            came: whole.came[..count].to_vec(),
            ..whole.clone()
        };
        let taken = Run::take_up(&part, later(5)).unwrap();
        let mut told = begun();
        for kept in &part.came {
            told.take(kept.clone(), now()).unwrap();
        }
        assert_eq!(taken.progress, told.progress, "after {count} records");
        assert_eq!(taken.resolved.values, told.resolved.values);
    }
    // the wait goes on where it was, not from its beginning
    let before = Story {
        came: whole.came[..whole.came.len() - 1].to_vec(),
        ..whole.clone()
    };
    let taken = Run::take_up(&before, later(120)).unwrap();
    assert_eq!(look(&taken, &world, later(120)).left, Some(Duration::from_mins(8)));
    let texts: Vec<String> = taken
        .resolved
        .settings
        .iter()
        .map(|set| set.origin.to_string())
        .collect();
    assert_eq!(texts, ["--set", "default (own.yaml:7:38)"]);
}

#[test]
fn a_run_whose_records_do_not_hold_is_not_taken_up() {
    let whole = story(&begun());
    let mut other = whole.clone();
    other.opening.text = other.opening.text.replace("title: look", "title: Look");
    assert!(Run::take_up(&other, now()).unwrap_err().contains("not the one"));
    let mut later = whole.clone();
    later.opening.text = later.opening.text.replace("act:", "acts:");
    assert!(Run::take_up(&later, now()).unwrap_err().contains("does not load"));
    let mut strange = whole;
    strange.came.push(Kept {
        at: now().wall,
        by: String::new(),
        step: None,
        event: ended(0),
    });
    assert!(Run::take_up(&strange, now()).unwrap_err().contains("make no sense"));
}

/// What a journal would not keep as it is cannot be taken up: such a run does not begin.
#[test]
fn a_text_that_looks_like_a_secret_is_not_run() {
    let text = TEXT.replace("title: ask", "title: 'https://anna:hunter2@host/x'");
    let refused = Run::begin(resolved(&text), "anna", now()).unwrap_err();
    assert!(refused.contains("secret"), "{refused}");
}

#[test]
fn turned_around_a_run_walks_the_steps_that_undo_what_was_done() {
    let world = hasan_prod();
    let mut run = begun();
    go_on(&mut run, &world, now());
    assert_eq!(run.way_back(), Vec::<String>::new(), "nothing was done yet");
    let (mut run, act) = at_the_act(&world);
    assert_eq!(run.way_back(), Vec::<String>::new(), "begun, and nothing sent");
    tell(&mut run, sending(0, &act), now());
    tell(&mut run, ended(0), now());
    assert_eq!(run.way_back(), ["policy"]);
    let steps = run.way_back();
    tell(&mut run, Event::TurnedBack { word: word(), steps }, now());
    // mysql is Retain already
    assert!(matches!(go_on(&mut run, &world, now()), Due::Begin(acts) if acts.len() == 1));
    assert_eq!(run.step().map(|step| step.id.as_str()), Some("policy"));
    let acts = match look(&run, &world, now()).due {
        Due::Begin(acts) => acts,
        other => panic!("{other:?}"),
    };
    tell(&mut run, Event::Began { acts }, now());
    assert_eq!(go_on(&mut run, &world, now()), Due::Over);
    assert_eq!(run.ending(), "the way back was walked");
    assert!(matches!(run.progress.back[0].state, State::Done));
}
