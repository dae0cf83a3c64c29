//! On a way out: `o` opens the panel in front of the next step, and of no step that is not due.

use super::{ask as go, gate};
use crate::app::event::Effect;
use crate::app::screen::{Screen, Subject};
use crate::app::state::State;
use crate::app::words::RowId;
use crate::diagnose::way;
use crate::model::{Act, FeedState, Key};

pub(super) fn open_step(state: &mut State, effects: &mut Vec<Effect>) {
    let part = state.visit().part;
    if let Some(vanished) = state.visit().cursor().displaced().cloned() {
        state.visit_mut().cursor_mut(part).seen();
        state.warn(format!(
            "{} vanished and the cursor moved: look where it is, then press again",
            vanished.name()
        ));
        return;
    }
    let Screen::Unstick(subject) = &state.visit().screen else {
        return;
    };
    let Some(way) = way(state.look(), &subject.key) else {
        state.warn(format!("{} is gone: there is no step left", subject.key));
        return;
    };
    // what the cursor rests on, where it is still the step of that number; without one, the next
    let chosen = match state.visit().cursor().at() {
        Some(RowId::Mention(key, at)) => {
            let step = way.steps.get(*at).and_then(|step| step.act.as_ref());
            step.filter(|act| act.target().key == *key).map(|_| *at)
        }
        _ => None,
    };
    let Some(at) = chosen.or_else(|| way.next()) else {
        state.tell("no step of this way is one that Pilothouse takes: they are yours");
        return;
    };
    let Some(act) = way.steps.get(at).and_then(|step| step.act.clone()) else {
        return;
    };
    if !act.doable() {
        state.warn(format!("Pilothouse does not do this itself: {act}"));
        return;
    }
    if !way.due(at) {
        let first = way
            .next()
            .and_then(|next| way.steps.get(next))
            .and_then(|step| step.act.as_ref());
        let first = first.map_or_else(|| "what comes before it".to_owned(), ToString::to_string);
        state.warn(format!("not yet: first {first}; then the way is planned anew"));
        return;
    }
    if matches!(act, Act::Helm { .. }) {
        gate::prepare(state, act, effects);
    } else {
        gate::open(state, &act, Vec::new(), effects);
    }
}

/// `pilothouse unstick`: goes to the way out of the object as soon as it is in sight, or says that it does not exist.
pub(super) fn arrive(state: &mut State, effects: &mut Vec<Effect>) {
    let Some(key) = state.bound_for.clone() else {
        return;
    };
    let found = crate::diagnose::find(state.look(), &key);
    if let Some(found) = found {
        state.bound_for = None;
        if let Some(uid) = state.world.get(&found).map(|object| object.meta.uid.clone()) {
            go::open(state, Screen::Unstick(Subject { key: found, uid }), effects);
        }
    } else if let Some(why) = unseen(state, &key) {
        state.bound_for = None;
        state.warn(why);
    }
}

/// Why the object will not turn up: it does not exist, or its kind may not be looked at.
fn unseen(state: &State, key: &Key) -> Option<String> {
    let mut feeds = state
        .world
        .feeds()
        .filter(|(id, _)| id.covers(key.kind, &key.namespace));
    feeds.find_map(|(_, feed)| match &feed.state {
        FeedState::Live if feed.listed => Some(format!("{key} does not exist")),
        FeedState::Denied { why, .. } => Some(format!("nobody can say whether {key} exists: {why}")),
        FeedState::Unserved { .. } => Some(format!("{key} is of a kind that this server does not serve")),
        FeedState::Live | FeedState::Waiting { .. } | FeedState::Listing { .. } | FeedState::Stale { .. } => None,
    })
}
