//! What has to hold of a raft cluster before it is changed, and after (`reference/raft.md` §5d–§5g): each as an answer with its
//! reason, for the gates of acts and for the checks of runbooks. Unknown is never yes. A value that holds tells no age and no
//! index, which move by themselves.

mod log;

pub use log::LONGEST_STEADY;

use super::{Severity, worry};
use crate::diagnose::{Found, Look};
use crate::model::raft::{Concern, Gap, Known, Peer, PeerState, Picture, Roster, Sounding, Sweep, Vote};
use crate::model::time::short_span;
use crate::model::{Kind, Text};
use std::collections::BTreeSet;
use std::time::Duration;

/// What peers said longer ago says nothing of now (`reference/raft.md` §5e).
pub const FRESH: Duration = Duration::from_secs(5);
/// So many entries behind the leader's is caught up (§5e G4).
const NEAR: u64 = 50;
/// The leader has heard of a healthy peer within this span (§5e G3).
const HEARD: Duration = Duration::from_secs(10);
/// Autopilot waits so many times longer than a peer may be away before it removes it (§5e G8).
const TIMES: u32 = 4;
/// And goes on removing above so many voters only (§5e G8).
const LEAST: u64 = 3;

/// One raft cluster, as its peers said a moment ago.
#[derive(Clone, Debug)]
pub struct Sight<'a> {
    pub look: Look<'a>,
    pub roster: Roster,
    pub sounding: &'a Sounding,
    pub picture: Picture,
}

impl<'a> Sight<'a> {
    /// The cluster of this roster.
    ///
    /// # Errors
    /// Why nothing can be said of it, as an answer that is unknown.
    pub fn of(look: Look<'a>, roster: Roster) -> Result<Self, Found> {
        let unasked = || Found::untold(format!("the peers of {} have not been asked", roster.id));
        let sounding = look.conditions.raft.get(&roster.id).ok_or_else(unasked)?;
        let picture = Picture::of(&roster, sounding).ok_or_else(unasked)?;
        let age = picture.at.age(look.now.mono);
        if age > FRESH {
            return Err(Found::untold(format!(
                "the peers of {} were last asked {} ago",
                roster.id,
                short_span(age)
            )));
        }
        Ok(Self {
            look,
            roster,
            sounding,
            picture,
        })
    }

    fn gap(&self) -> Option<Found> {
        let gap = self.picture.unconfirmed.as_ref()?;
        Some(Found::untold(format!("who votes is not known: {}", gap.words())))
    }

    /// What is worst and blocks by itself: a stuck or missing leader, a lost quorum, a second cluster. That no voter is to spare
    /// is a question of its own.
    fn blocked(&self) -> Option<Found> {
        let concerns = self.picture.concerns(self.sounding);
        let mut worries = concerns
            .iter()
            .filter(|concern| !matches!(concern, Concern::NoSpare { .. }))
            .map(worry);
        let worst = worries.find(|worry| worry.severity == Severity::Blocked)?;
        Some(Found::no(worst.sentence))
    }

    fn voters(&self) -> impl Iterator<Item = &Peer> {
        self.picture.peers.iter().filter(|peer| peer.votes())
    }

    /// §5d: what the leader's configuration lists and what Kubernetes runs are the same peers, and nothing is wrong with
    /// who leads, whom they follow, or where they are.
    pub fn whole(&self) -> Found {
        if let Some(blocked) = self.blocked() {
            return blocked;
        }
        if let Some(gap) = self.gap() {
            return gap;
        }
        let voters = self.picture.voters;
        if voters < 3 || voters.is_multiple_of(2) {
            return Found::no(format!("{voters} voters: it takes an odd number of three or more"));
        }
        let Some(replicas) = self.roster.replicas else {
            return Found::untold(format!("StatefulSet {} is not there", self.roster.id));
        };
        if replicas != voters || self.roster.members.len() != voters {
            let pods = self.roster.members.len();
            return Found::no(format!("{voters} voters, {pods} pods, and the set wants {replicas}"));
        }
        let strays = self.picture.peers.iter().filter_map(stray);
        let odd = self.picture.concerns(self.sounding);
        let odd = odd.iter().filter(|concern| {
            matches!(
                concern,
                Concern::SameAddress { .. } | Concern::Loopback { .. } | Concern::NotRaft { .. } | Concern::Odd { .. }
            )
        });
        let wrong: Vec<String> = strays.chain(odd.map(|concern| worry(concern).sentence)).collect();
        if !wrong.is_empty() {
            return Found::no(wrong.join("; "));
        }
        let followed: BTreeSet<&Text> = self
            .said()
            .map(|said| &said.leader)
            .filter(|it| !it.is_empty())
            .collect();
        match (self.picture.leader(), followed.len()) {
            (Some(leader), 1) => Found::yes(format!("{voters} voters, all follow {}", leader.name())),
            (Some(_), _) => Found::no("its peers do not follow the same leader".to_owned()),
            (None, _) => Found::no("no peer leads".to_owned()),
        }
    }

