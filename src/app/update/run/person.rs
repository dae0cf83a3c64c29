//! What a person says about a run: recorded with name and reason, asked for in the prompt.

use super::super::look;
use super::begin::abort_left;
use super::{come, go_on};
use crate::app::event::{Effect, JournalState};
use crate::app::run::Said;
use crate::app::state::{Prompt, State};
use crate::app::words::RowId;
use crate::gate::{Item, ItemState};
use crate::runbook::progress::{Event, State as Stand, Word};
use crate::runbook::run::Due;

/// Asks for the reason, where the word can be said now.
pub(in crate::app::update) fn ask(state: &mut State, said: Said, effects: &mut Vec<Effect>) {
    if let (Said::Resume, Some(id)) = (said, left(state)) {
        super::take_up(state, &id, effects);
        go_on(state, effects);
        return;
    }
    match fits(state, said) {
        Ok(()) => {
            state.prompt = Some(Prompt::Word {
                said,
                typed: String::new(),
            });
        }
        Err(why) => state.warn(why),
    }
}

/// The unfinished run that is meant: the one under the cursor, or the only one.
fn left(state: &State) -> Option<String> {
    if let Some(RowId::Run(id)) = state.visit().cursor().at() {
        return Some(id.clone());
    }
    match state.runs.left.as_slice() {
        [only] if state.runs.on.is_none() => Some(only.id.clone()),
        _ => None,
    }
}

/// Why a word cannot be said now.
fn fits(state: &State, said: Said) -> Result<(), String> {
    if said == Said::Abort && left(state).is_some() {
        return Ok(());
    }
    let Some(on) = &state.runs.on else {
        return Err("no run is on".to_owned());
    };
    let no = |why: &str| Err(why.to_owned());
    if on.run.over() {
        return no("the run is over");
    }
    if said == Said::Abort {
        return Ok(());
    }
    if state.journal != JournalState::Ready {
        return no("the journal is not open: nothing can be said before every doubt is settled");
    }
    if on.run.progress.under_way() {
        return no("an act is under way: what becomes of it has to be known first");
    }
    let stopped = matches!(on.standing.due, Due::Decide(_));
    let course = on.run.progress.current();
    let unseen = course.is_some_and(|course| matches!(course.state, Stand::Stopped { unseen: true, .. }));
    match said {
        Said::Typed if on.sign_off.as_ref().is_some_and(|sign| sign.typed().is_some()) => Ok(()),
        Said::Typed => no("this step asks for no text here; the panel of its act may"),
        Said::Resume if !stopped => no("the step is not stopped"),
        Said::Waive if !unseen => no("only a stopped step whose end was not seen can be waived; H stops it"),
        Said::TurnBack if on.run.progress.turned.is_some() => no("the run is turned around already"),
        Said::TurnBack if on.run.way_back().is_empty() => {
            no("no step that did something has a way back of steps; the undo line says what there is")
        }
        Said::Halt | Said::Resume | Said::Skip | Said::Waive | Said::TurnBack | Said::Abort => Ok(()),
    }
}

/// A person's word, with its reason.
pub(in crate::app::update) fn say(state: &mut State, said: Said, typed: &str, effects: &mut Vec<Effect>) {
    if said == Said::Typed {
        if let Some(sign_off) = state.runs.on.as_mut().and_then(|on| on.sign_off.as_mut()) {
            sign_off.type_in(typed);
        }
        return;
    }
    let by = state
        .operator
        .as_ref()
        .map_or_else(String::new, |operator| operator.user.to_string());
    spoken(
        state,
        said,
        Word {
            by,
            reason: typed.trim().to_owned(),
        },
        effects,
    );
}

/// A word in somebody's name.
pub(in crate::app::update) fn spoken(state: &mut State, said: Said, word: Word, effects: &mut Vec<Effect>) {
    if let Err(why) = fits(state, said) {
        state.warn(why);
        return;
    }
    let event = match said {
        Said::Halt => Event::Halted { word },
        Said::Resume => Event::Resumed { word },
        Said::Skip => Event::Skipped { word },
        Said::Waive => Event::Waived { word },
        Said::Abort => Event::Aborted { word },
        Said::TurnBack => {
            let steps = state.runs.on.as_ref().map(|on| on.run.way_back()).unwrap_or_default();
            Event::TurnedBack { word, steps }
        }
        Said::Typed => return,
    };
    if let (Event::Aborted { .. }, Some(id)) = (&event, left(state)) {
        abort_left(state, &id, event, effects);
    } else {
        come(state, event, effects);
    }
    go_on(state, effects);
}

/// Puts the cursor on the first item that waits for a signature. Nothing is signed by that: it has to be read first.
fn to_unsigned(state: &mut State) {
    let sign_off = state.runs.on.as_ref().and_then(|on| on.sign_off.as_ref());
    let waiting = sign_off.and_then(|sign_off| {
        let at = sign_off
            .items()
            .iter()
            .position(|item| item.state == ItemState::Unattested)?;
        Some(RowId::RunItem(sign_off.demand().step().to_owned(), at))
    });
    let Some(item) = waiting else {
        state.tell("no item waits for a signature here");
        return;
    };
    look::to(state, &item);
    state.tell("the cursor stands on the first item that waits: read it, then space signs it");
}

/// Signs the item under the cursor, of a step that does nothing.
pub(in crate::app::update) fn sign_item(state: &mut State) {
    let Some(RowId::RunItem(step, at)) = state.visit().cursor().at().cloned() else {
        to_unsigned(state);
        return;
    };
    let now = state.now;
    let waits = state.runs.on.as_ref().and_then(|on| on.sign_off.as_ref());
    let attestable = waits
        .and_then(|sign_off| sign_off.items().get(at))
        .is_some_and(Item::attestable);
    let signed = state
        .runs
        .on
        .as_mut()
        .and_then(|on| on.sign_off.as_mut())
        .is_some_and(|sign_off| sign_off.demand().step() == step.as_str() && sign_off.attest(at, now));
    if !signed && attestable {
        state.tell("it has just come up, or come up anew: look first, then sign");
    } else if !signed {
        state.tell("this item is sensed, not signed here: only the cluster, or the panel of the act, can make it true");
    }
}

/// Signs the step itself.
pub(in crate::app::update) fn sign(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.now;
    let Some(sign_off) = state.runs.on.as_ref().and_then(|on| on.sign_off.as_ref()) else {
        state.tell("there is nothing to sign here: a opens the panel of the next act");
        return;
    };
    if state.journal != JournalState::Ready {
        state.warn("the journal is not open: nothing can be signed");
        return;
    }
    match sign_off.sign(now) {
        Ok(mut answers) => {
            if let Some(word) = state.runs.approver.take() {
                answers.push(format!("by {}: {}", word.by, word.reason));
            }
            if come(state, Event::Signed { answers }, effects) {
                go_on(state, effects);
            }
        }
        Err(why) => state.warn(format!("it cannot be signed: {}", why.join("; "))),
    }
}
