//! The hooks of a revision: when they run, in which order, what becomes of their objects, and how they went.

use super::super::Look;
use super::row;
use crate::app::release::Dossier;
use crate::app::words::{Line, Page, Span, Tone};
use crate::diagnose::standing::live;
use crate::model::helm::{Hook, Live, Opened, Run};
use crate::model::time::short_span;

pub(super) fn fill(page: &mut Page, look: Look<'_>, dossier: &Dossier, opened: &Opened, width: usize) {
    let record = &opened.record;
    if record.hooks.is_empty() {
        page.push(Line::toned("it has no hooks", Tone::Dim));
    }
    let asked = dossier.live(record.revision);
    for (at, hook) in record.hooks.iter().enumerate() {
        let address = &hook.document.address;
        let (there, there_tone) = match live(look, address, &asked) {
            Live::There(stamp) if stamp.deleting => ("its object is Terminating".to_owned(), Tone::Warn),
            Live::There(_) => ("its object is there: an uninstall leaves it".to_owned(), Tone::Warn),
            Live::Absent => ("no object of it is left".to_owned(), Tone::Dim),
            Live::Unserved => ("its API is not served".to_owned(), Tone::Bad),
            Live::Unknown { why } => (format!("? {why}"), Tone::Unknown),
        };
        let id = row(address, at);
        let events: Vec<&str> = hook.events.iter().map(|event| event.word()).collect();
        let line = Line::of([
            Span::new(address.to_string(), Tone::Accent),
            Span::plain(format!("  {}", events.join(", "))),
            Span::dim(format!("  weight {}", hook.weight)),
        ]);
        page.push(line.standing_for(id));
        page.sentence(4, &format!("deleted: {}", hook.policy_words()), Tone::Plain, width);
        page.sentence(4, &went(look, hook), Tone::Plain, width);
        page.sentence(4, &there, there_tone, width);
    }
}

/// `last run Succeeded 41d ago, took 12s`.
fn went(look: Look<'_>, hook: &Hook) -> String {
    let Some(Run {
        started_at,
        completed_at,
        phase,
    }) = &hook.last_run
    else {
        return "it has not run in this revision".to_owned();
    };
    let times: [Option<jiff::Timestamp>; 2] = [started_at, completed_at].map(|text| text.parse().ok());
    match times {
        [Some(started), Some(completed)] if completed >= started => {
            let took = std::time::Duration::try_from(completed.duration_since(started)).unwrap_or_default();
            let ago = short_span(look.now.since(completed));
            format!("last run {phase} {ago} ago, took {}", short_span(took))
        }
        [Some(started), _] => format!("last run {phase}, begun {} ago", short_span(look.now.since(started))),
        [None, _] => format!("last run {phase}"),
    }
}
