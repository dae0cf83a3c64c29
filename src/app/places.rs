//! Which places of the key table hold on the screen there is now.

use crate::app::keys::Place;
use crate::app::screen::{Part, Screen};
use crate::app::state::State;

/// The places, the most particular first.
pub fn here(state: &State) -> Vec<Place> {
    if state.prompt.is_some() {
        return vec![Place::Prompt];
    }
    if state.gate.is_some() {
        return vec![Place::Gate];
    }
    if state.following.is_some() {
        // a step's progress stands in front: no key may act on the rows behind it
        return vec![Place::Anywhere];
    }
    let visit = state.visit();
    let mut places = of(&visit.screen);
    if matches!(visit.screen, Screen::Tenant(_)) && visit.part == Part::Raft {
        places.insert(0, Place::Raft);
    }
    places
}

/// The places of a screen.
pub fn of(screen: &Screen) -> Vec<Place> {
    match screen {
        Screen::Fleet | Screen::Kind { .. } => vec![Place::Rows, Place::Object, Place::List, Place::Anywhere],
        Screen::Tenant(_) => vec![Place::Tenant, Place::Rows, Place::Object, Place::List, Place::Anywhere],
        Screen::Traps(_) => vec![Place::Traps, Place::Rows, Place::Object, Place::Anywhere],
        Screen::Forecast(..) => vec![Place::Forecast, Place::Rows, Place::Object, Place::Anywhere],
        Screen::Chain(_) | Screen::Yaml(_) | Screen::Events(_) | Screen::History(_) => {
            vec![Place::Rows, Place::Object, Place::Anywhere]
        }
        Screen::Explain(_) => vec![Place::Explain, Place::Rows, Place::Object, Place::Anywhere],
        Screen::Unstick(_) => vec![Place::Unstick, Place::Rows, Place::Object, Place::Anywhere],
        Screen::Release(_) => vec![Place::Release, Place::Rows, Place::Object, Place::Anywhere],
        Screen::Raft(_) => vec![Place::Raft, Place::Rows, Place::Object, Place::Anywhere],
        Screen::Doubts => vec![Place::Doubts, Place::Rows, Place::Anywhere],
        Screen::Run => vec![Place::Run, Place::Rows, Place::Anywhere],
        Screen::Help | Screen::Log | Screen::Steps => vec![Place::Rows, Place::Anywhere],
    }
}