    fn said(&self) -> impl Iterator<Item = &crate::model::raft::Said> {
        self.sounding
            .latest()
            .into_iter()
            .flat_map(Sweep::said)
            .map(|(_, said)| said)
    }

    /// §5b: how a pod with an empty volume comes back.
    pub fn identity(&self) -> Found {
        match self.picture.identity {
            None => Found::untold("neither the pod template nor the peers tell how raft ids are given"),
            Some(identity) => Found::yes(if self.picture.removal_trap() {
                format!(
                    "{}; it is never removed first: this version would shut it out for good",
                    identity.words()
                )
            } else {
                identity.words().to_owned()
            }),
        }
    }

    /// §5e G1: one more voter may go down, by our count and by autopilot's.
    pub fn quorum_after_one(&self) -> Found {
        if let Some(blocked) = self.blocked() {
            return blocked;
        }
        if let Some(gap) = self.gap() {
            return gap;
        }
        if self.picture.unclear() {
            return Found::untold("some of its peers cannot be asked");
        }
        let (voters, healthy) = (self.picture.voters, self.picture.healthy());
        match (self.picture.tolerance(), self.picture.autopilot_tolerance) {
            (..1, _) => Found::no(format!("{healthy} of {voters} voters healthy: none may go down")),
            (_, None) => Found::untold("autopilot does not say how many may fail"),
            (_, Some(0)) => Found::no("autopilot says that none may fail"),
            (_, Some(_)) => Found::yes(format!(
                "{} of {voters} voters are left, {} decide",
                healthy - 1,
                self.picture.quorum()
            )),
        }
    }

    /// §5e G3: every voter answers, is unsealed, and is healthy by autopilot.
    pub fn all_healthy(&self) -> Found {
        if let Some(blocked) = self.blocked() {
            return blocked;
        }
        if let Some(gap) = self.gap() {
            return gap;
        }
        let mut unknown = Vec::new();
        let mut ill = Vec::new();
        for peer in self.voters() {
            let name = peer.name();
            let late = peer.last_contact.is_some_and(|heard| heard >= HEARD) && !peer.leads;
            match (&peer.state, peer.autopilot) {
                (PeerState::Up, _) if peer.leaving => ill.push(format!("{name} is being deleted")),
                (PeerState::Up, Some(true)) if late => ill.push(format!("the leader has not heard of {name} lately")),
                (PeerState::Up, Some(true)) => {}
                (PeerState::Up, Some(false)) => ill.push(format!("autopilot calls {name} unhealthy")),
                (PeerState::Up, None) => unknown.push(format!("autopilot does not speak of {name}")),
                (PeerState::NotAsked | PeerState::Unread, _) => unknown.push(format!("{name}: {}", peer.state.words())),
                (
                    PeerState::Sealed { .. }
                    | PeerState::Uninitialised
                    | PeerState::Removed
                    | PeerState::Silent(_)
                    | PeerState::NoPod,
                    _,
                ) => ill.push(format!("{name}: {}", peer.state.words())),
            }
        }
        told(&ill, &unknown, "every voter answers, is unsealed and healthy")
    }

    /// §5e G8, §5i: nobody is removed who is down for as long as this. It is never switched off here: that is for a person.
    pub fn cleanup_waits(&self, span: Duration) -> Found {
        let cleanup = match &self.picture.cleanup {
            Known::Told(cleanup) => *cleanup,
            Known::Untold(gap) => return Found::untold(gap.words()),
        };
        if !cleanup.on {
            return Found::yes(format!(
                "{}: what is left without a pod, the run removes",
                cleanup.words()
            ));
        }
        let wanted = span.saturating_mul(TIMES);
        let (mut wrong, mut unknown) = (Vec::new(), Vec::new());
        match cleanup.after {
            None => unknown.push("after how long, it does not say".to_owned()),
            Some(after) if after <= wanted => wrong.push(format!(
                "a peer may be away for {} here, and {} are asked for: one that is removed loses its vote for good",
                short_span(span),
                short_span(wanted)
            )),
            Some(_) => {}
        }
        if cleanup.keeps < LEAST {
            wrong.push(format!("min_quorum is {}, and {LEAST} are asked for", cleanup.keeps));
        }
        let mut found = told(&wrong, &unknown, "longer than a peer is away here");
        found.value = format!("{}; {}", cleanup.words(), found.value);
        found
    }

    /// Every pod of it has a vote.
    pub fn all_voters(&self) -> Found {
        if let Some(gap) = self.gap() {
            return gap;
        }
        let without: Vec<String> = self
            .picture
            .peers
            .iter()
            .filter(|peer| peer.pod.is_some() && peer.vote != Vote::Voter)
            .map(|peer| match peer.lag {
                Some(lag) if lag > NEAR => format!("{} is {}, {lag} entries behind", peer.name(), peer.vote.word()),
                _ => format!("{} is {}", peer.name(), peer.vote.word()),
            })
            .collect();
        told(&without, &[], "every pod of it is a voter")
    }

