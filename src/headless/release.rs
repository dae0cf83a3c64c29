//! `pilothouse release`: what a Helm release has stored, how its objects stand, and what differs between two revisions or
//! between a manifest and what is live. Values are in it only when asked for, without what looks like a secret.

mod diff;
mod history;
mod show;

pub use diff::{DiffReport, LiveLine, drifted, revised};
pub use history::{HistoryReport, history};
pub use show::{Compared, HookLine, ShowReport, ValueLine, show};

use super::Exit;
use crate::diagnose::standing::mislabelled;
use crate::model::Object;
use crate::model::helm::{Chart, Opening};
use serde::Serialize;

/// A revision: what its record's label says, and what its payload says where it was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RevisionLine {
    pub revision: u32,
    /// The status by the record's label.
    pub label: String,
    /// When the record was made.
    pub created: Option<jiff::Timestamp>,
    /// `None` where it was not read, or cannot be: then `unread` says why.
    pub payload: Option<PayloadLine>,
    pub unread: Option<String>,
    /// What is wrong with it.
    pub findings: Vec<String>,
}

/// What a payload says of its revision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PayloadLine {
    pub status: String,
    pub chart: String,
    pub chart_version: String,
    pub app_version: String,
    pub first_deployed: Option<jiff::Timestamp>,
    pub last_deployed: Option<jiff::Timestamp>,
    pub deleted: Option<jiff::Timestamp>,
    pub description: String,
    /// `ssa` or `csa`; empty means `csa`.
    pub apply_method: String,
    pub objects: usize,
    pub hooks: usize,
}

impl RevisionLine {
    /// A revision whose record was asked for.
    pub fn of(object: &Object, answer: &Result<Opening, String>) -> Self {
        let facts = object.body.release().cloned().unwrap_or_default();
        let mut line = Self {
            revision: facts.revision,
            label: facts.status.to_string(),
            created: object.meta.creation_timestamp,
            payload: None,
            unread: None,
            findings: Vec::new(),
        };
        match answer {
            Err(why) => line.unread = Some(why.clone()),
            Ok(Opening::Undecodable(why)) => line.unread = Some(why.to_string()),
            Ok(Opening::Opened(opened)) => {
                let record = &opened.record;
                let Chart {
                    name,
                    version,
                    app_version,
                } = &record.chart;
                line.findings.extend(mislabelled(&facts.status, record));
                let broken = record.manifest.broken.iter();
                line.findings
                    .extend(broken.map(|broken| format!("{broken}: helm refuses such a manifest")));
                line.payload = Some(PayloadLine {
                    status: record.status.to_string(),
                    chart: name.to_string(),
                    chart_version: version.to_string(),
                    app_version: app_version.to_string(),
                    first_deployed: record.story.first_deployed,
                    last_deployed: record.story.last_deployed,
                    deleted: record.story.deleted,
                    description: record.story.description.to_string(),
                    apply_method: record.apply_method.to_string(),
                    objects: record.manifest.documents.len(),
                    hooks: record.hooks.len(),
                });
            }
        }
        line
    }

    /// `r7  deployed  client-1.2.0 (app 8)  2026-04-27T14:02:00Z  Upgrade complete`.
    fn cells(&self) -> Vec<String> {
        let mut cells = vec![format!("r{}", self.revision), self.label.clone()];
        match (&self.payload, &self.unread) {
            (Some(payload), _) => {
                cells.push(format!("{}-{}", payload.chart, payload.chart_version));
                cells.push(payload.app_version.clone());
                cells.push(
                    payload
                        .last_deployed
                        .map_or_else(|| "?".to_owned(), |at| at.to_string()),
                );
                cells.push(payload.description.clone());
            }
            (None, why) => cells.push(why.clone().unwrap_or_else(|| "not read".to_owned())),
        }
        cells
    }
}

/// Findings count for more than what is missing.
const fn exit(findings: bool, missing: bool) -> Exit {
    match (findings, missing) {
        (true, _) => Exit::Findings,
        (false, true) => Exit::Unknown,
        (false, false) => Exit::Clean,
    }
}
