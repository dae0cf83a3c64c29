//! The way to a Job's gate and through it, by keys alone, as an operator goes: look, press, look whether it was taken.

use super::pty::{DEADLINE, Pty};
use super::wire::Wire;
use serde_json::Value;
use std::time::{Duration, Instant};

/// How long a key is given to show before it is looked again what the panel lacks.
const REACTION: Duration = Duration::from_secs(1);

/// Where hasan-prod keeps its Jobs.
pub(crate) const JOBS: &str = "/apis/batch/v1/namespaces/hasan-prod/jobs";

/// From the fleet to the panel in front of deleting a training Job of hasan-prod. Gives the Job's name back.
pub(crate) fn open(pty: &mut Pty) -> String {
    pty.wait("every feed to be live", |screen| screen.contains("16/16"));
    pty.keys("/hasan-prod\r");
    pty.wait_for("filter: hasan-prod");
    pty.keys("\r");
    pty.wait_for("jobs ── 9");
    pty.keys("\t\x04");
    let screen = pty.wait_for("delete job/train-");
    let named = screen.split("delete job/").nth(1).unwrap();
    named.split(' ').next().unwrap().to_owned()
}

/// Answers everything the panel asks for, until APPROVE is open.
pub(crate) fn answer(pty: &mut Pty, wire: &Wire, job: &str) {
    let until = Instant::now() + DEADLINE;
    loop {
        let screen = pty.screen();
        if screen.contains("APPROVE is open") {
            return;
        }
        assert!(
            Instant::now() < until,
            "the panel does not open; the screen was:\n{screen}"
        );
        let (question, typed) = asked(&screen);
        if question.is_empty() {
            // half a frame
            pty.shows(REACTION, |now| now != screen);
            continue;
        }
        let fact = fact(wire, job, &question);
        let key = match fact.strip_prefix(&typed) {
            None => "\x7f".to_owned(),
            Some("") if screen.contains("▸☐") => " ".to_owned(),
            Some("") => "\x1b[B".to_owned(),
            Some(rest) => rest.chars().take(1).collect(),
        };
        pty.keys(&key);
        pty.shows(REACTION, |now| now != screen && gist(now) != gist(&screen));
    }
}

/// What keys change on a panel, and time does not.
fn gist(screen: &str) -> (String, Vec<char>, bool) {
    let (_, typed) = asked(screen);
    let marks = screen.chars().filter(|mark| "▸☐☑".contains(*mark)).collect();
    (typed, marks, screen.contains("APPROVE is open"))
}

/// The question of a panel, and what was typed so far.
pub(crate) fn asked(screen: &str) -> (String, String) {
    let begins = |line: &&str| !line.trim_start().starts_with("type ");
    let text: String = screen.lines().skip_while(begins).take(2).collect();
    let text = text.split('▏').next().unwrap_or_default();
    let (question, typed) = text.rsplit_once(": ").unwrap_or_default();
    (question.trim().to_owned(), typed.trim().to_owned())
}

/// The fact that is asked for, from the server itself.
fn fact(wire: &Wire, job: &str, question: &str) -> String {
    let (code, document) = wire.get(&format!("{JOBS}/{job}"));
    assert_eq!(code, 200, "{document:#}");
    let uid = document["metadata"]["uid"].as_str().unwrap();
    let (_, pods) = wire.get("/api/v1/namespaces/hasan-prod/pods");
    let of_job: Vec<&Value> = pods["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|pod| pod["metadata"]["ownerReferences"][0]["uid"] == uid)
        .collect();
    if question.contains("the last six of the uid of") {
        uid[uid.len() - 6..].to_owned()
    } else if question.contains("how many pods") {
        of_job.len().to_string()
    } else if question.contains("the node that the pods of") {
        of_job[0]["spec"]["nodeName"].as_str().unwrap().to_owned()
    } else {
        panic!("an unknown question: {question:?}")
    }
}
