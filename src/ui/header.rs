//! The header's row and the footer's row.

use super::text;
use super::theme::{Role, Theme};
use crate::app::text as plain;
use crate::app::view::Scene;
use crate::app::view::header::Header;
use crate::app::words::Span;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

/// Program, cluster, user, mode, feeds, clock: on one row, the least important left out when there is no room.
/// A lost server takes the whole row.
pub(super) fn header(header: &Header, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    if let Some(lost) = &header.lost {
        buffer.set_style(area, theme.style(Role::Lost));
        text::put(&format!(" {lost}"), theme.style(Role::Lost), area, buffer);
        return;
    }
    let style = theme.style(Role::Header);
    buffer.set_style(area, style);
    let on_header = |role| style.patch(theme.style(role));
    let right = tail(header, area.width);
    let right_width = width(&right);
    let mut edge = Rect {
        x: area.right().saturating_sub(right_width),
        width: right_width.min(area.width),
        ..area
    };
    let left = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(right_width + 2),
        ..area
    };
    text::spans(&header.whose, &on_header, left, buffer);
    for span in &right {
        let used = text::put(&span.text, on_header(Role::of(span.tone)), edge, buffer);
        edge.x += used;
        edge.width = edge.width.saturating_sub(used);
    }
}

/// The right-hand part: mode always, then feeds, then the clock, as far as half the row carries them.
fn tail(header: &Header, room: u16) -> Vec<Span> {
    let gap = || Span::plain("   ");
    let end = || Span::plain(" ");
    let (mode, feeds, short) = (&header.mode, &header.feeds, &header.feeds_short);
    let all = vec![mode.clone(), gap(), feeds.clone(), gap(), header.clock.clone(), end()];
    let some = vec![mode.clone(), gap(), short.clone(), gap(), header.clock.clone(), end()];
    let fewer = vec![mode.clone(), gap(), short.clone(), end()];
    let least = vec![mode.clone(), end()];
    let whole = [all, some, fewer.clone()]
        .into_iter()
        .find(|spans| width(spans) + width(&header.whose) + 3 <= room);
    // how current the facts are counts for more than the end of the server's name
    whole.unwrap_or(if width(&fewer) + 30 <= room { fewer } else { least })
}

fn width(spans: &[Span]) -> u16 {
    let columns: usize = spans.iter().map(|span| plain::width(&plain::visible(&span.text))).sum();
    u16::try_from(columns).unwrap_or(u16::MAX)
}

/// What is being typed, or what was just said, or the keys that hold here.
pub(super) fn footer(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    buffer.set_style(area, theme.style(Role::Text));
    let inner = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(1),
        ..area
    };
    if let Some((typed, rest)) = &scene.prompt {
        let used = text::put(typed, theme.style(Role::Strong), inner, buffer);
        let after = Rect {
            x: inner.x + used,
            width: inner.width.saturating_sub(used),
            ..inner
        };
        text::put(&format!("{rest}▏"), theme.style(Role::Dim), after, buffer);
        return;
    }
    if let Some(flash) = scene.flash {
        let (mark, role) = if flash.failed {
            ("▲ ", Role::Warn)
        } else {
            ("· ", Role::Accent)
        };
        text::put(&format!("{mark}{}", flash.sentence), theme.style(role), inner, buffer);
        return;
    }
    keys(scene, theme, inner, buffer);
}

/// `<enter> open  <x> explain …`: whole hints only, and `?` whatever else must go.
fn keys(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let hints: Vec<(String, &str)> = scene
        .keys
        .iter()
        .filter(|binding| !binding.word.is_empty())
        .filter_map(|binding| binding.keys.first().map(|key| (format!("<{key}>"), binding.word)))
        .collect();
    let help = hints.iter().position(|(key, _)| key == "<?>");
    let mut room = usize::from(area.width);
    let cost = |hint: &(String, &str)| plain::width(&hint.0) + plain::width(hint.1) + 3;
    if let Some(hint) = help.and_then(|at| hints.get(at)) {
        room = room.saturating_sub(cost(hint));
    }
    let mut at = area;
    for (index, hint) in hints.iter().enumerate() {
        if help == Some(index) {
            hint_at(hint, theme, &mut at, buffer);
        } else if cost(hint) <= room {
            room -= cost(hint);
            hint_at(hint, theme, &mut at, buffer);
        }
    }
}

fn hint_at((key, word): &(String, &str), theme: &Theme, at: &mut Rect, buffer: &mut Buffer) {
    let mut piece = |text: &str, style: Style| {
        let used = text::put(text, style, *at, buffer);
        at.x += used;
        at.width = at.width.saturating_sub(used);
    };
    piece(key, theme.style(Role::Key));
    piece(&format!(" {word}  "), theme.style(Role::Dim));
}
