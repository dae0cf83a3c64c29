//! What the screens show, worked out from the facts when something changed: never per frame.
//!
//! A tenant is judged again when one of its namespaces was touched; a great many at once are judged in portions, so
//! that no single event takes long. Ages grow with time, so tenants are also judged again in turn on the tick.

use crate::app::screen::{Cursor, Part, Screen, Sort, Visit};
use crate::app::state::State;
use crate::app::view::fleet::{self, Judged, Tally};
use crate::app::view::{self, Look, freshness, help, kind, raw, steps, tenant};
use crate::app::words::{Line, Page, Row, RowId, Span, Table, Tone};
use crate::model::{Changes, Feed, FeedState, Kinds, Tenant, Text};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// What is judged in one go, at most, when a great many tenants were touched at once: a key may wait no longer than that.
/// In tenants by all rules; see [`Derived::judge_one`] for those that only some rules look at again.
const PORTION: usize = 16;
/// The same while a first list comes in: rows fill as it does, and all are judged once it is there.
const MEANWHILE: usize = 4;
/// So many tenants of which one kind has changed cost what one by all rules does.
const PIECES: usize = 4;
/// Tenants judged again for each second that has gone by, in turn, because ages grow.
const IN_TURN: usize = 8;
/// Seconds that are made up for in one go, at most.
const LATE: u64 = 4;

/// What was worked out.
#[derive(Debug)]
pub struct Derived {
    pub(in crate::app) tenants: Vec<Tenant>,
    judged: BTreeMap<Text, Judged>,
    /// Tenants to be judged again, and what has changed in them.
    pending: BTreeMap<Text, Changes>,
    /// Which tenants live in a namespace.
    homes: BTreeMap<Text, Vec<Text>>,
    /// Namespaces touched since their tenants were last judged, and by what.
    touched: BTreeMap<Text, Changes>,
    /// The kinds in which every tenant was touched.
    all_touched: Kinds,
    /// A namespace or a release came, went or changed: the tenants are looked up again.
    roster_touched: bool,
    /// The tenant judged last in turn.
    turn: Text,
    tally: Tally,
    /// What the fleet's list on screen is filtered and sorted by; `None` where it is to be made anew.
    listed_by: Option<(String, Sort)>,
    views: BTreeMap<Part, tenant::View>,
    nothing: tenant::View,
    /// How the objects of the list on screen read to a filter.
    readings: kind::Readings,
    pub(in crate::app) page: Page,
    pub(in crate::app) title: Line,
    pub(in crate::app) nowhere: Visit,
}

impl Default for Derived {
    fn default() -> Self {
        Self {
            tenants: Vec::new(),
            judged: BTreeMap::new(),
            pending: BTreeMap::new(),
            homes: BTreeMap::new(),
            touched: BTreeMap::new(),
            all_touched: Kinds::ALL,
            roster_touched: true,
            turn: Text::default(),
            tally: Tally::default(),
            listed_by: None,
            views: BTreeMap::new(),
            nothing: tenant::View {
                table: Table::listed(&[], Vec::new(), Span::default()),
                freshness: Span::default(),
            },
            readings: kind::Readings::default(),
            page: Page::default(),
            title: Line::default(),
            nowhere: Visit::to(Screen::Fleet),
        }
    }
}

