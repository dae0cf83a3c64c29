//! Lines to read, from where the reader has scrolled to, and how much there is above and below.

use super::theme::Theme;
use super::{panels, text};
use crate::app::words::{Page, Span};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

pub(super) fn page(
    page: &Page,
    selected: Option<usize>,
    scroll: usize,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    let rows = usize::from(area.height.saturating_sub(2));
    let scroll = scroll.min(page.lines.len().saturating_sub(rows));
    let position = if page.lines.len() > rows {
        format!(
            "{}–{} of {}",
            scroll + 1,
            (scroll + rows).min(page.lines.len()),
            page.lines.len()
        )
    } else {
        String::new()
    };
    let inner = panels::frame(&page.title, &Span::dim(position), true, theme, area, buffer);
    let shown = page.lines.iter().enumerate().skip(scroll);
    for ((at, line), y) in shown.zip(inner.top()..inner.bottom()) {
        let row = Rect { y, height: 1, ..inner };
        text::line(line, theme, row, buffer);
        if selected == Some(at) {
            buffer.set_style(row, theme.selected(true));
        }
    }
}
