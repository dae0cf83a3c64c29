//! What is wrong with a raft cluster, as values; how it is said is for `diagnose`.

use super::peer::{Movement, Peer, PeerState, Vote};
use super::picture::host;
use super::{Fault, Picture, Said, Silence, Sounding, Sweep};
use crate::model::Text;
use std::collections::BTreeMap;
use std::time::Duration;

/// A leader whose log stands still for so long while entries wait is stuck.
const STILL: Duration = Duration::from_secs(10);
/// A peer without a vote may be this far behind and still count as caught up (`reference/raft.md` §5e G4).
const NEAR: u64 = 50;

/// One thing that is wrong. `pod` is the pod of the peer it is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Concern {
    /// Fewer voters are healthy than it takes to decide.
    QuorumLost {
        healthy: usize,
        voters: usize,
    },
    /// The next voter that fails is an outage.
    NoSpare {
        healthy: usize,
        voters: usize,
    },
    /// Nobody leads.
    NoLeader,
    /// More than one calls itself the leader.
    TwoLeaders {
        pods: Vec<Text>,
    },
    /// The one the others follow gives no answer (seed 003's post-mortem).
    LeaderSilent {
        pod: Text,
        how: Silence,
    },
    /// The leader has entries that it does not apply, and neither index moves.
    LeaderUnmoved {
        pod: Text,
        waiting: u64,
        over: Duration,
    },
    /// A peer gives no answer.
    Silent {
        pod: Text,
        how: Silence,
    },
    Sealed {
        pod: Text,
        given: Option<(u64, u64)>,
    },
    Uninitialised {
        pod: Text,
    },
    /// Removed for good: it comes back only with an empty volume (`reference/raft.md` §5b E).
    Removed {
        pod: Text,
    },
    /// It belongs to another cluster: somebody has initialised an empty volume.
    OtherCluster {
        pod: Text,
    },
    /// Its index went back, which raft never does by itself.
    WentBack {
        pod: Text,
        by: u64,
    },
    /// It has no vote yet, and does not come nearer.
    NotCatchingUp {
        pod: Text,
        lag: u64,
        over: Duration,
    },
    /// In the configuration, and no pod stands behind it: it counts for the quorum all the same.
    NoPod {
        id: Text,
        address: Text,
    },
    /// A pod that runs and is in no configuration.
    Outside {
        pod: Text,
    },
    /// Two entries of the configuration have one address.
    SameAddress {
        address: Text,
        ids: Vec<Text>,
    },
    /// An address that leads every peer to itself (#12487, #30480).
    Loopback {
        id: Text,
        address: Text,
    },
    /// An answer of another shape than it must have.
    Odd {
        pod: Text,
        fault: Fault,
    },
    /// Its data is not kept by raft.
    NotRaft {
        pod: Text,
        storage: Text,
    },
}

impl Picture {
    /// Everything that is wrong, worst first.
    pub fn concerns(&self, sounding: &Sounding) -> Vec<Concern> {
        let mut found = Vec::new();
        self.of_quorum(&mut found);
        self.of_leader(sounding, &mut found);
        for peer in &self.peers {
            self.of_peer(peer, &mut found);
        }
        self.of_addresses(&mut found);
        self.of_clusters(sounding, &mut found);
        found
    }

    fn of_quorum(&self, found: &mut Vec<Concern>) {
        let (healthy, voters) = (self.healthy(), self.voters);
        if voters == 0 || self.unclear() {
            return;
        }
        if healthy < self.quorum() {
            found.push(Concern::QuorumLost { healthy, voters });
        } else if voters > 1 && self.tolerance() == 0 {
            found.push(Concern::NoSpare { healthy, voters });
        }
    }

    fn of_leader(&self, sounding: &Sounding, found: &mut Vec<Concern>) {
        let leaders: Vec<Text> = self
            .peers
            .iter()
            .filter(|peer| peer.leads)
            .map(|peer| peer.name().into())
            .collect();
        if leaders.len() > 1 {
            found.push(Concern::TwoLeaders { pods: leaders });
            return;
        }
        let Some(leader) = self.leader() else {
            let followed = followed(sounding).and_then(|address| self.peers.iter().find(|peer| is_at(peer, &address)));
            let silent = followed.and_then(|peer| match &peer.state {
                PeerState::Silent(how) => Some(Concern::LeaderSilent {
                    pod: peer.name().into(),
                    how: how.clone(),
                }),
                PeerState::Up
                | PeerState::Sealed { .. }
                | PeerState::Uninitialised
                | PeerState::Removed
                | PeerState::Unread
                | PeerState::NotAsked
                | PeerState::NoPod => None,
            });
            if self.peers.iter().any(|peer| peer.state == PeerState::Up) || silent.is_some() {
                found.push(silent.unwrap_or(Concern::NoLeader));
            }
            return;
        };
        let waiting = leader
            .last_log
            .zip(leader.applied)
            .map_or(0, |(log, applied)| log.saturating_sub(applied));
        if let Some(Movement { by: 0, over }) = leader.movement
            && waiting > 0
            && over >= STILL
        {
            found.push(Concern::LeaderUnmoved {
                pod: leader.name().into(),
                waiting,
                over,
            });
        }
    }

