//! Events in, effects out: the only place where the cockpit's state changes.
//!
//! Synchronous and pure. Must not wait, read a clock or touch anything outside the state.

#![deny(clippy::wildcard_enum_match_arm)]

mod ask;
mod command;
mod doubts;
mod gate;
mod look;
mod prompt;
mod step;
mod world;

use crate::app::event::{Effect, Event, Fetched};
use crate::app::key::Key;
use crate::app::state::{Connection, Fetch, State};
use crate::app::words::RowId;
use crate::app::{keys, places};
use crate::model::Now;
use std::time::Duration;

/// How long a sentence stays in the flash line.
const FLASH: Duration = Duration::from_secs(8);

/// Takes one event in. What it changes is in the state; what it wants done is in the effects, in order.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    let mut effects = Vec::new();
    match event {
        Event::Key { key: pressed, at } => {
            pass_time(state, at, &mut effects);
            key(state, pressed, &mut effects);
        }
        Event::Paste { text, at } => {
            pass_time(state, at, &mut effects);
            prompt::paste(state, &text);
        }
        Event::Resize { width, height } => state.size = (width, height),
        Event::Tick(now) => pass_time(state, now, &mut effects),
        Event::Observed(observations) => world::observed(state, observations, &mut effects),
        Event::Connected {
            identity,
            operator,
            conditions,
        } => connected(state, identity, operator, conditions),
        Event::ConnectionLost { why } => lost(state, why),
        Event::Fetched(fetched) => take(state, fetched),
        Event::Step { number, progress } => step::progress(state, number, progress, &mut effects),
        Event::Journal(journal) => state.journal = journal,
        Event::Doubts(doubts) => doubts::told(state, doubts),
        Event::Told { sentence, failed } => {
            if failed {
                state.warn(sentence);
            } else {
                state.tell(sentence);
            }
        }
        Event::Quit => effects.push(Effect::Quit),
    }
    gate::resense(state);
    state.refresh();
    effects
}

fn key(state: &mut State, pressed: Key, effects: &mut Vec<Effect>) {
    let found = keys::find(&places::here(state), pressed).map(|binding| binding.command);
    if state.prompt.is_some() {
        prompt::key(state, pressed, found, effects);
    } else if state.gate.is_some() {
        gate::key(state, pressed, found, effects);
    } else if let Some(command) = found {
        command::run(state, command, effects);
    }
}

/// Time went by: deadlines pass, ages grow, sentences fade.
fn pass_time(state: &mut State, now: Now, effects: &mut Vec<Effect>) {
    let second = |now: Now| now.mono.0.as_secs();
    let older = second(now) != second(state.now);
    state.now = now;
    if state.flash.as_ref().is_some_and(|flash| flash.at.age(now.mono) > FLASH) {
        state.flash = None;
    }
    step::watch(state, effects);
    if older {
        state.grow_older();
    }
}

fn connected(
    state: &mut State,
    identity: crate::model::ClusterIdentity,
    operator: crate::model::Operator,
    conditions: crate::laws::Conditions,
) {
    let moved = state.identity.as_ref().is_some_and(|held| !held.same(&identity));
    if moved && state.gate.take().is_some() {
        state.warn("this is another cluster, or another user, than the panel was opened on: it is closed");
    }
    state.connection = Connection::Up;
    state.identity = Some(identity);
    state.operator = Some(operator);
    state.conditions = conditions;
    state.derived.touch_all();
}

fn lost(state: &mut State, why: String) {
    let since = match &state.connection {
        Connection::Lost { since, .. } => *since,
        Connection::Up | Connection::Waiting { .. } => state.now.mono,
    };
    state.connection = Connection::Lost { since, why };
}

/// An answer to something that was asked for. An answer nobody waits for any more is dropped.
fn take(state: &mut State, fetched: Fetched) {
    let now = state.now;
    match fetched {
        Fetched::Yaml { key, answer } => {
            if let Some(fetch) = state.yaml.get_mut(&key) {
                fetch.answer = Some((now, answer));
            }
        }
        Fetched::Events { key, answer } => {
            if let Some(fetch) = state.events.get_mut(&key) {
                fetch.answer = Some((now, answer));
            }
        }
    }
}

/// Asked for, and not answered yet.
const fn asked<T>(now: Now) -> Fetch<T> {
    Fetch {
        asked: now.mono,
        answer: None,
    }
}

/// Whether a cursor rests on something an object's key can be about.
const fn is_object(id: &RowId) -> bool {
    id.object().is_some()
}

#[cfg(test)]
mod tests;
