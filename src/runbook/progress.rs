//! How far a run of a runbook has come: the state of each step and of its acts, and which events may follow which.
//!
//! Knows no world: a step is told what happened to it. It is what a journal keeps, so that a run can be taken up where it
//! was left.

#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

mod event;

pub use event::{Event, Misplaced, Word};

use super::format::Runbook;
use super::inventory::Inventory;
use super::step::{OnTimeout, Step};
use crate::model::Act;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A run of one very runbook.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Progress {
    pub runbook: String,
    /// SHA-256 of the text the run began with.
    pub digest: String,
    pub steps: Vec<Course>,
    /// The steps of the way back, in the order they are walked, once somebody has turned the run around.
    pub back: Vec<Course>,
    /// Somebody turned the run around: who, and why.
    pub turned: Option<Word>,
    /// Somebody ended the run before its end: who, and why.
    pub aborted: Option<Word>,
    /// What was kept of objects when the run began, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub noted: BTreeMap<String, String>,
}

/// One step of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Course {
    pub id: String,
    pub state: State,
    /// Its acts as they were found when it began: what is selected later is not touched.
    pub acts: Vec<Taken>,
    /// What it took down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inventory: Option<Box<Inventory>>,
}

/// One act of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Taken {
    pub act: Act,
    pub went: Went,
}

/// How far an act of a step has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", tag = "went")]
pub enum Went {
    /// It waits for its gate.
    Ahead,
    /// It was approved, with this digest, and handed to the journal.
    Sent { approval: String },
    /// It stands, or nothing had to be done.
    Over { how: String },
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
        since: Timestamp,
    },
    Done,
    /// Its end was not seen, and the run went on.
    InDoubt {
        seen: String,
    },
    /// Its end was not seen in time, an act failed, or a person stopped it: a person decides.
    Stopped {
        seen: String,
        /// All its acts stand, and its end is what was not seen: only such a step can be waived.
        unseen: bool,
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

    /// It passed without a person's word that it be left out or taken for done.
    pub const fn ended_by_itself(&self) -> bool {
        matches!(self, Self::NotNeeded { .. } | Self::Done)
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
        Self {
            runbook: runbook.name.clone(),
            digest: runbook.digest.clone(),
            steps: runbook.steps.iter().map(|step| Course::to(&step.id)).collect(),
            back: Vec::new(),
            turned: None,
            aborted: None,
            noted: BTreeMap::new(),
        }
    }

    /// The run is one of this very runbook: a text that was changed since is another one.
    pub fn is_of(&self, runbook: &Runbook) -> bool {
        self.digest == runbook.digest
    }

    /// The step that is on; `None` when the run is over.
    pub fn current(&self) -> Option<&Course> {
        let way = if self.turned.is_some() { &self.back } else { &self.steps };
        let open = way.iter().find(|step| !step.state.passed());
        open.filter(|_| self.aborted.is_none())
    }

    /// What a step took down.
    pub fn inventory(&self) -> Option<&Inventory> {
        self.steps.iter().rev().find_map(|step| step.inventory.as_deref())
    }

    /// Every step has passed, and nobody turned the run around.
    pub fn complete(&self) -> bool {
        self.aborted.is_none() && self.turned.is_none() && self.current().is_none()
    }

    /// An act of the step that is on is under way: what becomes of it has to be known first.
    pub fn under_way(&self) -> bool {
        self.current().is_some_and(Course::under_way)
    }

    /// Takes in what happened at a time. `on_timeout` is what the runbook says of the step that is on.
    pub fn apply(&mut self, event: Event, on_timeout: OnTimeout, at: Timestamp) -> Result<(), Misplaced> {
        if event.word().is_some_and(|word| !word.said()) {
            return Err(Misplaced::Wordless);
        }
        let Some(current) = self.current() else {
            return Err(Misplaced::Ended);
        };
        let unfit = Misplaced::Unfit {
            step: current.id.clone(),
            state: Box::new(current.state.clone()),
        };
        if let Event::Aborted { word } = event {
            self.aborted = Some(word);
            return Ok(());
        }
        if let Event::Noted { name, value } = event {
            self.noted.insert(name, value);
            return Ok(());
        }
        if matches!(event, Event::Changed { .. }) {
            return Ok(());
        }
        if let Event::TurnedBack { word, steps } = event {
            if self.turned.is_some() || self.under_way() || steps.is_empty() {
                return Err(unfit);
            }
            self.turned = Some(word);
            self.back = steps.iter().map(|id| Course::to(id)).collect();
            return Ok(());
        }
        let on = current.id.clone();
        let waits = matches!(current.state, State::Waiting | State::Acting) && !current.under_way();
        let way = if self.turned.is_some() {
            &mut self.back
        } else {
            &mut self.steps
        };
        if let Event::Renewed { step, .. } = event {
            let mut before = way.iter_mut().take_while(|course| course.id != on).filter(|_| waits);
            let worn = before.find(|course| course.id == step && course.state.ended_by_itself());
            worn.ok_or(unfit)?.state = State::Waiting;
            // what it comes to is found anew, as long as nothing of it was sent: who leads may be another one now
            for course in way.iter_mut().filter(|course| course.id == on && !course.left_traces()) {
                course.state = State::Waiting;
                course.acts.clear();
            }
            return Ok(());
        }
        let open = way.iter_mut().find(|step| !step.state.passed());
        open.and_then(|step| step.take(event, on_timeout, at)).ok_or(unfit)
    }
}

