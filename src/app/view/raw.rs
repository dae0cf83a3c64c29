//! An object as the server has it (YAML, secrets redacted), its events, and what changed in it since we look.

use super::Look;
use super::chain::life;
use crate::app::history::History;
use crate::app::screen::Subject;
use crate::app::state::Fetch;
use crate::app::words::{Line, Page, Span, Tone};
use crate::model::Now;
use crate::model::event::EventLine;
use crate::model::time::short_span;

/// The YAML, one line per line, lightly coloured.
pub fn yaml(look: Look<'_>, subject: &Subject, fetch: Option<&Fetch<String>>) -> Page {
    let mut page = Page::titled(format!("yaml of {}", subject.key));
    if let Some(text) = answered(look.now, fetch, "the server to send the object", &mut page) {
        for line in text.lines() {
            page.push(colored(line));
        }
    }
    page
}

/// Says since when an answer is awaited, when it came, or why it did not. The answer, when there is one.
fn answered<'a, T>(now: Now, fetch: Option<&'a Fetch<T>>, awaited: &str, page: &mut Page) -> Option<&'a T> {
    let Some(fetch) = fetch else {
        page.push(Line::toned("not asked for yet", Tone::Unknown));
        return None;
    };
    match &fetch.answer {
        None => {
            let waited = short_span(fetch.asked.age(now.mono));
            page.push(Line::toned(
                format!("waiting {waited} for {awaited} … esc leaves"),
                Tone::Unknown,
            ));
            None
        }
        Some((at, Err(why))) => {
            page.push(Line::toned(format!("✗ {why}"), Tone::Bad));
            page.push(Line::toned(
                format!("asked {} ago", short_span(at.mono.age(now.mono))),
                Tone::Dim,
            ));
            None
        }
        Some((at, Ok(answer))) => {
            page.title = format!("{} · read {} ago", page.title, short_span(at.mono.age(now.mono)));
            Some(answer)
        }
    }
}

/// A line of YAML: its key in one tone, its value in another, a comment dimmed.
fn colored(line: &str) -> Line {
    let body = line.trim_start_matches([' ', '-']);
    let lead: String = line.chars().take(line.chars().count() - body.chars().count()).collect();
    if body.starts_with('#') {
        return Line::toned(line, Tone::Dim);
    }
    match body.split_once(": ") {
        Some((key, value)) if is_key(key) => Line::of([
            Span::dim(lead),
            Span::new(format!("{key}: "), Tone::Accent),
            Span::plain(value),
        ]),
        _ => match body.strip_suffix(':') {
            Some(key) if is_key(key) => Line::of([Span::dim(lead), Span::new(body, Tone::Accent)]),
            _ => Line::of([Span::dim(lead), Span::plain(body)]),
        },
    }
}

fn is_key(text: &str) -> bool {
    !text.is_empty() && !text.contains(' ') || text.starts_with('"')
}

/// Events, newest first.
pub fn events(look: Look<'_>, subject: &Subject, fetch: Option<&Fetch<Vec<EventLine>>>, width: usize) -> Page {
    let mut page = Page::titled(format!("events of {}", subject.key));
    let Some(lines) = answered(look.now, fetch, "the server to list the object's events", &mut page) else {
        return page;
    };
    if lines.is_empty() {
        page.push(Line::toned(
            "none: the server keeps events for an hour, as a rule",
            Tone::Dim,
        ));
    }
    let mut lines: Vec<&EventLine> = lines.iter().collect();
    lines.sort_by_key(|line| std::cmp::Reverse(line.last));
    for line in lines {
        let age = line
            .last
            .map_or_else(|| "?".to_owned(), |last| short_span(look.now.since(last)));
        let warning = line.severity == "Warning";
        let (mark, tone) = if warning {
            ("▲", Tone::Warn)
        } else {
            (" ", Tone::Plain)
        };
        let times = if line.count > 1 {
            format!(" ×{}", line.count)
        } else {
            String::new()
        };
        page.push(Line::of([
            Span::dim(format!("{age:>7} ")),
            Span::new(format!("{mark} {}{times}", line.reason), tone),
            Span::dim(format!("  {}", line.source)),
        ]));
        page.sentence(10, &line.message, Tone::Plain, width);
    }
    page
}

/// What changed in the object since the cockpit began to look, newest last.
pub fn history(look: Look<'_>, subject: &Subject, history: &History, width: usize) -> Page {
    let mut page = Page::titled(format!(
        "what changed in {} since the cockpit began to look",
        subject.key
    ));
    life(look, subject, &mut page);
    let mut any = false;
    for (at, what) in history.of(&subject.key) {
        any = true;
        let line = format!("{}  {} ago  {what}", clock(*at), short_span(look.now.since(*at)));
        page.sentence(0, &line, Tone::Plain, width);
    }
    if !any {
        page.push(Line::toned("nothing has changed", Tone::Dim));
    }
    page
}

/// `14:02:11`, in UTC like every time on screen.
pub fn clock(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%H:%M:%S").to_string()
}
