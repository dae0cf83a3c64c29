//! Keys at a gate, and the way to one. A destructive key only opens a panel; Enter never approves.

mod roll;

pub(super) use roll::unroll;

use super::ask as go;
use super::world::subject;
use super::{run, traps};
use crate::app::event::{Effect, Rhythm};
use crate::app::key::Key;
use crate::app::keys::Command;
use crate::app::screen::{Screen, Subject};
use crate::app::state::{Gate, Prompt, State};
use crate::app::step::Step;
use crate::app::view;
use crate::diagnose::Look;
use crate::forecast::{Tier, forecast};
use crate::gate::{Item, Panel};
use crate::model::act::{HelmAct, Uninstall};
use crate::model::helm::{Home, Ledger};
use crate::model::storage::VolumePhase;
use crate::model::{Act, Kind, Object, Observation, Pin, feed};
use std::sync::Arc;

/// A destructive key: opens the panel in front of its act, or says why there is none.
pub(super) fn ask(state: &mut State, command: Command, effects: &mut Vec<Effect>) {
    let part = state.visit().part;
    if let Some(vanished) = state.visit().cursor().displaced().cloned() {
        state.visit_mut().cursor_mut(part).seen();
        state.warn(format!(
            "{} vanished and the cursor moved: look where it is, then press again",
            vanished.name()
        ));
        return;
    }
    // a forecast is of one act: there the key means its object, wherever the cursor rests among what would become of others
    let meant = if let Screen::Forecast(subject, _) = &state.visit().screen {
        Some(subject.clone())
    } else {
        state.meant()
    };
    let Some(subject) = meant else {
        state.tell("there is no object under the cursor");
        return;
    };
    let object = state
        .world
        .get(&subject.key)
        .filter(|object| object.meta.uid == subject.uid);
    let Some(object) = object.map(Arc::clone) else {
        state.warn(format!("{} (uid …{}) is gone", subject.key, subject.uid.tail(6)));
        return;
    };
    if command == Command::ClearClaimRefPanel {
        match released(state, &object) {
            Ok(volume) => open(state, &Act::ClearClaimRef { volume: volume.pin() }, Vec::new(), effects),
            Err(why) => state.warn(why),
        }
        return;
    }
    let mut propagation = Act::usual_propagation(&subject.key);
    if let Screen::Forecast(of, chosen) = &state.visit().screen
        && *of == subject
    {
        propagation = *chosen;
    }
    if object.kind().is_record() {
        let helm = HelmAct::Uninstall(Uninstall {
            cascade: propagation,
            ..Uninstall::plain(None)
        });
        match newest(state, &object) {
            Ok(release) => prepare(
                state,
                Act::Helm {
                    release,
                    helm,
                    means: None,
                },
                effects,
            ),
            Err(why) => state.warn(why),
        }
        return;
    }
    let act = Act::Delete {
        target: object.pin(),
        propagation,
    };
    if act.performed() {
        open(state, &act, Vec::new(), effects);
        return;
    }
    state.warn(format!(
        "Pilothouse does not delete a {} itself; this is what deleting it would do",
        subject.key.kind.name()
    ));
    let Subject { key, uid } = subject;
    go::open(state, Screen::Forecast(Subject { key, uid }, propagation), effects);
}

/// The newest record of the release that a record belongs to: helm acts on no other.
pub(in crate::app) fn newest(state: &State, object: &Object) -> Result<Pin, String> {
    let home = Home::of(object).ok_or_else(|| format!("{} is no record of a release", object.key()))?;
    let newest = home.newest(&state.world);
    newest
        .map(|record| record.pin())
        .ok_or_else(|| format!("release {home} is gone"))
}

/// Asks for what an act of Helm's rests on; its panel opens when that comes.
pub(super) fn prepare(state: &mut State, act: Act, effects: &mut Vec<Effect>) {
    state.tell(format!("asking helm and reading the records for: {act}"));
    state.preparing = Some(act.clone());
    effects.push(Effect::PrepareHelm(Box::new(act)));
}

/// What an act of Helm's rests on has come: its panel opens, unless the operator has gone on to something else.
pub(super) fn prepared(
    state: &mut State,
    asked: &Act,
    answer: Result<(Box<Act>, Box<Ledger>), String>,
    effects: &mut Vec<Effect>,
) {
    if state.preparing.as_ref() != Some(asked) {
        return;
    }
    state.preparing = None;
    match answer {
        Ok((act, ledger)) => {
            let mut held = Ledger::clone(&state.conditions.helm);
            held.take_in(&ledger);
            state.conditions.helm = Arc::new(held);
            if state.gate.is_none() {
                open(state, &act, Vec::new(), effects);
            }
        }
        Err(why) => state.warn(why),
    }
}

