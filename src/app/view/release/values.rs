//! The operator's values of a revision: which there are, and, when asked, what they are but for secrets.

use crate::app::text;
use crate::app::words::{Line, Page, Span, Tone};
use crate::model::helm::Leaves;

pub(super) fn fill(page: &mut Page, values: &Leaves, shown: bool, width: usize) {
    if values.is_empty() {
        page.push(Line::toned(
            "the operator gave no values: the chart's own count",
            Tone::Dim,
        ));
        return;
    }
    let hidden = values.iter().filter(|(_, leaf)| leaf.shown().is_none()).count();
    let told = match (shown, hidden) {
        (false, _) => "v shows them; what looks like a secret stays hidden".to_owned(),
        (true, 0) => "none looks like a secret; v hides them".to_owned(),
        (true, 1) => "1 looks like a secret and stays hidden; v hides all".to_owned(),
        (true, hidden) => format!("{hidden} look like secrets and stay hidden; v hides all"),
    };
    page.push(Line::toned(format!("{} values; {told}", values.len()), Tone::Dim));
    if values.cut() {
        page.push(Line::toned("▲ there are more than are kept here", Tone::Warn));
    }
    page.blank();
    for (path, leaf) in values.iter() {
        let path = text::visible(path);
        match leaf.shown().filter(|_| shown) {
            Some(value) if value.contains('\n') => {
                page.push(Line::of([Span::new(format!("{path}:"), Tone::Accent)]));
                for line in value.lines() {
                    page.sentence(4, line, Tone::Plain, width);
                }
            }
            Some(value) => page.push(Line::of([
                Span::new(format!("{path}: "), Tone::Accent),
                Span::plain(text::visible(value)),
            ])),
            None if shown => page.push(Line::of([
                Span::new(format!("{path}: "), Tone::Accent),
                Span::new("hidden: it looks like a secret", Tone::Unknown),
            ])),
            None => page.push(Line::toned(path, Tone::Accent)),
        }
    }
}
