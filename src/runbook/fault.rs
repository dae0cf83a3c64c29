//! What is wrong with a runbook, where it stands, and what mends it. Knows text and places in it, not what it means.

use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use serde::Serialize;
use std::fmt;
use std::ops::Range;

/// A text with the name it is told by: the file's path, or that of a shipped runbook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub name: String,
    pub text: String,
}

/// One thing wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// Bytes of the text it is about.
    pub(super) at: Range<usize>,
    pub(super) text: String,
    /// What mends it, as an instruction.
    pub(super) fix: String,
}

/// Everything wrong with a text, in its order. Never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Faults {
    source: Source,
    faults: Vec<Fault>,
}

/// A fault as a script reads it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FaultLine {
    pub file: String,
    /// Both from 1; the column counts characters.
    pub line: usize,
    pub column: usize,
    pub message: String,
    pub fix: String,
}

impl Source {
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }

    /// Line and column of a byte, both from 1.
    pub fn place(&self, at: usize) -> (usize, usize) {
        let at = (0..=at.min(self.text.len()))
            .rev()
            .find(|byte| self.text.is_char_boundary(*byte))
            .unwrap_or(0);
        let before = self.text.get(..at).unwrap_or_default();
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |tail| tail.chars().count()) + 1;
        (line, column)
    }

    /// `helm-handover.yaml:12:7`.
    pub fn locate(&self, at: usize) -> String {
        let (line, column) = self.place(at);
        format!("{}:{line}:{column}", self.name)
    }

    /// Where a part of a scalar's value stands in the text: the value may be quoted, indented or folded there.
    pub(super) fn within(&self, scalar: &Range<usize>, part: &str) -> Range<usize> {
        let found = self.text.get(scalar.start..).and_then(|rest| {
            let shown = part.lines().next().unwrap_or_default().trim();
            let offset = (!shown.is_empty()).then(|| rest.find(shown))??;
            (scalar.start + offset < scalar.end.max(scalar.start + 1))
                .then(|| scalar.start + offset..scalar.start + offset + shown.len())
        });
        found.unwrap_or_else(|| scalar.clone())
    }

    /// A range that starts and ends between characters, on one line, and is not empty where the text is not.
    fn marked(&self, at: &Range<usize>) -> Range<usize> {
        let boundary = |byte: usize| {
            let last = byte.min(self.text.len());
            (0..=last)
                .rev()
                .find(|byte| self.text.is_char_boundary(*byte))
                .unwrap_or(0)
        };
        let start = boundary(at.start);
        let rest = self.text.get(start..).unwrap_or_default();
        let line = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let end = boundary(at.end).clamp(start, start + line);
        let shown = rest.get(..end - start).unwrap_or_default().trim_end().len();
        let least = rest.chars().next().filter(|_| line > 0).map_or(0, char::len_utf8);
        start..start + shown.max(least)
    }
}

impl Fault {
    pub(super) fn new(at: &Range<usize>, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            at: at.clone(),
            text: text.into(),
            fix: fix.into(),
        }
    }
}

impl Faults {
    /// `None` when nothing is wrong.
    pub(super) fn of(source: &Source, mut faults: Vec<Fault>) -> Option<Self> {
        faults.sort_by_key(|fault| (fault.at.start, fault.at.end));
        faults.dedup();
        (!faults.is_empty()).then(|| Self {
            source: source.clone(),
            faults,
        })
    }

    /// A fault of the whole text.
    pub(super) fn whole(source: &Source, text: impl Into<String>, fix: impl Into<String>) -> Self {
        Self {
            source: source.clone(),
            faults: vec![Fault::new(&(0..0), text, fix)],
        }
    }

    pub fn lines(&self) -> Vec<FaultLine> {
        let line = |fault: &Fault| {
            let (line, column) = self.source.place(fault.at.start);
            FaultLine {
                file: self.source.name.clone(),
                line,
                column,
                message: fault.text.clone(),
                fix: fault.fix.clone(),
            }
        };
        self.faults.iter().map(line).collect()
    }

    /// All of them, each with file, line, column, the line itself with what is meant marked, and the fix.
    pub fn text(&self) -> String {
        let told: Vec<String> = self.faults.iter().map(|fault| self.drawn(fault)).collect();
        told.join("\n\n")
    }

    fn drawn(&self, fault: &Fault) -> String {
        let mark = AnnotationKind::Primary.span(self.source.marked(&fault.at));
        let shown = Snippet::source(&self.source.text)
            .path(&self.source.name)
            .annotation(mark);
        let mut group = Level::ERROR.primary_title(&fault.text).element(shown);
        if !fault.fix.is_empty() {
            group = group.element(Level::HELP.message(&fault.fix));
        }
        Renderer::plain().render(&[group])
    }
}

/// The first of them on one line.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(first) = self.faults.first() else {
            return Ok(());
        };
        let place = self.source.locate(first.at.start);
        write!(f, "{place}: {}", first.text)?;
        if !first.fix.is_empty() {
            write!(f, "; {}", first.fix)?;
        }
        match self.faults.len() {
            0 | 1 => Ok(()),
            more => write!(f, " (and {} more)", more - 1),
        }
    }
}

impl std::error::Error for Faults {}
