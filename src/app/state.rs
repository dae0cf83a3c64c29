//! Everything the cockpit knows and wants, in one value with one owner.
//!
//! Must not know a clock, a disk, a network or a terminal: events bring what is new, effects carry what is wanted.

use crate::app::derived::Derived;
use crate::app::event::{Doubtful, JournalState, StepNumber};
use crate::app::history::History;
use crate::app::raft::{Asking, Typing};
use crate::app::release::Dossier;
use crate::app::run::{Runs, Said};
use crate::app::screen::{Screen, Subject, Visit};
use crate::app::step::Step;
use crate::app::words::RowId;
use crate::gate;
use crate::laws::Conditions;
use crate::model::event::EventLine;
use crate::model::raft::EnsembleId;
use crate::model::raft::described::Described;
use crate::model::{Act, ClusterIdentity, Key, Moment, Now, Operator, TenantRule, Text, World, feed};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// May this cockpit act?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    Observing,
    Operating,
}

impl Mode {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Observing => "OBSERVING",
            Self::Operating => "OPERATING",
        }
    }
}

/// How it stands with the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Connection {
    /// Nobody has answered yet.
    Waiting {
        since: Moment,
    },
    Up,
    Lost {
        since: Moment,
        why: String,
    },
}

/// The panel in front of an act.
#[derive(Debug)]
pub struct Gate {
    pub(in crate::app) panel: gate::Panel,
    /// Which item the cursor is on.
    pub(in crate::app) item: usize,
    /// First line shown when the terminal is too small for all.
    pub(in crate::app) scroll: usize,
    /// So many lines, from the first on, were on the screen before; `usize::MAX` when the last one was.
    pub(in crate::app) read: usize,
    /// Why it is open again: what changed since an approval that was voided.
    pub(in crate::app) changes: Vec<String>,
}

/// The line being typed after `:` or `/`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Prompt {
    Palette {
        typed: String,
    },
    /// At a gate: why the second person is done without.
    Reason {
        typed: String,
    },
    /// `before` is the filter to return to on Esc.
    Filter {
        before: String,
    },
    /// A token for a raft cluster, without echo.
    Token {
        id: EnsembleId,
        typed: Typing,
    },
    /// What a person says about the run that is on.
    Word {
        said: Said,
        typed: String,
    },
}

/// One sentence in the flash line.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Flash {
    pub sentence: String,
    pub failed: bool,
    pub at: Moment,
}

/// What was fetched about an object, when it was asked for, and what came.
#[derive(Clone, Debug)]
pub struct Fetch<T> {
    pub asked: Moment,
    pub answer: Option<(Now, Result<T, String>)>,
}

/// Whose records and cluster facts are being read for its traps, and whether they have come.
pub type Reading = (Text, Fetch<()>);

/// How the cockpit starts.
#[derive(Clone, Debug)]
pub struct Start {
    pub rule: TenantRule,
    pub mode: Mode,
    /// What is being connected to, for the header until it answers: the context's name.
    pub context: String,
    /// How long an idle feed may go unheard before its facts count as stale.
    pub quiet: Duration,
    pub now: Now,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
}

