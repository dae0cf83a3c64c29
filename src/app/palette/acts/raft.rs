//! What a line asks of a raft cluster: of the one it names, the one on screen, or the tenant's only one. The act is the leader's.

use super::{Asked, Verb, namespaces};
use crate::app::screen::Screen;
use crate::app::state::State;
use crate::model::act::Task;
use crate::model::act::task::{RaftDeed, RaftTask};
use crate::model::raft::{EnsembleId, Peer, PeerState, Picture, Roster};
use crate::model::{Act, Kind, Text};

pub(super) fn act(state: &State, asked: &Asked) -> Result<Act, String> {
    let usage = || asked.verb.usage().to_owned();
    let deed = match (asked.verb, asked.rest.as_slice()) {
        (Verb::StepDown, []) => RaftDeed::StepDown,
        (Verb::RemovePeer, [id]) => RaftDeed::RemovePeer { id: id.clone() },
        (Verb::RaftSnapshot, [to]) => RaftDeed::Snapshot { to: to.clone() },
        _ => return Err(usage()),
    };
    let (roster, picture) = cluster(state, asked)?;
    let id = &roster.id;
    let picture =
        picture.ok_or_else(|| format!("the peers of {id} have not been asked: look at its raft panel first"))?;
    let leader = picture.leader().and_then(|peer| peer.pod.clone());
    let leader = leader.ok_or_else(|| format!("no peer leads {id}, and only a leader can be asked"))?;
    let pod = state.world.find(Kind::Pod, &id.namespace, &leader);
    let target = pod.ok_or_else(|| format!("pod/{leader} is gone"))?.pin();
    let act = Act::Task {
        target,
        task: Box::new(Task::Raft(RaftTask::of(&roster, deed)?)),
    };
    act.misfit().map_or(Ok(act), Err)
}

/// The raft ids that no pod stands behind.
pub(super) fn dead(state: &State, asked: &Asked) -> Vec<String> {
    let Ok((_, Some(picture))) = cluster(state, asked) else {
        return Vec::new();
    };
    let dead = |peer: &&Peer| peer.state == PeerState::NoPod;
    let ids = picture.peers.iter().filter(dead).map(|peer| peer.id.to_string());
    ids.collect()
}

fn cluster(state: &State, asked: &Asked) -> Result<(Roster, Option<Picture>), String> {
    let named = |id: &EnsembleId, roster: &Roster| match &asked.target {
        Some((Kind::Pod, pod)) => roster.member(pod).is_some(),
        Some((_, name)) => id.name == *name,
        None => true,
    };
    let places: Vec<Text> = match &state.visit().screen {
        Screen::Raft(id) if asked.target.is_none() => vec![id.namespace.clone()],
        _ => namespaces(state),
    };
    let all = places
        .iter()
        .flat_map(|namespace| state.conditions.raft.pictures(&state.world, namespace));
    let mut found = all.filter(|(roster, _)| {
        let shown = match &state.visit().screen {
            Screen::Raft(id) if asked.target.is_none() => *id == roster.id,
            _ => true,
        };
        shown && named(&roster.id, roster)
    });
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(format!("which raft cluster? {}", asked.verb.usage())),
        (None, _) => Err(format!("there is no such raft cluster here; {}", asked.verb.usage())),
    }
}
