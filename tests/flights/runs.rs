//! Runs of runbooks: step by step through the same panels, kept record by record, stopped, turned around and left.

use super::flight::{Flight, Plan};
use super::hands::{job, volume};
use super::helm::fake;
use pilothouse::app::run::{Order, Wanted};
use pilothouse::app::{Event, Key};
use pilothouse::journal::RecordKind::{Cleared, Intent, Note, Opened, Outcome, Run, Sent};
use pilothouse::model::helm::Ledger;
use pilothouse::model::{self, Kind};
use pilothouse::runbook::progress::State;
use pilothouse::runbook::{Source, parse, resolve};
use pilothouse::sandbox::Denial;
use serde_json::json;
use std::collections::BTreeMap;
use std::time::Duration;

const HEAD: &str = "apiVersion: pilothouse.dev/v1
kind: Runbook
metadata: { name: own, title: Own, version: '1' }
tenant: { namespace: hasan-prod, release: eks-1.0.4 }
";

/// Compares the screen with the picture of this name. When exactly something came is not a part of it: how often a watch
/// is waited for is the machine's.
pub(super) fn picture(flight: &Flight, name: &str) {
    let shown = timeless(&flight.picture());
    insta::with_settings!({ omit_expression => true, prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!(name, shown);
    });
}

/// The text with every time of day as 14:00:00.
pub(super) fn timeless(text: &str) -> String {
    let mut shown: Vec<char> = text.chars().collect();
    let clock = |part: &[char]| {
        let digits = [0, 1, 3, 4, 6, 7].iter().all(|at| part[*at].is_ascii_digit());
        digits && part[2] == ':' && part[5] == ':'
    };
    for at in 0..shown.len().saturating_sub(8) {
        if clock(&shown[at..at + 8]) {
            shown[at..at + 8].copy_from_slice(&['1', '4', ':', '0', '0', ':', '0', '0']);
        }
    }
    shown.into_iter().collect()
}

impl Flight {
    /// Begins a run of an own text, as a file of this name.
    pub(super) async fn begin(&mut self, name: &str, text: &str) {
        let runbook = parse(&Source::new(name, text)).unwrap_or_else(|faults| panic!("{}", faults.text()));
        let order = Order {
            wanted: Wanted::New(Box::new(resolve(&runbook, &[]).unwrap())),
            executor: None,
            rendered: BTreeMap::new(),
            ledger: Ledger::default(),
            unattended: false,
            with_token: false,
            approver: None,
        };
        self.take(Event::RunAsked(Box::new(order)));
        self.until("a run to be on", |state| state.runs().on().is_some()).await;
        self.fresh().await;
        self.rights_asked().await;
    }

    /// Waits until the server has said whether the run's acts may all be done, where that is what the run waits for.
    pub(super) async fn rights_asked(&mut self) {
        self.until("the run's rights to be known", |state| {
            let standing = state.runs().on().map(|on| &on.standing);
            let rights = standing.and_then(|standing| standing.rights.as_ref());
            rights.is_none_or(|rights| rights.found.holds.is_some())
        })
        .await;
    }

