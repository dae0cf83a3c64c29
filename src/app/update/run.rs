//! The run that is on: it is judged with every change, what it comes to by itself is recorded, what a person says is asked
//! for and recorded, and each of its acts goes through the panel in front of every act.

mod begin;
mod came;
mod follow;
mod person;
mod rights;

pub(super) use begin::{order, take_up, told};
pub(super) use came::{noted, probed, rendered, seen};
pub(super) use person::{ask, say, sign, sign_item, spoken};
pub(super) use rights::allowed;

use super::gate;
use crate::app::event::{Effect, JournalState};
use crate::app::run::On;
use crate::app::screen::Screen;
use crate::app::state::State;
use crate::diagnose::Look;
use crate::forecast::forecast;
use crate::gate::{Approved, Demand, SignOff};
use crate::journal::Intent as _;
use crate::model::{Act, Key, Observation};
use crate::runbook::chronicle::{Chapter, Kept, What};
use crate::runbook::plan::Ground;
use crate::runbook::progress::Event;
use crate::runbook::run::{Due, Standing};

/// A run comes to no more than this at once: each step takes a few events, and a runbook has at most 64 of them and 64 of
/// its way back.
const AT_ONCE: usize = 1_024;

/// Whether reports can bear on the run: on its tenant, on the cluster's own objects, or on a feed.
pub(super) fn concerned(state: &State, observations: &[Observation]) -> bool {
    let Some(on) = &state.runs.on else {
        return state.runs.order.is_some();
    };
    let home = &on.run.resolved.namespace;
    let near = |observation: &Observation| {
        super::world::subject(observation).is_none_or(|key| !key.kind.namespaced() || key.namespace == home.as_str())
    };
    observations.iter().any(near)
}

/// Goes on as far as nobody has to be asked.
pub(super) fn go_on(state: &mut State, effects: &mut Vec<Effect>) {
    begin::begin(state, effects);
    if state.runs.on.is_none() {
        return;
    }
    if state.journal == JournalState::Ready {
        follow::follow(state, effects);
        for _ in 0..AT_ONCE {
            judge(state);
            let due = state.runs.on.as_ref().map(|on| on.standing.due.clone());
            let Some(Due::Come(event)) = due else { break };
            if let Event::Renewed { step, why } = &event {
                came::renewed(state, step, why, effects);
            }
            if !come(state, event, effects) {
                break;
            }
        }
    } else {
        judge(state);
    }
    learn(state, effects);
    rights::ask(state, effects);
    foretell(state);
}

/// Judges the run on the world as it is.
fn judge(state: &mut State) {
    let Some(mut on) = state.runs.on.take() else {
        return;
    };
    on.standing = standing(state, &on);
    let demanded = match (&on.standing.due, on.run.step()) {
        (Due::Sign, Some(step)) => Some(Demand::of(&on.run, step)),
        _ => None,
    };
    on.sign_off = match (demanded, on.sign_off.take(), &state.operator) {
        (Some(demand), Some(mut held), _) if held.demand().step() == demand.step() => {
            if held.resense(look(state)) {
                state.warn("something changed under the checklist: what was answered is void");
            }
            Some(held)
        }
        (Some(demand), _, Some(operator)) => Some(SignOff::open(demand, look(state), operator)),
        (_, _, _) => None,
    };
    state.runs.on = Some(on);
}

fn standing(state: &State, on: &On) -> Standing {
    on.run.standing(ground(state))
}

fn ground(state: &State) -> Ground<'_> {
    Ground {
        world: &state.world,
        conditions: &state.conditions,
        now: state.now,
        quiet: state.quiet(),
        executor: state.runs.executor,
        rendered: &state.runs.rendered,
    }
}

/// As a gate looks: facts older than five seconds are unknown to it. Between gates the watch is asked for a sign of life
/// less often, so that there the cockpit's own patience holds.
fn look(state: &State) -> Look<'_> {
    Look {
        world: &state.world,
        conditions: &state.conditions,
        now: state.now,
        quiet: state.quiet(),
    }
}

/// What the next act would do.
fn foretell(state: &mut State) {
    let Some(on) = &state.runs.on else {
        return;
    };
    let act = next_act(on).filter(|_| state.visit().screen == Screen::Run);
    let told = act.map(|act| {
        let act = repinned(state, &act);
        forecast(&state.world, &act, &state.conditions, state.now, state.quiet())
    });
    if let Some(on) = &mut state.runs.on {
        on.next = told;
    }
}

