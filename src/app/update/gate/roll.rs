//! Reading a panel that the screen does not show at once: item by item, line by line, from its beginning.
//!
//! Must not know what opens APPROVE; it only keeps count of what was on the screen.

use crate::app::state::{Gate, State};
use crate::app::view;
use crate::app::view::gate::Sheet;

/// The panel is read from its first line again: what is shown is another text now.
pub(in crate::app::update) fn unroll(state: &mut State) {
    let Some(gate) = &state.gate else {
        return;
    };
    let fits = view::gate::sheet(state, gate).pinned == 0;
    if let Some(gate) = &mut state.gate {
        gate.scroll = 0;
        gate.read = 0;
        gate.item = if fits { gate.item } else { 0 };
    }
}

/// The next item; after the last one, what stands below it line by line.
pub(super) fn down(state: &mut State) {
    turn(state, |sheet, gate, rows| {
        let next = gate.item + 1;
        if next < sheet.items.len() && sheet.shows(gate.item, gate.scroll, rows) {
            (next, sheet.toward(next, gate.scroll, rows))
        } else {
            let last = sheet.body().saturating_sub(sheet.room(rows));
            (gate.item, gate.scroll.saturating_add(1).min(last))
        }
    });
}

/// The item before; above the first one, what stands there.
pub(super) fn up(state: &mut State) {
    turn(state, |sheet, gate, rows| {
        if sheet.shows(gate.item, gate.scroll, rows) {
            let next = gate.item.saturating_sub(1);
            (next, sheet.toward(next, gate.scroll, rows))
        } else {
            (gate.item, gate.scroll.saturating_sub(1))
        }
    });
}

/// Moves the cursor and what is shown; what was shown before and after counts as read.
fn turn(state: &mut State, to: impl Fn(&Sheet, &Gate, u16) -> (usize, usize)) {
    for moves in [true, false] {
        let Some(gate) = &state.gate else { return };
        let sheet = view::gate::sheet(state, gate);
        let read = view::gate::read(state, gate, &sheet);
        let (item, scroll) = if moves {
            to(&sheet, gate, state.size.1)
        } else {
            (gate.item, gate.scroll)
        };
        if let Some(gate) = &mut state.gate {
            gate.read = if sheet.pinned > 0 { read } else { gate.read };
            gate.item = item;
            gate.scroll = if sheet.pinned > 0 { scroll } else { 0 };
        }
    }
}
