//! What the release on screen needs is asked for, once; what came is kept as long as somebody looks.

use super::{ask as go, asked};
use crate::app::event::Effect;
use crate::app::release::{Answer, Aspect, Dossier, Question, Read, Section};
use crate::app::screen::{Cursor, Part, Screen, Visit};
use crate::app::state::State;
use crate::model::helm::{Address, Home, Opening};
use crate::model::{Key, Kind, Kinds, Now, Object, Pin, Text};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Of a release that is opened, so many of the newest revisions are read.
const REVISIONS: usize = 10;
/// So many of them at a time.
const ABREAST: usize = 2;
/// With so many other releases it is compared without being asked to; with more, only with those beside it.
const FEW: usize = 24;

/// Goes to a release.
pub(super) fn open(state: &mut State, home: Home, effects: &mut Vec<Effect>) {
    go::open(state, Screen::Release(Aspect::of(home)), effects);
}

/// The release whose record an object of the world is.
pub(super) fn home_of(state: &State, record: &Key) -> Option<Home> {
    Home::of(state.world.get(record)?)
}

/// Asks for what the release on screen needs and was not asked for yet; forgets what nobody looks at any more.
pub(super) fn follow(state: &mut State, effects: &mut Vec<Effect>) {
    let is_shown =
        |visit: &Visit, home: &Home| matches!(&visit.screen, Screen::Release(aspect) if aspect.home == *home);
    if let Some(dossier) = &state.dossier
        && !state.visits.iter().any(|visit| is_shown(visit, &dossier.home))
    {
        state.dossier = None;
    }
    let Screen::Release(aspect) = &state.visit().screen else {
        return;
    };
    let aspect = aspect.clone();
    let revisions = state.revisions(&aspect.home);
    let now = state.now;
    let held = state.dossier.take().filter(|dossier| dossier.home == aspect.home);
    let mut dossier = held.unwrap_or_else(|| Dossier::of(aspect.home.clone()));
    let Some(revision) = shown(&aspect, &revisions) else {
        state.dossier = Some(dossier);
        return;
    };
    let mut wanted = vec![revision];
    match aspect.section {
        Section::Changes => wanted.extend(base(&aspect, &revisions)),
        Section::Revisions => wanted.extend(revisions.iter().rev().take(REVISIONS).filter_map(number)),
        Section::Objects | Section::Hooks | Section::Values | Section::Drift => {}
    }
    for wanted in wanted {
        read(&mut dossier, &revisions, wanted, now, effects);
    }
    look(&mut dossier, revision, aspect.section, now, effects);
    if dossier.claims.is_none() {
        compare(&mut dossier, revision, others(state, &aspect.home), now, effects);
    }
    state.dossier = Some(dossier);
}

fn number(object: &Arc<Object>) -> Option<u32> {
    Some(object.body.release()?.revision)
}

/// The revision that is shown: the one chosen, if it is still there, else the newest.
pub(in crate::app) fn shown(aspect: &Aspect, revisions: &[Arc<Object>]) -> Option<u32> {
    let mut all = revisions.iter().filter_map(number);
    match aspect.revision {
        Some(chosen) => all
            .find(|revision| *revision == chosen)
            .or_else(|| revisions.last().and_then(number)),
        None => revisions.last().and_then(number),
    }
}

/// The revision that changes are told from.
pub(in crate::app) fn base(aspect: &Aspect, revisions: &[Arc<Object>]) -> Option<u32> {
    let shown = shown(aspect, revisions)?;
    let mut before = revisions.iter().filter_map(number).filter(|revision| *revision < shown);
    aspect
        .base
        .filter(|base| *base != shown && revisions.iter().filter_map(number).any(|held| held == *base))
        .or_else(|| before.next_back())
}

