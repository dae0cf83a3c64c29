//! What was done? Every intent is on disk before its request leaves, every outcome after; a chain of hashes shows what
//! was altered since.
//!
//! This room knows acts and identities (`model`), one directory per cluster, and the steps of an act in their order. It
//! knows, of runbooks, what it keeps of their runs. It knows no cluster, no gate and no clock: what it records is handed to it, with the time.
//!
//! **Invariants.** A function that returns `Ok` has synced. After a failed write or sync nothing is written again by
//! this process. Nothing is recorded while a step is in doubt. No function here sends anything, let alone again.

mod book;
mod chain;
mod disk;
mod doubt;
mod error;
pub mod failpoint;
mod hash;
mod intent;
mod judge;
mod record;
mod runs;
mod saved;
mod show;
mod steps;

#[cfg(test)]
mod tests;

pub use chain::{Head, Tampered, Torn, Verified, verify, verify_anchored};
pub use doubt::{Doubt, Opened};
pub use error::{Holder, JournalError};
pub use failpoint::{Point, RunPoint};
pub use hash::sha256;
pub use intent::{Intent, Logged, Outcome, Ticket, Waiver};
pub use judge::{DoubtfulStep, Observed, REQUEST_DEADLINE, Ruling, Verdict, judge};
pub use record::{Record, RecordKind};
pub use saved::{Saved, SavedObject};
pub use show::{Shown, line, show};
pub use steps::{Stage, StepEntry};

use crate::model::{Now, Operator, Text};
use crate::runbook::chronicle::{Chapter, Story};
use book::{Book, Entry};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::path::Path;
use steps::Asked;

/// The journal's file in its directory.
pub const FILE: &str = "journal.jsonl";

/// Opens the journal in a directory (`<state dir>/<kube-system uid>`), which is created with mode 0700 when it is not
/// there, and takes the right to act from every other cockpit on this machine.
///
/// # Errors
/// [`JournalError::Held`] while another cockpit has it, [`JournalError::Tampered`] when a record does not verify,
/// [`JournalError::Newer`] when one is not known here; use [`show()`] to read such a journal.
pub fn open(dir: &Path, operator: &Operator, now: Now) -> Result<Opened, JournalError> {
    let book = Book::open(dir, operator, now)?;
    Ok(Opened::of(Box::new(book), now))
}

/// A journal in which every step's end is known.
#[derive(Debug)]
pub struct Journal {
    book: Box<Book>,
}

impl Journal {
    /// Saves the objects, writes the intent (and its waivers) and syncs both. What comes back is proof of that.
    ///
    /// # Errors
    /// The approval is lost with any error; nothing may be sent.
    pub fn record<I: Intent>(&mut self, intent: I, saved: &Saved, now: Now) -> Result<Logged<I>, JournalError> {
        failpoint::pass(Point::J0);
        self.book.alive()?;
        if let Some(entry) = self.unfinished() {
            let step = entry.step.to_string();
            return Err(JournalError::Unfinished { step });
        }
        let target = &intent.act().target().key;
        // what is not there yet cannot be saved
        if !intent.act().creates() && !saved.holds(target) {
            return Err(JournalError::NotSaved { target: target.clone() });
        }
        let waivers = intent.waivers();
        let seq = self.book.head.seq + 1 + waivers.len() as u64;
        let step: Text = intent.step().into();
        let asked = Asked {
            act: intent.act().clone(),
            request: intent.request().to_owned(),
            approval: intent.digest(),
            cluster: intent.cluster().clone(),
            answers: intent.answers(),
            saved: saved.store(&self.book.dir, seq)?,
            waived: waivers.clone(),
        };
        let mut entries: Vec<Entry> = waivers
            .iter()
            .map(|waiver| {
                let mut entry = Entry::new(RecordKind::Waived, intent.operator(), json!(waiver));
                entry.step = step.clone();
                entry
            })
            .collect();
        entries.push(Entry::new(RecordKind::Intent, intent.operator(), json!(asked)).of_step(&step, seq));
        let size: usize = entries
            .iter()
            .map(|entry| entry.payload.to_string().len() * 2 + 1024)
            .sum();
        self.book.reserve(size as u64)?;
        self.book.write_records(&entries, now)?;
        failpoint::pass(Point::J1);
        self.book.sync()?;
        failpoint::pass(Point::J2);
        Ok(Logged::new(intent, Ticket { intent: seq, step }))
    }

    /// The act was judged again on what is, and may leave.
    pub fn cleared(&mut self, ticket: &Ticket, now: Now) -> Result<(), JournalError> {
        self.in_order(
            ticket,
            |stage| *stage == Stage::Intended,
            "it is not waiting for a clearance",
        )?;
        self.write(ticket, RecordKind::Cleared, Value::Null, now)?;
        failpoint::pass(Point::J3);
        Ok(())
    }

    /// The request is about to leave. Only after this may it.
    pub fn sent(&mut self, ticket: &Ticket, now: Now) -> Result<(), JournalError> {
        self.in_order(
            ticket,
            |stage| *stage == Stage::Cleared,
            "it is not cleared, or was sent before",
        )?;
        self.write(ticket, RecordKind::Sent, Value::Null, now)?;
        failpoint::pass(Point::J4);
        Ok(())
    }

