//! The panel in front of an act: what it would do, what must be true, what must be typed, what will be sent.
//!
//! Nothing here is ever cut: what does not fit is wrapped, and what does not fit on the screen closes APPROVE
//! (`reference/safety-and-performance.md` A5 faults 22, 31 and 32).

use super::{Look, forecast, freshness};
use crate::app::event::JournalState;
use crate::app::state::{Connection, Gate, Mode, State};
use crate::app::text;
use crate::app::words::{Line, Page, Span, Tone};
use crate::gate::{Item, ItemState, Panel};

/// Rows of the screen that the panel cannot have: header, breadcrumbs, footer, its own border.
const CHROME: u16 = 5;
/// Lines of change shown; the newest tell.
const CHANGES_SHOWN: usize = 6;

/// The panel's page for a terminal of this width.
pub fn page(state: &State, gate: &Gate) -> Page {
    let panel = &gate.panel;
    let width = columns(state.size.0);
    let mut page = Page::titled(format!("{} ── {}", panel.tier().word(), text::ascii(&place(panel))));
    changes(gate, width, &mut page);
    let told = panel.forecast();
    page.push(Line::of([
        Span::plain(forecast::tally(told)),
        Span::dim("   undo: "),
        forecast::undo(&told.undo),
    ]));
    page.sentence(0, &told.because, Tone::Dim, width);
    let target = panel.act().target();
    let identity = format!("uid {}  resourceVersion {}", target.uid, target.resource_version);
    page.sentence(0, &text::ascii(&identity), Tone::Plain, width);
    for likeness in look_alikes(state, &target.key.namespace) {
        page.sentence(0, &likeness, Tone::Warn, width);
    }
    page.blank();
    let look = state.look();
    for (at, item) in panel.items().iter().enumerate() {
        item_lines(look, item, at == gate.item, width, &mut page);
    }
    page.blank();
    challenge(panel, width, &mut page);
    page.push(Line::toned("will send:", Tone::Strong));
    for line in panel.request().lines() {
        page.sentence(2, &text::ascii(line), Tone::Plain, width);
    }
    approval(state, gate, width, &mut page);
    page
}

/// The columns a panel's lines may use on a terminal of this width.
pub const fn columns(terminal: u16) -> usize {
    terminal.saturating_sub(4) as usize
}

