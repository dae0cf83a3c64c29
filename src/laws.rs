//! How does Kubernetes react? Pure rules, one law a file: a world in, the changes its controllers would make out.
//!
//! The same laws are run to rest by `forecast`, are the controllers of `sandbox`, and are asked by `diagnose` why they
//! do not fire. They know no clock, no network, and nothing of what an operator wants.
//!
//! **Invariant** No law concludes from the absence of an object whose kind was never listed: see [`absence`].

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

pub mod absence;
pub mod apply;
pub mod attachment;
pub mod binding;
pub mod change;
mod claim_retention;
pub mod cron_job;
pub mod daemon_set;
pub mod default_class;
pub mod deployment;
pub mod disruption;
pub mod garbage_collection;
pub mod helm;
pub mod job;
pub mod job_ttl;
pub mod made;
pub mod namespace;
mod owned;
pub mod ownership;
pub mod pod_garbage;
pub mod pod_lifecycle;
pub mod provisioner;
pub mod pv_protection;
pub mod pvc_protection;
pub mod reclaim;
pub mod release;
pub mod replica_set;
pub mod request;
pub mod respawn;
pub mod stateful_set;
pub mod storage_class;
mod written;

#[cfg(test)]
pub(crate) mod fixture;

use crate::model::{Kinds, World};
use std::time::Duration;

pub use apply::{apply, apply_at};
pub use change::{BudgetCount, Change, Conditions, Evidence, Reaction, Reason};

/// One rule of one controller.
#[derive(Clone, Copy, Debug)]
pub struct Law {
    /// The law's name: that of its file.
    pub name: &'static str,
    /// Where the rule comes from: a Kubernetes source path or a section of the reference.
    pub source: &'static str,
    /// How long the real controller usually takes to react; the lively sandbox waits as long.
    pub latency: Duration,
    /// The kinds whose objects it looks at: while none of them changes, it has nothing new to say.
    pub reads: Kinds,
    /// What the controller would do in this world, in a fixed order. Acting on every reaction and asking again comes to
    /// rest: a law that has had its way says nothing.
    pub react: fn(&World, &Conditions) -> Vec<Reaction>,
}

/// All laws, in the order they act within a round. What makes new objects comes before what finds old ones unused, and
/// the kubelets come last, so that a pod's claims are judged before and after the pod itself goes.
pub static LAWS: &[Law] = &[
    namespace::LAW,
    garbage_collection::LAW,
    cron_job::LAW,
    job_ttl::LAW,
    job::LAW,
    stateful_set::LAW,
    deployment::LAW,
    replica_set::LAW,
    daemon_set::LAW,
    pvc_protection::LAW,
    pv_protection::LAW,
    release::LAW,
    default_class::LAW,
    binding::LAW,
    storage_class::LAW,
    attachment::LAW,
    reclaim::LAW,
    pod_garbage::LAW,
    pod_lifecycle::LAW,
    disruption::LAW,
];

/// Rounds after which a world counts as one that does not come to rest. A chain of consequences is a few dozen rounds
/// long at most; what needs more turns in a circle.
const ROUNDS: usize = 200;

/// How a run of the laws ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// No law has anything more to do.
    AtRest,
    /// The laws were stopped after this many rounds.
    Unsettled { rounds: usize },
}

/// Which laws had nothing to say of a world, and at which of its revisions: in a copy that only an act has changed they are
/// asked once something of what they read is no longer as it was.
#[derive(Clone, Debug, Default)]
pub struct Silence(Vec<Option<u64>>);

/// Runs the laws until none changes anything. Within a round each law in turn sees the world as the laws before it left
/// it; `on` hears every reaction with the world as it is just before. (A reaction whose object another one of the same
/// law has just removed is heard and changes nothing.)
pub fn settle(world: &mut World, conditions: &Conditions, on: &mut dyn FnMut(&World, &Reaction)) -> Settled {
    settle_beside(world, conditions, &Silence::default(), on).0
}

/// [`settle`] for two copies of a world: tells which laws were silent about the one it began with, and, told of a copy's,
/// does not ask those about what is the same in both.
pub fn settle_beside(
    world: &mut World,
    conditions: &Conditions,
    other: &Silence,
    on: &mut dyn FnMut(&World, &Reaction),
) -> (Settled, Silence) {
    let start = world.revision();
    // what each law has seen: it is asked again when something of what it reads has changed since
    let mut seen = other.0.clone();
    seen.resize(LAWS.len(), None);
    let mut silence = vec![None; LAWS.len()];
    for _ in 0..ROUNDS {
        let before = world.revision();
        for (law, (seen, silent)) in LAWS.iter().zip(seen.iter_mut().zip(&mut silence)) {
            let revision = world.revision();
            if seen.is_some_and(|seen| !world.changed_since(law.reads, seen)) {
                continue;
            }
            let as_begun = !world.changed_since(law.reads, start);
            let reactions = (law.react)(world, conditions);
            if as_begun && reactions.is_empty() {
                *silent = Some(start);
            }
            for reaction in reactions {
                on(world, &reaction);
                apply_at(world, &reaction.change, conditions.now);
            }
            *seen = Some(revision);
        }
        if world.revision() == before {
            return (Settled::AtRest, Silence(silence));
        }
    }
    (Settled::Unsettled { rounds: ROUNDS }, Silence(silence))
}

