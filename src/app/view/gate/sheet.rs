//! How much of a panel a terminal shows at once, and how the rest of it is read: by scrolling, from its first line to its last,
//! before APPROVE can open.

use crate::app::state::{Gate, State};
use crate::app::words::Page;
use std::ops::Range;

/// Rows of the screen that the panel's lines cannot have: header, title, footer.
const CHROME: u16 = 3;
/// So many lines have to be seen at once for a panel to be read by scrolling.
const LEAST: usize = 8;
/// Columns without which no panel is read.
const COLUMNS: u16 = 40;

/// A panel's lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sheet {
    pub page: Page,
    /// Which lines each item has.
    pub items: Vec<Range<usize>>,
    /// So many of the last lines are always shown: those above them are read by scrolling.
    pub pinned: usize,
}

impl Sheet {
    /// Whether a terminal of this size shows all of it at once.
    pub fn fits(&self, (columns, rows): (u16, u16)) -> bool {
        columns >= COLUMNS && usize::from(rows) >= self.page.lines.len() + usize::from(CHROME)
    }

    /// The lines that are read by scrolling.
    pub const fn body(&self) -> usize {
        self.page.lines.len().saturating_sub(self.pinned)
    }

    /// How many of those a terminal shows at once.
    pub fn room(&self, rows: u16) -> usize {
        usize::from(rows.saturating_sub(CHROME)).saturating_sub(self.pinned)
    }

    /// Whether all of an item's lines are shown; of one that is longer than the screen, whether its end is.
    pub fn shows(&self, item: usize, scroll: usize, rows: u16) -> bool {
        let shown = scroll..scroll + self.room(rows);
        let seen = |lines: &Range<usize>| {
            let long = lines.len() > shown.len() && lines.end > shown.start;
            (shown.start <= lines.start || long) && lines.end <= shown.end
        };
        self.pinned == 0 || self.items.get(item).is_none_or(seen)
    }

    /// From which line on it is shown so that an item's lines are, moved no further than needed.
    pub fn toward(&self, item: usize, scroll: usize, rows: u16) -> usize {
        let room = self.room(rows);
        let last = self.body().saturating_sub(room);
        let Some(lines) = self.items.get(item).filter(|_| self.pinned > 0) else {
            return scroll.min(last);
        };
        // what stands above the first item and below the last one belongs to it
        let first = if item == 0 { 0 } else { lines.start };
        scroll.max(lines.end.saturating_sub(room)).min(first).min(last)
    }
}

/// What of a panel was not on the screen yet, in a sentence.
pub fn unread(state: &State, gate: &Gate, sheet: &Sheet) -> Option<String> {
    let left = sheet.body().saturating_sub(read(state, gate, sheet));
    (sheet.pinned > 0 && left > 0).then(|| format!("{left} lines below were not on the screen yet (↓ shows them)"))
}

/// How many lines were on the screen, without a gap from the first one.
pub(in crate::app) fn read(state: &State, gate: &Gate, sheet: &Sheet) -> usize {
    if gate.scroll > gate.read {
        return gate.read;
    }
    let read = gate.read.max(gate.scroll.saturating_add(sheet.room(state.size.1)));
    // once it was read to its end, a line that is wrapped anew as an age grows is not news
    if read >= sheet.body() { usize::MAX } else { read }
}

/// Why the size of the screen keeps APPROVE shut, if it does.
pub fn too_small(state: &State, sheet: &Sheet) -> Option<String> {
    let (columns, rows) = state.size;
    if sheet.fits(state.size) || (columns >= COLUMNS && sheet.room(rows) >= LEAST) {
        return None;
    }
    let needed = sheet.pinned + LEAST + usize::from(CHROME);
    Some(format!(
        "this panel needs {needed} rows and {COLUMNS} columns to be read, the terminal has {rows} and {columns}: enlarge it; APPROVE stays closed"
    ))
}
