//! Looking: what an operator sees before anything is touched.

use super::flight::Flight;
use pilothouse::app::Key;

#[tokio::test(flavor = "multi_thread")]
async fn the_stuck_claim_is_explained_down_to_the_training_jobs() {
    let mut flight = Flight::on_sandbox("hasan-prod").await;
    flight.until_shown("2 PVCs Terminating").await;
    flight.keys("/hasan");
    flight.key(Key::Enter);
    flight.key(Key::Enter);
    flight.until_shown("shared-data").await;
    flight.keys("/shared");
    flight.key(Key::Enter);
    flight.keys("x");
    flight.until_shown("why pvc/shared-data").await;
    assert!(flight.text().contains("train-"), "{}", flight.text());
}
