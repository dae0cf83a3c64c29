//! The operator's helm at work: started once, with exactly the arguments that were shown, heard to its end, and judged by the
//! records that are there then. Its exit code is evidence and not the outcome.

use crate::cluster::connect::Connection;
use crate::cluster::helm::{Pinned, find, standing};
use crate::cluster::lifeline::Lifeline;
use crate::cluster::process::{End, Errand, Listener, Mask, Ran, Surroundings, run};
use crate::gate::Command;
use crate::journal::Outcome;
use crate::model::act::{After, HelmAct};
use crate::model::helm::{Driver, record_parts};
use crate::model::{Act, Pin};
use std::path::Path;
use std::time::Duration;

/// So much of helm's last words stands in an outcome, in characters; the whole of them is in the step and in the journal.
const WORDS: usize = 300;

/// On what terms it is started.
#[derive(Clone, Copy)]
pub(super) struct Terms<'a> {
    pub(super) deadline: Duration,
    /// What it must not be heard to say.
    pub(super) mask: &'a Mask,
    /// By which it is known to live, should we not.
    pub(super) lifeline: Option<&'a Lifeline>,
}

/// Starts it, and says what is certain about what became of it.
pub(super) async fn carry(
    act: &Act,
    command: &Command,
    connection: &Connection,
    terms: Terms<'_>,
    hear: &mut (dyn FnMut(String) + Send),
) -> Outcome {
    let Act::Helm { release, helm, .. } = act else {
        return not_applied(format!("{act} is none of helm's"));
    };
    if let Err(why) = fitting(connection, release, helm, command) {
        return not_applied(why);
    }
    let program = Path::new(command.program());
    match find(Some(program)).await {
        Ok(found) if Some(found.version) == helm.executor() => {}
        Ok(found) => return not_applied(format!("{} is {} now", program.display(), found.version)),
        Err(why) => return not_applied(format!("{why}; {}", why.way_out())),
    }
    let pinned = match Pinned::of(connection) {
        Ok(pinned) => pinned,
        Err(why) => return not_applied(why),
    };
    let errand = Errand {
        program,
        arguments: command.arguments(),
        surroundings: Surroundings::Helms {
            variables: &Command::set(command.driver()),
            kubeconfig: Some(pinned.path()),
            lifeline: terms.lifeline,
        },
        deadline: terms.deadline,
    };
    let ran = match run(errand, Some(Listener { mask: terms.mask, hear })).await {
        Ok(ran) => ran,
        Err(why) => return not_applied(format!("helm could not be started: {why}")),
    };
    match standing(connection, release).await {
        Ok(records) => judge(helm.after(release, &records), &ran, helm),
        Err(why) => Outcome::InDoubt {
            why: format!("helm {}; its records cannot be read: {why}", ran.end),
        },
    }
}

const fn not_applied(why: String) -> Outcome {
    Outcome::NotApplied { why }
}

/// What must hold before it is started, whoever put the command together: the cluster is known, and the words are those of
/// the act.
fn fitting(connection: &Connection, release: &Pin, helm: &HelmAct, command: &Command) -> Result<(), String> {
    if connection.identity().kube_system.is_empty() {
        return Err("this cluster cannot be told from another one: reading namespace kube-system is denied".to_owned());
    }
    let name = record_parts(&release.key.name).map_or("", |(name, _)| name);
    let namespace = format!("--namespace={}", release.key.namespace);
    let words = command.arguments();
    let begins = words.first().is_some_and(|word| word == helm.word()) && words.get(1).is_some_and(|word| word == name);
    let placed = words.contains(&namespace);
    let bounded = words.iter().any(|word| word.starts_with("--timeout="));
    let driven = command.driver() == Driver::of(release.key.kind);
    if begins && placed && bounded && driven && Path::new(command.program()).is_absolute() {
        return Ok(());
    }
    Err(format!(
        "the command does not fit the act: helm {} {name} {namespace}",
        helm.word()
    ))
}

/// What the records and the end of helm prove together.
fn judge(after: After, ran: &Ran, helm: &HelmAct) -> Outcome {
    let said: String = ran.tail.join(" | ");
    let cut = said.chars().count().saturating_sub(WORDS);
    let said: String = said.chars().skip(cut).collect();
    let end = if said.is_empty() {
        format!("helm {}", ran.end)
    } else {
        format!("helm {}: {said}", ran.end)
    };
    let interrupted = !matches!(ran.end, End::Exited(_));
    match after {
        After::Reached(seen) if ran.end == End::Exited(0) => Outcome::Done { evidence: seen },
        After::Reached(seen) => Outcome::Done {
            evidence: format!("{seen}, although {end}"),
        },
        // what it had asked for last may still be carried out
        After::Untouched(seen) if interrupted => Outcome::InDoubt {
            why: format!("{seen}, and {end}"),
        },
        After::Untouched(seen) if ran.end == End::Exited(0) => Outcome::Failed {
            why: format!("{seen}, although {end}"),
        },
        // crds/ are made before the record
        After::Untouched(seen) if matches!(helm, HelmAct::Install(_)) => Outcome::Failed {
            why: format!("{seen}; {end}; what the chart has in crds/ may have been made"),
        },
        After::Untouched(seen) => Outcome::NotApplied {
            why: format!("{seen}; {end}"),
        },
        After::Halfway(seen) => Outcome::Failed {
            why: format!("{seen} now: it was begun and not ended (explain tells the way out); {end}"),
        },
        After::Otherwise(seen) => Outcome::Failed {
            why: format!("{seen}; {end}"),
        },
    }
}

#[cfg(test)]
mod tests;
