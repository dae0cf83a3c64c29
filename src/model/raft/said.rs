//! What one peer said of itself and of the others, as far as it could be read; and why where not.

use super::System;
use crate::model::Text;
use crate::model::time::short_span;
use jiff::Timestamp;
use std::time::Duration;

/// A value, or why it is not known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Known<T> {
    Told(T),
    Untold(Gap),
}

/// Why something is not known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Gap {
    /// Nobody asked: only the leader is asked for what all share.
    #[default]
    NotAsked,
    /// It takes a token, and none was given for this cluster.
    NoToken,
    /// The token is not, or no longer, valid.
    Lapsed,
    /// The token's policy lacks this path.
    Denied { path: &'static str },
    /// There is no leader to answer it.
    NoLeader,
    /// This system does not say it at all.
    NeverSaid,
    /// The answer could not be used.
    Unread { why: Text },
}

/// An answer of a peer that has another shape than it must, or none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What was asked: `sys/leader`.
    pub asked: &'static str,
    pub why: Text,
}

/// What one peer said. Every text in it has been made plain.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Said {
    /// Its own raft id, where it says it: etcd does.
    pub id: Text,
    pub version: Text,
    pub initialised: Option<bool>,
    pub sealed: Option<bool>,
    /// How it is unsealed: `shamir` needs people.
    pub seal: Text,
    /// Key shares given, and needed.
    pub unsealing: Option<(u64, u64)>,
    /// Removed from its cluster for good (Vault 1.19 and newer; health answers 530).
    pub removed: bool,
    /// `raft`, or what else keeps its data.
    pub storage: Text,
    /// The cluster it believes to be in. Another one than its peers': somebody has initialised an empty volume.
    pub cluster: Text,
    pub leads: Option<bool>,
    /// For how long it has led when it was asked, by its own clock alone: `active_time` of `sys/leader` against
    /// `server_time_utc` of `sys/health`. A new term begins it anew. `None`: it does not lead, or does not say.
    pub led: Option<Duration>,
    /// What its clock showed when it was asked.
    pub clock: Option<Timestamp>,
    /// Whom it takes for the leader: an address, or etcd's member id; empty when it knows none.
    pub leader: Text,
    /// Index of the last log entry. Vault calls it `raft_committed_index` (`reference/raft.md` §0.1).
    pub last_log: Option<u64>,
    pub applied: Option<u64>,
    pub term: Option<u64>,
    pub learner: Option<bool>,
    pub configuration: Known<Configuration>,
    pub autopilot: Known<Autopilot>,
    pub cleanup: Known<Cleanup>,
    /// The pod behind each cluster address, as the leader knows them.
    pub hosts: Known<Vec<(Text, Text)>>,
    pub faults: Vec<Fault>,
}

/// What autopilot does with servers that are dead (`reference/raft.md` §1b, §5i).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cleanup {
    /// It takes them out of the configuration by itself.
    pub on: bool,
    /// When it has heard nothing of one for so long; `None`: it does not say.
    pub after: Option<Duration>,
    /// As long as more voters than these are left (`min_quorum`).
    pub keeps: u64,
}

impl Cleanup {
    pub fn words(self) -> String {
        if !self.on {
            return "autopilot removes no dead servers".to_owned();
        }
        let after = self
            .after
            .map_or_else(|| "a time it does not tell".to_owned(), short_span);
        format!(
            "autopilot removes a server when it has heard nothing of it for {after}, as long as {} voters are left",
            self.keeps
        )
    }
}

/// The peers that count, by the leader's configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Configuration {
    pub servers: Vec<Server>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Server {
    pub id: Text,
    /// etcd's member name; empty for one that was added and never started.
    pub name: Text,
    pub address: Text,
    pub voter: bool,
    /// etcd's word for a peer that does not vote yet.
    pub learner: bool,
    pub leader: bool,
}

/// Autopilot's own judgement, as the leader sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Autopilot {
    pub healthy: bool,
    pub tolerance: Option<u64>,
    pub servers: Vec<(Text, Health)>,
}

/// Autopilot's judgement of one server.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    pub healthy: bool,
    pub last_contact: Option<Duration>,
    pub last_index: Option<u64>,
    pub last_term: Option<u64>,
    /// `leader`, `voter`, `non-voter` or another word.
    pub status: Text,
    /// RFC 3339, since when it is as it is.
    pub stable_since: Text,
}

impl Said {
    /// Why it does not say who votes; `None` when it does.
    pub fn unconfirmed(&self, system: &System) -> Option<Gap> {
        self.configuration.gap().map(|gap| match gap {
            Gap::NotAsked if system.is_vault() => Gap::NoToken,
            gap => gap.clone(),
        })
    }

    /// What all share and it does not say, each with the reason.
    pub fn gaps(&self, system: &System) -> Vec<String> {
        let shared = [
            ("voters", self.configuration.gap()),
            ("autopilot", self.autopilot.gap().filter(|_| system.is_vault())),
            ("dead-server clean-up", self.cleanup.gap().filter(|_| system.is_vault())),
            ("host names", self.hosts.gap().filter(|_| system.is_vault())),
        ];
        let told = shared.into_iter().filter_map(|(what, gap)| Some((what, gap?)));
        told.map(|(what, gap)| format!("{what}: {}", gap.words())).collect()
    }
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self::Untold(Gap::NotAsked)
    }
}

impl<T> Known<T> {
    pub const fn told(&self) -> Option<&T> {
        match self {
            Self::Told(value) => Some(value),
            Self::Untold(_) => None,
        }
    }

    pub const fn gap(&self) -> Option<&Gap> {
        match self {
            Self::Told(_) => None,
            Self::Untold(gap) => Some(gap),
        }
    }
}

impl Gap {
    /// In words, with the way to know it.
    pub fn words(&self) -> String {
        match self {
            Self::NotAsked => "not asked".to_owned(),
            Self::NoToken => "no token was given for it".to_owned(),
            Self::Lapsed => "the token is not valid, or no longer: give another one".to_owned(),
            Self::Denied { path } => format!("the token's policy lacks read on {path}"),
            Self::NoLeader => "no peer leads, and only a leader answers it".to_owned(),
            Self::NeverSaid => "this system does not say".to_owned(),
            Self::Unread { why } => why.to_string(),
        }
    }
}