/// Why the panel stands here again, and what changed under it: the answers given before are void.
fn changes(gate: &Gate, width: usize, page: &mut Page) {
    let under = gate.panel.changes();
    let before = gate.changes.iter().map(String::as_str);
    let hidden = under.len().saturating_sub(CHANGES_SHOWN);
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
        page.sentence(2, change, Tone::Warn, width);
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

fn item_lines(look: Look<'_>, item: &Item, selected: bool, width: usize, page: &mut Page) {
    let (mark, tone) = match &item.state {
        ItemState::True => ("✓", Tone::Ok),
        ItemState::False => ("✗", Tone::Bad),
        ItemState::Unknown => ("?", Tone::Unknown),
        ItemState::Attested => ("☑", Tone::Ok),
        ItemState::Unattested => ("☐", Tone::Accent),
        ItemState::Waived => ("~", Tone::Warn),
    };
    let cursor = if selected { "▸" } else { " " };
    let title = text::visible(&item.title);
    let value = text::visible(&item.value);
    let source = text::visible(&item.source);
    let fresh = text::visible(&freshness::told("facts", &item.freshness, look).text);
    let tail = format!("{fresh} · {source}");
    let head = vec![
        Span::new(cursor, Tone::Accent),
        Span::new(format!("{mark} "), tone),
        Span::new(title.as_str(), if selected { Tone::Strong } else { Tone::Plain }),
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
        page.push(Line::of(head));
        page.sentence(5, &value, Tone::Plain, width);
        page.sentence(5, &tail, Tone::Dim, width);
    }
}

fn challenge(panel: &Panel, width: usize, page: &mut Page) {
    let Some(challenge) = panel.challenge() else {
        return;
    };
    let question = format!("type {}:", text::ascii(challenge.question()));
    page.sentence(0, &question, Tone::Strong, width);
    let typed = text::ascii(challenge.typed());
    page.push(Line::of([
        Span::plain("  "),
        Span::new(format!("{typed}▏"), Tone::Accent),
    ]));
    if let Some(notice) = challenge.notice() {
        page.sentence(2, notice, Tone::Warn, width);
    }
}

/// Whether APPROVE is open, and if not, everything that keeps it shut.
fn approval(state: &State, gate: &Gate, width: usize, page: &mut Page) {
    let closed = closed(state, Some(gate));
    if closed.is_empty() {
        page.push(Line::of([
            Span::new("APPROVE is open: ", Tone::Strong),
            Span::new("ctrl-y", Tone::Key),
            Span::plain(" sends it · "),
            Span::new("esc", Tone::Key),
            Span::plain(" leaves without harm"),
        ]));
        return;
    }
    page.sentence(
        0,
        &format!("APPROVE is closed: {}", closed.join("; ")),
        Tone::Bad,
        width,
    );
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

/// How many rows the terminal must have for this page to be seen whole.
pub fn rows_needed(page: &Page) -> u16 {
    u16::try_from(page.lines.len())
        .unwrap_or(u16::MAX)
        .saturating_add(CHROME)
}

/// Why the size of the screen keeps APPROVE shut, if it does.
pub fn too_small(state: &State, page: &Page) -> Option<String> {
    let needed = rows_needed(page);
    if state.size.1 >= needed && state.size.0 >= 40 {
        return None;
    }
    Some(format!(
        "this panel needs {needed} rows and 40 columns to be seen whole, the terminal has {} and {}: enlarge it; APPROVE stays closed",
        state.size.1, state.size.0
    ))
}

/// Other tenants whose names differ from this one by two letters or fewer.
fn look_alikes(state: &State, namespace: &str) -> Vec<String> {
    state
        .derived
        .tenants
        .iter()
        .filter(|tenant| !namespace.is_empty() && !tenant.namespaces.iter().any(|own| own == namespace))
        .filter(|tenant| near(&tenant.name, namespace))
        .take(3)
        .map(|tenant| {
            format!(
                "▲ this is {}; another tenant is called {}",
                text::ascii(namespace),
                text::ascii(&tenant.name)
            )
        })
        .collect()
}

/// Whether two names are at most two single-letter edits apart.
fn near(one: &str, other: &str) -> bool {
    let one: Vec<char> = one.chars().collect();
    let mut row: Vec<usize> = (0..=one.len()).collect();
    if one.len().abs_diff(other.chars().count()) > 2 {
        return false;
    }
    for (at, theirs) in other.chars().enumerate() {
        let mut next = vec![at + 1];
        for (column, ours) in one.iter().enumerate() {
            let replaced = row.get(column).copied().unwrap_or(usize::MAX) + usize::from(*ours != theirs);
            let dropped = row.get(column + 1).copied().unwrap_or(usize::MAX).saturating_add(1);
            let added = next.last().copied().unwrap_or(usize::MAX).saturating_add(1);
            next.push(replaced.min(dropped).min(added));
        }
        row = next;
    }
    row.last().is_some_and(|distance| *distance <= 2)
}

#[cfg(test)]
mod tests {
    use super::near;

    #[test]
    fn names_that_read_alike_are_near() {
        for (one, other, alike) in [
            ("hasan-prod", "hasan-prd", true),
            ("tenant-l", "tenant-1", true),
            ("hasan-prod", "hasan-stage", false),
            ("acme", "beta", false),
            ("ab", "ab", true),
        ] {
            assert_eq!(near(one, other), alike, "{one} {other}");
        }
    }
}
