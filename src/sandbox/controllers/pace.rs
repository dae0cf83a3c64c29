//! When a reaction is carried out: its law's latency after it first appeared, a little sooner or later, and not at all if
//! it no longer appears. What was carried out in vain, as a create in a namespace that goes, is tried again after twice as long
//! each time. Knows the laws, and of objects only their keys.

use super::{chance, document};
use crate::laws::{Change, Conditions, LAWS, Law, reclaim};
use crate::model::workload::Pod;
use crate::model::{Key, Kind, World};
use jiff::Timestamp;
use std::time::Duration;

/// How long a StatefulSet takes to make a pod, and the scheduler to place it.
const AT_ONCE: Duration = Duration::from_millis(8);

/// The longest that a controller waits before it tries again (client-go `util/workqueue`, `DefaultTypedControllerRateLimiter`).
const LONGEST: Duration = Duration::from_secs(1_000);

/// Reactions that have appeared and are not carried out yet.
#[derive(Debug, Default)]
pub(super) struct Pace {
    waiting: Vec<Waiting>,
    /// What was just carried out, and how often in a row: what appears again was in vain.
    tried: Vec<(Change, u32)>,
}

#[derive(Debug)]
struct Waiting {
    change: Change,
    /// How often: an owner that lacks five pods makes five at once.
    times: usize,
    /// How often it was carried out in vain.
    tries: u32,
    due: Timestamp,
}

impl Pace {
    /// Runs every law on the world and returns the changes that are due, earliest first. Of several changes to one
    /// object only the first is given: the others were decided on what that object will no longer be.
    pub(super) fn due(&mut self, world: &World, conditions: &Conditions, seed: u64, now: Timestamp) -> Vec<Change> {
        let mut waiting: Vec<Waiting> = Vec::new();
        for law in LAWS {
            for reaction in (law.react)(world, conditions) {
                let change = reaction.change;
                if let Some(held) = waiting.iter_mut().find(|held| held.change == change) {
                    held.times += usize::from(matches!(change, Change::SpawnPod { .. }));
                    continue;
                }
                let held = self.waiting.iter().find(|held| held.change == change);
                let (tries, due) = held.map_or_else(
                    || {
                        let before = self.tried.iter().find(|(tried, _)| *tried == change);
                        let tries = before.map_or(0, |(_, tries)| *tries);
                        let wait = delay(law, world, &change, seed).saturating_mul(2_u32.saturating_pow(tries));
                        (tries, document::later(now, wait.min(LONGEST)))
                    },
                    |held| (held.tries, held.due),
                );
                waiting.push(Waiting {
                    change,
                    times: 1,
                    tries,
                    due,
                });
            }
        }
        waiting.sort_by_key(|held| held.due);
        let mut touched: Vec<Key> = Vec::new();
        let mut due = Vec::new();
        self.waiting = Vec::new();
        self.tried = Vec::new();
        for held in waiting {
            let keys = touches(&held.change);
            if held.due <= now && keys.iter().all(|key| !touched.contains(key)) {
                touched.extend(keys);
                self.tried.push((held.change.clone(), held.tries + 1));
                due.extend(std::iter::repeat_n(held.change, held.times));
            } else {
                self.waiting.push(held);
            }
        }
        due
    }

    /// When the next reaction is due.
    pub(super) fn next(&self) -> Option<Timestamp> {
        self.waiting.iter().map(|held| held.due).min()
    }
}

/// How long after its appearance a change is made. A pod that went is back, and on a node, within milliseconds, long
/// before its kubelet starts it: whoever deletes its claim next, even from a script, comes too late (seed 003,
/// `reference/semantics.md` §3.8). Its missing claims are made in the same breath, before it. A directory that the controller
/// manager deletes itself goes as fast.
fn delay(law: &Law, world: &World, change: &Change, seed: u64) -> Duration {
    let placed = |pod| {
        world
            .get(pod)
            .and_then(|pod| pod.body.pod())
            .is_some_and(Pod::scheduled)
    };
    match change {
        Change::CreatePod { .. } | Change::CreateClaim { .. } | Change::GiveUp { .. } => law.latency.min(AT_ONCE),
        Change::StartPod { pod, .. } if !placed(pod) => law.latency.min(AT_ONCE),
        Change::DestroyDisk { volume, .. } if at_hand(world, volume) => law.latency.min(AT_ONCE),
        _ => uneven(law.latency, seed, change),
    }
}

/// Whether the controller manager deletes the disk itself, in the breath in which it finds the volume released. Where the
/// volume is being deleted too, its protection goes a little later (`reclaim`).
fn at_hand(world: &World, volume: &Key) -> bool {
    world.get(volume).is_some_and(|object| {
        let volume = object.body.volume();
        volume.is_some_and(|volume| reclaim::deleter(&object.meta, volume) == reclaim::Deleter::ControllerManager)
    })
}

/// The latency, up to a quarter shorter or longer: the same for the same seed and change, so that ticks repeat.
fn uneven(latency: Duration, seed: u64, change: &Change) -> Duration {
    let thousandths = 750 + chance::below(seed, &format!("{change:?}"), 501);
    latency.mul_f64(f64::from(u32::try_from(thousandths).unwrap_or(1_000)) / 1_000.0)
}

/// The objects a change rests on.
fn touches(change: &Change) -> Vec<Key> {
    match change {
        Change::Delete { object, .. }
        | Change::AddFinalizer { object, .. }
        | Change::RemoveFinalizer { object, .. }
        | Change::Reattach { attachment: object, .. }
        | Change::RemoveOwner { object, .. }
        | Change::FinishJob { job: object, .. }
        | Change::AssignClass { claim: object, .. }
        | Change::CountBudget { budget: object, .. }
        | Change::GiveUp { set: object, .. }
        | Change::Annotate { object, .. }
        | Change::Scale { object, .. } => vec![object.clone()],
        Change::ConfirmPodGone { pod, .. } | Change::StartPod { pod, .. } => vec![pod.clone()],
        Change::CountPod { job, pod, .. } => vec![job.clone(), pod.clone()],
        Change::Bind { claim, volume, .. } => vec![claim.clone(), volume.clone()],
        Change::LoseClaim { claim, .. } | Change::Provision { claim, .. } => vec![claim.clone()],
        Change::SetVolumePhase { volume, .. } | Change::Unbind { volume, .. } | Change::DestroyDisk { volume, .. } => {
            vec![volume.clone()]
        }
        Change::CreatePod { set, ordinal, .. } => {
            vec![Key::new(Kind::Pod, &set.namespace, &format!("{}-{ordinal}", set.name))]
        }
        Change::CreateClaim {
            set, template, ordinal, ..
        } => {
            let name = format!("{template}-{}-{ordinal}", set.name);
            vec![Key::new(Kind::PersistentVolumeClaim, &set.namespace, &name)]
        }
        Change::SpawnPod { owner, .. } => vec![owner.clone()],
        Change::SpawnReplicaSet { deployment, .. } => vec![deployment.clone()],
        Change::Adopt { owner, object, .. } => vec![owner.clone(), object.clone()],
    }
}