    /// What became of the request. A step that was [`Outcome::Accepted`] may be closed again when its end is observed.
    /// After [`Outcome::InDoubt`] nothing can be recorded before [`Self::into_doubt`] is settled.
    pub fn close(&mut self, ticket: &Ticket, outcome: Outcome, now: Now) -> Result<(), JournalError> {
        failpoint::pass(Point::J5);
        let unsent = matches!(outcome, Outcome::NotApplied { .. });
        self.in_order(
            ticket,
            |stage| match stage {
                Stage::Sent | Stage::Ended(Outcome::Accepted { .. }) => true,
                Stage::Settled { ruling, .. } => *ruling == Ruling::Accepted,
                Stage::Intended | Stage::Cleared => unsent,
                Stage::Ended(_) | Stage::Voided { .. } => false,
            },
            "it has no request under way",
        )?;
        self.write(ticket, RecordKind::Outcome, json!(outcome.bounded()), now)?;
        failpoint::pass(Point::J6);
        Ok(())
    }

    /// The approval died before the request left; `changes` say what differs from what was approved.
    pub fn voided(&mut self, ticket: &Ticket, changes: &[String], now: Now) -> Result<(), JournalError> {
        self.in_order(
            ticket,
            |stage| matches!(stage, Stage::Intended | Stage::Cleared),
            "its request has left",
        )?;
        let changes: Vec<String> = changes
            .iter()
            .take(10)
            .map(|line| line.chars().take(160).collect())
            .collect();
        self.write(ticket, RecordKind::Voided, json!({ "changes": changes }), now)
    }

    /// A line for people: who joined, what was looked at.
    pub fn note(&mut self, text: &str, now: Now) -> Result<(), JournalError> {
        let entry = Entry::new(RecordKind::Note, &self.book.operator, json!({ "text": text }));
        self.book.append(&[entry], now).map(|_| ())
    }

    /// Something of a run of a runbook: how it was opened, or what came.
    ///
    /// # Errors
    /// When it does not follow on what the journal knows of that run, or the disk fails.
    pub fn run(&mut self, chapter: &Chapter, now: Now) -> Result<(), JournalError> {
        failpoint::pass_run(RunPoint::R0, chapter);
        // a record that makes no sense would be one that no later opening could read past
        if let Some(why) = self.book.runs.misfit(chapter) {
            let seq = self.book.head.seq + 1;
            return Err(JournalError::Unreadable { seq, why });
        }
        let mut entry = Entry::new(RecordKind::Run, &self.book.operator, json!(chapter));
        entry.step = chapter.run.as_str().into();
        self.book.append(&[entry], now)?;
        failpoint::pass_run(RunPoint::R1, chapter);
        Ok(())
    }

    /// Runs of runbooks, in the order they began.
    pub fn runs(&self) -> impl Iterator<Item = &Story> {
        self.book.runs.iter()
    }

    /// The API server's `Date`, noted in the records from here on.
    pub fn heard_server(&mut self, date: Timestamp) {
        self.book.server = Some(date);
    }

    /// The end of a run in order. The room that was kept for outcomes is given back.
    pub fn finish(mut self, now: Now) -> Result<Head, JournalError> {
        let closed = Entry::new(RecordKind::Closed, &self.book.operator, Value::Null);
        self.book.append(&[closed], now)?;
        self.book.trim()?;
        Ok(self.book.head.clone())
    }

    /// Turns back into a doubt when a step of this run is in doubt or was left unfinished.
    #[must_use]
    pub fn into_doubt(self, now: Now) -> Opened {
        Opened::of(self.book, now)
    }

    /// The chain's newest record: show it, and keep it outside.
    pub fn head(&self) -> &Head {
        &self.book.head
    }

    /// Every step, by the order of their intents.
    pub fn steps(&self) -> impl Iterator<Item = &StepEntry> {
        self.book.steps.iter()
    }

    /// The ticket of a step of this journal, to follow one that was accepted in an earlier run.
    pub fn ticket(&self, intent: u64) -> Option<Ticket> {
        self.book.steps.get(intent).map(|entry| Ticket {
            intent,
            step: entry.step.clone(),
        })
    }

    /// Why nothing can be written any more; `None` while the journal is well.
    pub fn read_only(&self) -> Option<&str> {
        self.book.poisoned.as_deref()
    }

    /// What was cut from the end of the file at this opening.
    pub fn torn(&self) -> Option<&Torn> {
        self.book.torn.as_ref()
    }

    pub fn path(&self) -> &Path {
        &self.book.path
    }

    fn unfinished(&self) -> Option<&StepEntry> {
        self.book.steps.iter().find(|entry| entry.stage.in_doubt())
    }

    fn in_order(
        &self,
        ticket: &Ticket,
        expected: impl Fn(&Stage) -> bool,
        why: &'static str,
    ) -> Result<(), JournalError> {
        let entry = self
            .book
            .steps
            .get(ticket.intent)
            .filter(|entry| entry.step == ticket.step);
        if entry.is_some_and(|entry| expected(&entry.stage)) {
            return Ok(());
        }
        Err(JournalError::OutOfOrder {
            step: ticket.step.to_string(),
            why,
        })
    }

    fn write(&mut self, ticket: &Ticket, kind: RecordKind, payload: Value, now: Now) -> Result<(), JournalError> {
        let entry = Entry::new(kind, &self.book.operator, payload).of_step(&ticket.step, ticket.intent);
        self.book.append(&[entry], now).map(|_| ())
    }
}
