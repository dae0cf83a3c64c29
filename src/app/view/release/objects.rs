//! The objects of a revision's manifest: there or gone, whose, kept or not, and who else names them.

use super::super::Look;
use super::row;
use crate::app::release::Dossier;
use crate::app::words::{Line, Page, Span, Tone, WRONG, tone};
use crate::diagnose::Severity;
use crate::diagnose::standing::{Keep, Life, Standing, standings};
use crate::model::helm::{Claims, Opened};
use crate::model::time::short_span;

pub(super) fn fill(page: &mut Page, look: Look<'_>, dossier: &Dossier, opened: &Opened, width: usize) {
    let revision = opened.record.revision;
    let none = Claims::default();
    let claims = dossier.claims().unwrap_or(&none);
    let all = standings(look, &dossier.home, &opened.record, &dossier.live(revision), claims);
    if all.is_empty() {
        page.push(Line::toned("its manifest names no object", Tone::Dim));
    }
    page.push(tally(&all));
    compared(page, look, dossier, width);
    for (at, standing) in all.iter().enumerate() {
        object(page, standing, at, width);
    }
    for dropped in &opened.record.manifest.dropped {
        let line = format!("▲ {dropped} names a hook event helm does not know: helm neither applies nor deletes it");
        page.sentence(0, &line, Tone::Warn, width);
    }
}

/// `23 objects · 21 live · 1 gone · keep 2 · live only 4`.
fn tally(all: &[Standing]) -> Line {
    let count = |like: &dyn Fn(&Standing) -> bool| all.iter().filter(|standing| like(standing)).count();
    let parts = [
        (all.len(), "objects", Tone::Strong),
        (count(&|one| one.life == Life::Live), "live", Tone::Plain),
        (count(&|one| one.life == Life::Deleting), "Terminating", Tone::Warn),
        (count(&|one| one.life == Life::Gone), "gone", Tone::Warn),
        (count(&|one| one.life == Life::Unserved), "not served", Tone::Bad),
        (
            count(&|one| matches!(one.life, Life::Unknown { .. })),
            "not known",
            Tone::Unknown,
        ),
        (count(&|one| one.keep == Keep::Stored), "kept", Tone::Plain),
        (
            count(&|one| matches!(one.keep, Keep::LiveOnly(_))),
            "keep live only ✗",
            Tone::Bad,
        ),
        (count(&|one| !one.claimed_by.is_empty()), "claimed twice ✗", Tone::Bad),
    ];
    let spans = parts
        .into_iter()
        .enumerate()
        .filter(|(at, (number, ..))| *at == 0 || *number > 0);
    let spans = spans.flat_map(|(at, (number, word, tone))| {
        let lead = (at > 0).then(|| Span::dim(" · "));
        lead.into_iter().chain([Span::new(format!("{number} {word}"), tone)])
    });
    Line::of(spans)
}

/// With which other releases it was compared, and with which not.
fn compared(page: &mut Page, look: Look<'_>, dossier: &Dossier, width: usize) {
    if let Some((_, fetch)) = dossier.live.as_ref().filter(|(_, fetch)| fetch.answer.is_none()) {
        let waited = short_span(fetch.asked.age(look.now.mono));
        let line = format!("looking at the live objects, {waited} …");
        page.push(Line::toned(line, Tone::Unknown));
    }
    match dossier.claims.as_ref().map(|fetch| (&fetch.answer, fetch.asked)) {
        None => {}
        Some((None, asked)) => {
            let waited = short_span(asked.age(look.now.mono));
            let line = format!("reading what other releases have deployed, {waited} …");
            page.push(Line::toned(line, Tone::Unknown));
        }
        Some((Some((_, Ok(claims))), _)) => {
            let further = match dossier.aside {
                0 => String::new(),
                aside => format!("; a compares with the other {aside} of the cluster too"),
            };
            let line = format!(
                "compared with {} other releases' deployed revisions{further}",
                claims.by.len()
            );
            page.push(Line::toned(line, Tone::Dim));
            for (home, why) in &claims.left {
                page.sentence(2, &format!("? not compared with {home}: {why}"), Tone::Unknown, width);
            }
        }
        Some((Some((_, Err(why))), _)) => page.sentence(0, &format!("✗ {why}"), Tone::Bad, width),
    }
    page.blank();
}

fn object(page: &mut Page, standing: &Standing, at: usize, width: usize) {
    let address = &standing.object;
    let worst = standing.notes.iter().map(|note| note.severity).max();
    let (mark, mark_tone) = match (&standing.life, worst) {
        (_, Some(Severity::Blocked)) => (WRONG, Tone::Bad),
        (Life::Unknown { .. }, _) => ("?", Tone::Unknown),
        (_, Some(severity @ Severity::Warned)) => ("▲", tone(severity)),
        (Life::Gone | Life::Deleting | Life::Unserved, _) => ("▲", Tone::Warn),
        (Life::Live, Some(Severity::Clean) | None) => (" ", Tone::Plain),
    };
    let life_tone = match standing.life {
        Life::Live => Tone::Plain,
        Life::Deleting | Life::Gone => Tone::Warn,
        Life::Unserved => Tone::Bad,
        Life::Unknown { .. } => Tone::Unknown,
    };
    let id = row(address, at);
    let place = if address.namespace.is_empty() {
        "  cluster-scoped".to_owned()
    } else {
        String::new()
    };
    let line = Line::of([
        Span::new(format!("{mark} "), mark_tone),
        Span::new(address.to_string(), Tone::Accent),
        Span::new(format!("  {}", standing.life.word()), life_tone),
        Span::dim(place),
    ]);
    page.push(line.standing_for(id));
    for note in &standing.notes {
        let shade = match note.severity {
            Severity::Clean => Tone::Dim,
            severity @ (Severity::Warned | Severity::Blocked) => tone(severity),
        };
        page.sentence(4, &note.sentence, shade, width);
    }
}
