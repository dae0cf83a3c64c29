//! What an act of Helm's does, object by object: its own steps told beside what the laws made of them.

use super::course::Futures;
use super::{Entry, Other, Outcome, target};
use crate::laws::helm::{Deed, Step, reach};
use crate::laws::{Conditions, Reason};
use crate::model::{Act, Key, Kind, Object, Uid, World};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// The objects besides the release's own namespace that the act can touch; of a kind the world does not hold, the
/// namespace it is made in.
pub(super) fn touched(world: &World, act: &Act, conditions: &Conditions) -> BTreeSet<Key> {
    let Act::Helm { release, helm, .. } = act else {
        return BTreeSet::new();
    };
    reach(release, helm, conditions, world)
        .iter()
        .map(|address| {
            let key = address.key();
            key.unwrap_or_else(|| Key::cluster(Kind::Namespace, &address.namespace))
        })
        .collect()
}

/// What becomes of the record the act is aimed at.
pub(super) fn release(futures: &Futures<'_>, object: &Object) -> (Outcome, &'static str, Reason) {
    let key = object.key();
    let own = |step: &&Step| step.key.as_ref() == Some(&key);
    let Some(step) = futures.trace.helm.iter().rfind(own) else {
        return (Outcome::Kept, "helm", Reason::new("helm leaves the record as it is"));
    };
    let revisions = futures.trace.helm.iter().filter(|step| {
        let record = step.key.as_ref().is_some_and(|key| key.kind.is_record());
        record && step.deed == Deed::Delete
    });
    let count = revisions.count();
    let mut reason = step.reason.clone();
    if count > 1 && step.deed == Deed::Delete {
        reason.text = format!("{} ({count} revisions)", reason.text);
    }
    (outcome(&step.deed), step.law, reason)
}

/// The record that an install makes.
pub(super) fn made(futures: &Futures<'_>, object: &Object) -> Option<Entry> {
    matches!(futures.act, Act::Helm { .. }).then(|| {
        let (outcome, law, reason) = release(futures, object);
        Entry {
            object: object.key(),
            uid: Uid::default(),
            outcome,
            law: law.into(),
            reason: reason.into(),
        }
    })
}

/// Puts Helm's own steps among the differences: what it deleted itself is not "later", what it spared, was refused or
/// cannot be known is told.
pub(super) fn told(futures: &Futures<'_>, entries: &mut Vec<Entry>) {
    let Act::Helm { release, .. } = futures.act else { return };
    let last = last(futures);
    // the records of older revisions go with the newest one's, which speaks for them; where that stays, each that makes room
    // for the next is told
    let whole = deleted(futures, &release.key);
    entries.retain(|entry| {
        let record = entry.object.kind.is_record() && entry.object != release.key;
        !record || (!whole && deleted(futures, &entry.object))
    });
    for entry in entries.iter_mut() {
        let Some(step) = last.get(&entry.object) else { continue };
        match (&entry.outcome, &step.deed) {
            (Outcome::DeletedLater { .. }, _) if deleted(futures, &entry.object) => entry.outcome = Outcome::Deleted,
            (Outcome::Recreated { .. }, Deed::Create) if futures.before.get(&entry.object).is_none() => {
                entry.outcome = Outcome::Created;
            }
            // that helm changes it is told even where the change shows in no fact that is compared
            (Outcome::Patched { .. } | Outcome::Kept, Deed::Patch { .. }) => {
                entry.outcome = outcome(&step.deed);
                entry.reason = step.reason.clone().into();
                entry.law = step.law.into();
            }
            (Outcome::Hangs { .. }, Deed::Delete) => {
                if let Some(later) = futures
                    .before
                    .get(&entry.object)
                    .and_then(|held| target::afterwards(futures, held))
                {
                    Arc::make_mut(&mut entry.reason).text.push_str(&later);
                }
            }
            _ => {}
        }
    }
    let known: BTreeSet<Key> = entries.iter().map(|entry| entry.object.clone()).collect();
    for (key, step) in last {
        let quiet = matches!(
            step.deed,
            Deed::Delete | Deed::Create | Deed::Absent | Deed::Hang { .. }
        );
        if (key.kind.is_record() && key != release.key) || known.contains(&key) || quiet {
            continue;
        }
        let uid = futures.before.get(&key).map(|held| held.meta.uid.clone());
        entries.push(Entry {
            uid: uid.unwrap_or_default(),
            outcome: outcome(&step.deed),
            law: step.law.into(),
            reason: step.reason.clone().into(),
            object: key,
        });
    }
}

/// What becomes of objects of kinds the world does not hold: only Helm's own hand is known there.
pub(super) fn others(futures: &Futures<'_>) -> Vec<Other> {
    let mut last: BTreeMap<_, &Step> = BTreeMap::new();
    for step in futures.trace.helm.iter().filter(|step| step.key.is_none()) {
        // what helm has made and leaves there was made
        let made = last.get(&step.address).is_some_and(|held| held.deed == Deed::Create);
        if !(made && step.deed == Deed::Keep) {
            last.insert(&step.address, step);
        }
    }
    last.into_values()
        .filter(|step| step.deed != Deed::Absent)
        .map(|step| Other {
            object: step.address.clone(),
            outcome: outcome(&step.deed),
            law: step.law.into(),
            reason: step.reason.clone(),
        })
        .collect()
}

/// The objects Helm deletes itself, as they stood before.
pub(super) fn victims<'f>(futures: &'f Futures<'_>) -> impl Iterator<Item = &'f Object> {
    let steps = futures.trace.helm.iter().filter(|step| step.deed == Deed::Delete);
    steps
        .filter_map(|step| futures.before.get(step.key.as_ref()?))
        .map(AsRef::as_ref)
}

fn last<'f>(futures: &'f Futures<'_>) -> BTreeMap<Key, &'f Step> {
    let steps = futures.trace.helm.iter();
    steps.filter_map(|step| Some((step.key.clone()?, step))).collect()
}

fn deleted(futures: &Futures<'_>, key: &Key) -> bool {
    let mut steps = futures.trace.helm.iter();
    steps.any(|step| step.key.as_ref() == Some(key) && step.deed == Deed::Delete)
}

fn outcome(deed: &Deed) -> Outcome {
    match deed {
        Deed::Delete | Deed::Absent => Outcome::Deleted,
        // by controllers that are no objects: the reason names them
        Deed::Hang { .. } => Outcome::Hangs { holders: Vec::new() },
        Deed::Keep => Outcome::Kept,
        Deed::Create => Outcome::Created,
        Deed::Patch { fields } => Outcome::Patched {
            fields: fields.iter().map(ToString::to_string).collect(),
        },
        Deed::Refuse { error } => Outcome::Rejected { error: error.clone() },
        Deed::Unknown { missing } => Outcome::Unknown {
            missing: missing.clone(),
        },
    }
}
