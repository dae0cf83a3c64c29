//! What a step does: the closed vocabulary of acts, each aimed at one object or at a selection, with `${parameter}`s.
//!
//! Says what is asked; which very objects are meant is told from a world, and what comes of it is `forecast`'s.

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

mod acts;
mod aim;
mod class;
mod raft;
mod reading;
mod task;

pub use acts::{Aimed, Known, Unaimed};
pub use aim::{Aim, Slot};
pub(super) use class::foreseen;
pub use class::noted;
pub use class::{ClassWords, NewClass};
pub use raft::{AskedOfRaft, RemadeSet};
pub(super) use reading::{count_of, read, read_count};
pub use task::{InPod, NewCount, NewRun, NewSnapshot, PodAim};

use super::template::{Template, Values};
use crate::forecast::Tier;
use crate::model::act::Source;
use crate::model::storage::ReclaimPolicy;
use crate::model::{Key, Propagation};
use std::fmt;

/// The volumes that were taken down, as `each` names them.
pub const INVENTORY_VOLUMES: &str = "inventory.volumes";
/// The claims that were taken down, as `createClaim` names them.
pub const INVENTORY_CLAIMS: &str = "inventory.claims";

/// The act of a step.
#[derive(Clone, Debug)]
pub enum Deed {
    Delete {
        aim: Aim,
        propagation: Propagation,
    },
    Evict {
        aim: Aim,
    },
    Scale {
        aim: Aim,
        replicas: Slot<u32>,
    },
    SetReclaimPolicy {
        aim: Aim,
        policy: ReclaimPolicy,
    },
    ClearClaimRef {
        aim: Aim,
    },
    /// Reserves a volume for a claim, by namespace and name; `None`: for the claim that was on it, under its new name.
    Reserve {
        aim: Aim,
        claim: Option<Template>,
    },
    Annotate {
        aim: Aim,
        key: Template,
        /// `None` removes it.
        value: Option<Template>,
    },
    Stamp {
        aim: Aim,
        release: Template,
        namespace: Option<Template>,
    },
    CreateClaim(Box<NewClaim>),
    /// Makes every claim of the inventory again, each on its very volume.
    RemakeClaims(Remake),
    CreateStorageClass(Box<NewClass>),
    CreateStatefulSet(Box<RemadeSet>),
    /// Asks the tenant's raft cluster for something.
    AskRaft(AskedOfRaft),
    Dump(Box<InPod>),
    Restore(Box<InPod>),
    CountRows(Box<NewCount>),
    Snapshot(Box<NewSnapshot>),
    Run(Box<NewRun>),
    HelmUninstall {
        release: HelmAim,
        cascade: Propagation,
        keep_history: bool,
        wait: bool,
    },
    HelmInstall {
        release: HelmAim,
        brings: Brings,
        take_ownership: bool,
        wait: bool,
        /// `HELM_DRIVER`: where its records are to be kept. Of a release that is there, they say it themselves.
        driver: Option<Template>,
    },
    HelmUpgrade {
        release: HelmAim,
        brings: Brings,
        take_ownership: bool,
        wait: bool,
    },
    HelmRollback {
        release: HelmAim,
        to: Slot<u32>,
        wait: bool,
    },
}

/// What a release is to hold.
#[derive(Clone, Debug)]
pub enum Brings {
    /// The file with the output of `helm template`: for forecasts alone.
    Rendered(Template),
    /// A chart that the operator's own helm renders.
    Chart {
        chart: Template,
        version: Option<Template>,
        values: Vec<Template>,
    },
}

impl Brings {
    /// The chart with its values files, parameters filled in; `None` for a file that was rendered before.
    pub(super) fn source(&self, values: &Values) -> Option<Source> {
        let Self::Chart {
            chart,
            version,
            values: files,
        } = self
        else {
            return None;
        };
        Some(Source {
            chart: chart.fill(values).into(),
            version: version
                .as_ref()
                .map(|version| version.fill(values))
                .unwrap_or_default()
                .into(),
            values: files.iter().map(|file| file.fill(values).into()).collect(),
        })
    }
}

/// As the runbook writes it.
impl fmt::Display for Brings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rendered(file) | Self::Chart { chart: file, .. } => f.write_str(file.written()),
        }
    }
}

