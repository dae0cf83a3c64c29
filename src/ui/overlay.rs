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
use ratatui::widgets::{Clear, Widget as _};

pub(super) fn overlay(overlay: &Overlay, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    match overlay {
        Overlay::Gate {
            page,
            scroll,
            pinned,
            too_small,
        } => panel(page, (*scroll, *pinned), too_small.as_deref(), theme, area, buffer),
        Overlay::Progress(page) => panel(page, (0, 0), None, theme, area, buffer),
    }
}

/// A panel takes all the room there is, so that nothing else asks for attention: a title row, then its lines; the last
/// `pinned` of them stay at the bottom, and those above are scrolled.
fn panel(
    page: &Page,
    (scroll, pinned): (usize, usize),
    too_small: Option<&str>,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) {
    if area.width < 4 || area.height < 2 {
        return;
    }
    Clear.render(area, buffer);
    buffer.set_style(area, theme.gate(Role::Gate));
    let title = Rect { height: 1, ..area };
    let rule = "─".repeat(usize::from(area.width));
    text::put(&rule, theme.gate(Role::GateBorder), title, buffer);
    let name = Rect {
        x: title.x + 1,
        width: title.width.saturating_sub(2),
        ..title
    };
    text::put(&format!(" {} ", page.title), theme.gate(Role::GateBorder), name, buffer);
    let inner = Rect {
        x: area.x + 1,
        y: area.y + 1,
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(1),
    };
    let mut y = inner.y;
    let notice = too_small.map_or_else(Vec::new, |why| {
        plain::wrap(&plain::visible(why), usize::from(inner.width))
    });
    for line in notice.iter().take(usize::from(inner.height)) {
        text::put(line, theme.gate(Role::Bad), Rect { y, height: 1, ..inner }, buffer);
        y += 1;
    }
    let room = usize::from(inner.bottom().saturating_sub(y));
    let (body, foot) = page.lines.split_at(page.lines.len().saturating_sub(pinned));
    let room = room.saturating_sub(foot.len());
    let scroll = scroll.min(body.len().saturating_sub(room));
    let shown = body.iter().skip(scroll).take(room).chain(foot);
    for (line, y) in shown.zip(y..inner.bottom()) {
        text::spans(
            &line.spans,
            &|role| theme.gate(role),
            Rect { y, height: 1, ..inner },
            buffer,
        );
    }
}