/// The volume whose `claimRef` may be cleared: the one meant, or the one the claim meant names; only when Released.
fn released(state: &State, object: &Arc<Object>) -> Result<Arc<Object>, String> {
    let volume = match object.kind() {
        Kind::PersistentVolume => Some(Arc::clone(object)),
        Kind::PersistentVolumeClaim => object.body.claim().and_then(|claim| {
            let key = crate::model::Key::cluster(Kind::PersistentVolume, &claim.spec.volume_name);
            state.world.get(&key).map(Arc::clone)
        }),
        Kind::Namespace
        | Kind::Node
        | Kind::StorageClass
        | Kind::VolumeAttachment
        | Kind::Pod
        | Kind::Job
        | Kind::CronJob
        | Kind::StatefulSet
        | Kind::Deployment
        | Kind::ReplicaSet
        | Kind::DaemonSet
        | Kind::PodDisruptionBudget
        | Kind::Release
        | Kind::ReleaseMap => None,
    };
    let Some(volume) = volume else {
        return Err(format!("{} is no volume, and names none", object.key()));
    };
    let facts = volume.body.volume();
    if facts.is_none_or(|facts| facts.status.phase != VolumePhase::Released) {
        return Err(format!(
            "{} is not Released: its claimRef is in use, and clearing it would hand the disk to whoever asks",
            volume.key()
        ));
    }
    let held = facts.and_then(|facts| facts.spec.claim_ref.as_ref());
    if held.is_none_or(|claim| claim.uid.is_empty()) {
        return Err(format!("the claimRef of {} carries no uid: it is clear", volume.key()));
    }
    Ok(volume)
}

pub(super) fn open(state: &mut State, act: &Act, changes: Vec<String>, effects: &mut Vec<Effect>) {
    let demand = run::demand(state, act);
    let (Some(cluster), Some(operator)) = (&state.identity, &state.operator) else {
        state.warn("the server has not said yet who it is: no panel without that");
        return;
    };
    let told = forecast(&state.world, act, &state.conditions, state.now, feed::PROMISE);
    // which fact is asked for must not be foreseeable from habit; it need not be secret
    let seed = if state.runs.unattended {
        // whoever approves does so in another process, which has to ask for the same fact
        act.target()
            .uid
            .to_string()
            .bytes()
            .fold(7_u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)))
    } else {
        u64::try_from(state.now.wall.as_nanosecond() & i128::from(u64::MAX)).unwrap_or_default()
    };
    let look = Look {
        world: &state.world,
        conditions: &state.conditions,
        now: state.now,
        quiet: feed::PROMISE,
    };
    let panel = Panel::demanded(told, look, cluster, operator, seed, demand);
    state.gate = Some(Gate {
        panel,
        item: 0,
        scroll: 0,
        read: 0,
        changes,
    });
    state.prompt = None;
    state.following = None;
    effects.push(Effect::SetRhythm(Rhythm::Fast));
    if let Act::Delete { target, .. } = act
        && target.key.kind == Kind::Namespace
    {
        traps::ask_services(state, &target.key.name, effects);
    }
}

/// Opens the panel again after its approval was voided, on the same object if it is still that one.
pub(super) fn reopen(state: &mut State, act: &Act, changes: Vec<String>, effects: &mut Vec<Effect>) {
    if state.gate.is_some() || run::reopens(state, act, &changes, effects) {
        return;
    }
    // its records, or what helm renders, are others now: everything is read again first
    if let Act::Helm { .. } = act {
        state.warn(format!(
            "the approval is void, nothing was sent: {}",
            changes.join("; ")
        ));
        return;
    }
    let mut act = act.clone();
    if !act.creates() {
        let Some(object) = state.world.pinned(act.target()) else {
            state.warn("the approval is void, and the object it was for is gone: nothing was sent");
            return;
        };
        *act.target_mut() = object.pin();
    }
    let mut told = vec!["the approval is void, nothing was sent; what changed:".to_owned()];
    told.extend(changes);
    open(state, &act, told, effects);
}

/// Whether reports can bear on the open panel's act: on what lives beside its target, on the cluster's own objects, or on
/// a feed. Thousands of others a second need not be looked at; what they mean all the same is seen with the next tick, ten
/// of which pass in a second while a panel is open.
pub(super) fn concerned(state: &State, observations: &[Observation]) -> bool {
    let Some(gate) = &state.gate else {
        return false;
    };
    let home = &gate.panel.act().target().key.namespace;
    let near = |observation: &Observation| {
        subject(observation).is_none_or(|key| !key.kind.namespaced() || key.namespace == *home)
    };
    home.is_empty() || observations.iter().any(near)
}