/// A claim that is to be made.
#[derive(Clone, Debug)]
pub struct NewClaim {
    pub(super) name: Template,
    pub(super) namespace: Option<Template>,
    pub(super) size: Template,
    pub(super) volume: Option<Template>,
    /// `None`: the default class. An empty text: no class.
    pub(super) class: Option<Template>,
    pub(super) access_modes: Vec<Template>,
    pub(super) volume_mode: Option<String>,
    pub(super) labels: Vec<(String, Template)>,
    pub(super) annotations: Vec<(String, Template)>,
}

/// What is written on the claims that are made again.
#[derive(Clone, Debug)]
pub struct Remake {
    pub(super) labels: Vec<(String, Template)>,
    pub(super) annotations: Vec<(String, Template)>,
}

/// Which release, and how helm is to be asked.
#[derive(Clone, Debug)]
pub struct HelmAim {
    pub(super) release: Template,
    pub(super) namespace: Option<Template>,
    pub(super) no_hooks: bool,
}

impl Deed {
    /// The operator's helm does it.
    pub const fn is_helms(&self) -> bool {
        match self {
            Self::HelmInstall { .. }
            | Self::HelmUninstall { .. }
            | Self::HelmUpgrade { .. }
            | Self::HelmRollback { .. } => true,
            Self::Delete { .. }
            | Self::Evict { .. }
            | Self::Scale { .. }
            | Self::SetReclaimPolicy { .. }
            | Self::ClearClaimRef { .. }
            | Self::Reserve { .. }
            | Self::Annotate { .. }
            | Self::Stamp { .. }
            | Self::CreateClaim(_)
            | Self::RemakeClaims(_)
            | Self::CreateStorageClass(_)
            | Self::CreateStatefulSet(_)
            | Self::AskRaft(_)
            | Self::Dump(_)
            | Self::Restore(_)
            | Self::CountRows(_)
            | Self::Snapshot(_)
            | Self::Run(_) => false,
        }
    }

    /// It asks a raft cluster for something.
    pub(super) const fn asks_raft(&self) -> bool {
        matches!(self, Self::AskRaft(_))
    }

    /// The object whose state is kept when the run begins, since the step makes it again as it was. `namespace` is the tenant's.
    pub fn remembered(&self, values: &Values, namespace: &str) -> Option<Key> {
        if let Self::CreateStorageClass(class) = self {
            class.remembered(values)
        } else if let Self::CreateStatefulSet(set) = self {
            set.remembered(values, namespace)
        } else {
            None
        }
    }

