//! `pilothouse raft`: what the peers of raft clusters say, and what is wrong with them. Its JSON form is
//! `docs/schema/raft.v1.json`.

use super::page::Page;
use super::{API_VERSION, Exit};
use crate::diagnose::Severity;
use crate::diagnose::raft::{tolerance, unasked, worries};
use crate::model::raft::{Peer, Picture, Roster, Soundings};
use crate::model::time::short_span;
use crate::model::{Now, Tenant, World};
use serde::Serialize;

/// The clusters of some tenants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RaftReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    pub clusters: Vec<ClusterLine>,
}

/// One cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ClusterLine {
    pub tenant: String,
    pub namespace: String,
    pub name: String,
    /// `vault`, `openbao`, `etcd`, or the name of a described system.
    pub system: String,
    /// How many pods its set wants; absent while the set is gone.
    pub replicas: Option<usize>,
    /// What its peers said; absent where nobody could ask.
    pub told: Option<Told>,
}

/// What the peers said, put together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    pub voters: usize,
    pub quorum: usize,
    pub healthy: usize,
    /// How many healthy voters may fail; negative when nothing can be decided.
    pub tolerance: i64,
    /// Who votes was told by a leader, not assumed.
    pub confirmed: bool,
    pub leader: Option<String>,
    pub autopilot_tolerance: Option<u64>,
    /// Dead servers are removed by themselves.
    pub cleanup: Option<bool>,
    /// When nothing was heard of them for so many seconds.
    pub cleanup_after: Option<u64>,
    /// As long as more voters than these are left.
    pub min_quorum: Option<u64>,
    /// How a pod with an empty volume comes back: A to D.
    pub identity: Option<String>,
    /// What is not known, each with the reason.
    pub unknowns: Vec<String>,
    pub worries: Vec<WorryLine>,
    pub peers: Vec<PeerLine>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WorryLine {
    pub severity: Severity,
    pub pod: Option<String>,
    pub sentence: String,
}

/// One peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PeerLine {
    pub id: String,
    pub address: String,
    pub pod: Option<String>,
    pub node: String,
    pub volumes: Vec<VolumeLine>,
    pub vote: String,
    pub leads: bool,
    pub state: String,
    pub version: String,
    pub last_log: Option<u64>,
    pub applied: Option<u64>,
    pub term: Option<u64>,
    /// Entries behind the leader.
    pub lag: Option<u64>,
    /// Entries gained since the first of the sweeps, and over how many milliseconds.
    pub moved: Option<i64>,
    pub moved_over_millis: Option<u64>,
    pub last_contact_millis: Option<u64>,
    pub autopilot_healthy: Option<bool>,
    /// The tolerance without it.
    pub tolerance_without: Option<i64>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VolumeLine {
    pub claim: String,
    pub volume: String,
}

/// What was said of the clusters of these tenants.
pub fn raft(world: &World, tenants: &[Tenant], soundings: &Soundings, now: Now) -> RaftReport {
    let clusters: Vec<ClusterLine> = tenants
        .iter()
        .flat_map(|tenant| {
            let namespaces = tenant.namespaces.iter();
            let all = namespaces.flat_map(|namespace| soundings.pictures(world, namespace));
            all.map(|(roster, picture)| line(tenant, &roster, picture, soundings))
        })
        .collect();
    let mut report = RaftReport {
        api_version: API_VERSION,
        kind: "Raft",
        at: now.second(),
        exit_code: 0,
        clusters,
    };
    report.exit_code = report.exit().code();
    report
}

fn line(tenant: &Tenant, roster: &Roster, picture: Option<Picture>, soundings: &Soundings) -> ClusterLine {
    ClusterLine {
        tenant: tenant.name.to_string(),
        namespace: roster.id.namespace.to_string(),
        name: roster.id.name.to_string(),
        system: roster.system.word().to_owned(),
        replicas: roster.replicas,
        told: picture.zip(soundings.get(&roster.id)).map(|(picture, sounding)| {
            let worries = worries(&picture, &picture.concerns(sounding)).into_iter();
            let worries = worries.map(|worry| WorryLine {
                severity: worry.severity,
                pod: worry.pod,
                sentence: worry.sentence,
            });
            Told {
                voters: picture.voters,
                quorum: picture.quorum(),
                healthy: picture.healthy(),
                tolerance: picture.tolerance(),
                confirmed: picture.confirmed(),
                leader: picture.leader().map(|leader| leader.name().to_owned()),
                autopilot_tolerance: picture.autopilot_tolerance,
                cleanup: picture.cleanup.told().map(|cleanup| cleanup.on),
                cleanup_after: picture
                    .cleanup
                    .told()
                    .and_then(|cleanup| Some(cleanup.after?.as_secs())),
                min_quorum: picture.cleanup.told().map(|cleanup| cleanup.keeps),
                identity: picture.identity.map(|identity| identity.letter().to_string()),
                unknowns: picture.gaps.clone(),
                worries: worries.collect(),
                peers: picture.peers.iter().map(|peer| peer_line(peer, &picture)).collect(),
            }
        }),
    }
}

