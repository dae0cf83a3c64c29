//! What is asked of a raft cluster through the peer that leads it: once, with the token that was given for it, and judged by
//! what the peers say afterwards.

mod archive;
mod snapshot;

use super::{Hear, not_applied, pause, pod};
use crate::cluster::connect::Connection;
use crate::cluster::raft::{Ask, DEADLINE, Line, Unanswered, Way};
use crate::cluster::said;
use crate::cluster::write::RAFT_CHANGE;
use crate::journal::Outcome;
use crate::model::act::After;
use crate::model::act::task::{RaftDeed, RaftTask};
use crate::model::raft::decode::vault;
use crate::model::raft::{Peer, PeerState, Picture, Said};
use crate::model::{Pin, Text};
use bytes::Bytes;
use secrecy::ExposeSecret as _;
use serde_json::json;
use tokio::time::{Instant, sleep, timeout};

const TOKEN: &str = "x-vault-token";
const STEP_DOWN: &str = "/v1/sys/step-down";
const REMOVE: &str = "/v1/sys/storage/raft/remove-peer";

pub(super) async fn carry(
    connection: &Connection,
    target: &Pin,
    task: &RaftTask,
    way: Option<&Way>,
    step: &str,
    hear: Hear<'_>,
) -> Outcome {
    let (Some(way), Ok((_, leader))) = (way, pod(target)) else {
        return not_applied("nobody said how its peers are reached".to_owned());
    };
    if way.token().is_none() {
        return not_applied(format!(
            "no token was given for {}: t in its raft panel takes one",
            way.id()
        ));
    }
    let mut line = match leading(connection, way, leader).await {
        Ok(line) => line,
        Err(why) => return not_applied(why),
    };
    match &task.asks {
        RaftDeed::StepDown => {
            let asked = change(&mut line, way, STEP_DOWN, Bytes::from_static(b"{}")).await;
            drop(line);
            match asked {
                Asked::Refused(outcome) => outcome,
                Asked::Taken => stepped_down(connection, way, task, leader, None, hear).await,
                Asked::Unanswered(why) => stepped_down(connection, way, task, leader, Some(why), hear).await,
            }
        }
        RaftDeed::RemovePeer { id } => {
            let body = json!({ "server_id": id }).to_string();
            let asked = change(&mut line, way, REMOVE, body.into()).await;
            drop(line);
            match asked {
                Asked::Refused(outcome) => outcome,
                Asked::Taken => removed(connection, way, task, id, None).await,
                Asked::Unanswered(why) => removed(connection, way, task, id, Some(why)).await,
            }
        }
        RaftDeed::Snapshot { to } => snapshot::taken(&mut line, way, task, leader, (to, step), hear).await,
    }
}

/// What became of one that was under way when its cockpit ended: the peers are asked.
pub(super) async fn standing(
    connection: &Connection,
    target: &Pin,
    task: &RaftTask,
    way: Option<&Way>,
    step: &str,
) -> Result<After, String> {
    let (_, leader) = pod(target)?;
    if let RaftDeed::Snapshot { to } = &task.asks {
        return snapshot::standing(to, step).await;
    }
    let way = way.ok_or_else(|| "nobody said how its peers are reached".to_owned())?;
    let picture = way.ask(connection).await.ok_or("its peers were not asked")?;
    match &task.asks {
        RaftDeed::StepDown => match led_by(&picture, leader) {
            Led::Another(name) => Ok(After::Reached(format!("{name} leads now, and {leader} does not"))),
            Led::Still => Ok(After::Untouched(format!("{leader} leads"))),
            Led::Untold(why) => Err(why),
        },
        RaftDeed::RemovePeer { id } => match listed(&picture, id) {
            Some(false) => Ok(After::Reached(format!("peer {id} is in no configuration any more"))),
            Some(true) => Ok(After::Untouched(format!("peer {id} is in the configuration"))),
            None => Err(format!(
                "who is in the configuration of {} is not known: {}",
                way.id(),
                picture.unconfirmed.map(|gap| gap.words()).unwrap_or_default()
            )),
        },
        RaftDeed::Snapshot { .. } => Err("its file tells".to_owned()),
    }
}

/// How a change was answered.
enum Asked {
    Taken,
    /// Certain that nothing was done.
    Refused(Outcome),
    /// It may have been done: what the peers say tells.
    Unanswered(String),
}

/// A line to the peer that was shown, which still leads by its own word.
async fn leading<'a>(connection: &'a Connection, way: &'a Way, leader: &str) -> Result<Line<'a>, String> {
    let lost = |why: String| format!("{leader} was not reached, so nothing was asked: {why}");
    let mut line = way
        .open(connection, leader)
        .await
        .map_err(|silence| lost(silence.words()))?;
    if !line.private() {
        return Err(lost(
            "a token goes only through a port-forward, and those are forbidden".to_owned(),
        ));
    }
    let ask = Ask::get("/v1/sys/leader");
    let answered = timeout(DEADLINE, line.ask(&ask)).await;
    let answered = answered.map_err(|_elapsed| lost(format!("it says nothing for {}s", DEADLINE.as_secs())))?;
    let answered = answered.map_err(|unanswered| lost(words(&unanswered)))?;
    let mut said = Said::default();
    answered
        .plain()
        .and_then(|body| vault::leader(&mut said, body))
        .map_err(lost)?;
    if said.leads != Some(true) {
        return Err(format!("{leader} does not lead any more, so nothing was asked"));
    }
    Ok(line)
}

