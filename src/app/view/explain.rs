//! Why an object is as it is: the sentence, the chain down to the root owner, the evidence, the safe way out.

use super::{Look, chain};
use crate::app::screen::Subject;
use crate::app::words::{Line, Page, RowId, Span, Tone};
use crate::diagnose::Explanation;
use crate::laws::Reason;

/// The explanation as a page one can walk on.
pub fn page(look: Look<'_>, subject: &Subject, width: usize) -> Page {
    let mut page = Page::titled(format!("why {} is as it is", subject.key));
    if !chain::life(look, subject, &mut page) {
        return page;
    }
    match crate::diagnose::explain(look.world, &subject.key, look.conditions, look.now, look.quiet) {
        Some(explanation) => fill(&mut page, &explanation, width),
        None => page.push(Line::toned(
            "there is nothing to explain: the object is not known here",
            Tone::Dim,
        )),
    }
    page
}

fn fill(page: &mut Page, explanation: &Explanation, width: usize) {
    page.sentence(0, &explanation.sentence, Tone::Strong, width);
    page.blank();
    if explanation.way_out.is_empty() {
        page.push(Line::toned("nothing needs doing", Tone::Dim));
    } else {
        page.push(Line::toned("the safe way out, in this order", Tone::Strong));
    }
    for (number, step) in explanation.way_out.iter().enumerate() {
        page.sentence(1, &format!("{}. {}", number + 1, step.sentence), Tone::Plain, width);
        if let Some(act) = &step.act {
            let key = act.target().key.clone();
            page.push(
                Line::of([
                    Span::dim("    ▸ "),
                    Span::new(act.to_string(), Tone::Accent),
                    Span::dim(if step.later { "  later" } else { "" }),
                ])
                .standing_for(RowId::Mention(key, number)),
            );
        }
    }
    unknowns(page, &explanation.unknowns, width);
    page.blank();
    page.push(Line::toned("why", Tone::Strong));
    for (at, link) in explanation.chain.iter().enumerate() {
        chain::link(page, link, explanation.way_out.len() + at, width);
        evidence(page, link.depth * 3, &link.reason, width);
    }
}

/// The values a reason rests on, dimmed under it.
pub fn evidence(page: &mut Page, indent: usize, reason: &Reason, width: usize) {
    for seen in &reason.evidence {
        let line = format!("{} {} = {}", seen.object, seen.field, seen.value);
        page.sentence(indent + 2, &line, Tone::Dim, width);
    }
}

/// What was missing when it was made.
pub fn unknowns(page: &mut Page, unknowns: &[String], width: usize) {
    if unknowns.is_empty() {
        return;
    }
    page.blank();
    page.push(Line::toned("? not known", Tone::Unknown));
    for unknown in unknowns {
        page.sentence(3, unknown, Tone::Unknown, width);
    }
}
