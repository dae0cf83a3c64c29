//! One line of the journal: its fields, and how a line seals itself.
//!
//! A line is the record as a JSON object whose last field, `hash`, is the SHA-256 of the object without it. `prev`
//! repeats the hash of the line before. So every byte of a line is covered twice: by its own hash and by its successor's.

use super::hash::sha256;
use crate::model::Text;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The format's version, in every record.
pub(super) const VERSION: u32 = 1;

/// `prev` of the first record.
pub(super) const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

const SEAL: &str = ",\"hash\":\"";

/// What a record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RecordKind {
    /// A cockpit began to use the journal.
    Opened,
    /// Somebody approved an act; the objects are saved. Nothing has left yet.
    Intent,
    /// The act was judged again on what is, and may leave.
    Cleared,
    /// The request is about to leave.
    Sent,
    /// What became of the request.
    Outcome,
    /// The approval died before the request left, because something changed.
    Voided,
    /// A doubt was settled by an observation or by a person.
    Settled,
    /// A person did without a checklist item, and said why.
    Waived,
    Note,
    /// A run of a runbook began, or something came of it.
    Run,
    /// The cockpit ended in order.
    Closed,
}

impl RecordKind {
    pub const ALL: [Self; 11] = [
        Self::Opened,
        Self::Intent,
        Self::Cleared,
        Self::Sent,
        Self::Outcome,
        Self::Voided,
        Self::Settled,
        Self::Waived,
        Self::Note,
        Self::Run,
        Self::Closed,
    ];

    /// The word in the record's `kind` field.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Intent => "intent",
            Self::Cleared => "cleared",
            Self::Sent => "sent",
            Self::Outcome => "outcome",
            Self::Voided => "voided",
            Self::Settled => "settled",
            Self::Waived => "waived",
            Self::Note => "note",
            Self::Run => "run",
            Self::Closed => "closed",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

/// One record, as read. `kind` is kept as its word, so that a record of a newer program can still be shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub v: u32,
    /// Counts from 1, without gaps, over all runs.
    pub seq: u64,
    /// The hash of the record before.
    pub prev: String,
    /// Which start of the program wrote it.
    pub run: Text,
    pub kind: Text,
    /// The step in words; empty for records that belong to none.
    pub step: Text,
    /// The `seq` of the step's intent: what ties its records together.
    pub intent: Option<u64>,
    /// Milliseconds on the run's monotonic clock.
    pub mono: u64,
    pub wall: Timestamp,
    /// The API server's `Date`, where one was heard in this run.
    pub server: Option<Timestamp>,
    /// `user@host`.
    pub actor: Text,
    /// SHA-256 of the payload before it was redacted.
    pub digest: String,
    pub payload: Value,
}

impl Record {
    pub fn known_kind(&self) -> Option<RecordKind> {
        (self.v == VERSION).then(|| RecordKind::from_word(&self.kind)).flatten()
    }

    /// The sealed line with its newline, and its hash.
    pub(super) fn seal(&self) -> Result<(String, String), serde_json::Error> {
        let body = serde_json::to_string(self)?;
        let hash = sha256(body.as_bytes());
        let open = body.strip_suffix('}').unwrap_or(&body);
        Ok((format!("{open}{SEAL}{hash}\"}}\n"), hash))
    }

    /// Reads a line without its newline. The hash must be that of the line's very bytes.
    pub(super) fn unseal(line: &[u8]) -> Result<(Self, String), String> {
        let text = std::str::from_utf8(line).map_err(|error| format!("is not text ({error})"))?;
        let (open, hash) = text
            .strip_suffix("\"}")
            .and_then(|text| text.rsplit_once(SEAL))
            .ok_or_else(|| "is not a sealed record".to_owned())?;
        let body = format!("{open}}}");
        let actual = sha256(body.as_bytes());
        if actual != hash {
            return Err(format!(
                "says its hash is {}…, its bytes hash to {}…",
                head_of(hash),
                head_of(&actual)
            ));
        }
        let record = serde_json::from_str(&body).map_err(|error| format!("is sealed and not a record ({error})"))?;
        Ok((record, actual))
    }
}

/// The first 12 characters of a hash, for messages.
pub(super) fn head_of(hash: &str) -> String {
    hash.chars().take(12).collect()
}
