//! What goes in: an approved act as the journal sees it, and what comes out: proof that it is on disk.

use crate::model::{Act, ClusterIdentity, Operator, Text};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An act that somebody approved. Implemented by `gate::Approved`; the journal needs no more of it than this.
pub trait Intent {
    /// The step in words, for people: `delete pvc/shared-data (Background)`.
    fn step(&self) -> String;
    fn act(&self) -> &Act;
    /// The exact request that will be sent, as it was shown.
    fn request(&self) -> &str;
    /// The digest of everything the approval rests on.
    fn digest(&self) -> String;
    fn operator(&self) -> &Operator;
    fn cluster(&self) -> &ClusterIdentity;
    /// What the operator answered: items, attestations, challenge. Never the typed text of a secret.
    fn answers(&self) -> Value;
    /// Checklist items that a person did without.
    fn waivers(&self) -> Vec<Waiver> {
        Vec::new()
    }
}

/// A checklist item that a person did without (A3 rule 7). Shown in a report's first line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waiver {
    pub item: Text,
    pub person: Text,
    pub reason: String,
}

/// Which step a later record belongs to. It carries no right; the journal checks the order of a step's records itself.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ticket {
    pub(super) intent: u64,
    pub(super) step: Text,
}

impl Ticket {
    /// The `seq` of the step's intent.
    pub const fn intent(&self) -> u64 {
        self.intent
    }

    pub fn step(&self) -> &str {
        &self.step
    }
}

/// An intent that is on disk: synced, with its objects saved before. Made by [`super::Journal::record`] alone, and
/// consumed on the way to the write.
///
/// It cannot be copied:
/// ```compile_fail,E0599
/// fn twice<I>(logged: pilothouse::journal::Logged<I>) { let second = logged.clone(); }
/// ```
/// It cannot be made up:
/// ```compile_fail,E0451
/// fn forge<I>(intent: I, ticket: pilothouse::journal::Ticket) -> pilothouse::journal::Logged<I> {
///     pilothouse::journal::Logged { intent, ticket }
/// }
/// ```
#[derive(Debug)]
pub struct Logged<I> {
    intent: I,
    ticket: Ticket,
}

impl<I> Logged<I> {
    pub(super) const fn new(intent: I, ticket: Ticket) -> Self {
        Self { intent, ticket }
    }

    pub const fn intent(&self) -> &I {
        &self.intent
    }

    pub fn ticket(&self) -> Ticket {
        self.ticket.clone()
    }

    pub fn into_parts(self) -> (I, Ticket) {
        (self.intent, self.ticket)
    }
}

/// What became of a request, as far as its answer tells. Whether the step reached its end is observed afterwards.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase")]
pub enum Outcome {
    /// The change is made: the object is gone, or is as the patch asked.
    Done { evidence: String },
    /// Deletion is accepted (`deletionTimestamp` is set) and waits for these finalizers, or for the kubelet.
    Accepted { evidence: String, waits_for: Vec<Text> },
    /// Certain that nothing changed: the request never left, or the object did not need it.
    NotApplied { why: String },
    /// 409: the object is no longer the one that was shown.
    Conflict { why: String },
    /// The server refused: denied, invalid, rate-limited. `code` is the HTTP status.
    Refused { code: u16, why: String },
    /// Helm was at work and came to another end than was asked, or was stopped half way: what it did stays done.
    Failed { why: String },
    /// The request may or may not have been carried out: no answer, a cut connection, a 5xx.
    InDoubt { why: String },
}

impl Outcome {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Done { .. } => "done",
            Self::Accepted { .. } => "accepted",
            Self::NotApplied { .. } => "not applied",
            Self::Conflict { .. } => "conflict",
            Self::Refused { .. } => "refused",
            Self::Failed { .. } => "failed",
            Self::InDoubt { .. } => "in doubt",
        }
    }

    /// The sentence that goes with the word.
    pub fn evidence(&self) -> &str {
        match self {
            Self::Done { evidence } | Self::Accepted { evidence, .. } => evidence,
            Self::NotApplied { why }
            | Self::Conflict { why }
            | Self::Refused { why, .. }
            | Self::Failed { why }
            | Self::InDoubt { why } => why,
        }
    }

    /// Long server messages are cut, so that an outcome always fits into the room reserved for it.
    pub(super) fn bounded(mut self) -> Self {
        let text = match &mut self {
            Self::Done { evidence } | Self::Accepted { evidence, .. } => evidence,
            Self::NotApplied { why }
            | Self::Conflict { why }
            | Self::Refused { why, .. }
            | Self::Failed { why }
            | Self::InDoubt { why } => why,
        };
        if text.chars().count() > 500 {
            *text = text.chars().take(500).chain("… (cut)".chars()).collect();
        }
        if let Self::Accepted { waits_for, .. } = &mut self {
            waits_for.truncate(16);
        }
        self
    }
}
