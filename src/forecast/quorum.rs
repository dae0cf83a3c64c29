//! What an act aimed at Kubernetes does to a raft cluster: which voters go down or come back empty, and whether those that are
//! left can still decide (`reference/raft.md` §5a).
//!
//! What the peers said when they were last asked comes with the [`Conditions`]; where nobody was asked, or what was said is
//! old, the answer is unknown and says so, and the tier is that of the worst case.

mod asked;

use super::{Entry, Outcome, Tier};
use crate::laws::Conditions;
use crate::model::raft::{Peer, Picture, Roster, quorum};
use crate::model::time::short_span;
use crate::model::{Act, Kind, Now, Text, World};
use serde::Serialize;
use std::collections::BTreeSet;
use std::time::Duration;

/// What peers said longer ago than this says nothing of now; while feeds must be fresher than that, so must this.
const STALE: Duration = Duration::from_secs(30);

/// What becomes of one raft cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Quorum {
    /// Namespace and name: `vault/vault`.
    pub ensemble: String,
    /// Pods of peers that go down, for a while or for good.
    pub down: Vec<Text>,
    /// Pods of peers that lose their volume: they come back with an empty log.
    pub emptied: Vec<Text>,
    /// Voters in the configuration.
    pub voters: usize,
    /// How many of them it takes to decide.
    pub quorum: usize,
    /// Healthy voters now, and with the act.
    pub healthy: usize,
    pub left: usize,
    #[serde(flatten)]
    pub end: QuorumEnd,
    /// All of it in one sentence.
    pub sentence: String,
}

/// How it ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "end", rename_all = "camelCase")]
pub enum QuorumEnd {
    /// Enough voters are left, and so many more of them may fail.
    Kept { tolerance: usize },
    /// Enough voters are left, if all pods of the set vote: nobody said who does.
    Assumed { tolerance: usize, missing: String },
    /// Nothing can be decided any more.
    Broken,
    /// Nothing can be decided already.
    Lost,
    /// Nobody knows how the peers stand.
    Unknown { missing: String },
}

impl QuorumEnd {
    /// Nothing can be decided with the act, as far as is known.
    pub const fn breaks(&self) -> bool {
        matches!(self, Self::Broken | Self::Lost)
    }
}

/// Every raft cluster that the act touches.
pub(super) fn judge(
    world: &World,
    act: &Act,
    entries: &[Entry],
    conditions: &Conditions,
    now: Now,
    quiet: Duration,
) -> Vec<Quorum> {
    let stale = STALE.min(quiet.saturating_mul(3));
    if let Some(asked) = asked::judge(world, act, conditions, now, stale) {
        return vec![asked];
    }
    let touched: BTreeSet<&Text> = entries.iter().filter_map(|entry| home(world, entry)).collect();
    let mut found = Vec::new();
    for namespace in touched {
        for (roster, picture) in conditions.raft.pictures(world, namespace) {
            let picture = picture.ok_or(None).and_then(|picture| {
                let age = picture.at.age(now.mono);
                if age > stale { Err(Some(age)) } else { Ok(picture) }
            });
            found.extend(of(&roster, picture.as_ref().map_err(|age| *age), entries));
        }
    }
    found
}

/// The namespace of what an entry is about, where it can be a peer's: its pod, its claim, or the volume of its claim.
fn home<'a>(world: &'a World, entry: &'a Entry) -> Option<&'a Text> {
    match entry.object.kind {
        Kind::Pod | Kind::PersistentVolumeClaim => Some(&entry.object.namespace),
        Kind::PersistentVolume => {
            let volume = world.get(&entry.object)?.body.volume()?;
            volume.spec.claim_ref.as_ref().map(|claim| &claim.namespace)
        }
        Kind::Namespace
        | Kind::Node
        | Kind::StorageClass
        | Kind::VolumeAttachment
        | Kind::Job
        | Kind::CronJob
        | Kind::StatefulSet
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::DaemonSet
        | Kind::PodDisruptionBudget
        | Kind::Release
        | Kind::ReleaseMap => None,
    }
}