impl State {
    pub(in crate::app) const fn look(&self) -> Look<'_> {
        Look {
            world: &self.world,
            conditions: &self.conditions,
            now: self.now,
            quiet: self.quiet(),
        }
    }

    /// Judges what has changed, and works out what the screen shows now. Where nobody looks it is only found out which tenants
    /// there are.
    pub(in crate::app) fn refresh(&mut self) {
        let mut derived = std::mem::take(&mut self.derived);
        let portion = if self.unseen {
            0
        } else if self.listing() {
            MEANWHILE
        } else {
            PORTION
        };
        derived.judge(self, portion);
        self.derived = derived;
        if !self.unseen {
            self.show();
        }
    }

    /// Works out what a screen that nobody looks at would show, before a key moves about on it. A panel's keys need no screen.
    pub(in crate::app) fn show_to_keys(&mut self) {
        if self.unseen && self.gate.is_none() {
            self.show();
        }
    }

    /// Works out what the screen shows now, and finds the cursors' rows again.
    fn show(&mut self) {
        let mut derived = std::mem::take(&mut self.derived);
        derived.show(self);
        self.derived = derived;
        self.settle_cursors();
    }

    /// Whether tenants wait to be judged that can be judged well: the shell then sends [`Event::Onward`] whenever it has
    /// nothing else to do. While a list comes in they wait for what it still brings.
    ///
    /// [`Event::Onward`]: super::Event::Onward
    pub fn behind(&self) -> bool {
        !self.unseen && !self.derived.pending.is_empty() && !self.listing()
    }

    /// Whether a first list is under way.
    fn listing(&self) -> bool {
        let listing = |feed: &Feed| matches!(feed.state, FeedState::Listing { .. });
        self.world.feeds().any(|(_, feed)| listing(feed))
    }

    /// Judges every tenant that is waiting for it: for output that is asked for once, without a screen.
    pub fn judge_all(&mut self) {
        let mut derived = std::mem::take(&mut self.derived);
        derived.judge(self, usize::MAX);
        derived.show(self);
        self.derived = derived;
    }

    /// Some seconds went by: a few tenants are judged again in turn, and what is on screen.
    pub(in crate::app) fn grow_older(&mut self, seconds: u64) {
        let turns = usize::try_from(seconds.min(LATE)).unwrap_or(1) * IN_TURN;
        let mut derived = std::mem::take(&mut self.derived);
        derived.take_turns(self, turns);
        self.derived = derived;
    }

    /// Every tenant with its judgement, by name.
    pub fn judged(&self) -> impl Iterator<Item = (&Tenant, &Judged)> {
        self.derived
            .tenants
            .iter()
            .filter_map(|tenant| self.derived.judged.get(&tenant.name).map(|judged| (tenant, judged)))
    }

    fn settle_cursors(&mut self) {
        let parts: &[Part] = match &self.visit().screen {
            Screen::Tenant(_) => &Part::TENANT,
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
            | Screen::Run => &[Part::Whole],
        };
        let focus = self.visit().part;
        for part in parts {
            let filtered = !self.visit().filter.is_empty();
            let untouched = self.untouched;
            let mut cursor = if untouched {
                Cursor::default()
            } else {
                self.visit().cursor_of(*part)
            };
            let vanished = cursor.settle(&self.derived.ids(*part).unwrap_or_default());
            if filtered {
                // it did not vanish, it was filtered out, by the operator's own hand
                cursor.seen();
            }
            *self.visit_mut().cursor_mut(*part) = cursor;
            // a run's lines are read, and its items belong to a step: what moved on has nothing to say
            if matches!(vanished, Some(RowId::RunLine(_) | RowId::RunItem(..) | RowId::Run(_))) {
                self.visit_mut().cursor_mut(*part).seen();
                continue;
            }
            if let Some(vanished) = vanished
                && *part == focus
                && !filtered
                // a way out that is planned anew may name the same object in another step
                && self.visit().cursor().at().is_none_or(|at| at.name() != vanished.name())
            {
                let to = self.visit().cursor().at().map_or_else(
                    || "nothing is left here".to_owned(),
                    |at| format!("the cursor moved to {}", at.name()),
                );
                self.tell(format!("{} is gone; {to}", vanished.name()));
            }
        }
    }
}

impl Derived {
    /// Something has changed in a namespace; all kinds where more than objects has changed.
    pub(in crate::app) fn touch(&mut self, namespace: Text, changes: &Changes) {
        self.touched.entry(namespace).or_default().add(changes);
    }

    /// Objects of these kinds have changed in all namespaces.
    pub(in crate::app) const fn touch_all(&mut self, kinds: Kinds) {
        self.all_touched = self.all_touched.and(kinds);
    }

    pub(in crate::app) const fn touch_roster(&mut self) {
        self.roster_touched = true;
    }

