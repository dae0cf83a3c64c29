//! How bad a mistake would be, and whether there is a way back (`reference/safety-and-performance.md` A3).
//!
//! T0 nothing changes · T1 disruptive: what goes comes back on the same data, or had ended · T2 destructive: a claim, an
//! active Job, an owner or a reservation is lost, and something must be made by hand to get it back · T3 irreversible: a
//! disk is destroyed or forgotten, or would be by what cannot be seen, or another tenant is hit.
//!
//! The tier is that of the heaviest entry, and never below the act's own floor:
//!
//! | act | floor | because |
//! |---|---|---|
//! | remove a finalizer of an attacher, or protection of what is in use | T3 | two writers on one disk cannot be undone |
//! | remove any other finalizer of what is being deleted | T2 | what its controller had still to do is never done; T3 off a claim or volume, where that controller is unknown |
//! | reclaim policy to Delete | T2 | from now on the disk goes with its claim |
//! | reclaim policy to Retain | T0 | it saves a disk, and is set back by the same key |
//! | claimRef cleared or retargeted | T2 | the disk changes hands; T3 into another namespace |
//! | annotation, stamp | T1 | it decides over what Helm or a controller does next; T2 for the volume controllers' memory |
//! | create a class | T1 | nothing that is there changes |
//! | create a claim | T1 | T2 when it takes a volume that is there |
//! | dump, row count, snapshot | T1 | they take a share of what a pod or a driver can do, and change nothing |
//! | step-down, raft snapshot | T1 | the others elect a leader; nothing is lost |
//! | remove a peer | T2 | it comes back only with an empty volume |
//! | restore, run | T2 | what a pod keeps is replaced; what a program does cannot be forecast |
//! | what deletes a `CustomResourceDefinition`, or may | T3 | all its objects go with it, in every namespace |
//! | what takes peers of a raft cluster down | – | T3 where that breaks, or may break, its quorum; T2 where a voter loses its volume |
//! | scale, evict, delete, helm | – | what becomes of pods, claims and disks |

mod undo;

use super::target::{loses_attachment, untold};
use super::{Entry, Forecast, Other, Outcome, Quorum, Recreation, Tier, Undo};
use crate::laws::pvc_protection;
use crate::laws::respawn::respawns;
use crate::model::act::Task;
use crate::model::act::task::RaftDeed;
use crate::model::storage::{PVC_PROTECTION, ReclaimPolicy};
use crate::model::workload::JobState;
use crate::model::{Act, Body, Key, Kind, Text, World};

/// Puts the entries in order and judges them.
pub(super) fn judged(
    world: &World,
    act: &Act,
    mut entries: Vec<Entry>,
    mut others: Vec<Other>,
    quorum: Vec<Quorum>,
    unknowns: Vec<String>,
) -> Forecast {
    // they come in the order of their keys, nearly all of them
    entries.sort_by(|one, other| {
        let order = |entry: &Entry| {
            let target = entry.object == act.target().key && !entry.uid.is_empty();
            (entry.outcome.rank(), !target)
        };
        let keys = || (&one.object, &one.uid).cmp(&(&other.object, &other.uid));
        order(one).cmp(&order(other)).then_with(keys)
    });
    others.sort_by_cached_key(|other| (other.outcome.rank(), other.object.clone()));
    let (tier, because) = tier(world, act, &entries, &others, &quorum);
    let undo = undo::undo(world, act, &entries, tier);
    Forecast {
        act: act.clone(),
        entries,
        others,
        quorum,
        tier,
        because,
        undo,
        unknowns,
    }
}

fn tier(world: &World, act: &Act, entries: &[Entry], others: &[Other], quorum: &[Quorum]) -> (Tier, String) {
    // a quorum that breaks speaks before anything as heavy, then of equally heavy entries the first
    let mut weights = quorum
        .iter()
        .rev()
        .filter_map(Quorum::weight)
        .chain(entries.iter().filter_map(|entry| weight(world, act, entry)))
        .chain(others.iter().filter_map(|other| of_other(world, act, other)));
    let mut worst = (Tier::T0, "nothing changes".to_owned());
    while worst.0 < Tier::T3
        && let Some(weight) = weights.next()
    {
        if weight.0 > worst.0 {
            worst = weight;
        }
    }
    match floor(world, act, entries) {
        Some(floor) if floor.0 > worst.0 => floor,
        Some(_) | None => worst,
    }
}

