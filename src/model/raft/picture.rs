//! What the peers said, put together: who counts, who leads, how many may fail; and what is wrong with it.

use super::peer::{Movement, Peer, PeerState, Vote};
use super::sounding::{Reply, Sounding, Sweep};
use super::{Cleanup, EnsembleId, Gap, Health, Known, Member, Roster, Said, Server, System, quorum};
use crate::model::{Moment, Text};

/// A raft cluster at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    pub id: EnsembleId,
    pub system: System,
    /// When the peers were last asked.
    pub at: Moment,
    pub peers: Vec<Peer>,
    /// Voters in the configuration, dead ones included; assumed from the set's replicas where nobody said.
    pub voters: usize,
    /// Why the configuration is not known; `None` when it is.
    pub unconfirmed: Option<Gap>,
    /// Autopilot's own count of how many may fail.
    pub autopilot_tolerance: Option<u64>,
    /// Dead-server clean-up of autopilot.
    pub cleanup: Known<Cleanup>,
    pub identity: Option<Identity>,
    /// What is not known, each with the reason.
    pub gaps: Vec<String>,
}

/// How a pod comes back on an empty volume (`reference/raft.md` §5b).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Same id, same address: at once a voter with an empty log.
    A,
    /// New id, same address: the old one is replaced, the new one is promoted later.
    B,
    /// New id, new address: the old one stays as an orphan.
    C,
    /// Same id, new address.
    D,
}

impl Picture {
    /// The picture of the newest sweep; `None` before the first.
    pub fn of(roster: &Roster, sounding: &Sounding) -> Option<Self> {
        let sweep = sounding.latest()?;
        let said: Vec<(&Member, Option<&Reply>)> = roster
            .members
            .iter()
            .map(|member| (member, reply(sweep, member)))
            .collect();
        let speaker = speaker(&said);
        let configuration = speaker.and_then(|said| said.configuration.told());
        let autopilot = speaker.and_then(|said| said.autopilot.told());
        let hosts = speaker.and_then(|said| said.hosts.told());
        let mut peers: Vec<Peer> = Vec::new();
        for server in configuration.iter().flat_map(|told| &told.servers) {
            let member = behind(server, &said, hosts, &peers);
            let health = autopilot.and_then(|told| told.servers.iter().find(|(id, _)| *id == server.id));
            peers.push(of_server(server, member, health.map(|(_, health)| health)));
        }
        for (member, reply) in &said {
            if !peers.iter().any(|peer| peer.pod.as_ref() == Some(&member.pod)) {
                peers.push(of_member(member, *reply, configuration.is_some()));
            }
        }
        peers.sort_by(|one, other| one.name().cmp(other.name()));
        let head = peers
            .iter()
            .filter(|peer| peer.leads)
            .filter_map(|peer| peer.last_log)
            .max();
        for peer in &mut peers {
            peer.lag = head.zip(peer.last_log).map(|(head, own)| head.saturating_sub(own));
            peer.movement = peer.pod.as_ref().and_then(|pod| movement(sounding, roster, pod));
        }
        let counted = peers.iter().filter(|peer| peer.votes()).count();
        let voters = if configuration.is_some() {
            counted
        } else {
            counted.max(roster.replicas.unwrap_or(0))
        };
        Some(Self {
            id: roster.id.clone(),
            system: roster.system.clone(),
            at: sweep.at,
            identity: identity(roster, &peers),
            voters,
            unconfirmed: speaker.map_or(Some(Gap::NoLeader), |said| said.unconfirmed(&roster.system)),
            autopilot_tolerance: autopilot.and_then(|told| told.tolerance),
            cleanup: speaker.map(|said| said.cleanup.clone()).unwrap_or_default(),
            gaps: speaker.map_or_else(
                || vec![format!("voters: {}", Gap::NoLeader.words())],
                |said| said.gaps(&roster.system),
            ),
            peers,
        })
    }

    pub const fn quorum(&self) -> usize {
        quorum(self.voters)
    }

    pub fn healthy(&self) -> usize {
        self.peers.iter().filter(|peer| peer.healthy()).count()
    }

    /// Voters of which nobody can say whether they are healthy.
    pub fn doubtful(&self) -> usize {
        self.peers.iter().filter(|peer| peer.doubtful()).count()
    }

    /// It cannot be said whether enough voters are healthy.
    pub fn unclear(&self) -> bool {
        let healthy = self.healthy();
        healthy < self.quorum() && healthy + self.doubtful() >= self.quorum()
    }

    /// How many healthy voters may fail before nothing can be decided; negative when it already cannot.
    pub fn tolerance(&self) -> i64 {
        tolerance(self.healthy(), self.voters)
    }