/// The pods that go down, and those that lose their volume.
type Fallen = (BTreeSet<Text>, BTreeSet<Text>);

fn fallen(roster: &Roster, entries: &[Entry]) -> Fallen {
    let (mut down, mut emptied) = Fallen::default();
    for entry in entries {
        let (object, outcome) = (&entry.object, &entry.outcome);
        let own = object.namespace == roster.id.namespace;
        for member in &roster.members {
            let mut claims = member.claims.iter();
            if object.kind == Kind::Pod {
                if own && object.name == member.pod && interrupts(outcome) {
                    down.insert(member.pod.clone());
                }
                continue;
            }
            let touched = match object.kind {
                Kind::PersistentVolumeClaim => own && claims.any(|(claim, _)| *claim == object.name),
                Kind::PersistentVolume => claims.any(|(_, volume)| *volume == object.name),
                Kind::Pod
                | Kind::Namespace
                | Kind::Node
                | Kind::StorageClass
                | Kind::VolumeAttachment
                | Kind::Job
                | Kind::CronJob
                | Kind::StatefulSet
                | Kind::Deployment
                | Kind::ReplicaSet
                | Kind::DaemonSet
                | Kind::PodDisruptionBudget
                | Kind::Release
                | Kind::ReleaseMap => false,
            };
            if touched && loses(outcome) {
                emptied.insert(member.pod.clone());
            }
        }
    }
    (down, emptied)
}

fn of(roster: &Roster, picture: Result<&Picture, Option<Duration>>, entries: &[Entry]) -> Option<Quorum> {
    let (down, emptied) = fallen(roster, entries);
    if down.is_empty() && emptied.is_empty() {
        return None;
    }
    let fallen: BTreeSet<&Text> = down.union(&emptied).collect();
    let stays = |peer: &&Peer| !peer.pod.as_ref().is_some_and(|pod| fallen.contains(pod));
    let all = roster.replicas.unwrap_or(0).max(roster.members.len());
    let (voters, healthy, left) = picture.map_or_else(
        |_age| (all, all, all.saturating_sub(fallen.len())),
        |picture| {
            let left = picture.peers.iter().filter(stays).filter(|peer| peer.healthy()).count();
            (picture.voters, picture.healthy(), left)
        },
    );
    let needed = quorum(voters);
    let doubtful = |picture: &Picture| {
        picture
            .peers
            .iter()
            .filter(stays)
            .filter(|peer| peer.doubtful())
            .count()
    };
    let end = match picture {
        Ok(picture) if left < needed && left + doubtful(picture) >= needed => QuorumEnd::Unknown {
            missing: format!("{} of the peers of {} cannot be asked", doubtful(picture), roster.id),
        },
        Ok(_) if healthy < needed => QuorumEnd::Lost,
        Ok(_) if left < needed => QuorumEnd::Broken,
        Ok(picture) => match &picture.unconfirmed {
            None => QuorumEnd::Kept {
                tolerance: left - needed,
            },
            Some(gap) => QuorumEnd::Assumed {
                tolerance: left - needed,
                missing: gap.words(),
            },
        },
        Err(age) => QuorumEnd::Unknown {
            missing: missing(roster, age),
        },
    };
    let leader = picture.ok().and_then(Picture::leader).map(Peer::name);
    let leader = leader.filter(|leader| fallen.iter().any(|pod| pod == leader));
    let mut told = Quorum {
        ensemble: roster.id.to_string(),
        quorum: needed,
        voters,
        healthy,
        left,
        end,
        sentence: String::new(),
        down: down.into_iter().collect(),
        emptied: emptied.into_iter().collect(),
    };
    told.sentence = told.words();
    if let Some(leader) = leader {
        told.sentence.push_str("; ");
        told.sentence.push_str(leader);
        told.sentence.push_str(" leads, and another one must be elected first");
    }
    Some(told)
}

