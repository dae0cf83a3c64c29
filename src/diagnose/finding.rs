//! The shapes of a diagnosis: a finding, an explanation, and the steps out.

use crate::laws::Reason;
use crate::model::{Act, Key};
use serde::Serialize;

/// How much a finding matters. Red is rare: at most one blocking alarm a tenant is shown (A3 rule 8).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Nothing is wrong.
    Clean,
    /// Worth knowing before the next act.
    Warned,
    /// Data is in danger, or nothing can go on.
    Blocked,
}

/// One thing that is wrong, as a sentence with evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// The rule that found it, by its file name.
    pub rule: &'static str,
    pub severity: Severity,
    pub object: Key,
    pub sentence: String,
    pub reason: Reason,
}

/// Why an object is as it is, from the object down to the root owner of what holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    pub object: Key,
    /// The state as a sentence: `Terminating 3h12m, held by 9 pods of 9 Jobs`.
    pub sentence: String,
    pub chain: Vec<Link>,
    /// The safe way out, in order. Empty when nothing needs doing.
    pub way_out: Vec<Step>,
    /// Facts that were missing, denied or stale.
    pub unknowns: Vec<String>,
}

/// One link of a chain: this object, and why it leads to the next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    pub object: Key,
    /// How deep below the explained object: 0 is the object itself.
    pub depth: usize,
    pub sentence: String,
    pub reason: Reason,
}

/// One step of a way out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    pub sentence: String,
    /// The act that does it, when it is one Pilothouse performs or forecasts.
    pub act: Option<Act>,
}