    /// The same after these pods have failed as well.
    pub fn tolerance_without(&self, lost: &[&str]) -> i64 {
        let falls = |peer: &&Peer| peer.pod.as_ref().is_some_and(|pod| lost.contains(&pod.as_str()));
        let fallen = self.peers.iter().filter(|peer| peer.healthy()).filter(falls).count();
        tolerance(self.healthy().saturating_sub(fallen), self.voters)
    }

    /// The one peer that leads; `None` where none does, or more than one claims to.
    pub fn leader(&self) -> Option<&Peer> {
        let mut leaders = self.peers.iter().filter(|peer| peer.leads);
        let leader = leaders.next()?;
        leaders.next().is_none().then_some(leader)
    }

    pub fn peer_of(&self, pod: &str) -> Option<&Peer> {
        self.peers.iter().find(|peer| peer.pod.as_deref() == Some(pod))
    }

    /// The configuration is known: what is said of the quorum is not assumed.
    pub const fn confirmed(&self) -> bool {
        self.unconfirmed.is_none()
    }

    /// Removing a peer whose id is fixed can shut it out for good in this version (`reference/raft.md` §5b E).
    pub fn removal_trap(&self) -> bool {
        let fixed = matches!(self.identity, Some(Identity::A | Identity::D));
        let newer = |version: &Text| {
            let mut numbers = version.split(['.', '-', '+']).map(str::parse::<u32>);
            let (major, minor) = (numbers.next(), numbers.next());
            matches!((major, minor), (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= (1, 19))
        };
        self.system == System::Vault && fixed && self.peers.iter().any(|peer| newer(&peer.version))
    }
}

impl Sweep {
    /// The pods that said something, with what they said.
    pub fn said(&self) -> impl Iterator<Item = (&Text, &Said)> {
        self.answers.iter().filter_map(|answer| match &answer.reply {
            Reply::Said(said) => Some((&answer.pod, &**said)),
            Reply::Silent(_) => None,
        })
    }
}

fn tolerance(healthy: usize, voters: usize) -> i64 {
    let whole = |number: usize| i64::try_from(number).unwrap_or(i64::MAX);
    whole(healthy) - whole(quorum(voters))
}

fn reply<'a>(sweep: &'a Sweep, member: &Member) -> Option<&'a Reply> {
    let own = sweep
        .answers
        .iter()
        .find(|answer| answer.pod == member.pod && answer.uid == member.uid);
    own.map(|answer| &answer.reply)
}

const fn said(reply: &Reply) -> Option<&Said> {
    match reply {
        Reply::Said(said) => Some(said),
        Reply::Silent(_) => None,
    }
}

/// The one whose configuration counts: a leader's, else (etcd) that of anybody who told one.
fn speaker<'a>(all: &[(&Member, Option<&'a Reply>)]) -> Option<&'a Said> {
    let all: Vec<&Said> = all.iter().filter_map(|(_, reply)| reply.and_then(said)).collect();
    let told = |said: &&&Said| said.configuration.told().is_some();
    let leads = |said: &&&Said| said.leads == Some(true);
    all.iter()
        .filter(leads)
        .find(told)
        .or_else(|| all.iter().find(leads))
        .or_else(|| all.iter().find(told))
        .copied()
}

/// The host of `vault-0.vault-internal:8201` or `https://10.0.0.1:2380`.
pub(super) fn host(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let rest = rest.split('/').next().unwrap_or_default();
    if let Some(bracketed) = rest.strip_prefix('[') {
        return bracketed.split(']').next().unwrap_or_default();
    }
    rest.rsplit_once(':').map_or(rest, |(host, _)| host)
}

/// The pod behind an entry of the configuration: by its own word, by its address, by the leader's list of hosts, by its name.
fn behind<'a>(
    server: &Server,
    all: &[(&'a Member, Option<&'a Reply>)],
    hosts: Option<&Vec<(Text, Text)>>,
    taken: &[Peer],
) -> Option<(&'a Member, Option<&'a Reply>)> {
    let free = |member: &Member| !taken.iter().any(|peer| peer.pod.as_ref() == Some(&member.pod));
    let by = |wanted: &dyn Fn(&Member, Option<&Said>) -> bool| {
        let fits =
            |(member, reply): &&(&'a Member, Option<&'a Reply>)| free(member) && wanted(member, reply.and_then(said));
        all.iter().find(fits).copied()
    };
    let first = host(&server.address).split('.').next().unwrap_or_default();
    let listed = hosts.and_then(|hosts| hosts.iter().find(|(address, _)| host(address) == host(&server.address)));
    by(&|_, said| said.is_some_and(|said| !said.id.is_empty() && said.id == server.id))
        .or_else(|| by(&|member, _| member.pod == first))
        .or_else(|| by(&|member, _| listed.is_some_and(|(_, pod)| *pod == member.pod)))
        .or_else(|| by(&|member, _| member.pod == server.id || (!server.name.is_empty() && member.pod == server.name)))
}