    /// The word it is written with.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Delete { .. } => "delete",
            Self::Evict { .. } => "evict",
            Self::Scale { .. } => "scale",
            Self::SetReclaimPolicy { .. } => "setReclaimPolicy",
            Self::ClearClaimRef { .. } => "clearClaimRef",
            Self::Reserve { .. } => "reserve",
            Self::Annotate { .. } => "annotate",
            Self::Stamp { .. } => "stamp",
            Self::CreateClaim(_) | Self::RemakeClaims(_) => "createClaim",
            Self::CreateStorageClass(_) => "createStorageClass",
            Self::CreateStatefulSet(_) => "createStatefulSet",
            Self::AskRaft(asked) => asked.word(),
            Self::Dump(_) => "dump",
            Self::Restore(_) => "restore",
            Self::CountRows(_) => "countRows",
            Self::Snapshot(_) => "snapshot",
            Self::Run(_) => "run",
            Self::HelmInstall { .. } => "helmInstall",
            Self::HelmUninstall { .. } => "helmUninstall",
            Self::HelmUpgrade { .. } => "helmUpgrade",
            Self::HelmRollback { .. } => "helmRollback",
        }
    }

    /// The least that such an act weighs when it changes anything, whatever the world (`forecast/tier.rs`).
    pub const fn floor(&self) -> Tier {
        match self {
            Self::SetReclaimPolicy {
                policy: ReclaimPolicy::Retain,
                ..
            } => Tier::T0,
            Self::Delete { .. }
            | Self::Evict { .. }
            | Self::Scale { .. }
            | Self::Annotate { .. }
            | Self::Stamp { .. }
            | Self::CreateClaim(_)
            | Self::RemakeClaims(_)
            | Self::CreateStorageClass(_)
            | Self::CreateStatefulSet(_)
            | Self::Dump(_)
            | Self::CountRows(_)
            | Self::Snapshot(_)
            | Self::HelmInstall { .. }
            | Self::HelmUpgrade { .. }
            | Self::HelmRollback { .. } => Tier::T1,
            Self::AskRaft(asked) => match asked {
                AskedOfRaft::StepDown | AskedOfRaft::Snapshot { .. } => Tier::T1,
                AskedOfRaft::RemovePeer { .. } => Tier::T2,
            },
            Self::SetReclaimPolicy { .. }
            | Self::ClearClaimRef { .. }
            | Self::Reserve { .. }
            | Self::Restore(_)
            | Self::Run(_)
            | Self::HelmUninstall { .. } => Tier::T2,
        }
    }

    /// It can take something away: such a step has to say how its end is seen, until when, and what then.
    pub const fn destructive(&self) -> bool {
        match self {
            Self::SetReclaimPolicy {
                policy: ReclaimPolicy::Retain,
                ..
            }
            | Self::Annotate { .. }
            | Self::Stamp { .. }
            | Self::CreateClaim(_)
            | Self::RemakeClaims(_)
            | Self::CreateStorageClass(_)
            | Self::CreateStatefulSet(_)
            | Self::Dump(_)
            | Self::CountRows(_)
            | Self::Snapshot(_) => false,
            Self::AskRaft(asked) => match asked {
                AskedOfRaft::Snapshot { .. } => false,
                AskedOfRaft::StepDown | AskedOfRaft::RemovePeer { .. } => true,
            },
            Self::Delete { .. }
            | Self::Evict { .. }
            | Self::Scale { .. }
            | Self::SetReclaimPolicy { .. }
            | Self::ClearClaimRef { .. }
            | Self::Reserve { .. }
            | Self::Restore(_)
            | Self::Run(_)
            | Self::HelmInstall { .. }
            | Self::HelmUninstall { .. }
            | Self::HelmUpgrade { .. }
            | Self::HelmRollback { .. } => true,
        }
    }
}

/// As the runbook writes it, parameters and all.
impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delete { aim, propagation } => write!(f, "delete {aim} ({})", propagation.word()),
            Self::Evict { aim } => write!(f, "evict {aim}"),
            Self::Scale { aim, replicas } => write!(f, "scale {aim} to {replicas}"),
            Self::SetReclaimPolicy { aim, policy } => write!(f, "set reclaim policy of {aim} to {}", policy.word()),
            Self::ClearClaimRef { aim } => write!(f, "clear claimRef uid of {aim}"),
            Self::Reserve { aim, claim } => match claim {
                Some(claim) => write!(f, "reserve {aim} for {}", claim.written()),
                None => write!(f, "reserve {aim} for its claim"),
            },
            Self::Annotate { aim, key, value } => match value {
                Some(value) => write!(f, "annotate {aim} {}={}", key.written(), value.written()),
                None => write!(f, "annotate {aim} {}-", key.written()),
            },
            Self::Stamp { aim, release, .. } => write!(f, "stamp {aim} for release {}", release.written()),
            Self::RemakeClaims(_) => write!(f, "create each of {INVENTORY_CLAIMS}"),
            Self::CreateClaim(claim) => write!(f, "create pvc/{}", claim.name.written()),
            Self::CreateStatefulSet(set) => set.fmt(f),
            Self::AskRaft(asked) => asked.fmt(f),
            Self::CreateStorageClass(class) => write!(f, "create storageclass/{}", class.name.written()),
            Self::Dump(dump) => f.write_str(&dump.dump_words()),
            Self::Restore(restore) => f.write_str(&restore.restore_words()),
            Self::CountRows(count) => count.fmt(f),
            Self::Snapshot(snapshot) => snapshot.fmt(f),
            Self::Run(run) => run.fmt(f),
            Self::HelmUninstall { release, .. } => write!(f, "helm uninstall {}", release.release.written()),
            Self::HelmInstall { release, brings, .. } => {
                write!(f, "helm install {} from {brings}", release.release.written())
            }
            Self::HelmUpgrade { release, brings, .. } => {
                write!(f, "helm upgrade {} to {brings}", release.release.written())
            }
            Self::HelmRollback { release, to, .. } => write!(f, "helm rollback {} to {to}", release.release.written()),
        }
    }
}
