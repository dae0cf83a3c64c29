//! Soaks: what counts, what breaks them, and that they go on where a cockpit left them.

use super::hands::{go_on, later, look, tell};
use crate::diagnose::fixture::{now, world as with};
use crate::model::World;
use crate::runbook::chronicle::{Kept, Story};
use crate::runbook::progress::{Event, State, Word};
use crate::runbook::run::Due;
use crate::runbook::{Run, Source, parse, resolve};

const TEXT: &str = "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: own, title: Own, version: '1' }
tenant: { namespace: shop }
steps:
  - id: soak
    title: watch it
    soak: { for: 10m, every: 1m, gap: 3m, restarts: 1, probes: [{ title: no job, cel: 'jobs.size() == 0' }] }
";

const CALM: &str = "
- {kind: Pod, metadata: {name: db-0, namespace: shop, uid: p1}, spec: {nodeName: n1}, status: {phase: Running}}
- {kind: PersistentVolumeClaim, metadata: {name: data, namespace: shop, uid: c1}, spec: {volumeName: pv-1}, status: {phase: Bound}}
";

fn begun(text: &str) -> Run {
    let runbook = parse(&Source::new("own.yaml", text)).unwrap_or_else(|faults| panic!("{}", faults.text()));
    super::hands::granted(Run::begin(resolve(&runbook, &[]).unwrap(), "anna@laptop", now()).unwrap())
}

/// Minute by minute.
fn watch(run: &mut Run, world: &World, minutes: std::ops::Range<u64>) {
    for minute in minutes {
        go_on(run, world, later(minute * 60));
    }
}

fn looks(run: &Run) -> usize {
    let watched = |kept: &&Kept| matches!(kept.event, Event::Watched { .. });
    run.came.iter().filter(watched).count()
}

fn soaking(run: &Run, world: &World, minute: u64) -> String {
    look(run, world, later(minute * 60)).soak.unwrap_or_default()
}

#[test]
fn a_calm_soak_ends_when_it_was_watched_for_its_time() {
    let world = with(CALM);
    let mut run = begun(TEXT);
    watch(&mut run, &world, 0..10);
    assert_eq!(looks(&run), 10);
    assert_eq!(soaking(&run, &world, 9), "9m of 10m watched in 10 looks");
    // between two looks nothing is recorded
    assert_eq!(go_on(&mut run, &world, later(9 * 60 + 30)), Due::Wait);
    assert_eq!(looks(&run), 10);
    assert_eq!(go_on(&mut run, &world, later(600)), Due::Over);
    assert!(run.progress.complete());
    let last = run.came.last().unwrap().event.to_string();
    assert!(
        last.contains("10m of 10m watched in 11 looks; no claim changed"),
        "{last}"
    );
}

#[test]
fn what_breaks_a_soak_stops_it_at_once_and_a_person_decides() {
    let calm = with(CALM);
    for (changed, told) in [
        (CALM.replace("uid: c1", "uid: c2"), "pvc/data is another one"),
        (CALM.replace("pv-1", "pv-2"), "bound to \"pv-2\""),
        (CALM.lines().take(2).collect::<Vec<_>>().join("\n"), "pvc/data is gone"),
        (
            CALM.replace(
                "phase: Running",
                "phase: Running, containerStatuses: [{restartCount: 2}]",
            ),
            "2 restarts, 1 are taken: pod/db-0 +2",
        ),
        (
            CALM.replace(
                "phase: Running",
                "phase: Running, containerStatuses: [{restartCount: 1, state: {waiting: {reason: CrashLoopBackOff}}}]",
            ),
            "CrashLoopBackOff",
        ),
        (
            format!("{CALM}- {{kind: Job, metadata: {{name: j, namespace: shop}}, spec: {{}}}}\n"),
            "no job: ",
        ),
    ] {
        let mut run = begun(TEXT);
        watch(&mut run, &calm, 0..3);
        let Due::Decide(seen) = go_on(&mut run, &with(&changed), later(130)) else {
            panic!("{told}");
        };
        assert!(seen.contains(told) && seen.contains("broken at 20"), "{told}: {seen}");
        assert!(seen.contains("2m10s of 10m watched"), "{seen}");
        // begun anew it starts at nought, from what is there then
        let word = Word {
            by: "anna".to_owned(),
            reason: "it was us".to_owned(),
        };
        tell(&mut run, Event::Resumed { word }, later(140));
        watch(&mut run, &calm, 3..5);
        assert_eq!(soaking(&run, &calm, 4), "1m of 10m watched in 2 looks");
    }
    // one restart is taken
    let mut run = begun(TEXT);
    watch(&mut run, &calm, 0..3);
    let once = CALM.replace(
        "phase: Running",
        "phase: Running, containerStatuses: [{restartCount: 1}]",
    );
    assert_eq!(go_on(&mut run, &with(&once), later(130)), Due::Wait);
}

