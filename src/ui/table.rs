//! A table: columns fitted to the room, the rows around the cursor, and only those.

use super::text;
use super::theme::{Role, Theme};
use crate::app::text as plain;
use crate::app::words::{Column, Fit, Row, Shown, Span};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

/// Columns between two cells.
const GAP: usize = 2;

/// Draws the table into an area without a frame of its own.
pub(super) fn table(
    table: &Shown<'_>,
    selected: Option<usize>,
    focused: bool,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    if area.is_empty() {
        return;
    }
    if table.rows.is_empty() {
        empty(table.empty, theme, area, buffer);
        return;
    }
    let selected = selected.map(|selected| selected.saturating_sub(table.first));
    let visible = window(
        &table.rows,
        selected.unwrap_or(0),
        usize::from(area.height.saturating_sub(1)),
    );
    let rows = table.rows.get(visible.clone()).unwrap_or_default();
    let widths = fit(table.columns, rows, usize::from(area.width));
    titles(table.columns, &widths, theme, Rect { height: 1, ..area }, buffer);
    let mut y = area.y + 1;
    for (at, row) in visible.zip(rows) {
        if y >= area.bottom() {
            return;
        }
        let here = Rect { y, height: 1, ..area };
        cells(row, table.columns, &widths, theme, here, buffer);
        let chosen = selected == Some(at);
        if chosen {
            buffer.set_style(here, theme.selected(focused));
        }
        y += 1;
        if let Some(under) = &row.under
            && y < area.bottom()
        {
            let below = Rect {
                x: area.x + 2,
                y,
                width: area.width.saturating_sub(2),
                height: 1,
            };
            text::put(&under.text, theme.style(Role::of(under.tone)), below, buffer);
            y += 1;
        }
    }
}

/// What stands in place of rows: why there are none, wrapped.
fn empty(why: &Span, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let lines = plain::wrap(&plain::visible(&why.text), usize::from(area.width));
    for (line, y) in lines.iter().zip(area.top()..area.bottom()) {
        text::put(
            line,
            theme.style(Role::of(why.tone)),
            Rect { y, height: 1, ..area },
            buffer,
        );
    }
}

/// The rows shown: those around the cursor, as many as the height carries.
fn window(rows: &[Row], selected: usize, height: usize) -> std::ops::Range<usize> {
    let tall = |at: usize| 1 + rows.get(at).map_or(0, |row| usize::from(row.under.is_some()));
    let count = rows.len();
    let selected = selected.min(count.saturating_sub(1));
    let (mut first, mut last, mut used) = (selected, selected + 1, tall(selected));
    let half = height / 2;
    // up to half the room above the cursor, then down, then up again with what is left
    while first > 0 && used + tall(first - 1) <= half {
        first -= 1;
        used += tall(first);
    }
    while last < count && used + tall(last) <= height {
        used += tall(last);
        last += 1;
    }
    while first > 0 && used + tall(first - 1) <= height {
        first -= 1;
        used += tall(first);
    }
    first..last
}

/// The width of each column; 0 for one that is left out. The highest ranks go first; the sentence takes what is left.
fn fit(columns: &[Column], rows: &[Row], room: usize) -> Vec<usize> {
    let mut shown: Vec<bool> = columns.iter().map(|_| true).collect();
    let least = |shown: &[bool]| -> usize {
        let each = columns.iter().zip(shown).filter(|(_, shown)| **shown);
        each.map(|(column, _)| column.least + GAP)
            .sum::<usize>()
            .saturating_sub(GAP)
    };
    while least(&shown) > room {
        let out = columns
            .iter()
            .enumerate()
            .filter(|(at, column)| column.rank > 0 && shown.get(*at).is_some_and(|shown| *shown))
            .max_by_key(|(at, column)| (column.rank, *at))
            .map(|(at, _)| at);
        match out.and_then(|at| shown.get_mut(at)) {
            Some(shown) => *shown = false,
            None => break,
        }
    }
    let mut left = room.saturating_sub(least(&shown));
    let mut widths = Vec::with_capacity(columns.len());
    for (at, (column, shown)) in columns.iter().zip(&shown).enumerate() {
        if !shown {
            widths.push(0);
            continue;
        }
        let longest = rows
            .iter()
            .filter_map(|row| row.cells.get(at))
            .map(|cell| plain::width(&plain::visible(&cell.text)))
            .max()
            .unwrap_or(0);
        let wanted = if column.fit == Fit::Sentence {
            0
        } else {
            longest.max(column.title.len())
        };
        let more = wanted.saturating_sub(column.least).min(left);
        left -= more;
        widths.push(column.least + more);
    }
    if let Some(at) = columns.iter().rposition(|column| column.fit == Fit::Sentence)
        && let Some(width) = widths.get_mut(at).filter(|width| **width > 0)
    {
        *width += left;
    }
    widths
}