/// The act whose gate is next, where one is.
pub(super) fn next_act(on: &On) -> Option<Act> {
    match &on.standing.due {
        Due::Begin(acts) => acts.first().cloned(),
        Due::Act(at) => {
            let course = on.run.progress.current()?;
            course.acts.get(*at).map(|taken| taken.act.clone())
        }
        Due::Come(_)
        | Due::UnderWay(_)
        | Due::Sign
        | Due::Blocked(_)
        | Due::Unknown(_)
        | Due::Wait
        | Due::Decide(_)
        | Due::Over => None,
    }
}

/// The act on the same object at its present resource version.
fn repinned(state: &State, act: &Act) -> Act {
    let mut act = act.clone();
    if let Some(live) = state.world.pinned(act.target()) {
        act.target_mut().resource_version = live.meta.resource_version.clone();
    }
    act
}

/// Takes something in, and asks for its record. `false`, and a sentence, where it cannot follow.
fn come(state: &mut State, event: Event, effects: &mut Vec<Effect>) -> bool {
    let by = state
        .operator
        .as_ref()
        .map_or_else(String::new, |operator| format!("{}@{}", operator.user, operator.host));
    let now = state.now;
    let Some(on) = &mut state.runs.on else {
        return false;
    };
    let step = on.run.about(&event);
    let kept = Kept {
        at: now.wall,
        by,
        step: step.clone(),
        event: event.clone(),
    };
    let before = on.run.progress.current().map(|course| course.id.clone());
    if let Err(misplaced) = on.run.take(kept, now) {
        state.warn(misplaced.to_string());
        return false;
    }
    let on_step = on.run.progress.current().map(|course| course.id.clone());
    if before != on_step {
        on.numbers.clear();
        on.sign_off = None;
        on.said = None;
    }
    let began = matches!(event, Event::Began { .. } | Event::Signed { .. });
    effects.push(Effect::Keep(Box::new(Chapter {
        run: on.run.id.clone(),
        step,
        what: What::Came(event),
    })));
    if began {
        // a file that was mended since is read again
        on.files.clear();
        on.manifests.clear();
        let source = &on.run.resolved.runbook.source;
        effects.push(Effect::CheckRunbook {
            name: source.name.clone(),
        });
    }
    if on.run.over() {
        let ending = on.run.ending();
        state.tell(format!("the run is over: {ending}"));
    }
    true
}

/// Asks for the newest records that checks rest on, where they have not been read.
fn learn(state: &mut State, effects: &mut Vec<Effect>) {
    let ledger = std::sync::Arc::clone(&state.conditions.helm);
    let Some(on) = &mut state.runs.on else {
        return;
    };
    if let Some(act) = on.standing.ask.clone().filter(|_| on.probing.is_none()) {
        on.probing = Some(act.clone());
        effects.push(Effect::Probe(act));
    }
    effects.extend(came::unseen(on, &state.conditions.raft, state.now.mono));
    let unnoted: Vec<Key> = on.run.unnoted().collect();
    for key in unnoted {
        if on.reading.insert(key.clone()) {
            effects.push(Effect::Remember(key));
        }
    }
    let files = on.run.resolved.files();
    if files != on.files {
        on.files.clone_from(&files);
        effects.push(Effect::ReadValues(files));
    }
    // what a step goes by was read when the run began, by this process or by one that is gone
    let rendered = &state.runs.rendered;
    let unread = on.run.resolved.manifests().into_iter();
    let paths: Vec<String> = unread
        .filter(|path| !rendered.contains_key(path) && !on.manifests.contains(path))
        .collect();
    if !paths.is_empty() {
        on.manifests.extend(paths.iter().cloned());
        let namespace = on.run.resolved.namespace.clone();
        effects.push(Effect::ReadManifests { paths, namespace });
    }
    for pin in on.run.newest_records(&state.world) {
        if ledger.record(&pin).is_none() && !on.records.contains(&pin) {
            effects.push(Effect::ReadRecord(pin.key.clone()));
            on.records.push(pin);
        }
    }
}

