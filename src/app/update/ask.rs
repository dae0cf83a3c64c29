//! Going to a screen, and asking for what it shows.

use super::{asked, command, gate, raft, release, run, traps};
use crate::app::event::Effect;
use crate::app::palette::{Order, acts, unstick};
use crate::app::screen::{Part, Screen, Subject, Visit};
use crate::app::state::State;
use crate::app::words::RowId;
use crate::model::{Act, Text};

/// Screens kept below the one on top; the oldest but the fleet is forgotten.
const DEPTH: usize = 32;

/// Goes to a screen and asks for what it needs from outside.
pub(super) fn open(state: &mut State, screen: Screen, effects: &mut Vec<Effect>) {
    if state.visit().screen == screen {
        return;
    }
    match &screen {
        Screen::Yaml(subject) => {
            state.yaml.clear();
            state.yaml.insert(subject.key.clone(), asked(state.now));
            effects.push(Effect::FetchYaml(subject.key.clone()));
        }
        Screen::Events(subject) => {
            state.events.clear();
            state.events.insert(subject.key.clone(), asked(state.now));
            effects.push(Effect::FetchEvents(subject.key.clone()));
        }
        Screen::Traps(name) => {
            let name = name.clone();
            traps::read(state, &name, effects);
        }
        Screen::Fleet
        | Screen::Tenant(_)
        | Screen::Kind { .. }
        | Screen::Chain(_)
        | Screen::Explain(_)
        | Screen::Forecast(..)
        | Screen::History(_)
        | Screen::Unstick(_)
        | Screen::Release(_)
        | Screen::Help
        | Screen::Log
        | Screen::Steps
        | Screen::Doubts
        | Screen::Raft(_)
        | Screen::Run => {}
    }
    if state.visits.len() >= DEPTH {
        state.visits.remove(1);
    }
    state.visits.push(Visit::to(screen));
    state.following = None;
}

/// Opens what the cursor rests on.
pub(super) fn enter(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(at) = state.visit().cursor().at().cloned() else {
        return;
    };
    if let (Screen::Tenant(name), Part::Findings) = (&state.visit().screen, state.visit().part) {
        let name = name.clone();
        return traps::open(state, name, Some(at), effects);
    }
    if let Some(id) = raft::under_cursor(state, &at) {
        open(state, Screen::Raft(id), effects);
        return;
    }
    match at {
        RowId::Tenant(name) => open(state, Screen::Tenant(name), effects),
        RowId::Object(key, _) if key.kind.is_record() => match (&state.visit().screen, release::under_cursor(state)) {
            (Screen::Release(_), Some(revision)) => release::show(state, revision),
            _ => match release::home_of(state, &key) {
                Some(home) => release::open(state, home, effects),
                None => state.tell(format!("{key} is not there")),
            },
        },
        RowId::Document(name) => state.tell(format!(
            "{name} is of a kind Pilothouse does not hold: there is no more to show"
        )),
        RowId::Object(key, uid) | RowId::Finalizer(key, uid, _) => {
            open(state, Screen::Chain(Subject { key, uid }), effects);
        }
        RowId::Mention(key, _) => match state.world.get(&key) {
            Some(object) => {
                let uid = object.meta.uid.clone();
                open(state, Screen::Chain(Subject { key, uid }), effects);
            }
            None => state.tell(format!("{key} is not there")),
        },
        RowId::Step(number) => state.following = Some(number),
        RowId::Peer(name) => state.tell(format!("no pod stands behind {name}")),
        RowId::Doubt(_) | RowId::Run(_) | RowId::RunItem(..) | RowId::RunLine(_) => {}
    }
}

/// Carries out a line typed after `:`.
pub(super) fn order(state: &mut State, order: Order, effects: &mut Vec<Effect>) {
    match order {
        Order::Fleet => state.visits.truncate(1),
        Order::Tenant(name) => tenant(state, &name, effects),
        Order::Part(part) => panel(state, part, effects),
        Order::Traps => of_traps(state, effects),
        Order::Kind(kind) => {
            let tenant = current_tenant(state);
            open(state, Screen::Kind { kind, tenant }, effects);
        }
        Order::Open(screen) => open(state, screen, effects),
        Order::Unstick(rest) => match unstick::subject(state, &rest) {
            Ok(subject) => open(state, Screen::Unstick(subject), effects),
            Err(why) => state.warn(why),
        },
        Order::Act(asked) => match acts::act(state, &asked) {
            Ok(act @ Act::Helm { .. }) => gate::prepare(state, act, effects),
            Ok(act) => gate::open(state, &act, Vec::new(), effects),
            Err(why) => state.warn(why),
        },
        Order::Run(words) => match state.runs.read(&words) {
            Ok(order) => run::order(state, order, effects),
            Err(why) => state.warn(why),
        },
        Order::Theme(name) => effects.push(Effect::SetTheme(name)),
        Order::Quit => command::leave(state, effects),
        Order::Unknown(line) if line.is_empty() => {}
        Order::Unknown(line) => state.warn(format!("there is no command :{line}; ? shows all")),
    }
}

fn tenant(state: &mut State, name: &str, effects: &mut Vec<Effect>) {
    let exact = state.derived.tenants.iter().find(|tenant| tenant.name == name);
    let found = exact.or_else(|| {
        let mut begun = state
            .derived
            .tenants
            .iter()
            .filter(|tenant| tenant.name.starts_with(name));
        begun.next().filter(|_| begun.next().is_none())
    });
    match found.map(|tenant| tenant.name.clone()) {
        Some(name) => open(state, Screen::Tenant(name), effects),
        None => state.warn(format!("no tenant, or more than one, begins with {name}")),
    }
}

/// A tenant's panel: of the tenant on the way here, or of the one under the cursor.
fn panel(state: &mut State, part: Part, effects: &mut Vec<Effect>) {
    let Some(name) = current_tenant(state) else {
        state.warn("which tenant? put the cursor on one, or use :tenant NAME");
        return;
    };
    while state.visits.len() > 1 && state.visit().screen != Screen::Tenant(name.clone()) {
        state.visits.pop();
    }
    open(state, Screen::Tenant(name), effects);
    state.visit_mut().part = part;
}

/// The traps of the tenant on the way here, or of the one under the cursor.
pub(super) fn of_traps(state: &mut State, effects: &mut Vec<Effect>) {
    match current_tenant(state) {
        Some(name) => traps::open(state, name, None, effects),
        None => state.warn("which tenant? put the cursor on one, or use :tenant NAME"),
    }
}

fn current_tenant(state: &State) -> Option<Text> {
    state
        .visits
        .iter()
        .rev()
        .find_map(|visit| match (&visit.screen, visit.cursor().at()) {
            (Screen::Tenant(name), _) | (Screen::Fleet, Some(RowId::Tenant(name))) => Some(name.clone()),
            _ => None,
        })
}
