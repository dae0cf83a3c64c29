//! The controllers of the sandbox: JSON objects in, laws decide, JSON objects out.
//!
//! Every tick reads the objects with the decoder of the live path, runs the laws, and carries out the reactions whose
//! time has come. What is no law but a living cluster needs (statuses, kubelets, passing time) is kept beside them.
//! Knows no HTTP, no task and no clock but that of [`Objects`].

pub(in crate::sandbox) mod attach;
pub(in crate::sandbox) mod carry_out;
pub(in crate::sandbox) mod chance;
mod clockwork;
mod complaints;
pub(in crate::sandbox) mod document;
pub(in crate::sandbox) mod kubelet;
mod pace;
mod rollout;
pub(in crate::sandbox) mod status;
mod voice;

#[cfg(test)]
mod tests;

use self::carry_out::{Hand, carry_out};
use self::pace::Pace;
use self::voice::Voice;
use super::store::Objects;
use crate::laws::{Change, Conditions, apply};
use crate::model::{Key, Object, ResourceVersion, World};
use jiff::Timestamp;
use serde_json::Value;
use std::collections::HashSet;
use std::time::Duration;

/// How often one tick may find something new to do before it lets others have a turn.
const ROUNDS: u32 = 50;
/// When a tick that used up its rounds wants to go on.
const BREATH: Duration = Duration::from_millis(20);

/// What the controllers remember between ticks.
#[derive(Debug)]
pub struct ControllerState {
    seed: u64,
    world: World,
    pace: Pace,
    voice: Voice,
    destroyed: Vec<String>,
    rest: Option<Rest>,
}

/// Nothing was left to do at this revision of the objects, until then.
#[derive(Clone, Copy, Debug)]
struct Rest {
    revision: u64,
    until: Option<Timestamp>,
}

impl Default for ControllerState {
    fn default() -> Self {
        Self::new(0)
    }
}

impl ControllerState {
    /// Controllers whose names and delays follow from the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            // Every feed of this world is live: a controller knows what is not there.
            world: World::of([]),
            pace: Pace::default(),
            voice: Voice::default(),
            destroyed: Vec::new(),
            rest: None,
        }
    }

    /// The handles of the disks that were destroyed, in that order: the evidence, as a storage system would give it.
    pub fn destroyed(&self) -> &[String] {
        &self.destroyed
    }

    /// The objects as facts, decoded as the live path does. What is unchanged is not decoded again; what cannot be
    /// decoded no controller sees.
    fn project(&mut self, all: &[(Key, Value)]) {
        let present: HashSet<&Key> = all.iter().map(|(key, _)| key).collect();
        let gone: Vec<Key> = self
            .world
            .objects()
            .map(|object| object.key())
            .filter(|key| !present.contains(key))
            .collect();
        for key in gone {
            self.world.take(&key);
        }
        for (key, value) in all {
            let version = document::text(value, "/metadata/resourceVersion");
            let held = self.world.get(key).is_some_and(|held| {
                !version.is_empty()
                    && held.meta.resource_version == ResourceVersion::new(version)
                    && held.meta.uid == document::uid(value)
            });
            if held {
                continue;
            }
            match Object::from_value(key.kind, value) {
                Ok(object) => self.world.put(object),
                Err(error) => {
                    tracing::debug!(%key, %error, "an object that controllers cannot read");
                    self.world.take(key);
                }
            }
        }
    }
}

/// Does what is due. Returns when there will be something to do again if nothing else happens; `None` when the sandbox
/// is at rest for good. Two ticks at the same instant are one.
pub fn tick(objects: &mut dyn Objects, state: &mut ControllerState, conditions: &Conditions) -> Option<Timestamp> {
    let now = objects.now();
    if let Some(rest) = state.rest
        && rest.revision == objects.revision()
        && rest.until.is_none_or(|until| until > now)
    {
        return rest.until;
    }
    let conditions = Conditions {
        now: Some(now),
        ..conditions.clone()
    };
    for _ in 0..ROUNDS {
        let before = objects.revision();
        let next = round(objects, state, &conditions, now);
        let revision = objects.revision();
        if revision == before {
            state.rest = Some(Rest { revision, until: next });
            return next;
        }
    }
    state.rest = None;
    Some(document::later(now, BREATH))
}

/// One look at everything: the laws' due reactions first, then what is no law.
fn round(
    objects: &mut dyn Objects,
    state: &mut ControllerState,
    conditions: &Conditions,
    now: Timestamp,
) -> Option<Timestamp> {
    let mut all = objects.all();
    state.project(&all);
    let due = state.pace.due(&state.world, conditions, state.seed, now);
    let acted = !due.is_empty();
    let mut hand = Hand {
        objects,
        voice: &mut state.voice,
        destroyed: &mut state.destroyed,
        seed: state.seed,
    };
    for change in due {
        if let Change::GiveUp { .. } = change {
            apply(&mut state.world, &change);
        }
        carry_out(&mut hand, &change);
    }
    if acted {
        all = hand.objects.all();
    }
    status::keep(&mut hand, &all);
    rollout::keep(&mut hand, &all);
    complaints::keep(&mut hand, &all);
    attach::keep(&mut hand, &all, conditions);
    let due = [
        state.pace.next(),
        kubelet::keep(&mut hand, &all),
        clockwork::keep(&mut hand, &all),
    ];
    due.into_iter().flatten().min()
}