impl Course {
    fn to(id: &str) -> Self {
        Self {
            id: id.to_owned(),
            state: State::Waiting,
            acts: Vec::new(),
            inventory: None,
        }
    }

    /// Something was done in it, so that there may be something to undo.
    pub fn left_traces(&self) -> bool {
        self.acts.iter().any(|taken| taken.went != Went::Ahead)
    }

    fn under_way(&self) -> bool {
        self.acts.iter().any(|taken| matches!(taken.went, Went::Sent { .. }))
    }

    fn over(&self) -> bool {
        self.acts.iter().all(|taken| matches!(taken.went, Went::Over { .. }))
    }

    /// The step after an event; `None`, and unchanged, where the one cannot follow the other.
    fn take(&mut self, event: Event, on_timeout: OnTimeout, at: Timestamp) -> Option<()> {
        let idle = !self.under_way();
        let state = match (&self.state, event) {
            (State::Waiting, Event::NotNeeded { why }) => State::NotNeeded { why },
            (State::Waiting, Event::Began { acts }) => {
                self.begin(acts);
                State::Acting
            }
            (State::Waiting, Event::Signed { .. }) => State::Acting,
            (
                State::Acting,
                Event::Sending {
                    act, approval, shown, ..
                },
            ) if idle => self.sending(act, approval, *shown)?,
            (State::Acting, Event::Returned { act, .. }) => {
                self.went(act, Went::Ahead, |went| matches!(went, Went::Sent { .. }))?
            }
            (State::Acting, Event::Ended { act, how }) => {
                self.went(act, Went::Over { how }, |went| !matches!(went, Went::Over { .. }))?
            }
            (State::Acting, Event::Inventoried { inventory }) if idle => {
                self.inventory = Some(inventory);
                State::Acting
            }
            (State::Acting, Event::Acted) if self.over() => State::Verifying {
                again: false,
                since: at,
            },
            (State::Verifying { .. }, Event::Verified { .. }) => State::Done,
            (State::Verifying { again, since }, Event::Watched { .. }) => State::Verifying {
                again: *again,
                since: *since,
            },
            (State::Verifying { .. }, Event::Failed { seen }) => State::Stopped { seen, unseen: true },
            (State::Verifying { again, .. }, Event::TimedOut { seen }) => match on_timeout {
                OnTimeout::ContinueWithDoubt => State::InDoubt { seen },
                OnTimeout::Retry if !again => State::Verifying { again: true, since: at },
                OnTimeout::Retry | OnTimeout::Stop => State::Stopped { seen, unseen: true },
            },
            (State::Acting, Event::Failed { seen }) if idle => State::Stopped { seen, unseen: false },
            (State::Acting, Event::Halted { word }) if idle => State::Stopped {
                seen: word.halt(),
                unseen: false,
            },
            (State::Verifying { .. }, Event::Halted { word }) => State::Stopped {
                seen: word.halt(),
                unseen: true,
            },
            (State::Stopped { .. }, Event::Resumed { .. }) => {
                self.acts.retain(|taken| taken.went != Went::Ahead);
                self.inventory = None;
                State::Waiting
            }
            (State::Stopped { seen, unseen: true }, Event::Waived { word }) => State::Waived {
                word,
                seen: seen.clone(),
            },
            (State::Waiting | State::Stopped { .. }, Event::Skipped { word }) => State::Skipped { word },
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
                | Event::Began { .. }
                | Event::Signed { .. }
                | Event::Sending { .. }
                | Event::Returned { .. }
                | Event::Ended { .. }
                | Event::Inventoried { .. }
                | Event::Acted
                | Event::Verified { .. }
                | Event::Watched { .. }
                | Event::TimedOut { .. }
                | Event::Failed { .. }
                | Event::Changed { .. }
                | Event::Noted { .. }
                | Event::Renewed { .. }
                | Event::Halted { .. }
                | Event::Resumed { .. }
                | Event::Skipped { .. }
                | Event::Waived { .. }
                | Event::TurnedBack { .. }
                | Event::Aborted { .. },
            ) => return None,
        };
        self.state = state;
        Some(())
    }

    /// The acts found now come after those that stand from an earlier beginning; what stands is not asked for again.
    fn begin(&mut self, acts: Vec<Act>) {
        for act in acts {
            let same =
                |taken: &Taken| taken.act.to_string() == act.to_string() && taken.act.target().uid == act.target().uid;
            self.acts.retain(|taken| !same(taken));
            self.acts.push(Taken { act, went: Went::Ahead });
        }
    }

    /// From here on the act is the very one that was shown.
    fn sending(&mut self, act: usize, approval: String, shown: Act) -> Option<State> {
        let state = self.went(act, Went::Sent { approval }, |went| *went == Went::Ahead)?;
        self.acts.get_mut(act)?.act = shown;
        Some(state)
    }

    fn went(&mut self, act: usize, to: Went, from: impl Fn(&Went) -> bool) -> Option<State> {
        let taken = self.acts.get_mut(act).filter(|taken| from(&taken.went))?;
        taken.went = to;
        Some(State::Acting)
    }
}

/// What the runbook says of a step whose end is not seen in time.
pub fn on_timeout(step: Option<&Step>) -> OnTimeout {
    step.and_then(|step| step.verify.as_ref())
        .map_or(OnTimeout::Stop, |verify| verify.on_timeout)
}
