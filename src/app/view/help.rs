//! All keys, from the one table.

use crate::app::keys::{self, Place};
use crate::app::palette::{acts, unstick};
use crate::app::words::{Line, Page, Span, Tone};

/// The help page: what holds where the operator came from stands first.
pub fn page(here: &[Place], width: usize) -> Page {
    let mut page = Page::titled("keys");
    for place in here {
        section(&mut page, *place, width);
    }
    for place in Place::ALL {
        if !here.contains(&place) {
            section(&mut page, place, width);
        }
    }
    page.push(Line::toned("after :", Tone::Strong));
    page.push(Line::of([
        Span::plain("  "),
        Span::new(unstick::USAGE, Tone::Key),
        Span::plain("  the way out of it, as u shows it"),
    ]));
    page.push(Line::toned("acts, after :", Tone::Strong));
    for verb in acts::Verb::ALL {
        let mut wrapped = crate::app::text::wrap(verb.usage(), width.saturating_sub(4).max(16)).into_iter();
        page.push(Line::of([
            Span::new("! ", Tone::Warn),
            Span::new(wrapped.next().unwrap_or_default(), Tone::Key),
        ]));
        for rest in wrapped {
            page.push(Line::toned(format!("    {rest}"), Tone::Key));
        }
    }
    page.blank();
    page.push(Line::of([
        Span::new("!", Tone::Warn),
        Span::dim(" leads towards a change of the cluster: it only opens a panel, or acts inside one"),
    ]));
    page
}

fn section(page: &mut Page, place: Place, width: usize) {
    page.push(Line::toned(place.words(), Tone::Strong));
    for binding in keys::holding(&[place]) {
        let mark = if binding.destructive {
            Span::new("! ", Tone::Warn)
        } else {
            Span::plain("  ")
        };
        let shown = format!("{:<14}", binding.shown());
        let used = 2 + crate::app::text::width(&shown);
        let mut wrapped = crate::app::text::wrap(binding.text, width.saturating_sub(used).max(16)).into_iter();
        page.push(Line::of([
            mark,
            Span::new(shown, Tone::Key),
            Span::plain(wrapped.next().unwrap_or_default()),
        ]));
        for rest in wrapped {
            page.push(Line::plain(format!("{}{rest}", " ".repeat(used))));
        }
    }
}
