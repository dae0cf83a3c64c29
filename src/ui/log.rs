//! The program's own log, as tui-logger keeps it.
//!
//! Its thread is not started (it wakes a hundred times a second); records are moved when a frame is drawn instead.

use super::panels;
use super::theme::{Role, Theme};
use crate::app::words::Span;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::widgets::Widget as _;
use tui_logger::{TuiLoggerLevelOutput, TuiLoggerWidget};

/// Moves new log records to where the log screen reads them. Call it before each frame.
pub fn gather() {
    tui_logger::move_events();
}

pub(super) fn log(theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let inner = panels::frame("log", &Span::default(), true, theme, area, buffer);
    if inner.is_empty() {
        return;
    }
    TuiLoggerWidget::default()
        .output_separator(' ')
        .output_timestamp(Some("%H:%M:%S".to_owned()))
        .output_level(Some(TuiLoggerLevelOutput::Abbreviated))
        .output_target(false)
        .output_file(false)
        .output_line(false)
        .style(theme.style(Role::Text))
        .style_error(theme.style(Role::Bad))
        .style_warn(theme.style(Role::Warn))
        .style_info(theme.style(Role::Text))
        .style_debug(theme.style(Role::Dim))
        .style_trace(theme.style(Role::Dim))
        .render(inner, buffer);
}