/// Asks for a change, once.
async fn change(line: &mut Line<'_>, way: &Way, path: &str, body: Bytes) -> Asked {
    let token = way.token().map(|token| token.expose_secret().to_owned());
    let token = secrecy::SecretString::from(token.unwrap_or_default());
    let ask = Ask::change(RAFT_CHANGE, path, body).with(TOKEN, token.expose_secret());
    match timeout(DEADLINE * 3, line.ask(&ask)).await {
        Err(_elapsed) => Asked::Unanswered(format!("no answer within {}s", (DEADLINE * 3).as_secs())),
        Ok(Err(unanswered)) => Asked::Unanswered(words(&unanswered)),
        Ok(Ok(answered)) => match answered.status {
            200..300 => Asked::Taken,
            300..400 => Asked::Refused(not_applied(
                answered
                    .plain()
                    .err()
                    .unwrap_or_else(|| "it sends us elsewhere".to_owned()),
            )),
            code @ 400..500 => Asked::Refused(Outcome::Refused {
                code,
                why: vault::errors(answered.body()),
            }),
            code => Asked::Unanswered(format!("it answered {code}: {}", vault::errors(answered.body()))),
        },
    }
}

fn words(unanswered: &Unanswered) -> String {
    match unanswered {
        Unanswered::Silent(silence) => silence.words(),
        Unanswered::Odd(why) => said::plain(why),
    }
}

/// Who leads, seen from the one that led.
enum Led {
    Another(Text),
    Still,
    Untold(String),
}

fn led_by(picture: &Picture, before: &str) -> Led {
    match picture.leader() {
        Some(peer) if peer.name() == before => Led::Still,
        Some(peer) => Led::Another(peer.name().into()),
        None if picture.peers.iter().filter(|peer| peer.leads).count() > 1 => {
            Led::Untold("more than one peer calls itself the leader".to_owned())
        }
        None => Led::Untold("no peer leads yet".to_owned()),
    }
}

/// Waits until another peer leads and the one before follows. `doubt`: why it is not known whether the request was taken.
async fn stepped_down(
    connection: &Connection,
    way: &Way,
    task: &RaftTask,
    before: &str,
    doubt: Option<String>,
    hear: Hear<'_>,
) -> Outcome {
    hear(format!("{before} was asked to step down; the others elect"));
    let deadline = Instant::now() + task.deadline();
    let (mut tries, mut stood) = (0, String::new());
    loop {
        let seen = match way.ask(connection).await {
            Some(picture) => match led_by(&picture, before) {
                Led::Another(name) if follows(&picture, before) => {
                    return Outcome::Done {
                        evidence: format!("{name} leads now, and {before} follows"),
                    };
                }
                Led::Another(name) => format!("{name} leads, and {before} does not answer yet"),
                Led::Still => format!("{before} leads"),
                Led::Untold(why) => why,
            },
            None => "the peers were not asked".to_owned(),
        };
        if seen != stood {
            hear(seen.clone());
            stood.clone_from(&seen);
        }
        if Instant::now() >= deadline {
            return match doubt {
                Some(why) => Outcome::InDoubt {
                    why: format!("asked to step down, and {why}; after {} s {seen}", task.within),
                },
                None => Outcome::Failed {
                    why: format!(
                        "{before} was asked to step down and took it; after {} s {seen}: the election has not come to \
                         another leader. Begin it anew; where that changes nothing, and all others are healthy, delete \
                         pod/{before}: it comes back on its own volumes, and they elect one of themselves",
                        task.within
                    ),
                },
            };
        }
        sleep(pause(tries)).await;
        tries += 1;
    }
}

fn follows(picture: &Picture, pod: &str) -> bool {
    let peer: Option<&Peer> = picture.peer_of(pod);
    peer.is_some_and(|peer| peer.state == PeerState::Up && !peer.leads)
}

/// Whether the configuration lists a peer; `None` where it is not known.
fn listed(picture: &Picture, id: &str) -> Option<bool> {
    picture.confirmed().then(|| {
        picture
            .peers
            .iter()
            .any(|peer| peer.id == id && !peer.address.is_empty())
    })
}

async fn removed(connection: &Connection, way: &Way, task: &RaftTask, id: &str, doubt: Option<String>) -> Outcome {
    let deadline = Instant::now() + task.deadline();
    let mut tries = 0;
    loop {
        let picture = way.ask(connection).await;
        let listed = picture.as_ref().and_then(|picture| listed(picture, id));
        if listed == Some(false) {
            return Outcome::Done {
                evidence: format!("peer {id} is in no configuration any more"),
            };
        }
        if Instant::now() >= deadline {
            let seen = match listed {
                Some(_) => "it is in the configuration",
                None => "who is in the configuration is not known",
            };
            let why = doubt.unwrap_or_else(|| "the leader took it".to_owned());
            return Outcome::InDoubt {
                why: format!("asked to remove peer {id}: {why}; after {} s {seen}", task.within),
            };
        }
        sleep(pause(tries)).await;
        tries += 1;
    }
}
