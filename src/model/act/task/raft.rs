//! What is asked of a raft cluster itself, through the API of the peer that leads it: Vault's, which OpenBao speaks too.
//!
//! Says what is asked and where; `cluster::write` asks it, and what becomes of the quorum is `forecast`'s.

use crate::model::Text;
use crate::model::plain::plain;
use crate::model::raft::Roster;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

/// Something asked of a raft cluster. The act is pinned to the pod that leads it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RaftTask {
    /// The cluster, by the name of its StatefulSet; its namespace is the pod's.
    pub cluster: Text,
    pub port: u16,
    /// The API speaks TLS; `None`: found out by asking.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<bool>,
    /// The pods of the cluster when this was asked: who is looked at for what became of it.
    pub peers: Vec<Text>,
    pub asks: RaftDeed,
    /// Seconds in all.
    pub within: u32,
}

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RaftDeed {
    /// The leader gives its lead up, and another peer is elected (`reference/raft.md` §5h).
    StepDown,
    /// One entry is taken out of the configuration, by its raft id.
    RemovePeer { id: Text },
    /// All data, encrypted as it is, brought into a file here.
    Snapshot { to: Text },
}

/// What a raft snapshot came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RaftSaved {
    pub bytes: u64,
    /// SHA-256 of the file, hexadecimal.
    pub sha256: Text,
    /// Of the last log entry in it.
    pub index: u64,
    pub term: u64,
    /// The pod it was taken from, which led then.
    pub leader: Text,
}

/// How long an election, or a change of the configuration, may take.
const MOMENT: u32 = 60;
/// And a snapshot.
const SNAPSHOT: u32 = 1_800;

impl RaftTask {
    /// What is asked of the cluster of this roster.
    ///
    /// # Errors
    /// When it is no Vault or OpenBao, whose API alone is spoken here.
    pub fn of(roster: &Roster, asks: RaftDeed) -> Result<Self, String> {
        if !roster.system.is_vault() {
            return Err(format!(
                "{} is {}: only Vault and OpenBao are asked to change anything",
                roster.id,
                roster.system.word()
            ));
        }
        Ok(Self {
            cluster: roster.id.name.clone(),
            port: roster.port,
            tls: roster.tls,
            peers: roster.members.iter().map(|member| member.pod.clone()).collect(),
            within: match &asks {
                RaftDeed::StepDown | RaftDeed::RemovePeer { .. } => MOMENT,
                RaftDeed::Snapshot { .. } => SNAPSHOT,
            },
            asks,
        })
    }

    pub const fn word(&self) -> &'static str {
        match self.asks {
            RaftDeed::StepDown => "stepDown",
            RaftDeed::RemovePeer { .. } => "removePeer",
            RaftDeed::Snapshot { .. } => "raftSnapshot",
        }
    }

    pub const fn deadline(&self) -> Duration {
        Duration::from_secs(self.within as u64)
    }

    /// What it lacks to be asked at all.
    pub(super) fn lacks(&self) -> Option<&'static str> {
        let odd = |text: &Text| text.trim().is_empty() || plain(text, usize::MAX) != text.as_str();
        match &self.asks {
            _ if self.cluster.is_empty() || self.peers.is_empty() => Some("no raft cluster is named"),
            RaftDeed::StepDown => None,
            RaftDeed::RemovePeer { id } => odd(id).then_some("a peer is named by its raft id"),
            RaftDeed::Snapshot { to } => odd(to).then_some("the file has no name that could be one"),
        }
    }
}

/// What follows `ask pod/vault-2`: `to give up the lead of vault`.
impl fmt::Display for RaftTask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let cluster = &self.cluster;
        match &self.asks {
            RaftDeed::StepDown => write!(f, "to give up the lead of {cluster}"),
            RaftDeed::RemovePeer { id } => write!(f, "to remove peer {id} from {cluster}"),
            RaftDeed::Snapshot { to } => write!(f, "for a snapshot of {cluster} into {to}"),
        }
    }
}

/// The sentence that the journal keeps.
impl fmt::Display for RaftSaved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            bytes,
            sha256,
            index,
            term,
            leader,
        } = self;
        write!(
            f,
            "saved {bytes} bytes sha256 {sha256} index {index} term {term} from {leader}"
        )
    }
}

impl RaftSaved {
    /// Finds it in a sentence that holds it.
    pub fn read(sentence: &str) -> Option<Self> {
        let at = sentence.find("saved ").map(|at| at + "saved ".len())?;
        let mut words = sentence.get(at..)?.split_whitespace();
        let bytes = words.next()?.parse().ok()?;
        (words.next()? == "bytes" && words.next()? == "sha256").then_some(())?;
        let sha256: Text = words.next()?.into();
        (sha256.len() == 64 && sha256.chars().all(|digit| digit.is_ascii_hexdigit())).then_some(())?;
        (words.next()? == "index").then_some(())?;
        let index = words.next()?.parse().ok()?;
        (words.next()? == "term").then_some(())?;
        let term = words.next()?.parse().ok()?;
        (words.next()? == "from").then_some(())?;
        Some(Self {
            bytes,
            sha256,
            index,
            term,
            leader: words.next()?.trim_end_matches([',', ';', '.']).into(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_saved_is_read_back_from_its_sentence() {
        let saved = RaftSaved {
            bytes: 1_512_004,
            sha256: "0f".repeat(32).into(),
            index: 2_730_012,
            term: 17,
            leader: "vault-2".into(),
        };
        assert_eq!(RaftSaved::read(&format!("{saved}; its archive is whole")), Some(saved));
        for other in [
            "",
            "saved",
            "saved x bytes",
            "saved 1 bytes sha256 0f index 1 term 1 from x",
            "received 1 bytes",
        ] {
            assert_eq!(RaftSaved::read(other), None, "{other}");
        }
    }
}
