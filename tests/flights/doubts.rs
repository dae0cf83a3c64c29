//! The answer is lost: what was asked is observed, never asked twice.

use super::flight::{Flight, screen};
use super::hands::job;
use super::picture;
use pilothouse::app::{Ending, Key, Phase};
use pilothouse::journal::RecordKind::{Cleared, Intent, Opened, Outcome as Ended, Sent, Settled};
use pilothouse::journal::{Outcome, Ruling, Stage};
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_settled_by_observation_and_nothing_is_sent_again() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    let sandbox = Arc::clone(flight.sandbox.as_ref().unwrap());
    flight.choose("hasan-prod", "jobs", "train-7f").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.answer();
    sandbox.faults().fail_after_commit(1);
    flight.yes();
    flight.until_recorded(Settled, 1).await;
    flight.until_told("in doubt: the server answered 500").await;
    flight.until_told("settled, done: ").await;
    assert!(
        matches!(&flight.step().phase, Phase::Over(Ending::Observed { .. })),
        "{:?}",
        flight.step()
    );
    assert_eq!(flight.kinds(), [Opened, Intent, Cleared, Sent, Ended, Settled]);
    let shown = flight.recorded();
    match &shown.steps[0].stage {
        Stage::Settled { ruling, evidence } => {
            assert_eq!(*ruling, Ruling::Done, "{evidence}");
            assert!(!evidence.is_empty());
        }
        other => panic!("{other:?}"),
    }
    assert!(shown.entries.iter().any(|record| {
        serde_json::from_value(record.payload.clone()).is_ok_and(|told| matches!(told, Outcome::InDoubt { .. }))
    }));
    assert_eq!(flight.wire.asked("DELETE ").len(), 1, "never sent twice");
    assert_eq!(flight.server_has(&job("train-7f")), None);

    // settled, and the next act goes its usual way
    flight.key(Key::Esc);
    flight.until_told("✓ delete job/train-7f (Background)").await;
    picture(&flight, "doubt-settled");
    flight.choose("hasan-prod", "jobs", "train-81").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight
        .until("the journal to be open again", |state| {
            !screen(state).contains("in doubt (:doubts)")
        })
        .await;
    flight.answer();
    flight.yes();
    flight.until_over().await;
    assert_eq!(flight.server_has(&job("train-81")), None);
    assert_eq!(flight.wire.asked("DELETE ").len(), 2);
}
