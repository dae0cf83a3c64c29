//! A run with nobody at the keys: the same cockpit without a terminal, whose panel is answered with what was said on the
//! command line. It presses the keys that an operator would press, and can do nothing that they cannot.
//!
//! **Invariant.** An answer is given only to the very digest it was said for: to what is shown, and nothing else.

mod answer;

use super::cockpit::Cockpit;
use super::failure::Failure;
use super::session::Session;
use crate::app::run::Said;
use crate::app::{Event, JournalState, Key};
use crate::cluster::Clock;
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
/// A panel that was asked for so often does not open.
const PRESSES: usize = 4;
/// Between two keys: faster ones are taken for a paste.
const FINGER: Duration = Duration::from_millis(12);

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
    let mut cockpit = Cockpit::open(&session, SIZE).await?;
    cockpit.state.unattended();
    let clock = cockpit.clock().clone();
    let mut attendant = Attendant {
        cockpit,
        until: Instant::now() + answers.deadline,
        answers,
        clock,
        stands: None,
        presses: 0,
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
    /// How often a panel was asked for that has not opened.
    presses: usize,
}

impl Attendant {
    async fn attend(&mut self) -> Halt {
        loop {
            self.live(TICK).await;
            if let Some(halt) = self.meet().await {
                return halt;
            }
            if Instant::now() >= self.until {
                let on = self.cockpit.state.runs().on();
                let said = on.and_then(|on| on.said.as_ref().or(on.standing.soak.as_ref()));
                let said = said.map_or_else(String::new, |said| format!(" (it stood at: {said})"));
                return Halt::new(
                    Exit::Unknown,
                    format!(
                        "the deadline of this call is over{said}; the run stands in the journal: take it up with --resume"
                    ),
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
            Due::Begin(_) | Due::Act(_) if open => {
                self.presses = 0;
                self.gate().await
            }
            // its own deadlines end that
            Due::Begin(_) | Due::Act(_) if state.preparing() => None,
            Due::Begin(_) | Due::Act(_) => {
                self.presses += 1;
                if self.presses > PRESSES {
                    let told = state
                        .flash()
                        .map_or("its panel does not open", |(sentence, _)| sentence);
                    return Some(Halt::new(Exit::Findings, told));
                }
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
