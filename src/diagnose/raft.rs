//! What is wrong with a raft cluster, in words: each concern as a sentence, how much it matters, and how many of several
//! peers may fail. Says nothing of peers that nobody has asked.

mod safe;

use super::finding::Severity;
use crate::model::raft::{Concern, EnsembleId, Picture, Roster};
use crate::model::time::short_span;
use crate::model::{Key, Kind};

pub use safe::{FRESH, LONGEST_STEADY, Sight};

/// A concern in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Worry {
    pub severity: Severity,
    /// The pod it is about; `None` where it is about the whole.
    pub pod: Option<String>,
    pub sentence: String,
    /// It is that voters are too few, or that none is to spare.
    pub of_quorum: bool,
}

/// The object a worry is about: its pod, or the set that makes the pods.
pub fn object(id: &EnsembleId, worry: &Worry) -> Key {
    match &worry.pod {
        Some(pod) => Key::new(Kind::Pod, &id.namespace, pod),
        None => Key::new(Kind::StatefulSet, &id.namespace, &id.name),
    }
}

/// `2/3`: healthy voters of all.
pub fn count(picture: &Picture) -> String {
    let doubt = if picture.confirmed() { "" } else { "?" };
    format!("{}/{}{doubt}", picture.healthy(), picture.voters)
}

/// How many more may fail, as a sentence.
pub fn tolerance(picture: &Picture) -> String {
    let (healthy, voters, quorum) = (picture.healthy(), picture.voters, picture.quorum());
    let doubt = if picture.confirmed() {
        ""
    } else {
        " (if every pod votes)"
    };
    let of = format!("{healthy} of {voters} voters healthy{doubt}, {quorum} decide");
    if picture.unclear() {
        return format!(
            "{of}, {} cannot be asked: what they can decide is not known",
            picture.doubtful()
        );
    }
    match picture.tolerance() {
        lost if lost < 0 => format!("{of}: QUORUM LOST"),
        0 => format!("{of}: none may fail"),
        1 => format!("{of}: 1 may fail"),
        more => format!("{of}: {more} may fail"),
    }
}

/// What a roster says before anybody has asked its peers.
pub fn unasked(roster: &Roster) -> String {
    let pods = roster.members.len();
    format!(
        "{} has not been asked: {pods} pods of {}",
        roster.id,
        roster.system.word()
    )
}

/// A concern as it is told.
pub fn worry(concern: &Concern) -> Worry {
    let (severity, pod, sentence) = match concern {
        Concern::QuorumLost { healthy, voters } => {
            let sentence = format!("quorum lost: {healthy} of {voters} voters healthy, nothing can be written");
            (Severity::Blocked, None, sentence)
        }
        Concern::NoSpare { healthy, voters } => {
            let sentence = format!("no spare voter: {healthy} of {voters} healthy, losing one more is an outage");
            (Severity::Blocked, None, sentence)
        }
        Concern::NoLeader => (Severity::Blocked, None, "no peer leads".to_owned()),
        Concern::TwoLeaders { pods } => {
            let sentence = format!("{} each call themselves the leader", pods.join(" and "));
            (Severity::Blocked, None, sentence)
        }
        Concern::LeaderSilent { pod, how } => {
            let sentence = format!(
                "the leader {pod} {}: it may be stuck, and nobody else leads",
                how.words()
            );
            (Severity::Blocked, Some(pod), sentence)
        }
        Concern::LeaderUnmoved { pod, waiting, over } => {
            let sentence = format!(
                "the leader {pod} has applied nothing for {}, {waiting} entries wait",
                short_span(*over)
            );
            (Severity::Blocked, Some(pod), sentence)
        }
        other => return of_peer(other),
    };
    Worry {
        severity,
        pod: pod.map(ToString::to_string),
        sentence,
        of_quorum: matches!(concern, Concern::QuorumLost { .. } | Concern::NoSpare { .. }),
    }
}

fn of_peer(concern: &Concern) -> Worry {
    let (severity, pod, sentence) = match concern {
        Concern::Silent { pod, how } => (Severity::Warned, Some(pod), format!("peer {pod} {}", how.words())),
        Concern::Sealed { pod, given } => {
            let shares = given.map_or_else(String::new, |(given, needed)| {
                format!(", {given} of {needed} key shares given")
            });
            (Severity::Warned, Some(pod), format!("peer {pod} is sealed{shares}"))
        }
        Concern::Uninitialised { pod } => {
            let sentence =
                format!("peer {pod} is not initialised: it has joined nothing, and must not be initialised by itself");
            (Severity::Warned, Some(pod), sentence)
        }
        Concern::Removed { pod } => {
            let sentence =
                format!("peer {pod} was removed from its cluster for good: only an empty volume brings it back");
            (Severity::Blocked, Some(pod), sentence)
        }
        Concern::OtherCluster { pod } => {
            let sentence =
                format!("peer {pod} belongs to another cluster than its peers: an empty volume was initialised anew");
            (Severity::Blocked, Some(pod), sentence)
        }
        Concern::WentBack { pod, by } => {
            let sentence = format!("the log of {pod} has gone back by {by} entries");
            (Severity::Blocked, Some(pod), sentence)
        }
        Concern::NotCatchingUp { pod, lag, over } => {
            let sentence = format!(
                "{pod} has no vote and does not catch up: {lag} entries behind for {}",
                short_span(*over)
            );
            (Severity::Warned, Some(pod), sentence)
        }
        Concern::NoPod { id, address } => {
            let sentence = format!("peer {id} at {address} counts, and no pod stands behind it");
            (Severity::Warned, None, sentence)
        }
        Concern::Outside { pod } => (
            Severity::Warned,
            Some(pod),
            format!("{pod} runs and is in no configuration"),
        ),
        Concern::SameAddress { address, ids } => (
            Severity::Warned,
            None,
            format!("{} share the address {address}", ids.join(" and ")),
        ),
        Concern::Loopback { id, address } => {
            let sentence = format!("peer {id} is registered at {address}, which leads every peer to itself");
            (Severity::Warned, None, sentence)
        }
        Concern::Odd { pod, fault } => (
            Severity::Warned,
            Some(pod),
            format!("{pod} answers {} wrongly: {}", fault.asked, fault.why),
        ),
        Concern::NotRaft { pod, storage } => (
            Severity::Warned,
            Some(pod),
            format!("{pod} keeps its data in {storage}, not by raft"),
        ),
        Concern::QuorumLost { .. }
        | Concern::NoSpare { .. }
        | Concern::NoLeader
        | Concern::TwoLeaders { .. }
        | Concern::LeaderSilent { .. }
        | Concern::LeaderUnmoved { .. } => return worry(concern),
    };
    Worry {
        severity,
        pod: pod.map(ToString::to_string),
        sentence,
        of_quorum: false,
    }
}

/// Everything that is wrong with a cluster as it was last asked, worst first.
pub fn worries(picture: &Picture, concerns: &[Concern]) -> Vec<Worry> {
    let mut worries: Vec<Worry> = concerns.iter().map(worry).collect();
    if let Some(theirs) = picture.autopilot_tolerance
        && i64::try_from(theirs).is_ok_and(|theirs| theirs != picture.tolerance().max(0))
    {
        let sentence = format!(
            "autopilot says {theirs} may fail, what the peers say is {}",
            picture.tolerance()
        );
        worries.push(Worry {
            severity: Severity::Warned,
            pod: None,
            sentence,
            of_quorum: false,
        });
    }
    worries.sort_by_key(|worry| std::cmp::Reverse(worry.severity));
    worries
}
