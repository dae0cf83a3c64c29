//! The whole way out of what is stuck: the explanation's own steps, and before them those of what it waits for, in one order.
//!
//! It is planned from the world as it is and holds no longer than that: after each step it is planned anew. What saves a
//! disk comes first, a finalizer is taken off last, and only where its controller is known to be gone (`no_strip`).

use super::explain::{self, release};
use super::finding::{Explanation, Step};
use super::look::Look;
use super::phrase;
use crate::model::storage::ReclaimPolicy;
use crate::model::{Act, Key, Kind, Object};
use serde::Serialize;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What an object waits for is followed so far down.
const DEPTH: usize = 4;

/// A way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Way {
    /// The object; of a release, the record of its newest revision.
    pub object: Key,
    /// How it is now.
    pub sentence: String,
    /// Nothing is stuck here: nothing needs doing.
    pub over: bool,
    pub steps: Vec<WayStep>,
    pub unknowns: Vec<String>,
}

/// One step, and which object it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WayStep {
    pub about: Key,
    pub sentence: String,
    /// What Pilothouse can do for it; without one it is a person's.
    pub act: Option<Act>,
    /// The act is for what the steps before it leave, and never the next one as long as they are not done.
    pub later: bool,
}

impl Way {
    /// The first step that is an act which Pilothouse does, by its place: the only one whose panel may be opened, since
    /// what follows is planned anew once it is done. A finalizer's removal is never the one that is offered unasked.
    pub fn next(&self) -> Option<usize> {
        self.acts().find(|at| !self.strips(*at))
    }

    /// Whether everything that Pilothouse can do before this step is done.
    pub fn due(&self, at: usize) -> bool {
        self.acts().next() == Some(at)
    }

    /// The step takes a finalizer off.
    pub fn strips(&self, at: usize) -> bool {
        let act = self.steps.get(at).and_then(|step| step.act.as_ref());
        matches!(act, Some(Act::RemoveFinalizer { .. }))
    }

    fn acts(&self) -> impl Iterator<Item = usize> {
        let acts = self.steps.iter().enumerate();
        acts.filter(|(_, step)| !step.later && step.act.as_ref().is_some_and(Act::doable))
            .map(|(at, _)| at)
    }
}

/// The way out of an object, from the world as it is; `None` when the world holds none of this key. A release's record
/// stands for the release: its newest revision is meant, and one that is there no more may have a successor.
pub fn way(look: Look<'_>, key: &Key) -> Option<Way> {
    let key = newest(look, key);
    let own = explained(look, &key)?;
    let mut found = Found::default();
    found.seen.insert(key.clone());
    found.waits_for(look, &own, DEPTH);
    if key.kind == Kind::Namespace && look.world.get(&key).is_some_and(|object| object.meta.deleting()) {
        found.spare_disks(look, &key);
    }
    found.take(&key, own.way_out);
    for unknown in own.unknowns {
        found.unknown(unknown);
    }
    let steps = found.ordered();
    Some(Way {
        object: key,
        sentence: own.sentence,
        over: steps.is_empty(),
        steps,
        unknowns: found.unknowns,
    })
}

/// The object that a key names, if the world holds it: `release/NAME` names the record of that release's newest revision.
pub fn find(look: Look<'_>, key: &Key) -> Option<Key> {
    let newest = || {
        let of = |kind| {
            release::latest(look, kind, &key.namespace)
                .get(key.name.as_str())
                .map(|found| found.key())
        };
        Kind::RECORDS.into_iter().find_map(of)
    };
    match look.world.get(key) {
        Some(_) => Some(key.clone()),
        None if key.kind == Kind::Release => newest(),
        None => None,
    }
}

/// Of a release's record, that of its newest revision.
fn newest(look: Look<'_>, key: &Key) -> Key {
    if !key.kind.is_record() {
        return key.clone();
    }
    let named = look.world.get(key).and_then(|object| object.body.release());
    let name = named.map_or_else(|| release::named(&key.name), |facts| Some(facts.name.as_str()));
    name.and_then(|name| {
        release::latest(look, key.kind, &key.namespace)
            .get(name)
            .map(|found| found.key())
    })
    .unwrap_or_else(|| key.clone())
}

fn explained(look: Look<'_>, key: &Key) -> Option<Explanation> {
    explain::explain(look.world, key, look.conditions, look.now, look.quiet)
}

