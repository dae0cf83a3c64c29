//! The way out of what is stuck, step by step: what was done, what comes next and what that would do, what is a person's.

use super::explain::unknowns;
use super::{Look, chain, steps};
use crate::app::screen::Subject;
use crate::app::state::Mode;
use crate::app::step::Step;
use crate::app::words::{Line, Page, RowId, Span, Tone};
use crate::diagnose::{Way, WayStep, way};
use crate::model::Act;

/// The way out as a page one can walk on.
pub fn page<'a>(
    look: Look<'_>,
    subject: &Subject,
    done: impl Iterator<Item = &'a Step>,
    mode: Mode,
    width: usize,
) -> Page {
    let mut page = Page::titled(format!("the way out of {}", subject.key));
    let found = way(look, &subject.key);
    // a release goes on under another record: only the object itself can be gone
    let there = subject.key.kind.is_record() && found.is_some() || chain::life(look, subject, &mut page);
    taken(done, &mut page);
    let Some(way) = found.filter(|_| there) else {
        return page;
    };
    page.sentence(0, &way.sentence, Tone::Strong, width);
    page.blank();
    if way.over {
        page.push(Line::toned("nothing is stuck here: nothing needs doing", Tone::Ok));
    } else {
        page.sentence(
            0,
            "in this order; each act through its panel, and after each the way is planned anew from what is there then",
            Tone::Dim,
            width,
        );
        if mode == Mode::Observing {
            page.push(Line::toned(
                "this cockpit observes: with --operate it may act",
                Tone::Dim,
            ));
        }
        page.blank();
    }
    for (at, step) in way.steps.iter().enumerate() {
        one(&mut page, look, &way, (at, step), width);
    }
    unknowns(&mut page, &way.unknowns, width);
    page
}

/// The steps that were taken in this session, oldest first, one line each.
fn taken<'a>(done: impl Iterator<Item = &'a Step>, page: &mut Page) {
    let lines: Vec<Line> = done
        .map(|step| {
            let (mark, tone, word) = steps::standing(step);
            let line = Line::of([
                Span::new(format!("  {mark} {word}  "), tone),
                Span::plain(step.act.to_string()),
            ]);
            line.standing_for(RowId::Step(step.number))
        })
        .collect();
    if lines.is_empty() {
        return;
    }
    page.push(Line::toned("done in this session", Tone::Dim));
    page.lines.extend(lines);
    page.blank();
}

fn one(page: &mut Page, look: Look<'_>, way: &Way, (at, step): (usize, &WayStep), width: usize) {
    let next = way.next() == Some(at);
    let whose = match &step.act {
        None => "yours",
        Some(act) if !act.doable() => "your own helm's",
        Some(_) if next => "next: o opens its panel",
        Some(_) if way.strips(at) => "only if you choose it",
        Some(_) => "later",
    };
    let tone = if next { Tone::Strong } else { Tone::Plain };
    page.sentence(0, &format!("{}. {}", at + 1, step.sentence), tone, width);
    let Some(act) = &step.act else {
        page.push(Line::toned(format!("   {whose}"), Tone::Dim));
        return;
    };
    let lead = if next { "   ▸ " } else { "     " };
    let line = Line::of([
        Span::new(lead, Tone::Accent),
        Span::new(act.to_string(), Tone::Accent),
        Span::dim(format!("  {whose}")),
    ]);
    page.push(line.standing_for(RowId::Mention(act.target().key.clone(), at)));
    if next {
        foretold(page, look, act, width);
    }
}

/// What the next act would do. Those after it are forecast when their turn comes: the world will be another one then.
fn foretold(page: &mut Page, look: Look<'_>, act: &Act, width: usize) {
    let forecast = crate::forecast::forecast(look.world, act, look.conditions, look.now, look.quiet);
    let tier = format!("{}: {}", forecast.tier.word(), forecast.because);
    page.sentence(5, &tier, Tone::Plain, width);
    page.sentence(5, &forecast.headline(), Tone::Plain, width);
}
