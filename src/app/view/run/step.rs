//! The step that is on: why it is needed, what its gate asks, what its acts have come to, how its end is seen.

use crate::app::run::On;
use crate::app::view::Look;
use crate::app::view::gate::item_short;
use crate::app::view::valued;
use crate::app::words::{Line, Page, RowId, Span, Tone};
use crate::forecast::Undo as ForecastUndo;
use crate::model::time::short_span;
use crate::runbook::plan::Asked;
use crate::runbook::progress::{Course, State, Went};
use crate::runbook::run::Due;
use crate::runbook::step::{Step, Undo};

pub(super) fn lines(look: Look<'_>, on: &On, width: usize, page: &mut Page) {
    let (Some(step), Some(course)) = (on.run.step(), on.run.progress.current()) else {
        return;
    };
    page.push(Line::of([
        Span::new(format!("{}: ", step.id), Tone::Accent),
        Span::new(step.title.as_str(), Tone::Strong),
    ]));
    due(on, width, page);
    if !step.description.is_empty() {
        page.sentence(2, &step.description, Tone::Dim, width);
    }
    if let Some(when) = &on.standing.when {
        asked("needed where ", when, width, page);
    }
    if let Some(rights) = &on.standing.rights {
        asked("", rights, width, page);
    }
    gate(look, on, step, width, page);
    acts(course, on.said.as_deref(), width, page);
    next(look, on, width, page);
    if let Some(soak) = &on.standing.soak {
        page.sentence(2, &format!("soak: {soak}"), Tone::Plain, width);
    }
    verify(on, step, width, page);
    page.sentence(2, &format!("undo: {}", undo(on, step)), Tone::Dim, width);
}

fn asked(lead: &str, asked: &Asked, width: usize, page: &mut Page) {
    let (mark, tone) = match asked.found.holds {
        Some(true) => ("✓", Tone::Ok),
        Some(false) => ("✗", Tone::Bad),
        None => ("?", Tone::Unknown),
    };
    page.sentence(
        2,
        &format!("{mark} {lead}{}: {}", asked.check, asked.found.value),
        tone,
        width,
    );
}

/// What the runbook's gate senses and asks. At a step with an act the panel asks it again, with its own items.
fn gate(look: Look<'_>, on: &On, step: &Step, width: usize, page: &mut Page) {
    if let Some(sign_off) = &on.sign_off {
        for (at, item) in sign_off.items().iter().enumerate() {
            let first = page.lines.len();
            item_short(look, item, false, false, width, page);
            if let Some(line) = page.lines.get_mut(first) {
                line.id = Some(RowId::RunItem(step.id.clone(), at));
            }
        }
        if let Some(typed) = sign_off.typed() {
            let told = format!("type {} (t):  {}", typed.question(), typed.typed());
            page.sentence(2, &told, Tone::Accent, width);
        }
        return;
    }
    for item in &on.standing.sensed {
        asked("", item, width, page);
    }
    if on.standing.sensed.is_empty() && !matches!(on.standing.due, Due::Begin(_) | Due::Act(_)) {
        return;
    }
    let values = &on.run.resolved.values;
    for attested in &step.gate.attested {
        page.sentence(
            2,
            &format!("☐ {} (in the panel)", attested.fill(values)),
            Tone::Plain,
            width,
        );
    }
    if let Some(typed) = &step.gate.typed {
        page.sentence(
            2,
            &format!("☐ typed in the panel: {}", typed.fill(values)),
            Tone::Plain,
            width,
        );
    }
    if let Some(tier) = step.gate.tier {
        page.sentence(2, &format!("at least {}", tier.word()), Tone::Plain, width);
    }
}

/// Each act that is begun, and how far it has come.
fn acts(course: &Course, said: Option<&str>, width: usize, page: &mut Page) {
    for taken in &course.acts {
        let (mark, tone, told) = match &taken.went {
            Went::Ahead => ("·", Tone::Plain, String::new()),
            Went::Sent { .. } => ("…", Tone::Accent, ": approved, under way".to_owned()),
            Went::Over { how } => ("✓", Tone::Ok, format!(": {how}")),
        };
        page.sentence(2, &format!("{mark} {}{told}", taken.act), tone, width);
        if let (Went::Sent { .. }, Some(said)) = (&taken.went, said) {
            page.sentence(4, said, Tone::Plain, width);
        }
    }
}

