//! The raft clusters that a screen or a panel is about are asked, again and again while somebody looks, and no others.

use super::{gate, run};
use crate::app::event::Effect;
use crate::app::raft::{Asked, TokenGift, TokenState, Typing};
use crate::app::screen::{Part, Screen};
use crate::app::state::{Connection, Prompt, State};
use crate::app::view;
use crate::app::words::RowId;
use crate::forecast;
use crate::model::raft::{EnsembleId, Gap, Picture, Roster, Sweep, System};
use crate::model::{Kind, Kinds, Text};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// A cluster that is looked at is asked again after this span; autopilot itself looks every 2 s (`reference/raft.md` §1b).
const RHYTHM: Duration = Duration::from_secs(5);
/// The same while a gate is open, where facts older than 5 s are unknown.
const AT_GATE: Duration = Duration::from_secs(1);
/// An answer that has not come after this span never comes: the next question may go.
const GIVEN_UP: Duration = Duration::from_secs(20);

/// Asks whatever is looked at and is due.
pub(super) fn follow(state: &mut State, effects: &mut Vec<Effect>) {
    if !matches!(state.connection, Connection::Up) {
        return;
    }
    let second = state.now.mono.0.as_secs();
    if state.raft.looked == Some(second) && state.gate.is_none() {
        return;
    }
    let run = run_home(state);
    let mut namespaces = namespaces(state);
    namespaces.extend(run.clone());
    if namespaces.is_empty() {
        return;
    }
    state.raft.looked = Some(second);
    for namespace in namespaces {
        let of_run = run.as_ref() == Some(&namespace);
        // what a run goes by is as fresh as at its gates
        let rhythm = if state.gate.is_some() || of_run {
            AT_GATE
        } else {
            RHYTHM
        };
        for roster in state.conditions.raft.rosters(&state.world, &namespace) {
            if of_run {
                give_configured(state, &roster, effects);
            }
            if due(state, &roster.id, rhythm) {
                ask(state, roster, effects);
            }
        }
    }
}

fn due(state: &State, id: &EnsembleId, rhythm: Duration) -> bool {
    state.raft.by_id.get(id).is_none_or(|asked| {
        let Some(at) = asked.at else {
            return true;
        };
        let age = at.age(state.now.mono);
        if asked.under_way {
            age >= GIVEN_UP
        } else {
            age >= rhythm
        }
    })
}

fn ask(state: &mut State, roster: Roster, effects: &mut Vec<Effect>) {
    let held = state.raft.by_id.entry(roster.id.clone()).or_insert(NEVER);
    held.at = Some(state.now.mono);
    held.under_way = true;
    effects.push(Effect::AskRaft(Box::new(roster)));
}

/// The namespaces whose raft clusters the screen on top, or an open panel, is about.
fn namespaces(state: &State) -> BTreeSet<Text> {
    let mut found = BTreeSet::new();
    if let Some(panel) = state.panel() {
        let told = panel.forecast().quorum.iter();
        found.extend(told.filter_map(|told| {
            told.ensemble
                .split_once('/')
                .map(|(namespace, _)| Text::from(namespace))
        }));
    }
    match &state.visit().screen {
        Screen::Tenant(name) => {
            let tenant = state.derived.tenants.iter().find(|tenant| tenant.name == *name);
            found.extend(tenant.into_iter().flat_map(|tenant| tenant.namespaces.iter().cloned()));
        }
        Screen::Raft(id) => drop(found.insert(id.namespace.clone())),
        Screen::Forecast(subject, _) => found.extend(forecast::namespaces_of(&state.world, &subject.key)),
        Screen::Fleet
        | Screen::Kind { .. }
        | Screen::Chain(_)
        | Screen::Yaml(_)
        | Screen::Events(_)
        | Screen::Explain(_)
        | Screen::History(_)
        | Screen::Unstick(_)
        | Screen::Release(_)
        | Screen::Traps(_)
        | Screen::Help
        | Screen::Log
        | Screen::Steps
        | Screen::Doubts
        | Screen::Run => {}
    }
    found
}

/// All peers were asked; what they said counts from now on, for rules and forecasts too.
pub(super) fn take(state: &mut State, roster: Roster, sweep: Sweep, effects: &mut Vec<Effect>) {
    let id = roster.id.clone();
    if let Some(asked) = state.raft.by_id.get_mut(&id) {
        asked.under_way = false;
    }
    // what waited for this answer may be due already
    state.raft.looked = None;
    Arc::make_mut(&mut state.conditions.raft).enter(roster, sweep);
    let kinds = Kinds::of(&[Kind::StatefulSet, Kind::Pod]);
    state.derived.touch(id.namespace.clone(), &kinds.into());
    lapse(state, &id);
    if run_home(state).as_ref() == Some(&id.namespace) {
        run::go_on(state, effects);
    }
    if state.gate.is_some() {
        gate::resense(state);
    }
}

