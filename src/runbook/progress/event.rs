//! What can happen to a run, and what a person can say about it.

use super::State;
use crate::model::Act;
use crate::runbook::inventory::Inventory;
use crate::runbook::soak::Watched;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A person's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Word {
    pub by: String,
    pub reason: String,
}

impl Word {
    /// Somebody, and some reason.
    pub(super) fn said(&self) -> bool {
        !self.by.trim().is_empty() && !self.reason.trim().is_empty()
    }

    pub(super) fn halt(&self) -> String {
        format!("stopped by {}: {}", self.by, self.reason)
    }
}

/// What happened to the step that is on, or to the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "event")]
pub enum Event {
    NotNeeded {
        why: String,
    },
    /// It began, with the acts it comes to in the world as it was then.
    Began {
        acts: Vec<Act>,
    },
    /// A person passed the gate of a step that does nothing: what was sensed, signed and typed.
    Signed {
        answers: Vec<String>,
    },
    /// An act was approved and is handed to the journal. `approval` is the digest that its intent carries.
    Sending {
        act: usize,
        approval: String,
        /// The very act that was shown.
        shown: Box<Act>,
        /// Who approved it elsewhere than at the panel, and why.
        word: Option<Word>,
    },
    /// The approval of an act died, or the act was not done: it waits for its gate again.
    Returned {
        act: usize,
        why: String,
    },
    /// An act stands: observed or accepted, or there was nothing to do.
    Ended {
        act: usize,
        how: String,
    },
    /// It took down the tenant's claims and volumes.
    Inventoried {
        inventory: Box<Inventory>,
    },
    /// Its last act stands.
    Acted,
    /// Its end was seen.
    Verified {
        seen: String,
    },
    /// Somebody looked while a soak is on.
    Watched {
        look: Watched,
    },
    /// Its time is over; what was seen last.
    TimedOut {
        seen: String,
    },
    /// An act failed.
    Failed {
        seen: String,
    },
    /// The file the runbook came from holds another text now. The run goes on with the text it began with.
    Changed {
        digest: String,
    },
    /// What an object was when the run began: kept, because a step makes it again as it was.
    Noted {
        name: String,
        value: String,
    },
    /// What an earlier step gave has worn off: that one is begun anew, and this one waits meanwhile.
    Renewed {
        step: String,
        why: String,
    },
    /// A person stops the step.
    Halted {
        word: Word,
    },
    /// A person lets a stopped step begin anew.
    Resumed {
        word: Word,
    },
    Skipped {
        word: Word,
    },
    Waived {
        word: Word,
    },
    /// A person turns the run around: from here on these steps of `rollback`.
    TurnedBack {
        word: Word,
        steps: Vec<String>,
    },
    /// A person ends the run.
    Aborted {
        word: Word,
    },
}

impl Event {
    /// What a person said, where it was a person.
    pub const fn word(&self) -> Option<&Word> {
        match self {
            Self::Halted { word }
            | Self::Resumed { word }
            | Self::Skipped { word }
            | Self::Waived { word }
            | Self::TurnedBack { word, .. }
            | Self::Aborted { word } => Some(word),
            Self::NotNeeded { .. }
            | Self::Began { .. }
            | Self::Signed { .. }
            | Self::Sending { .. }
            | Self::Returned { .. }
            | Self::Ended { .. }
            | Self::Inventoried { .. }
            | Self::Acted
            | Self::Verified { .. }
            | Self::Watched { .. }
            | Self::TimedOut { .. }
            | Self::Failed { .. }
            | Self::Noted { .. }
            | Self::Renewed { .. }
            | Self::Changed { .. } => None,
        }
    }

