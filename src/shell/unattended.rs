//! A run with nobody at the keys: the same cockpit without a terminal, whose panel is answered with what was said on the
//! command line. It presses the keys that an operator would press, and can do nothing that they cannot.
//!
//! **Invariant.** An answer is given only to the very digest it was said for: to what is shown, and nothing else.

use super::cockpit::Cockpit;
use super::failure::Failure;
use super::session::Session;
use crate::app::run::Said;
use crate::app::{Event, JournalState, Key};
use crate::cluster::Clock;
use crate::forecast::Tier;
use crate::headless::{self, Exit, Question, RunReport};
use crate::runbook::progress::Word;
use crate::runbook::run::Due;
use std::time::Duration;
use tokio::time::Instant;

/// A screen on which every panel is seen whole.
const SIZE: (u16, u16) = (400, 400);
/// How often time passes.
const TICK: Duration = Duration::from_millis(100);
/// How long facts may be missing, or a condition may not hold, before the run is left there.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long what is shown has to stand still before it is told or answered: longer than keys are thrown away.
const STEADY: Duration = Duration::from_millis(1_200);
/// Between two keys: faster ones are taken for a paste.
const FINGER: Duration = Duration::from_millis(12);
/// Keys that are held longer than any panel asks.
const HOLDS: usize = 14;

/// What was said on the command line.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// The digest of what was shown.
    pub approve: Option<String>,
    /// Numbers of the items that are attested, from 1.
    pub attest: Vec<usize>,
    /// The text that the runbook asks for.
    pub typed: Option<String>,
    /// The fact that the panel asks for.
    pub fact: Option<String>,
    /// What is to be done about a run that has stopped.
    pub decide: Option<(Said, Word)>,
    /// How long it may take in all.
    pub deadline: Duration,
}

/// How it ended: the exit code, a sentence, what is asked.
struct Halt {
    exit: Exit,
    told: String,
    asked: Option<Question>,
}

/// Whether what is shown can be answered.
enum Ready {
    Now,
    NotYet,
    Never(Box<Halt>),
}

impl Halt {
    fn new(exit: Exit, told: impl Into<String>) -> Self {
        Self {
            exit,
            told: told.into(),
            asked: None,
        }
    }
}

/// Runs until the run is over, or something is needed that was not said.
///
/// # Errors
/// When the cluster cannot be reached.
pub async fn attend(session: Session, answers: Answers) -> Result<(RunReport, Exit), Failure> {
    let cockpit = Cockpit::open(&session, SIZE).await?;
    let clock = cockpit.clock().clone();
    let mut attendant = Attendant {
        cockpit,
        until: Instant::now() + answers.deadline,
        answers,
        clock,
        stands: None,
    };
    let halt = attendant.attend().await;
    let Attendant { cockpit, clock, .. } = attendant;
    let on = cockpit.state.runs().on().map(|on| &on.run);
    let report = headless::run(on, cockpit.identity(), clock.now(), halt.exit, halt.told, halt.asked);
    cockpit.close().await;
    Ok((report, halt.exit))
}

struct Attendant {
    cockpit: Cockpit,
    until: Instant,
    answers: Answers,
    clock: Clock,
    /// What was met last, and since when it stands so.
    stands: Option<(String, Instant)>,
}

impl Attendant {
    async fn attend(&mut self) -> Halt {
        loop {
            self.live(TICK).await;
            if let Some(halt) = self.meet().await {
                return halt;
            }
            if Instant::now() >= self.until {
                return Halt::new(
                    Exit::Unknown,
                    "the deadline of this call is over; the run stands in the journal: take it up with --resume",
                );
            }
        }
    }

    /// Lets the cockpit live for so long.
    async fn live(&mut self, span: Duration) {
        let end = Instant::now() + span;
        while let Ok(event) = tokio::time::timeout_at(end, self.cockpit.next()).await {
            self.cockpit.take(event);
        }
        let now = self.clock.now();
        self.cockpit.take(Event::Tick(now));
    }

