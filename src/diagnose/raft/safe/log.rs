//! How far the peers' logs are, whether they move, and for how long the same peer has led (`reference/raft.md` §5e G4, G5, §5g).

use super::{FRESH, NEAR, Sight, told};
use crate::diagnose::Found;
use crate::model::raft::Autopilot;
use crate::model::time::short_span;
use std::collections::BTreeSet;
use std::time::Duration;

/// The longest span over which a steady leader can be told: the sweeps of the last 90 s are kept.
pub const LONGEST_STEADY: Duration = Duration::from_secs(80);

impl Sight<'_> {
    /// §5e G4: every other voter is near the leader's last entry, and has what the leader had when it was asked before.
    pub fn caught_up(&self) -> Found {
        if let Some(gap) = self.gap() {
            return gap;
        }
        let Some(leader) = self.picture.leader() else {
            return Found::untold("no peer leads");
        };
        let before = self.heads_before(leader.name());
        let Some(head) = before else {
            return Found::untold("the leader was asked once only: what it had has to be reached");
        };
        let (mut unknown, mut behind) = (Vec::new(), Vec::new());
        for peer in self.voters().filter(|peer| !peer.leads) {
            let name = peer.name();
            match (peer.lag, peer.last_log) {
                (Some(lag), Some(own)) if lag > NEAR || own < head => {
                    behind.push(format!("{name} is {lag} entries behind"));
                }
                (Some(_), Some(_)) => {}
                _ => unknown.push(format!("how far {name} is, it does not say: {}", peer.state.words())),
            }
        }
        told(
            &behind,
            &unknown,
            &format!("every voter has what the leader had, and is within {NEAR} entries"),
        )
    }

    /// The leader's last entry in the sweep before the newest.
    fn heads_before(&self, leader: &str) -> Option<u64> {
        let mut sweeps = self.sounding.sweeps.iter().rev().skip(1);
        sweeps.find_map(|sweep| {
            let (_, said) = sweep.said().find(|(pod, _)| *pod == leader)?;
            said.last_log
        })
    }

    /// §5e G5: the same leader, in the same term, for this span: in every sweep that is kept of it, and for the rest by the
    /// leader's own word, which also covers a sweep in which it did not answer in time. One that does not say since when it
    /// leads has to be seen all the while.
    pub fn steady(&self, span: Duration) -> Found {
        let span = span.min(LONGEST_STEADY);
        let Some(leader) = self.picture.leader() else {
            return self.blocked().unwrap_or_else(|| Found::untold("no peer leads"));
        };
        let name = leader.name();
        let now = self.look.now.mono;
        let sweeps = &self.sounding.sweeps;
        let within = sweeps.iter().filter(|sweep| sweep.at.age(now) <= span + FRESH);
        let younger = || Found::no(format!("the lead of {name} is younger than {}", short_span(span)));
        let (mut terms, mut told, mut silent) = (BTreeSet::new(), None, false);
        for sweep in within {
            let leaders: Vec<_> = sweep.said().filter(|(_, said)| said.leads == Some(true)).collect();
            match leaders.as_slice() {
                [(pod, said)] if **pod == name => {
                    terms.extend(said.autopilot.told().and_then(newest_term));
                    told = said.led.map(|led| led + sweep.at.age(now));
                }
                [] => silent = true,
                _ => return younger(),
            }
        }
        if terms.len() > 1 {
            return Found::no(format!("there was an election within {}", short_span(span)));
        }
        let seen = sweeps.front().map(|sweep| sweep.at.age(now)).unwrap_or_default();
        match told {
            Some(led) if led < span => Found::no(format!(
                "{name} has led for {}; it has to for {}",
                short_span(led),
                short_span(span)
            )),
            None if silent => younger(),
            None if seen < span => Found::untold(format!(
                "{name} leads; it has to be seen for {}, and is for {}",
                short_span(span),
                short_span(seen)
            )),
            Some(_) | None => Found::yes(format!("{name} leads, and nobody else for {}", short_span(span))),
        }
    }

    /// §5g: no log goes back, and where the leader's gains, all others do.
    pub fn moving(&self) -> Found {
        let Some(leader) = self.picture.leader() else {
            return self.blocked().unwrap_or_else(|| Found::untold("no peer leads"));
        };
        let gains = leader.movement.is_some_and(|movement| movement.by > 0);
        let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
        for peer in self.voters() {
            let name = peer.name();
            if peer
                .last_log
                .zip(peer.applied)
                .is_some_and(|(log, applied)| applied > log)
            {
                wrong.push(format!("{name} has applied more than its log holds"));
            }
            match peer.movement {
                None => unknown.push(format!("{name} was asked once only")),
                Some(movement) if movement.by < 0 => wrong.push(format!("the log of {name} has gone back")),
                // within one window of two questions the last entry may not have come over yet
                Some(movement) if gains && movement.by == 0 && peer.lag.is_none_or(|lag| lag > NEAR) => {
                    wrong.push(format!("the log of {name} stands still while the leader's gains"));
                }
                Some(_) => {}
            }
        }
        told(&wrong, &unknown, "no log goes back, and none stays behind")
    }
}

fn newest_term(autopilot: &Autopilot) -> Option<u64> {
    autopilot
        .servers
        .iter()
        .filter_map(|(_, health)| health.last_term)
        .max()
}
