//! After a crash: each step an earlier session left unfinished, what became of it, and how that is known.

use crate::app::event::Doubtful;
use crate::app::words::{Line, Page, RowId, Span, Tone};

pub fn page(doubts: &[Doubtful], width: usize) -> Page {
    let mut page = Page::titled("steps an earlier session left unfinished");
    if doubts.is_empty() {
        page.push(Line::toned("none: the end of every step is known", Tone::Dim));
        return page;
    }
    page.sentence(
        0,
        "Nothing is sent again, and nothing new is sent, before each of them is settled.",
        Tone::Plain,
        width,
    );
    for doubt in doubts {
        page.blank();
        let (mark, tone) = if doubt.settled {
            ("✓", Tone::Ok)
        } else {
            ("?", Tone::Bad)
        };
        page.push(
            Line::of([
                Span::new(format!("{mark} "), tone),
                Span::new(doubt.act.as_str(), Tone::Strong),
            ])
            .standing_for(RowId::Doubt(doubt.step.clone())),
        );
        page.sentence(2, &doubt.verdict, tone, width);
        for evidence in &doubt.evidence {
            page.sentence(4, evidence, Tone::Dim, width);
        }
        if doubt.asks && !doubt.settled {
            page.sentence(
                2,
                "No observation can tell. Look yourself, then say: D it was done, N it was not.",
                Tone::Warn,
                width,
            );
        }
    }
    page
}
