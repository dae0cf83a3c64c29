//! What the watches reported: into the world, into each object's history, and which tenants it touches.

use super::step;
use crate::app::event::Effect;
use crate::app::state::State;
use crate::model::{Changed, Changes, FeedId, Key, Kind, Kinds, Object, Observation, Scope, Text};

pub(super) fn observed(state: &mut State, observations: Vec<Observation>, effects: &mut Vec<Effect>) {
    // where namespaces cannot be listed, any object may be the first or the last of one
    let guessed = !state.world.namespaces_listed();
    for observation in observations {
        let key = subject(&observation);
        let listed = key.as_ref().is_some_and(|key| is_listed(state, key));
        let before = key.as_ref().and_then(|key| state.world.get(key).cloned());
        let reach = reach(state, &observation, before.as_deref());
        // where it is not known whether it was or is there, more may be told than of itself
        let readable = !matches!(observation, Observation::Malformed { .. });
        let known = listed && readable && key.as_ref().is_some_and(|key| !state.world.is_malformed(key));
        // an object that cannot be read changes what is known of its kind, not an object of it
        let kinds = match &observation {
            Observation::Applied { object, .. } => object.kinds(),
            Observation::Deleted { key, .. } => key.kind.into(),
            Observation::ListBegan { .. }
            | Observation::ListEnded { .. }
            | Observation::Malformed { .. }
            | Observation::Heard { .. }
            | Observation::Resumed { .. }
            | Observation::Lost { .. } => Kinds::ALL,
        };
        let complete = feed_of(&observation)
            .filter(|feed| state.world.is_complete(feed))
            .map(|feed| (feed.clone(), state.world.malformed().count()));
        let revision = state.world.revision();
        let shown = state.world.apply(observation);
        let Some(key) = key else {
            let kinds = match complete {
                Some((feed, torn)) if state.world.is_complete(&feed) && state.world.malformed().count() == torn => {
                    of_feed(state, &feed, revision)
                }
                _ => kinds,
            };
            touch(state, reach, &kinds.into());
            continue;
        };
        let after = state.world.get(&key).cloned();
        let owners = [claimant(before.as_deref()), claimant(after.as_deref())];
        let stays = before.is_some() && after.is_some();
        let changes: Changes = match Changed::between(before.clone(), after) {
            None if stays => continue,
            Some(change) if known => change.into(),
            Some(change) if stays => change.kinds.into(),
            Some(_) | None => kinds.into(),
        };
        touch(state, reach, &changes);
        if guessed || makes_tenants(key.kind) {
            state.derived.touch_roster();
        }
        if shown {
            for namespace in owners.into_iter().flatten() {
                state.derived.touch(namespace, &changes);
            }
            if listed {
                state.history.note(&key, before.as_ref(), &state.world, state.now.wall);
            }
        }
    }
    step::watch(state, effects);
}

/// What a report of a feed has changed that was complete before it and is so after it: how current its facts are, and what a
/// list no longer named.
fn of_feed(state: &mut State, feed: &FeedId, since: u64) -> Kinds {
    let own = feed.kind.into();
    if !state.world.changed_since(own, since) {
        return Kinds::FRESHNESS;
    }
    if makes_tenants(feed.kind) || !state.world.namespaces_listed() {
        state.derived.touch_roster();
    }
    Kinds::FRESHNESS.and(own)
}

/// Objects of these kinds decide which tenants there are.
const fn makes_tenants(kind: Kind) -> bool {
    matches!(kind, Kind::Namespace | Kind::Release | Kind::ReleaseMap)
}

fn touch(state: &mut State, reach: Reach, changes: &Changes) {
    match reach {
        Reach::Namespace(namespace) => state.derived.touch(namespace, changes),
        Reach::All => state.derived.touch_all(changes.kinds()),
        Reach::Nobody => {}
    }
}

/// The feed whose standing a report is about, rather than an object.
const fn feed_of(observation: &Observation) -> Option<&FeedId> {
    match observation {
        Observation::ListBegan { feed, .. }
        | Observation::ListEnded { feed, .. }
        | Observation::Resumed { feed, .. }
        | Observation::Lost { feed, .. } => Some(feed),
        Observation::Applied { .. }
        | Observation::Deleted { .. }
        | Observation::Malformed { .. }
        | Observation::Heard { .. } => None,
    }
}

/// Whom a report concerns.
enum Reach {
    Namespace(Text),
    All,
    Nobody,
}

fn reach(state: &State, observation: &Observation, before: Option<&Object>) -> Reach {
    match observation {
        Observation::Applied { object, .. } => of_object(state, object),
        Observation::Deleted { key, .. } => before.map_or_else(|| of_key(key), |object| of_object(state, object)),
        Observation::Malformed { malformed, .. } => of_key(&malformed.key),
        Observation::ListBegan { feed, .. }
        | Observation::ListEnded { feed, .. }
        | Observation::Resumed { feed, .. }
        | Observation::Lost { feed, .. } => match &feed.scope {
            Scope::Cluster => Reach::All,
            Scope::Namespace(namespace) => Reach::Namespace(namespace.clone()),
        },
        Observation::Heard { .. } => Reach::Nobody,
    }
}

fn of_key(key: &Key) -> Reach {
    if key.kind == Kind::Namespace {
        Reach::Namespace(key.name.clone())
    } else if key.namespace.is_empty() {
        Reach::All
    } else {
        Reach::Namespace(key.namespace.clone())
    }
}

/// A volume concerns the tenant whose claim it names; an attachment, the tenant of its volume.
fn of_object(state: &State, object: &Object) -> Reach {
    let volume = object
        .body
        .volume()
        .map(|volume| volume.spec.claim_ref.clone())
        .or_else(|| {
            let name = &object.body.attachment()?.spec.source.persistent_volume_name;
            let volume = state.world.find(Kind::PersistentVolume, "", name)?;
            Some(volume.body.volume()?.spec.claim_ref.clone())
        });
    match volume {
        Some(Some(claim)) => Reach::Namespace(claim.namespace),
        Some(None) => Reach::Nobody,
        None if object.kind() == Kind::Node => Reach::Nobody,
        None => of_key(&object.key()),
    }
}

/// Whose a volume is: the namespace of its claim. After it changed hands, the one before and the one after are touched.
fn claimant(volume: Option<&Object>) -> Option<Text> {
    let claim = volume?.body.volume()?.spec.claim_ref.as_ref()?;
    Some(claim.namespace.clone())
}

pub(super) fn subject(observation: &Observation) -> Option<Key> {
    match observation {
        Observation::Applied { object, .. } => Some(object.key()),
        Observation::Deleted { key, .. } => Some(key.clone()),
        Observation::Malformed { malformed, .. } => Some(malformed.key.clone()),
        Observation::ListBegan { .. }
        | Observation::ListEnded { .. }
        | Observation::Heard { .. }
        | Observation::Resumed { .. }
        | Observation::Lost { .. } => None,
    }
}

/// The first list is no history: what it brings was there before we looked.
fn is_listed(state: &State, key: &Key) -> bool {
    state
        .world
        .feeds()
        .any(|(feed, entry)| entry.listed && feed.covers(key.kind, &key.namespace))
}
