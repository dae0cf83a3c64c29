//! The closed vocabulary of outcomes (`reference/semantics.md` §1), and what it means for the operator: tier and undo.

use super::Quorum;
use crate::laws::Reason;
use crate::model::helm::Address;
use crate::model::{Act, Key, Text, Uid};
use serde::Serialize;
use std::sync::Arc;

/// What becomes of one object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Outcome {
    /// Gone as a direct consequence of the request.
    Deleted,
    /// Gone afterwards, by a controller's hand.
    DeletedLater {
        by: Text,
    },
    Kept,
    /// Deletion is accepted and does not end while these hold it.
    Hangs {
        holders: Vec<Holder>,
    },
    /// The backing disk is destroyed. No way back.
    VolumeDestroyed {
        handle: String,
    },
    /// The volume object loses its claim (Released); the disk stays.
    VolumeRetained {
        handle: String,
    },
    /// The volume object goes and nothing in the cluster remembers the disk.
    VolumeLeaked {
        handle: String,
    },
    /// The request makes it: it was not there before.
    Created,
    /// A controller makes it anew.
    Recreated {
        on: Recreation,
    },
    /// It stays, with these fields changed.
    Patched {
        fields: Vec<String>,
    },
    /// It stays and loses its owner.
    Orphaned,
    /// The API server would refuse.
    Rejected {
        error: String,
    },
    /// It cannot be said; the reason names the missing fact.
    Unknown {
        missing: String,
    },
}

/// Who holds a deletion.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Holder {
    pub object: Key,
    /// The root owner in words: `Job train-7f`.
    pub root: String,
    /// The finalizer that waits for the holder.
    pub finalizer: Text,
    /// The root would make another holder when this one goes.
    pub respawns: bool,
}

/// What a recreated pod or claim stands on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Recreation {
    /// A pod on the claims it had before: seed 003's trap when they are Terminating. Or an attachment of the same volume.
    SameClaim,
    /// A pod on new claims, or a new claim itself: an empty disk.
    NewClaim,
    /// A pod that uses no claim.
    NoClaim,
}

/// How bad a mistake would be (`reference/safety-and-performance.md` A3). Derived from the forecast, never lowered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub enum Tier {
    /// Reversible: no prompt.
    T0,
    /// Disruptive: hold the key for a second.
    T1,
    /// Destructive: sensed and attested items, and a variable fact to type.
    T2,
    /// Irreversible or cross-tenant: T2, a second person and a cool-down.
    T3,
}

impl Tier {
    pub const fn word(self) -> &'static str {
        match self {
            Self::T0 => "T0 reversible",
            Self::T1 => "T1 disruptive",
            Self::T2 => "T2 destructive",
            Self::T3 => "T3 irreversible",
        }
    }
}

/// Whether there is a way back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Undo {
    Lossless { how: String },
    Lossy { how: String },
    None,
}

/// One object's fate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    pub object: Key,
    /// Empty for an object that does not exist yet.
    pub uid: Uid,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The law that decides it, by its file name.
    pub law: Text,
    /// Shared by all that the law did for the same reason.
    pub reason: Arc<Reason>,
}

/// The fate of an object of a kind the world does not hold: what Helm does to it, no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Other {
    pub object: Address,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// The law that decides it, by its file name.
    pub law: Text,
    pub reason: Reason,
}

/// Everything an act would do, worst first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forecast {
    pub act: Act,
    pub entries: Vec<Entry>,
    /// Objects of kinds the world does not hold; only acts of Helm's touch such.
    pub others: Vec<Other>,
    /// What becomes of the raft clusters whose peers it touches.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub quorum: Vec<Quorum>,
    pub tier: Tier,
    /// Why the tier is what it is, in one sentence.
    pub because: String,
    pub undo: Undo,
    /// Facts that were missing, denied or stale when it was made.
    pub unknowns: Vec<String>,
}