/// What an act weighs by itself, when it changes anything.
fn floor(world: &World, act: &Act, entries: &[Entry]) -> Option<(Tier, String)> {
    let target = &act.target().key;
    let own = entries.iter().find(|entry| entry.object == *target)?;
    if let (Act::Task { task, .. }, Outcome::Kept) = (act, &own.outcome) {
        return Some(beside(task, target));
    }
    if matches!(own.outcome, Outcome::Kept | Outcome::Rejected { .. }) {
        return None;
    }
    match act {
        Act::RemoveFinalizer { finalizer, .. } => Some(stripped(world, target, finalizer)),
        Act::SetReclaimPolicy { policy, .. } if *policy != ReclaimPolicy::Retain => Some((
            Tier::T2,
            format!("the disk of {target} goes with its claim from now on"),
        )),
        Act::RetargetClaimRef { namespace, .. } if home(world, act).is_some_and(|home| home != *namespace) => Some((
            Tier::T3,
            format!("the disk of {target} goes to another namespace, {namespace}"),
        )),
        Act::Annotate { annotation, .. } if annotation.starts_with("pv.kubernetes.io/") => Some((
            Tier::T2,
            format!("{annotation} is the volume controllers' memory of {target}"),
        )),
        Act::Delete { .. }
        | Act::Evict { .. }
        | Act::Scale { .. }
        | Act::SetReclaimPolicy { .. }
        | Act::ClearClaimRef { .. }
        | Act::RetargetClaimRef { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. }
        | Act::Helm { .. }
        | Act::Task { .. }
        | Act::CreateClass { .. }
        | Act::CreateSet { .. }
        | Act::CreateClaim { .. } => None,
    }
}

/// What is done beside an object.
fn beside(task: &Task, target: &Key) -> (Tier, String) {
    match task {
        Task::Dump(_) => (
            Tier::T1,
            format!("a command runs in {target} and takes its share of it"),
        ),
        Task::Count(_) => (
            Tier::T1,
            format!("a command runs in {target}; that it only reads is the runbook's word"),
        ),
        Task::Restore(_) => (Tier::T2, format!("what {target} keeps is replaced by what is sent")),
        Task::Snapshot(_) => (Tier::T1, format!("a snapshot of {target} is made")),
        Task::Raft(task) => match &task.asks {
            RaftDeed::StepDown => (
                Tier::T1,
                format!(
                    "{target} gives up the lead of {}: nothing is written until another peer is elected",
                    task.cluster
                ),
            ),
            RaftDeed::RemovePeer { id } => (
                Tier::T2,
                format!(
                    "peer {id} has no place in {} any more; it comes back only with an empty volume",
                    task.cluster
                ),
            ),
            RaftDeed::Snapshot { .. } => (
                Tier::T1,
                format!("all data of {} is read through {target}", task.cluster),
            ),
        },
        Task::Run(_) => (
            Tier::T2,
            "a program is run here, and no forecast says what it does".to_owned(),
        ),
    }
}

fn stripped(world: &World, target: &Key, finalizer: &str) -> (Tier, String) {
    let in_use = finalizer == PVC_PROTECTION && !pvc_protection::holders(world, target).is_empty();
    if in_use {
        return (Tier::T3, format!("{target} goes under the pods that use it"));
    }
    if loses_attachment(finalizer) {
        let text = format!("that {target} may still be attached is forgotten: two nodes may write to one disk");
        return (Tier::T3, text);
    }
    let text = format!("what the controller of {finalizer} had still to do is never done");
    let of_disk = matches!(target.kind, Kind::PersistentVolume | Kind::PersistentVolumeClaim);
    match untold(finalizer) {
        Some(_) if of_disk => (Tier::T3, text),
        Some(_) | None => (Tier::T2, text),
    }
}

/// What the fate of an object of an unheld kind weighs.
fn of_other(world: &World, act: &Act, other: &Other) -> Option<(Tier, String)> {
    let object = &other.object;
    let elsewhere = !object.namespace.is_empty() && home(world, act).is_some_and(|home| home != object.namespace);
    if elsewhere && !matches!(other.outcome, Outcome::Kept | Outcome::Rejected { .. }) {
        let text = format!("{object} in {} belongs to another tenant", object.namespace);
        return Some((Tier::T3, text));
    }
    if let (Some(defined), Outcome::Deleted | Outcome::Hangs { .. } | Outcome::Unknown { .. }) =
        (object.defines(), &other.outcome)
    {
        let text = format!("all {defined} go with {object}, in every namespace and whoever made them");
        return Some((Tier::T3, text));
    }
    match &other.outcome {
        Outcome::Deleted => Some((Tier::T2, format!("{object} does not come back by itself"))),
        Outcome::Unknown { missing } => Some((Tier::T2, format!("what happens to {object} cannot be said: {missing}"))),
        Outcome::Patched { .. } | Outcome::Created | Outcome::Recreated { .. } => {
            Some((Tier::T1, format!("{object} changes")))
        }
        Outcome::Kept
        | Outcome::Rejected { .. }
        | Outcome::DeletedLater { .. }
        | Outcome::Hangs { .. }
        | Outcome::VolumeDestroyed { .. }
        | Outcome::VolumeRetained { .. }
        | Outcome::VolumeLeaked { .. }
        | Outcome::Orphaned => None,
    }
}

