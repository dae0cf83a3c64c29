//! Screens as places one visits, and the cursor that belongs to an identity.
//!
//! Must not know what a row says or how it is drawn.

use crate::app::release::Aspect;
use crate::app::words::RowId;
use crate::model::raft::EnsembleId;
use crate::model::{Key, Kind, Propagation, Text, Uid};
use std::collections::BTreeMap;

/// The object a screen is about: this very one, not another of its name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Subject {
    pub key: Key,
    pub uid: Uid,
}

/// Everything one can look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    Fleet,
    Tenant(Text),
    /// The traps of a tenant, with evidence, remedy and source.
    Traps(Text),
    /// All objects of a kind, of one tenant or of the whole cluster.
    Kind {
        kind: Kind,
        tenant: Option<Text>,
    },
    /// What hangs together with an object, as a tree.
    Chain(Subject),
    Yaml(Subject),
    Events(Subject),
    Explain(Subject),
    Forecast(Subject, Propagation),
    History(Subject),
    /// The way out of an object that is stuck, step by step through the gate.
    Unstick(Subject),
    /// A Helm release: its revisions, what they hold, and how it stands.
    Release(Aspect),
    /// A raft cluster: everything its peers say.
    Raft(EnsembleId),
    Help,
    Log,
    /// The steps of this session.
    Steps,
    /// Steps an earlier session left in doubt.
    Doubts,
    /// The run of a runbook.
    Run,
}

impl Screen {
    /// The object the screen is about.
    pub const fn subject(&self) -> Option<&Subject> {
        match self {
            Self::Chain(subject)
            | Self::Yaml(subject)
            | Self::Events(subject)
            | Self::Explain(subject)
            | Self::Forecast(subject, _)
            | Self::History(subject)
            | Self::Unstick(subject) => Some(subject),
            Self::Fleet
            | Self::Tenant(_)
            | Self::Traps(_)
            | Self::Kind { .. }
            | Self::Release(_)
            | Self::Raft(_)
            | Self::Help
            | Self::Log
            | Self::Steps
            | Self::Doubts
            | Self::Run => None,
        }
    }

    /// Its name in the breadcrumbs.
    pub fn crumb(&self) -> String {
        match self {
            Self::Fleet => "fleet".to_owned(),
            Self::Tenant(name) => name.to_string(),
            Self::Traps(name) => format!("traps of {name}"),
            Self::Kind { kind, .. } => kind.plural().to_owned(),
            Self::Chain(subject) => subject.key.to_string(),
            Self::Yaml(subject) => format!("yaml of {}", subject.key),
            Self::Events(subject) => format!("events of {}", subject.key),
            Self::Explain(subject) => format!("explain {}", subject.key),
            Self::Forecast(subject, _) => format!("forecast delete {}", subject.key),
            Self::History(subject) => format!("history of {}", subject.key),
            Self::Unstick(subject) => format!("unstick {}", subject.key),
            Self::Raft(id) => format!("raft {}", id.name),
            Self::Release(aspect) => format!("release {}", aspect.home.name),
            Self::Help => "help".to_owned(),
            Self::Log => "log".to_owned(),
            Self::Steps => "journal".to_owned(),
            Self::Doubts => "steps in doubt".to_owned(),
            Self::Run => "run".to_owned(),
        }
    }
}

/// The parts of a tenant's cockpit; every other screen has only `Whole`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Part {
    Whole,
    Volumes,
    Jobs,
    Finalizers,
    Raft,
    Releases,
    Findings,
}

impl Part {
    /// The panels of a tenant, in the order `tab` visits them.
    pub const TENANT: [Self; 6] = [
        Self::Volumes,
        Self::Jobs,
        Self::Finalizers,
        Self::Raft,
        Self::Releases,
        Self::Findings,
    ];

    pub const fn title(self) -> &'static str {
        match self {
            Self::Whole => "",
            Self::Volumes => "volumes",
            Self::Jobs => "jobs",
            Self::Finalizers => "finalizers",
            Self::Raft => "raft",
            Self::Releases => "releases",
            Self::Findings => "findings",
        }
    }

    /// The panel `steps` further on, around the end.
    #[must_use]
    pub fn further(self, steps: isize) -> Self {
        let at = Self::TENANT.iter().position(|part| *part == self).unwrap_or(0);
        let count = isize::try_from(Self::TENANT.len()).unwrap_or(1);
        let next = (isize::try_from(at).unwrap_or(0) + steps).rem_euclid(count);
        usize::try_from(next)
            .ok()
            .and_then(|next| Self::TENANT.get(next))
            .copied()
            .unwrap_or(Self::Volumes)
    }
}

/// How rows are ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Sort {
    /// What is worst first.
    #[default]
    Risk,
    Name,
    /// The youngest first.
    Age,
}

impl Sort {
    pub const fn word(self) -> &'static str {
        match self {
            Self::Risk => "risk",
            Self::Name => "name",
            Self::Age => "age",
        }
    }

    #[must_use]
    pub const fn next(self) -> Self {
        match self {
            Self::Risk => Self::Name,
            Self::Name => Self::Age,
            Self::Age => Self::Risk,
        }
    }
}

/// Where the cursor rests. It belongs to an identity: rows may come, go and be sorted, it stays on its own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    at: Option<RowId>,
    index: usize,
    /// What it rested on vanished, and it was moved: the next destructive key is not for the row it was moved to.
    displaced: Option<RowId>,
}