    /// How long the same has been met.
    fn standing_for(&mut self, what: String) -> Duration {
        match &self.stands {
            Some((held, since)) if *held == what => since.elapsed(),
            _ => {
                self.stands = Some((what, Instant::now()));
                Duration::ZERO
            }
        }
    }

    /// Looks what is due. Says how it ends when it does.
    async fn meet(&mut self) -> Option<Halt> {
        let state = &self.cockpit.state;
        if let JournalState::ReadOnly { why } = state.journal() {
            return Some(Halt::new(
                Exit::Unknown,
                format!("the journal cannot be written: {why}"),
            ));
        }
        let Some(on) = state.runs().on() else {
            return self.unbegun();
        };
        let due = on.standing.due.clone();
        let open = state.at_gate();
        if *state.journal() == JournalState::InDoubt {
            // a request that nobody waits for may be carried out for a minute; then it can be told
            self.stands = None;
            return None;
        }
        match due {
            Due::Over => {
                let whole = on.run.progress.complete();
                let told = on.run.ending();
                let clean = whole && told == "complete";
                Some(Halt::new(
                    if clean { Exit::Clean } else { Exit::Findings },
                    format!("the run is over: {told}"),
                ))
            }
            Due::Come(_) | Due::UnderWay(_) | Due::Wait => {
                self.stands = None;
                None
            }
            Due::Unknown(why) => self.missing(Exit::Unknown, format!("not known: {why}")),
            Due::Blocked(why) => self.missing(Exit::Findings, format!("blocked: {why}")),
            Due::Decide(seen) => self.decide(&seen),
            Due::Sign => self.sign().await,
            Due::Begin(_) | Due::Act(_) if open => self.gate().await,
            Due::Begin(_) | Due::Act(_) => {
                // whatever stands in front of the run's screen is left first
                self.press(Key::Esc).await;
                self.press(Key::Char('R')).await;
                self.press(Key::Char('a')).await;
                None
            }
        }
    }

    /// No run is on.
    fn unbegun(&mut self) -> Option<Halt> {
        let state = &self.cockpit.state;
        if state.runs().ordered() {
            return self.missing(
                Exit::Unknown,
                "the journal is not open, or a step in it is in doubt".to_owned(),
            );
        }
        let told = state
            .flash()
            .map_or("no run has begun", |(sentence, _)| sentence)
            .to_owned();
        self.missing(Exit::Findings, told)
    }

    /// The same has been missing for longer than patience lasts.
    fn missing(&mut self, exit: Exit, told: String) -> Option<Halt> {
        let patience = if exit == Exit::Unknown {
            PATIENCE * 4
        } else {
            PATIENCE / 4
        };
        (self.standing_for(told.clone()) > patience).then(|| Halt::new(exit, told))
    }

    fn decide(&mut self, seen: &str) -> Option<Halt> {
        match self.answers.decide.take() {
            Some((said, word)) => {
                self.cockpit.take(Event::RunSaid { said, word });
                None
            }
            None => Some(Halt::new(
                Exit::Findings,
                format!(
                    "stopped: {seen}; say what is to be done: --decide again|skip|waive|turn-back|abort --by NAME --reason WHY"
                ),
            )),
        }
    }

    /// A step that does nothing and asks a person.
    async fn sign(&mut self) -> Option<Halt> {
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
    async fn gate(&mut self) -> Option<Halt> {
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
            return halt(Exit::Findings, format!("the act cannot be performed: {why}"));
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

    async fn type_in(&mut self, text: &str) {
        for letter in text.chars().filter(|letter| !letter.is_whitespace()) {
            self.press(Key::Char(letter)).await;
        }
    }

    /// One key, as a finger presses it.
    async fn press(&mut self, key: Key) {
        self.live(FINGER).await;
        let at = self.clock.now();
        self.cockpit.take(Event::Key { key, at });
    }
}