/// The namespace the act is at home in; `None` for one that belongs to no tenant.
fn home(world: &World, act: &Act) -> Option<Text> {
    let key = &act.target().key;
    match key.kind {
        Kind::Namespace => Some(key.name.clone()),
        Kind::PersistentVolume => {
            let volume = world.get(key).and_then(|object| object.body.volume());
            let claim = volume.and_then(|volume| volume.spec.claim_ref.as_ref());
            claim.map(|claim| claim.namespace.clone())
        }
        Kind::Node | Kind::StorageClass | Kind::VolumeAttachment => None,
        Kind::PersistentVolumeClaim
        | Kind::Pod
        | Kind::Job
        | Kind::CronJob
        | Kind::StatefulSet
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::DaemonSet
        | Kind::PodDisruptionBudget
        | Kind::Release
        | Kind::ReleaseMap => Some(key.namespace.clone()),
    }
}

/// What one entry weighs, and why; `None` when it weighs nothing.
fn weight(world: &World, act: &Act, entry: &Entry) -> Option<(Tier, String)> {
    let object = &entry.object;
    let elsewhere = !object.namespace.is_empty() && home(world, act).is_some_and(|home| home != object.namespace);
    if elsewhere && !matches!(entry.outcome, Outcome::Kept) {
        return Some((
            Tier::T3,
            format!("{object} in {} belongs to another tenant", object.namespace),
        ));
    }
    match &entry.outcome {
        Outcome::VolumeDestroyed { handle } => Some((Tier::T3, format!("the disk {handle} is destroyed"))),
        Outcome::VolumeLeaked { handle } => {
            let text = format!("the disk {handle} is left behind and nothing in the cluster remembers it");
            Some((Tier::T3, text))
        }
        Outcome::Unknown { missing } if matches!(object.kind, Kind::PersistentVolume | Kind::PersistentVolumeClaim) => {
            Some((Tier::T3, format!("what happens to {object} cannot be said: {missing}")))
        }
        Outcome::Unknown { missing } => Some((Tier::T2, format!("what happens to {object} cannot be said: {missing}"))),
        Outcome::Hangs { .. } => hangs(world, act, entry),
        Outcome::Deleted if forgotten(act, object) => {
            Some((Tier::T1, format!("{object} is forgotten and cannot be rolled back to")))
        }
        Outcome::Deleted | Outcome::DeletedLater { .. } => deleted(world, entry),
        Outcome::VolumeRetained { .. } => Some((Tier::T2, format!("{object} loses its claim"))),
        Outcome::Recreated {
            on: Recreation::NewClaim,
        } => Some((Tier::T2, format!("{object} comes back empty"))),
        Outcome::Recreated { .. } => Some((Tier::T1, format!("{object} is made anew"))),
        Outcome::Created => Some((Tier::T1, format!("{object} is made"))),
        Outcome::Orphaned => Some((Tier::T2, format!("{object} loses its owner"))),
        Outcome::Patched { .. } if *object == act.target().key => own_patch(act, object),
        Outcome::Patched { .. } => Some(match object.kind {
            Kind::PersistentVolume | Kind::PersistentVolumeClaim => (Tier::T2, format!("{object} changes hands")),
            Kind::Namespace
            | Kind::Node
            | Kind::StorageClass
            | Kind::VolumeAttachment
            | Kind::Pod
            | Kind::Job
            | Kind::CronJob
            | Kind::StatefulSet
            | Kind::Deployment
            | Kind::ReplicaSet
            | Kind::DaemonSet
            | Kind::PodDisruptionBudget
            | Kind::Release
            | Kind::ReleaseMap => (Tier::T1, format!("{object} changes")),
        }),
        Outcome::Kept | Outcome::Rejected { .. } => None,
    }
}

/// The record of an old revision, which helm lets go of to make room for the next one's.
fn forgotten(act: &Act, object: &Key) -> bool {
    matches!(act, Act::Helm { .. }) && object.kind.is_record() && *object != act.target().key
}

