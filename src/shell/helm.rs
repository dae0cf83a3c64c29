//! Helm on its way through the hand: asked once more what it would do, heard while it is at work, held against what was
//! rendered. Decides nothing; `gate::clear` and the records do.

use crate::app::{Event, StepNumber, StepProgress};
use crate::cluster::helm::{self, Rehearsal};
use crate::cluster::lifeline::Lifeline;
use crate::cluster::{Connection, write};
use crate::gate::Clearance;
use crate::journal::Outcome;
use crate::laws::Conditions;
use crate::model::helm::Ledger;
use crate::model::{Act, World};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;

/// The newest lines of helm's that are kept for the journal.
const KEPT: usize = 60;

/// One act of Helm's, about to be cleared.
pub(super) struct Errand {
    pub(super) rehearsal: Rehearsal,
    act: Act,
    ledger: Arc<Ledger>,
    deadline: Duration,
}

/// Looks once more at everything the act rests on that no watch sees: live objects of other kinds, and what helm renders
/// now. Nothing for an act that is not helm's. An error means that nothing was sent.
pub(super) async fn rehearse(
    connection: &Connection,
    act: &Act,
    world: &World,
    conditions: &mut Conditions,
) -> Result<Option<Errand>, String> {
    let Act::Helm {
        release,
        helm: asked,
        means: Some(means),
    } = act
    else {
        return Ok(None);
    };
    let mut ledger = Ledger::clone(&conditions.helm);
    helm::look(connection, world, release, asked, &mut ledger).await;
    conditions.helm = Arc::new(ledger);
    let rehearsal = helm::rehearse(connection, act, &conditions.helm)
        .await
        .map_err(|error| error.to_string())?;
    Ok(Some(Errand {
        rehearsal,
        act: act.clone(),
        ledger: Arc::clone(&conditions.helm),
        deadline: means.deadline(),
    }))
}

impl Errand {
    /// Lets helm at it. Gives back what became of it, and what helm said.
    pub(super) async fn perform(
        &self,
        clearance: Clearance,
        connection: &Connection,
        lifeline: &Lifeline,
        (number, events): (StepNumber, &mpsc::Sender<Event>),
    ) -> (Outcome, Vec<String>) {
        let mut said: Vec<String> = Vec::new();
        let show = |line: String| {
            let progress = StepProgress::Said { line };
            // a cockpit that is busy misses a line on its screen; helm is never kept waiting for it
            if events.try_send(Event::Step { number, progress }).is_err() {
                tracing::debug!("a line of helm's was not shown");
            }
        };
        let mut hear = |line: String| {
            show(line.clone());
            if said.len() >= KEPT {
                said.remove(0);
            }
            said.push(line);
        };
        let voice = write::Voice {
            rehearsal: Some(&self.rehearsal),
            lifeline: Some(lifeline),
            raft: None,
            hear: &mut hear,
        };
        let outcome = write::perform_heard(clearance, connection, self.deadline, Some(voice)).await;
        if matches!(outcome, Outcome::Done { .. }) {
            let compared = self.compared(connection).await;
            compared.clone().into_iter().for_each(show);
            said.extend(compared);
        }
        (outcome, said)
    }

    /// Whether the record holds what was rendered, in a sentence.
    async fn compared(&self, connection: &Connection) -> Option<String> {
        let rendered = matches!(&self.act, Act::Helm { helm, .. } if helm.rendered().is_some());
        if !rendered {
            return None;
        }
        Some(match helm::stored(connection, &self.act, &self.ledger).await {
            Ok(strays) if strays.is_empty() => "(the stored manifest is the one that was rendered)".to_owned(),
            Ok(strays) => format!("(the stored manifest is not what was rendered: {})", strays.join("; ")),
            Err(error) => format!("(whether the stored manifest is what was rendered cannot be said: {error})"),
        })
    }
}
