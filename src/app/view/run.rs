//! The run of a runbook: where we are, what is on, what blocks, and who did what when.
//!
//! Says what was judged; judges nothing.

mod step;
mod way;

use super::Look;
use super::raw::clock;
use crate::app::event::JournalState;
use crate::app::run::{On, Runs};
use crate::app::words::{Line, Page, RowId, Span, Tone};
use crate::model::time::short_span;
use crate::runbook::Run;
use crate::runbook::chronicle::Story;
use crate::runbook::progress::{Course, Event};
use crate::runbook::run::Due;

/// Lines of the run's history that are shown; the newest tell.
const HISTORY: usize = 12;
/// What a further line of an item begins with: more than whatever follows the items.
const CONTINUED: &str = "   ";

/// The run's screen.
///
/// `rows` is what the screen shows of it at once: a long way is folded around the step that is on, so that what is due stands
/// on the first screen.
pub fn page(look: Look<'_>, runs: &Runs, journal: &JournalState, (width, rows): (usize, usize)) -> Page {
    let mut page = match &runs.on {
        Some(on) => on_page(look, on, journal, (width, rows)),
        None => offered(look, runs, journal, width),
    };
    reachable(&mut page);
    page
}

/// The run in a few words, for the other screens.
pub fn brief(on: &On) -> Span {
    let run = &on.run;
    let (tone, word) = match &on.standing.due {
        Due::Over if run.progress.complete() => (Tone::Ok, "over"),
        Due::Over => (Tone::Warn, "over"),
        Due::Decide(_) => (Tone::Bad, "stopped (R)"),
        Due::Begin(_) | Due::Act(_) | Due::Sign => (Tone::Accent, "waits for you (R)"),
        Due::Blocked(_) => (Tone::Warn, "blocked (R)"),
        Due::Unknown(_) => (Tone::Unknown, "facts are missing (R)"),
        Due::UnderWay(_) | Due::Wait | Due::Come(_) => (Tone::Accent, "goes on"),
    };
    Span::new(format!("run {}{}: {word}", run.resolved.runbook.name, place(run)), tone)
}

/// The person of `user@host`.
fn person(by: &str) -> &str {
    by.rsplit_once('@').map_or(by, |(user, _)| user)
}

/// ` 2/5`
fn place(run: &Run) -> String {
    let way = way(run);
    let current = run.progress.current();
    let at = current.and_then(|current| way.iter().position(|course| course.id == current.id));
    at.map_or_else(String::new, |at| format!(" {}/{}", at + 1, way.len()))
}

/// The steps that are walked now.
fn way(run: &Run) -> &[Course] {
    if run.progress.turned.is_some() {
        &run.progress.back
    } else {
        &run.progress.steps
    }
}

fn on_page(look: Look<'_>, on: &On, journal: &JournalState, (width, rows): (usize, usize)) -> Page {
    let run = &on.run;
    let runbook = &run.resolved.runbook;
    let mut page = Page::titled(format!(
        "run {} {} in {}{}",
        runbook.name,
        runbook.version,
        run.resolved.namespace,
        place(run).replace(' ', " ── step ").replace('/', " of ")
    ));
    heading(on, journal, width, &mut page);
    if on.parameters {
        parameters(run, width, &mut page);
        return page;
    }
    let folded = way::walked(run, (width, rows), &mut page);
    page.blank();
    if run.over() {
        ending(run, width, &mut page);
    } else {
        step::lines(look, on, width, &mut page);
    }
    page.blank();
    history(run, width, &mut page);
    if folded {
        page.blank();
        way::whole(run, width, &mut page);
    }
    page
}

/// What is loud: a lost journal, a changed file, a run that was taken up.
fn heading(on: &On, journal: &JournalState, width: usize, page: &mut Page) {
    let run = &on.run;
    match journal {
        JournalState::Ready => {}
        JournalState::Unopened => page.sentence(0, "the journal is not open yet: nothing goes on", Tone::Warn, width),
        JournalState::InDoubt => page.sentence(
            0,
            "? a step is in doubt (:doubts): the run goes on when it is settled",
            Tone::Bad,
            width,
        ),
        JournalState::ReadOnly { why } => {
            let told = format!("✗ the journal cannot be written, the run goes no further: {why}");
            page.sentence(0, &told, Tone::Bad, width);
        }
    }
    let changed = run.came.iter().rev().find_map(|kept| {
        if let Event::Changed { digest } = &kept.event {
            Some(digest.chars().take(12).collect::<String>())
        } else {
            None
        }
    });
    let short: String = run.progress.digest.chars().take(12).collect();
    let mut told = format!(
        "{} · sha256 {short}… · begun {} by {}",
        run.resolved.runbook.source.name,
        clock(run.began),
        person(&run.by)
    );
    if on.taken_up {
        told.push_str(" · taken up from the journal");
    }
    page.sentence(0, &told, Tone::Dim, width);
    if let Some(changed) = changed {
        let told = format!(
            "▲ the file holds another text now ({changed}…): the run keeps the one it began with, which stands in the journal"
        );
        page.sentence(0, &told, Tone::Warn, width);
    }
}