/// Asks for a revision, unless it was read from the record as it is known now.
fn read(dossier: &mut Dossier, revisions: &[Arc<Object>], revision: u32, now: Now, effects: &mut Vec<Effect>) {
    let known = revisions
        .iter()
        .find(|object| number(object) == Some(revision))
        .map(|object| object.meta.resource_version.clone());
    let held = dossier.revisions.get(&revision);
    let fresh = held.is_some_and(|read| read.known == known || read.fetch.answer.is_none());
    let under_way = dossier
        .revisions
        .values()
        .filter(|read| read.fetch.answer.is_none())
        .count();
    if fresh || under_way >= ABREAST {
        return;
    }
    let fetch = asked(now);
    dossier.revisions.insert(revision, Read { known, fetch });
    let home = dossier.home.clone();
    effects.push(Effect::FetchRelease(Question::Open { home, revision }));
}

/// Asks how the objects of the revision shown are.
fn look(dossier: &mut Dossier, shown: u32, section: Section, now: Now, effects: &mut Vec<Effect>) {
    let Some(opened) = dossier.opened(shown) else {
        return;
    };
    let record = &opened.record;
    let documents = record.manifest.documents.iter().map(|document| &document.address);
    let home = dossier.home.clone();
    if dossier.live.as_ref().is_none_or(|(of, _)| *of != shown) {
        let hooks = record.hooks.iter().map(|hook| &hook.document.address);
        let addresses: Vec<Address> = documents.chain(hooks).cloned().collect();
        dossier.live = Some((shown, asked(now)));
        effects.push(Effect::FetchRelease(Question::Live { home, addresses }));
    } else if section == Section::Drift && dossier.whole.as_ref().is_none_or(|(of, _)| *of != shown) {
        let addresses: Vec<Address> = documents.cloned().collect();
        dossier.whole = Some((shown, asked(now)));
        effects.push(Effect::FetchRelease(Question::Whole { home, addresses }));
    }
}

/// Asks what other releases name, once the revision shown is open.
fn compare(dossier: &mut Dossier, shown: u32, others: Vec<(Home, u32)>, now: Now, effects: &mut Vec<Effect>) {
    let Some(opened) = dossier.opened(shown) else {
        return;
    };
    let documents = opened.record.manifest.documents.iter();
    let mut near: BTreeSet<Text> = documents.map(|document| document.address.namespace.clone()).collect();
    near.insert(dossier.home.namespace.clone());
    let total = others.len();
    let few = total <= FEW || dossier.all;
    let others: Vec<(Home, u32)> = others
        .into_iter()
        .filter(|(home, _)| few || near.contains(&home.namespace))
        .collect();
    dossier.aside = total.saturating_sub(others.len());
    let home = dossier.home.clone();
    dossier.claims = Some(asked(now));
    effects.push(Effect::FetchRelease(Question::Claims { home, others }));
}

/// Every other release in sight, with the revision it has deployed, or its newest where none is.
pub(in crate::app) fn others(state: &State, own: &Home) -> Vec<(Home, u32)> {
    own.others(state.world.records().map(AsRef::as_ref))
}

/// Takes an answer in. One that nobody waits for any more is dropped.
pub(super) fn take(state: &mut State, answer: Answer) {
    let now = state.now;
    let dossier = state.dossier.as_mut();
    match answer {
        Answer::Opened { home, revision, answer } => {
            let answer = answer.map(|(pin, opening)| {
                learn(&mut state.conditions, pin, &opening);
                Arc::new(opening)
            });
            let records = Kinds::of(&Kind::RECORDS);
            state.derived.touch(home.namespace.clone(), &records.into());
            if let Some(read) = dossier
                .filter(|dossier| dossier.home == home)
                .and_then(|dossier| dossier.revisions.get_mut(&revision))
            {
                read.fetch.answer = Some((now, answer));
            }
        }
        Answer::Live { home, found } => {
            if let Some((_, fetch)) = dossier
                .filter(|held| held.home == home)
                .and_then(|held| held.live.as_mut())
            {
                fetch.answer = Some((now, Ok(found.into_iter().collect())));
            }
        }
        Answer::Whole { home, found } => {
            if let Some((_, fetch)) = dossier
                .filter(|held| held.home == home)
                .and_then(|held| held.whole.as_mut())
            {
                fetch.answer = Some((now, Ok(found.into_iter().collect())));
            }
        }
        Answer::Survey(found) => super::traps::take(state, *found),
        Answer::Claims { home, claims } => {
            if let Some(fetch) = dossier
                .filter(|held| held.home == home)
                .and_then(|held| held.claims.as_mut())
            {
                fetch.answer = Some((now, Ok(claims)));
            }
        }
    }
}

