//! What screens are made of before they have colours: tones, spans, lines, pages and tables.
//!
//! Knows how much something matters; must not know how that is painted.

use crate::app::text;
use crate::diagnose::Severity;
use crate::model::{Key, List, Text, Uid};
use std::borrow::Cow;

/// How much a piece of text matters. A theme gives each a look; the words and glyphs beside it say the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tone {
    #[default]
    Plain,
    Dim,
    Accent,
    Strong,
    Ok,
    Warn,
    Bad,
    /// Not known: denied, stale, not yet listed.
    Unknown,
    /// A key one may press.
    Key,
}

/// The glyphs of a verdict: blocked, warned, clean, and what nobody can say yet.
pub const BLOCKED: &str = "●";
pub const WARNED: &str = "▲";
pub const CLEAN: &str = "✓";
pub const WRONG: &str = "✗";
pub const UNKNOWN: &str = "?";

/// The glyph that stands beside the colour of a severity.
pub const fn glyph(severity: Severity) -> &'static str {
    match severity {
        Severity::Blocked => BLOCKED,
        Severity::Warned => WARNED,
        Severity::Clean => CLEAN,
    }
}

/// The tone of a severity. Clean is plain: healthy is quiet.
pub const fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Blocked => Tone::Bad,
        Severity::Warned => Tone::Warn,
        Severity::Clean => Tone::Ok,
    }
}

/// A piece of text in one tone. Its text may still be hostile: whoever draws it makes it visible first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Span {
    pub text: String,
    pub tone: Tone,
}

/// One line of spans, and what it stands for if the cursor can rest on it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Line {
    pub spans: Vec<Span>,
    pub id: Option<RowId>,
}

/// Lines to read, with a title; as many as there are, whatever the screen's height.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Page {
    pub title: String,
    pub lines: Vec<Line>,
}

/// What a cursor rests on: an identity, never a row number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowId {
    Tenant(Text),
    /// An object that was seen alive.
    Object(Key, Uid),
    /// The n-th mention of an object on a page, where one object may be mentioned twice.
    Mention(Key, usize),
    /// A finalizer of an object.
    Finalizer(Key, Uid, Text),
    /// An object that a manifest names, of a kind the world does not hold.
    Document(Text),
    /// A raft peer, or cluster, that no object of the world stands for.
    Peer(Text),
    /// A step of this session.
    Step(u64),
    /// A step left unfinished by an earlier session, by its name in the journal.
    Doubt(Text),
    /// A run that an earlier session left unfinished.
    Run(String),
    /// An item of the gate of a run's step, by its place.
    RunItem(String, usize),
    /// A line of the run's screen.
    RunLine(usize),
}

impl RowId {
    /// The object it is about, if it is about one.
    pub const fn object(&self) -> Option<&Key> {
        match self {
            Self::Object(key, _) | Self::Mention(key, _) | Self::Finalizer(key, _, _) => Some(key),
            Self::Tenant(_)
            | Self::Document(_)
            | Self::Peer(_)
            | Self::Step(_)
            | Self::Doubt(_)
            | Self::Run(_)
            | Self::RunItem(..)
            | Self::RunLine(_) => None,
        }
    }

    /// The name to be copied of what is no object of the world.
    pub fn bare_name(&self) -> Option<String> {
        match self {
            Self::Document(name) => name.rsplit('/').next().map(str::to_owned),
            Self::Tenant(name) | Self::Peer(name) => Some(name.to_string()),
            Self::Object(..)
            | Self::Mention(..)
            | Self::Finalizer(..)
            | Self::Step(_)
            | Self::Doubt(_)
            | Self::Run(_)
            | Self::RunItem(..)
            | Self::RunLine(_) => None,
        }
    }

    /// How it is named when it has vanished.
    pub fn name(&self) -> String {
        match self {
            Self::Tenant(name) => format!("tenant {name}"),
            Self::Object(key, _) | Self::Mention(key, _) => key.to_string(),
            Self::Finalizer(key, _, finalizer) => format!("{finalizer} of {key}"),
            Self::Document(name) => name.to_string(),
            Self::Peer(name) => format!("peer {name}"),
            Self::Step(number) => format!("step {number}"),
            Self::Doubt(step) => format!("step {step}"),
            Self::Run(id) => format!("run {id}"),
            Self::RunItem(step, at) => format!("item {} of step {step}", at + 1),
            Self::RunLine(_) => "this line".to_owned(),
        }
    }
}

