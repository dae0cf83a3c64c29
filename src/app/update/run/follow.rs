//! Acts that were handed to the journal: what became of each, as their steps in this session tell, or as the journal does.

use super::come;
use crate::app::event::Effect;
use crate::app::state::State;
use crate::app::step::{Ending, Phase};
use crate::journal::{Outcome, Ruling, Stage};
use crate::laws::pvc_protection;
use crate::model::{Act, Kind};
use crate::runbook::progress::{Event, Went};

/// The acts that were handed to the journal: what became of each.
pub(super) fn follow(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(on) = &state.runs.on else {
        return;
    };
    let Some(course) = on.run.progress.current() else {
        return;
    };
    let sent = course.acts.iter().enumerate().find_map(|(at, taken)| {
        if let Went::Sent { approval } = &taken.went {
            Some((at, approval.clone()))
        } else {
            None
        }
    });
    let Some((at, approval)) = sent else {
        return;
    };
    let became = match on.numbers.get(&at).and_then(|number| state.steps.get(number)) {
        Some(step) => match &step.phase {
            Phase::Over(ending) => ended(ending),
            Phase::Accepted if let Some(how) = held(state, &step.act) => Became::Stands(how),
            Phase::Requested | Phase::Recorded | Phase::Cleared | Phase::Sent | Phase::Accepted => return,
        },
        // it was approved in an earlier session: the journal tells
        None => became(state.runs.acts.get(&approval)),
    };
    match became {
        Became::Stands(how) => {
            come(state, Event::Ended { act: at, how }, effects);
        }
        Became::Strayed(how) => {
            let ended = Event::Ended {
                act: at,
                how: how.clone(),
            };
            if come(state, ended, effects) {
                come(state, Event::Failed { seen: how }, effects);
            }
        }
        Became::Void(why) => {
            come(state, Event::Returned { act: at, why }, effects);
        }
        Became::NotDone(why) => {
            let event = Event::Returned {
                act: at,
                why: why.clone(),
            };
            if come(state, event, effects) {
                come(state, Event::Failed { seen: why }, effects);
            }
        }
        Became::Open => {}
    }
}

/// How the deletion of a claim stands that pods hold on to: it is accepted for good, and goes when they do, which is for the
/// steps after it. Only the step's own `verify` says whether that is its end.
fn held(state: &State, act: &Act) -> Option<String> {
    let Act::Delete { target, .. } = act else { return None };
    if target.key.kind != Kind::PersistentVolumeClaim {
        return None;
    }
    let live = state.world.pinned(target).filter(|live| live.meta.deleting())?;
    let holders = pvc_protection::holders(&state.world, &target.key);
    let holders: Vec<&str> = holders.iter().map(|pod| pod.meta.name.as_str()).collect();
    (!holders.is_empty()).then(|| format!("{} is being deleted, and goes with {}", live.key(), holders.join(", ")))
}

/// What became of an act that was approved.
enum Became {
    Stands(String),
    /// It was done, in part at least, and came to another end than was forecast: a person decides.
    Strayed(String),
    /// Nothing was sent, because something changed: the panel stands there again.
    Void(String),
    /// It was not done: a person decides.
    NotDone(String),
    /// Not known yet.
    Open,
}

fn ended(ending: &Ending) -> Became {
    match ending {
        Ending::Observed { what } => Became::Stands(what.clone()),
        Ending::TimedOut { .. } => Became::Stands(ending.sentence()),
        Ending::Otherwise { .. } => Became::Strayed(ending.sentence()),
        Ending::Voided { .. } => Became::Void(ending.sentence()),
        Ending::NotDone { why } => Became::NotDone(why.clone()),
        Ending::InDoubt { .. } => Became::Open,
    }
}

fn became(stage: Option<&Stage>) -> Became {
    match stage {
        None => Became::NotDone("it was approved, and never reached the journal: nothing was sent".to_owned()),
        Some(Stage::Intended | Stage::Cleared | Stage::Sent | Stage::Ended(Outcome::InDoubt { .. })) => Became::Open,
        Some(Stage::Ended(outcome)) => {
            let told = format!("{}: {}", outcome.word(), outcome.evidence());
            match outcome {
                Outcome::Done { .. } | Outcome::Accepted { .. } => Became::Stands(told),
                Outcome::Failed { .. } => Became::Strayed(told),
                Outcome::NotApplied { .. }
                | Outcome::Conflict { .. }
                | Outcome::Refused { .. }
                | Outcome::InDoubt { .. } => Became::NotDone(told),
            }
        }
        Some(Stage::Voided { changes }) => {
            Became::NotDone(format!("the approval died, nothing was sent: {}", changes.join("; ")))
        }
        Some(Stage::Settled { ruling, evidence }) => {
            let told = format!("{}: {evidence}", ruling.word());
            match ruling {
                Ruling::Done | Ruling::Accepted => Became::Stands(told),
                Ruling::NotApplied | Ruling::Conflict => Became::NotDone(told),
                Ruling::StillInDoubt => Became::Open,
            }
        }
    }
}