fn missing(roster: &Roster, age: Option<Duration>) -> String {
    match age {
        Some(age) => format!("the peers of {} were last asked {} ago", roster.id, short_span(age)),
        None => format!("the peers of {} have not been asked", roster.id),
    }
}

/// The pod is away, for a while at least.
const fn interrupts(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Deleted | Outcome::DeletedLater { .. } | Outcome::Hangs { .. } | Outcome::Recreated { .. } => true,
        Outcome::Kept
        | Outcome::VolumeDestroyed { .. }
        | Outcome::VolumeRetained { .. }
        | Outcome::VolumeLeaked { .. }
        | Outcome::Created
        | Outcome::Patched { .. }
        | Outcome::Orphaned
        | Outcome::Rejected { .. }
        | Outcome::Unknown { .. } => false,
    }
}

/// The claim or volume is not the peer's any more.
const fn loses(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Deleted
        | Outcome::DeletedLater { .. }
        | Outcome::Hangs { .. }
        | Outcome::Recreated { .. }
        | Outcome::VolumeDestroyed { .. }
        | Outcome::VolumeRetained { .. }
        | Outcome::VolumeLeaked { .. } => true,
        Outcome::Kept
        | Outcome::Created
        | Outcome::Patched { .. }
        | Outcome::Orphaned
        | Outcome::Rejected { .. }
        | Outcome::Unknown { .. } => false,
    }
}

impl Quorum {
    fn words(&self) -> String {
        let Self {
            ensemble,
            voters,
            quorum,
            healthy,
            left,
            ..
        } = self;
        let who = if self.emptied.is_empty() {
            format!("{} down", self.down.join(", "))
        } else if self.down.iter().all(|pod| self.emptied.contains(pod)) && !self.down.is_empty() {
            format!("{} down, and back with an empty volume", self.emptied.join(", "))
        } else if self.down.is_empty() {
            format!("{} empty once restarted", self.emptied.join(", "))
        } else {
            format!(
                "{} down, {} without their volume",
                self.down.join(", "),
                self.emptied.join(", ")
            )
        };
        match &self.end {
            QuorumEnd::Kept { tolerance } => {
                format!(
                    "{ensemble} keeps its quorum with {who}: {left} of {voters} voters left, {quorum} decide, {tolerance} more may fail"
                )
            }
            QuorumEnd::Assumed { tolerance, missing } => format!(
                "{ensemble} keeps its quorum with {who} if all {voters} of its pods vote: {left} left, {quorum} decide, {tolerance} more may fail; who votes is not known ({missing})"
            ),
            QuorumEnd::Broken => {
                format!(
                    "breaks the quorum of {ensemble}, {who}: {left} of {voters} voters left, {quorum} decide; nothing can be written"
                )
            }
            QuorumEnd::Lost => {
                format!(
                    "{ensemble} has lost its quorum already ({healthy} of {voters} voters healthy, {quorum} decide), {who}"
                )
            }
            QuorumEnd::Unknown { missing } if *left < *quorum => {
                format!("may break the quorum of {ensemble}, {who}: {missing}")
            }
            QuorumEnd::Unknown { missing } => {
                format!("what becomes of the quorum of {ensemble} is not known, {who}: {missing}")
            }
        }
    }

    /// What it weighs: to break a quorum is T3, and so is what may.
    pub(super) fn weight(&self) -> Option<(Tier, String)> {
        match &self.end {
            QuorumEnd::Broken | QuorumEnd::Lost => Some((Tier::T3, self.sentence.clone())),
            QuorumEnd::Unknown { .. } if self.left < self.quorum => Some((Tier::T3, self.sentence.clone())),
            QuorumEnd::Unknown { .. } => Some((Tier::T2, self.sentence.clone())),
            // a peer that has forgotten its votes is back only when it has caught up
            QuorumEnd::Kept { .. } | QuorumEnd::Assumed { .. } if !self.emptied.is_empty() => {
                Some((Tier::T2, self.sentence.clone()))
            }
            QuorumEnd::Kept { .. } | QuorumEnd::Assumed { .. } => None,
        }
    }
}
