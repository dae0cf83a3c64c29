//! Raft systems among the tenants: which pods are peers, what each says of itself, and the picture that makes.
//!
//! Knows the shapes that Vault, OpenBao, etcd and a described system answer with; must not know how they are reached. What
//! a peer did not say is not known, with the reason ([`Known`]), and never taken for no.

mod concern;
pub mod decode;
pub mod described;
mod file;
mod peer;
mod picture;
mod roster;
mod said;
mod sounding;
mod template;
mod turn;

pub use concern::Concern;
pub use file::{FileSeen, FileSum};
pub use peer::{Movement, Peer, PeerState, Vote};
pub use picture::{Identity, Picture};
pub use roster::{Member, Roster, rosters};
pub use said::{Autopilot, Cleanup, Configuration, Fault, Gap, Health, Known, Said, Server};
pub use sounding::{Answer, Reply, Silence, Sounding, Soundings, Sweep, WINDOW};
pub use template::{RaftTemplate, system_of_image};
pub use turn::{Turn, next as next_turn, turns};

use super::Text;
use serde::Serialize;
use std::fmt;

/// A system whose replicas agree by raft.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum System {
    Vault,
    OpenBao,
    Etcd,
    /// One that the operator has described in a file, by the name it has there.
    Described(Text),
}

impl System {
    pub fn word(&self) -> &str {
        match self {
            Self::Vault => "vault",
            Self::OpenBao => "openbao",
            Self::Etcd => "etcd",
            Self::Described(name) => name.as_str(),
        }
    }

    /// Vault's API, which OpenBao speaks too.
    pub const fn is_vault(&self) -> bool {
        matches!(self, Self::Vault | Self::OpenBao)
    }
}

/// One raft cluster: its namespace, and the name of the StatefulSet that makes its pods. The name outlives the set, which a
/// storage roll deletes and makes again: it is what the pods' names begin with.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct EnsembleId {
    pub namespace: Text,
    pub name: Text,
}

/// `vault/vault`.
impl fmt::Display for EnsembleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.namespace, self.name)
    }
}

/// The smallest number of voters that can decide: more than half of those in the configuration, dead ones included
/// (`reference/raft.md` §5a).
pub const fn quorum(voters: usize) -> usize {
    voters / 2 + 1
}

#[cfg(test)]
mod tests;
