//! One peer as it stands: who it is, whether it counts, how far its log is and whether it moves.

use super::{Fault, Silence};
use crate::model::Text;
use std::time::Duration;

/// A peer of the configuration, a pod that should be one, or both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its raft id; empty where nobody said.
    pub id: Text,
    /// Its address in the configuration; empty where it is in none, or nobody said.
    pub address: Text,
    /// The pod behind it.
    pub pod: Option<Text>,
    pub node: Text,
    /// Its claims, each with its volume.
    pub claims: Vec<(Text, Text)>,
    pub vote: Vote,
    /// It calls itself the leader.
    pub leads: bool,
    pub state: PeerState,
    /// Its pod is being deleted.
    pub leaving: bool,
    pub version: Text,
    /// How it is unsealed; empty for systems without a seal.
    pub seal: Text,
    pub last_log: Option<u64>,
    pub applied: Option<u64>,
    pub term: Option<u64>,
    /// How far its last log entry has moved.
    pub movement: Option<Movement>,
    /// Entries behind the leader's log.
    pub lag: Option<u64>,
    /// Since the leader last heard of it, by autopilot.
    pub last_contact: Option<Duration>,
    /// Autopilot's judgement.
    pub autopilot: Option<bool>,
    /// Answers of it that could not be read.
    pub faults: Vec<Fault>,
}

/// Whether it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Vote {
    Voter,
    NonVoter,
    /// etcd's peer without a vote.
    Learner,
    /// In no configuration.
    Outside,
    /// Nobody said; it is counted as a voter because its set wants it.
    Assumed,
}

/// How it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PeerState {
    Up,
    Sealed {
        given: Option<(u64, u64)>,
    },
    Uninitialised,
    Removed,
    Silent(Silence),
    /// It answered, and nothing of it could be read.
    Unread,
    /// Its pod came after the last asking.
    NotAsked,
    /// No pod stands behind it.
    NoPod,
}

/// Entries gained (or lost) over a span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Movement {
    pub by: i64,
    pub over: Duration,
}

impl Peer {
    /// It counts as a voter, as far as is known.
    pub const fn votes(&self) -> bool {
        matches!(self.vote, Vote::Voter | Vote::Assumed)
    }

    /// A voter that answers, and that nobody calls unhealthy.
    pub fn healthy(&self) -> bool {
        self.votes() && self.state == PeerState::Up && !self.leaving && self.autopilot != Some(false)
    }

    /// A voter of which nobody can say whether it is healthy: it could not be asked, or not be understood.
    pub const fn doubtful(&self) -> bool {
        self.votes()
            && matches!(
                self.state,
                PeerState::NotAsked
                    | PeerState::Unread
                    | PeerState::Silent(Silence::Forbidden { .. } | Silence::Tls { .. })
            )
    }

    /// What it is called: its pod, else its id, else its address.
    pub fn name(&self) -> &str {
        match &self.pod {
            Some(pod) => pod,
            None if self.id.is_empty() => &self.address,
            None => &self.id,
        }
    }
}

impl Vote {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Voter => "voter",
            Self::NonVoter => "non-voter",
            Self::Learner => "learner",
            Self::Outside => "in no configuration",
            Self::Assumed => "voter?",
        }
    }
}

impl PeerState {
    /// In a word or a few.
    pub fn words(&self) -> String {
        match self {
            Self::Up => "up".to_owned(),
            Self::Sealed { given: None } => "sealed".to_owned(),
            Self::Sealed {
                given: Some((given, needed)),
            } => format!("sealed, {given} of {needed} key shares given"),
            Self::Uninitialised => "not initialised".to_owned(),
            Self::Removed => "removed from its cluster".to_owned(),
            Self::Silent(silence) => silence.words(),
            Self::Unread => "answers what cannot be read".to_owned(),
            Self::NotAsked => "not asked yet".to_owned(),
            Self::NoPod => "no pod".to_owned(),
        }
    }

    /// One word for a narrow column.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Sealed { .. } => "sealed",
            Self::Uninitialised => "uninit",
            Self::Removed => "removed",
            Self::Silent(Silence::Stuck { .. }) => "STUCK",
            Self::Silent(Silence::Refused { .. }) => "refused",
            Self::Silent(Silence::Forbidden { .. }) => "denied",
            Self::Silent(Silence::Tls { .. }) => "tls",
            Self::Silent(Silence::NotRunning) => "no process",
            Self::Unread => "garbled",
            Self::NotAsked => "?",
            Self::NoPod => "no pod",
        }
    }
}