    /// Its name, as the journal writes it.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::NotNeeded { .. } => "notNeeded",
            Self::Began { .. } => "began",
            Self::Signed { .. } => "signed",
            Self::Sending { .. } => "sending",
            Self::Returned { .. } => "returned",
            Self::Ended { .. } => "ended",
            Self::Inventoried { .. } => "inventoried",
            Self::Acted => "acted",
            Self::Verified { .. } => "verified",
            Self::Watched { .. } => "watched",
            Self::TimedOut { .. } => "timedOut",
            Self::Failed { .. } => "failed",
            Self::Changed { .. } => "changed",
            Self::Noted { .. } => "noted",
            Self::Renewed { .. } => "renewed",
            Self::Halted { .. } => "halted",
            Self::Resumed { .. } => "resumed",
            Self::Skipped { .. } => "skipped",
            Self::Waived { .. } => "waived",
            Self::TurnedBack { .. } => "turnedBack",
            Self::Aborted { .. } => "aborted",
        }
    }
}

/// As a line of the run's history says it.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotNeeded { why } => write!(f, "not needed: {why}"),
            Self::Began { acts } => match acts.as_slice() {
                [] => f.write_str("began; nothing has to be sent"),
                [act] => write!(f, "began: {act}"),
                [first, ..] => write!(f, "began: {} acts, the first {first}", acts.len()),
            },
            Self::Signed { answers } => write!(f, "signed: {}", answers.join("; ")),
            Self::Sending { act, word: None, .. } => write!(f, "act {} was approved", act + 1),
            Self::Sending {
                act, word: Some(word), ..
            } => write!(f, "act {} was approved by {}: {}", act + 1, word.by, word.reason),
            Self::Returned { act, why } => write!(f, "act {} was not done: {why}", act + 1),
            Self::Ended { act, how } => write!(f, "act {} stands: {how}", act + 1),
            Self::Inventoried { inventory } => write!(f, "taken down: {}", inventory.sentence()),
            Self::Acted => f.write_str("its end is waited for"),
            Self::Verified { seen } if seen.is_empty() => f.write_str("done"),
            Self::Verified { seen } => write!(f, "done: {seen}"),
            Self::Watched { look } => match (&look.broken, &look.baseline) {
                (Some(broken), _) => write!(f, "looked: broken: {broken}"),
                (None, Some(_)) => f.write_str("looked, for the first time"),
                (None, None) => f.write_str("looked: nothing changed"),
            },
            Self::TimedOut { seen } => write!(f, "its end was not seen in time: {seen}"),
            Self::Failed { seen } => write!(f, "stopped: {seen}"),
            Self::Changed { digest } => {
                let short: String = digest.chars().take(12).collect();
                write!(
                    f,
                    "the runbook's file holds another text now ({short}…); the run keeps the one it began with"
                )
            }
            Self::Noted { name, .. } => write!(f, "{name} is kept as it is now"),
            Self::Renewed { step, why } => write!(f, "waits while {step} is done anew: {why}"),
            Self::Halted { word } => write!(f, "stopped by {}: {}", word.by, word.reason),
            Self::Resumed { word } => write!(f, "begins anew by {}: {}", word.by, word.reason),
            Self::Skipped { word } => write!(f, "skipped by {}: {}", word.by, word.reason),
            Self::Waived { word } => write!(f, "waived by {}: {}", word.by, word.reason),
            Self::TurnedBack { word, steps } => write!(
                f,
                "the run is turned around by {}: {}; now {}",
                word.by,
                word.reason,
                steps.join(", ")
            ),
            Self::Aborted { word } => write!(f, "the run is aborted by {}: {}", word.by, word.reason),
        }
    }
}

/// Why an event cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// The run has come to its end.
    Ended,
    /// The step that is on is in no state for it.
    Unfit { step: String, state: Box<State> },
    /// A person's word without a name or a reason.
    Wordless,
}

impl fmt::Display for Misplaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ended => f.write_str("the run is over"),
            Self::Unfit { step, state } => write!(f, "step {step} is {}, and this cannot follow", state.word()),
            Self::Wordless => f.write_str("who says so, and why, has to be said"),
        }
    }
}
