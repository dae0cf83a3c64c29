//! Moving about on a screen: rows, pages, panels.

use crate::app::screen::{Cursor, Part};
use crate::app::state::State;
use crate::app::words::RowId;

/// A movement of the cursor, or of the page where there is nothing to choose.
#[derive(Clone, Copy, Debug)]
pub(super) enum Move {
    By(isize),
    Pages(isize),
    Top,
    Bottom,
}

pub(super) fn go(state: &mut State, go: Move) {
    let page = isize::try_from(page_rows(state)).unwrap_or(1);
    let by = match go {
        Move::By(rows) => rows,
        Move::Pages(pages) => pages.saturating_mul(page),
        Move::Top => isize::MIN,
        Move::Bottom => isize::MAX,
    };
    let part = state.visit().part;
    let mut cursor = state.visit().cursor_of(part);
    match state.derived.ids(part) {
        Some(ids) if !ids.is_empty() => cursor.step(&ids, by),
        Some(_) | None => return scroll(state, by),
    }
    rest(state, part, cursor);
}

/// Puts the cursor on this row of the part that has it, where the row is there.
pub(super) fn to(state: &mut State, row: &RowId) {
    let part = state.visit().part;
    let mut cursor = Cursor::default();
    match state.derived.ids(part) {
        Some(ids) => match ids.iter().position(|id| id == row) {
            Some(at) => cursor.to(&ids, at),
            None => return,
        },
        None => return,
    }
    rest(state, part, cursor);
}

/// Puts the cursor where it was moved to, and keeps it in sight.
fn rest(state: &mut State, part: Part, cursor: Cursor) {
    let read = !state.derived.page.lines.is_empty();
    *state.visit_mut().cursor_mut(part) = cursor;
    if read {
        follow_cursor(state);
    }
}

fn scroll(state: &mut State, by: isize) {
    let lines = state.derived.page.lines.len();
    let last = lines.saturating_sub(page_rows(state));
    let visit = state.visit_mut();
    visit.scroll = visit.scroll.saturating_add_signed(by).min(last);
}

/// Keeps the line under the cursor on the screen, and the lines that explain it.
pub(super) fn follow_cursor(state: &mut State) {
    let rows = page_rows(state);
    let page = &state.derived.page;
    let cursor = state.visit().cursor();
    let at = |id: &RowId| page.lines.iter().position(|line| line.id.as_ref() == Some(id));
    let Some(line) = cursor.at().and_then(at) else {
        return;
    };
    let ids = page.ids();
    let next = ids.get(cursor.index() + 1).and_then(at).unwrap_or(page.lines.len());
    let first = if cursor.index() == 0 { 0 } else { line };
    let visit = state.visit_mut();
    let highest = next.saturating_sub(rows).min(line);
    visit.scroll = visit.scroll.clamp(highest.min(first), first.max(highest));
}

/// Rows of the body, near enough for a page's length.
fn page_rows(state: &State) -> usize {
    usize::from(state.size.1).saturating_sub(5).max(1)
}