fn peer_line(peer: &Peer, picture: &Picture) -> PeerLine {
    let millis = |span: std::time::Duration| u64::try_from(span.as_millis()).unwrap_or(u64::MAX);
    PeerLine {
        id: peer.id.to_string(),
        address: peer.address.to_string(),
        pod: peer.pod.as_ref().map(ToString::to_string),
        node: peer.node.to_string(),
        volumes: peer
            .claims
            .iter()
            .map(|(claim, volume)| VolumeLine {
                claim: claim.to_string(),
                volume: volume.to_string(),
            })
            .collect(),
        vote: peer.vote.word().to_owned(),
        leads: peer.leads,
        state: peer.state.words(),
        version: peer.version.to_string(),
        last_log: peer.last_log,
        applied: peer.applied,
        term: peer.term,
        lag: peer.lag,
        moved: peer.movement.map(|movement| movement.by),
        moved_over_millis: peer.movement.map(|movement| millis(movement.over)),
        last_contact_millis: peer.last_contact.map(millis),
        autopilot_healthy: peer.autopilot,
        tolerance_without: peer.pod.as_ref().map(|pod| picture.tolerance_without(&[pod])),
    }
}

impl RaftReport {
    /// Worries count for more than what is missing.
    pub fn exit(&self) -> Exit {
        let told = || self.clusters.iter().filter_map(|cluster| cluster.told.as_ref());
        if told().any(|told| !told.worries.is_empty()) {
            Exit::Findings
        } else if told().any(|told| !told.confirmed) || self.clusters.iter().any(|cluster| cluster.told.is_none()) {
            Exit::Unknown
        } else {
            Exit::Clean
        }
    }

    /// The report as text of at most this many columns.
    pub fn text(&self, width: usize, pictures: &[(Roster, Option<Picture>)]) -> String {
        let mut page = Page::new(width);
        if self.clusters.is_empty() {
            page.line("", "no raft system that Pilothouse knows runs here");
        }
        for (cluster, (roster, picture)) in self.clusters.iter().zip(pictures) {
            let Some((told, picture)) = cluster.told.as_ref().zip(picture.as_ref()) else {
                page.line("? ", &unasked(roster));
                continue;
            };
            page.line(
                "",
                &format!("{} ({}): {}", roster.id, cluster.system, tolerance(picture)),
            );
            if let Some(identity) = picture.identity {
                page.line("  identity ", identity.words());
            }
            for worry in &told.worries {
                let mark = if worry.severity == Severity::Blocked {
                    "● "
                } else {
                    "▲ "
                };
                page.line(&format!("  {mark}"), &worry.sentence);
            }
            for peer in &told.peers {
                page.line("  ", &peer.words());
            }
            for unknown in &told.unknowns {
                page.line("  ? ", unknown);
            }
            page.blank();
        }
        page.into_text()
    }
}

impl PeerLine {
    /// `vault-2 · leader · up · last log 2730010 · applied 2730010 · moved +2/90s · lag 0 · if lost: 0 to spare`.
    fn words(&self) -> String {
        let name = self.pod.as_ref().unwrap_or(&self.id);
        let vote = if self.leads { "leader" } else { &self.vote };
        let mut words = format!("{name} · {vote} · {}", self.state);
        let mut add = |more: String| {
            words.push_str(" · ");
            words.push_str(&more);
        };
        if let Some(index) = self.last_log {
            add(format!("last log {index}"));
        }
        if let Some(applied) = self.applied {
            add(format!("applied {applied}"));
        }
        if let (Some(by), Some(over)) = (self.moved, self.moved_over_millis) {
            add(format!(
                "moved {by:+}/{}",
                short_span(std::time::Duration::from_millis(over))
            ));
        }
        if let Some(lag) = self.lag {
            add(format!("lag {lag}"));
        }
        if let Some(left) = self.tolerance_without {
            add(if left < 0 {
                "if lost: outage".to_owned()
            } else {
                format!("if lost: {left} to spare")
            });
        }
        words
    }
}