    /// The states of the run's steps.
    pub(super) fn states(&self) -> Vec<&'static str> {
        let run = &self.state().runs().on().expect("a run is on").run;
        let way = if run.progress.turned.is_some() {
            &run.progress.back
        } else {
            &run.progress.steps
        };
        way.iter().map(|course| course.state.word()).collect()
    }

    /// Waits until the run's current step is called so.
    async fn until_step(&mut self, id: &str) {
        let wanted = id.to_owned();
        self.until(&format!("step {id}"), move |state| {
            let on = state.runs().on();
            on.is_some_and(|on| on.run.progress.current().is_some_and(|course| course.id == wanted))
        })
        .await;
    }

    /// Moves the cursor to the item of the run's step at this place.
    pub(super) fn item(&mut self, at: usize) {
        self.keys("g");
        for _ in 0..80 {
            if self.state().run_item() == Some(at) {
                return;
            }
            self.keys("j");
        }
        panic!("no item {at}:\n{}", self.text());
    }

    /// A reason, in the prompt that the key opens.
    pub(super) fn say(&mut self, key: char, reason: &str) {
        self.key(Key::Char(key));
        self.keys(reason);
        self.key(Key::Enter);
    }

    /// Waits until the records of the run are on disk, and gives what they say.
    async fn kept(&mut self, count: usize) -> Vec<String> {
        let path = self.journal();
        self.until(&format!("{count} records of the run"), move |_| {
            let shown = pilothouse::journal::show(&path).ok();
            shown.is_some_and(|shown| shown.runs.last().is_some_and(|story| story.came.len() == count))
        })
        .await;
        let shown = self.recorded();
        let story = shown.runs.last().unwrap();
        story.came.iter().map(|kept| kept.event.to_string()).collect()
    }

    fn small(&mut self) {
        self.take(Event::Resize { width: 80, height: 24 });
    }

    fn large(&mut self) {
        self.take(Event::Resize { width: 120, height: 40 });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shipped_runbook_ends_nine_jobs_each_through_its_own_gate() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.order("run drain-foreign-jobs namespace=hasan-prod release=eks-1.0.4");
    flight
        .until("a run to be on", |state| state.runs().on().is_some())
        .await;
    flight.fresh().await;
    flight.rights_asked().await;
    flight.pass(Duration::from_secs(1));
    picture(&flight, "run-sign");
    flight.small();
    picture(&flight, "run-sign-small");
    flight.large();

    // what a hurried operator presses: none of it passes
    flight.key(Key::Enter);
    flight.key(Key::Ctrl('y'));
    flight.keys("a");
    assert!(!flight.state().at_gate());
    assert_eq!(flight.states(), ["waiting"; 4]);
    flight.item(2);
    flight.keys(" ");
    flight.key(Key::Ctrl('y'));
    flight.until_step("end-jobs").await;
    flight.fresh().await;
    picture(&flight, "run-next");
    flight.small();
    picture(&flight, "run-next-small");
    flight.large();

    flight.open_panel(Key::Char('a')).await;
    flight.fresh().await;
    picture(&flight, "run-panel");
    let line = flight.line();
    assert!(line.contains("step 2 of 4 · drain-foreign-jobs"), "{line}");
    assert!(line.contains("type what step end-jobs asks for, hasan-prod"), "{line}");
    flight.attest_all();
    let fact = flight.fact();
    flight.type_in(&fact);
    assert!(!flight.is_open(), "the runbook's text comes first");
    for _ in 0..fact.len() {
        flight.key(Key::Backspace);
    }
    flight.type_in("hasan-prod");
    flight.type_in(&fact);
    flight.fresh().await;
    flight.yes();
    flight.until_over().await;
    assert_eq!(flight.server_has(&job("train-7f")), None);

    // the run is judged while another screen is open
    flight.key(Key::Esc);
    flight.order("fleet");
    flight.until_told("run drain-foreign-jobs 2/4: waits for you (R)").await;
    flight.keys("R");
    let mut done = 1;
    while flight.state().runs().on().unwrap().run.progress.current().unwrap().id == "end-jobs" {
        flight.open_panel(Key::Char('a')).await;
        flight.attest_all();
        flight.type_in("hasan-prod");
        let fact = flight.fact();
        flight.type_in(&fact);
        flight.fresh().await;
        flight.yes();
        flight.until_over().await;
        flight.key(Key::Esc);
        done += 1;
        assert!(done < 12, "it does not end:\n{}", flight.text());
        flight.pass(Duration::from_secs(2));
        flight.heard().await;
        if flight.state().runs().on().unwrap().run.over() {
            break;
        }
    }
    assert_eq!(done, 9);
    for _ in 0..60 {
        if flight.state().runs().on().unwrap().run.over() {
            break;
        }
        flight.pass(Duration::from_secs(1));
        flight.heard().await;
    }
    flight.until_told("the run is over: complete").await;
    assert_eq!(flight.wire.asked("DELETE ").len(), 9, "one a Job");
    picture(&flight, "run-over");
    flight.keys("p");
    picture(&flight, "run-parameters");

    // each act's approval is on record before its intent, and its end after
    let kinds = flight.kinds();
    let first = kinds.iter().position(|kind| *kind == Intent).unwrap();
    assert_eq!(kinds[first - 1], Run, "approved as the run's");
    let way = [Intent, Cleared, Sent, Outcome];
    assert_eq!(kinds[first..first + 4], way);
    assert!(kinds[first + 4..first + 7].contains(&Run) && kinds[first + 4..first + 7].contains(&Note));
    assert_eq!(kinds.iter().filter(|kind| **kind == Intent).count(), 9);
}