/// The cockpit.
#[derive(Debug)]
pub struct State {
    pub(in crate::app) rule: TenantRule,
    pub(in crate::app) mode: Mode,
    pub(in crate::app) context: String,
    pub(in crate::app) slow_quiet: Duration,
    pub(in crate::app) now: Now,
    pub(in crate::app) size: (u16, u16),
    pub(in crate::app) world: World,
    pub(in crate::app) conditions: Conditions,
    pub(in crate::app) connection: Connection,
    pub(in crate::app) identity: Option<ClusterIdentity>,
    pub(in crate::app) operator: Option<Operator>,
    pub(in crate::app) journal: JournalState,
    pub(in crate::app) visits: Vec<Visit>,
    pub(in crate::app) prompt: Option<Prompt>,
    pub(in crate::app) gate: Option<Gate>,
    /// The act of Helm's whose panel opens when what it rests on has come.
    pub(in crate::app) preparing: Option<Act>,
    pub(in crate::app) steps: BTreeMap<StepNumber, Step>,
    /// The step whose progress stands where its panel stood.
    pub(in crate::app) following: Option<StepNumber>,
    pub(in crate::app) doubts: Vec<Doubtful>,
    pub(in crate::app) runs: Runs,
    pub(in crate::app) history: History,
    pub(in crate::app) yaml: BTreeMap<Key, Fetch<String>>,
    pub(in crate::app) events: BTreeMap<Key, Fetch<Vec<EventLine>>>,
    /// The release looked at last.
    pub(in crate::app) dossier: Option<Dossier>,
    /// The tenant whose records and cluster facts were asked for last.
    pub(in crate::app) reading: Option<Reading>,
    /// The asking of raft clusters that are looked at.
    pub(in crate::app) raft: Asking,
    /// The object whose way out is to be shown as soon as it is in sight.
    pub(in crate::app) bound_for: Option<Key>,
    pub(in crate::app) flash: Option<Flash>,
    /// No key was pressed yet: until then the cursor stays on the first row while the first lists come in.
    pub(in crate::app) untouched: bool,
    /// There is no screen: what one would show is worked out only when a key moves about on it.
    pub(in crate::app) unseen: bool,
    /// `q` was pressed once while a step was running.
    pub(in crate::app) asked_to_leave: bool,
    pub(in crate::app) derived: Derived,
}

impl State {
    pub fn new(start: Start) -> Self {
        Self {
            rule: start.rule,
            mode: start.mode,
            context: start.context,
            slow_quiet: start.quiet,
            now: start.now,
            size: start.size,
            world: World::default(),
            conditions: Conditions::default(),
            connection: Connection::Waiting { since: start.now.mono },
            identity: None,
            operator: None,
            journal: JournalState::default(),
            visits: vec![Visit::to(Screen::Fleet)],
            prompt: None,
            gate: None,
            preparing: None,
            steps: BTreeMap::new(),
            following: None,
            doubts: Vec::new(),
            runs: Runs::default(),
            history: History::default(),
            yaml: BTreeMap::new(),
            events: BTreeMap::new(),
            dossier: None,
            reading: None,
            raft: Asking::default(),
            bound_for: None,
            flash: None,
            untouched: true,
            unseen: false,
            asked_to_leave: false,
            derived: Derived::default(),
        }
    }

    /// Nobody looks: there is no screen, and somebody's answers press the keys.
    pub const fn unattended(&mut self) {
        self.unseen = true;
    }

    pub const fn world(&self) -> &World {
        &self.world
    }

    pub const fn now(&self) -> Now {
        self.now
    }

    pub const fn conditions(&self) -> &Conditions {
        &self.conditions
    }

    pub const fn size(&self) -> (u16, u16) {
        self.size
    }

    /// How long an idle feed may go unheard: shorter while a gate is open, and not at all while the server is lost.
    pub const fn quiet(&self) -> Duration {
        match (&self.connection, &self.gate) {
            (Connection::Lost { .. }, _) => Duration::ZERO,
            (_, Some(_)) => feed::PROMISE,
            (_, None) => self.slow_quiet,
        }
    }

    /// Whether a gate is open.
    pub const fn at_gate(&self) -> bool {
        self.gate.is_some()
    }

    /// The runs of runbooks.
    pub const fn runs(&self) -> &Runs {
        &self.runs
    }

    /// What an act of Helm's rests on is being read; its panel opens when it has come.
    pub const fn preparing(&self) -> bool {
        self.preparing.is_some()
    }

    pub const fn journal(&self) -> &JournalState {
        &self.journal
    }

    /// The place of the item of a run's gate that the cursor rests on.
    pub fn run_item(&self) -> Option<usize> {
        match self.visit().cursor().at() {
            Some(RowId::RunItem(_, at)) => Some(*at),
            _ => None,
        }
    }

    /// The panel that is open.
    pub fn panel(&self) -> Option<&gate::Panel> {
        self.gate.as_ref().map(|gate| &gate.panel)
    }

