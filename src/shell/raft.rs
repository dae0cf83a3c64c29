//! Who asks raft peers, and with which token: the only place where tokens are kept, in memory, each for one cluster.

use crate::app::raft::TokenGift;
use crate::cluster::raft::{Means, Source, Trust, Way, fetch, sweep};
use crate::cluster::{Clock, Connection};
use crate::forecast::forecast;
use crate::laws::Conditions;
use crate::model::act::Task;
use crate::model::feed::PROMISE;
use crate::model::raft::described::Described;
use crate::model::raft::{EnsembleId, Gap, Roster, Sweep, System};
use crate::model::{Act, World};
use futures::future::join_all;
use secrecy::SecretString;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use tokio::sync::watch;

/// What the configuration says of raft systems.
#[derive(Clone, Debug, Default)]
pub struct RaftConfig {
    /// By `namespace/name`.
    pub clusters: BTreeMap<String, ClusterConfig>,
    /// Systems that the operator has described.
    pub described: Vec<Described>,
}

/// What the configuration says of one cluster.
#[derive(Clone, Debug, Default)]
pub struct ClusterConfig {
    pub token: Option<Source>,
    pub trust: Trust,
}

/// Asks peers. Clones share the tokens, and none of them prints one.
#[derive(Clone, Debug)]
pub struct Asker {
    config: Arc<RaftConfig>,
    tokens: Arc<watch::Sender<BTreeMap<EnsembleId, SecretString>>>,
}

impl Asker {
    pub fn new(config: RaftConfig) -> Self {
        Self {
            config: Arc::new(config),
            tokens: Arc::new(watch::Sender::new(BTreeMap::new())),
        }
    }

    pub fn described(&self) -> &[Described] {
        &self.config.described
    }

    fn of(&self, id: &EnsembleId) -> ClusterConfig {
        self.config.clusters.get(&id.to_string()).cloned().unwrap_or_default()
    }

    fn means(&self, roster: &Roster) -> Means {
        let described = match &roster.system {
            System::Described(name) => self.config.described.iter().find(|one| one.name == *name).cloned(),
            System::Vault | System::OpenBao | System::Etcd => None,
        };
        Means {
            token: self.tokens.borrow().get(&roster.id).cloned(),
            trust: self.of(&roster.id).trust,
            described,
        }
    }

    /// Asks all peers of a cluster. A token that the configuration names is fetched when there is none yet, and once again
    /// when it has lapsed.
    pub async fn sweep(&self, connection: &Connection, roster: &Roster) -> Sweep {
        let source = self.of(&roster.id).token.filter(|_| roster.system.is_vault());
        if let Some(source) = &source
            && self.tokens.borrow().get(&roster.id).is_none()
        {
            self.fetch(&roster.id, source).await;
        }
        let swept = sweep(connection, roster, &self.means(roster)).await;
        let lapsed = swept
            .said()
            .any(|(_, said)| said.configuration.gap() == Some(&Gap::Lapsed));
        match &source {
            Some(source) if lapsed && self.fetch(&roster.id, source).await => {
                sweep(connection, roster, &self.means(roster)).await
            }
            Some(_) | None => swept,
        }
    }

    /// How the peers are reached that an act asks something of; `None` for every other act.
    pub async fn way(&self, act: &Act) -> Option<Way> {
        let Act::Task { target, task } = act else { return None };
        let Task::Raft(task) = task.as_ref() else { return None };
        let id = EnsembleId {
            namespace: target.key.namespace.clone(),
            name: task.cluster.clone(),
        };
        let config = self.of(&id);
        if let Some(source) = &config.token
            && self.tokens.borrow().get(&id).is_none()
        {
            self.fetch(&id, source).await;
        }
        let means = Means {
            token: self.tokens.borrow().get(&id).cloned(),
            trust: config.trust,
            described: None,
        };
        Some(Way::to(&target.key.namespace, task, means))
    }

    async fn fetch(&self, id: &EnsembleId, source: &Source) -> bool {
        match fetch(source).await {
            Ok(token) => {
                self.keep(id, token);
                true
            }
            Err(error) => {
                tracing::warn!(%id, %error, "no token");
                false
            }
        }
    }

    fn keep(&self, id: &EnsembleId, token: SecretString) {
        self.tokens.send_modify(|tokens| drop(tokens.insert(id.clone(), token)));
    }

    /// Takes a token for one cluster. An error says nothing of it.
    pub async fn give(&self, id: &EnsembleId, gift: TokenGift) -> Result<(), String> {
        let token = match gift {
            TokenGift::Typed(token) => token,
            TokenGift::Configured => self.configured(id).await?,
        };
        self.keep(id, token);
        Ok(())
    }

    /// The token from where the configuration says; else from the environment, else from the file that `vault login` writes.
    async fn configured(&self, id: &EnsembleId) -> Result<SecretString, String> {
        if let Some(source) = self.of(id).token {
            return fetch(&source).await.map_err(|error| error.to_string());
        }
        for variable in ["VAULT_TOKEN", "BAO_TOKEN"] {
            if let Ok(token) = fetch(&Source::Environment(variable.to_owned())).await {
                return Ok(token);
            }
        }
        let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
        let file = fetch(&Source::File(home.join(".vault-token"))).await;
        file.map_err(|error| format!("neither VAULT_TOKEN nor BAO_TOKEN is set, and {error}"))
    }

    /// Asks the peers of every cluster that an act touches, so that its forecast knows them.
    pub async fn inform(
        &self,
        connection: &Connection,
        clock: &Clock,
        world: &World,
        act: &Act,
        conditions: &mut Conditions,
    ) {
        let told = forecast(world, act, conditions, clock.now(), PROMISE).quorum;
        let rosters: Vec<Roster> = told
            .iter()
            .filter_map(|told| {
                let (namespace, _) = told.ensemble.split_once('/')?;
                let mut all = conditions.raft.rosters(world, namespace).into_iter();
                all.find(|roster| roster.id.to_string() == told.ensemble)
            })
            .collect();
        let sweeps = join_all(rosters.iter().map(|roster| self.sweep(connection, roster))).await;
        let soundings = Arc::make_mut(&mut conditions.raft);
        for (roster, sweep) in rosters.into_iter().zip(sweeps) {
            soundings.enter(roster, sweep);
        }
    }
}
