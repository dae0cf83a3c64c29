//! What a journal keeps of a run, a record each: how it was opened, and whatever came after. From these records alone a
//! run is taken up again.
//!
//! Knows no journal: `journal` writes these and reads them back.

use super::progress::Event;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// One record of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Chapter {
    /// Which run.
    pub run: String,
    /// The step it is about; `None` where it is about the whole run.
    pub step: Option<String>,
    pub what: What,
}

/// What a record of a run says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum What {
    Opened(Box<Opening>),
    Came(Event),
}

/// How a run began: everything that is needed to take it up again without the file it came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Opening {
    pub runbook: String,
    pub version: String,
    /// SHA-256 of `text`.
    pub digest: String,
    /// The file's path, or `shipped:NAME`.
    pub source: String,
    pub text: String,
    pub parameters: Vec<KeptSetting>,
    pub namespace: String,
    pub release: Option<String>,
}

/// A parameter as it was resolved. Never a secret: the format knows none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeptSetting {
    pub name: String,
    pub text: String,
    pub origin: String,
}

/// Something that came, when, and who was at the keys.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    pub at: Timestamp,
    /// `user@host`.
    pub by: String,
    pub step: Option<String>,
    pub event: Event,
}

/// A run as the journal tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Story {
    pub id: String,
    pub began: Timestamp,
    pub by: String,
    pub opening: Opening,
    pub came: Vec<Kept>,
}

impl Chapter {
    /// What the record says, in one line without the run's name.
    pub fn sentence(&self) -> String {
        let said = match &self.what {
            What::Opened(opening) => {
                let short: String = opening.digest.chars().take(12).collect();
                format!(
                    "{} {} begins in {} (sha256 {short}…)",
                    opening.runbook, opening.version, opening.namespace
                )
            }
            What::Came(event) => event.to_string(),
        };
        match &self.step {
            Some(step) => format!("{step}: {said}"),
            None => said,
        }
    }

    /// `opened`, or the event's name: what a failpoint is called by.
    pub const fn name(&self) -> &'static str {
        match &self.what {
            What::Opened(_) => "opened",
            What::Came(event) => event.name(),
        }
    }
}