#[test]
fn a_soak_goes_on_from_its_records_and_says_when_nobody_watched() {
    let world = with(CALM);
    let mut run = begun(TEXT);
    watch(&mut run, &world, 0..4);
    let story = Story {
        id: run.id.clone(),
        began: run.began,
        by: run.by.clone(),
        opening: run.opening(),
        came: run.came.clone(),
    };
    let text = serde_json::to_string(&(&story.opening, &story.came)).unwrap();
    let (opening, came) = serde_json::from_str(&text).unwrap();
    let story = Story { opening, came, ..story };
    // two hours later somebody opens the cockpit again
    let mut taken = Run::take_up(&story, later(123 * 60)).unwrap();
    watch(&mut taken, &world, 123..127);
    let told = soaking(&taken, &world, 126);
    assert!(
        told.starts_with("6m of 10m watched in 8 looks; nobody watched for 2h from "),
        "{told}"
    );
    // a short absence counts: what it did is seen at its end
    watch(&mut taken, &world, 128..132);
    assert!(taken.progress.complete());
    // what happened while nobody watched is seen against the first look
    let mut taken = Run::take_up(&story, later(123 * 60)).unwrap();
    let moved = with(&CALM.replace("uid: c1", "uid: c2"));
    let due = go_on(&mut taken, &moved, later(123 * 60));
    assert!(
        matches!(&due, Due::Decide(seen) if seen.contains("another one")),
        "{due:?}"
    );
    assert!(matches!(
        taken.progress.current().map(|course| &course.state),
        Some(State::Stopped { unseen: true, .. })
    ));
}

#[test]
fn what_cannot_be_seen_is_not_watched() {
    let world = with(CALM);
    let mut run = begun(TEXT);
    watch(&mut run, &world, 0..3);
    let blind = crate::diagnose::fixture::denied(&world, crate::model::Kind::Pod);
    watch(&mut run, &blind, 3..9);
    assert_eq!(looks(&run), 3);
    assert!(
        soaking(&run, &blind, 8).contains("not watched now"),
        "{}",
        soaking(&run, &blind, 8)
    );
    watch(&mut run, &world, 9..10);
    assert!(soaking(&run, &world, 9).contains("2m of 10m watched in 4 looks; nobody watched for 7m"));
}

#[test]
fn rows_are_asked_for_before_each_look_and_count_only_when_they_come() {
    let text = TEXT.replace(
        "probes: [{ title: no job, cel: 'jobs.size() == 0' }] }",
        "rows: { pod: db-0, command: [count], like: x.sql } }\n    gate: { attested: [it only reads] }",
    );
    let world = with(CALM);
    let mut run = begun(&text);
    assert_eq!(go_on(&mut run, &world, now()), Due::Sign);
    let answers = vec!["attested: it only reads".to_owned()];
    tell(&mut run, Event::Signed { answers }, now());
    assert_eq!(go_on(&mut run, &world, now()), Due::Wait);
    let ask = look(&run, &world, now()).ask.expect("rows are asked for");
    assert_eq!(ask.to_string(), "countRows of pod/db-0 as in x.sql: count");
    assert_eq!(looks(&run), 0);
    let found = |holds| crate::diagnose::Found {
        holds,
        value: "counted".to_owned(),
    };
    run.probed = Some(crate::runbook::run::Probed {
        at: now().mono,
        found: found(Some(true)),
    });
    assert_eq!(go_on(&mut run, &world, now()), Due::Wait);
    assert_eq!(looks(&run), 1);
    // an old answer is no answer
    assert!(look(&run, &world, later(60)).ask.is_some());
    run.probed = Some(crate::runbook::run::Probed {
        at: later(60).mono,
        found: found(None),
    });
    assert_eq!(go_on(&mut run, &world, later(60)), Due::Wait);
    assert_eq!(looks(&run), 1, "nobody counted");
    run.probed = Some(crate::runbook::run::Probed {
        at: later(120).mono,
        found: found(Some(false)),
    });
    let due = go_on(&mut run, &world, later(120));
    assert!(matches!(&due, Due::Decide(seen) if seen.contains("counted")), "{due:?}");
}