/// Trap 60: somebody who may end no Job is not led through a runbook up to the step that does.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_would_end_half_done_for_want_of_a_right_does_not_begin() {
    let denied = |sandbox: &pilothouse::sandbox::Sandbox| sandbox.access().deny(Denial::of("delete", "jobs"));
    let mut flight = Plan::of("hasan-prod").prepared(denied).fly().await;
    flight.order("run drain-foreign-jobs namespace=hasan-prod release=eks-1.0.4");
    flight
        .until_told("this user may not delete job/train-7f (Background)")
        .await;
    flight.until_told("the run would end half done").await;
    flight.fresh().await;
    flight.key(Key::Ctrl('y'));
    assert_eq!(flight.states(), ["waiting"; 4], "{}", flight.text());
    assert!(flight.kinds().iter().all(|kind| *kind != Intent));

    // somebody gives him the right: a looks again
    flight.sandbox.as_ref().unwrap().access().allow_all();
    flight.keys("a");
    flight.until_told("acts are allowed").await;
    flight.fresh().await;
    flight.pass(Duration::from_secs(1));
    flight.item(2);
    flight.keys(" ");
    flight.key(Key::Ctrl('y'));
    flight.until_step("end-jobs").await;
    let on = flight.state().runs().on().expect("a run");
    assert_eq!(on.standing.rights, None, "once it is begun its own gates decide");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_step_whose_end_is_not_seen_stops_and_is_waived_by_a_person_with_a_reason() {
    let text = format!(
        "{HEAD}steps:
  - {{ id: never, title: It never comes, verify: {{ all: [namespace.gone], within: 1m, onTimeout: stop }} }}
  - {{ id: next, title: Then, verify: {{ all: [namespace.active], within: 1m, onTimeout: stop }} }}
"
    );
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.begin("own.yaml", &text).await;
    flight.until_told("its end is waited for").await;
    flight.keys("W");
    flight.until_told("only a stopped step").await;
    flight.pass(Duration::from_secs(50));
    flight.fresh().await;
    assert_eq!(flight.states()[0], "verifying");
    flight.pass(Duration::from_secs(8));
    assert_eq!(flight.states()[0], "stopped", "{}", flight.text());
    flight.fresh().await;
    picture(&flight, "run-stopped");
    flight.say('W', " ");
    assert_eq!(flight.states()[0], "stopped", "a reason is said");
    flight.say('W', "the namespace is kept on purpose, ticket 12");
    flight.until_told("the run is over").await;
    let told = flight.kept(7).await;
    assert!(
        told.iter()
            .any(|line| line == "waived by operator: the namespace is kept on purpose, ticket 12"),
        "{told:?}"
    );
    assert!(
        flight.line().contains("complete, but never waived"),
        "{}",
        flight.line()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_step_begins_anew_a_step_is_left_out_and_a_run_is_aborted() {
    let text = format!(
        "{HEAD}steps:
  - id: end
    title: End a Job
    act: {{ delete: {{ target: job/train-7f, propagation: Background }} }}
    verify: {{ all: [act.done], within: 5m, onTimeout: stop }}
  - id: last
    title: End another
    act: {{ delete: {{ target: job/train-80, propagation: Background }} }}
    verify: {{ all: [act.done], within: 5m, onTimeout: stop }}
"
    );
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.begin("own.yaml", &text).await;
    flight.open_panel(Key::Char('a')).await;
    flight.key(Key::Esc);
    assert_eq!(flight.states(), ["doing", "waiting"]);
    // a gate is not waived, and a step that is on is stopped before it is left out
    flight.say('S', "");
    flight.say('H', "somebody has to be asked first");
    assert_eq!(flight.states()[0], "stopped");
    flight.keys("W");
    flight
        .until_told("only a stopped step whose end was not seen can be waived")
        .await;
    assert_eq!(flight.states()[0], "stopped", "{}", flight.text());
    flight.say('r', "he says yes");
    assert_eq!(flight.states()[0], "waiting");
    flight.say('S', "it may run to its end");
    assert_eq!(flight.states(), ["skipped", "waiting"]);
    flight.say('X', "the window is shut");
    flight
        .until_told("the run is over: aborted by operator: the window is shut")
        .await;
    flight.fresh().await;
    picture(&flight, "run-aborted");
    assert!(flight.wire.asked("DELETE ").is_empty());
    let told = flight.kept(5).await;
    assert_eq!(told.len(), 5, "{told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_turned_around_through_the_steps_of_the_way_back() {
    let text = format!(
        "{HEAD}steps:
  - id: stop
    title: Stop the database
    act: {{ scale: {{ target: deploy/requests-proxy, replicas: 0 }} }}
    verify: {{ all: [namespace.gone], within: 1m, onTimeout: stop }}
    undo: {{ rollback: [start] }}
rollback:
  - id: start
    title: Start it again
    act: {{ scale: {{ target: deploy/requests-proxy, replicas: 3 }} }}
    verify: {{ all: [act.done], within: 1m, onTimeout: stop }}
"
    );
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    let deployment = model::Key::new(Kind::Deployment, "hasan-prod", "requests-proxy");
    let before = flight.server_has(&deployment).unwrap()["spec"]["replicas"].clone();
    flight.begin("own.yaml", &text).await;
    flight.keys("B");
    flight.until_told("no step that did something has a way back").await;
    flight.open_panel(Key::Char('a')).await;
    flight.attest_all();
    for _ in 0..20 {
        flight.key(Key::Up);
    }
    flight.hold();
    assert!(!flight.state().at_gate(), "{}", flight.text());
    flight.until_over().await;
    assert_eq!(flight.server_has(&deployment).unwrap()["spec"]["replicas"], json!(0));
    flight.key(Key::Esc);
    flight.pass(Duration::from_secs(54));
    flight.fresh().await;
    flight.pass(Duration::from_secs(8));
    assert_eq!(flight.states(), ["stopped"]);
    flight.fresh().await;
    flight.say('B', "the copy cannot be read");
    flight.until_step("start").await;
    flight.fresh().await;
    picture(&flight, "run-back");
    flight.open_panel(Key::Char('a')).await;
    flight.attest_all();
    for _ in 0..20 {
        flight.key(Key::Up);
    }
    flight.hold();
    flight.until_over().await;
    flight.key(Key::Esc);
    flight.pass(Duration::from_secs(1));
    flight.until_told("the run is over: the way back was walked").await;
    let after = flight.server_has(&deployment).unwrap()["spec"]["replicas"].clone();
    assert_eq!((before, after), (json!(3), json!(3)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_file_is_said_and_the_run_keeps_its_text() {
    let text = format!(
        "{HEAD}steps:
  - id: keep
    title: Keep the disks
    act: {{ setReclaimPolicy: {{ each: volumes.not-retained, policy: Retain }} }}
    verify: {{ all: [volumes.retained], within: 5m, onTimeout: stop }}
"
    );
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    let path = flight.home().join("own.yaml");
    std::fs::write(&path, text.replace("Keep the disks", "Lose the disks")).unwrap();
    flight.begin(path.to_str().unwrap(), &text).await;
    flight.open_panel(Key::Char('a')).await;
    flight.key(Key::Esc);
    flight.until_told("the file holds another text now").await;
    assert!(flight.line().contains("keep: Keep the disks"), "{}", flight.line());
    let told = flight.kept(2).await;
    assert!(told[1].contains("holds another text now"), "{told:?}");
    // an act that is not the run's is none of it
    flight.choose("hasan-prod", "jobs", "train-81").await;
    flight.open_panel(Key::Ctrl('d')).await;
    assert!(!flight.line().contains("step 1 of 1"), "{}", flight.line());
    flight.answer();
    flight.yes();
    flight.until_over().await;
    assert!(matches!(
        flight.state().runs().on().unwrap().run.progress.steps[0].state,
        State::Acting
    ));
    assert_eq!(flight.kept(2).await.len(), 2, "nothing came of the run");
    assert_eq!(
        flight.server_has(&volume("efs-logs")).unwrap()["spec"]["persistentVolumeReclaimPolicy"],
        "Delete"
    );
}

/// What a gate senses changes between the answer and the approval: the panel opens anew, and the run waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_died_leads_back_to_the_panel_of_the_step() {
    let text = format!(
        "{HEAD}steps:
  - id: end
    title: End a Job
    act: {{ delete: {{ target: job/train-7f, propagation: Background }} }}
    gate: {{ attested: [Its owner knows] }}
    verify: {{ all: [act.done], within: 5m, onTimeout: stop }}
"
    );
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.begin("own.yaml", &text).await;
    flight.open_panel(Key::Char('a')).await;
    flight.answer();
    flight.fresh().await;
    // in the very moment between the last frame and the write
    flight.meddle(&job("train-7f"), |job| job["metadata"]["labels"]["late"] = json!("yes"));
    flight.approve();
    flight
        .until("the panel to stand there again", pilothouse::app::State::at_gate)
        .await;
    flight.until_told("Its owner knows").await;
    assert_eq!(flight.states(), ["doing"]);
    assert!(flight.wire.asked("DELETE ").is_empty());
    assert_eq!(flight.kinds()[0], Opened);
    flight.pass(Duration::from_secs(1));
    flight.fresh().await;
    flight.attest_all();
    let fact = flight.fact();
    flight.type_in(&fact);
    flight.fresh().await;
    flight.yes();
    flight.until_over().await;
    flight.until_told("the run is over: complete").await;
    assert_eq!(flight.wire.asked("DELETE ").len(), 1);
}

/// A step of Helm's: the operator's helm is asked, the records are read, and the panel has what the step adds.
#[tokio::test(flavor = "multi_thread")]
async fn a_step_of_helms_opens_its_panel_with_what_the_step_adds() {
    let text = format!(
        "{HEAD}steps:
  - id: uninstall
    title: Uninstall
    act: {{ helmUninstall: {{ release: eks-1.0.4 }} }}
    gate: {{ sensed: [release.keep-in-manifest], attested: [The window is open], typed: '${{release}}' }}
    verify: {{ all: [release.gone], within: 5m, onTimeout: stop }}
"
    );
    let text = text.replace(
        "steps:",
        "parameters:\n  release: { type: name, default: eks-1.0.4 }\nsteps:",
    );
    let home = tempfile::tempdir().unwrap();
    let mut flight = Plan::of("hasan-prod").with_helm(fake(home.path(), 0)).fly().await;
    flight.take(Event::Resize { width: 150, height: 90 });
    flight.begin("own.yaml", &text).await;
    // what is stored is read: unknown becomes an answer
    flight.until_told("✗ release.keep-in-manifest").await;
    flight.keys("a");
    flight.until("the panel", pilothouse::app::State::at_gate).await;
    let line = flight.line();
    for told in [
        "step 1 of 1 · own",
        "☐ The window is open",
        "what step uninstall asks for, eks-1.0.4",
        "uninstall eks-1.0.4 --cascade=background --namespace=hasan-prod",
        "APPROVE is closed",
    ] {
        assert!(line.contains(told), "{told}:\n{}", flight.text());
    }
    assert_eq!(flight.states(), ["doing"]);
}