/// What the next act would do.
fn next(look: Look<'_>, on: &On, width: usize, page: &mut Page) {
    if let Due::Begin(acts) = &on.standing.due {
        for act in acts {
            page.sentence(2, &format!("· {act}"), Tone::Plain, width);
        }
    }
    let Some(told) = &on.next else { return };
    page.sentence(
        2,
        &format!(
            "next: {} → {} ({}: {})",
            told.act,
            told.headline(),
            told.tier.word(),
            told.because
        ),
        Tone::Strong,
        width,
    );
    valued::lines(look.conditions.helm.valued_of(&told.act), 2, width, page);
}

fn verify(on: &On, step: &Step, width: usize, page: &mut Page) {
    let Some(verify) = &step.verify else {
        return;
    };
    let values = &on.run.resolved.values;
    let within = crate::runbook::value::spelled(verify.within.fill(values));
    let left = on
        .standing
        .left
        .map_or_else(String::new, |left| format!(", {} left", short_span(left)));
    page.sentence(
        2,
        &format!("its end, within {within}{left}; else {}", verify.on_timeout.word()),
        Tone::Plain,
        width,
    );
    match &on.standing.verify {
        Some(expected) => {
            for item in &expected.all {
                asked("", item, width, page);
            }
            for item in &expected.any {
                asked("or ", item, width, page);
            }
        }
        None => {
            for condition in verify.all.iter().chain(&verify.any) {
                page.sentence(2, &format!("· {}", condition.title(values)), Tone::Dim, width);
            }
        }
    }
}

fn undo(on: &On, step: &Step) -> String {
    match &step.undo {
        Undo::Rollback(steps) => format!("turning back (B) leads through {}", steps.join(", ")),
        Undo::Manual(how) => format!("by hand: {how}"),
        Undo::None(why) => format!("none: {why}"),
        Undo::Unsaid if step.deed.is_none() => "nothing: the step does nothing".to_owned(),
        Undo::Unsaid => match on.next.as_ref().map(|told| &told.undo) {
            Some(ForecastUndo::Lossless { how }) => format!("complete: {how}"),
            Some(ForecastUndo::Lossy { how }) => format!("with loss: {how}"),
            Some(ForecastUndo::None) => "none: there is no way back".to_owned(),
            None => "as the panel of its act says".to_owned(),
        },
    }
}

/// What is due, in one sentence, and the key for it.
fn due(on: &On, width: usize, page: &mut Page) {
    let (told, tone) = match &on.standing.due {
        Due::Begin(acts) => {
            let what = match acts.len() {
                1 => "its act".to_owned(),
                count => format!("{count} acts, one after the other"),
            };
            (format!("a begins it: {what}, through the panel"), Tone::Accent)
        }
        Due::Act(at) => (format!("a opens the panel in front of act {}", at + 1), Tone::Accent),
        Due::Sign => {
            let typed = on.sign_off.as_ref().is_some_and(|sign_off| sign_off.typed().is_some());
            let text = if typed { ", t types the text" } else { "" };
            (
                format!("space signs an item{text}, ctrl-y signs the step"),
                Tone::Accent,
            )
        }
        Due::Blocked(why) => (
            format!(
                "blocked: {why}. When that is mended it goes on; a reads the files of values again, X ends the run"
            ),
            Tone::Bad,
        ),
        Due::Unknown(why) => (format!("not known: {why}"), Tone::Unknown),
        Due::UnderWay(at) => (format!("act {} is under way", at + 1), Tone::Accent),
        Due::Wait => ("its end is waited for".to_owned(), Tone::Accent),
        Due::Decide(seen) => (format!("STOPPED: {seen}. {}", ways(on)), Tone::Bad),
        Due::Come(_) | Due::Over => return,
    };
    page.sentence(0, &told, tone, width);
}

/// What a person can do about a stopped step.
fn ways(on: &On) -> String {
    let unseen = on
        .run
        .progress
        .current()
        .is_some_and(|course| matches!(course.state, State::Stopped { unseen: true, .. }));
    let back = on.run.progress.turned.is_none() && !on.run.way_back().is_empty();
    let ways = [
        Some("r begins it anew"),
        Some("S leaves it out"),
        unseen.then_some("W takes its end for seen"),
        back.then_some("B turns back"),
        Some("X aborts"),
    ];
    ways.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
