//! One frame as a value: everything a screen shows, before anybody decides where and in which colours.

use super::fleet;
use super::header::{self, Header};
use super::{gate, steps};
use crate::app::keys::{self, Binding};
use crate::app::screen::{Part, Screen, Visit};
use crate::app::state::{Flash, Prompt, State};
use crate::app::words::{Line, Page, Shown, Span, Table};
use crate::app::{palette, places};
use std::hash::{DefaultHasher, Hash, Hasher as _};

/// Narrower or lower than this, one line is all there is room for: columns and rows.
pub const LEAST: (u16, u16) = (40, 8);

/// A frame.
#[derive(Debug, Hash)]
pub struct Scene<'a> {
    pub header: Header,
    pub crumbs: Line,
    pub body: Body<'a>,
    pub overlay: Option<Overlay>,
    /// What is being typed, with its lead (`:` or `/`), and what completes it.
    pub prompt: Option<(String, String)>,
    pub flash: Option<&'a Flash>,
    /// The keys that hold here, for the footer.
    pub keys: Vec<&'static Binding>,
    /// The worst verdict of all, for a terminal too small for anything else: of hundreds of tenants it is not sought for nothing.
    pub worst: Option<Span>,
}

/// What fills the screen.
#[derive(Debug, Hash)]
pub enum Body<'a> {
    /// One table, with lines above it.
    Table { lead: Option<Line>, panel: Panel<'a> },
    /// A tenant: panels side by side, or as tabs where there is no room.
    Panels { title: Line, panels: Vec<Panel<'a>> },
    /// Lines to read, from `scroll` on; `selected` is the line under the cursor.
    Page {
        page: &'a Page,
        selected: Option<usize>,
        scroll: usize,
    },
    /// The program's own log.
    Log,
}

/// A table in its frame.
#[derive(Debug, Hash)]
pub struct Panel<'a> {
    pub part: Part,
    pub title: String,
    pub freshness: &'a Span,
    pub table: Shown<'a>,
    pub selected: Option<usize>,
    pub focused: bool,
}

/// What stands in front of the body.
#[derive(Debug, Hash)]
pub enum Overlay {
    Gate {
        page: Page,
        scroll: usize,
        /// So many of its last lines are shown whatever `scroll` is.
        pinned: usize,
        /// The terminal is too small to read it, and what to do.
        too_small: Option<String>,
    },
    Progress(Page),
}

impl Scene<'_> {
    /// The same for two frames that look the same, so that only what changed is painted. `None` for what is not in here:
    /// the log screen reads its lines while it is painted.
    pub fn likeness(&self) -> Option<u64> {
        if matches!(self.body, Body::Log) {
            return None;
        }
        let mut hasher = DefaultHasher::new();
        self.hash(&mut hasher);
        Some(hasher.finish())
    }
}

/// The frame for this state.
pub fn scene(state: &State) -> Scene<'_> {
    let visit = state.visit();
    Scene {
        header: header::header(state),
        crumbs: header::crumbs(state),
        body: body(state, visit),
        overlay: overlay(state),
        prompt: prompt(state),
        flash: state.flash.as_ref(),
        keys: keys::holding(&places::here(state)).collect(),
        worst: (state.size.0 < LEAST.0 || state.size.1 < LEAST.1).then(|| state.derived.worst()),
    }
}

fn body<'a>(state: &'a State, visit: &Visit) -> Body<'a> {
    match &visit.screen {
        Screen::Fleet | Screen::Kind { .. } => {
            let lead = (visit.screen == Screen::Fleet)
                .then(|| fleet::summary(state.derived.tally(), state.derived.tenants.len(), visit));
            Body::Table {
                lead,
                panel: panel(state, visit, Part::Whole, visit.screen.crumb()),
            }
        }
        Screen::Tenant(_) => Body::Panels {
            title: state.derived.title.clone(),
            panels: Part::TENANT
                .into_iter()
                .map(|part| panel(state, visit, part, part.title().to_owned()))
                .collect(),
        },
        Screen::Log => Body::Log,
        Screen::Traps(_)
        | Screen::Chain(_)
        | Screen::Yaml(_)
        | Screen::Events(_)
        | Screen::Explain(_)
        | Screen::Forecast(..)
        | Screen::History(_)
        | Screen::Unstick(_)
        | Screen::Release(_)
        | Screen::Help
        | Screen::Steps
        | Screen::Doubts
        | Screen::Raft(_)
        | Screen::Run => {
            let page = &state.derived.page;
            let cursor = visit.cursor();
            let selected = cursor
                .at()
                .and_then(|at| page.lines.iter().position(|line| line.id.as_ref() == Some(at)));
            Body::Page {
                page,
                selected,
                scroll: visit.scroll,
            }
        }
    }
}

fn panel<'a>(state: &'a State, visit: &Visit, part: Part, title: String) -> Panel<'a> {
    let view = state.derived.view(part);
    let cursor = visit.cursor_of(part);
    let count = view.table.ids.len();
    let selected = (count > 0).then_some(cursor.index().min(count.saturating_sub(1)));
    Panel {
        part,
        title: if count > 0 {
            format!("{title} ── {count}")
        } else {
            title
        },
        freshness: &view.freshness,
        table: match visit.screen {
            Screen::Fleet | Screen::Kind { .. } => around(state, &view.table, selected.unwrap_or(0)),
            _ => view.table.shown(),
        },
        selected,
        focused: visit.part == part,
    }
}

/// The rows of a list that a screen of this height can show around the cursor, worded.
fn around<'a>(state: &'a State, table: &'a Table, selected: usize) -> Shown<'a> {
    let height = usize::from(state.size().1);
    let first = selected.saturating_sub(height);
    let last = selected.saturating_add(height).min(table.ids.len());
    let rows = table.ids.get(first..last).unwrap_or_default();
    Shown {
        columns: table.columns,
        rows: rows
            .iter()
            .filter_map(|id| state.derived.row(state.look(), id))
            .collect(),
        first,
        count: table.ids.len(),
        empty: &table.empty,
    }
}

fn overlay(state: &State) -> Option<Overlay> {
    if let Some(open) = &state.gate {
        let sheet = gate::sheet(state, open);
        return Some(Overlay::Gate {
            too_small: gate::too_small(state, &sheet),
            scroll: open.scroll,
            pinned: sheet.pinned,
            page: sheet.page,
        });
    }
    let step = state.following.and_then(|number| state.steps.get(&number))?;
    Some(Overlay::Progress(steps::progress(
        state.look(),
        step,
        gate::columns(state.size.0),
    )))
}

fn prompt(state: &State) -> Option<(String, String)> {
    match state.prompt.as_ref()? {
        Prompt::Palette { typed } => {
            let rest = palette::completion(state, typed);
            Some((format!(":{typed}"), rest))
        }
        Prompt::Reason { typed } => Some((
            format!("why no second person? {typed}"),
            "  (recorded, and shown first in every report)".to_owned(),
        )),
        Prompt::Word { said, typed } => Some((format!("{}{typed}", said.question()), "  (recorded)".to_owned())),
        // not even how much was typed
        Prompt::Token { id, .. } => Some((
            format!("token for {id} (not shown while typed): "),
            "  nothing typed: from the configuration, VAULT_TOKEN or ~/.vault-token".to_owned(),
        )),
        Prompt::Filter { .. } => Some((format!("/{}", state.visit().filter), String::new())),
    }
}
