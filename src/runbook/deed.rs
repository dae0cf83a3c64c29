//! What a step does: the closed vocabulary of acts, each aimed at one object or at a selection, with `${parameter}`s.
//!
//! Says what is asked; which very objects are meant is told from a world, and what comes of it is `forecast`'s.

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

mod acts;
mod reading;

pub use acts::{Aimed, Known, Unaimed};
pub(super) use reading::read;

use super::selection::Selection;
use super::template::{Template, Values};
use super::value::{LONGEST, Value, spelled};
use crate::forecast::Tier;
use crate::model::act::Source;
use crate::model::storage::ReclaimPolicy;
use crate::model::{Kind, Propagation};
use std::fmt;
use std::time::Duration;

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
    /// Reserves a volume for a claim, by namespace and name.
    Reserve {
        aim: Aim,
        claim: Template,
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

/// Which release, and how helm is to be asked.
#[derive(Clone, Debug)]
pub struct HelmAim {
    pub(super) release: Template,
    pub(super) namespace: Option<Template>,
    pub(super) no_hooks: bool,
}

/// What an act is done to.
#[derive(Clone, Debug)]
pub enum Aim {
    /// One object. Its namespace is the tenant's unless the runbook says another.
    One {
        kind: Kind,
        name: Template,
        namespace: Option<Template>,
    },
    /// Each of these, one after the other.
    Each(&'static Selection),
}

/// A value that is written in the runbook, or a parameter of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot<T> {
    Fixed(T),
    Parameter(String),
}

impl Slot<u32> {
    pub(super) fn fill(&self, values: &Values) -> Result<u32, String> {
        match self {
            Self::Fixed(number) => Ok(*number),
            Self::Parameter(name) => match values.get(name) {
                Some(Value::Int(number)) => {
                    u32::try_from(*number).map_err(|_error| format!("{name} is {number}; it is 0 or more"))
                }
                Some(Value::Text(_) | Value::Bool(_) | Value::Duration(_) | Value::Quantity(_)) | None => {
                    Err(format!("{name} is no number"))
                }
            },
        }
    }
}

impl Slot<Duration> {
    /// The time; the longest one where the parameter has none, which a runbook that was read cannot have.
    pub fn fill(&self, values: &Values) -> Duration {
        match self {
            Self::Fixed(time) => *time,
            Self::Parameter(name) => match values.get(name) {
                Some(Value::Duration(time)) => *time,
                Some(Value::Text(_) | Value::Int(_) | Value::Bool(_) | Value::Quantity(_)) | None => LONGEST,
            },
        }
    }

    /// As it is written: `10m`, `${settle}`.
    pub fn written(&self) -> String {
        match self {
            Self::Fixed(time) => spelled(*time),
            Self::Parameter(name) => format!("${{{name}}}"),
        }
    }
}

impl<T: fmt::Display> fmt::Display for Slot<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fixed(value) => value.fmt(f),
            Self::Parameter(name) => write!(f, "${{{name}}}"),
        }
    }
}

impl Aim {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::One { kind, .. } => *kind,
            Self::Each(selection) => selection.kind,
        }
    }
}

/// As the runbook writes it: `pvc/${claim}`, `each of jobs.foreign`.
impl fmt::Display for Aim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::One { kind, name, namespace } => {
                write!(f, "{kind}/{}", name.written())?;
                match namespace {
                    Some(namespace) => write!(f, " in {}", namespace.written()),
                    None => Ok(()),
                }
            }
            Self::Each(selection) => write!(f, "each of {}", selection.name),
        }
    }
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
            | Self::CreateClaim(_) => false,
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
            Self::CreateClaim(_) => "createClaim",
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
            | Self::HelmInstall { .. }
            | Self::HelmUpgrade { .. }
            | Self::HelmRollback { .. } => Tier::T1,
            Self::SetReclaimPolicy { .. }
            | Self::ClearClaimRef { .. }
            | Self::Reserve { .. }
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
            | Self::CreateClaim(_) => false,
            Self::Delete { .. }
            | Self::Evict { .. }
            | Self::Scale { .. }
            | Self::SetReclaimPolicy { .. }
            | Self::ClearClaimRef { .. }
            | Self::Reserve { .. }
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
            Self::Reserve { aim, claim } => write!(f, "reserve {aim} for {}", claim.written()),
            Self::Annotate { aim, key, value } => match value {
                Some(value) => write!(f, "annotate {aim} {}={}", key.written(), value.written()),
                None => write!(f, "annotate {aim} {}-", key.written()),
            },
            Self::Stamp { aim, release, .. } => write!(f, "stamp {aim} for release {}", release.written()),
            Self::CreateClaim(claim) => write!(f, "create pvc/{}", claim.name.written()),
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
