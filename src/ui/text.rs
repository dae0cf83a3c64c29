//! The one door through which text reaches a cell: made visible first, then painted, then cut to its room.
//!
//! Must not know what the text is about.

use super::theme::{Role, Theme};
use crate::app::text as plain;
use crate::app::words::{Line, Span};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Writes a text into the first row of an area, cut at its end. Returns the columns it took.
pub fn put(text: &str, style: Style, area: Rect, buffer: &mut Buffer) -> u16 {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return 0;
    }
    let text = plain::visible(text);
    let shown = plain::end(&text, usize::from(area.width));
    let (end, _) = buffer.set_stringn(area.x, area.y, &shown, usize::from(area.width), style);
    end.saturating_sub(area.x)
}

/// Writes a line's spans one after the other into the first row of an area.
pub fn line(line: &Line, theme: &Theme, area: Rect, buffer: &mut Buffer) -> u16 {
    spans(&line.spans, &|role| theme.style(role), area, buffer)
}

/// Writes spans one after the other, in the styles a theme, or a gate's forced contrast, gives their roles.
pub fn spans(spans: &[Span], style: &dyn Fn(Role) -> Style, area: Rect, buffer: &mut Buffer) -> u16 {
    let mut used = 0;
    for span in spans {
        let room = Rect {
            x: area.x + used,
            width: area.width.saturating_sub(used),
            ..area
        };
        used += put(&span.text, style(Role::of(span.tone)), room, buffer);
    }
    used
}

/// Writes a text at the right edge of an area's first row, if it fits.
pub fn put_right(text: &str, style: Style, area: Rect, buffer: &mut Buffer) -> u16 {
    let shown = plain::visible(text);
    let Ok(width) = u16::try_from(plain::width(&shown)) else {
        return 0;
    };
    if width > area.width {
        return 0;
    }
    let room = Rect {
        x: area.right() - width,
        width,
        ..area
    };
    put(text, style, room, buffer)
}

/// The last guard: no cell may hold a character that a terminal would obey, whoever wrote it there (the log widget
/// writes its own cells).
pub fn scrub(area: Rect, buffer: &mut Buffer) {
    let area = area.intersection(buffer.area);
    for y in area.top()..area.bottom() {
        for x in area.left()..area.right() {
            if let Some(cell) = buffer.cell_mut((x, y))
                && !matches!(cell.symbol().as_bytes(), [b' '..=b'~'])
                && !cell.symbol().chars().all(plain::is_plain)
            {
                cell.set_char('?');
            }
        }
    }
}
