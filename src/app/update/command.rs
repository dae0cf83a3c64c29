//! What each command does, outside gates and prompts.

use super::look::{self, Move};
use super::{ask, doubts, gate, raft, release, run, traps, unstick};
use crate::app::event::{Answer, Effect};
use crate::app::keys::Command;
use crate::app::palette;
use crate::app::run::Said;
use crate::app::screen::{Screen, Subject};
use crate::app::state::{Prompt, State};
use crate::app::words::RowId;
use crate::model::{Act, Propagation};

pub(super) fn run(state: &mut State, command: Command, effects: &mut Vec<Effect>) {
    if !matches!(command, Command::Leave | Command::Quit) {
        state.asked_to_leave = false;
    }
    match command {
        Command::Down => look::go(state, Move::By(1)),
        Command::Up => look::go(state, Move::By(-1)),
        Command::Top => look::go(state, Move::Top),
        Command::Bottom => look::go(state, Move::Bottom),
        Command::PageDown => look::go(state, Move::Pages(1)),
        Command::PageUp => look::go(state, Move::Pages(-1)),
        Command::NextPanel => turn(state, 1),
        Command::PreviousPanel => turn(state, -1),
        Command::Open => ask::enter(state, effects),
        Command::Back => back(state),
        Command::Leave => leave(state, effects),
        Command::Quit => effects.push(Effect::Quit),
        Command::Filter => {
            let before = state.visit().filter.clone();
            state.prompt = Some(Prompt::Filter { before });
        }
        Command::Palette => state.prompt = Some(Prompt::Palette { typed: String::new() }),
        Command::Help => ask::open(state, Screen::Help, effects),
        Command::Log => ask::open(state, Screen::Log, effects),
        Command::Sort => {
            let visit = state.visit_mut();
            visit.sort = visit.sort.next();
            let word = visit.sort.word();
            state.tell(format!("sorted by {word}"));
        }
        Command::CopyName => copy_name(state, effects),
        Command::Yaml => about(state, Screen::Yaml, effects),
        Command::Events => about(state, Screen::Events, effects),
        Command::Explain => about(state, Screen::Explain, effects),
        Command::Forecast => about(state, forecast, effects),
        Command::History => about(state, Screen::History, effects),
        Command::Propagation => next_propagation(state),
        Command::OlderRevision => release::step(state, false),
        Command::NewerRevision => release::step(state, true),
        Command::BaseRevision => release::choose_base(state),
        Command::ShowValues => release::show_values(state),
        Command::CompareAll => release::compare_all(state),
        Command::ReadAgain => release::read_again(state),
        Command::Traps => ask::of_traps(state, effects),
        Command::ReadTraps => traps::read_again(state, effects),
        // an explanation is of one object: there the key means that, wherever the cursor rests among what holds it
        Command::Unstick => match state.visit().screen.subject().cloned() {
            Some(subject) => ask::open(state, Screen::Unstick(subject), effects),
            None => about(state, Screen::Unstick, effects),
        },
        Command::RaftToken => raft::ask_token(state),
        Command::StepDownPanel => ask::order(state, palette::read("step-down"), effects),
        Command::OpenStep => unstick::open_step(state, effects),
        Command::DeletePanel | Command::ClearClaimRefPanel => gate::ask(state, command, effects),
        Command::Run => ask::open(state, Screen::Run, effects),
        Command::RunAct => run::act(state, effects),
        Command::RunItem => run::sign_item(state),
        Command::RunSign => run::sign(state, effects),
        Command::RunParameters => run::parameters(state),
        Command::RunTyped => run::ask(state, Said::Typed, effects),
        Command::RunHalt => run::ask(state, Said::Halt, effects),
        Command::RunResume => run::ask(state, Said::Resume, effects),
        Command::RunSkip => run::ask(state, Said::Skip, effects),
        Command::RunWaive => run::ask(state, Said::Waive, effects),
        Command::RunBack => run::ask(state, Said::TurnBack, effects),
        Command::RunAbort => run::ask(state, Said::Abort, effects),
        Command::ObserveDoubts => effects.push(Effect::ObserveDoubts),
        Command::DoubtDone => doubts::say(state, Answer::Done, effects),
        Command::DoubtNotApplied => doubts::say(state, Answer::NotApplied, effects),
        Command::Suspend => effects.push(Effect::Suspend),
        Command::Redraw => effects.push(Effect::Redraw),
        // these hold only at a gate or while typing, where they are taken before they come here
        Command::ItemDown
        | Command::ItemUp
        | Command::Hold
        | Command::Approve
        | Command::Erase
        | Command::BreakGlass
        | Command::LeaveGate
        | Command::Inert
        | Command::Accept
        | Command::Cancel
        | Command::EraseTyped
        | Command::ClearTyped
        | Command::Complete => {}
    }
}

fn turn(state: &mut State, by: isize) {
    if matches!(state.visit().screen, Screen::Release(_)) {
        release::turn(state, by);
        return;
    }
    let visit = state.visit_mut();
    visit.part = visit.part.further(by);
}

/// Esc: leaves the step's progress, then the filter, then the screen. Never the program.
fn back(state: &mut State) {
    if state.following.take().is_some() {
        return;
    }
    if !state.visit().filter.is_empty() {
        state.visit_mut().filter.clear();
        return;
    }
    if state.visits.len() > 1 {
        state.visits.pop();
    }
}

/// `q`: as Esc, and from the fleet out of the program; asks once more while a step is running.
pub(super) fn leave(state: &mut State, effects: &mut Vec<Effect>) {
    if state.following.take().is_some() {
        return;
    }
    if state.visits.len() > 1 {
        state.visits.pop();
        return;
    }
    let running = state.running().count();
    if running > 0 && !state.asked_to_leave {
        state.asked_to_leave = true;
        state.warn(format!(
            "{running} step is under way: what was sent stands, and the next start tells what became of it; q again leaves"
        ));
        return;
    }
    effects.push(Effect::Quit);
}

/// Opens a screen about the object that is meant.
fn about(state: &mut State, screen: impl FnOnce(Subject) -> Screen, effects: &mut Vec<Effect>) {
    match state.meant() {
        Some(subject) => ask::open(state, screen(subject), effects),
        None => state.tell("there is no object under the cursor"),
    }
}

fn copy_name(state: &mut State, effects: &mut Vec<Effect>) {
    match state.meant() {
        Some(subject) => {
            let name = subject.key.name.to_string();
            state.tell(format!("{name} is copied"));
            effects.push(Effect::CopyToClipboard(name));
        }
        None => match state.visit().cursor().at().and_then(RowId::bare_name) {
            Some(name) => {
                state.tell(format!("{name} is copied"));
                effects.push(Effect::CopyToClipboard(name));
            }
            None => state.tell("there is no object under the cursor"),
        },
    }
}

fn forecast(subject: Subject) -> Screen {
    let propagation = Act::usual_propagation(&subject.key);
    Screen::Forecast(subject, propagation)
}

fn next_propagation(state: &mut State) {
    if let Screen::Forecast(_, propagation) = &mut state.visit_mut().screen {
        *propagation = match propagation {
            Propagation::Background => Propagation::Foreground,
            Propagation::Foreground => Propagation::Orphan,
            Propagation::Orphan => Propagation::Background,
        };
    }
}
