//! What the run has asked for and was told: rendered manifests, the rows of a soak, objects that are kept as they are.

use super::super::gate;
use super::{come, go_on};
use crate::app::event::{Effect, JournalState, ManifestRead, Rhythm};
use crate::app::run::On;
use crate::app::state::State;
use crate::diagnose::Found;
use crate::model::raft::{FileSeen, Soundings};
use crate::model::{Key, Moment, Text};
use crate::runbook;
use crate::runbook::progress::Event;
use crate::runbook::run::Probed;
use std::sync::Arc;
use std::time::Duration;

/// The file of a snapshot that a run goes by is looked at again after this span: a gate takes nothing older than 5 s.
const LOOK: Duration = Duration::from_secs(1);
/// A look that has not come to its end after this span never does.
const GIVEN_UP: Duration = Duration::from_mins(11);

/// Rendered manifests were read, or could not be.
pub(in crate::app::update) fn rendered(
    state: &mut State,
    read: Vec<(String, ManifestRead)>,
    effects: &mut Vec<Effect>,
) {
    for (path, read) in read {
        match read {
            Ok((digest, manifest)) => {
                let ledger = Arc::make_mut(&mut state.conditions.helm);
                ledger.enter_rendered(digest.clone(), *manifest);
                state.runs.rendered.insert(path, digest);
            }
            Err(why) => state.warn(format!("the run goes by a rendered manifest: {why}")),
        }
    }
    go_on(state, effects);
}

/// A soak's rows were counted, or could not be.
pub(in crate::app::update) fn probed(state: &mut State, found: Found, effects: &mut Vec<Effect>) {
    let at = state.now.mono;
    if let Some(on) = &mut state.runs.on {
        on.probing = None;
        on.run.probed = Some(Probed { at, found });
        go_on(state, effects);
    }
}

/// An object was read, or could not be: either is kept, so that a step that makes it again knows.
pub(in crate::app::update) fn noted(
    state: &mut State,
    key: &Key,
    answer: Result<Result<String, String>, String>,
    effects: &mut Vec<Effect>,
) {
    let wanted = state
        .runs
        .on
        .as_ref()
        .is_some_and(|on| on.run.unnoted().any(|own| own == *key));
    let kept = match answer {
        Ok(kept) if wanted && state.journal == JournalState::Ready => kept,
        // it is asked again with the next change
        Ok(_) | Err(_) => {
            if let Some(on) = &mut state.runs.on {
                on.reading.remove(key);
            }
            return;
        }
    };
    let event = Event::Noted {
        name: runbook::noted(key),
        value: kept.unwrap_or_else(|why| why),
    };
    if come(state, event, effects) {
        go_on(state, effects);
    }
}

/// What has to be looked at: the file of the newest snapshot, as long as the run goes by it.
pub(super) fn unseen(on: &mut On, soundings: &Soundings, now: Moment) -> Option<Effect> {
    let file = on.run.saved.as_ref().filter(|_| !on.run.over())?.file.clone();
    let known = soundings.file(&file);
    let looked = known.is_some_and(|(at, _)| at.age(now) < LOOK);
    if looked || on.looking.is_some_and(|since| since.age(now) < GIVEN_UP) {
        return None;
    }
    on.looking = Some(now);
    let known = known.map(|(_, seen)| seen.clone());
    Some(Effect::SumFile { file, known })
}

/// The file of a snapshot was looked at.
pub(in crate::app::update) fn seen(state: &mut State, file: Text, seen: FileSeen, effects: &mut Vec<Effect>) {
    let at = state.now.mono;
    Arc::make_mut(&mut state.conditions.raft).saw(file, at, seen);
    if let Some(on) = &mut state.runs.on {
        on.looking = None;
        go_on(state, effects);
    }
    if state.gate.is_some() {
        gate::resense(state);
    }
}

/// An earlier step is begun anew: what stood in front of this one could not be approved, and goes.
pub(super) fn renewed(state: &mut State, step: &str, why: &str, effects: &mut Vec<Effect>) {
    let own = state.gate.as_ref().is_some_and(|gate| gate.panel.demand().is_some());
    if own {
        state.gate = None;
        effects.push(Effect::SetRhythm(Rhythm::Slow));
    }
    state.warn(format!("{step} is due anew: {why}"));
}
