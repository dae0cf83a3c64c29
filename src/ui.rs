//! What does it look like? `render(&State, &Theme)` draws one frame; pure drawing, no decision.
//!
//! Only this room (and the shell, for raw mode and input) knows the terminal. It must not change the state.

mod header;
mod log;
mod overlay;
mod page;
mod panels;
pub mod picture;
mod table;
pub mod text;
pub mod theme;

use crate::app::view::{self, Body, Scene};
use crate::app::words::Tone;
use crate::app::{State, text as plain};
pub use log::gather;
use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
pub use theme::{Role, Theme, ThemeError};
use view::scene::LEAST;

/// Draws one frame.
pub fn render(state: &State, theme: &Theme, frame: &mut Frame<'_>) {
    let area = frame.area();
    paint(state, theme, area, frame.buffer_mut());
}

/// Draws one frame into a buffer.
pub fn paint(state: &State, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    draw(&view::scene(state), theme, area, buffer);
}

/// Draws a scene into a buffer.
pub fn draw(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    if area.is_empty() {
        return;
    }
    buffer.set_style(area, theme.style(Role::Text));
    if area.width < LEAST.0 || area.height < LEAST.1 {
        too_small(scene, theme, area, buffer);
    } else {
        whole(scene, theme, area, buffer);
    }
    text::scrub(area, buffer);
}

/// The frame on a screen with room for it: header, breadcrumbs, body, footer.
fn whole(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let row = |at: u16| Rect {
        y: area.y + at,
        height: 1,
        ..area
    };
    header::header(&scene.header, theme, row(0), buffer);
    text::line(&scene.crumbs, theme, row(1), buffer);
    let body = Rect {
        y: area.y + 2,
        height: area.height.saturating_sub(3),
        ..area
    };
    match &scene.body {
        Body::Table { lead, panel } => {
            let mut below = body;
            if let Some(lead) = lead {
                text::line(lead, theme, Rect { height: 1, ..body }, buffer);
                below.y += 1;
                below.height = below.height.saturating_sub(1);
            }
            panels::framed(panel, theme, below, buffer);
        }
        Body::Panels { title, panels } => panels::tenant(title, panels, theme, body, buffer),
        Body::Page { page, selected, scroll } => page::page(page, *selected, *scroll, theme, body, buffer),
        Body::Log => log::log(theme, body, buffer),
    }
    if let Some(overlay) = &scene.overlay {
        let room = Rect {
            y: area.y + 1,
            height: area.height.saturating_sub(2),
            ..area
        };
        overlay::overlay(overlay, theme, room, buffer);
    }
    header::footer(scene, theme, row(area.height - 1), buffer);
}

/// What a glance must still answer when there is room for a line or two: a lost server, an open gate, the worst verdict.
fn too_small(scene: &Scene<'_>, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let mut lines = Vec::new();
    if let Some(lost) = &scene.header.lost {
        lines.push((lost.clone(), Role::Bad));
    }
    if scene.overlay.is_some() {
        lines.push(("a panel is open: enlarge the terminal, or esc".to_owned(), Role::Warn));
    }
    if let Some(worst) = &scene.worst {
        lines.push((worst.text.clone(), Role::of(worst.tone)));
    }
    lines.push((
        format!(
            "too small: needs {}x{}, has {}x{}",
            LEAST.0, LEAST.1, area.width, area.height
        ),
        Role::Dim,
    ));
    let mut row = Rect { height: 1, ..area };
    for (line, role) in lines {
        for part in plain::wrap(&plain::visible(&line), usize::from(area.width)) {
            if row.y >= area.bottom() {
                return;
            }
            text::put(&part, theme.style(role), row, buffer);
            row.y += 1;
        }
    }
}

impl Role {
    /// The look of a tone.
    pub const fn of(tone: Tone) -> Self {
        match tone {
            Tone::Plain => Self::Text,
            Tone::Dim => Self::Dim,
            Tone::Accent => Self::Accent,
            Tone::Strong => Self::Strong,
            Tone::Ok => Self::Ok,
            Tone::Warn => Self::Warn,
            Tone::Bad => Self::Bad,
            Tone::Unknown => Self::Unknown,
            Tone::Key => Self::Key,
        }
    }
}

#[cfg(test)]
mod tests;
