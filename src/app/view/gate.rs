//! The panel in front of an act: what it would do, what must be true, what must be typed, what will be sent.
//!
//! Nothing here is ever cut: what does not fit is wrapped, and what was not on the screen yet closes APPROVE
//! (`reference/safety-and-performance.md` A5 faults 22 and 31).

mod sheet;

pub(in crate::app) use sheet::read;
pub use sheet::{Sheet, too_small, unread};

use super::likeness::look_alikes;
use super::{Look, forecast, freshness, valued};
use crate::app::event::JournalState;
use crate::app::state::{Connection, Gate, Mode, State};
use crate::app::text;
use crate::app::words::{Line, Page, Span, Tone};
use crate::forecast::Undo;
use crate::gate::{Challenge, Item, ItemState, Panel};

/// Lines of change shown; the newest tell.
const CHANGES_SHOWN: usize = 6;

/// How much a panel says of each item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Density {
    /// Value, age and source of every item.
    Full,
    /// Value and age of every item; the source of the one under the cursor.
    Compact,
    /// Value and age of every item; whether there is a way back, but not how (`f` tells).
    Tight,
    /// As tight, and read by scrolling: what is to be typed, and APPROVE, stay where they are.
    Scrolled,
}

/// The panel for this terminal: as much as fits, and never less than every item with its value and age; where even that does
/// not fit, it is read by scrolling.
pub fn sheet(state: &State, gate: &Gate) -> Sheet {
    [Density::Full, Density::Compact, Density::Tight]
        .into_iter()
        .map(|density| dense(state, gate, density))
        .find(|sheet| sheet.fits(state.size))
        .unwrap_or_else(|| dense(state, gate, Density::Scrolled))
}

fn dense(state: &State, gate: &Gate, density: Density) -> Sheet {
    let panel = &gate.panel;
    let width = columns(state.size.0);
    let mut page = head(state, gate, density, width);
    air(&mut page, density);
    let look = state.look();
    let mut items = Vec::new();
    for (at, item) in panel.items().iter().enumerate() {
        let first = page.lines.len();
        match density {
            Density::Full => item_lines(look, item, at == gate.item, width, &mut page),
            Density::Compact | Density::Tight | Density::Scrolled => {
                let source = density == Density::Compact && at == gate.item;
                item_short(look, item, at == gate.item, source, width, &mut page);
            }
        }
        items.push(first..page.lines.len());
    }
    values(state, panel, density, width, &mut page);
    air(&mut page, density);
    let closed = closed(state, Some(gate));
    if density != Density::Scrolled {
        challenge(panel, width, &mut page);
        request(panel.request(), density, width, &mut page);
        approval(&closed, width, &mut page);
        return Sheet { page, items, pinned: 0 };
    }
    request(panel.request(), density, width, &mut page);
    let body = page.lines.len();
    let foot = |closed: &[String]| {
        let mut page = page.clone();
        challenge(panel, width, &mut page);
        approval(closed, width, &mut page);
        let pinned = page.lines.len().saturating_sub(body);
        let items = items.clone();
        Sheet { page, items, pinned }
    };
    let sheet = foot(&closed);
    match unread(state, gate, &sheet) {
        Some(unread) => foot(&[vec![unread], closed].concat()),
        None => sheet,
    }
}

/// What stands above the items: what changed, what it would do, and the way back.
fn head(state: &State, gate: &Gate, density: Density, width: usize) -> Page {
    let panel = &gate.panel;
    let title = title(panel);
    let mut page = Page::titled(title.clone());
    if text::width(&title) > width.saturating_sub(2) {
        // the title's end is cut there
        page.sentence(0, &title, Tone::Strong, width);
    }
    changes(gate, density, width, &mut page);
    let told = panel.forecast();
    let undo = forecast::undo(&told.undo);
    let fate = forecast::tally(told);
    page.sentence(0, &format!("{fate}: {}", told.because), Tone::Strong, width);
    let way_back = match (density, &told.undo) {
        (Density::Full | Density::Compact | Density::Scrolled, _) | (_, Undo::None) => undo.text,
        (Density::Tight, Undo::Lossless { .. }) => "without loss (the forecast, f, tells how)".to_owned(),
        (Density::Tight, Undo::Lossy { .. }) => "with loss (the forecast, f, tells how)".to_owned(),
    };
    page.sentence(0, &format!("undo: {way_back}"), undo.tone, width);
    for likeness in look_alikes(state, &panel.act().target().key.namespace) {
        page.sentence(0, &likeness, Tone::Warn, width);
    }
    page
}

/// `T2 destructive ── delete job/train-7f (Background) in hasan-prod ── step 9 of 24 · helm-handover`
fn title(panel: &Panel) -> String {
    let step = panel
        .demand()
        .map(|demand| format!(" ── {}", text::ascii(demand.place())));
    format!(
        "{} ── {}{}",
        panel.tier().word(),
        text::ascii(&place(panel)),
        step.unwrap_or_default()
    )
}