fn of_server(server: &Server, member: Option<(&Member, Option<&Reply>)>, health: Option<&Health>) -> Peer {
    let mut peer = match member {
        Some((member, reply)) => of_member(member, reply, true),
        None => Peer {
            state: PeerState::NoPod,
            ..blank()
        },
    };
    peer.id = server.id.clone();
    peer.address = server.address.clone();
    peer.vote = match (server.voter, server.learner) {
        (_, true) => Vote::Learner,
        (true, false) => Vote::Voter,
        (false, false) => Vote::NonVoter,
    };
    if let Some(health) = health {
        peer.autopilot = Some(health.healthy);
        peer.last_contact = health.last_contact;
        peer.term = peer.term.or(health.last_term);
    }
    peer
}

const fn blank() -> Peer {
    Peer {
        id: Text::new_static(""),
        address: Text::new_static(""),
        pod: None,
        node: Text::new_static(""),
        claims: Vec::new(),
        vote: Vote::Assumed,
        leads: false,
        state: PeerState::NotAsked,
        leaving: false,
        version: Text::new_static(""),
        seal: Text::new_static(""),
        last_log: None,
        applied: None,
        term: None,
        movement: None,
        lag: None,
        last_contact: None,
        autopilot: None,
        faults: Vec::new(),
    }
}

fn of_member(member: &Member, reply: Option<&Reply>, configured: bool) -> Peer {
    let mut peer = Peer {
        pod: Some(member.pod.clone()),
        node: member.node.clone(),
        claims: member.claims.clone(),
        vote: if configured { Vote::Outside } else { Vote::Assumed },
        leaving: member.leaving,
        ..blank()
    };
    match reply {
        None => {}
        Some(Reply::Silent(silence)) => peer.state = PeerState::Silent(silence.clone()),
        Some(Reply::Said(said)) => {
            peer.state = state(said);
            peer.id = said.id.clone();
            peer.leads = said.leads == Some(true);
            peer.version = said.version.clone();
            peer.seal = said.seal.clone();
            peer.last_log = said.last_log;
            peer.applied = said.applied;
            peer.term = said.term;
            peer.faults.clone_from(&said.faults);
            if said.learner == Some(true) {
                peer.vote = Vote::Learner;
            }
        }
    }
    peer
}

fn state(said: &Said) -> PeerState {
    if said.removed {
        return PeerState::Removed;
    }
    match (said.initialised, said.sealed) {
        (Some(false), _) => PeerState::Uninitialised,
        (_, Some(true)) => PeerState::Sealed { given: said.unsealing },
        // up is one who said that it is not sealed, and how far its log is
        (_, Some(false)) if said.leads.is_some() => PeerState::Up,
        (_, Some(false) | None) => PeerState::Unread,
    }
}

/// How far the last log entry of this very pod has moved since the oldest sweep that is kept.
fn movement(sounding: &Sounding, roster: &Roster, pod: &str) -> Option<Movement> {
    let member = roster.member(pod)?;
    let index = |sweep: &Sweep| Some((sweep.at, said(reply(sweep, member)?)?.last_log?));
    let (since, first) = sounding.sweeps.iter().find_map(index)?;
    let (until, last) = index(sounding.latest()?)?;
    let whole = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let over = since.age(until);
    (!over.is_zero()).then(|| Movement {
        by: whole(last) - whole(first),
        over,
    })
}

/// An IP address and no name: an address of version 6 holds a colon, one of version 4 nothing but digits and dots.
fn is_address(host: &str) -> bool {
    host.contains(':') || host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
}

fn identity(roster: &Roster, peers: &[Peer]) -> Option<Identity> {
    if !roster.system.is_vault() {
        return None;
    }
    let mut addresses = peers
        .iter()
        .filter(|peer| !peer.address.is_empty())
        .map(|peer| host(&peer.address));
    let by_ip = is_address(addresses.next()?);
    let named = |peer: &Peer| !peer.id.is_empty() && peer.pod.as_ref() == Some(&peer.id);
    let fixed = roster.fixed_id? || peers.iter().any(named);
    Some(match (fixed, by_ip) {
        (true, false) => Identity::A,
        (false, false) => Identity::B,
        (false, true) => Identity::C,
        (true, true) => Identity::D,
    })
}

impl Identity {
    pub const fn letter(self) -> char {
        match self {
            Self::A => 'A',
            Self::B => 'B',
            Self::C => 'C',
            Self::D => 'D',
        }
    }

    /// What a pod with an empty volume becomes.
    pub const fn words(self) -> &'static str {
        match self {
            Self::A => "A: same id and address; with an empty volume it is a voter at once, before it has caught up",
            Self::B => "B: new id, same address; with an empty volume it comes back as a non-voter and is promoted",
            Self::C => "C: new id and address; with an empty volume its old entry stays and must be removed",
            Self::D => "D: same id, new address; with an empty volume its entry is changed",
        }
    }
}
