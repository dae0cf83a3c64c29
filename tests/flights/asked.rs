//! Acts asked for after `:`, taken all the way through their panels.

use super::flight::Flight;
use super::hands::claim;
use pilothouse::app::{Ending, Key, Phase};
use pilothouse::model::{self, Kind};
use std::time::Duration;

/// Types a line after `:` on the tenant's screen and looks at its panel until keys are taken.
async fn ask(flight: &mut Flight, line: &str) {
    flight.keys(":tenant hasan-prod");
    flight.key(Key::Enter);
    flight.fresh().await;
    flight.keys(":");
    flight.keys(line);
    flight.key(Key::Enter);
    assert!(flight.state().at_gate(), "no panel for {line}:\n{}", flight.text());
    flight
        .until("the journal to be open", |state| {
            !super::flight::line(state).contains("the journal is not open")
        })
        .await;
    flight.pass(Duration::from_millis(800));
    flight.fresh().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_annotation_is_removed_by_a_held_key() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    ask(&mut flight, "annotate pvc/mysql-pvc helm.sh/resource-policy-").await;
    assert!(
        flight.text().contains("T1") && flight.text().contains("merge-patch"),
        "{}",
        flight.text()
    );
    flight.hold();
    assert!(!flight.state().at_gate(), "held for a second:\n{}", flight.text());
    flight.until_over().await;
    assert!(
        matches!(&flight.step().phase, Phase::Over(Ending::Observed { .. })),
        "{:?}",
        flight.step()
    );
    let after = flight.server_has(&claim("mysql-pvc")).unwrap();
    assert!(
        after["metadata"]["annotations"]["helm.sh/resource-policy"].is_null(),
        "{after}"
    );
    assert_eq!(flight.wire.asked("PATCH ").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_claim_is_made_and_bears_its_step() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    let key = model::Key::new(Kind::PersistentVolumeClaim, "hasan-prod", "fresh");
    ask(&mut flight, "create-claim pvc/fresh size=1Gi class=none").await;
    flight.hold();
    assert!(!flight.state().at_gate(), "held for a second:\n{}", flight.text());
    flight.until_over().await;
    assert!(
        matches!(&flight.step().phase, Phase::Over(Ending::Observed { .. })),
        "{:?}",
        flight.step()
    );
    let made = flight.server_has(&key).expect("made");
    assert!(
        made["metadata"]["annotations"]["pilothouse.dev/step"].is_string(),
        "{made}"
    );
    assert_eq!(made["spec"]["storageClassName"], "none");
}

/// The rule of §3.11: its controller lives, so the strip stays shut whatever a person signs.
#[tokio::test(flavor = "multi_thread")]
async fn a_strip_stays_shut_while_its_controller_may_be_there() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    ask(
        &mut flight,
        "remove-finalizer pvc/shared-data kubernetes.io/pvc-protection",
    )
    .await;
    flight.attest_all();
    let fact = flight.fact();
    flight.type_in(&fact);
    flight.fresh().await;
    assert!(flight.line().contains("taken to be alive"), "{}", flight.text());
    flight.approve();
    assert!(flight.state().at_gate() && flight.state().steps().count() == 0);
    assert!(flight.wire.asked("PATCH ").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_budgets_refuse_or_nobody_can_say_is_not_asked() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.keys(":evict pvc/mysql-pvc");
    flight.key(Key::Enter);
    assert!(!flight.state().at_gate());
    assert!(flight.text().contains("no eviction"), "{}", flight.text());
}
