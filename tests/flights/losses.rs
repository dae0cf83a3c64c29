//! The server goes while a panel is open, and comes back.

use super::flight::Flight;
use super::hands::job;
use pilothouse::app::Key;
use pilothouse::journal::RecordKind::{Note, Opened};
use std::sync::Arc;
use std::time::Duration;

/// Every sensed item is unknown, the gate is shut, and the yes does nothing.
fn shut(flight: &mut Flight) {
    let text = flight.text();
    assert!(
        text.contains(" ? ") && !text.contains('✓'),
        "no item is ticked:\n{text}"
    );
    assert!(!flight.is_open());
    flight.approve();
    assert_eq!(flight.state().steps().count(), 0);
    assert_eq!(flight.kinds(), [Opened]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_server_shuts_the_gate_and_its_return_asks_for_all_answers_anew() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    let sandbox = Arc::clone(flight.sandbox.as_ref().unwrap());
    flight.choose("hasan-prod", "jobs", "train-7f").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.answer();
    assert!(flight.is_open());

    let moment = flight.state().now();
    sandbox.faults().refuse_connections();
    flight.until_shown("SERVER LOST").await;
    assert_eq!(flight.state().now(), moment, "it is told before any time has passed");
    assert!(flight.text().contains("all gates shut"), "{}", flight.text());
    shut(&mut flight);

    sandbox.faults().accept();
    flight
        .until("the server to be back", |state| {
            !super::flight::screen(state).contains("SERVER LOST")
        })
        .await;
    flight.fresh().await;
    assert!(flight.text().contains('✓'), "items live again:\n{}", flight.text());
    assert!(
        !flight.is_open() && !flight.text().contains('☑'),
        "answers do not come back:\n{}",
        flight.text()
    );
    flight.pass(Duration::from_millis(800));
    flight.answer();
    assert!(flight.is_open());
    flight.yes();
    flight.until_over().await;
    assert_eq!(flight.server_has(&job("train-7f")), None);
    flight.until_recorded(Note, 1).await;
    assert_eq!(flight.wire.asked("DELETE ").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_falls_silent_shuts_the_gate_after_five_seconds() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    let sandbox = Arc::clone(flight.sandbox.as_ref().unwrap());
    flight.choose("hasan-prod", "jobs", "train-7f").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.answer();
    assert!(flight.is_open());
    sandbox.faults().freeze();
    flight.pass(Duration::from_secs(6));
    shut(&mut flight);
    flight.until_shown("SERVER LOST").await;
    shut(&mut flight);
    sandbox.faults().thaw();
    flight.fresh().await;
    assert!(flight.text().contains('✓') && !flight.is_open(), "{}", flight.text());
}
