//! Sweeps: what all peers of a cluster answered when they were asked side by side, and the few sweeps before, from which
//! movement is told.

use super::described::Described;
use super::{EnsembleId, FileSeen, Picture, Roster, Said, rosters};
use crate::model::{Moment, Text, Uid, World};
use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

/// Movement is told over this span (`reference/raft.md` §5g).
pub const WINDOW: Duration = Duration::from_secs(90);
/// Sweeps kept, at most: one a second, as at a gate, over the whole window.
const KEPT: usize = 96;

/// What came of asking one pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub pod: Text,
    pub uid: Uid,
    pub reply: Reply,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    Said(Box<Said>),
    Silent(Silence),
}

/// Why a peer said nothing of use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Silence {
    /// It takes the connection and does not answer within this span: the dead leader of seed 003's post-mortem.
    Stuck { after: Duration },
    /// Nobody takes the connection.
    Refused { why: Text },
    /// The API server does not let us reach pods, by either way.
    Forbidden { why: Text },
    /// TLS was not agreed upon: an unknown authority, another name than asked for.
    Tls { why: Text },
    /// The pod does not run.
    NotRunning,
}

/// One round of asking.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// When the asking ended.
    pub at: Moment,
    pub answers: Vec<Answer>,
}

/// What was asked of one cluster lately.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sounding {
    pub roster: Roster,
    /// The oldest first; none is older than [`WINDOW`] before the newest.
    pub sweeps: VecDeque<Sweep>,
}

/// What was asked of all clusters that somebody looked at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Soundings {
    /// Systems that the operator has described.
    pub described: Vec<Described>,
    by_id: BTreeMap<EnsembleId, Sounding>,
    /// The snapshots that a run goes by, by their files.
    files: BTreeMap<Text, (Moment, FileSeen)>,
}

impl Soundings {
    /// Nobody was asked.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub fn get(&self, id: &EnsembleId) -> Option<&Sounding> {
        self.by_id.get(id)
    }

    /// The raft clusters of a namespace, as the world has their pods.
    pub fn rosters(&self, world: &World, namespace: &str) -> Vec<Roster> {
        rosters(world, namespace, &self.described)
    }

    /// The raft clusters of a namespace with what their peers said; `None` for one that nobody has asked.
    pub fn pictures(&self, world: &World, namespace: &str) -> Vec<(Roster, Option<Picture>)> {
        let rosters = self.rosters(world, namespace).into_iter();
        rosters
            .map(|roster| {
                let picture = self.get(&roster.id).and_then(|sounding| Picture::of(&roster, sounding));
                (roster, picture)
            })
            .collect()
    }

    /// Takes a sweep in.
    pub fn enter(&mut self, roster: Roster, sweep: Sweep) {
        let held = self.by_id.entry(roster.id.clone()).or_insert_with(|| Sounding {
            roster: roster.clone(),
            sweeps: VecDeque::new(),
        });
        held.roster = roster;
        let now = sweep.at;
        held.sweeps.push_back(sweep);
        while held.sweeps.len() > KEPT || held.sweeps.front().is_some_and(|old| old.at.age(now) > WINDOW) {
            held.sweeps.pop_front();
        }
    }

    /// Somebody looked at a snapshot's file.
    pub fn saw(&mut self, file: Text, at: Moment, seen: FileSeen) {
        self.files.insert(file, (at, seen));
    }

    /// What a snapshot's file was when it was last looked at, and when that was.
    pub fn file(&self, file: &Text) -> Option<&(Moment, FileSeen)> {
        self.files.get(file)
    }

    /// Another cluster, or another user: nothing of it counts any more.
    pub fn forget(&mut self) {
        self.files.clear();
        self.by_id.clear();
    }
}

impl Sounding {
    pub fn latest(&self) -> Option<&Sweep> {
        self.sweeps.back()
    }
}

impl Silence {
    pub fn words(&self) -> String {
        match self {
            Self::Stuck { after } => format!("takes the connection and says nothing for {}s", after.as_secs()),
            Self::Refused { why } => format!("not reached: {why}"),
            Self::Forbidden { why } => format!("no way to it: {why}"),
            Self::Tls { why } => format!("TLS: {why}"),
            Self::NotRunning => "its pod does not run".to_owned(),
        }
    }
}