    /// What the cursor of a part can rest on; `None` when that part has no rows by nature.
    pub(in crate::app) fn ids(&self, part: Part) -> Option<Cow<'_, [RowId]>> {
        if let Some(view) = self.views.get(&part) {
            return Some(Cow::Borrowed(&view.table.ids));
        }
        let ids = self.page.ids();
        (!ids.is_empty()).then_some(Cow::Owned(ids))
    }

    /// A row of a list that is worded only when it is shown.
    pub(in crate::app) fn row(&self, look: Look<'_>, id: &RowId) -> Option<Row> {
        match id {
            RowId::Tenant(name) => self.judged.get(name).map(|judged| judged.row.clone()),
            RowId::Object(key, _) => look.world.get(key).map(|object| kind::row(look, object)),
            RowId::Mention(..)
            | RowId::Finalizer(..)
            | RowId::Document(_)
            | RowId::Step(_)
            | RowId::Doubt(_)
            | RowId::Peer(_)
            | RowId::Run(_)
            | RowId::RunItem(..)
            | RowId::RunLine(_) => None,
        }
    }

    pub(in crate::app) fn view(&self, part: Part) -> &tenant::View {
        self.views.get(&part).unwrap_or(&self.nothing)
    }

    pub(in crate::app) const fn tally(&self) -> Tally {
        self.tally
    }

    /// The worst verdict of all, for a terminal with room for one line.
    pub(in crate::app) fn worst(&self) -> Span {
        let worst = self
            .judged
            .iter()
            .max_by_key(|(_, judged)| (judged.verdict.severity, !judged.known));
        worst.map_or_else(
            || Span::new("no tenant yet", Tone::Unknown),
            |(name, judged)| {
                let (mark, tone) = fleet::mark(judged.verdict.severity, judged.known);
                Span::new(format!("{mark} {name}: {}", judged.verdict.sentence), tone)
            },
        )
    }

    /// Looks the tenants up again where needed, and judges those that were touched, at most `portion` of them.
    fn judge(&mut self, state: &State, portion: usize) {
        let all = std::mem::take(&mut self.all_touched);
        if !all.within(Kinds::FRESHNESS) || self.roster_touched {
            self.look_up(state);
        }
        if all != Kinds::NONE {
            for tenant in &self.tenants {
                self.pending.entry(tenant.name.clone()).or_default().add(&all.into());
            }
        }
        for (namespace, changes) in std::mem::take(&mut self.touched) {
            for name in self.homes.get(&namespace).into_iter().flatten() {
                self.pending.entry(name.clone()).or_default().add(&changes);
            }
        }
        let mut left = portion.saturating_mul(PIECES);
        let mut moved = false;
        while left > 0
            && let Some((name, changes)) = self.pending.pop_first()
        {
            left = left.saturating_sub(if changes.whole() == Kinds::ALL { PIECES } else { 1 });
            moved |= self.judge_one(state, name, &changes);
        }
        if moved {
            self.listed_by = None;
            self.tally = Tally::of(self.judged.values());
        }
    }

    /// Finds out which tenants there are; those that are new wait to be judged, those that are gone are forgotten.
    fn look_up(&mut self, state: &State) {
        self.roster_touched = false;
        self.tenants = state.rule.tenants(&state.world);
        self.homes.clear();
        for tenant in &self.tenants {
            for namespace in &tenant.namespaces {
                self.homes
                    .entry(namespace.clone())
                    .or_default()
                    .push(tenant.name.clone());
            }
            if !self.judged.contains_key(&tenant.name) {
                self.pending.insert(tenant.name.clone(), Kinds::ALL.into());
            }
        }
        let names: BTreeSet<&Text> = self.tenants.iter().map(|tenant| &tenant.name).collect();
        self.judged.retain(|name, _| names.contains(name));
        self.pending.retain(|name, _| names.contains(name));
        self.listed_by = None;
        self.tally = Tally::of(self.judged.values());
    }

    /// Judges a tenant in which that has changed. Whether the fleet's list may be another one now: which tenants
    /// are in it, and in which order.
    fn judge_one(&mut self, state: &State, name: Text, changes: &Changes) -> bool {
        let Some(tenant) = self.tenant(&name).cloned() else {
            return false;
        };
        let look = state.look();
        let before = self.judged.remove(&name);
        let place = before.as_ref().map(Judged::place);
        let filtered = !state.visit().filter.is_empty();
        let judged = match before {
            Some(before) if changes.whole() != Kinds::ALL => fleet::judge_again(look, &tenant, before, changes),
            Some(_) | None => fleet::judge(look, &tenant),
        };
        let moved = place != Some(judged.place()) || filtered;
        self.judged.insert(name, judged);
        moved
    }

    /// So many tenants after the last one in turn, and the one on screen.
    fn take_turns(&mut self, state: &State, turns: usize) {
        let after = self.tenants.iter().map(|tenant| tenant.name.clone());
        let next: Vec<Text> = after
            .clone()
            .filter(|name| *name > self.turn)
            .chain(after.filter(|name| *name <= self.turn))
            .take(turns)
            .collect();
        if let Some(last) = next.last() {
            self.turn = last.clone();
        }
        let on_screen = match &state.visit().screen {
            Screen::Tenant(name) | Screen::Traps(name) => Some(name.clone()),
            _ => None,
        };
        self.pending
            .extend(next.into_iter().chain(on_screen).map(|name| (name, Kinds::ALL.into())));
    }

    /// Works out what the screen on top shows.
    fn show(&mut self, state: &State) {
        let look = state.look();
        let visit = state.visit();
        let width = usize::from(state.size.0).saturating_sub(4).max(16);
        let before = std::mem::take(&mut self.views);
        self.page = Page::default();
        if visit.screen != Screen::Fleet {
            self.listed_by = None;
        }
        if !matches!(visit.screen, Screen::Kind { .. }) {
            self.readings.forget();
        }
        match &visit.screen {
            Screen::Fleet => {
                let before = before.into_values().next();
                let view = self.fleet(look, visit, before);
                self.views.insert(Part::Whole, view);
            }
            Screen::Kind { kind, tenant } => {
                let mut readings = std::mem::take(&mut self.readings);
                if visit.filter.is_empty() {
                    readings.forget();
                }
                let tenant = tenant.as_ref().and_then(|name| self.tenant(name));
                let view = kind::view(look, *kind, tenant, visit, &mut readings);
                self.readings = readings;
                self.views.insert(Part::Whole, view);
            }
            Screen::Tenant(name) => self.show_tenant(look, visit, name),
            Screen::Traps(name) => self.show_traps(state, name, width),
            Screen::Chain(subject) => self.page = view::chain::page(look, subject, width),
            Screen::Explain(subject) => self.page = view::explain::page(look, subject, width),
            Screen::Forecast(subject, propagation) => {
                self.page = view::forecast::page(look, subject, *propagation, width);
            }
            Screen::Yaml(subject) => self.page = raw::yaml(look, subject, state.yaml.get(&subject.key)),
            Screen::Events(subject) => {
                self.page = raw::events(look, subject, state.events.get(&subject.key), width);
            }
            Screen::History(subject) => self.page = raw::history(look, subject, &state.history, width),
            Screen::Unstick(subject) => {
                self.page = view::unstick::page(look, subject, state.steps.values(), state.mode, width);
            }
            Screen::Release(aspect) => self.page = view::release::page(look, aspect, state, width),
            Screen::Help => {
                let from = state
                    .visits
                    .iter()
                    .rev()
                    .nth(1)
                    .map_or(&Screen::Fleet, |visit| &visit.screen);
                self.page = help::page(&crate::app::places::of(from), width);
            }
            Screen::Steps => self.page = steps::page(look, state.steps.values(), &state.journal, width),
            Screen::Raft(id) => self.page = view::raft::page(look, id, width),
            Screen::Doubts => self.page = view::doubts::page(&state.doubts, width),
            Screen::Run => {
                let rows = usize::from(state.size.1).saturating_sub(5);
                self.page = view::run::page(look, &state.runs, &state.journal, (width, rows));
            }
            Screen::Log => {}
        }
    }

    /// The fleet's list; that of `before`, where nothing has changed which tenants are in it and in which order.
    fn fleet(&mut self, look: Look<'_>, visit: &Visit, before: Option<tenant::View>) -> tenant::View {
        let of = freshness::worst(look, None, fleet::KINDS);
        let empty = if self.judged.is_empty() {
            freshness::emptiness(
                &of,
                look,
                "no namespace or release matches the tenants' rule (--tenants)",
            )
        } else {
            Span::dim("no tenant passes the filter")
        };
        let by = (visit.filter.clone(), visit.sort);
        let table = match before {
            Some(before) if self.listed_by.as_ref() == Some(&by) => Table { empty, ..before.table },
            Some(_) | None => fleet::table(self.judged.values(), visit, empty),
        };
        self.listed_by = Some(by);
        tenant::View {
            table,
            freshness: freshness::words(&of, look),
        }
    }

    fn show_tenant(&mut self, look: Look<'_>, visit: &Visit, name: &Text) {
        let Some(tenant) = self.tenant(name).cloned() else {
            self.title = Line::toned(
                format!(" {name} is gone: no namespace or release of it is left"),
                Tone::Bad,
            );
            return;
        };
        let judged = self.judged.get(name);
        self.title = tenant::title(look, &tenant, judged);
        let views: Vec<(Part, tenant::View)> = Part::TENANT
            .into_iter()
            .map(|part| (part, tenant::panel(look, &tenant, judged, part, visit)))
            .collect();
        self.views.extend(views);
    }

    fn show_traps(&mut self, state: &State, name: &Text, width: usize) {
        let Some(tenant) = self.tenant(name) else {
            self.page = Page::titled(format!("{name} is gone: no namespace or release of it is left"));
            return;
        };
        let judged = self.judged.get(name);
        self.page = view::traps::page(
            state.look(),
            tenant,
            judged,
            state.visit(),
            state.reading.as_ref(),
            width,
        );
    }

    fn tenant(&self, name: &Text) -> Option<&Tenant> {
        let at = self.tenants.binary_search_by(|tenant| tenant.name.cmp(name)).ok()?;
        self.tenants.get(at)
    }
}