/// What the field that the act itself changes weighs; what follows from it stands in other entries, or in the floor.
fn own_patch(act: &Act, object: &Key) -> Option<(Tier, String)> {
    match act {
        Act::ClearClaimRef { .. } | Act::RetargetClaimRef { .. } => Some((Tier::T2, format!("{object} changes hands"))),
        // it only keeps a disk, and is set back by the same key
        Act::SetReclaimPolicy { .. } => None,
        Act::Delete { .. }
        | Act::Evict { .. }
        | Act::Scale { .. }
        | Act::RemoveFinalizer { .. }
        | Act::Annotate { .. }
        | Act::Stamp { .. }
        | Act::Helm { .. }
        | Act::Task { .. }
        | Act::CreateClass { .. }
        | Act::CreateSet { .. }
        | Act::CreateClaim { .. } => Some((Tier::T1, format!("{object} changes"))),
    }
}

/// A deletion that hangs is accepted for good. One that hung before the act weighs nothing.
fn hangs(world: &World, act: &Act, entry: &Entry) -> Option<(Tier, String)> {
    let object = &entry.object;
    let held = world.get(object)?;
    if held.meta.deleting() {
        return None;
    }
    match &held.body {
        Body::PersistentVolume(volume) => {
            let retained = volume.spec.persistent_volume_reclaim_policy == ReclaimPolicy::Retain;
            let text = if retained {
                format!("{object} is forgotten once it is let go")
            } else {
                format!("the disk {} is destroyed once nothing holds it", volume.spec.handle())
            };
            Some((Tier::T3, text))
        }
        Body::Namespace(_) => Some((Tier::T3, format!("{object} goes with everything in it"))),
        Body::PersistentVolumeClaim(claim) => {
            let volume = world.get(&Key::cluster(Kind::PersistentVolume, &claim.spec.volume_name));
            let policy = volume
                .and_then(|volume| volume.body.volume())
                .map(|volume| volume.spec.persistent_volume_reclaim_policy);
            Some(match policy {
                Some(ReclaimPolicy::Delete | ReclaimPolicy::Recycle) => (
                    Tier::T3,
                    format!("{object} cannot be saved any more, and its disk is destroyed when the holders go"),
                ),
                Some(ReclaimPolicy::Retain | ReclaimPolicy::Unknown) | None => {
                    (Tier::T2, format!("the deletion of {object} cannot be withdrawn"))
                }
            })
        }
        Body::Node(_)
        | Body::StorageClass(_)
        | Body::VolumeAttachment(_)
        | Body::Pod(_)
        | Body::Job(_)
        | Body::CronJob(_)
        | Body::StatefulSet(_)
        | Body::Deployment(_)
        | Body::ReplicaSet(_)
        | Body::DaemonSet(_)
        | Body::PodDisruptionBudget(_)
        | Body::Release(_) => {
            let own = *object == act.target().key;
            let text = format!("the deletion of {object} cannot be withdrawn");
            Some((if own { Tier::T2 } else { Tier::T1 }, text))
        }
    }
}

/// What goes: data and intent weigh more than what its owner makes again or what had ended.
fn deleted(world: &World, entry: &Entry) -> Option<(Tier, String)> {
    let object = &entry.object;
    let held = world.get(object)?;
    Some(match &held.body {
        Body::Namespace(_) => (Tier::T3, format!("{object} goes with everything in it")),
        Body::Pod(pod) if pod.status.phase.terminal() => (Tier::T1, format!("{object} had ended; its logs go")),
        Body::Pod(_) if respawns(world, held) => (Tier::T1, format!("{object} is interrupted and comes back")),
        Body::Pod(_) => (Tier::T2, format!("{object} does not come back")),
        Body::Job(job) if job.state().finished() => (Tier::T1, format!("{object} had finished; its logs go")),
        Body::Job(job) => {
            let state = match job.state() {
                JobState::Suspended => "suspended",
                JobState::Active | JobState::Complete | JobState::Failed => "still at work",
            };
            (Tier::T2, format!("{object} is {state} and loses its progress"))
        }
        Body::ReplicaSet(_) if respawns(world, held) => (Tier::T1, format!("{object} is made anew")),
        Body::VolumeAttachment(_) => (Tier::T1, format!("{object} is detached")),
        Body::PersistentVolumeClaim(_) => (Tier::T2, format!("{object} is gone for good")),
        Body::Node(_)
        | Body::StorageClass(_)
        | Body::PersistentVolume(_)
        | Body::CronJob(_)
        | Body::StatefulSet(_)
        | Body::Deployment(_)
        | Body::ReplicaSet(_)
        | Body::DaemonSet(_)
        | Body::PodDisruptionBudget(_)
        | Body::Release(_) => (Tier::T2, format!("{object} does not come back by itself")),
    })
}
