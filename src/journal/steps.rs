//! What the records say about each step: asked, cleared, sent, ended. The same fold reads a journal and follows a live one.

use super::intent::{Outcome, Waiver};
use super::judge::Ruling;
use super::record::{Record, RecordKind};
use super::saved::SavedObject;
use crate::model::{Act, ClusterIdentity, Text};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The payload of an intent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Asked {
    pub(super) act: Act,
    pub(super) request: String,
    pub(super) approval: String,
    pub(super) cluster: ClusterIdentity,
    pub(super) answers: Value,
    pub(super) saved: Vec<SavedObject>,
    pub(super) waived: Vec<Waiver>,
}

/// How far a step has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// Approved and on disk; it never left.
    Intended,
    /// Judged on what is; the record of its leaving is missing.
    Cleared,
    /// The request was about to leave, or left.
    Sent,
    /// An answer was recorded.
    Ended(Outcome),
    /// The approval died before the request left.
    Voided { changes: Vec<String> },
    /// A doubt about it was settled.
    Settled { ruling: Ruling, evidence: String },
}

impl Stage {
    /// It is not known what became of it.
    pub const fn in_doubt(&self) -> bool {
        match self {
            Self::Intended | Self::Cleared | Self::Sent | Self::Ended(Outcome::InDoubt { .. }) => true,
            Self::Ended(_) | Self::Voided { .. } | Self::Settled { .. } => false,
        }
    }

    /// The word for a list of steps.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Intended | Self::Cleared | Self::Sent => "unfinished",
            Self::Ended(outcome) => outcome.word(),
            Self::Voided { .. } => "voided",
            Self::Settled { ruling, .. } => ruling.word(),
        }
    }
}

/// One step as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StepEntry {
    /// The `seq` of its intent.
    pub intent: u64,
    pub step: Text,
    pub act: Act,
    pub request: String,
    /// The digest of everything the approval rests on.
    pub approval: String,
    /// Who approved it.
    pub actor: String,
    pub asked: Timestamp,
    /// When the request was about to leave.
    pub sent: Option<Timestamp>,
    pub stage: Stage,
    pub saved: Vec<SavedObject>,
    pub waived: Vec<Waiver>,
    /// The cluster it was approved for.
    #[serde(skip)]
    pub cluster: ClusterIdentity,
    /// What was shown and answered, as the intent keeps it.
    #[serde(skip)]
    pub answers: Value,
}

/// All steps of a journal, by the number of their intent.
#[derive(Clone, Debug, Default)]
pub(super) struct Steps(BTreeMap<u64, StepEntry>);

impl Steps {
    pub(super) fn iter(&self) -> impl Iterator<Item = &StepEntry> {
        self.0.values()
    }

    pub(super) fn get(&self, intent: u64) -> Option<&StepEntry> {
        self.0.get(&intent)
    }

    /// Takes a record in. An error says why it makes no sense after the records before it.
    pub(super) fn take(&mut self, record: &Record) -> Result<(), String> {
        let Some(kind) = record.known_kind() else {
            return Ok(());
        };
        match kind {
            RecordKind::Intent => self.begin(record),
            RecordKind::Cleared => self.advance(record, |entry| match entry.stage {
                Stage::Intended => Ok(Stage::Cleared),
                Stage::Cleared | Stage::Sent | Stage::Ended(_) | Stage::Voided { .. } | Stage::Settled { .. } => {
                    Err("was cleared after it had gone on".to_owned())
                }
            }),
            RecordKind::Sent => {
                self.advance(record, |entry| match entry.stage {
                    Stage::Cleared => Ok(Stage::Sent),
                    Stage::Intended | Stage::Sent | Stage::Ended(_) | Stage::Voided { .. } | Stage::Settled { .. } => {
                        Err("was sent without a clearance of its own".to_owned())
                    }
                })?;
                if let Some(entry) = record.intent.and_then(|intent| self.0.get_mut(&intent)) {
                    entry.sent = Some(record.wall);
                }
                Ok(())
            }
            RecordKind::Outcome => self.advance(record, |_| parse(&record.payload).map(Stage::Ended)),
            RecordKind::Voided => self.advance(record, |_| {
                parse(record.payload.get("changes").unwrap_or(&Value::Null)).map(|changes| Stage::Voided { changes })
            }),
            RecordKind::Settled => self.advance(record, |_| {
                Ok(Stage::Settled {
                    ruling: parse(record.payload.get("ruling").unwrap_or(&Value::Null))?,
                    evidence: parse(record.payload.get("evidence").unwrap_or(&Value::Null))?,
                })
            }),
            RecordKind::Opened | RecordKind::Waived | RecordKind::Note | RecordKind::Run | RecordKind::Closed => Ok(()),
        }
    }

    fn begin(&mut self, record: &Record) -> Result<(), String> {
        let asked: Asked = parse(&record.payload)?;
        let entry = StepEntry {
            intent: record.seq,
            step: record.step.clone(),
            act: asked.act,
            request: asked.request,
            approval: asked.approval,
            actor: record.actor.to_string(),
            asked: record.wall,
            sent: None,
            stage: Stage::Intended,
            saved: asked.saved,
            waived: asked.waived,
            cluster: asked.cluster,
            answers: asked.answers,
        };
        self.0.insert(record.seq, entry);
        Ok(())
    }

    fn advance(&mut self, record: &Record, to: impl FnOnce(&StepEntry) -> Result<Stage, String>) -> Result<(), String> {
        let entry = record
            .intent
            .and_then(|intent| self.0.get_mut(&intent))
            .ok_or_else(|| format!("is of kind {} and belongs to no intent", record.kind))?;
        entry.stage = to(entry)?;
        Ok(())
    }
}

fn parse<T: serde::de::DeserializeOwned>(payload: &Value) -> Result<T, String> {
    T::deserialize(payload).map_err(|error| format!("has a payload that cannot be read ({error})"))
}
