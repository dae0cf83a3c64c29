//! Death at each point of the journal, in the built binary at a terminal, with a real socket between it and the cluster.
//!
//! The way to death is an operator's: keys only. What the next start says is compared with what the server itself has,
//! and with every request that went over the wire.

#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test reads the clock for its deadlines, and fails when it cannot go on"
)]

#[path = "support/gate.rs"]
mod gate;
#[path = "support/home.rs"]
mod home;
#[path = "support/pty.rs"]
mod pty;
#[path = "support/wire.rs"]
mod wire;

use gate::JOBS;
use home::{Home, Served, printed, said};
use pty::Pty;
use serde_json::Value;
use wire::Wire;

/// What stands on the screen when a start found something unfinished.
const DOUBTS: &str = "steps an earlier session left unfinished";

struct Bed {
    home: Home,
    wire: Wire,
    kubeconfig: String,
    _served: Served,
}

/// What became of the Job, as the server has it.
#[derive(Debug, PartialEq, Eq)]
enum Truth {
    /// The very same object, in the very same state.
    Untouched,
    Gone,
}

impl Bed {
    fn new() -> Self {
        let home = Home::new();
        let served = Served::start(&home, "hasan-prod");
        let text = std::fs::read_to_string(&served.kubeconfig).unwrap();
        let wire = Wire::of_kubeconfig(&text);
        let path = home.path("tapped");
        std::fs::write(&path, wire.tapped(&text)).unwrap();
        Self {
            kubeconfig: path.to_str().unwrap().to_owned(),
            home,
            wire,
            _served: served,
        }
    }

    fn cockpit(&self, environment: &[(&str, &str)]) -> Pty {
        let arguments = ["--operate", "--kubeconfig", &self.kubeconfig];
        Pty::start(&self.home, &arguments, environment, (160, 50))
    }

    fn journal(&self, arguments: &[&str]) -> (Option<i32>, String) {
        let output = self.home.run(&[&["journal"], arguments].concat());
        (output.status.code(), printed(&output) + &said(&output))
    }
}

/// A cockpit that died at a point, and all that is left of it.
struct Dead {
    bed: Bed,
    job: String,
    identity: (String, String),
}

impl Dead {
    /// Approves the deletion of a training Job, and dies on the way at this point.
    fn at(point: &str) -> Self {
        let bed = Bed::new();
        let mut pty = bed.cockpit(&[("PILOTHOUSE_FAILPOINT", point)]);
        let job = gate::open(&mut pty);
        let identity = identity(&bed.wire, &job).unwrap();
        gate::answer(&mut pty, &bed.wire, &job);
        assert_eq!(bed.wire.writes(), [""; 0], "nothing leaves before it is approved");
        pty.keys("\x19");
        let (code, raw) = pty.end();
        assert_ne!(code, 0, "{point}: it lived on: {raw}");
        Self { bed, job, identity }
    }

    fn truth(&self) -> Truth {
        match identity(&self.bed.wire, &self.job) {
            Some(now) => {
                assert_eq!(now, self.identity, "the Job is another, or was changed");
                Truth::Untouched
            }
            None => Truth::Gone,
        }
    }

    fn deletions(&self) -> usize {
        let writes = self.bed.wire.writes();
        let path = format!("DELETE {JOBS}/{}", self.job);
        assert!(writes.iter().all(|line| *line == path), "{writes:?}");
        writes.len()
    }

    /// Starts again and lets the first screen speak.
    fn next_start(&self, what: &str, told: &[&str]) -> Pty {
        let pty = self.bed.cockpit(&[]);
        pty.wait(what, |screen| told.iter().all(|part| screen.contains(part)));
        pty
    }

