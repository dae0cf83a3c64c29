//! How far a run of a runbook has come: the state of each step, and which events may follow which.
//!
//! Knows no act and no world: a step is told what happened to it. It is what a journal keeps, so that a run can be taken up
//! where it was left.

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

use super::format::Runbook;
use super::step::OnTimeout;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A run of one very runbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub runbook: String,
    /// SHA-256 of the text the run began with.
    pub digest: String,
    pub steps: Vec<Course>,
    /// Somebody ended the run before its end: who, and why.
    pub aborted: Option<Word>,
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Course {
    pub id: String,
    pub state: State,
}

/// A person's word.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Word {
    pub by: String,
    pub reason: String,
}

/// Where a step stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "state")]
pub enum State {
    Waiting,
    /// Its `when` did not hold.
    NotNeeded {
        why: String,
    },
    /// Its acts are being approved and sent.
    Acting,
    /// Everything was sent; the end is waited for, for the first or the second time.
    Verifying {
        again: bool,
    },
    Done,
    /// Its end was not seen, and the run went on.
    InDoubt {
        seen: String,
    },
    /// Its end was not seen in time, or an act failed: a person decides.
    Stopped {
        seen: String,
    },
    /// A person left it out.
    Skipped {
        word: Word,
    },
    /// A person took it for done although its end was not seen.
    Waived {
        word: Word,
        seen: String,
    },
}

/// What happened to the step that is on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "event")]
pub enum Event {
    NotNeeded {
        why: String,
    },
    Began,
    /// Its last act was sent and answered.
    Acted,
    /// Its end was seen.
    Verified,
    /// Its time is over; what was seen last.
    TimedOut {
        seen: String,
    },
    /// An act failed, or its end is not known.
    Failed {
        seen: String,
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
    /// A person ends the run.
    Aborted {
        word: Word,
    },
}

/// Why an event cannot be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misplaced {
    /// The run has come to its end.
    Ended,
    /// The step that is on is in no state for it.
    Unfit { step: String, state: State },
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

impl State {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::NotNeeded { .. } => "not needed",
            Self::Acting => "doing",
            Self::Verifying { .. } => "verifying",
            Self::Done => "done",
            Self::InDoubt { .. } => "in doubt",
            Self::Stopped { .. } => "stopped",
            Self::Skipped { .. } => "skipped",
            Self::Waived { .. } => "waived",
        }
    }

    /// The run goes on to the next step.
    pub const fn passed(&self) -> bool {
        match self {
            Self::NotNeeded { .. } | Self::Done | Self::InDoubt { .. } | Self::Skipped { .. } | Self::Waived { .. } => {
                true
            }
            Self::Waiting | Self::Acting | Self::Verifying { .. } | Self::Stopped { .. } => false,
        }
    }
}

impl Progress {
    /// A run that has not begun its first step.
    pub fn begin(runbook: &Runbook) -> Self {
        let course = |id: &String| Course {
            id: id.clone(),
            state: State::Waiting,
        };
        Self {
            runbook: runbook.name.clone(),
            digest: runbook.digest.clone(),
            steps: runbook.steps.iter().map(|step| course(&step.id)).collect(),
            aborted: None,
        }
    }

    /// The run is one of this very runbook: a text that was changed since is another one.
    pub fn is_of(&self, runbook: &Runbook) -> bool {
        self.digest == runbook.digest
    }

    /// The step that is on; `None` when the run is over.
    pub fn current(&self) -> Option<&Course> {
        let open = self.steps.iter().find(|step| !step.state.passed());
        open.filter(|_| self.aborted.is_none())
    }

    /// Every step has passed.
    pub fn complete(&self) -> bool {
        self.aborted.is_none() && self.current().is_none()
    }

    /// Takes an event in. `on_timeout` is what the runbook says of the step that is on.
    pub fn apply(&mut self, event: Event, on_timeout: OnTimeout) -> Result<(), Misplaced> {
        let word = match &event {
            Event::Resumed { word } | Event::Skipped { word } | Event::Waived { word } | Event::Aborted { word } => {
                Some(word)
            }
            Event::NotNeeded { .. }
            | Event::Began
            | Event::Acted
            | Event::Verified
            | Event::TimedOut { .. }
            | Event::Failed { .. } => None,
        };
        if word.is_some_and(|word| word.by.trim().is_empty() || word.reason.trim().is_empty()) {
            return Err(Misplaced::Wordless);
        }
        if self.current().is_none() {
            return Err(Misplaced::Ended);
        }
        if let Event::Aborted { word } = event {
            self.aborted = Some(word);
            return Ok(());
        }
        let Some(step) = self.steps.iter_mut().find(|step| !step.state.passed()) else {
            return Err(Misplaced::Ended);
        };
        match next(&step.state, event, on_timeout) {
            Some(state) => {
                step.state = state;
                Ok(())
            }
            None => Err(Misplaced::Unfit {
                step: step.id.clone(),
                state: step.state.clone(),
            }),
        }
    }
}

/// The state after an event; `None` where the one cannot follow the other.
fn next(state: &State, event: Event, on_timeout: OnTimeout) -> Option<State> {
    match (state, event) {
        (State::Waiting, Event::NotNeeded { why }) => Some(State::NotNeeded { why }),
        (State::Waiting, Event::Began) => Some(State::Acting),
        (State::Acting, Event::Acted) => Some(State::Verifying { again: false }),
        (State::Verifying { .. }, Event::Verified) => Some(State::Done),
        (State::Verifying { again }, Event::TimedOut { seen }) => Some(match on_timeout {
            OnTimeout::ContinueWithDoubt => State::InDoubt { seen },
            OnTimeout::Retry if !again => State::Verifying { again: true },
            OnTimeout::Retry | OnTimeout::Stop => State::Stopped { seen },
        }),
        (State::Acting | State::Verifying { .. }, Event::Failed { seen }) => Some(State::Stopped { seen }),
        (State::Stopped { .. }, Event::Resumed { .. }) => Some(State::Waiting),
        (State::Stopped { seen }, Event::Waived { word }) => Some(State::Waived {
            word,
            seen: seen.clone(),
        }),
        (State::Waiting | State::Stopped { .. }, Event::Skipped { word }) => Some(State::Skipped { word }),
        (
            State::Waiting
            | State::NotNeeded { .. }
            | State::Acting
            | State::Verifying { .. }
            | State::Done
            | State::InDoubt { .. }
            | State::Stopped { .. }
            | State::Skipped { .. }
            | State::Waived { .. },
            Event::NotNeeded { .. }
            | Event::Began
            | Event::Acted
            | Event::Verified
            | Event::TimedOut { .. }
            | Event::Failed { .. }
            | Event::Resumed { .. }
            | Event::Skipped { .. }
            | Event::Waived { .. }
            | Event::Aborted { .. },
        ) => None,
    }
}