    fn of_peer(&self, peer: &Peer, found: &mut Vec<Concern>) {
        let pod = || Text::from(peer.name());
        match &peer.state {
            PeerState::Sealed { given } => found.push(Concern::Sealed {
                pod: pod(),
                given: *given,
            }),
            PeerState::Uninitialised => found.push(Concern::Uninitialised { pod: pod() }),
            PeerState::Removed => found.push(Concern::Removed { pod: pod() }),
            PeerState::Silent(how) => {
                let told =
                    |concern: &Concern| matches!(concern, Concern::LeaderSilent { pod, .. } if *pod == peer.name());
                if !found.iter().any(told) {
                    found.push(Concern::Silent {
                        pod: pod(),
                        how: how.clone(),
                    });
                }
            }
            PeerState::NoPod => found.push(Concern::NoPod {
                id: peer.id.clone(),
                address: peer.address.clone(),
            }),
            PeerState::Up | PeerState::Unread | PeerState::NotAsked => {}
        }
        if peer.vote == Vote::Outside && peer.state == PeerState::Up {
            found.push(Concern::Outside { pod: pod() });
        }
        if let Some(Movement { by, .. }) = peer.movement
            && by < 0
        {
            found.push(Concern::WentBack {
                pod: pod(),
                by: by.unsigned_abs(),
            });
        }
        if let (Vote::NonVoter | Vote::Learner, Some(lag), Some(movement)) = (peer.vote, peer.lag, peer.movement)
            && lag > NEAR
            && movement.over >= STILL
            && self.gains(peer) <= 0
        {
            found.push(Concern::NotCatchingUp {
                pod: pod(),
                lag,
                over: movement.over,
            });
        }
        for fault in &peer.faults {
            found.push(Concern::Odd {
                pod: pod(),
                fault: fault.clone(),
            });
        }
    }

    /// How much nearer to the leader a peer has come over the window.
    fn gains(&self, peer: &Peer) -> i64 {
        let of = |peer: Option<&Peer>| peer.and_then(|peer| peer.movement).map_or(0, |movement| movement.by);
        of(Some(peer)) - of(self.leader())
    }

    fn of_addresses(&self, found: &mut Vec<Concern>) {
        let mut by_address: BTreeMap<&Text, Vec<Text>> = BTreeMap::new();
        for peer in self.peers.iter().filter(|peer| !peer.address.is_empty()) {
            by_address.entry(&peer.address).or_default().push(peer.id.clone());
            let host = host(&peer.address);
            if host == "localhost" || host.starts_with("127.") || host == "::1" || host == "0.0.0.0" {
                // etcd's own three on one machine are no trap; peers of pods are
                found.push(Concern::Loopback {
                    id: peer.id.clone(),
                    address: peer.address.clone(),
                });
            }
        }
        for (address, ids) in by_address {
            if ids.len() > 1 {
                found.push(Concern::SameAddress {
                    address: address.clone(),
                    ids,
                });
            }
        }
    }

    fn of_clusters(&self, sounding: &Sounding, found: &mut Vec<Concern>) {
        let all: Vec<(&Text, &Said)> = sounding.latest().into_iter().flat_map(Sweep::said).collect();
        let leading = self.leader().map(Peer::name);
        let base = all
            .iter()
            .find(|(pod, _)| leading == Some(pod.as_str()))
            .or_else(|| all.iter().find(|(_, said)| !said.cluster.is_empty()));
        for (pod, said) in &all {
            if let Some((_, base)) = base
                && !said.cluster.is_empty()
                && !base.cluster.is_empty()
                && said.cluster != base.cluster
            {
                found.push(Concern::OtherCluster { pod: (*pod).clone() });
            }
            if !said.storage.is_empty() && said.storage != "raft" {
                found.push(Concern::NotRaft {
                    pod: (*pod).clone(),
                    storage: said.storage.clone(),
                });
            }
        }
    }
}

fn is_at(peer: &Peer, address: &str) -> bool {
    let first = host(address).split('.').next().unwrap_or_default();
    peer.id == address
        || peer.pod.as_deref() == Some(first)
        || (!peer.address.is_empty() && host(&peer.address) == host(address))
}

/// Whom those who answer take for the leader.
fn followed(sounding: &Sounding) -> Option<Text> {
    let sweep = sounding.latest()?;
    let leader = sweep
        .said()
        .map(|(_, said)| said.leader.clone())
        .find(|leader| !leader.is_empty());
    // a stuck leader takes the others with it: the one it was in an earlier sweep
    leader.or_else(|| {
        let before = sounding.sweeps.iter().rev().flat_map(Sweep::said);
        before
            .filter(|(_, said)| said.leads == Some(true))
            .map(|(pod, _)| pod.clone())
            .next()
    })
}
