//! Which cluster this is and who is asking: what an approval is bound to besides its objects.

use super::{Text, Uid};
use serde::{Deserialize, Serialize};

/// The pinned cluster. Checked again before each write (`reference/safety-and-performance.md` A5 fault 20).
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ClusterIdentity {
    /// The kubeconfig context's name, for people; not part of what is checked.
    pub context: Text,
    pub server: Text,
    /// SHA-256 of the server's CA bundle in hex; empty when the system's trust store is used or the server speaks plain HTTP.
    pub ca: Text,
    /// The uid of the namespace `kube-system`, which no two clusters share.
    pub kube_system: Uid,
    /// Who the server says we are (`SelfSubjectReview`).
    pub user: Text,
}

impl ClusterIdentity {
    /// The same cluster and the same person, whatever the context is called today.
    pub fn same(&self, other: &Self) -> bool {
        self.server == other.server
            && self.ca == other.ca
            && self.kube_system == other.kube_system
            && self.user == other.user
    }
}

/// The person at the keys, as the API server knows them, and the machine they sit at.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Operator {
    pub user: Text,
    pub host: Text,
}
