//! The line being typed after `:` or `/`.

use super::{ask, gate, raft, run};
use crate::app::event::Effect;
use crate::app::key::Key;
use crate::app::keys::Command;
use crate::app::palette;
use crate::app::run::Said;
use crate::app::state::{Prompt, State};

/// No command or filter is longer.
const LONGEST: usize = 2_000;

pub(super) fn key(state: &mut State, key: Key, found: Option<Command>, effects: &mut Vec<Effect>) {
    match (found, key) {
        (Some(Command::Accept), _) => accept(state, effects),
        // a token must not be guessed at, nor its end be completed
        (Some(Command::Complete), _) if matches!(state.prompt, Some(Prompt::Token { .. })) => {}
        (Some(Command::Cancel), _) => cancel(state),
        (Some(Command::EraseTyped), _) => edit(state, |typed| {
            typed.pop();
        }),
        (Some(Command::ClearTyped), _) => edit(state, String::clear),
        (Some(Command::Complete), _) => complete(state),
        (_, Key::Char(character)) => edit(state, |typed| typed.push(character)),
        _ => {}
    }
}

/// Pasted text goes to the prompt; at a gate it is refused, and elsewhere it is no keys.
pub(super) fn paste(state: &mut State, text: &str) {
    if state.gate.is_some() {
        gate::refuse_paste(state);
    } else if matches!(state.prompt, Some(Prompt::Word { said: Said::Typed, .. })) {
        state.warn("pasting is refused here: the text has to be read and typed");
    } else if state.prompt.is_some() {
        let line: String = text.chars().filter(|character| !character.is_control()).collect();
        edit(state, |typed| typed.push_str(&line));
    } else {
        state.tell("pasted text is not taken for keys");
    }
}

fn edit(state: &mut State, change: impl FnOnce(&mut String)) {
    let filtering = matches!(state.prompt, Some(Prompt::Filter { .. }));
    if let Some(Prompt::Token { typed, .. }) = &mut state.prompt {
        typed.edit(change);
        return;
    }
    let typed = match &mut state.prompt {
        Some(Prompt::Palette { typed } | Prompt::Reason { typed } | Prompt::Word { typed, .. }) => typed,
        Some(Prompt::Filter { .. }) => &mut state.visit_mut().filter,
        Some(Prompt::Token { .. }) | None => return,
    };
    change(typed);
    if typed.chars().count() > LONGEST {
        *typed = typed.chars().take(LONGEST).collect();
    }
    if filtering {
        state.visit_mut().scroll = 0;
    }
}

fn accept(state: &mut State, effects: &mut Vec<Effect>) {
    match state.prompt.take() {
        Some(Prompt::Palette { typed }) => ask::order(state, palette::read(&typed), effects),
        Some(Prompt::Reason { typed }) => gate::break_glass(state, &typed),
        Some(Prompt::Word { said, typed }) => run::say(state, said, &typed, effects),
        Some(Prompt::Token { id, typed }) => raft::give_token(state, id, typed.into_gift(), effects),
        Some(Prompt::Filter { .. }) | None => {}
    }
}

fn cancel(state: &mut State) {
    if let Some(Prompt::Filter { before }) = state.prompt.take() {
        state.visit_mut().filter = before;
    }
}

fn complete(state: &mut State) {
    let rest = match &state.prompt {
        Some(Prompt::Palette { typed }) => palette::completion(state, typed),
        Some(Prompt::Filter { .. } | Prompt::Reason { .. } | Prompt::Token { .. } | Prompt::Word { .. }) | None => {
            return;
        }
    };
    edit(state, |typed| typed.push_str(&rest));
}
