//! What stands in front of the body: the panel of an act, and a step's progress in its place.
//!
//! A panel's colours have forced contrast (`reference/safety-and-performance.md` A5 fault 36).

use super::text;
use super::theme::{Role, Theme};
use crate::app::text as plain;
use crate::app::view::Overlay;
use crate::app::words::Page;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::{Block, Clear, Widget as _};

pub(super) fn overlay(overlay: &Overlay, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    match overlay {
        Overlay::Gate {
            page,
            scroll,
            too_small,
        } => panel(page, *scroll, too_small.as_deref(), theme, area, buffer),
        Overlay::Progress(page) => panel(page, 0, None, theme, area, buffer),
    }
}

fn panel(page: &Page, scroll: usize, too_small: Option<&str>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let notice: Vec<String> = too_small.map_or_else(Vec::new, |why| {
        plain::wrap(&plain::visible(why), usize::from(area.width.saturating_sub(4)))
    });
    let rows = page.lines.len() + notice.len();
    let height = u16::try_from(rows)
        .unwrap_or(u16::MAX)
        .saturating_add(2)
        .min(area.height);
    let area = Rect { height, ..area };
    if area.width < 4 || area.height < 3 {
        return;
    }
    Clear.render(area, buffer);
    let block = Block::bordered()
        .border_style(theme.gate(Role::GateBorder))
        .style(theme.gate(Role::Gate));
    let inner = block.inner(area);
    block.render(area, buffer);
    let title = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(4),
        height: 1,
        ..area
    };
    text::put(&format!(" {} ", page.title), theme.gate(Role::Strong), title, buffer);
    let inner = Rect {
        x: inner.x + 1,
        width: inner.width.saturating_sub(1),
        ..inner
    };
    let mut y = inner.y;
    for line in &notice {
        text::put(line, theme.gate(Role::Bad), Rect { y, height: 1, ..inner }, buffer);
        y += 1;
    }
    let room = usize::from(inner.bottom().saturating_sub(y));
    let scroll = scroll.min(page.lines.len().saturating_sub(room));
    for (line, y) in page.lines.iter().skip(scroll).zip(y..inner.bottom()) {
        text::spans(
            &line.spans,
            &|role| theme.gate(role),
            Rect { y, height: 1, ..inner },
            buffer,
        );
    }
}
