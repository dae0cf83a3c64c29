//! `pilothouse release diff`: two revisions, or a manifest and what is live.

use super::super::page::Page;
use super::super::{API_VERSION, Exit};
use super::exit;
use crate::model::Now;
use crate::model::helm::{Address, Changes, Contents, Difference, Home, How, Side, Whole, drift};
use serde::Serialize;
use std::collections::BTreeMap;

/// What differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiffReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    pub release: Home,
    pub from: u32,
    /// `None`: what is live.
    pub to: Option<u32>,
    /// Between two revisions. Values are in it without what looks like a secret.
    pub changes: Option<Changes>,
    /// Between the manifest and what is live: the objects that are not as it says, or of which it is not known.
    pub live: Option<Vec<LiveLine>>,
}

/// A live object that is not as its document says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "camelCase")]
pub enum LiveLine {
    Changed { object: Address, fields: Vec<Difference> },
    Gone { object: Address },
    Unknown { object: Address, why: String },
}

/// Two revisions.
pub fn revised(home: &Home, (from, before): (u32, &Contents), (to, after): (u32, &Contents), now: Now) -> DiffReport {
    report(
        home,
        (from, Some(to)),
        (Some(Changes::between(before, after)), None),
        now,
    )
}

/// A revision and what is live.
pub fn drifted(
    home: &Home,
    (revision, contents): (u32, &Contents),
    found: &BTreeMap<Address, Whole>,
    now: Now,
) -> DiffReport {
    let documents = contents.documents.iter();
    let lines = documents.filter_map(|(address, leaves)| {
        let object = address.clone();
        let unknown = |why: &str| LiveLine::Unknown {
            object: address.clone(),
            why: why.to_owned(),
        };
        match found.get(address) {
            Some(Whole::There(live)) => {
                let fields = drift(leaves, live);
                (!fields.is_empty()).then_some(LiveLine::Changed { object, fields })
            }
            Some(Whole::Absent) => Some(LiveLine::Gone { object }),
            Some(Whole::Unserved) => Some(unknown("its API is not served")),
            Some(Whole::Unknown { why }) => Some(unknown(why)),
            None => Some(unknown("not asked for")),
        }
    });
    report(home, (revision, None), (None, Some(lines.collect())), now)
}

fn report(
    home: &Home,
    (from, to): (u32, Option<u32>),
    (changes, live): (Option<Changes>, Option<Vec<LiveLine>>),
    now: Now,
) -> DiffReport {
    let mut report = DiffReport {
        api_version: API_VERSION,
        kind: "ReleaseDiff",
        at: now.second(),
        exit_code: 0,
        release: home.clone(),
        from,
        to,
        changes,
        live,
    };
    report.exit_code = report.exit().code();
    report
}

impl DiffReport {
    /// Clean: nothing differs. Findings: something does. Unknown: of some live object it cannot be said.
    pub fn exit(&self) -> Exit {
        let lines = self.live.as_deref().unwrap_or_default();
        let unknown = |line: &LiveLine| matches!(line, LiveLine::Unknown { .. });
        let changed = self.changes.as_ref().is_some_and(|changes| !changes.is_empty());
        exit(
            changed || lines.iter().any(|line| !unknown(line)),
            lines.iter().any(unknown),
        )
    }

    pub fn text(&self, width: usize) -> String {
        let mut page = Page::new(width);
        let to = self.to.map_or_else(|| "what is live".to_owned(), |to| format!("r{to}"));
        page.line("", &format!("release {}: from r{} to {to}", self.release, self.from));
        if self.exit() == Exit::Clean {
            page.line("", "nothing differs");
        }
        if let Some(changes) = &self.changes {
            changed(&mut page, changes);
        }
        for line in self.live.iter().flatten() {
            match line {
                LiveLine::Changed { object, fields } => {
                    page.line("~ ", &object.to_string());
                    differences(&mut page, fields);
                }
                LiveLine::Gone { object } => page.line("- ", &format!("{object}: gone")),
                LiveLine::Unknown { object, why } => page.line("? ", &format!("{object}: {why}")),
            }
        }
        page.into_text()
    }
}

fn changed(page: &mut Page, changes: &Changes) {
    for change in &changes.objects {
        let hook = if change.hook { "hook " } else { "" };
        let object = &change.object;
        match &change.how {
            How::Added => page.line("+ ", &format!("{hook}{object}")),
            How::Removed => page.line("- ", &format!("{hook}{object}")),
            How::BecameHook => page.line("▲ ", &format!("{object}: was the release's own and is a hook now")),
            How::BecamePlain => page.line("▲ ", &format!("{object}: was a hook and is the release's own now")),
            How::Changed(fields) => {
                page.line("~ ", &format!("{hook}{object}"));
                differences(page, fields);
            }
        }
    }
    if !changes.values.is_empty() {
        page.line("", "the operator's values");
        differences(page, &changes.values);
    }
}

fn differences(page: &mut Page, fields: &[Difference]) {
    for difference in fields {
        page.line("    ", &difference.path);
        match (&difference.before, &difference.after) {
            (Side::Hidden, Side::Hidden) => page.line("      ", "differs; it looks like a secret and is hidden"),
            (before, after) => {
                side(page, "- ", before);
                side(page, "+ ", after);
            }
        }
    }
}

fn side(page: &mut Page, mark: &str, side: &Side) {
    let head = format!("      {mark}");
    match side {
        Side::Absent => page.line(&head, "(not there)"),
        Side::Hidden => page.line(&head, "(hidden: it looks like a secret)"),
        Side::Shown(value) if value.is_empty() => page.line(&head, "\"\""),
        Side::Shown(value) => {
            for line in value.lines() {
                page.line(&head, line);
            }
        }
    }
}
