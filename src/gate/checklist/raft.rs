//! What is asked of a raft cluster itself: who leads, who votes, and whether the others can go on without.

use super::Sight;
use crate::diagnose::raft::Sight as Peers;
use crate::diagnose::{Found, Look};
use crate::gate::item::Item;
use crate::model::act::task::{RaftDeed, RaftTask};
use crate::model::{Kind, Object};

pub(super) fn items(sight: Sight<'_>, target: &Object, task: &RaftTask) -> Vec<Item> {
    let look = Look {
        world: sight.world,
        conditions: sight.conditions,
        now: sight.now,
        quiet: sight.quiet,
    };
    let mut rosters = sight
        .conditions
        .raft
        .rosters(sight.world, &target.meta.namespace)
        .into_iter();
    let peers = match rosters.find(|roster| roster.id.name == task.cluster) {
        Some(roster) => Peers::of(look, roster),
        None => Err(Found::untold(format!("there is no raft cluster {}", task.cluster))),
    };
    let item = |id: &'static str, title: String, found: Found| {
        let fresh = sight.fresh(&[Kind::Pod, Kind::StatefulSet]);
        Item::sensed(
            id,
            title,
            found,
            fresh,
            "the peers themselves: sys/leader, raft configuration, autopilot",
        )
    };
    let mut items = vec![
        item(
            "raft.leads",
            format!("{} leads {}, and nobody else", target.key(), task.cluster),
            asked(&peers, |peers| peers.led_by(&target.meta.name)),
        ),
        item(
            "raft.token",
            "a token was given that its leader takes".to_owned(),
            asked(&peers, Peers::confirmed),
        ),
    ];
    match &task.asks {
        RaftDeed::StepDown => items.extend([
            item(
                "raft.whole",
                "the peers are the pods, and each is where it says".to_owned(),
                asked(&peers, Peers::whole),
            ),
            item(
                "raft.others-caught-up",
                "every other voter has what the leader has".to_owned(),
                asked(&peers, Peers::caught_up),
            ),
        ]),
        RaftDeed::RemovePeer { id } => {
            items.push(item(
                "raft.peer-dead",
                format!("peer {id} can never come back as it is"),
                asked(&peers, |peers| peers.removable(id)),
            ));
            if sight.attests() {
                items.push(Item::to_attest(
                    "raft.peer-wanted",
                    format!("nobody needs what only peer {id} has, and nobody starts it again on its old volume"),
                ));
            }
        }
        RaftDeed::Snapshot { .. } => {}
    }
    items
}

fn asked<'a>(peers: &Result<Peers<'a>, Found>, judge: impl FnOnce(&Peers<'a>) -> Found) -> Found {
    match peers {
        Ok(peers) => judge(peers),
        Err(untold) => untold.clone(),
    }
}
