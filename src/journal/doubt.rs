//! Steps whose end the journal does not know: nothing else may be recorded until every one is settled.

use super::book::{Book, Entry, actor_of};
use super::error::JournalError;
use super::judge::{DoubtfulStep, Ruling, Verdict};
use super::record::RecordKind;
use super::{Head, Journal};
use crate::model::{Act, Now};
use serde_json::json;

/// A journal that may not be used yet. Settle it by observing each of its [`steps`](Self::steps) and judging what was seen.
#[derive(Debug)]
pub struct Doubt {
    book: Box<Book>,
    steps: Vec<DoubtfulStep>,
}

/// What opening a journal gives.
#[derive(Debug)]
pub enum Opened {
    /// Every step's end is known.
    Settled(Journal),
    InDoubt(Doubt),
}

impl Opened {
    pub(super) fn of(book: Box<Book>, now: Now) -> Self {
        let steps: Vec<DoubtfulStep> = book
            .steps
            .iter()
            .filter(|entry| entry.stage.in_doubt())
            .map(|entry| DoubtfulStep {
                entry: entry.clone(),
                found: now.mono,
                helmless: None,
            })
            .collect();
        if steps.is_empty() {
            return Self::Settled(Journal { book });
        }
        Self::InDoubt(Doubt { book, steps })
    }
}

impl Doubt {
    /// The unfinished steps, oldest first.
    pub fn steps(&self) -> &[DoubtfulStep] {
        &self.steps
    }

    /// Of which steps no helm is at work any more, by `gone`: from the first time that was seen on, only what it had asked of the
    /// server last may still be carried out.
    pub fn without_helm(&mut self, now: Now, gone: impl Fn(&str) -> bool) {
        for step in &mut self.steps {
            if step.helmless.is_none() && matches!(step.entry.act, Act::Helm { .. }) && gone(&step.entry.step) {
                step.helmless = Some(now.mono);
            }
        }
    }

    /// Every step, by the order of their intents.
    pub fn all_steps(&self) -> impl Iterator<Item = &super::StepEntry> {
        self.book.steps.iter()
    }

    /// Runs of runbooks, in the order they began.
    pub fn runs(&self) -> impl Iterator<Item = &crate::runbook::chronicle::Story> {
        self.book.runs.iter()
    }

    pub fn head(&self) -> &Head {
        &self.book.head
    }

    /// What was cut from the end of the file at this opening.
    pub const fn torn(&self) -> Option<&super::Torn> {
        self.book.torn.as_ref()
    }

    /// Writes the verdicts down and gives the journal back.
    ///
    /// # Errors
    /// With the doubt itself, to go on observing, when a step has no verdict or one that settles nothing; none is
    /// written then. Or when the disk fails.
    pub fn settle(mut self, verdicts: &[Verdict], now: Now) -> Result<Journal, (Self, JournalError)> {
        let mut entries = Vec::new();
        let mut unsettled = Vec::new();
        for step in &self.steps {
            let verdict = verdicts.iter().find(|verdict| verdict.intent() == step.entry.intent);
            match verdict {
                Some(verdict) if *verdict.ruling() != Ruling::StillInDoubt => entries.push(self.settled(step, verdict)),
                Some(verdict) => unsettled.push(format!("{}: {}", step.entry.step, verdict.evidence())),
                None => unsettled.push(format!("{}: not looked at yet", step.entry.step)),
            }
        }
        if !unsettled.is_empty() {
            return Err((self, JournalError::StillInDoubt { steps: unsettled }));
        }
        match self.book.append(&entries, now) {
            Ok(_) => Ok(Journal { book: self.book }),
            Err(error) => Err((self, error)),
        }
    }

    fn settled(&self, step: &DoubtfulStep, verdict: &Verdict) -> Entry {
        let payload = json!({
            "ruling": verdict.ruling(),
            "evidence": verdict.evidence(),
            "stood": step.stood(),
        });
        let mut entry = Entry::new(RecordKind::Settled, &self.book.operator, payload);
        if let Some(person) = verdict.by() {
            entry.actor = actor_of(person);
        }
        entry.of_step(&step.entry.step, step.entry.intent)
    }
}
