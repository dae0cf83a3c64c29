//! What helm is asked to do to a release. Says it and names it; what comes of it is `laws::helm`'s.

mod after;
mod fit;

use super::Propagation;
use crate::model::Text;
use crate::model::helm::Executor;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::time::Duration;

pub use after::{After, Standing};

/// What helm is asked to do, and by which version of it; `None` is one that is not known.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum HelmAct {
    Install(Install),
    Uninstall(Uninstall),
    Upgrade(Upgrade),
    Rollback(Rollback),
}

/// How the operator's own helm is started for an act. Without it an act of Helm's is forecast only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Means {
    /// The program, by its absolute path.
    pub program: Text,
    /// `--timeout`, in seconds: for each single thing that helm waits for.
    pub timeout: u32,
}

impl Means {
    /// Helm's own default for `--timeout`, in seconds.
    pub const TIMEOUT: u32 = 300;

    /// How long helm may be at work in all: for three things that are waited for one after the other, such as hooks, and a
    /// minute for everything else.
    pub const fn deadline(&self) -> Duration {
        Duration::from_secs(self.timeout as u64 * 3 + 60)
    }
}

/// What helm makes a manifest from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Source {
    /// A path, or a reference: `./client`, `repo/client`, `oci://…`.
    pub chart: Text,
    /// `--version`; empty: what the reference comes to.
    pub version: Text,
    /// Files for `--values`, in their order.
    pub values: Vec<Text>,
}

/// `client 1.2.3 with a.yaml, b.yaml`.
impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.chart)?;
        if !self.version.is_empty() {
            write!(f, " {}", self.version)?;
        }
        if !self.values.is_empty() {
            write!(f, " with {}", self.values.join(", "))?;
        }
        Ok(())
    }
}

/// `helm install`, of a name that no record bears. The namespace is there: `--create-namespace` is not used.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Install {
    pub executor: Option<Executor>,
    /// The digest of the rendered text (SHA-256, hexadecimal): which manifest was looked at. Empty: none yet.
    pub rendered: Text,
    /// What it was rendered from; without it the install is forecast only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    pub take_ownership: bool,
    #[serde(default)]
    pub wait: bool,
    pub no_hooks: bool,
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
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upgrade {
    pub executor: Option<Executor>,
    /// The digest of the rendered text (SHA-256, hexadecimal): which manifest was looked at. Empty: none yet.
    pub rendered: Text,
    /// What it was rendered from; without it the upgrade is forecast only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<Source>,
    pub take_ownership: bool,
    #[serde(default)]
    pub wait: bool,
    pub no_hooks: bool,
}

/// `helm rollback`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Rollback {
    pub executor: Option<Executor>,
    /// The revision to go back to; 0 is the one before the newest.
    pub to: u32,
    #[serde(default)]
    pub wait: bool,
    pub no_hooks: bool,
}

impl HelmAct {
    /// The version of helm that would do it.
    pub const fn executor(&self) -> Option<Executor> {
        match self {
            Self::Install(options) => options.executor,
            Self::Uninstall(options) => options.executor,
            Self::Upgrade(options) => options.executor,
            Self::Rollback(options) => options.executor,
        }
    }

    /// The same, by this version of helm.
    #[must_use]
    pub fn by(mut self, executor: Executor) -> Self {
        let held = match &mut self {
            Self::Install(options) => &mut options.executor,
            Self::Uninstall(options) => &mut options.executor,
            Self::Upgrade(options) => &mut options.executor,
            Self::Rollback(options) => &mut options.executor,
        };
        *held = Some(executor);
        self
    }

    /// What a manifest is rendered from, for those acts that bring one.
    pub const fn source(&self) -> Option<&Source> {
        match self {
            Self::Install(options) => options.source.as_ref(),
            Self::Upgrade(options) => options.source.as_ref(),
            Self::Uninstall(_) | Self::Rollback(_) => None,
        }
    }

    /// The digest of the manifest it brings.
    pub const fn rendered(&self) -> Option<&Text> {
        match self {
            Self::Install(options) => Some(&options.rendered),
            Self::Upgrade(options) => Some(&options.rendered),
            Self::Uninstall(_) | Self::Rollback(_) => None,
        }
    }

    /// Names the manifest it brings.
    pub fn render(&mut self, source: Source, digest: Text) {
        match self {
            Self::Install(options) => {
                options.source = Some(source);
                options.rendered = digest;
            }
            Self::Upgrade(options) => {
                options.source = Some(source);
                options.rendered = digest;
            }
            Self::Uninstall(_) | Self::Rollback(_) => {}
        }
    }

    pub const fn no_hooks(&self) -> bool {
        match self {
            Self::Install(options) => options.no_hooks,
            Self::Uninstall(options) => options.no_hooks,
            Self::Upgrade(options) => options.no_hooks,
            Self::Rollback(options) => options.no_hooks,
        }
    }

    /// The subcommand: `uninstall`.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Install(_) => "install",
            Self::Uninstall(_) => "uninstall",
            Self::Upgrade(_) => "upgrade",
            Self::Rollback(_) => "rollback",
        }
    }
}

/// `uninstall (helm 3.22.0)`.
impl fmt::Display for HelmAct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())?;
        if let Self::Rollback(Rollback { to, .. }) = self
            && *to != 0
        {
            write!(f, " to revision {to}")?;
        }
        if let Some(source) = self.source() {
            let toward = if matches!(self, Self::Install(_)) { "from" } else { "to" };
            write!(f, " {toward} {}", source.chart)?;
        }
        match self.executor() {
            Some(executor) => write!(f, " ({executor})"),
            None => write!(f, " (helm of an unknown version)"),
        }
    }
}
