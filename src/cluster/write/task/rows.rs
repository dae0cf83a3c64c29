//! Row counts: a command in the pod that only reads, its answer taken in within bounds.

use super::far::Far;
use super::manifest::{self, State};
use super::{Hear, not_applied};
use crate::cluster::connect::Connection;
use crate::journal::Outcome;
use crate::model::act::task::{Count, Rows};
use crate::model::{Pin, Text};
use tokio::time::timeout;

/// Counts, and holds the counts against those of a dump.
pub(super) async fn carry(connection: &Connection, target: &Pin, asked: &Count, hear: Hear<'_>) -> Outcome {
    let (namespace, pod) = match super::pod(target) {
        Ok(place) => place,
        Err(why) => return not_applied(why),
    };
    let far = Far {
        connection,
        target,
        namespace,
        pod,
        container: &asked.container,
        quiet: asked.bounds.quiet(),
    };
    match timeout(asked.bounds.within(), compared(&far, asked, hear)).await {
        Ok(outcome) => outcome,
        Err(_) => not_applied(format!("the rows were not counted within {} s", asked.bounds.within)),
    }
}

async fn compared(far: &Far<'_>, asked: &Count, hear: Hear<'_>) -> Outcome {
    // the very pod that was shown
    if let Err(wrong) = far.container().await {
        return not_applied(wrong.to_string());
    }
    let before = if asked.like.is_empty() {
        None
    } else {
        match manifest::read(&asked.like).await {
            Ok(Some(held)) if held.state == State::Whole && held.rows.is_some() => held.rows,
            Ok(Some(_)) => return not_applied(format!("the dump {} is not whole, or counted no rows", asked.like)),
            Ok(None) => return not_applied(format!("there is no manifest beside {}", asked.like)),
            Err(why) => return not_applied(why),
        }
    };
    let now = match count(far, &asked.command).await {
        Ok(now) => now,
        Err(why) => return not_applied(why),
    };
    let tally = now.tally();
    let told = format!(
        "counted {} rows in {} tables {}",
        tally.rows, tally.tables, tally.digest
    );
    hear(told.clone());
    match before.map(|before| before.differences(&now)) {
        None => Outcome::Done { evidence: told },
        Some(differences) if differences.is_empty() => Outcome::Done {
            evidence: format!("{told}, equal to those of {}", asked.like),
        },
        Some(differences) => Outcome::Failed {
            why: format!(
                "{told}, which are not those of {}: {}",
                asked.like,
                differences.join("; ")
            ),
        },
    }
}

/// Asks for the counts.
///
/// # Errors
/// Why there are none, in a sentence without anything of what was printed on standard output.
pub(super) async fn count(far: &Far<'_>, command: &[Text]) -> Result<Rows, String> {
    let argv: Vec<&str> = command.iter().map(Text::as_str).collect();
    let output = far
        .plain(&argv)
        .await
        .map_err(|wrong| format!("the rows could not be counted: {wrong}"))?;
    if !output.exit.success() {
        return Err(format!(
            "the rows could not be counted: {}: {}",
            output.exit, output.said
        ));
    }
    let text = String::from_utf8(output.out).map_err(|_error| "the row counts are no text".to_owned())?;
    Rows::read(&text)
}
