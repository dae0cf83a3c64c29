//! What a revision changed, and in what the live objects are not as it says.

use super::{answered, row};
use crate::app::release::{Dossier, Drift};
use crate::app::text;
use crate::app::words::{Line, Page, Span, Tone};
use crate::model::Now;
use crate::model::helm::{Address, Difference, How, Side};
use crate::model::time::short_span;

/// The most lines of a long text that are shown of one difference.
const LINES: usize = 12;

/// From one revision to another.
pub(super) fn fill(page: &mut Page, dossier: &Dossier, (from, to): (u32, u32), width: usize) {
    let Some(changes) = dossier.changes(from, to) else {
        return;
    };
    page.push(Line::toned(
        format!(
            "from r{from} to r{to}: {}, {}",
            counted(changes.objects.len(), "object"),
            counted(changes.values.len(), "value")
        ),
        Tone::Strong,
    ));
    if changes.is_empty() {
        page.push(Line::toned("the manifests, hooks and values are the same", Tone::Dim));
    }
    for (at, change) in changes.objects.iter().enumerate() {
        let hook = if change.hook && change.how != How::BecameHook {
            "hook "
        } else {
            ""
        };
        let (mark, word, tone) = match &change.how {
            How::Added => ("+", "added".to_owned(), Tone::Ok),
            How::Removed => ("-", "removed".to_owned(), Tone::Warn),
            How::Changed(fields) => ("~", counted(fields.len(), "field"), Tone::Plain),
            How::BecameHook => (
                "▲",
                "was the release's own and is a hook now: the old object is deleted, or refuses the new one".to_owned(),
                Tone::Warn,
            ),
            How::BecamePlain => (
                "▲",
                "was a hook and is the release's own now: what is left of the hook bears no stamp and cannot be imported"
                    .to_owned(),
                Tone::Warn,
            ),
        };
        page.push(head(&change.object, at, (mark, tone), &format!("{hook}{word}")));
        if let How::Changed(fields) = &change.how {
            differences(page, fields, width);
        }
    }
    if !changes.values.is_empty() {
        page.blank();
        page.push(Line::toned("the operator's values", Tone::Strong));
        if dossier.values {
            differences(page, &changes.values, width);
        } else {
            for difference in &changes.values {
                page.push(Line::toned(
                    format!("    {}", text::visible(&difference.path)),
                    Tone::Accent,
                ));
            }
            page.push(Line::toned("v shows them", Tone::Dim));
        }
    }
}

/// `1 field`, `2 fields`.
fn counted(number: usize, noun: &str) -> String {
    let end = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{end}")
}

/// The manifest against what is live.
pub(super) fn drift(page: &mut Page, now: Now, dossier: &Dossier, revision: u32, width: usize) {
    let Some((_, fetch)) = dossier.whole.as_ref().filter(|(of, _)| *of == revision) else {
        page.push(Line::toned("the live objects wait to be read", Tone::Unknown));
        return;
    };
    if answered(page, now, fetch, "the live objects", width).is_none() {
        return;
    }
    let all = dossier.drift(revision).unwrap_or_default();
    let read = fetch
        .answer
        .as_ref()
        .map_or_else(String::new, |(at, _)| short_span(at.mono.age(now.mono)));
    let apart = all
        .iter()
        .filter(|(_, drift)| *drift != Drift::There(Vec::new()))
        .count();
    page.push(Line::toned(
        format!(
            "not as r{revision} says: {apart} of {}; read {read} ago",
            counted(all.len(), "object")
        ),
        Tone::Strong,
    ));
    page.sentence(
        0,
        "only what the manifest says counts: what the server or a controller added is no difference",
        Tone::Dim,
        width,
    );
    for (at, (address, drift)) in all.iter().enumerate() {
        match drift {
            Drift::There(fields) if fields.is_empty() => {}
            Drift::There(fields) => {
                page.push(head(address, at, ("~", Tone::Warn), &counted(fields.len(), "field")));
                differences(page, fields, width);
            }
            Drift::Gone => page.push(head(address, at, ("-", Tone::Warn), "gone")),
            Drift::Unknown(why) => page.push(head(address, at, ("?", Tone::Unknown), why)),
        }
    }
}

fn head(address: &Address, at: usize, (mark, tone): (&str, Tone), words: &str) -> Line {
    let id = row(address, at);
    let line = Line::of([
        Span::new(format!("{mark} "), tone),
        Span::new(address.to_string(), Tone::Accent),
        Span::new(format!("  {}", text::visible(words)), tone),
    ]);
    line.standing_for(id)
}

fn differences(page: &mut Page, fields: &[Difference], width: usize) {
    for difference in fields {
        page.push(Line::toned(
            format!("    {}", text::visible(&difference.path)),
            Tone::Accent,
        ));
        if difference.before == Side::Hidden && difference.after == Side::Hidden {
            page.push(Line::toned(
                "      differs; it looks like a secret and is hidden",
                Tone::Unknown,
            ));
            continue;
        }
        side(page, "- ", &difference.before, Tone::Warn, width);
        side(page, "+ ", &difference.after, Tone::Ok, width);
    }
}

fn side(page: &mut Page, mark: &str, side: &Side, tone: Tone, width: usize) {
    match side {
        Side::Absent => page.push(Line::toned(format!("      {mark}(not there)"), Tone::Dim)),
        Side::Hidden => page.push(Line::toned(
            format!("      {mark}(hidden: it looks like a secret)"),
            Tone::Unknown,
        )),
        Side::Shown(value) => {
            let count = value.lines().count();
            for line in value.lines().take(LINES) {
                page.sentence(6, &format!("{mark}{line}"), tone, width);
            }
            if count == 0 {
                page.push(Line::toned(format!("      {mark}\"\""), tone));
            }
            if count > LINES {
                page.push(Line::toned(
                    format!("      {mark}… {} lines more", count - LINES),
                    Tone::Dim,
                ));
            }
        }
    }
}
