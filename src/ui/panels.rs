//! Panels in their frames: a tenant's side by side where there is room, as tabs where there is not.

use super::theme::{Role, Theme};
use super::{table, text};
use crate::app::Part;
use crate::app::text as plain;
use crate::app::view::Panel;
use crate::app::words::{Line, Span};
use ratatui::buffer::Buffer;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::widgets::{Block, Widget as _};

/// Narrower or lower than this, a tenant's panels are tabs.
const SIDE_BY_SIDE: (u16, u16) = (100, 20);

/// A panel in a frame, its title at the left and its freshness at the right of the upper edge.
pub(super) fn framed(panel: &Panel<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let inner = frame(&panel.title, panel.freshness, panel.focused, theme, area, buffer);
    table::table(&panel.table, panel.selected, panel.focused, theme, inner, buffer);
}

/// A frame with a title and, at the right, how fresh what is in it is. Returns the room inside.
pub(super) fn frame(
    title: &str,
    freshness: &Span,
    focused: bool,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
) -> Rect {
    if area.width < 4 || area.height < 2 {
        return Rect {
            width: 0,
            height: 0,
            ..area
        };
    }
    let border = theme.style(if focused { Role::Focus } else { Role::Border });
    let block = Block::bordered().border_style(border).style(theme.style(Role::Text));
    let inner = block.inner(area);
    block.render(area, buffer);
    let top = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(2),
        height: 1,
        ..area
    };
    let room = usize::from(top.width).saturating_sub(4);
    let fresh = plain::visible(&freshness.text);
    let fresh = plain::end(&fresh, room * 2 / 3);
    let fresh_width = plain::width(&fresh);
    let title = plain::visible(title);
    let name = plain::end(&title, room.saturating_sub(fresh_width + 2));
    text::put(&format!(" {name} "), theme.style(Role::Title), top, buffer);
    if fresh_width > 0 {
        text::put_right(
            &format!(" {fresh} "),
            theme.style(Role::of(freshness.tone)),
            top,
            buffer,
        );
    }
    inner
}

/// A tenant: its title line, then its panels.
pub(super) fn tenant(title: &Line, panels: &[Panel<'_>], theme: &Theme, area: Rect, buffer: &mut Buffer) {
    text::line(title, theme, Rect { height: 1, ..area }, buffer);
    let below = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    if below.width < SIDE_BY_SIDE.0 || below.height < SIDE_BY_SIDE.1 {
        tabs(panels, theme, below, buffer);
    } else {
        for (part, room) in places(below, panels) {
            if let Some(panel) = panels.iter().find(|panel| panel.part == part) {
                framed(panel, theme, room, buffer);
            }
        }
    }
}

/// Volumes, finalizers and findings on the left; jobs, raft and releases on the right.
fn places(area: Rect, panels: &[Panel<'_>]) -> Vec<(Part, Rect)> {
    let rows = |part: Part| {
        panels.iter().find(|panel| panel.part == part).map_or(3, |panel| {
            let lines: usize = panel
                .table
                .rows
                .iter()
                .map(|row| 1 + usize::from(row.under.is_some()))
                .sum();
            u16::try_from(lines).unwrap_or(u16::MAX).saturating_add(3)
        })
    };
    let [left, right] = Layout::horizontal([Constraint::Percentage(62), Constraint::Fill(1)]).areas(area);
    let findings = rows(Part::Findings).clamp(4, 8);
    let third = area.height / 3;
    let [volumes, finalizers, found] = Layout::vertical([
        Constraint::Fill(1),
        Constraint::Length(rows(Part::Finalizers).clamp(4, third)),
        Constraint::Length(findings.min(third)),
    ])
    .areas(left);
    let [jobs, raft, releases] = Layout::vertical([
        Constraint::Fill(1),
        // a raft cluster is read whole or not at all
        Constraint::Length(rows(Part::Raft).clamp(4, area.height / 2)),
        Constraint::Length(rows(Part::Releases).clamp(4, third)),
    ])
    .areas(right);
    vec![
        (Part::Volumes, volumes),
        (Part::Finalizers, finalizers),
        (Part::Findings, found),
        (Part::Jobs, jobs),
        (Part::Raft, raft),
        (Part::Releases, releases),
    ]
}

/// One panel at a time under a row of their names.
fn tabs(panels: &[Panel<'_>], theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut at = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(1),
        height: 1,
        ..area
    };
    for panel in panels {
        let role = if panel.focused { Role::Title } else { Role::Dim };
        let count = panel.table.count;
        let name = if panel.focused {
            format!("[{}]", panel.part.title())
        } else {
            panel.part.title().to_owned()
        };
        let number = if count > 0 { format!(" {count}") } else { String::new() };
        let used = text::put(&format!("{name}{number}  "), theme.style(role), at, buffer);
        at.x += used;
        at.width = at.width.saturating_sub(used);
    }
    let below = Rect {
        y: area.y + 1,
        height: area.height.saturating_sub(1),
        ..area
    };
    if let Some(panel) = panels.iter().find(|panel| panel.focused) {
        framed(panel, theme, below, buffer);
    }
}
