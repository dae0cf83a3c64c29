//! What do raft peers say of themselves? All pods of a cluster asked side by side, each with a deadline of its own, through
//! port-forwards of the same kube client, or through the API server's pod proxy where those are forbidden; a described system
//! by a command in each pod, where its description says so.
//!
//! Everything asked is read and nothing is changed; redirects are not followed; a token goes only to a peer that says it
//! leads, only through a port-forward, and is kept nowhere. Every connection ends with its sweep.

mod command;
mod etcd;
mod line;
mod tls;
mod token;
mod tunnel;
mod vault;

pub use tls::Trust;
pub use token::{Source, TokenError, fetch};

use super::connect::Connection;
use crate::model::act::task::RaftTask;
use crate::model::raft::described::{Asks, Described};
use crate::model::raft::{
    Answer, EnsembleId, Fault, Gap, Known, Member, Picture, Reply, Roster, Said, Silence, Soundings, Sweep, System,
};
use crate::model::{Text, Uid};
use futures::future::join_all;
use secrecy::SecretString;
use std::time::Duration;
use tunnel::Tunnel;

pub(in crate::cluster) use line::{Ask, Line, Unanswered};

/// How long one peer may take for everything it is asked. One that hangs delays nobody else, and the sweep by no more.
pub const DEADLINE: Duration = Duration::from_secs(3);

/// What it takes to reach and to ask the peers of one cluster, besides the kubeconfig.
#[derive(Clone, Debug, Default)]
pub struct Means {
    /// Given for this very cluster, never for whatever looks like one.
    pub token: Option<SecretString>,
    pub trust: Trust,
    /// For a system that the operator has described.
    pub described: Option<Described>,
}

/// How the peers of one cluster are reached for something that was approved.
#[derive(Clone, Debug)]
pub struct Way {
    roster: Roster,
    means: Means,
}

impl Way {
    /// To the cluster that an act is about, in the namespace of its pods.
    pub fn to(namespace: &Text, task: &RaftTask, means: Means) -> Self {
        let members = task.peers.iter().map(|pod| Member {
            pod: pod.clone(),
            uid: Uid::default(),
            node: Text::default(),
            leaving: false,
            running: true,
            claims: Vec::new(),
        });
        Self {
            roster: Roster {
                id: EnsembleId {
                    namespace: namespace.clone(),
                    name: task.cluster.clone(),
                },
                system: System::Vault,
                port: task.port,
                tls: task.tls,
                fixed_id: None,
                replicas: None,
                members: members.collect(),
            },
            means,
        }
    }

    pub(in crate::cluster) const fn id(&self) -> &EnsembleId {
        &self.roster.id
    }

    pub(in crate::cluster) const fn token(&self) -> Option<&SecretString> {
        self.means.token.as_ref()
    }

    /// A line to one of the pods.
    pub(in crate::cluster) async fn open<'a>(
        &'a self,
        connection: &'a Connection,
        pod: &str,
    ) -> Result<Line<'a>, Silence> {
        let member = self.roster.member(pod).ok_or(Silence::NotRunning)?;
        let tunnel = Tunnel::new(connection, &self.roster, member, &self.means.trust);
        match tokio::time::timeout(DEADLINE, tunnel.open()).await {
            Ok(opened) => opened,
            Err(_elapsed) => Err(tunnel.hung(DEADLINE)),
        }
    }

    /// Asks all of them what they say now.
    pub(in crate::cluster) async fn ask(&self, connection: &Connection) -> Option<Picture> {
        let mut soundings = Soundings::default();
        soundings.enter(self.roster.clone(), sweep(connection, &self.roster, &self.means).await);
        Picture::of(&self.roster, soundings.get(&self.roster.id)?)
    }
}

/// Asks every pod of the roster, side by side; ends after [`DEADLINE`] at the latest.
pub async fn sweep(connection: &Connection, roster: &Roster, means: &Means) -> Sweep {
    let asked = roster.members.iter().map(|member| async move {
        Answer {
            reply: reply(connection, roster, member, means).await,
            pod: member.pod.clone(),
            uid: member.uid.clone(),
        }
    });
    let answers = join_all(asked).await;
    Sweep {
        at: connection.clock().moment(),
        answers,
    }
}

async fn reply(connection: &Connection, roster: &Roster, member: &Member, means: &Means) -> Reply {
    if !member.running {
        return Reply::Silent(Silence::NotRunning);
    }
    if let (System::Described(_), Some(description)) = (&roster.system, &means.described)
        && let Asks::Exec { argv, container } = &description.asks
    {
        let place = (roster.id.namespace.as_str(), member);
        return command::ask(connection, place, description, (argv, container)).await;
    }
    let tunnel = Tunnel::new(connection, roster, member, &means.trust);
    let asked = ask(&tunnel, &roster.system, means);
    let asked = tokio::time::timeout(DEADLINE, asked).await;
    asked.unwrap_or_else(|_elapsed| Reply::Silent(tunnel.hung(DEADLINE)))
}

async fn ask(tunnel: &Tunnel<'_>, system: &System, means: &Means) -> Reply {
    let mut line = match tunnel.open().await {
        Ok(line) => line,
        Err(silence) => return Reply::Silent(silence),
    };
    let answered = match system {
        System::Vault | System::OpenBao => vault::ask(&mut line, means.token.as_ref()).await,
        System::Etcd => etcd::ask(&mut line).await,
        System::Described(_) => described(&mut line, means.described.as_ref()).await,
    };
    match answered {
        Ok(said) => Reply::Said(Box::new(said)),
        Err(silence) => Reply::Silent(silence),
    }
}

async fn described(line: &mut Line<'_>, description: Option<&Described>) -> Result<Said, Silence> {
    let mut said = spoken();
    if let Some(description) = description
        && let Asks::Get { path, .. } = &description.asks
    {
        let read = |said: &mut Said, _status: u16, body: &[u8]| description.read(said, body);
        put(line, &mut said, &Ask::get(path), "its status", read).await?;
    }
    Ok(said)
}

/// What a system that is not known here never says.
fn spoken() -> Said {
    Said {
        configuration: Known::Untold(Gap::NeverSaid),
        ..Said::default()
    }
}

/// Asks one thing and lets `read` take the answer in; what is wrong with the answer is a fault of this peer. `Err` when the
/// peer is not to be had at all.
async fn put(
    line: &mut Line<'_>,
    said: &mut Said,
    ask: &Ask<'_>,
    asked: &'static str,
    read: impl FnOnce(&mut Said, u16, &[u8]) -> Result<(), String>,
) -> Result<(), Silence> {
    let why = match line.ask(ask).await {
        Ok(answer) => match answer.plain() {
            Ok(body) => read(said, answer.status, body).err(),
            Err(why) => Some(why),
        },
        // what was odd before has ended the connection: that is the trouble, and the rest is not asked
        Err(Unanswered::Silent(_)) if !said.faults.is_empty() => None,
        Err(Unanswered::Silent(silence)) => return Err(silence),
        Err(Unanswered::Odd(why)) => Some(why),
    };
    if let Some(why) = why {
        said.faults.push(Fault { asked, why: why.into() });
    }
    Ok(())
}
