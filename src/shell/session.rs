//! What a cockpit is opened with: which cluster, may it act, where its journal lives, how it looks.

use super::raft::RaftConfig;
use crate::app::run::Order;
use crate::cluster::{Clock, ConnectOptions};
use crate::model::{Globs, Key, TenantRule, Text};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// How long an idle feed may go unheard before its facts count as stale.
pub const QUIET: Duration = Duration::from_secs(15);

/// Where the journal of a cluster is kept: `<directory>/<uid of kube-system>/`.
#[derive(Clone, Debug)]
pub struct JournalHome(pub PathBuf);

/// What the operator chose of the view, in a file or by flags; every field has a default.
#[derive(Clone, Debug)]
pub struct Config {
    pub tenants: TenantRule,
    /// Namespaces to fall back to where the cluster may not be listed.
    pub namespaces: Vec<Text>,
    /// A shipped theme's name or a file.
    pub theme: Option<String>,
    /// Drivers whose provisioner is gone for good, by the operator's own word.
    pub dead_provisioners: BTreeSet<Text>,
    /// The path or name of the operator's helm; without it, `helm` on `PATH`.
    pub helm: Option<PathBuf>,
    /// Raft clusters and systems.
    pub raft: RaftConfig,
}

impl Default for Config {
    /// Every namespace but Kubernetes' own is a tenant.
    fn default() -> Self {
        Self {
            tenants: TenantRule::Pattern(Globs::parse("!kube-*").unwrap_or_default()),
            namespaces: Vec::new(),
            theme: None,
            dead_provisioners: BTreeSet::new(),
            helm: None,
            raft: RaftConfig::default(),
        }
    }
}

/// Everything the operator chose before the first answer of a server.
#[derive(Clone, Debug)]
pub struct Session {
    pub connect: ConnectOptions,
    /// The context's name for the header until the server answers.
    pub context: String,
    /// May it act? `None` only observes and needs no journal.
    pub operate: Option<JournalHome>,
    pub config: Config,
    pub clock: Clock,
    pub quiet: Duration,
    /// A run of a runbook to begin or to take up.
    pub run: Option<Box<Order>>,
    /// The object whose way out is shown first.
    pub unstick: Option<Key>,
}

impl Session {
    pub fn new(connect: ConnectOptions, config: &Config) -> Self {
        Self {
            context: connect.context.clone().unwrap_or_default(),
            connect,
            operate: None,
            config: config.clone(),
            clock: Clock::system(),
            quiet: QUIET,
            run: None,
            unstick: None,
        }
    }

    #[must_use]
    pub fn operating(mut self, home: JournalHome) -> Self {
        self.operate = Some(home);
        self
    }

    /// Begins, or takes up, a run.
    #[must_use]
    pub fn running(mut self, order: Order) -> Self {
        self.run = Some(Box::new(order));
        self
    }

    /// The namespaces to fall back to where the cluster may not be listed.
    pub(super) fn namespaces(&self) -> Option<Vec<Text>> {
        (!self.config.namespaces.is_empty()).then(|| self.config.namespaces.clone())
    }
}
