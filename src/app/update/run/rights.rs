//! Trap 60 at a run's begin: before anything of it is done, the server is asked whether this user may do all of it.
//!
//! Knows the acts as the plan tells them by then; says nothing of rights that a program of the operator's needs besides.

use super::{go_on, ground};
use crate::app::event::Effect;
use crate::app::state::State;
use crate::model::Act;
use crate::runbook::plan;
use crate::runbook::plan::{May, rights};
use std::time::Duration;

/// While the server has not said that this user may do every act of a run, it is asked again so often.
const AGAIN: Duration = Duration::from_secs(15);

/// Asks, before anything is begun, whether this user may do every act that the run would come to.
pub(super) fn ask(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.now.mono;
    let Some(on) = &state.runs.on else {
        return;
    };
    let open = on.standing.rights.as_ref();
    let open = open.is_some_and(|rights| rights.found.holds != Some(true));
    if !open || on.rights.is_some_and(|at| at.age(now) < AGAIN) {
        return;
    }
    let run = on.run.id.clone();
    let acts: Vec<Act> = plan(&on.run.resolved, ground(state)).acts().cloned().collect();
    if let Some(on) = &mut state.runs.on {
        on.rights = Some(now);
    }
    if acts.is_empty() {
        allowed(state, &run, &[], effects);
    } else {
        effects.push(Effect::AskRights { run, acts });
    }
}

/// The server has said of the acts of a run whether this user may do them.
pub(in crate::app::update) fn allowed(state: &mut State, run: &str, may: &[May], effects: &mut Vec<Effect>) {
    if let Some(on) = state.runs.on.as_mut().filter(|on| on.run.id == run) {
        on.run.rights = Some(rights(may, "run"));
        go_on(state, effects);
    }
}
