//! How a run comes to be on: asked for at the start or in the palette, or taken up where an earlier session left it.

use super::come;
use crate::app::event::{Effect, JournalState};
use crate::app::run::{On, Order, Wanted};
use crate::app::screen::{Screen, Visit};
use crate::app::state::{Mode, State};
use crate::journal::Stage;
use crate::runbook::chronicle::{Chapter, Story, What};
use crate::runbook::progress::Event;
use crate::runbook::run::{Due, Standing};
use crate::runbook::{Resolved, Run};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What the journal tells of runs, when it is opened and after each doubt that was settled.
pub(in crate::app::update) fn told(state: &mut State, stories: Vec<Story>, acts: BTreeMap<String, Stage>) {
    let first = !state.runs.told;
    state.runs.told = true;
    state.runs.names.extend(stories.iter().map(|story| story.id.clone()));
    state.runs.acts = acts;
    let on = state.runs.on.as_ref().map(|on| on.run.id.clone());
    let unfinished = |story: &Story| match Run::take_up(story, state.now) {
        Ok(run) => !run.over(),
        // what cannot be taken up is told when somebody tries
        Err(_) => true,
    };
    let left: Vec<Story> = stories
        .into_iter()
        .filter(|story| on.as_ref() != Some(&story.id) && unfinished(story))
        .collect();
    if first && !left.is_empty() && state.runs.order.is_none() && on.is_none() {
        state.tell(format!(
            "{} run of a runbook is unfinished: R shows it, and takes it up",
            left.len()
        ));
    }
    state.runs.left = left;
}

/// A run was asked for.
pub(in crate::app::update) fn order(state: &mut State, order: Order, effects: &mut Vec<Effect>) {
    if state.runs.on.as_ref().is_some_and(|on| !on.run.over()) {
        state.warn("a run is on: it is finished or aborted before another begins");
        return;
    }
    if state.mode == Mode::Observing {
        state.warn("this cockpit observes: start it with --operate to run a runbook");
        return;
    }
    state.runs.executor = order.executor;
    state.runs.rendered.clone_from(&order.rendered);
    state.conditions.helm = Arc::new(order.ledger.clone());
    state.runs.unattended = order.unattended;
    state.runs.with_token = order.with_token;
    state.runs.approver.clone_from(&order.approver);
    state.runs.order = Some(Box::new(order));
    show(state);
    begin(state, effects);
}

/// Brings the run's screen to the front.
pub(super) fn show(state: &mut State) {
    if state.visit().screen != Screen::Run {
        state.visits.push(Visit::to(Screen::Run));
    }
}

/// Begins what was asked for, once the journal is open and every feed has been heard.
pub(super) fn begin(state: &mut State, effects: &mut Vec<Effect>) {
    let ready = state.journal == JournalState::Ready && state.runs.told && state.operator.is_some();
    let Some(order) = state.runs.order.take_if(|_| ready) else {
        return;
    };
    match order.wanted {
        Wanted::New(resolved) => {
            if let Some(story) = twin(state, &resolved) {
                let told = format!(
                    "the run {} of the same runbook and tenant is unfinished: take it up (r), or abort it (X) and begin anew",
                    story.id
                );
                state.warn(told);
                return;
            }
            new(state, *resolved, effects);
        }
        Wanted::Left { name, file } => {
            let of = |story: &&Story| {
                name.as_ref()
                    .is_none_or(|name| story.id == *name || story.opening.runbook == *name)
            };
            let mut found = state.runs.left.iter().filter(of);
            match (found.next().map(|story| story.id.clone()), found.next()) {
                (Some(id), None) => {
                    take_up(state, &id, effects);
                    if let Some(digest) = file {
                        super::changed(state, digest, effects);
                    }
                }
                (Some(_), Some(_)) => state.warn("more than one run is unfinished: choose one, r takes it up"),
                (None, _) => state.warn("the journal holds no such unfinished run"),
            }
        }
    }
}

fn twin<'s>(state: &'s State, resolved: &Resolved) -> Option<&'s Story> {
    let mut left = state.runs.left.iter();
    left.find(|story| story.opening.runbook == resolved.runbook.name && story.opening.namespace == resolved.namespace)
}

fn new(state: &mut State, resolved: Resolved, effects: &mut Vec<Effect>) {
    let by = state
        .operator
        .as_ref()
        .map_or_else(String::new, |operator| format!("{}@{}", operator.user, operator.host));
    match Run::begin(resolved, &by, state.now) {
        Ok(mut run) => {
            run.named_apart_from(&state.runs.names);
            state.runs.names.insert(run.id.clone());
            effects.push(Effect::Keep(Box::new(Chapter {
                run: run.id.clone(),
                step: None,
                what: What::Opened(Box::new(run.opening())),
            })));
            put_on(state, run, false);
        }
        Err(why) => state.warn(why),
    }
}

fn put_on(state: &mut State, run: Run, taken_up: bool) {
    state.runs.on = Some(Box::new(On {
        run,
        standing: Standing {
            when: None,
            sensed: Vec::new(),
            rights: None,
            verify: None,
            left: None,
            soak: None,
            ask: None,
            due: Due::Wait,
        },
        sign_off: None,
        next: None,
        numbers: BTreeMap::new(),
        parameters: false,
        asking: false,
        records: Vec::new(),
        files: Vec::new(),
        manifests: Vec::new(),
        taken_up,
        rights: None,
        probing: None,
        looking: None,
        reading: BTreeSet::new(),
        said: None,
    }));
    show(state);
}

/// Takes up the run of this name.
pub(in crate::app::update) fn take_up(state: &mut State, id: &str, effects: &mut Vec<Effect>) {
    if state.journal != JournalState::Ready {
        state.warn("the journal is not open for new steps: a run is taken up when every doubt is settled");
        return;
    }
    let Some(at) = state.runs.left.iter().position(|story| story.id == id) else {
        return;
    };
    let Some(story) = state.runs.left.get(at) else {
        return;
    };
    match Run::take_up(story, state.now) {
        Ok(run) => {
            state.runs.left.remove(at);
            let name = run.resolved.runbook.source.name.clone();
            put_on(state, run, true);
            state.tell("the run is taken up with the text and the values it began with");
            effects.push(Effect::CheckRunbook { name });
        }
        Err(why) => state.warn(format!("the run cannot be taken up: {why}")),
    }
}

/// Ends a run that was left, without taking it up to go on.
pub(super) fn abort_left(state: &mut State, id: &str, event: Event, effects: &mut Vec<Effect>) {
    take_up(state, id, effects);
    if state.runs.on.as_ref().is_some_and(|on| on.run.id == id) {
        come(state, event, effects);
    }
}
