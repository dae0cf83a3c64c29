//! What helm is asked to do to a release. Says it and names it; what comes of it is `laws::helm`'s.

use super::Propagation;
use crate::model::Text;
use crate::model::helm::Executor;
use serde::{Deserialize, Serialize};
use std::fmt;

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