    /// Every pod of it is initialised and unsealed.
    pub fn unsealed(&self) -> Found {
        let (mut unknown, mut sealed) = (Vec::new(), Vec::new());
        for peer in self.picture.peers.iter().filter(|peer| peer.pod.is_some()) {
            let name = peer.name();
            match &peer.state {
                PeerState::Up => {}
                PeerState::Sealed { .. } => sealed.push(format!(
                    "{name} is {}: somebody who holds key shares gives them to it, never here",
                    peer.state.words()
                )),
                PeerState::Uninitialised => sealed.push(format!(
                    "{name} has joined nothing: with retry_join it does by itself, else `vault operator raft join` is for a \
                     person; it must not be initialised"
                )),
                PeerState::Removed => sealed.push(format!("{name} was removed for good: only an empty volume helps")),
                PeerState::Silent(_) | PeerState::NoPod => sealed.push(format!("{name}: {}", peer.state.words())),
                PeerState::NotAsked | PeerState::Unread => unknown.push(format!("{name}: {}", peer.state.words())),
            }
        }
        told(&sealed, &unknown, "every pod of it is unsealed")
    }

    /// Every entry of the configuration has a pod behind it.
    pub fn no_dead_peers(&self) -> Found {
        if let Some(gap) = self.gap() {
            return gap;
        }
        let dead: Vec<String> = self
            .dead()
            .map(|peer| format!("{} counts, and no pod stands behind it", peer.id))
            .collect();
        told(&dead, &[], "every entry of the configuration has a pod")
    }

    /// Entries without a pod.
    pub fn dead(&self) -> impl Iterator<Item = &Peer> {
        self.picture.peers.iter().filter(|peer| peer.state == PeerState::NoPod)
    }

    /// Whether an entry may be taken out of the configuration: only one that can never come back as it is
    /// (`reference/raft.md` §5b C, E).
    pub fn removable(&self, id: &str) -> Found {
        if let Some(gap) = self.gap() {
            return gap;
        }
        let Some(peer) = self
            .picture
            .peers
            .iter()
            .find(|peer| peer.id == id && !peer.address.is_empty())
        else {
            return Found::no(format!("no peer {id} is in the configuration"));
        };
        match &peer.state {
            PeerState::NoPod => Found::yes(format!("no pod stands behind {id}")),
            PeerState::Removed => Found::yes(format!("{id} says itself that it was removed")),
            PeerState::Up => Found::no(format!(
                "{id} is alive: removed, it is shut out until its volume is emptied"
            )),
            PeerState::Sealed { .. } | PeerState::Uninitialised | PeerState::Silent(_) | PeerState::Unread => {
                Found::no(format!(
                    "a pod stands behind {id} and may come back ({}): removed, it would be shut out until its volume is emptied",
                    peer.state.words()
                ))
            }
            PeerState::NotAsked => Found::untold(format!("{id} was not asked")),
        }
    }

    /// §5e G9: no pod of it is going or away, and no node of it is being emptied.
    pub fn undisturbed(&self) -> Found {
        let mut found: Vec<String> = Vec::new();
        for member in &self.roster.members {
            if member.leaving {
                found.push(format!("{} is being deleted", member.pod));
            } else if !member.running {
                found.push(format!("{} does not run", member.pod));
            }
            let node = self.look.world.find(Kind::Node, "", &member.node);
            if node.is_some_and(|node| node.body.node().is_some_and(|node| node.spec.unschedulable)) {
                found.push(format!("node {} of {} is cordoned", member.node, member.pod));
            }
        }
        told(&found, &[], "no pod of it is going, and no node of it is cordoned")
    }

    /// The token is good for what a change needs to be judged by.
    pub fn confirmed(&self) -> Found {
        match &self.picture.unconfirmed {
            None => Found::yes("its leader has told who votes"),
            Some(gap @ (Gap::NoToken | Gap::Lapsed | Gap::Denied { .. })) => Found::no(gap.words()),
            Some(gap) => Found::untold(gap.words()),
        }
    }

    /// This pod leads, and nobody else says so.
    pub fn led_by(&self, pod: &str) -> Found {
        match self.picture.leader() {
            Some(leader) if leader.name() == pod => Found::yes(format!("{pod} leads")),
            Some(leader) => Found::no(format!("{} leads", leader.name())),
            None => self.blocked().unwrap_or_else(|| Found::no("no peer leads".to_owned())),
        }
    }
}

fn stray(peer: &Peer) -> Option<String> {
    let name = peer.name();
    match (peer.vote, &peer.pod) {
        (_, None) => Some(format!("{name} counts, and no pod stands behind it")),
        (Vote::Voter, Some(_)) => None,
        (vote, Some(_)) => Some(format!("{name} is {}", vote.word())),
    }
}

/// No, where something is wrong; unknown, where something is not known; else yes.
fn told(wrong: &[String], unknown: &[String], all: &str) -> Found {
    if !wrong.is_empty() {
        Found::no(wrong.join("; "))
    } else if !unknown.is_empty() {
        Found::untold(unknown.join("; "))
    } else {
        Found::yes(all)
    }
}

#[cfg(test)]
mod tests;
