//! Steps an earlier session left in doubt.

use crate::app::event::{Answer, Doubtful, Effect, JournalState};
use crate::app::screen::{Screen, Visit};
use crate::app::state::State;
use crate::app::words::RowId;

/// News of the doubtful steps. The first of them bring their screen to the front.
pub(super) fn told(state: &mut State, doubts: Vec<Doubtful>) {
    let open = doubts.iter().any(|doubt| !doubt.settled);
    let first = state.doubts.is_empty() && !doubts.is_empty();
    let now = state.now;
    for doubt in doubts.iter().filter(|doubt| doubt.settled) {
        let evidence = doubt.evidence.last().map_or("", String::as_str);
        for step in state.steps.values_mut() {
            if step.act.to_string() == doubt.act {
                step.settle(&doubt.verdict, evidence, now);
            }
        }
    }
    state.doubts = doubts;
    if open {
        state.journal = JournalState::InDoubt;
    }
    if first && state.visit().screen != Screen::Doubts {
        state.visits.push(Visit::to(Screen::Doubts));
    }
}

/// A person's word on the step under the cursor, where one is asked for.
pub(super) fn say(state: &mut State, answer: Answer, effects: &mut Vec<Effect>) {
    let Some(RowId::Doubt(step)) = state.visit().cursor().at().cloned() else {
        state.warn("move the cursor to a step first");
        return;
    };
    let asks = state
        .doubts
        .iter()
        .any(|doubt| doubt.step == step && doubt.asks && !doubt.settled);
    if asks {
        effects.push(Effect::SettleDoubt { step, answer });
    } else {
        state.warn("nobody has to say anything about this step: the observation tells");
    }
}