/// The key that leads to the next act's panel; it begins the step where that has not been done.
pub(super) fn act(state: &mut State, effects: &mut Vec<Effect>) {
    if state.journal != JournalState::Ready {
        state.warn("the journal is not open for new steps: nothing can be begun");
        return;
    }
    go_on(state, effects);
    if let Some(Due::Begin(acts)) = state.runs.on.as_ref().map(|on| on.standing.due.clone()) {
        come(state, Event::Began { acts }, effects);
        go_on(state, effects);
    }
    let Some(on) = &state.runs.on else {
        state.warn("no run is on; :run NAME KEY=VALUE … begins one");
        return;
    };
    let why = match &on.standing.due {
        Due::Act(_) => return panel(state, Vec::new(), effects),
        Due::Sign => "this step does nothing: sign its items with space, type its text with t, then ctrl-y".to_owned(),
        Due::UnderWay(_) => "an act is under way: its end is waited for".to_owned(),
        Due::Blocked(why) | Due::Unknown(why) => {
            let told = format!("looked again, and the files of values are read again: {why}");
            look_again(state, effects);
            told
        }
        Due::Wait => "its end is waited for; nothing is to be done".to_owned(),
        Due::Decide(_) => {
            "the step is stopped: r begins it anew, S leaves it out, W takes its end for seen, B turns back".to_owned()
        }
        Due::Over => "the run is over".to_owned(),
        Due::Begin(_) | Due::Come(_) => "the run goes on by itself".to_owned(),
    };
    state.tell(why);
}

/// Files that a person may have mended are read again, and rights that somebody may have got are asked after; the cluster is
/// watched anyway.
fn look_again(state: &mut State, effects: &mut Vec<Effect>) {
    if let Some(on) = &mut state.runs.on {
        on.files.clear();
        on.rights = None;
    }
    learn(state, effects);
    rights::ask(state, effects);
}

/// Opens the panel in front of the next act, with what the step adds.
pub(super) fn panel(state: &mut State, changes: Vec<String>, effects: &mut Vec<Effect>) {
    let Some(on) = &state.runs.on else {
        return;
    };
    let Some(act) = next_act(on) else {
        return;
    };
    let act = repinned(state, &act);
    if let Some(on) = &mut state.runs.on {
        on.asking = true;
    }
    if let Act::Helm { .. } = act {
        gate::prepare(state, act, effects);
    } else {
        gate::open(state, &act, changes, effects);
    }
}

/// What the run adds to the panel that is about to open: nothing where it was not the run that asked for it.
pub(super) fn demand(state: &mut State, act: &Act) -> Option<Demand> {
    let on = state.runs.on.as_mut()?;
    let asked = std::mem::take(&mut on.asking);
    let own = next_act(on).filter(|_| asked)?;
    let (own, target) = (own.target(), act.target());
    (own.key == target.key && own.uid == target.uid).then_some(())?;
    on.run.step().map(|step| Demand::of(&on.run, step))
}

/// Whether an act whose approval died is the run's next one: then its panel opens again with what the step adds.
pub(super) fn reopens(state: &mut State, act: &Act, changes: &[String], effects: &mut Vec<Effect>) -> bool {
    go_on(state, effects);
    let of_run = state.runs.on.as_deref().and_then(next_act);
    let same = of_run.is_some_and(|own| own.to_string() == act.to_string() && own.target().uid == act.target().uid);
    if same {
        panel(state, changes.to_vec(), effects);
    }
    same
}

/// An act of the run was approved: that is on record before its intent is.
pub(super) fn sending(state: &mut State, number: u64, approved: &Approved, effects: &mut Vec<Effect>) {
    let Some(at) = state.runs.on.as_ref().and_then(|on| {
        if let Due::Act(at) = on.standing.due {
            Some(at)
        } else {
            None
        }
    }) else {
        return;
    };
    let event = Event::Sending {
        act: at,
        approval: approved.digest(),
        shown: Box::new(approved.act().clone()),
        word: state.runs.approver.take(),
    };
    if come(state, event, effects)
        && let Some(on) = &mut state.runs.on
    {
        on.numbers.insert(at, number);
    }
}

/// An act of the run says how far it is.
pub(super) fn said(state: &mut State, number: u64, line: &str) {
    if let Some(on) = &mut state.runs.on
        && on.numbers.values().any(|own| *own == number)
    {
        on.said = Some(line.to_owned());
    }
}

/// Shows the parameters, or the step again.
pub(super) fn parameters(state: &mut State) {
    match &mut state.runs.on {
        Some(on) => on.parameters = !on.parameters,
        None => state.tell("no run is on"),
    }
}

/// The runbook's file was read again.
pub(super) fn changed(state: &mut State, digest: String, effects: &mut Vec<Effect>) {
    let Some(on) = &state.runs.on else {
        return;
    };
    let known = on.run.came.iter().rev().find_map(|kept| {
        if let Event::Changed { digest } = &kept.event {
            Some(digest)
        } else {
            None
        }
    });
    let held = known.unwrap_or(&on.run.progress.digest);
    if *held == digest || on.run.over() {
        return;
    }
    if come(state, Event::Changed { digest }, effects) {
        state.warn(
            "the runbook's file was changed; the run goes on with the text it began with, which the journal keeps",
        );
    }
}
