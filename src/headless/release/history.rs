//! `pilothouse release history`: every revision that is kept.

use super::super::page::Page;
use super::super::{API_VERSION, Exit};
use super::{RevisionLine, exit};
use crate::model::helm::Home;
use crate::model::{Now, time::short_span};
use serde::Serialize;

/// Every revision of a release, oldest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HistoryReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    pub release: Home,
    pub revisions: Vec<RevisionLine>,
    #[serde(skip)]
    now: Now,
}

pub fn history(home: &Home, revisions: Vec<RevisionLine>, now: Now) -> HistoryReport {
    let mut report = HistoryReport {
        api_version: API_VERSION,
        kind: "ReleaseHistory",
        at: now.second(),
        exit_code: 0,
        release: home.clone(),
        revisions,
        now,
    };
    report.exit_code = report.exit().code();
    report
}

impl HistoryReport {
    /// Something is wrong when a label and a payload disagree or a manifest is broken; unknown, when a record is unread.
    pub fn exit(&self) -> Exit {
        let wrong = self.revisions.iter().any(|line| !line.findings.is_empty());
        exit(wrong, self.revisions.iter().any(|line| line.payload.is_none()))
    }

    pub fn text(&self, width: usize) -> String {
        let mut page = Page::new(width);
        page.line(
            "",
            &format!("release {} · {} driver", self.release, self.release.driver.word()),
        );
        page.table(2, &self.revisions.iter().map(RevisionLine::cells).collect::<Vec<_>>());
        for line in &self.revisions {
            for finding in &line.findings {
                page.line(&format!("  ✗ r{}: ", line.revision), finding);
            }
        }
        if let Some(first) = self
            .revisions
            .iter()
            .find_map(|line| line.payload.as_ref()?.first_deployed)
        {
            page.line("", &format!("first deployed {} ago", short_span(self.now.since(first))));
        }
        page.into_text()
    }
}