    /// The journal as it is left: sound, and naming the step with its ending.
    fn told(&self, ending: &[&str]) {
        let (code, text) = self.bed.journal(&["verify"]);
        assert_eq!(code, Some(0), "{text}");
        let (code, text) = self.bed.journal(&["show"]);
        assert_eq!(code, Some(0), "{text}");
        let step = format!("delete job/{} (Background)", self.job);
        let line = text
            .lines()
            .find(|line| line.contains(&step) && ending.iter().all(|part| line.contains(part)));
        assert!(line.is_some(), "no line has {step:?} with {ending:?}:\n{text}");
        let (code, json) = self.bed.journal(&["show", "-o", "json"]);
        assert_eq!(code, Some(0), "{json}");
        let document: Value = serde_json::from_str(&json).unwrap();
        assert_eq!(document["apiVersion"], "pilothouse.dev/v1");
        let steps = document["items"][0]["journal"]["steps"].as_array().unwrap();
        assert!(steps.iter().any(|entry| entry["step"] == step), "{document:#}");
        assert!(
            document["items"][0]["journal"]["tampered"].is_null(),
            "it verifies: {document:#}"
        );
    }
}

/// uid and resourceVersion of a Job that is there and not being deleted; `None` when it is gone.
fn identity(wire: &Wire, job: &str) -> Option<(String, String)> {
    let (code, document) = wire.get(&format!("{JOBS}/{job}"));
    if code == 404 {
        return None;
    }
    let metadata = &document["metadata"];
    assert!(metadata["deletionTimestamp"].is_null(), "{document:#}");
    let field = |name: &str| metadata[name].as_str().unwrap().to_owned();
    Some((field("uid"), field("resourceVersion")))
}

fn leave(mut pty: Pty) {
    pty.keys("\x03");
    let (code, raw) = pty.end();
    assert_eq!(code, 0, "{raw}");
}

/// Before the intent is written there is nothing to tell: the step was never recorded, and never left.
#[test]
fn j0_leaves_no_step_at_all() {
    let dead = Dead::at("J0");
    let pty = dead.next_start("the fleet", &["16/16", "hasan-prod"]);
    assert!(!pty.screen().contains(DOUBTS), "{}", pty.screen());
    leave(pty);
    assert_eq!((dead.truth(), dead.deletions()), (Truth::Untouched, 0));
    let (code, text) = dead.bed.journal(&["show"]);
    assert_eq!(code, Some(0));
    assert!(!text.contains("intent"), "{text}");
    assert!(!text.contains("IN DOUBT"), "{text}");
}

/// Written, synced or cleared, and no record that it was about to leave: it did not leave.
#[test]
fn j1_and_j3_were_not_applied() {
    for (point, evidence) in [
        ("J1", "it was never cleared, so no request left"),
        ("J3", "and no request left: `sent` is on disk before one does"),
    ] {
        let dead = Dead::at(point);
        let pty = dead.next_start(point, &[DOUBTS, "not applied", evidence]);
        assert_eq!((dead.truth(), dead.deletions()), (Truth::Untouched, 0), "{point}");
        leave(pty);
        dead.told(&["settled", "notApplied", evidence]);
        assert_eq!(dead.deletions(), 0, "{point}: settling sends nothing");
    }
}

/// What was not applied is approved anew, and then happens once.
#[test]
fn j2_was_not_applied_and_can_be_approved_again_and_happens_once() {
    let dead = Dead::at("J2");
    let evidence = "it was never cleared, so no request left";
    let mut pty = dead.next_start("the verdict", &[DOUBTS, "not applied", evidence]);
    assert_eq!((dead.truth(), dead.deletions()), (Truth::Untouched, 0));
    pty.keys("\x1b");
    pty.wait_for("┌ fleet ──");
    assert_eq!(gate::open(&mut pty), dead.job);
    gate::answer(&mut pty, &dead.bed.wire, &dead.job);
    pty.keys("\x19");
    pty.wait("the end of the step", |screen| {
        screen.contains("✓ done") && screen.contains(&format!("job/{} is gone", dead.job))
    });
    assert_eq!((dead.truth(), dead.deletions()), (Truth::Gone, 1));
    leave(pty);
    dead.told(&["outcome", "done"]);
}

