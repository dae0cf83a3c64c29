//! The traps of a tenant: what they are seen by besides the watches is asked for when their screen is opened, and on demand.

use super::{ask as go, asked, look};
use crate::app::event::Effect;
use crate::app::release::{Question, Surveyed};
use crate::app::screen::{Part, Screen};
use crate::app::state::State;
use crate::app::words::RowId;
use crate::diagnose::traps;
use crate::model::{Kinds, Text};
use std::sync::Arc;

/// Goes to the traps of a tenant, with the cursor on the one that is meant.
pub(super) fn open(state: &mut State, tenant: Text, at: Option<RowId>, effects: &mut Vec<Effect>) {
    go::open(state, Screen::Traps(tenant), effects);
    if let Some(at) = at {
        state.visit_mut().cursor_mut(Part::Whole).to(&[at], 0);
        state.refresh();
        look::follow_cursor(state);
    }
}

/// Asks for the records of its releases and what the cluster says besides, unless that is under way.
pub(super) fn read(state: &mut State, tenant: &Text, effects: &mut Vec<Effect>) {
    let waiting = state.reading.as_ref().is_some_and(|(_, fetch)| fetch.answer.is_none());
    let known = state.derived.tenants.iter().find(|held| held.name == *tenant);
    let Some(held) = known.filter(|_| !waiting) else {
        return;
    };
    let namespaces = held.namespaces.clone();
    let records = traps::records(&state.world, &namespaces);
    state.reading = Some((tenant.clone(), asked(state.now)));
    effects.push(Effect::FetchRelease(Question::Survey { namespaces, records }));
}

/// Before a namespace is deleted: API services that do not answer hold it. Where they were asked before, that stands, and
/// the forecast says when it was.
pub(super) fn ask_services(state: &mut State, namespace: &Text, effects: &mut Vec<Effect>) {
    if state.conditions.survey.at.is_some() {
        return;
    }
    let mut tenants = state.derived.tenants.iter();
    let home = tenants.find(|tenant| tenant.namespaces.contains(namespace));
    if let Some(tenant) = home.map(|tenant| tenant.name.clone()) {
        read(state, &tenant, effects);
    }
}

/// `r` on their screen.
pub(super) fn read_again(state: &mut State, effects: &mut Vec<Effect>) {
    if let Screen::Traps(tenant) = &state.visit().screen {
        let tenant = tenant.clone();
        read(state, &tenant, effects);
    }
}

/// Takes in what came. Every tenant is judged again: API services and webhooks are everybody's.
pub(super) fn take(state: &mut State, found: Surveyed) {
    let now = state.now;
    Arc::make_mut(&mut state.conditions.helm).take_in(&found.ledger);
    Arc::make_mut(&mut state.conditions.survey).take_in(found.survey);
    if let Some((_, fetch)) = &mut state.reading {
        fetch.answer = Some((now, Ok(())));
    }
    state.derived.touch_all(Kinds::ALL);
}