/// What the chart is rendered with: each value with its origin where there is room, else how many are from where.
fn values(state: &State, panel: &Panel, density: Density, width: usize, page: &mut Page) {
    let valued = state.conditions.helm.valued_of(panel.act());
    match density {
        Density::Full => valued::lines(valued, 0, width, page),
        Density::Compact | Density::Tight | Density::Scrolled if valued.is_empty() => {}
        Density::Compact | Density::Tight | Density::Scrolled => {
            page.sentence(0, &valued::tally(valued), Tone::Plain, width);
        }
    }
}

/// An empty line where there is room for one.
fn air(page: &mut Page, density: Density) {
    if density == Density::Full {
        page.blank();
    }
}

/// The exact request, wrapped and never cut.
fn request(request: &str, density: Density, width: usize, page: &mut Page) {
    let lines = request.lines().filter(|line| !line.is_empty());
    if matches!(density, Density::Tight | Density::Scrolled) {
        let whole: Vec<String> = lines.map(text::ascii).collect();
        page.sentence(0, &format!("will send: {}", whole.join(" ")), Tone::Plain, width);
        return;
    }
    let mut lead = "will send: ";
    for line in lines {
        page.sentence(0, &format!("{lead}{}", text::ascii(line)), Tone::Plain, width);
        lead = "  ";
    }
}

/// The columns a panel's lines may use on a terminal of this width.
pub const fn columns(terminal: u16) -> usize {
    terminal.saturating_sub(2) as usize
}

/// Why the panel stands here again, and what changed under it: the answers given before are void.
///
/// What was is no ground for a yes: of it alone, only the beginning is shown of a line that is long.
fn changes(gate: &Gate, density: Density, width: usize, page: &mut Page) {
    let (lines, rows) = match density {
        Density::Full | Density::Compact => (CHANGES_SHOWN, 2),
        Density::Tight | Density::Scrolled => (CHANGES_SHOWN / 2, 1),
    };
    let under = gate.panel.changes();
    let before = gate.changes.iter().map(String::as_str);
    let hidden = under.len().saturating_sub(lines);
    if !under.is_empty() {
        page.push(Line::toned(
            "▲ this changed under the panel; what was answered before is void",
            Tone::Warn,
        ));
    }
    if hidden > 0 {
        page.push(Line::toned(format!("  ({hidden} earlier lines)"), Tone::Dim));
    }
    for change in before.chain(under.iter().skip(hidden).map(String::as_str)) {
        let room = rows * width.saturating_sub(12);
        page.sentence(2, &text::end(&text::visible(change), room), Tone::Warn, width);
    }
    if !page.lines.is_empty() {
        page.blank();
    }
}

/// `delete pvc/shared-data (Background) in hasan-prod`
fn place(panel: &Panel) -> String {
    let namespace = &panel.act().target().key.namespace;
    if namespace.is_empty() {
        panel.act().to_string()
    } else {
        format!("{} in {namespace}", panel.act())
    }
}

/// The glyph and tone of an item's state.
const fn standing(state: ItemState) -> (&'static str, Tone) {
    match state {
        ItemState::True => ("✓", Tone::Ok),
        ItemState::False => ("✗", Tone::Bad),
        ItemState::Unknown => ("?", Tone::Unknown),
        ItemState::Attested => ("☑", Tone::Ok),
        ItemState::Unattested => ("☐", Tone::Accent),
        ItemState::Waived => ("~", Tone::Warn),
    }
}

/// An item with its value and age, and its source where there is room.
pub(super) fn item_short(look: Look<'_>, item: &Item, selected: bool, sourced: bool, width: usize, page: &mut Page) {
    let (mark, tone) = standing(item.state);
    let cursor = if selected { "▸" } else { " " };
    let fresh = freshness::told("facts", &item.freshness, look).text;
    let told = if item.value.is_empty() {
        item.title.clone()
    } else {
        format!("{}: {}", item.title, item.value)
    };
    let source = if sourced {
        format!(" · {}", item.source)
    } else {
        String::new()
    };
    let whole = format!("{told} · {fresh}{source}");
    let whole = text::visible(&whole);
    let ink = if selected { Tone::Strong } else { Tone::Plain };
    let mut lead = vec![Span::new(cursor, Tone::Accent), Span::new(format!("{mark} "), tone)];
    for line in text::wrap(&whole, width.saturating_sub(3).max(8)) {
        lead.push(Span::new(line, ink));
        page.push(Line::of(std::mem::replace(&mut lead, vec![Span::plain("   ")])));
    }
}

