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
mod raft;
pub(in crate::app) mod release;
mod run;
mod step;
mod traps;
mod unstick;
mod world;

pub(in crate::app) use gate::newest;

use crate::app::event::{Effect, Event, Fetched, Rhythm};
use crate::app::key::Key;
use crate::app::raft::Asking;
use crate::app::state::{Connection, Fetch, State};
use crate::app::{keys, places};
use crate::laws::Conditions;
use crate::model::{Kinds, Now};
use std::sync::Arc;
use std::time::Duration;

/// How long a sentence stays in the flash line.
const FLASH: Duration = Duration::from_secs(8);

/// Takes one event in. What it changes is in the state; what it wants done is in the effects, in order.
pub fn update(state: &mut State, event: Event) -> Vec<Effect> {
    let mut effects = Vec::new();
    let (mut at_gate, mut in_run) = (true, true);
    match event {
        Event::Key { key: pressed, at } => {
            state.untouched = false;
            state.show_to_keys();
            let older = pass_time(state, at, &mut effects);
            let moved = key(state, pressed, &mut effects);
            if moved && !older {
                return effects;
            }
        }
        Event::Paste { text, at } => {
            pass_time(state, at, &mut effects);
            prompt::paste(state, &text);
        }
        Event::Resize { width, height } => {
            state.size = (width, height);
            gate::unroll(state);
        }
        Event::Tick(now) => {
            // what only time changes is sensed anew with each second: no item, no condition and no age knows a shorter span
            let older = pass_time(state, now, &mut effects);
            (at_gate, in_run) = (older, older);
        }
        Event::Onward => {
            state.refresh();
            return effects;
        }
        Event::Observed(observations) => {
            at_gate = gate::concerned(state, &observations);
            in_run = run::concerned(state, &observations);
            world::observed(state, observations, &mut effects);
            unstick::arrive(state, &mut effects);
        }
        Event::Connected {
            identity,
            operator,
            conditions,
        } => connected(state, identity, operator, conditions, &mut effects),
        Event::ConnectionLost { why } => lost(state, why),
        Event::Fetched(fetched) => take(state, fetched, &mut effects),
        Event::Step { number, progress } => step::progress(state, number, progress, &mut effects),
        Event::Journal(journal) => state.journal = journal,
        Event::Runs { stories, acts } => run::told(state, stories, acts),
        Event::RunAsked(order) => run::order(state, *order, &mut effects),
        Event::RunbookRead { digest } => run::changed(state, digest, &mut effects),
        Event::RunSaid { said, word } => run::spoken(state, said, word, &mut effects),
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
    if in_run {
        run::go_on(state, &mut effects);
    }
    if at_gate {
        gate::resense(state);
    }
    release::follow(state, &mut effects);
    raft::follow(state, &mut effects);
    state.refresh();
    effects
}

/// Carries a key's command out. Returns whether it only moved about on the screen, so that nothing has to be worked out
/// again.
fn key(state: &mut State, pressed: Key, effects: &mut Vec<Effect>) -> bool {
    let found = keys::find(&places::here(state), pressed).map(|binding| binding.command);
    if state.prompt.is_some() {
        prompt::key(state, pressed, found, effects);
    } else if state.gate.is_some() {
        gate::key(state, pressed, found, effects);
    } else if let Some(command) = found {
        command::run(state, command, effects);
        return command.only_moves();
    }
    false
}

/// Time went by: deadlines pass, ages grow, sentences fade. Returns whether another second has begun.
fn pass_time(state: &mut State, now: Now, effects: &mut Vec<Effect>) -> bool {
    let second = |now: Now| now.mono.0.as_secs();
    let seconds = second(now).saturating_sub(second(state.now));
    let older = seconds > 0;
    state.now = now;
    if state.flash.as_ref().is_some_and(|flash| flash.at.age(now.mono) > FLASH) {
        state.flash = None;
    }
    step::watch(state, effects);
    if older {
        state.grow_older(seconds);
    }
    older
}

fn connected(
    state: &mut State,
    identity: crate::model::ClusterIdentity,
    operator: crate::model::Operator,
    conditions: Conditions,
    effects: &mut Vec<Effect>,
) {
    let moved = state.identity.as_ref().is_some_and(|held| !held.same(&identity));
    if moved && state.gate.take().is_some() {
        state.warn("this is another cluster, or another user, than the panel was opened on: it is closed");
        effects.push(Effect::SetRhythm(Rhythm::Slow));
    }
    state.connection = Connection::Up;
    state.identity = Some(identity);
    state.operator = Some(operator);
    // what was read of releases is bound to the very records, and outlives a reconnection
    let (helm, survey) = if moved {
        (Arc::default(), Arc::default())
    } else {
        (Arc::clone(&state.conditions.helm), Arc::clone(&state.conditions.survey))
    };
    // what peers said of another cluster counts no more; what the operator has described stays
    let mut raft = Arc::clone(&state.conditions.raft);
    if moved {
        Arc::make_mut(&mut raft).forget();
        state.raft = Asking::default();
    }
    let conditions = Conditions {
        helm,
        survey,
        raft,
        ..conditions
    };
    if state.conditions != conditions {
        state.conditions = conditions;
        state.derived.touch_all(Kinds::ALL);
    }
}

fn lost(state: &mut State, why: String) {
    let since = match &state.connection {
        Connection::Lost { since, .. } => *since,
        Connection::Up | Connection::Waiting { .. } => state.now.mono,
    };
    state.connection = Connection::Lost { since, why };
}

/// An answer to something that was asked for. An answer nobody waits for any more is dropped.
fn take(state: &mut State, fetched: Fetched, effects: &mut Vec<Effect>) {
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
        Fetched::Helm { asked, answer } => gate::prepared(state, &asked, answer, effects),
        Fetched::Record { key, answer } => match answer {
            Ok((pin, reading)) => {
                let mut ledger = crate::model::helm::Ledger::clone(&state.conditions.helm);
                ledger.enter(pin, *reading);
                state.conditions.helm = Arc::new(ledger);
            }
            Err(why) => state.warn(format!("{key} could not be read: {why}")),
        },
        Fetched::Release(answer) => release::take(state, answer),
        Fetched::Values(files) => {
            let mut ledger = crate::model::helm::Ledger::clone(&state.conditions.helm);
            for (file, read) in files {
                ledger.enter_values(file, read);
            }
            state.conditions.helm = Arc::new(ledger);
        }
        Fetched::Manifests(read) => run::rendered(state, read, effects),
        Fetched::Rights { run, may } => run::allowed(state, &run, &may, effects),
        Fetched::Probe(found) => run::probed(state, found, effects),
        Fetched::Remembered { key, answer } => run::noted(state, &key, answer, effects),
        Fetched::Raft { roster, sweep } => raft::take(state, *roster, *sweep, effects),
        Fetched::File { file, seen } => run::seen(state, file, seen, effects),
        Fetched::RaftToken { id, answer } => raft::token_given(state, &id, answer),
    }
}

/// Asked for, and not answered yet.
const fn asked<T>(now: Now) -> Fetch<T> {
    Fetch {
        asked: now.mono,
        answer: None,
    }
}

#[cfg(test)]
mod tests;