    /// The sentence in the flash line, and whether it tells of a failure.
    pub fn flash(&self) -> Option<(&str, bool)> {
        self.flash.as_ref().map(|flash| (flash.sentence.as_str(), flash.failed))
    }

    /// The steps of this session.
    pub fn steps(&self) -> impl Iterator<Item = &Step> {
        self.steps.values()
    }

    /// A feed is about to be watched: its panel can say what it waits for before the first answer.
    pub fn expect(&mut self, feed: feed::FeedId) {
        self.world.expect(feed, self.now.mono);
        self.derived.touch_all(crate::model::Kinds::ALL);
    }

    /// Raft systems that the operator has described.
    pub fn describe(&mut self, described: &[Described]) {
        Arc::make_mut(&mut self.conditions.raft).described = described.to_vec();
    }

    /// The way out of this object is shown as soon as it is in sight.
    pub fn unstick(&mut self, key: Key) {
        self.bound_for = Some(key);
    }

    /// The visit on top. There is always one: the fleet is never left.
    pub(in crate::app) fn visit(&self) -> &Visit {
        self.visits.last().unwrap_or(&self.derived.nowhere)
    }

    pub(in crate::app) fn visit_mut(&mut self) -> &mut Visit {
        if self.visits.is_empty() {
            self.visits.push(Visit::to(Screen::Fleet));
        }
        self.visits.last_mut().unwrap_or(&mut self.derived.nowhere)
    }

    /// The object that a key is about: the one under the cursor, or the one the screen is about.
    pub fn meant(&self) -> Option<Subject> {
        let visit = self.visit();
        let under = self.derived.ids(visit.part).and_then(|ids| {
            let cursor = visit.cursor();
            cursor.at().filter(|at| ids.contains(at)).cloned()
        });
        match under {
            Some(RowId::Object(key, uid) | RowId::Finalizer(key, uid, _)) => Some(Subject { key, uid }),
            Some(RowId::Mention(key, _)) => {
                let uid = self.world.get(&key)?.meta.uid.clone();
                Some(Subject { key, uid })
            }
            Some(RowId::Tenant(name)) => {
                let tenant = self.derived.tenants.iter().find(|tenant| tenant.name == name)?;
                let key = Key::cluster(crate::model::Kind::Namespace, tenant.namespaces.first()?);
                let uid = self.world.get(&key)?.meta.uid.clone();
                Some(Subject { key, uid })
            }
            Some(
                RowId::Document(_)
                | RowId::Step(_)
                | RowId::Doubt(_)
                | RowId::Peer(_)
                | RowId::Run(_)
                | RowId::RunItem(..)
                | RowId::RunLine(_),
            ) => None,
            None => visit.screen.subject().cloned(),
        }
    }

    /// Something that time ends: a step under way, a sentence in the flash line.
    pub fn in_progress(&self) -> bool {
        let on = self.runs.on.as_ref();
        self.flash.is_some() || self.running().next().is_some() || on.is_some_and(|on| !on.run.over())
    }

    /// How long it is from `now` until the first live feed is called stale if nothing more is heard of it.
    pub fn until_stale(&self, now: Moment) -> Duration {
        let live = self
            .world
            .feeds()
            .filter(|(_, feed)| feed.state == feed::FeedState::Live);
        let left = live.map(|(_, feed)| self.quiet().saturating_sub(feed.heard.age(now)));
        left.min().unwrap_or_default()
    }

    pub(in crate::app) fn tell(&mut self, sentence: impl Into<String>) {
        self.flash = Some(Flash {
            sentence: sentence.into(),
            failed: false,
            at: self.now.mono,
        });
    }

    pub(in crate::app) fn warn(&mut self, sentence: impl Into<String>) {
        self.tell(sentence);
        if let Some(flash) = &mut self.flash {
            flash.failed = true;
        }
    }

    /// A step whose request may still be under way.
    pub(in crate::app) fn running(&self) -> impl Iterator<Item = &Step> {
        self.steps.values().filter(|step| !step.over())
    }
}