fn parameters(run: &Run, width: usize, page: &mut Page) {
    page.blank();
    page.push(Line::toned("parameters (p shows the step again)", Tone::Strong));
    for setting in &run.resolved.settings {
        let told = format!("{} = {}   from {}", setting.name, setting.value, setting.origin);
        page.sentence(2, &told, Tone::Plain, width);
    }
    if run.resolved.settings.is_empty() {
        page.push(Line::toned("  the runbook has none", Tone::Dim));
    }
}

fn ending(run: &Run, width: usize, page: &mut Page) {
    let tone = if run.progress.complete() { Tone::Ok } else { Tone::Warn };
    page.sentence(0, &format!("the run is over: {}", run.ending()), tone, width);
}

/// The newest of what came, the newest first.
fn history(run: &Run, width: usize, page: &mut Page) {
    page.push(Line::toned("what came, the newest first", Tone::Strong));
    for kept in run.came.iter().rev().take(HISTORY) {
        let step = kept.step.as_ref().map_or_else(String::new, |step| format!("{step}: "));
        let told = format!("{}  {step}{} · {}", clock(kept.at), kept.event, person(&kept.by));
        page.sentence(2, &told, Tone::Plain, width);
    }
    let surplus = run.came.len().saturating_sub(HISTORY);
    if surplus > 0 {
        let told = format!("  ({surplus} earlier; `pilothouse journal show` tells all)");
        page.push(Line::toned(told, Tone::Dim));
    }
    if run.came.is_empty() {
        page.push(Line::toned("  nothing yet", Tone::Dim));
    }
}

/// No run is on: what an earlier session left, and how one is begun.
fn offered(look: Look<'_>, runs: &Runs, journal: &JournalState, width: usize) -> Page {
    let mut page = Page::titled("runs of runbooks");
    if runs.ordered() {
        let told = match journal {
            JournalState::InDoubt => "the run begins when the steps in doubt are settled (:doubts)",
            JournalState::ReadOnly { .. } => "the journal cannot be written: no run can begin",
            JournalState::Unopened | JournalState::Ready => "the run begins when the journal is open",
        };
        page.sentence(0, told, Tone::Warn, width);
    }
    if runs.left.is_empty() {
        page.sentence(
            0,
            "no run is on, and none is unfinished. `pilothouse run NAME --set KEY=VALUE` begins one, or :run NAME KEY=VALUE … here.",
            Tone::Dim,
            width,
        );
        return page;
    }
    page.sentence(
        0,
        "An earlier session left these unfinished. r takes the one under the cursor up where it was left, X aborts it.",
        Tone::Plain,
        width,
    );
    for story in &runs.left {
        page.blank();
        left(look, story, width, &mut page);
    }
    page
}

fn left(look: Look<'_>, story: &Story, width: usize, page: &mut Page) {
    page.push(
        Line::of([
            Span::new("▸ ", Tone::Warn),
            Span::new(story.id.as_str(), Tone::Strong),
            Span::plain(format!(
                "  {} {} in {}",
                story.opening.runbook, story.opening.version, story.opening.namespace
            )),
        ])
        .standing_for(RowId::Run(story.id.clone())),
    );
    let began = format!(
        "begun {} ago by {}",
        short_span(look.now.since(story.began)),
        person(&story.by)
    );
    page.sentence(4, &began, Tone::Dim, width);
    match Run::take_up(story, look.now) {
        Ok(run) => {
            if let Some(course) = run.progress.current() {
                let told = format!("step {}{} is {}", course.id, place(&run), course.state.word());
                page.sentence(4, &told, Tone::Plain, width);
            }
        }
        Err(why) => page.sentence(4, &format!("it cannot be taken up: {why}"), Tone::Bad, width),
    }
}

/// Every line can be reached by the cursor, so that a long page is read on a small screen; but from an item that waits for a
/// signature the cursor goes to the next item, past what of its words stands on further lines.
fn reachable(page: &mut Page) {
    let mut of_item = false;
    for (at, line) in page.lines.iter_mut().enumerate() {
        match &line.id {
            Some(id) => of_item = matches!(id, RowId::RunItem(..)),
            None if line.spans.is_empty() => of_item = false,
            None => {
                of_item &= line.text().starts_with(CONTINUED);
                if !of_item {
                    line.id = Some(RowId::RunLine(at));
                }
            }
        }
    }
}
