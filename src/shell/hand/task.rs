//! A task on its way: heard while it is at work. Decides nothing.

use crate::app::{Event, StepNumber, StepProgress};
use crate::cluster::raft::Way;
use crate::cluster::{Connection, write};
use crate::gate::Clearance;
use crate::journal::Outcome;
use std::time::Duration;
use tokio::sync::mpsc;

/// The newest lines that are kept for the journal.
const KEPT: usize = 40;

/// Lets it be done, each within its own bounds. Gives back what became of it, and how it went.
pub(super) async fn perform(
    clearance: Clearance,
    connection: &Connection,
    number: StepNumber,
    events: &mpsc::Sender<Event>,
    raft: Option<&Way>,
) -> (Outcome, Vec<String>) {
    let mut said: Vec<String> = Vec::new();
    let mut hear = |line: String| {
        let progress = StepProgress::Said { line: line.clone() };
        // a cockpit that is busy misses a line on its screen; the work is never kept waiting for it
        if events.try_send(Event::Step { number, progress }).is_err() {
            tracing::debug!("a line of a task was not shown");
        }
        if said.len() >= KEPT {
            said.remove(0);
        }
        said.push(line);
    };
    let voice = write::Voice {
        rehearsal: None,
        lifeline: None,
        raft,
        hear: &mut hear,
    };
    let outcome = write::perform_heard(clearance, connection, Duration::MAX, Some(voice)).await;
    (outcome, said)
}
