//! How is a cluster reached, and which one is it? From a kubeconfig to a connection whose identity is known.

use super::client::{self, Clients};
use super::clock::Clock;
use super::drivers;
use super::error::ClusterError;
use super::identity;
use super::kubeconfig;
use super::said;
use crate::laws::Conditions;
use crate::model::{ClusterIdentity, Operator, Text};
use kube::Config;
use kube::config::{ExecInteractiveMode, Kubeconfig};
use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::{Mutex, watch};

/// What the operator said about the cluster to open.
#[derive(Clone, Debug, Default)]
pub struct ConnectOptions {
    /// A kubeconfig file in place of `KUBECONFIG` and `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// A context in place of the current one.
    pub context: Option<String>,
    /// A credential plugin may talk to the terminal when it cannot do without: true only before a screen is up.
    /// Later renewals never do.
    pub plugin_may_ask: bool,
}

/// A cluster that answered, and who we are to it. Cheap to clone; all clones share connections and credentials.
#[derive(Clone)]
pub struct Connection(Arc<Shared>);

struct Shared {
    config: Config,
    /// The kubeconfig of this connection alone, for the operator's helm. It holds credentials.
    alone: Kubeconfig,
    identity: ClusterIdentity,
    operator: Operator,
    version: Option<ServerVersion>,
    attachless: BTreeSet<Text>,
    clock: Clock,
    clients: watch::Sender<Clients>,
    /// Held while credentials are renewed, so that many askers renew once.
    renewing: Mutex<()>,
}

/// What `GET /version` says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerVersion {
    /// The minor version of Kubernetes: 36 of v1.36.3.
    pub minor: u32,
    /// As the server writes it: `v1.36.3`.
    pub git: String,
}

/// Opens the cluster that the kubeconfig's context names, asks it which it is and who we are. Takes 10 s a question at
/// most; blocks no executor thread while a credential plugin runs.
pub async fn connect(options: &ConnectOptions, clock: Clock) -> Result<Connection, ClusterError> {
    install_crypto();
    let chosen = kubeconfig::choose(options.kubeconfig.as_deref(), options.context.as_deref()).await?;
    let config = chosen.config;
    let clients = log_in(&config, &chosen.context, options.plugin_may_ask).await?;
    let known = identity::ask(&clients.reading, &config, &chosen.context, &chosen.user).await?;
    let attachless = drivers::attachless(&clients.reading).await;
    tracing::info!(context = %said::plain(&chosen.context), server = %known.identity.server, "connected");
    Ok(Connection(Arc::new(Shared {
        operator: Operator {
            user: known.identity.user.clone(),
            host: host().await.into(),
        },
        identity: known.identity,
        version: known.version,
        attachless,
        config,
        alone: chosen.alone,
        clock,
        clients: watch::Sender::new(clients),
        renewing: Mutex::new(()),
    })))
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Connection({})", self.0.identity.server)
    }
}

impl Connection {
    /// The cluster and the person, as found when the connection was made. An empty `kube_system` or `user` means that
    /// the server would not say: such a cluster is never written to.
    pub fn identity(&self) -> &ClusterIdentity {
        &self.0.identity
    }

    pub fn operator(&self) -> &Operator {
        &self.0.operator
    }

    /// `None` when the server would not say.
    pub fn version(&self) -> Option<&ServerVersion> {
        self.0.version.as_ref()
    }

    /// The minor version of the server's Kubernetes, where it says so.
    pub fn server_minor(&self) -> Option<u32> {
        self.version().map(|version| version.minor)
    }

    /// What the laws take as given of this cluster, with the provisioners that the operator has called dead.
    pub fn conditions(&self, dead_provisioners: &BTreeSet<Text>) -> Conditions {
        Conditions {
            server_minor: self.server_minor(),
            dead_provisioners: dead_provisioners.clone(),
            attachless_drivers: self.0.attachless.clone(),
            ..Conditions::default()
        }
    }

    pub fn clock(&self) -> &Clock {
        &self.0.clock
    }

    pub(super) fn config(&self) -> &Config {
        &self.0.config
    }

    pub(super) fn kubeconfig(&self) -> &Kubeconfig {
        &self.0.alone
    }

    pub(super) fn clients(&self) -> Clients {
        self.0.clients.borrow().clone()
    }

    /// New clients with new credentials, unless somebody renewed them since `seen`.
    pub(super) async fn renew(&self, seen: u64) -> Result<Clients, ClusterError> {
        let renewing = self.0.renewing.lock().await;
        let current = self.clients();
        if current.generation != seen {
            return Ok(current);
        }
        let fresh = build(&self.0.config, &self.0.identity.context, false, seen + 1).await?;
        self.0.clients.send_replace(fresh.clone());
        drop(renewing);
        tracing::info!("credentials renewed after a 401");
        Ok(fresh)
    }
}

/// Builds clients whose plugin is silent from the start. Where it will not work without asking, it asks once, on a client
/// that is thrown away, and its own cache answers the silent one.
async fn log_in(config: &Config, context: &str, may_ask: bool) -> Result<Clients, ClusterError> {
    match build(config, context, false, 0).await {
        Err(ClusterError::PluginFailed { .. }) if may_ask => {
            drop(build(config, context, true, 0).await?);
            build(config, context, false, 0).await
        }
        built => built,
    }
}

async fn build(config: &Config, context: &str, ask: bool, generation: u64) -> Result<Clients, ClusterError> {
    let mut config = config.clone();
    if let (Some(exec), false) = (&mut config.auth_info.exec, ask) {
        // silent: standard error is captured instead of written over the screen
        exec.interactive_mode = Some(ExecInteractiveMode::Never);
    }
    let command = client::plugin(&config);
    let context = said::plain(context);
    let unusable = |why: String| ClusterError::BadContext {
        context: context.clone(),
        why: said::plain(&why),
    };
    let built = tokio::task::spawn_blocking(move || client::build(&config, generation)).await;
    built
        .map_err(|error| unusable(error.to_string()))?
        .map_err(|error| match client::credential_trouble(&error) {
            Some(said) => ClusterError::PluginFailed {
                context: context.clone(),
                command,
                said,
            },
            None => unusable(error.to_string()),
        })
}

/// rustls picks no provider by itself once two are compiled in (`reference/libraries.md` §1): ours is ring, said once.
fn install_crypto() {
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("a TLS provider is installed already");
    }
}

/// The name of this machine, for the journal.
async fn host() -> String {
    let read = tokio::fs::read_to_string("/proc/sys/kernel/hostname").await.ok();
    let name = match read {
        Some(name) => Some(name),
        None => tokio::process::Command::new("hostname")
            .output()
            .await
            .ok()
            .map(|output| String::from_utf8_lossy(&output.stdout).into_owned()),
    };
    name.map(|name| said::plain(&name))
        .filter(|name| !name.is_empty())
        .unwrap_or_else(|| "unknown-host".to_owned())
}
