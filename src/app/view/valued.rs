//! What a chart is rendered with: every value with its origin, where there is room; else how many are from where.

use crate::app::text;
use crate::app::words::{Line, Page, Span, Tone};
use crate::model::helm::{ValueOrigin, Valued};

/// The most values that are listed in front of an act; the plan lists all.
const MOST: usize = 200;

/// `values: 3 given to helm, 31 the chart's defaults`.
pub(super) fn tally(valued: &[Valued]) -> String {
    let defaults = valued.iter().filter(|one| one.origin == ValueOrigin::Chart).count();
    let given = valued.len() - defaults;
    format!("values: {given} given to helm, {defaults} the chart's defaults")
}

/// Each value, those that somebody gave first.
pub(super) fn lines(valued: &[Valued], indent: usize, width: usize, page: &mut Page) {
    if valued.is_empty() {
        return;
    }
    page.sentence(indent, &tally(valued), Tone::Plain, width);
    let (defaults, given): (Vec<&Valued>, Vec<&Valued>) =
        valued.iter().partition(|one| one.origin == ValueOrigin::Chart);
    for one in given.iter().chain(&defaults).take(MOST) {
        line(one, indent + 2, width, page);
    }
    if let Some(more) = valued.len().checked_sub(MOST).filter(|more| *more > 0) {
        page.sentence(
            indent + 2,
            &format!("and {more} more: pilothouse plan lists all"),
            Tone::Dim,
            width,
        );
    }
}

fn line(one: &Valued, indent: usize, width: usize, page: &mut Page) {
    let (path, value) = (text::visible(&one.path), text::visible(one.shown()));
    let origin = one.origin.to_string();
    let origin = text::visible(&origin);
    let pad = " ".repeat(indent);
    if indent + text::width(&path) + text::width(&value) + text::width(&origin) + 4 <= width {
        page.push(Line::of([
            Span::plain(pad),
            Span::new(format!("{path}: "), Tone::Accent),
            Span::plain(value),
            Span::dim(format!("  {origin}")),
        ]));
    } else {
        page.sentence(indent, &format!("{path}: {value} ({origin})"), Tone::Plain, width);
    }
}