/// The tenant's namespace, while a run is on that goes by what raft peers say.
fn run_home(state: &State) -> Option<Text> {
    let run = state.runs.on.as_ref().map(|on| &on.run).filter(|run| !run.over())?;
    run.resolved
        .runbook
        .asks_raft()
        .then(|| run.resolved.namespace.as_str().into())
}

/// A token from where the configuration says, for the raft clusters that the run goes by: it was asked for at the start.
fn give_configured(state: &mut State, roster: &Roster, effects: &mut Vec<Effect>) {
    if !state.runs.with_token || !roster.system.is_vault() {
        return;
    }
    let held = state.raft.by_id.entry(roster.id.clone()).or_insert(NEVER);
    if held.token == TokenState::None {
        held.token = TokenState::Given;
        effects.push(Effect::GiveRaftToken {
            id: roster.id.clone(),
            gift: TokenGift::Configured,
        });
    }
}

/// A token that was good and is not any more is asked for again, once.
fn lapse(state: &mut State, id: &EnsembleId) {
    let lapsed = state.conditions.raft.get(id).is_some_and(|sounding| {
        let picture = Picture::of(&sounding.roster, sounding);
        picture.is_some_and(|picture| picture.unconfirmed == Some(Gap::Lapsed))
    });
    let Some(asked) = state.raft.by_id.get_mut(id) else {
        return;
    };
    if lapsed && asked.token == TokenState::Given {
        asked.token = TokenState::Lapsed;
        state.warn(format!(
            "the token for {id} is not valid, or no longer: T in its raft panel takes another one"
        ));
    }
}

/// `T`: a token for the raft cluster that is meant.
pub(super) fn ask_token(state: &mut State) {
    let Some(roster) = meant(state) else {
        state.tell("no Vault or OpenBao cluster is meant here");
        return;
    };
    state.prompt = Some(Prompt::Token {
        id: roster.id,
        typed: Typing::default(),
    });
}

/// The cluster that takes a token, of the screen or panel in focus.
fn meant(state: &State) -> Option<Roster> {
    let takes = |roster: &Roster| matches!(roster.system, System::Vault | System::OpenBao);
    let soundings = &state.conditions.raft;
    match &state.visit().screen {
        Screen::Raft(id) => {
            let mut all = soundings.rosters(&state.world, &id.namespace).into_iter();
            all.find(|roster| roster.id == *id && takes(roster))
        }
        Screen::Tenant(name) if state.visit().part == Part::Raft => {
            let tenant = state.derived.tenants.iter().find(|tenant| tenant.name == *name)?;
            let all = tenant
                .namespaces
                .iter()
                .flat_map(|namespace| soundings.rosters(&state.world, namespace));
            let all: Vec<Roster> = all.filter(takes).collect();
            let under = state.visit().cursor().at().and_then(|at| at.object().cloned());
            let of_cursor = |roster: &&Roster| {
                under.as_ref().is_some_and(|key| {
                    key.namespace == roster.id.namespace
                        && (key.name == roster.id.name || roster.member(&key.name).is_some())
                })
            };
            all.iter().find(of_cursor).or_else(|| all.first()).cloned()
        }
        Screen::Tenant(_)
        | Screen::Fleet
        | Screen::Kind { .. }
        | Screen::Chain(_)
        | Screen::Yaml(_)
        | Screen::Events(_)
        | Screen::Explain(_)
        | Screen::Forecast(..)
        | Screen::History(_)
        | Screen::Unstick(_)
        | Screen::Release(_)
        | Screen::Traps(_)
        | Screen::Help
        | Screen::Log
        | Screen::Steps
        | Screen::Doubts
        | Screen::Run => None,
    }
}

/// What was typed goes to whoever asks the peers, and is kept nowhere here.
pub(super) fn give_token(state: &mut State, id: EnsembleId, gift: TokenGift, effects: &mut Vec<Effect>) {
    state.tell(format!("a token for {id} is on its way"));
    effects.push(Effect::GiveRaftToken { id, gift });
}

/// Whether there is a token now.
pub(super) fn token_given(state: &mut State, id: &EnsembleId, answer: Result<(), String>) {
    match answer {
        Ok(()) => {
            let asked = state.raft.by_id.entry(id.clone()).or_insert(NEVER);
            asked.token = TokenState::Given;
            // the next look asks at once
            asked.at = None;
            state.raft.looked = None;
            state.tell(format!(
                "{id} is asked with the token from now on; it is kept in memory only"
            ));
        }
        Err(why) => state.warn(format!("no token for {id}: {why}")),
    }
}

/// Nobody has asked yet.
const NEVER: Asked = Asked {
    at: None,
    under_way: false,
    token: TokenState::None,
};

/// The cluster that the cursor of a tenant's raft panel rests in.
pub(super) fn under_cursor(state: &State, at: &RowId) -> Option<EnsembleId> {
    let Screen::Tenant(name) = &state.visit().screen else {
        return None;
    };
    if state.visit().part != Part::Raft {
        return None;
    }
    let tenant = state.derived.tenants.iter().find(|tenant| tenant.name == *name)?;
    view::raft::ensemble_of(state.look(), tenant, at)
}