/// How a column gives way when there is too little room.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fit {
    /// A name: its middle gives way.
    Name,
    /// A sentence: its end gives way; takes the room that is left.
    Sentence,
    /// A number, at the right edge.
    Number,
}

/// One column of a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Column {
    pub title: &'static str,
    pub fit: Fit,
    /// No narrower than this while the table is shown at all, in columns of the screen.
    pub least: usize,
    /// The first to be left out have the highest rank; 0 is never left out.
    pub rank: u8,
}

/// One row: its identity, its cells, and a line of explanation under it when there is something to explain.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Row {
    pub id: RowId,
    /// A row that stays as it is is shown in frame after frame without being copied.
    pub cells: List<Span>,
    pub under: Option<Span>,
}

/// Rows under columns. When there are none, `empty` says why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub columns: &'static [Column],
    /// Every row's identity, in order.
    pub ids: Vec<RowId>,
    /// The rows; none in a list so long that only the rows on screen are worded, when a frame is drawn.
    pub rows: Vec<Row>,
    pub empty: Span,
}

/// The part of a table that a screen can show: the rows around the cursor, and how many there are in all.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shown<'a> {
    pub columns: &'static [Column],
    pub rows: Cow<'a, [Row]>,
    /// Which row of the table the first of `rows` is.
    pub first: usize,
    pub count: usize,
    pub empty: &'a Span,
}

impl Span {
    pub fn new(text: impl Into<String>, tone: Tone) -> Self {
        Self {
            text: text.into(),
            tone,
        }
    }

    pub fn plain(text: impl Into<String>) -> Self {
        Self::new(text, Tone::Plain)
    }

    pub fn dim(text: impl Into<String>) -> Self {
        Self::new(text, Tone::Dim)
    }
}

impl Line {
    pub fn of(spans: impl IntoIterator<Item = Span>) -> Self {
        Self {
            spans: spans.into_iter().collect(),
            id: None,
        }
    }

    pub fn plain(text: impl Into<String>) -> Self {
        Self::of([Span::plain(text)])
    }

    pub fn toned(text: impl Into<String>, tone: Tone) -> Self {
        Self::of([Span::new(text, tone)])
    }

    #[must_use]
    pub fn standing_for(mut self, id: RowId) -> Self {
        self.id = Some(id);
        self
    }

    /// The line's text without tones.
    pub fn text(&self) -> String {
        self.spans.iter().map(|span| span.text.as_str()).collect()
    }
}

impl Page {
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            lines: Vec::new(),
        }
    }

    pub fn push(&mut self, line: Line) {
        self.lines.push(line);
    }

    pub fn blank(&mut self) {
        self.lines.push(Line::default());
    }

    /// Adds a sentence, wrapped to `columns`, its further lines indented like the first.
    pub fn sentence(&mut self, indent: usize, sentence: &str, tone: Tone, columns: usize) {
        let lead = " ".repeat(indent);
        let shown = text::visible(sentence);
        for line in text::wrap(&shown, columns.saturating_sub(indent).max(8)) {
            self.push(Line::toned(format!("{lead}{line}"), tone));
        }
    }

    /// The identities a cursor can rest on, in order.
    pub fn ids(&self) -> Vec<RowId> {
        self.lines.iter().filter_map(|line| line.id.clone()).collect()
    }
}

impl Table {
    pub fn of(columns: &'static [Column], rows: Vec<Row>, empty: Span) -> Self {
        Self {
            columns,
            ids: rows.iter().map(|row| row.id.clone()).collect(),
            rows,
            empty,
        }
    }

    /// A list whose rows are worded only when they are shown.
    pub const fn listed(columns: &'static [Column], ids: Vec<RowId>, empty: Span) -> Self {
        Self {
            columns,
            ids,
            rows: Vec::new(),
            empty,
        }
    }

    /// All of a table whose rows are worded.
    pub fn shown(&self) -> Shown<'_> {
        Shown {
            columns: self.columns,
            rows: Cow::Borrowed(&self.rows),
            first: 0,
            count: self.rows.len(),
            empty: &self.empty,
        }
    }
}