/// The world goes on while a panel is open: its items are sensed again.
pub(super) fn resense(state: &mut State) {
    let quiet = state.quiet();
    let Some(gate) = &mut state.gate else {
        return;
    };
    if gate.panel.resense(&state.world, &state.conditions, state.now, quiet) {
        gate.item = gate.item.min(gate.panel.items().len().saturating_sub(1));
        unroll(state);
        state.warn("something changed under the panel: what was answered is void");
    }
}

pub(super) fn key(state: &mut State, key: Key, found: Option<Command>, effects: &mut Vec<Effect>) {
    let now = state.now;
    let Some(gate) = &mut state.gate else {
        return;
    };
    match (found, key) {
        (Some(Command::ItemDown), _) => roll::down(state),
        (Some(Command::ItemUp), _) => roll::up(state),
        (Some(Command::Hold), _) => hold(state, effects),
        (Some(Command::Approve), _) => approve(state, effects),
        (Some(Command::Erase), _) => gate.panel.erase(now),
        (Some(Command::BreakGlass), _) => {
            if gate.panel.tier() >= Tier::T3 {
                state.prompt = Some(Prompt::Reason { typed: String::new() });
            } else {
                state.tell("this act needs no second person");
            }
        }
        (Some(Command::LeaveGate), _) => {
            state.gate = None;
            state.tell("left the panel; nothing was sent");
            effects.push(Effect::SetRhythm(Rhythm::Slow));
        }
        (Some(Command::Inert), _) => state.tell("Enter never approves"),
        (_, Key::Char(typed)) => gate.panel.input(typed, now),
        _ => {}
    }
}

/// Space: attests the item under the cursor where that waits for a person; else, at T1, a press of the key to be held.
fn hold(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.now;
    let Some(gate) = &state.gate else {
        return;
    };
    let sheet = view::gate::sheet(state, gate);
    let unseen = !sheet.shows(gate.item, gate.scroll, state.size.1);
    let Some(gate) = &mut state.gate else {
        return;
    };
    if unseen {
        // nobody signs what is not on the screen
        gate.scroll = sheet.toward(gate.item, gate.scroll, state.size.1);
        state.tell("the item under the cursor is shown again: look, then press again");
        return;
    }
    let signs = gate.panel.items().get(gate.item).is_some_and(Item::attestable);
    if signs || gate.panel.tier() > Tier::T1 {
        // No fact to type holds a blank: a space is never typed into the answer, where nobody would see it.
        if !gate.panel.attest(gate.item, now) {
            state.tell("this item is sensed, not signed: only the cluster can make it true");
        }
        return;
    }
    gate.panel.hold(now);
    if view::gate::closed(state, state.gate.as_ref()).is_empty() {
        approve(state, effects);
    }
}

/// A paste is never taken for typing.
pub(super) fn refuse_paste(state: &mut State) {
    let now = state.now;
    if let Some(gate) = &mut state.gate {
        gate.panel.refuse_paste(now);
    }
    state.warn("pasting is refused here: the fact has to be read and typed");
}

/// Does without the second person, for a reason that is recorded and shown first in every report.
pub(super) fn break_glass(state: &mut State, reason: &str) {
    let now = state.now;
    let refused = match &mut state.gate {
        Some(gate) => gate.panel.waive_second_person(reason, now).err(),
        None => None,
    };
    if let Some(why) = refused {
        state.warn(why);
    }
}

fn approve(state: &mut State, effects: &mut Vec<Effect>) {
    let now = state.now;
    let Some(gate) = &state.gate else {
        return;
    };
    let sheet = view::gate::sheet(state, gate);
    if let Some(why) = view::gate::too_small(state, &sheet) {
        state.warn(why);
        return;
    }
    let unread = view::gate::unread(state, gate, &sheet);
    let mut closed = view::gate::closed(state, state.gate.as_ref());
    closed.extend(unread);
    if !closed.is_empty() {
        state.warn(format!("APPROVE is closed: {}", closed.join("; ")));
        return;
    }
    let Some(gate) = &mut state.gate else {
        return;
    };
    let of_run = gate.panel.demand().is_some();
    match gate.panel.approve(now) {
        Ok(approved) => {
            let told = gate.panel.forecast().clone();
            let number = state.steps.keys().next_back().copied().unwrap_or(0) + 1;
            if of_run {
                run::sending(state, number, &approved, effects);
            }
            state
                .steps
                .insert(number, Step::begun(number, &told, &state.world, now));
            state.gate = None;
            state.following = Some(number);
            effects.push(Effect::Commit {
                number,
                approved: Box::new(approved),
            });
            effects.push(Effect::SetRhythm(Rhythm::Slow));
        }
        Err(why) => state.warn(format!("APPROVE is closed: {}", why.join("; "))),
    }
}
