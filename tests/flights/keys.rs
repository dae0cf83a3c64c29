//! Keys that must do nothing: pasted, pressed too early, or by habit; and a cockpit that may only look.

use super::flight::{Flight, Plan};
use super::picture;
use pilothouse::app::{Event, Key};
use pilothouse::journal::RecordKind::Opened;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn neither_paste_nor_enter_does_anything_at_a_gate() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.choose("hasan-prod", "jobs", "train-81").await;
    flight.open_panel(Key::Ctrl('d')).await;
    flight.attest_all();
    let fact = flight.fact();
    let at = flight.state().now();
    flight.take(Event::Paste { text: fact.clone(), at });
    assert!(flight.line().contains("pasting is refused"), "{}", flight.text());
    assert!(!flight.is_open());
    flight.keys(&"x".repeat(12));
    assert!(
        flight.line().contains("pasting is refused"),
        "faster than fingers:\n{}",
        flight.text()
    );
    assert!(!flight.is_open());
    while !flight.line().contains(&format!("type {}: ▏", flight.question())) {
        flight.key(Key::Backspace);
    }
    flight.type_in(&fact);
    assert!(flight.is_open());
    flight.key(Key::Enter);
    assert!(
        flight.state().at_gate() && flight.state().steps().count() == 0,
        "Enter never approves"
    );
    flight.take(Event::Paste {
        text: "\u{19}".to_owned(),
        at,
    });
    assert!(!flight.is_open(), "a paste voids what was typed");
    flight.key(Key::Esc);
    assert!(!flight.state().at_gate());
    assert_eq!(flight.kinds(), [Opened]);
    assert!(flight.wire.asked("DELETE ").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_pressed_before_one_can_have_looked_are_thrown_away() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.choose("hasan-prod", "jobs", "train-81").await;
    flight.key(Key::Ctrl('d'));
    flight.until_told("APPROVE is closed").await;
    let fact = flight.fact();
    flight.pass(Duration::from_millis(300));
    flight.attest_all();
    flight.keys(&fact[..3]);
    flight.approve();
    assert!(!flight.is_open() && !flight.text().contains('☑'), "{}", flight.text());
    assert!(
        flight.line().contains(&format!("type {}: ▏", flight.question())),
        "{}",
        flight.text()
    );
    assert_eq!(flight.state().steps().count(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cockpit_that_observes_never_opens_the_gate_and_says_how_to_act() {
    let mut flight = Plan::of("hasan-prod").observing().fly().await;
    flight.choose("hasan-prod", "jobs", "train-81").await;
    flight.key(Key::Ctrl('d'));
    flight.fresh().await;
    flight.pass(Duration::from_millis(800));
    flight.answer();
    flight.fresh().await;
    picture(&flight, "observing-panel");
    assert!(flight.text().contains("OBSERVING"), "{}", flight.text());
    assert!(!flight.is_open());
    assert!(
        flight.line().contains("start it with --operate to act"),
        "{}",
        flight.text()
    );
    flight.approve();
    assert_eq!(flight.state().steps().count(), 0);
    assert!(!flight.journal().exists(), "no journal without --operate");
    assert!(flight.wire.asked("DELETE ").is_empty());
}
