//! Steps under way: how far each has come, and whether its own post-condition was seen.

use super::{gate, run};
use crate::app::event::{Effect, StepNumber, StepProgress};
use crate::app::state::State;
use crate::app::step::Phase;

pub(super) fn progress(state: &mut State, number: StepNumber, progress: StepProgress, effects: &mut Vec<Effect>) {
    let voided = match &progress {
        StepProgress::Voided { changes } => Some(changes.clone()),
        StepProgress::Answered(crate::journal::Outcome::Conflict { why }) => Some(vec![why.clone()]),
        StepProgress::Recorded
        | StepProgress::Cleared
        | StepProgress::Sent
        | StepProgress::Said { .. }
        | StepProgress::Answered(_)
        | StepProgress::Failed { .. } => None,
    };
    if let StepProgress::Said { line } = &progress {
        run::said(state, number, line);
    }
    let now = state.now;
    let Some(step) = state.steps.get_mut(&number) else {
        return;
    };
    step.progress(progress, now);
    let act = step.act.clone();
    if let Some(changes) = voided {
        gate::reopen(state, &act, changes, effects);
    }
    watch(state, effects);
}

/// Looks for the post-conditions of the steps that wait for one, and at the clock.
pub(super) fn watch(state: &mut State, effects: &mut Vec<Effect>) {
    let mut ended = Vec::new();
    for step in state.steps.values_mut() {
        if step.observe(&state.world, state.now)
            && let Phase::Over(ending) = &step.phase
        {
            ended.push((step.number, ending.clone()));
        }
    }
    for (number, ending) in ended {
        state.tell(format!("step {number}: {}", ending.sentence()));
        effects.push(Effect::Ended { number, ending });
    }
}