fn titles(columns: &[Column], widths: &[usize], theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut x = area.x;
    for (column, width) in columns.iter().zip(widths) {
        if *width == 0 {
            continue;
        }
        let room = cell_room(area, x, *width);
        if column.fit == Fit::Number {
            text::put_right(column.title, theme.style(Role::Column), room, buffer);
        } else {
            text::put(column.title, theme.style(Role::Column), room, buffer);
        }
        x = next(x, *width);
    }
}

fn cells(row: &Row, columns: &[Column], widths: &[usize], theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut x = area.x;
    for ((cell, column), width) in row.cells.iter().zip(columns).zip(widths) {
        if *width == 0 {
            continue;
        }
        let room = cell_room(area, x, *width);
        let shown = plain::visible(&cell.text);
        let style = theme.style(Role::of(cell.tone));
        match column.fit {
            Fit::Name => text::put(&plain::middle(&shown, usize::from(room.width)), style, room, buffer),
            Fit::Sentence => text::put(&shown, style, room, buffer),
            Fit::Number => text::put_right(&plain::end(&shown, usize::from(room.width)), style, room, buffer),
        };
        x = next(x, *width);
    }
}

fn next(x: u16, width: usize) -> u16 {
    x.saturating_add(u16::try_from(width + GAP).unwrap_or(u16::MAX))
}

fn cell_room(area: Rect, x: u16, width: usize) -> Rect {
    let width = u16::try_from(width).unwrap_or(u16::MAX);
    Rect {
        x: x.min(area.right()),
        width: width.min(area.right().saturating_sub(x)),
        ..area
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::app::words::RowId;

    static COLUMNS: &[Column] = &[
        Column {
            title: "NAME",
            fit: Fit::Name,
            least: 6,
            rank: 0,
        },
        Column {
            title: "AGE",
            fit: Fit::Number,
            least: 4,
            rank: 1,
        },
        Column {
            title: "STATE",
            fit: Fit::Sentence,
            least: 8,
            rank: 0,
        },
    ];

    fn rows(count: usize) -> Vec<Row> {
        (0..count)
            .map(|at| Row {
                id: RowId::Step(at as u64),
                cells: vec![Span::plain("a-long-name"), Span::plain("3h"), Span::plain("fine")].into(),
                under: (at % 3 == 0).then(|| Span::plain("why")),
            })
            .collect()
    }

    #[test]
    fn columns_give_way_by_rank_and_the_sentence_takes_the_rest() {
        assert_eq!(fit(COLUMNS, &rows(1), 40), [11, 4, 21]);
        assert_eq!(fit(COLUMNS, &rows(1), 22), [6, 4, 8]);
        assert_eq!(fit(COLUMNS, &rows(1), 20), [10, 0, 8]);
        assert_eq!(fit(COLUMNS, &rows(1), 5), [6, 0, 8]);
    }

    #[test]
    fn the_cursor_is_always_among_the_rows_shown() {
        let rows = rows(50);
        for height in 1..20 {
            for selected in 0..50 {
                let shown = window(&rows, selected, height);
                assert!(shown.contains(&selected), "{selected} not in {shown:?} at {height}");
            }
        }
        assert_eq!(window(&rows, 0, 100), 0..50);
    }
}
