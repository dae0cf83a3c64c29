//! The steps of this session: how far each has come, what it waits for, until when, and what happens then.

use super::Look;
use super::raw::clock;
use crate::app::event::JournalState;
use crate::app::step::{Ending, Phase, Step};
use crate::app::words::{Line, Page, RowId, Span, Tone};
use crate::model::Act;
use crate::model::time::short_span;

/// All steps, the newest first.
pub fn page<'a>(
    look: Look<'_>,
    steps: impl DoubleEndedIterator<Item = &'a Step>,
    journal: &JournalState,
    width: usize,
) -> Page {
    let mut page = Page::titled("steps of this session");
    let (words, tone) = match journal {
        JournalState::Unopened => (
            "the journal is not open: this cockpit observes only".to_owned(),
            Tone::Dim,
        ),
        JournalState::Ready => (
            "the journal is open; `pilothouse journal show` tells all of it".to_owned(),
            Tone::Dim,
        ),
        JournalState::InDoubt => (
            "steps of an earlier session are in doubt: :doubts".to_owned(),
            Tone::Bad,
        ),
        JournalState::ReadOnly { why } => (
            format!("✗ the journal cannot be written, nothing is sent: {why}"),
            Tone::Bad,
        ),
    };
    page.sentence(0, &words, tone, width);
    let mut any = false;
    for step in steps.rev() {
        any = true;
        page.blank();
        lines(look, step, width, &mut page);
    }
    if !any {
        page.blank();
        page.push(Line::toned("no step was taken in this session", Tone::Dim));
    }
    page
}

/// One step's progress, where its panel stood.
pub fn progress(look: Look<'_>, step: &Step, width: usize) -> Page {
    let mut page = Page::titled(format!("step {}", step.number));
    lines(look, step, width, &mut page);
    page
}

fn lines(look: Look<'_>, step: &Step, width: usize, page: &mut Page) {
    let (mark, tone, word) = standing(step);
    page.push(
        Line::of([
            Span::new(format!("{mark} {word}  "), tone),
            Span::new(format!("{}. {}", step.number, step.act), Tone::Strong),
        ])
        .standing_for(RowId::Step(step.number)),
    );
    for (at, what) in &step.log {
        page.sentence(2, &format!("{}  {what}", clock(*at)), Tone::Plain, width);
    }
    for line in &step.said {
        let told = match &step.act {
            Act::Task { .. } => line.clone(),
            _ => format!("helm: {line}"),
        };
        page.sentence(4, &told, Tone::Dim, width);
    }
    if step.over() {
        return;
    }
    let left = step.deadline.age(look.now.mono);
    let until = if left.is_zero() {
        format!("for {} more", short_span(look.now.mono.age(step.deadline)))
    } else {
        format!("{} past its deadline", short_span(left))
    };
    page.sentence(
        2,
        &format!("waits for {}, {until}", step.waits_for()),
        Tone::Accent,
        width,
    );
    page.sentence(
        2,
        "then: it is said that the effect was not seen; nothing more is sent, and what was accepted stands",
        Tone::Dim,
        width,
    );
    if step.phase == Phase::Accepted
        && let Some(object) = look.world.pinned(step.act.target())
    {
        let state = crate::diagnose::state(look.world, object, look.now);
        page.sentence(2, &format!("now: {} is {state}", object.key()), Tone::Plain, width);
    }
}

/// Glyph, tone and word of how far a step has come.
pub const fn standing(step: &Step) -> (&'static str, Tone, &'static str) {
    match &step.phase {
        Phase::Requested => ("…", Tone::Accent, "requested"),
        Phase::Recorded => ("…", Tone::Accent, "recorded"),
        Phase::Cleared => ("…", Tone::Accent, "cleared"),
        Phase::Sent => ("…", Tone::Accent, "sent"),
        Phase::Accepted => ("…", Tone::Accent, "accepted"),
        Phase::Over(ending) => match ending {
            Ending::Observed { .. } => ("✓", Tone::Ok, "done"),
            Ending::Voided { .. } => ("▲", Tone::Warn, "void"),
            Ending::NotDone { .. } => ("✗", Tone::Warn, "not done"),
            Ending::Otherwise { .. } => ("✗", Tone::Bad, "otherwise"),
            Ending::InDoubt { .. } => ("?", Tone::Bad, "in doubt"),
            Ending::TimedOut { .. } => ("▲", Tone::Warn, "not seen in time"),
        },
    }
}
