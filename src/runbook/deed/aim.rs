//! What an act of a runbook is done to, and the values in it that may be parameters.

use super::{INVENTORY_CLAIMS, INVENTORY_VOLUMES};
use crate::model::Kind;
use crate::runbook::selection::Selection;
use crate::runbook::template::{Template, Values};
use crate::runbook::value::{LONGEST, Value, spelled};
use std::fmt;
use std::time::Duration;

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
    /// Each volume of the inventory, or each of its claims that is still there.
    Inventoried(Kind),
}

/// A value that is written in the runbook, or a parameter of its type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Slot<T> {
    Fixed(T),
    Parameter(String),
}

impl Slot<u32> {
    pub(in crate::runbook) fn fill(&self, values: &Values) -> Result<u32, String> {
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
            Self::One { kind, .. } | Self::Inventoried(kind) => *kind,
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
            Self::Inventoried(Kind::PersistentVolume) => write!(f, "each of {INVENTORY_VOLUMES}"),
            Self::Inventoried(_) => write!(f, "each of {INVENTORY_CLAIMS}"),
        }
    }
}
