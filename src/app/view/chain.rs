//! What hangs together with an object: claim → volume → class → attachment → pods → root owners, as a tree.

use super::Look;
use crate::app::screen::Subject;
use crate::app::text;
use crate::app::words::{Line, Page, RowId, Span, Tone};
use crate::diagnose::Link;

/// The tree as a page one can walk on.
pub fn page(look: Look<'_>, subject: &Subject, width: usize) -> Page {
    let mut page = Page::titled(format!("{} and what hangs together with it", subject.key));
    if !life(look, subject, &mut page) {
        return page;
    }
    let links = crate::diagnose::chain::of(look.world, &subject.key, look.now, look.quiet);
    tree(&mut page, &links, width);
    page
}

/// Says when the object a screen is about is gone or was replaced. Returns whether there is an object to show.
pub fn life(look: Look<'_>, subject: &Subject, page: &mut Page) -> bool {
    match look.world.get(&subject.key) {
        Some(object) if object.meta.uid == subject.uid => true,
        Some(object) => {
            page.push(Line::toned(
                format!(
                    "✗ {} (uid …{}) is gone; another of its name stands there now (uid …{}).",
                    subject.key,
                    subject.uid.tail(6),
                    object.meta.uid.tail(6)
                ),
                Tone::Bad,
            ));
            page.push(Line::toned("What follows is about the other one.", Tone::Bad));
            true
        }
        None => {
            let of = super::freshness::Of {
                kind: subject.key.kind,
                freshness: look
                    .world
                    .freshness(subject.key.kind, &subject.key.namespace, look.now.mono, look.quiet),
            };
            if of.freshness.is_live() {
                page.push(Line::toned(
                    format!("{} (uid {}) is gone.", subject.key, subject.uid),
                    Tone::Warn,
                ));
                page.push(Line::toned("esc leads back; h tells what changed in it.", Tone::Dim));
            } else {
                page.push(Line::of([super::freshness::words(&of, look)]));
            }
            false
        }
    }
}

/// Draws links as a tree.
fn tree(page: &mut Page, links: &[Link], width: usize) {
    for (at, each) in links.iter().enumerate() {
        link(page, each, at, width);
    }
}

/// One link: its branch, the object, its sentence; on one line where that fits. `number` tells mentions apart.
pub fn link(page: &mut Page, link: &Link, number: usize, width: usize) {
    let branch = if link.depth == 0 {
        String::new()
    } else {
        format!("{}└─ ", "   ".repeat(link.depth - 1))
    };
    let name = link.object.to_string();
    let name = text::visible(&name);
    let sentence = text::visible(&link.sentence);
    let indent = text::width(&branch) + 3;
    let used = text::width(&branch) + text::width(&name) + 2;
    let tone = if link.sentence.contains("Terminating") {
        Tone::Warn
    } else {
        Tone::Plain
    };
    let mut spans = vec![Span::dim(branch), Span::new(name, Tone::Accent)];
    let whole = used + text::width(&sentence) <= width;
    if whole {
        spans.push(Span::new(format!("  {sentence}"), tone));
    }
    page.push(Line::of(spans).standing_for(RowId::Mention(link.object.clone(), number)));
    if !whole {
        page.sentence(indent, &link.sentence, tone, width);
    }
}
