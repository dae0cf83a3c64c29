//! `pilothouse release show`: one revision, its objects as they stand, its hooks, and its values when asked for.

use super::super::page::Page;
use super::super::{API_VERSION, Exit};
use super::{RevisionLine, exit};
use crate::diagnose::standing::{Life, Standing, standings};
use crate::diagnose::{Look, Severity};
use crate::model::Object;
use crate::model::helm::{Address, Claims, Home, Hook, Live, Opening};
use serde::Serialize;
use std::collections::BTreeMap;

/// One revision of a release.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ShowReport {
    pub api_version: &'static str,
    pub kind: &'static str,
    pub at: jiff::Timestamp,
    pub exit_code: u8,
    pub release: Home,
    pub revision: RevisionLine,
    pub objects: Vec<Standing>,
    pub hooks: Vec<HookLine>,
    /// `None` where they were not asked for.
    pub values: Option<Vec<ValueLine>>,
    pub compared: Compared,
}

/// One hook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct HookLine {
    pub object: Address,
    pub events: Vec<&'static str>,
    pub weight: i64,
    /// As written; a hook without any has `before-hook-creation`.
    pub delete_policies: Vec<&'static str>,
    pub last_run: Option<RunLine>,
}

/// How a hook went the last time, as Helm wrote it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunLine {
    pub phase: String,
    pub started_at: String,
    pub completed_at: String,
}

/// One of the operator's values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ValueLine {
    pub path: String,
    /// `None`: it looks like a secret and is hidden.
    pub value: Option<String>,
}

/// With which other releases' deployed revisions the objects were compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Compared {
    pub releases: usize,
    /// Those that could not be read, each with the reason.
    pub left: Vec<Left>,
}

/// A release that could not be compared with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Left {
    pub release: Home,
    pub why: String,
}

/// What was asked of a revision, and what was read for it.
pub fn show(
    look: Look<'_>,
    home: &Home,
    (object, answer): (&Object, &Result<Opening, String>),
    (live, claims): (&BTreeMap<Address, Live>, &Claims),
    values: bool,
) -> ShowReport {
    let opened = answer.as_ref().ok().and_then(Opening::opened);
    let mut report = ShowReport {
        api_version: API_VERSION,
        kind: "Release",
        at: look.now.second(),
        exit_code: 0,
        release: home.clone(),
        revision: RevisionLine::of(object, answer),
        objects: opened.map_or_else(Vec::new, |opened| standings(look, home, &opened.record, live, claims)),
        hooks: opened.map_or_else(Vec::new, |opened| opened.record.hooks.iter().map(hook).collect()),
        values: opened.filter(|_| values).map(|opened| {
            let value = |(path, leaf): (&crate::model::Text, &crate::model::helm::Leaf)| ValueLine {
                path: path.to_string(),
                value: leaf.shown().map(ToString::to_string),
            };
            opened.contents.values.iter().map(value).collect()
        }),
        compared: Compared {
            releases: claims.by.len(),
            left: claims
                .left
                .iter()
                .map(|(release, why)| Left {
                    release: release.clone(),
                    why: why.clone(),
                })
                .collect(),
        },
    };
    report.exit_code = report.exit().code();
    report
}

fn hook(hook: &Hook) -> HookLine {
    HookLine {
        object: hook.document.address.clone(),
        events: hook.events.iter().map(|event| event.word()).collect(),
        weight: hook.weight,
        delete_policies: hook.delete_policies.iter().map(|policy| policy.word()).collect(),
        last_run: hook.last_run.as_ref().map(|run| RunLine {
            phase: run.phase.to_string(),
            started_at: run.started_at.to_string(),
            completed_at: run.completed_at.to_string(),
        }),
    }
}

impl ShowReport {
    pub fn exit(&self) -> Exit {
        let noted = |standing: &Standing| standing.notes.iter().any(|note| note.severity != Severity::Clean);
        let lost = |standing: &Standing| matches!(standing.life, Life::Gone | Life::Deleting | Life::Unserved);
        let wrong = !self.revision.findings.is_empty() || self.objects.iter().any(|one| noted(one) || lost(one));
        let unknown = |standing: &Standing| matches!(standing.life, Life::Unknown { .. });
        let missing =
            self.revision.payload.is_none() || self.objects.iter().any(unknown) || !self.compared.left.is_empty();
        exit(wrong, missing)
    }

    pub fn text(&self, width: usize) -> String {
        let mut page = Page::new(width);
        page.line(
            "",
            &format!("release {} · {} driver", self.release, self.release.driver.word()),
        );
        page.table(2, &[self.revision.cells()]);
        for finding in &self.revision.findings {
            page.line("  ✗ ", finding);
        }
        page.blank();
        page.line("", &format!("objects of the stored manifest: {}", self.objects.len()));
        for standing in &self.objects {
            self.object(&mut page, standing);
        }
        page.line(
            "  ",
            &format!("compared with {} other releases", self.compared.releases),
        );
        for left in &self.compared.left {
            page.line("  ? ", &format!("not compared with {}: {}", left.release, left.why));
        }
        self.hooks(&mut page);
        if let Some(values) = &self.values {
            page.blank();
            page.line("", &format!("the operator's values: {}", values.len()));
            for value in values {
                let shown = value.value.as_deref().unwrap_or("(hidden: it looks like a secret)");
                page.line(&format!("  {}: ", value.path), shown);
            }
        }
        page.into_text()
    }

    fn object(&self, page: &mut Page, standing: &Standing) {
        let address = &standing.object;
        let place = match address.namespace.as_str() {
            "" => " (cluster-scoped)".to_owned(),
            namespace if namespace == self.release.namespace => String::new(),
            namespace => format!(" in {namespace}"),
        };
        let worst = standing.notes.iter().map(|note| note.severity).max();
        let glyph = match (&standing.life, worst) {
            (_, Some(Severity::Blocked)) => "✗",
            (Life::Unknown { .. }, _) => "?",
            (_, Some(Severity::Warned)) | (Life::Gone | Life::Deleting | Life::Unserved, _) => "▲",
            (Life::Live, Some(Severity::Clean) | None) => " ",
        };
        page.line(
            &format!("  {glyph} "),
            &format!("{address}{place}: {}", standing.life.word()),
        );
        for note in &standing.notes {
            page.line("      ", &note.sentence);
        }
    }

    fn hooks(&self, page: &mut Page) {
        if self.hooks.is_empty() {
            return;
        }
        page.blank();
        page.line("", &format!("hooks: {}", self.hooks.len()));
        for hook in &self.hooks {
            let policies = match hook.delete_policies.as_slice() {
                [] => "before-hook-creation (none is written)".to_owned(),
                policies => policies.join(", "),
            };
            let run = hook.last_run.as_ref().map_or_else(
                || "not run in this revision".to_owned(),
                |run| format!("{} {}", run.phase, run.completed_at),
            );
            let told = format!(
                "{}: {} · weight {} · deleted {policies} · {run}",
                hook.object,
                hook.events.join(", "),
                hook.weight
            );
            page.line("  ", &told);
        }
    }
}