#[cfg(test)]
mod tests {
    use super::fixture::random::random_world;
    use super::*;
    use crate::model::{Object, Propagation};
    use proptest::prelude::*;
    use std::collections::BTreeSet;
    use std::sync::Arc;

    /// The same with every law asked in every round.
    fn settle_whole(world: &mut World, conditions: &Conditions, on: &mut dyn FnMut(&World, &Reaction)) {
        for _ in 0..ROUNDS {
            let before = world.revision();
            for law in LAWS {
                for reaction in (law.react)(world, conditions) {
                    on(world, &reaction);
                    apply_at(world, &reaction.change, conditions.now);
                }
            }
            if world.revision() == before {
                return;
            }
        }
    }

    fn end(
        world: &World,
        settle: impl FnOnce(&mut World, &mut dyn FnMut(&World, &Reaction)),
    ) -> (Vec<Object>, BTreeSet<String>) {
        let mut world = world.clone();
        let mut heard = BTreeSet::new();
        settle(&mut world, &mut |_, reaction| {
            heard.insert(format!("{reaction:?}"));
        });
        let objects = world.objects().map(|object| Object::clone(object)).collect();
        (objects, heard)
    }

    /// All that the world's indices answer.
    fn answers(world: &World) -> Vec<Vec<Object>> {
        let whole = |found: &mut dyn Iterator<Item = &Arc<Object>>| found.map(|object| Object::clone(object)).collect();
        let mut answers: Vec<Vec<Object>> = vec![
            whole(&mut world.free_volumes()),
            whole(&mut world.pending_claims()),
            whole(&mut world.provisioner_pods()),
        ];
        for object in world.objects() {
            let (key, meta) = (object.key(), &object.meta);
            answers.push(whole(&mut world.by_uid(&meta.uid).into_iter()));
            answers.push(whole(&mut world.dependents_of(&meta.uid)));
            answers.push(whole(&mut world.users_of(&key)));
            answers.push(whole(&mut world.volumes_claimed_by(&key)));
            answers.push(whole(&mut world.claims_naming(&meta.name)));
            answers.push(whole(&mut world.attachments_of(&meta.name)));
        }
        answers
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

        /// A law that is not asked, because nothing changed of what it reads since it was asked here or in the world without
        /// the act, would have had nothing new to say.
        #[test]
        fn asking_only_laws_that_read_what_changed_comes_to_the_same_end(text in random_world(), minor in 25..37_u32, nth in 0..24_usize) {
            let mut world = fixture::world(&text);
            let conditions = Conditions { server_minor: Some(minor), ..Conditions::default() };
            let mut idle = world.clone();
            let (_, silence) = settle_beside(&mut idle, &conditions, &Silence::default(), &mut |_, _| {});
            let victim = world.objects().nth(nth).map(|object| (object.key(), object.meta.uid.clone()));
            if let Some((object, uid)) = victim {
                apply(&mut world, &Change::Delete { object, uid, propagation: Propagation::Background });
            }
            let whole = end(&world, |world, on| settle_whole(world, &conditions, on));
            let part = end(&world, |world, on| {
                settle(world, &conditions, on);
            });
            let beside = end(&world, |world, on| {
                settle_beside(world, &conditions, &silence, on);
            });
            prop_assert_eq!(&part, &whole);
            prop_assert_eq!(&beside, &whole);
        }

        /// A world that the laws have changed object by object answers as one does that is filled with what they left.
        #[test]
        fn what_the_laws_leave_is_indexed_like_what_was_read(text in random_world(), minor in 25..37_u32, nth in 0..24_usize) {
            let mut world = fixture::world(&text);
            let conditions = Conditions { server_minor: Some(minor), ..Conditions::default() };
            let victim = world.objects().nth(nth).map(|object| (object.key(), object.meta.uid.clone()));
            if let Some((object, uid)) = victim {
                apply(&mut world, &Change::Delete { object, uid, propagation: Propagation::Background });
            }
            settle(&mut world, &conditions, &mut |_, _| {});
            let read = World::of(world.objects().map(|object| Object::clone(object)));
            prop_assert_eq!(answers(&world), answers(&read));
        }
    }
}