impl Cursor {
    pub const fn at(&self) -> Option<&RowId> {
        self.at.as_ref()
    }

    pub const fn index(&self) -> usize {
        self.index
    }

    /// What vanished from under the cursor, until the operator has looked (pressed a key).
    pub const fn displaced(&self) -> Option<&RowId> {
        self.displaced.as_ref()
    }

    /// The operator has seen where the cursor is.
    pub fn seen(&mut self) {
        self.displaced = None;
    }

    /// Finds the cursor's row among the rows there are now. Returns what vanished from under it, if that happened.
    pub fn settle(&mut self, rows: &[RowId]) -> Option<RowId> {
        if let Some(at) = &self.at {
            let here = rows.get(self.index) == Some(at);
            let found = if here {
                Some(self.index)
            } else {
                rows.iter().position(|row| row == at)
            };
            if let Some(index) = found {
                self.index = index;
                return None;
            }
            let vanished = self.at.take();
            self.index = self.index.min(rows.len().saturating_sub(1));
            self.at = rows.get(self.index).cloned();
            self.displaced.clone_from(&vanished);
            return vanished;
        }
        self.index = 0;
        self.at = rows.first().cloned();
        None
    }

    /// Moves by rows, stopping at both ends.
    pub fn step(&mut self, rows: &[RowId], by: isize) {
        self.to(rows, self.index.saturating_add_signed(by));
    }

    /// Moves to a row; past the end means the last.
    pub fn to(&mut self, rows: &[RowId], index: usize) {
        self.index = index.min(rows.len().saturating_sub(1));
        self.at = rows.get(self.index).cloned();
        self.displaced = None;
    }
}

/// One visit to a screen: what was chosen there, so that coming back finds it as it was left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Visit {
    pub screen: Screen,
    pub part: Part,
    pub filter: String,
    pub sort: Sort,
    /// The first line shown, of a screen that is read rather than chosen from.
    pub scroll: usize,
    cursors: BTreeMap<Part, Cursor>,
}

impl Visit {
    pub fn to(screen: Screen) -> Self {
        let part = match &screen {
            Screen::Tenant(_) => Part::Volumes,
            Screen::Fleet
            | Screen::Traps(_)
            | Screen::Kind { .. }
            | Screen::Chain(_)
            | Screen::Yaml(_)
            | Screen::Events(_)
            | Screen::Explain(_)
            | Screen::Forecast(..)
            | Screen::History(_)
            | Screen::Unstick(_)
            | Screen::Release(_)
            | Screen::Help
            | Screen::Log
            | Screen::Steps
            | Screen::Doubts
            | Screen::Raft(_)
            | Screen::Run => Part::Whole,
        };
        Self {
            screen,
            part,
            filter: String::new(),
            sort: Sort::default(),
            scroll: 0,
            cursors: BTreeMap::new(),
        }
    }

    /// The cursor of the part in focus.
    pub fn cursor(&self) -> Cursor {
        self.cursor_of(self.part)
    }

    pub fn cursor_of(&self, part: Part) -> Cursor {
        self.cursors.get(&part).cloned().unwrap_or_default()
    }

    pub fn cursor_mut(&mut self, part: Part) -> &mut Cursor {
        self.cursors.entry(part).or_default()
    }

    /// Whether a row that reads like this passes the filter: `text` must occur, `!text` must not.
    pub fn admits(&self, row: &str) -> bool {
        self.admits_lower(&row.to_lowercase())
    }

    /// [`Visit::admits`] for a row already in lower case.
    pub fn admits_lower(&self, row: &str) -> bool {
        match self.filter.strip_prefix('!') {
            Some("") => true,
            Some(unwanted) => !row.contains(&unwanted.to_lowercase()),
            None => row.contains(&self.filter.to_lowercase()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(names: &[&str]) -> Vec<RowId> {
        names.iter().map(|name| RowId::Tenant((*name).into())).collect()
    }

    #[test]
    fn the_cursor_stays_on_its_own_whatever_slides_around_it() {
        let mut cursor = Cursor::default();
        assert_eq!(cursor.settle(&rows(&["a", "b", "c"])), None);
        cursor.step(&rows(&["a", "b", "c"]), 1);
        for churn in [&["x", "a", "b", "c"][..], &["b"], &["c", "b", "a"]] {
            assert_eq!(cursor.settle(&rows(churn)), None);
            assert_eq!(cursor.at(), Some(&RowId::Tenant("b".into())));
        }
    }

    #[test]
    fn when_its_row_vanishes_it_says_so_and_rests_on_the_neighbour() {
        let mut cursor = Cursor::default();
        let held = rows(&["a", "b", "c"]);
        cursor.settle(&held);
        cursor.to(&held, 1);
        let vanished = cursor.settle(&rows(&["a", "c"]));
        assert_eq!(vanished, Some(RowId::Tenant("b".into())));
        assert_eq!(cursor.at(), Some(&RowId::Tenant("c".into())));
        assert_eq!(cursor.displaced(), Some(&RowId::Tenant("b".into())));
        cursor.seen();
        assert_eq!(cursor.displaced(), None);
        assert!(cursor.settle(&[]).is_some());
        assert_eq!(cursor.at(), None);
    }

    #[test]
    fn panels_go_round() {
        assert_eq!(Part::Volumes.further(-1), Part::Findings);
        assert_eq!(Part::Findings.further(1), Part::Volumes);
        assert_eq!(Part::Volumes.further(1), Part::Jobs);
    }
}