/// On the point of leaving: the server may be at work on it for a minute, whatever is seen. Until then nothing is said
/// that is not known, every gate is shut, and a person who knows more may settle it. That the minute ends in *not
/// applied* is told on a clock in the hand, in `src/journal/tests/`.
#[test]
fn j4_is_in_doubt_until_its_deadline_and_shuts_every_gate() {
    let dead = Dead::at("J4");
    let evidence = "the server may still be working on the request, look again in ";
    let mut pty = dead.next_start(
        "the doubt",
        &[DOUBTS, "in doubt", "sent; no answer is recorded", evidence],
    );
    assert_eq!((dead.truth(), dead.deletions()), (Truth::Untouched, 0));
    let (code, text) = dead.bed.journal(&["show"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("IN DOUBT"), "{text}");

    pty.keys("\x1b");
    pty.wait_for("┌ fleet ──");
    assert_eq!(gate::open(&mut pty), dead.job);
    pty.wait_for("steps of an earlier session are in doubt");
    pty.keys("\x1b");
    pty.wait_for("left the panel; nothing was sent");
    pty.keys(":doubts\r");
    pty.wait_for(DOUBTS);
    pty.keys("N");
    pty.wait("a person's verdict", |screen| {
        // on a machine so slow that the minute is over, the cockpit has looked again by itself
        screen.contains("✓ delete job/")
            && (screen.contains("operator says:") || screen.contains("deadline has passed"))
    });
    leave(pty);
    assert_eq!((dead.truth(), dead.deletions()), (Truth::Untouched, 0));
    dead.told(&["settled", "notApplied"]);
}

/// The answer came and was not written down: the server is asked, and the Job is gone.
#[test]
fn j5_is_done_because_the_object_is_gone() {
    let dead = Dead::at("J5");
    assert_eq!((dead.truth(), dead.deletions()), (Truth::Gone, 1));
    let evidence = "is gone; by whose hand is not known";
    let pty = dead.next_start(
        "the verdict",
        &[DOUBTS, "done", "sent; no answer is recorded", evidence],
    );
    leave(pty);
    assert_eq!(dead.deletions(), 1, "nothing is sent twice");
    dead.told(&["settled", "done", evidence]);
}

/// The outcome is on disk: nothing is in doubt, and nothing is asked.
#[test]
fn j6_is_done_as_the_journal_says() {
    let dead = Dead::at("J6");
    assert_eq!((dead.truth(), dead.deletions()), (Truth::Gone, 1));
    let pty = dead.next_start("the fleet", &["16/16", "hasan-prod"]);
    assert!(!pty.screen().contains(DOUBTS), "{}", pty.screen());
    leave(pty);
    assert_eq!(dead.deletions(), 1, "nothing is sent twice");
    dead.told(&["outcome", "done, the server removed it"]);
    let (_, text) = dead.bed.journal(&["show"]);
    assert!(!text.contains("IN DOUBT"), "{text}");
    an_altered_record_is_named(&dead);
}

/// One word of the past changed: both commands name the record and end with 1, and no cockpit acts on that journal.
fn an_altered_record_is_named(dead: &Dead) {
    let (_, json) = dead.bed.journal(&["show", "-o", "json"]);
    let document: Value = serde_json::from_str(&json).unwrap();
    let file = document["items"][0]["file"].as_str().unwrap();
    let text = std::fs::read_to_string(file).unwrap();
    let altered = text.replacen("Background", "Foreground", 1);
    assert_ne!(altered, text);
    std::fs::write(file, altered).unwrap();
    let (code, verified) = dead.bed.journal(&["verify"]);
    assert_eq!(code, Some(1), "{verified}");
    assert!(verified.starts_with('✗') && verified.contains("record"), "{verified}");
    let (code, shown) = dead.bed.journal(&["show", file]);
    assert_eq!(code, Some(1), "{shown}");
    assert!(shown.contains("DOES NOT VERIFY"), "{shown}");
    let pty = dead.next_start("the fleet, which may only be looked at", &["16/16", "hasan-prod"]);
    leave(pty);
}
