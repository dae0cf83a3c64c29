//! The closed list of acts: everything Pilothouse can be asked to do to a cluster.

use super::helm::Executor;
use super::{Key, Kind, Pin, Text};
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
    /// What the operator's own helm does to a release, named by the record of its newest revision. Forecast only.
    Helm { release: Pin, helm: HelmAct },
}

/// What helm is asked to do, and by which version of it; `None` is one that is not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HelmAct {
    Uninstall(Uninstall),
    Upgrade(Upgrade),
    Rollback(Rollback),
}

/// `helm uninstall`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Uninstall {
    pub executor: Option<Executor>,
    /// `--cascade`; helm's own default is `Background`.
    pub cascade: Propagation,
    pub keep_history: bool,
    pub wait: bool,
    pub no_hooks: bool,
}

impl Uninstall {
    /// As helm does it without options.
    pub const fn plain(executor: Option<Executor>) -> Self {
        Self {
            executor,
            cascade: Propagation::Background,
            keep_history: false,
            wait: false,
            no_hooks: false,
        }
    }
}

/// `helm upgrade` to a manifest that was rendered before.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upgrade {
    pub executor: Option<Executor>,
    /// The digest of the rendered text (SHA-256, hexadecimal): which manifest was looked at.
    pub rendered: Text,
    pub take_ownership: bool,
    pub no_hooks: bool,
}

/// `helm rollback`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    pub executor: Option<Executor>,
    /// The revision to go back to; 0 is the one before the newest.
    pub to: u32,
    pub no_hooks: bool,
}

impl Act {
    /// The kinds whose deletion Pilothouse performs; others are forecast only.
    pub const PERFORMED_DELETES: [Kind; 3] = [Kind::Job, Kind::Pod, Kind::PersistentVolumeClaim];

    /// The object the act is aimed at.
    pub const fn target(&self) -> &Pin {
        match self {
            Self::Delete { target, .. } => target,
            Self::ClearClaimRef { volume } => volume,
            Self::Helm { release, .. } => release,
        }
    }

    /// Whether this program sends such a request at all.
    pub fn performed(&self) -> bool {
        match self {
            Self::Delete { target, .. } => Self::PERFORMED_DELETES.contains(&target.key.kind),
            Self::ClearClaimRef { .. } => true,
            Self::Helm { .. } => false,
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
            Self::Helm { release, helm } => write!(f, "{helm} of {}", release.key),
        }
    }
}

/// `uninstall (helm 3.22.0)`.
impl fmt::Display for HelmAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (word, executor) = match self {
            Self::Uninstall(options) => ("uninstall".to_owned(), options.executor),
            Self::Upgrade(options) => ("upgrade".to_owned(), options.executor),
            Self::Rollback(options) if options.to == 0 => ("rollback".to_owned(), options.executor),
            Self::Rollback(options) => (format!("rollback to revision {}", options.to), options.executor),
        };
        match executor {
            Some(executor) => write!(f, "{word} ({executor})"),
            None => write!(f, "{word} (helm of an unknown version)"),
        }
    }
}
