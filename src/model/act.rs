//! The closed list of acts: everything Pilothouse can be asked to do to a cluster.

use super::{Key, Kind, Pin};
use serde::{Deserialize, Serialize};
use std::fmt;

/// `propagationPolicy` of a DELETE. Always sent: the default for a Job is `Orphan` (`reference/semantics.md` §3.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Propagation {
    Background,
    Foreground,
    Orphan,
}

impl Propagation {
    /// The word in the request body.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Background => "Background",
            Self::Foreground => "Foreground",
            Self::Orphan => "Orphan",
        }
    }
}

/// One change asked of the cluster, pinned to the very object that was shown.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "camelCase")]
pub enum Act {
    /// DELETE with a uid precondition. Forecast for every kind; performed for [`Act::PERFORMED_DELETES`].
    Delete { target: Pin, propagation: Propagation },
    /// JSON patch that removes `claimRef.uid` and `claimRef.resourceVersion` of a volume, never the whole `claimRef`,
    /// so that only a claim of the same name can take it (`reference/semantics.md` §3.3).
    ClearClaimRef { volume: Pin },
}

impl Act {
    /// The kinds whose deletion Pilothouse performs; others are forecast only.
    pub const PERFORMED_DELETES: [Kind; 3] = [Kind::Job, Kind::Pod, Kind::PersistentVolumeClaim];

    /// The object the act is aimed at.
    pub const fn target(&self) -> &Pin {
        match self {
            Self::Delete { target, .. } => target,
            Self::ClearClaimRef { volume } => volume,
        }
    }

    /// Whether this program sends such a request at all.
    pub fn performed(&self) -> bool {
        match self {
            Self::Delete { target, .. } => Self::PERFORMED_DELETES.contains(&target.key.kind),
            Self::ClearClaimRef { .. } => true,
        }
    }

    /// The propagation an operator most likely wants when he says nothing.
    pub const fn usual_propagation(_target: &Key) -> Propagation {
        Propagation::Background
    }
}

/// `delete job/train-7f (Background)`: how the act is named on screen and in the journal.
impl fmt::Display for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delete { target, propagation } => write!(f, "delete {} ({})", target.key, propagation.word()),
            Self::ClearClaimRef { volume } => write!(f, "clear claimRef uid of {}", volume.key),
        }
    }
}
