//! What changes between the look and the act: under the panel, after the yes, and while the request is on its way.

use super::flight::Flight;
use super::hands::{job, meddle};
use super::picture;
use pilothouse::app::Key;
use pilothouse::journal::RecordKind::{Cleared, Intent, Note, Opened, Outcome as Ended, Sent, Voided};
use pilothouse::journal::{Outcome, Stage};
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

const THE_JOB: &str = "/apis/batch/v1/namespaces/hasan-prod/jobs/train-7f";

fn relabel(job: &mut Value) {
    job["metadata"]["labels"]["tracebloc.io/keep"] = json!("yes");
}

/// In front of the open gate of a Job that was looked at and answered for.
async fn at_the_open_gate() -> Flight {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.choose("hasan-prod", "jobs", "train-7f").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.answer();
    assert!(flight.is_open());
    flight
}

/// What was answered is gone, and the gate is shut.
fn answers_are_void(flight: &Flight) {
    assert!(flight.state().at_gate(), "{}", flight.text());
    assert!(!flight.is_open());
    assert!(
        flight.text().contains('☐') && !flight.text().contains('☑'),
        "{}",
        flight.text()
    );
    assert!(
        flight.line().contains(&format!("type {}: ▏", flight.question())),
        "{}",
        flight.text()
    );
}

/// Answers again, approves, and sees it through.
async fn once_more(flight: &mut Flight) {
    flight.heard().await;
    flight.fresh().await;
    flight.pass(Duration::from_millis(800));
    flight.answer();
    assert!(flight.is_open(), "{}", flight.text());
    flight.yes();
    flight.until_over().await;
    assert_eq!(flight.server_has(&job("train-7f")), None);
    flight.until_recorded(Note, 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_under_the_panel_voids_what_was_answered() {
    let mut flight = at_the_open_gate().await;
    flight.meddle(&job("train-7f"), relabel);
    flight.until_told("this changed under the panel").await;
    flight.fresh().await;
    picture(&flight, "changed-under-the-panel");
    answers_are_void(&flight);
    assert!(flight.line().contains("resourceVersion"), "{}", flight.text());
    flight.approve();
    assert_eq!(flight.state().steps().count(), 0);
    assert_eq!(flight.kinds(), [Opened], "nothing was recorded, nothing was sent");
    once_more(&mut flight).await;
    assert_eq!(flight.kinds(), [Opened, Intent, Cleared, Sent, Ended, Note]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_after_the_yes_voids_the_approval_before_anything_is_sent() {
    let mut flight = at_the_open_gate().await;
    let sandbox = Arc::clone(flight.sandbox.as_ref().unwrap());
    flight.wire.before(&format!("GET {THE_JOB}"), move || {
        meddle(&sandbox, &job("train-7f"), relabel);
    });
    flight.yes();
    flight
        .until_told("the approval is void, nothing was sent; what changed:")
        .await;
    flight.heard().await;
    flight.fresh().await;
    answers_are_void(&flight);
    assert!(
        flight.line().contains("resourceVersion 32"),
        "the difference is shown:\n{}",
        flight.text()
    );
    assert!(flight.wire.asked("DELETE ").is_empty());
    assert_eq!(flight.kinds(), [Opened, Intent, Voided]);
    let shown = flight.recorded();
    assert!(matches!(&shown.steps[0].stage, Stage::Voided { changes } if !changes.is_empty()));
    assert!(flight.server_has(&job("train-7f")).is_some());
    once_more(&mut flight).await;
    assert_eq!(
        flight.kinds(),
        [Opened, Intent, Voided, Intent, Cleared, Sent, Ended, Note]
    );
    assert_eq!(flight.wire.asked("DELETE ").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_that_overtakes_the_request_is_refused_by_the_server() {
    let mut flight = at_the_open_gate().await;
    let sandbox = Arc::clone(flight.sandbox.as_ref().unwrap());
    flight.wire.before(&format!("DELETE {THE_JOB}"), move || {
        meddle(&sandbox, &job("train-7f"), relabel);
    });
    flight.yes();
    flight.until_told("the approval is void").await;
    flight.heard().await;
    flight.fresh().await;
    answers_are_void(&flight);
    assert_eq!(flight.kinds(), [Opened, Intent, Cleared, Sent, Ended]);
    let shown = flight.recorded();
    assert!(
        matches!(&shown.steps[0].stage, Stage::Ended(Outcome::Conflict { .. })),
        "{:?}",
        shown.steps[0].stage
    );
    assert!(flight.server_has(&job("train-7f")).is_some());
    once_more(&mut flight).await;
    assert_eq!(
        flight.wire.asked("DELETE ").len(),
        2,
        "the second after a second approval"
    );
}