fn item_lines(look: Look<'_>, item: &Item, selected: bool, width: usize, page: &mut Page) {
    let (mark, tone) = standing(item.state);
    let cursor = if selected { "▸" } else { " " };
    let title = text::visible(&item.title);
    let value = text::visible(&item.value);
    let source = text::visible(&item.source);
    let fresh = freshness::told("facts", &item.freshness, look).text;
    let fresh = text::visible(&fresh);
    let tail = format!("{fresh} · {source}");
    let head = vec![
        Span::new(cursor, Tone::Accent),
        Span::new(format!("{mark} "), tone),
        Span::new(&*title, if selected { Tone::Strong } else { Tone::Plain }),
    ];
    let used = 3 + text::width(&title);
    if used + 2 + text::width(&value) + 3 + text::width(&tail) <= width {
        let mut spans = head;
        spans.push(Span::plain(format!("  {value}")));
        spans.push(Span::dim(format!("   {tail}")));
        page.push(Line::of(spans));
    } else if used + 2 + text::width(&value) <= width {
        let mut spans = head;
        spans.push(Span::plain(format!("  {value}")));
        page.push(Line::of(spans));
        page.sentence(5, &tail, Tone::Dim, width);
    } else {
        let ink = if selected { Tone::Strong } else { Tone::Plain };
        let mut lead = vec![Span::new(cursor, Tone::Accent), Span::new(format!("{mark} "), tone)];
        for line in text::wrap(&title, width.saturating_sub(3).max(8)) {
            lead.push(Span::new(line, ink));
            page.push(Line::of(std::mem::replace(&mut lead, vec![Span::plain("   ")])));
        }
        if !value.is_empty() {
            page.sentence(5, &value, Tone::Plain, width);
        }
        page.sentence(5, &tail, Tone::Dim, width);
    }
}

/// The fact to type, and what was typed so far.
fn challenge(panel: &Panel, width: usize, page: &mut Page) {
    for challenge in panel.typed().into_iter().chain(panel.challenge()) {
        question(challenge, width, page);
    }
}

fn question(challenge: &Challenge, width: usize, page: &mut Page) {
    let question = text::ascii(challenge.question());
    let typed = text::ascii(challenge.typed());
    page.sentence(0, &format!("type {question}:  {typed}▏"), Tone::Accent, width);
    if let Some(notice) = challenge.notice() {
        page.sentence(2, notice, Tone::Warn, width);
    }
}

/// Whether APPROVE is open, and if not, everything that keeps it shut.
fn approval(closed: &[String], width: usize, page: &mut Page) {
    if !closed.is_empty() {
        let gist = format!("APPROVE is closed: {}", gist(closed));
        page.sentence(0, &gist, Tone::Bad, width);
        return;
    }
    page.push(Line::of([
        Span::new("APPROVE is open: ", Tone::Strong),
        Span::new("ctrl-y", Tone::Key),
        Span::plain(" sends it · "),
        Span::new("esc", Tone::Key),
        Span::plain(" leaves without harm"),
    ]));
}

/// The reasons in one line: `1 false, 2 not attested; the last six … is not typed`. The items stand above, each with its
/// own mark, so that here they are only counted.
fn gist(closed: &[String]) -> String {
    let mut counted = Vec::new();
    let mut leads = Vec::new();
    for state in [ItemState::False, ItemState::Unknown, ItemState::Unattested] {
        let lead = format!("{} – ", state.word());
        let count = closed.iter().filter(|reason| reason.starts_with(&lead)).count();
        if count > 0 {
            counted.push(format!("{count} {}", state.word()));
            leads.push(lead);
        }
    }
    let mut parts = Vec::new();
    if !counted.is_empty() {
        parts.push(counted.join(", "));
    }
    let others = closed
        .iter()
        .filter(|reason| !leads.iter().any(|lead| reason.starts_with(lead)));
    parts.extend(others.cloned());
    parts.join("; ")
}

/// Why APPROVE is shut, as far as the facts, the person and this cockpit go; the size of the screen comes on top.
pub fn closed(state: &State, gate: Option<&Gate>) -> Vec<String> {
    let mut closed = Vec::new();
    if state.mode == Mode::Observing {
        closed.push("this cockpit observes: start it with --operate to act".to_owned());
    }
    if let Connection::Lost { why, .. } = &state.connection {
        closed.push(format!("the server is lost: {why}"));
    }
    match &state.journal {
        JournalState::Ready => {}
        JournalState::Unopened => closed.push("the journal is not open".to_owned()),
        JournalState::InDoubt => closed.push("steps of an earlier session are in doubt (:doubts)".to_owned()),
        JournalState::ReadOnly { why } => closed.push(format!("the journal cannot be written: {why}")),
    }
    closed.extend(gate.map(|gate| gate.panel.closed(state.now)).unwrap_or_default());
    closed
}
