//! What was said on the command line, given to the checklist that stands there: only to the digest it was said for.

use super::{Attendant, Halt, PATIENCE, TICK};
use crate::app::{Event, Key};
use crate::forecast::Tier;
use crate::headless::{Exit, Question};
use crate::runbook::run::Due;
use std::time::Duration;

/// How long what is shown has to stand still before it is told or answered: longer than keys are thrown away.
const STEADY: Duration = Duration::from_millis(1_200);
/// Keys that are held longer than any panel asks.
const HOLDS: usize = 14;

/// Whether what is shown can be answered.
enum Ready {
    Now,
    NotYet,
    Never(Box<Halt>),
}

impl Attendant {
    /// A step that does nothing and asks a person.
    pub(super) async fn sign(&mut self) -> Option<Halt> {
        if self.decided() {
            return None;
        }
        let question = {
            let on = self.cockpit.state.runs().on()?;
            let step = on.run.step()?;
            Question::of_sign_off(&step.id, on.sign_off.as_ref()?)
        };
        let shown = question.digest.clone().unwrap_or_default();
        let steady = self.standing_for(format!("sign {shown}"));
        match self.ready(&question, steady, None) {
            Ready::Now => {}
            Ready::NotYet => return None,
            Ready::Never(halt) => return Some(*halt),
        }
        self.answers.approve = None;
        self.press(Key::Esc).await;
        self.press(Key::Char('R')).await;
        self.press(Key::Char('g')).await;
        for _ in 0..question.items.len() * 4 + 64 {
            let at = self.cockpit.state.run_item();
            if let Some(at) = at
                && question.items.get(at).is_some_and(|item| item.person)
                && self.attested(at)
            {
                self.press(Key::Char(' ')).await;
            }
            self.press(Key::Char('j')).await;
        }
        if let Some(text) = self.answers.typed.take() {
            self.press(Key::Char('t')).await;
            self.type_in(&text).await;
            self.press(Key::Enter).await;
        }
        self.press(Key::Ctrl('y')).await;
        let signed = !matches!(self.cockpit.state.runs().on()?.standing.due, Due::Sign);
        if signed {
            return None;
        }
        Some(self.lacking(question))
    }

    /// Says once that the item at this place is attested.
    fn attested(&mut self, at: usize) -> bool {
        let before = self.answers.attest.len();
        self.answers.attest.retain(|number| *number != at + 1);
        self.answers.attest.len() < before
    }

    /// The panel in front of an act.
    pub(super) async fn gate(&mut self) -> Option<Halt> {
        if self.answers.decide.is_some() {
            self.press(Key::Esc).await;
            self.decided();
            return None;
        }
        let (question, tier) = {
            let state = &self.cockpit.state;
            let step = state.runs().on()?.run.step()?.id.clone();
            let panel = state.panel()?;
            (Question::of_panel(&step, panel), panel.tier())
        };
        let shown = question
            .digest
            .clone()
            .unwrap_or_else(|| question.request.clone().unwrap_or_default());
        let steady = self.standing_for(format!("gate {shown}"));
        match self.ready(&question, steady, Some(tier)) {
            Ready::Now => {}
            Ready::NotYet => return None,
            Ready::Never(halt) => return Some(*halt),
        }
        self.answers.approve = None;
        let items = question.items.len();
        for _ in 0..items {
            self.press(Key::Up).await;
        }
        for at in 0..items {
            if question.items.get(at).is_some_and(|item| item.person) && self.attested(at) {
                self.press(Key::Char(' ')).await;
            }
            self.press(Key::Down).await;
        }
        for text in [self.answers.typed.take(), self.answers.fact.take()]
            .into_iter()
            .flatten()
        {
            self.type_in(&text).await;
        }
        if tier == Tier::T1 {
            // the key is held on the first item, which is sensed
            for _ in 0..items {
                self.press(Key::Up).await;
            }
            for _ in 0..HOLDS {
                if !self.cockpit.state.at_gate() {
                    return None;
                }
                self.press(Key::Char(' ')).await;
                self.live(TICK).await;
            }
        }
        if self.cockpit.state.at_gate() {
            self.press(Key::Ctrl('y')).await;
        }
        if self.cockpit.state.at_gate() {
            return Some(self.lacking(question));
        }
        None
    }

    /// A decision that was said before anything was asked.
    fn decided(&mut self) -> bool {
        let Some((said, word)) = self.answers.decide.take() else {
            return false;
        };
        self.cockpit.take(Event::RunSaid { said, word });
        self.stands = None;
        true
    }

    /// Whether what is shown can be answered with what was said.
    fn ready(&self, question: &Question, steady: Duration, tier: Option<Tier>) -> Ready {
        if steady < STEADY || (!question.shut.is_empty() && steady < PATIENCE / 4) {
            return Ready::NotYet;
        }
        let halt = |exit: Exit, told: String| {
            Ready::Never(Box::new(Halt {
                exit,
                told,
                asked: Some(question.clone()),
            }))
        };
        let Some(shown) = &question.digest else {
            let why = question.request.clone().unwrap_or_default();
            let shut = question.shut.iter().map(|why| format!("; {why}"));
            let told = format!("the act cannot be performed: {why}{}", shut.collect::<String>());
            return halt(Exit::Findings, told);
        };
        if !question.shut.is_empty() {
            return halt(
                Exit::Findings,
                format!("the gate is shut: {}", question.shut.join("; ")),
            );
        }
        if tier.is_some_and(|tier| tier >= Tier::T3) {
            return halt(
                Exit::Person,
                "this act is T3 and needs a second person: take the run up in the cockpit (pilothouse run --resume)"
                    .to_owned(),
            );
        }
        match &self.answers.approve {
            Some(digest) if digest == shown => Ready::Now,
            Some(_) => halt(
                Exit::Person,
                "the approval is for something else than is shown now: nothing was sent. Look again".to_owned(),
            ),
            None => halt(
                Exit::Person,
                format!(
                    "a person is needed: --resume --approve {shown} --by NAME --reason WHY, and what has to be answered"
                ),
            ),
        }
    }

    fn lacking(&self, question: Question) -> Halt {
        let state = &self.cockpit.state;
        let now = self.clock.now();
        let sign_off = state.runs().on().and_then(|on| on.sign_off.as_ref());
        let closed = match (state.panel(), sign_off) {
            (Some(panel), _) => panel.closed(now),
            (None, Some(sign_off)) => sign_off.closed(now),
            (None, None) => Vec::new(),
        };
        let flash = state.flash().map(|(sentence, _)| sentence.to_owned());
        let why = if closed.is_empty() {
            flash.unwrap_or_default()
        } else {
            closed.join("; ")
        };
        Halt {
            exit: Exit::Person,
            told: format!("the approval lacks something, nothing was sent: {why}"),
            asked: Some(question),
        }
    }
}
