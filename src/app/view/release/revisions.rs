//! The revisions of a release, newest first: what their labels say, and what their records say once they are read.

use super::super::Look;
use crate::app::release::{Aspect, Dossier};
use crate::app::text;
use crate::app::words::{Line, Page, RowId, Span, Tone};
use crate::diagnose::standing::mislabelled;
use crate::model::helm::{Opening, Record};
use crate::model::time::short_span;
use crate::model::{Object, Text};
use std::sync::Arc;

pub(super) fn fill(
    page: &mut Page,
    look: Look<'_>,
    aspect: &Aspect,
    dossier: &Dossier,
    revisions: &[Arc<Object>],
    width: usize,
) {
    for object in revisions.iter().rev() {
        let Some(facts) = object.body.release() else { continue };
        let made = object.meta.creation_timestamp;
        let age = made.map_or_else(|| "?".to_owned(), |made| short_span(look.now.since(made)));
        let tone = match facts.status.as_str() {
            "deployed" | "superseded" | "uninstalled" => Tone::Plain,
            _ => Tone::Warn,
        };
        let base = if aspect.base == Some(facts.revision) {
            "  ← changes are told from here"
        } else {
            ""
        };
        let id = RowId::Object(object.key(), object.meta.uid.clone());
        let line = Line::of([
            Span::new(format!("r{:<4}", facts.revision), Tone::Accent),
            Span::new(format!("{:<16}", text::visible(&facts.status)), tone),
            Span::dim(format!("{age:>6} ago")),
            Span::new(base, Tone::Accent),
        ]);
        page.push(line.standing_for(id));
        told(page, look, dossier, facts.revision, &facts.status, width);
    }
}

/// What the record says, or how far reading it has come.
fn told(page: &mut Page, look: Look<'_>, dossier: &Dossier, revision: u32, label: &Text, width: usize) {
    let Some(read) = dossier.revisions.get(&revision) else {
        page.push(Line::toned("      enter reads what it holds", Tone::Dim));
        return;
    };
    match &read.fetch.answer {
        None => {
            let waited = short_span(read.fetch.asked.age(look.now.mono));
            page.push(Line::toned(
                format!("      reading its record, {waited} …"),
                Tone::Unknown,
            ));
        }
        Some((_, Err(why))) => page.sentence(6, &format!("✗ {why}"), Tone::Bad, width),
        Some((_, Ok(opening))) => match opening.as_ref() {
            Opening::Undecodable(why) => page.sentence(6, &format!("✗ {why}"), Tone::Bad, width),
            Opening::Opened(opened) => record(page, look, &opened.record, label, width),
        },
    }
}

fn record(page: &mut Page, look: Look<'_>, record: &Record, label: &Text, width: usize) {
    if let Some(wrong) = mislabelled(label, record) {
        page.sentence(6, &format!("✗ {wrong}"), Tone::Bad, width);
    }
    let ago = |at: Option<jiff::Timestamp>| at.map(|at| short_span(look.now.since(at)));
    let mut parts = vec![format!("chart {}-{}", record.chart.name, record.chart.version)];
    if !record.chart.app_version.is_empty() {
        parts.push(format!("app {}", record.chart.app_version));
    }
    parts.extend(ago(record.story.last_deployed).map(|ago| format!("deployed {ago} ago")));
    parts.extend(ago(record.story.first_deployed).map(|ago| format!("first {ago} ago")));
    parts.extend(ago(record.story.deleted).map(|ago| format!("deleted {ago} ago")));
    page.sentence(6, &parts.join(" · "), Tone::Plain, width);
    if !record.story.description.is_empty() {
        page.sentence(6, &record.story.description, Tone::Dim, width);
    }
    for broken in &record.manifest.broken {
        page.sentence(
            6,
            &format!("▲ {broken}: helm refuses such a manifest"),
            Tone::Warn,
            width,
        );
    }
}