/// What was read of a record counts for forecasts and for rules as well, as long as its object is that one.
fn learn(conditions: &mut crate::laws::Conditions, pin: Pin, opening: &Opening) {
    Arc::make_mut(&mut conditions.helm).enter(pin, opening.reading());
}

/// `[` and `]`: the revision before or after the one shown; after the newest, whatever is the newest.
pub(super) fn step(state: &mut State, newer: bool) {
    let Screen::Release(aspect) = &state.visit().screen else {
        return;
    };
    let revisions = state.revisions(&aspect.home);
    let Some(at) = shown(aspect, &revisions) else { return };
    let mut all: Vec<u32> = revisions.iter().filter_map(number).collect();
    let newest = all.last().copied();
    if !newer {
        all.reverse();
    }
    match all
        .into_iter()
        .find(|other| if newer { *other > at } else { *other < at })
    {
        Some(next) => choose(state, (Some(next) != newest).then_some(next)),
        None => state.tell(format!("r{at} is the {}", if newer { "newest" } else { "oldest" })),
    }
}

fn choose(state: &mut State, revision: Option<u32>) {
    from_the_top(state);
    let visit = state.visit_mut();
    if let Screen::Release(aspect) = &mut visit.screen {
        aspect.revision = revision;
    }
}

/// Other rows stand there now: the cursor begins anew, and nothing has vanished from under it.
fn from_the_top(state: &mut State) {
    let visit = state.visit_mut();
    visit.scroll = 0;
    *visit.cursor_mut(Part::Whole) = Cursor::default();
}

/// Enter on a revision: shows what it holds.
pub(super) fn show(state: &mut State, revision: u32) {
    choose(state, Some(revision));
    turn(state, 1);
}

/// The next section, from its top.
pub(super) fn turn(state: &mut State, by: isize) {
    from_the_top(state);
    let visit = state.visit_mut();
    if let Screen::Release(aspect) = &mut visit.screen {
        aspect.section = aspect.section.further(by);
    }
}

/// `b`: changes are told from the revision under the cursor, or again from the one before.
pub(super) fn choose_base(state: &mut State) {
    let under = under_cursor(state);
    let Screen::Release(aspect) = &mut state.visit_mut().screen else {
        return;
    };
    let chosen = under.filter(|revision| aspect.base != Some(*revision));
    aspect.base = chosen;
    match chosen {
        Some(revision) => state.tell(format!("changes are told from r{revision}")),
        None => state.tell("changes are told from the revision before the one shown"),
    }
}

/// The revision under the cursor.
pub(super) fn under_cursor(state: &State) -> Option<u32> {
    let cursor = state.visit().cursor();
    let at = cursor.at()?;
    Some(state.world.get(at.object()?)?.body.release()?.revision)
}

pub(super) fn show_values(state: &mut State) {
    if let Some(dossier) = &mut state.dossier {
        dossier.values = !dossier.values;
    }
}

pub(super) fn compare_all(state: &mut State) {
    if let Some(dossier) = &mut state.dossier {
        dossier.all = true;
        dossier.claims = None;
    }
}

pub(super) fn read_again(state: &mut State) {
    let Screen::Release(Aspect { home, .. }) = &state.visit().screen else {
        return;
    };
    let home = home.clone();
    if let Some(held) = state.dossier.take() {
        let (all, values) = (held.all, held.values);
        state.dossier = Some(Dossier {
            all,
            values,
            ..Dossier::of(home.clone())
        });
    }
}

impl State {
    /// The revisions of a release, as their records' labels tell, oldest first.
    pub(in crate::app) fn revisions(&self, home: &Home) -> Vec<Arc<Object>> {
        let own = |object: &&Arc<Object>| object.body.release().is_some_and(|facts| facts.name == home.name);
        let records = self.world.in_namespace(home.driver.kind(), &home.namespace);
        let mut found: Vec<Arc<Object>> = records.filter(own).map(Arc::clone).collect();
        found.sort_by_key(number);
        found
    }
}
