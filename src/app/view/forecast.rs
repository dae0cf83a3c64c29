//! What deleting an object would do: grouped by outcome, worst first, each with its reason and evidence.

use super::explain::{evidence, unknowns};
use super::{Look, chain};
use crate::app::screen::Subject;
use crate::app::text;
use crate::app::words::{Line, Page, RowId, Span, Tone};
use crate::forecast::{Entry, Forecast, Outcome, Recreation, Undo};
use crate::model::{Act, Propagation};

/// The forecast as a page one can walk on.
pub fn page(look: Look<'_>, subject: &Subject, propagation: Propagation, width: usize) -> Page {
    let mut page = Page::titled(format!("forecast: delete {} ({})", subject.key, propagation.word()));
    if !chain::life(look, subject, &mut page) {
        return page;
    }
    let Some(object) = look.world.get(&subject.key) else {
        return page;
    };
    let act = Act::Delete {
        target: object.pin(),
        propagation,
    };
    let forecast = crate::forecast::forecast(look.world, &act, look.conditions, look.now, look.quiet);
    fill(&mut page, &forecast, width);
    page
}

fn fill(page: &mut Page, forecast: &Forecast, width: usize) {
    let tier = format!("{}: {}", forecast.tier.word(), forecast.because);
    page.sentence(0, &tier, Tone::Strong, width);
    for told in &forecast.quorum {
        let tone = if told.end.breaks() { Tone::Bad } else { Tone::Plain };
        page.sentence(0, &format!("quorum: {}", told.sentence), tone, width);
    }
    let undo = undo(&forecast.undo);
    page.sentence(0, &format!("undo: {}", undo.text), undo.tone, width);
    page.blank();
    let mut at = 0;
    while let Some(first) = forecast.entries.get(at) {
        let group: Vec<&Entry> = forecast
            .entries
            .iter()
            .skip(at)
            .take_while(|entry| word(&entry.outcome) == word(&first.outcome))
            .collect();
        let (mark, tone) = weight(&first.outcome);
        page.push(Line::of([
            Span::new(format!("{mark} {:<13}", word(&first.outcome)), tone),
            Span::plain(group.len().to_string()),
        ]));
        for (offset, entry) in group.iter().enumerate() {
            entry_lines(page, entry, at + offset, width);
        }
        at += group.len();
    }
    if forecast.entries.is_empty() {
        page.push(Line::plain("nothing would change"));
    }
    unknowns(page, &forecast.unknowns, width);
}

fn entry_lines(page: &mut Page, entry: &Entry, number: usize, width: usize) {
    page.push(
        Line::of([
            Span::plain("    "),
            Span::new(entry.object.to_string(), Tone::Accent),
            Span::plain(detail(&entry.outcome)),
        ])
        .standing_for(RowId::Mention(entry.object.clone(), number)),
    );
    page.sentence(6, &entry.reason.text, Tone::Plain, width);
    if let Outcome::Hangs { holders } = &entry.outcome {
        for holder in holders {
            let again = if holder.respawns { "; it would be made anew" } else { "" };
            let line = format!(
                "held by {} ({}) through {}{again}",
                holder.object, holder.root, holder.finalizer
            );
            page.sentence(8, &line, Tone::Warn, width);
        }
    }
    evidence(page, 6, &entry.reason, width);
}

/// The outcome's word, as the screens and the documentation write it.
pub const fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Deleted => "DELETED",
        Outcome::DeletedLater { .. } => "DELETED LATER",
        Outcome::Kept => "KEPT",
        Outcome::Hangs { .. } => "HANGS",
        Outcome::VolumeDestroyed { .. } => "DESTROYED",
        Outcome::VolumeRetained { .. } => "RELEASED",
        Outcome::VolumeLeaked { .. } => "LEAKED",
        Outcome::Created => "CREATED",
        Outcome::Recreated { .. } => "RECREATED",
        Outcome::Patched { .. } => "CHANGED",
        Outcome::Orphaned => "ORPHANED",
        Outcome::Rejected { .. } => "REFUSED",
        Outcome::Unknown { .. } => "UNKNOWN",
    }
}

/// The glyph and tone of an outcome.
pub const fn weight(outcome: &Outcome) -> (&'static str, Tone) {
    match outcome {
        Outcome::VolumeDestroyed { .. } => ("●", Tone::Bad),
        Outcome::Hangs { .. } | Outcome::Rejected { .. } => ("✗", Tone::Bad),
        Outcome::VolumeLeaked { .. } | Outcome::Deleted | Outcome::DeletedLater { .. } => ("▲", Tone::Warn),
        Outcome::Unknown { .. } => ("?", Tone::Unknown),
        Outcome::Kept
        | Outcome::VolumeRetained { .. }
        | Outcome::Recreated { .. }
        | Outcome::Patched { .. }
        | Outcome::Created
        | Outcome::Orphaned => (" ", Tone::Plain),
    }
}

fn detail(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Deleted | Outcome::Kept | Outcome::Orphaned | Outcome::Created | Outcome::Hangs { .. } => {
            String::new()
        }
        Outcome::DeletedLater { by } => format!("  by {by}"),
        Outcome::VolumeDestroyed { handle } => format!("  disk {handle}: no way back"),
        Outcome::VolumeRetained { handle } => format!("  disk {handle} stays"),
        Outcome::VolumeLeaked { handle } => format!("  disk {handle} is remembered by nothing in the cluster"),
        Outcome::Recreated { on } => match on {
            Recreation::SameClaim => "  on the same claims".to_owned(),
            Recreation::NewClaim => "  on a new, empty claim".to_owned(),
            Recreation::NoClaim => "  without any claim".to_owned(),
        },
        Outcome::Patched { fields } => format!("  {}", fields.join(", ")),
        Outcome::Rejected { error } => format!("  {error}"),
        Outcome::Unknown { missing } => format!("  missing: {missing}"),
    }
}

/// Whether there is a way back, in words.
pub fn undo(undo: &Undo) -> Span {
    match undo {
        Undo::Lossless { how } => Span::plain(format!("without loss: {how}")),
        Undo::Lossy { how } => Span::new(format!("with loss: {how}"), Tone::Warn),
        Undo::None => Span::new("no way back", Tone::Bad),
    }
}

/// `hangs pvc/shared-data · deleted later 2`: the forecast in one line, for the gate.
pub fn tally(forecast: &Forecast) -> String {
    let mut groups: Vec<(&'static str, Vec<&Entry>)> = Vec::new();
    for entry in &forecast.entries {
        let word = word(&entry.outcome);
        match groups.iter_mut().find(|(held, _)| *held == word) {
            Some((_, group)) => group.push(entry),
            None => groups.push((word, vec![entry])),
        }
    }
    let parts: Vec<String> = groups
        .iter()
        .map(|(word, group)| match group.as_slice() {
            [only] => format!("{} {}", word.to_lowercase(), text::ascii(&only.object.to_string())),
            group => format!("{} {} objects", word.to_lowercase(), group.len()),
        })
        .collect();
    if parts.is_empty() {
        "changes nothing".to_owned()
    } else {
        parts.join(" · ")
    }
}
