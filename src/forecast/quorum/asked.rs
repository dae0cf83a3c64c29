//! What becomes of a quorum when something is asked of the raft cluster itself: a step-down, a peer removed, a snapshot.

use super::{Quorum, QuorumEnd, missing};
use crate::laws::Conditions;
use crate::model::act::Task;
use crate::model::act::task::{RaftDeed, RaftTask};
use crate::model::raft::{Peer, Picture, Roster, quorum};
use crate::model::{Act, Now, Text, World};
use std::time::Duration;

/// The cluster that is asked; `None` for an act that asks none.
pub(super) fn judge(world: &World, act: &Act, conditions: &Conditions, now: Now, stale: Duration) -> Option<Quorum> {
    let Act::Task { target, task } = act else { return None };
    let Task::Raft(task) = task.as_ref() else { return None };
    let mut all = conditions.raft.pictures(world, &target.key.namespace).into_iter();
    let (roster, picture) = all.find(|(roster, _)| roster.id.name == task.cluster)?;
    let picture = picture.ok_or(None).and_then(|picture| {
        let age = picture.at.age(now.mono);
        if age > stale { Err(Some(age)) } else { Ok(picture) }
    });
    Some(match &picture {
        Ok(picture) => known(&roster, picture, &target.key.name, task),
        Err(age) => unknown(&roster, missing(&roster, *age), task),
    })
}

fn told(roster: &Roster, voters: usize, healthy: usize, left: usize, end: QuorumEnd, sentence: String) -> Quorum {
    Quorum {
        ensemble: roster.id.to_string(),
        down: Vec::new(),
        emptied: Vec::new(),
        voters,
        quorum: quorum(voters),
        healthy,
        left,
        end,
        sentence,
    }
}

fn unknown(roster: &Roster, missing: String, task: &RaftTask) -> Quorum {
    let all = roster.replicas.unwrap_or(0).max(roster.members.len());
    let sentence = format!("whether {} can take it {task} is not known: {missing}", roster.id);
    told(roster, all, all, all, QuorumEnd::Unknown { missing }, sentence)
}

fn known(roster: &Roster, picture: &Picture, leader: &str, task: &RaftTask) -> Quorum {
    let (voters, healthy) = (picture.voters, picture.healthy());
    if picture.unclear() {
        let missing = format!("{} of its peers cannot be asked", picture.doubtful());
        return unknown(roster, missing, task);
    }
    let id = &roster.id;
    let kept = |voters: usize, healthy: usize| {
        let tolerance = healthy.saturating_sub(quorum(voters));
        match &picture.unconfirmed {
            None => QuorumEnd::Kept { tolerance },
            Some(gap) => QuorumEnd::Assumed {
                tolerance,
                missing: gap.words(),
            },
        }
    };
    if healthy < quorum(voters) {
        let sentence = format!(
            "{id} has lost its quorum already: {healthy} of {voters} voters healthy, {} decide, and nobody decides this",
            quorum(voters)
        );
        return told(roster, voters, healthy, healthy, QuorumEnd::Lost, sentence);
    }
    match &task.asks {
        RaftDeed::StepDown => {
            let others: Vec<&str> = picture
                .peers
                .iter()
                .filter(|peer| peer.healthy() && peer.name() != leader)
                .map(Peer::name)
                .collect();
            if others.is_empty() {
                let sentence = format!("breaks the quorum of {id}: nobody but {leader} can lead it");
                return told(roster, voters, healthy, 0, QuorumEnd::Broken, sentence);
            }
            let sentence = format!(
                "{id} elects another leader, {}; until then nothing is written; all {healthy} healthy voters stay",
                others.join(" or ")
            );
            told(roster, voters, healthy, healthy, kept(voters, healthy), sentence)
        }
        RaftDeed::RemovePeer { id: peer } => removed(roster, picture, peer, kept),
        RaftDeed::Snapshot { .. } => {
            let sentence = format!("{id} keeps its quorum: nothing of it changes");
            told(roster, voters, healthy, healthy, kept(voters, healthy), sentence)
        }
    }
}

fn removed(roster: &Roster, picture: &Picture, peer: &Text, kept: impl Fn(usize, usize) -> QuorumEnd) -> Quorum {
    let (id, voters, healthy) = (&roster.id, picture.voters, picture.healthy());
    let own = picture.peers.iter().find(|own| own.id == *peer);
    let counted = own.is_some_and(Peer::votes);
    let left = healthy - usize::from(own.is_some_and(Peer::healthy));
    let then = voters - usize::from(counted);
    let needed = quorum(then);
    if left < needed || then == 0 {
        let sentence =
            format!("breaks the quorum of {id}, {peer} removed: {left} of {then} voters left, {needed} decide");
        return told(roster, then, healthy, left, QuorumEnd::Broken, sentence);
    }
    let before = picture.tolerance().max(0);
    let sentence = format!(
        "{id} keeps its quorum with {peer} removed: {left} of {then} voters, {needed} decide, {} more may fail (now {before})",
        left - needed
    );
    told(roster, then, healthy, left, kept(then, left), sentence)
}
