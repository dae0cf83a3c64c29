//! The steps of a run, a line each: all of them, or those around the one that is on and how many there are besides.

use super::clock;
use crate::app::text;
use crate::app::words::{Line, Page, Span, Tone};
use crate::runbook::Run;
use crate::runbook::progress::{Course, State, Went};
use std::collections::BTreeMap;

/// A way may take this part of the screen before it is folded.
const PART: usize = 4;
/// And at least so many lines, of which two tell what is before and after.
const LEAST: usize = 4;

/// The way that is walked; whether any of it was folded away.
pub(super) fn walked(run: &Run, (width, rows): (usize, usize), page: &mut Page) -> bool {
    let room = (rows / PART).max(LEAST);
    if run.progress.turned.is_none() {
        return folded(run, &run.progress.steps, (width, room), page);
    }
    let there = folded(run, &run.progress.steps, (width, LEAST), page);
    page.push(Line::toned("the way back", Tone::Strong));
    folded(run, &run.progress.back, (width, room), page) || there
}

/// Every step.
pub(super) fn whole(run: &Run, width: usize, page: &mut Page) {
    page.push(Line::toned("all steps", Tone::Strong));
    steps(run, &run.progress.steps, &run.progress.steps, width, page);
    if run.progress.turned.is_some() {
        page.push(Line::toned("the way back", Tone::Strong));
        steps(run, &run.progress.back, &run.progress.back, width, page);
    }
}

/// The steps around the one that is on, where not all have room.
fn folded(run: &Run, way: &[Course], (width, room): (usize, usize), page: &mut Page) -> bool {
    if way.len() <= room {
        steps(run, way, way, width, page);
        return false;
    }
    let current = run.progress.current().map(|course| course.id.as_str());
    let at = way.iter().position(|course| current == Some(course.id.as_str()));
    // where none of them is on, all of them are behind
    let at = at.unwrap_or(way.len());
    let shown = room.saturating_sub(2);
    let first = at
        .saturating_sub(shown.saturating_sub(1) / 2)
        .min(way.len().saturating_sub(shown));
    let (before, rest) = way.split_at(first);
    let (near, after) = rest.split_at(shown.min(rest.len()));
    tally(before, "before", width, page);
    steps(run, way, near, width, page);
    tally(after, "after", width, page);
    true
}

/// `✓ 8 before: 6 done, 2 not needed`: what stands out gives the mark.
fn tally(courses: &[Course], place: &str, width: usize, page: &mut Page) {
    let mut counted: BTreeMap<&str, usize> = BTreeMap::new();
    for course in courses {
        *counted.entry(course.state.word()).or_default() += 1;
    }
    let loud = |tone: Tone| match tone {
        Tone::Bad => 4,
        Tone::Unknown => 3,
        Tone::Warn => 2,
        Tone::Ok => 1,
        _ => 0,
    };
    let Some(first) = courses.iter().max_by_key(|course| loud(mark(&course.state).1)) else {
        return;
    };
    let (glyph, tone) = mark(&first.state);
    let words: Vec<String> = counted.iter().map(|(word, count)| format!("{count} {word}")).collect();
    let told = format!("{} {place}: {}", courses.len(), words.join(", "));
    let shown = text::end(&told, width.saturating_sub(2)).into_owned();
    let ink = if loud(tone) > 1 { tone } else { Tone::Dim };
    page.push(Line::of([Span::new(format!("{glyph} "), tone), Span::new(shown, ink)]));
}

/// The glyph and tone of a step's state.
const fn mark(state: &State) -> (&'static str, Tone) {
    match state {
        State::Waiting => ("·", Tone::Dim),
        State::NotNeeded { .. } => ("–", Tone::Dim),
        State::Acting | State::Verifying { .. } => ("▸", Tone::Accent),
        State::Done => ("✓", Tone::Ok),
        State::InDoubt { .. } => ("?", Tone::Unknown),
        State::Stopped { .. } => ("✗", Tone::Bad),
        State::Skipped { .. } | State::Waived { .. } => ("~", Tone::Warn),
    }
}

/// A step a line: its state, when, and who said what of it.
fn steps(run: &Run, way: &[Course], shown: &[Course], width: usize, page: &mut Page) {
    let current = run.progress.current().map(|course| course.id.as_str());
    let widest = way.iter().map(|course| course.id.chars().count()).max().unwrap_or(0);
    for course in shown {
        let (glyph, tone) = mark(&course.state);
        let is_on = current == Some(course.id.as_str());
        let ink = if is_on { Tone::Strong } else { Tone::Plain };
        let word = match &course.state {
            State::Waiting if is_on => "next".to_owned(),
            State::Acting => {
                let over = course
                    .acts
                    .iter()
                    .filter(|taken| matches!(taken.went, Went::Over { .. }));
                format!("doing, {} of {} acts", over.count(), course.acts.len())
            }
            State::Skipped { word } | State::Waived { word, .. } => {
                format!("{} by {} \"{}\"", course.state.word(), word.by, word.reason)
            }
            State::NotNeeded { .. }
            | State::Waiting
            | State::Verifying { .. }
            | State::Done
            | State::InDoubt { .. }
            | State::Stopped { .. } => course.state.word().to_owned(),
        };
        let mut kept = run.came.iter().rev();
        let last = kept.find(|kept| kept.step.as_deref() == Some(course.id.as_str()));
        let when = last.map_or_else(String::new, |kept| format!("  {}", clock(kept.at)));
        let word = text::visible(&word);
        let word = text::end(&word, width.saturating_sub(widest + 16));
        page.push(Line::of([
            Span::new(format!("{glyph} "), tone),
            Span::new(format!("{:widest$}  ", course.id), ink),
            Span::new(word, tone),
            Span::dim(when),
        ]));
    }
}