/// The sentence says to look the object up: `explain pod/x`.
fn refers(sentence: &str, key: &Key) -> bool {
    let name = key.to_string();
    let words: Vec<&str> = sentence
        .split_whitespace()
        .map(|word| word.trim_end_matches([':', ',', ';', '.']))
        .collect();
    words.windows(2).any(|pair| *pair == ["explain", name.as_str()])
}

#[derive(Default)]
struct Found {
    steps: Vec<WayStep>,
    unknowns: Vec<String>,
    seen: BTreeSet<Key>,
}

impl Found {
    /// What is being deleted below an object is what it waits for: its steps come before the object's own.
    fn waits_for(&mut self, look: Look<'_>, explanation: &Explanation, depth: usize) {
        if depth == 0 {
            return;
        }
        for link in &explanation.chain {
            let held: Option<&Arc<Object>> = look.world.get(&link.object);
            let going = held.is_some_and(|object| object.meta.deleting());
            // a pod, and a Job, hold claims and wait for none
            let holds = matches!(explanation.object.kind, Kind::Pod | Kind::Job)
                && link.object.kind == Kind::PersistentVolumeClaim;
            if !going || holds || !self.seen.insert(link.object.clone()) {
                continue;
            }
            if let Some(below) = explained(look, &link.object) {
                self.waits_for(look, &below, depth - 1);
                self.take(&link.object, below.way_out);
                for unknown in below.unknowns {
                    self.unknown(unknown);
                }
            }
        }
    }

    /// A namespace that goes takes every claim with it: their disks are kept before anything in it is ended.
    fn spare_disks(&mut self, look: Look<'_>, namespace: &Key) {
        for claim in look.world.in_namespace(Kind::PersistentVolumeClaim, &namespace.name) {
            let Some(name) = claim.body.claim().map(|claim| claim.spec.volume_name.clone()) else {
                continue;
            };
            let key = Key::cluster(Kind::PersistentVolume, &name);
            let Some(volume) = look.world.get(&key) else { continue };
            let Some(facts) = volume.body.volume() else { continue };
            let policy = facts.spec.persistent_volume_reclaim_policy;
            if policy == ReclaimPolicy::Retain {
                continue;
            }
            let sentence = format!(
                "set persistentVolumeReclaimPolicy of {key} to Retain first: it is {}, and the disk ({}) is destroyed as soon \
                 as claim {} is gone with the namespace",
                policy.word(),
                facts.spec.handle(),
                claim.meta.name
            );
            let act = Act::SetReclaimPolicy {
                volume: volume.pin(),
                policy: ReclaimPolicy::Retain,
            };
            let step = Step {
                sentence,
                act: Some(act),
                later: false,
            };
            self.add(&claim.key(), step);
        }
    }

    fn take(&mut self, about: &Key, way_out: Vec<Step>) {
        for step in way_out {
            // what it says to look up is in this way already
            if step.act.is_none() && self.seen.iter().any(|key| key != about && refers(&step.sentence, key)) {
                continue;
            }
            self.add(about, step);
        }
    }

    fn add(&mut self, about: &Key, step: Step) {
        let Step { sentence, act, later } = step;
        let told = self.steps.iter().any(|held| match (&held.act, &act) {
            (Some(held), Some(act)) => held == act,
            (None, None) => held.sentence == sentence,
            (Some(_), None) | (None, Some(_)) => false,
        });
        if !told {
            self.steps.push(WayStep {
                about: about.clone(),
                sentence,
                act,
                later,
            });
        }
    }

    fn unknown(&mut self, what: String) {
        if !self.unknowns.contains(&what) {
            self.unknowns.push(what);
        }
    }

    /// Disks are kept first; finalizers are told of, and taken off if at all, last; between them the order stands.
    fn ordered(&mut self) -> Vec<WayStep> {
        let mut steps = std::mem::take(&mut self.steps);
        steps.sort_by_key(|step| match &step.act {
            Some(Act::SetReclaimPolicy {
                policy: ReclaimPolicy::Retain,
                ..
            }) => 0,
            Some(Act::RemoveFinalizer { .. }) => 3,
            None if step.sentence.starts_with("do not strip") => 2,
            Some(_) | None => 1,
        });
        steps
    }
}

/// What was done of a way, in one line: `3 steps, the next: delete job/train-7f (Background)`.
pub fn told(way: &Way) -> String {
    match way
        .next()
        .and_then(|at| way.steps.get(at))
        .and_then(|step| step.act.as_ref())
    {
        Some(act) => format!("{}, the next: {act}", phrase::count(way.steps.len(), "step")),
        None => phrase::count(way.steps.len(), "step"),
    }
}

#[cfg(test)]
mod tests;
