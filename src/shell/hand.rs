//! The one hand that writes: it owns the journal and takes one step at a time through record, fresh read, clearance,
//! request and outcome. Nothing here decides whether an act may be done; `gate::clear` does.

mod doubts;
mod saving;
mod task;

use super::cockpit::yaml;
use super::helm::{self, Errand};
use super::raft::Asker;
use super::session::JournalHome;
use crate::app::{Answer, Ending, Event, JournalState, StepNumber, StepProgress};
use crate::cluster::lifeline::Lifeline;
use crate::cluster::{Connection, read, write};
use crate::forecast::forecast;
use crate::gate::{self, Approved, Fresh};
use crate::journal::{self, Doubt, Intent as _, Journal, Logged, Opened, Saved, StepEntry, Ticket};
use crate::laws::Conditions;
use crate::model::feed::PROMISE;
use crate::model::{Act, Key, Text, World};
use crate::runbook::chronicle::Chapter;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, block_in_place};

/// How long the request itself may take before its outcome is in doubt.
const REQUEST: Duration = Duration::from_secs(20);

/// How often a step in doubt is looked at again: a request that nobody waits for may still be carried out.
const LOOK_AGAIN: Duration = Duration::from_secs(5);

/// What the cockpit asks of the hand.
#[derive(Debug)]
pub(super) enum Order {
    /// `world` is what the cockpit saw; the target and what its items rest on are read afresh before anything is sent.
    Commit {
        number: StepNumber,
        approved: Box<Approved>,
        world: Box<World>,
        conditions: Conditions,
    },
    Ended {
        number: StepNumber,
        ending: Ending,
    },
    /// A record of a run: on disk before the next order is looked at.
    Keep(Box<Chapter>),
    ObserveDoubts,
    SettleDoubt {
        step: Text,
        answer: Answer,
    },
}

/// Where the journal is.
#[derive(Debug)]
enum Desk {
    /// Observing: no journal, no writes.
    None,
    Open(Journal),
    InDoubt(Doubt),
}

#[derive(Debug)]
pub(super) struct Hand {
    connection: Connection,
    asker: Asker,
    events: mpsc::Sender<Event>,
    desk: Desk,
    /// Where the cluster's journal is.
    directory: PathBuf,
    tickets: BTreeMap<StepNumber, Ticket>,
    /// Steps that were accepted and whose end is still to be observed.
    accepted: BTreeSet<StepNumber>,
    /// Records of runs that came while a step was in doubt: nothing is recorded before that is settled.
    waiting: Vec<Chapter>,
}

impl Hand {
    /// Starts the hand. It opens the journal first and says what it found there.
    pub(super) fn start(
        connection: Connection,
        asker: Asker,
        home: Option<JournalHome>,
        events: mpsc::Sender<Event>,
    ) -> (mpsc::UnboundedSender<Order>, JoinHandle<()>) {
        // orders come from keys, and from a run as many as it has steps: none of them may be lost
        let (orders, mut inbox) = mpsc::unbounded_channel();
        let task = tokio::spawn(async move {
            let mut hand = Self {
                connection,
                asker,
                events,
                desk: Desk::None,
                directory: PathBuf::new(),
                tickets: BTreeMap::new(),
                accepted: BTreeSet::new(),
                waiting: Vec::new(),
            };
            if let Some(home) = home {
                hand.open(&home).await;
            }
            loop {
                let doubtful = matches!(hand.desk, Desk::InDoubt(_));
                tokio::select! {
                    order = inbox.recv() => match order {
                        Some(order) => hand.carry_out(order).await,
                        None => break,
                    },
                    () = tokio::time::sleep(LOOK_AGAIN), if doubtful => hand.settle(&[]).await,
                }
            }
            hand.finish();
        });
        (orders, task)
    }

    async fn carry_out(&mut self, order: Order) {
        match order {
            Order::Commit {
                number,
                approved,
                world,
                conditions,
            } => {
                let progress = self.commit(number, *approved, *world, &conditions).await;
                self.report(number, progress).await;
                self.doubt_what_is_unfinished().await;
            }
            Order::Ended { number, ending } => self.ended(number, &ending),
            Order::Keep(chapter) => self.keep(*chapter).await,
            Order::ObserveDoubts => self.settle(&[]).await,
            Order::SettleDoubt { step, answer } => self.settle(&[(step, answer)]).await,
        }
    }

    async fn tell(&self, event: Event) {
        if self.events.send(event).await.is_err() {
            tracing::debug!("the cockpit is closed");
        }
    }

    async fn report(&self, number: StepNumber, progress: StepProgress) {
        self.tell(Event::Step { number, progress }).await;
    }

    async fn open(&mut self, home: &JournalHome) {
        let identity = self.connection.identity();
        if identity.kube_system.is_empty() || identity.user.is_empty() {
            let why =
                "the server does not say which cluster it is or who we are, so nothing may be written to it".to_owned();
            self.tell(Event::Journal(JournalState::ReadOnly { why })).await;
            return;
        }
        self.directory = home.0.join(identity.kube_system.to_string());
        let now = self.connection.clock().now();
        match block_in_place(|| journal::open(&self.directory, self.connection.operator(), now)) {
            Ok(Opened::Settled(journal)) => {
                self.desk = Desk::Open(journal);
                self.tell_runs().await;
                self.tell(Event::Journal(JournalState::Ready)).await;
            }
            Ok(Opened::InDoubt(doubt)) => {
                self.desk = Desk::InDoubt(doubt);
                self.tell_runs().await;
                self.tell(Event::Journal(JournalState::InDoubt)).await;
                self.settle(&[]).await;
            }
            Err(error) => {
                self.tell(Event::Journal(JournalState::ReadOnly { why: error.to_string() }))
                    .await;
            }
        }
    }

    /// Takes an approved act all the way. What comes back is its last leg.
    async fn commit(
        &mut self,
        number: StepNumber,
        approved: Approved,
        world: World,
        conditions: &Conditions,
    ) -> StepProgress {
        let failed = |why: String| StepProgress::Failed { why };
        let mut saved = Saved::new();
        for key in saving::worth(&approved) {
            saved = match yaml(&self.connection, &key).await {
                Ok(yaml) => saved.with(key, yaml),
                Err(why) => {
                    return failed(format!("{key} could not be saved first, so nothing was sent: {why}"));
                }
            };
        }
        let now = self.connection.clock().now();
        let Desk::Open(journal) = &mut self.desk else {
            return failed("the journal is not open, so nothing was sent".to_owned());
        };
        let logged = match block_in_place(|| journal.record(approved, &saved, now)) {
            Ok(logged) => logged,
            Err(error) => return failed(error.to_string()),
        };
        let ticket = logged.ticket();
        self.tickets.insert(number, ticket.clone());
        self.report(number, StepProgress::Recorded).await;
        match self.clear_and_send(number, logged, world, conditions).await {
            Ok(progress) => progress,
            Err(why) => self
                .void(&ticket, std::slice::from_ref(&why))
                .map_or_else(|| failed(why), failed),
        }
    }

    /// From a logged approval to an outcome. An error means that nothing was sent.
    async fn clear_and_send(
        &mut self,
        number: StepNumber,
        logged: Logged<Approved>,
        mut world: World,
        conditions: &Conditions,
    ) -> Result<StepProgress, String> {
        let mut conditions = conditions.clone();
        let ticket = logged.ticket();
        let act = logged.intent().act().clone();
        let rests_on: Vec<Key> = logged.intent().pins().iter().map(|pin| pin.key.clone()).collect();
        let read::Reading { objects, cluster, .. } = read::fresh(&self.connection, &act, &rests_on, read::DEADLINE)
            .await
            .map_err(|error| format!("what is could not be read afresh: {error}"))?;
        for (key, object) in &objects {
            match object {
                Some(object) => world.put(object.clone()),
                None => drop(world.take(key)),
            }
        }
        let errand = helm::rehearse(&self.connection, &act, &world, &mut conditions).await?;
        if !conditions.raft.is_empty() {
            // the quorum is judged on what the peers say now
            let clock = self.connection.clock();
            self.asker
                .inform(&self.connection, clock, &world, &act, &mut conditions)
                .await;
        }
        if let Some(Errand { rehearsal, .. }) = &errand
            && !rehearsal.strays.is_empty()
        {
            let mut changes = vec!["what helm renders is not what was shown".to_owned()];
            changes.extend(rehearsal.strays.iter().cloned());
            return Ok(match self.void(&ticket, &changes) {
                None => StepProgress::Voided { changes },
                Some(why) => StepProgress::Failed { why },
            });
        }
        let now = self.connection.clock().now();
        let fresh = Fresh {
            objects,
            cluster,
            forecast: forecast(&world, &act, &conditions, now, PROMISE),
        };
        let clearance = match gate::clear(logged, &fresh, now) {
            Ok(clearance) => clearance,
            Err(voided) => {
                let changes = voided.changes;
                return Ok(match self.void(&ticket, &changes) {
                    None => StepProgress::Voided { changes },
                    Some(why) => StepProgress::Failed { why },
                });
            }
        };
        let lifeline = match &errand {
            Some(_) => Some(block_in_place(|| Lifeline::hold(&self.directory, ticket.step()))?),
            None => None,
        };
        self.write(|journal, now| journal.cleared(&ticket, now))?;
        self.report(number, StepProgress::Cleared).await;
        self.write(|journal, now| journal.sent(&ticket, now))?;
        self.report(number, StepProgress::Sent).await;
        let outcome = match errand.as_ref().zip(lifeline.as_ref()) {
            Some((errand, lifeline)) => {
                let told = (number, &self.events);
                let (outcome, said) = errand.perform(clearance, &self.connection, lifeline, told).await;
                self.quote(&ticket, "helm said", &said);
                outcome
            }
            None if matches!(act, Act::Task { .. }) => {
                let way = self.asker.way(&act).await;
                let (outcome, said) =
                    task::perform(clearance, &self.connection, number, &self.events, way.as_ref()).await;
                self.quote(&ticket, "how it went", &said);
                outcome
            }
            None => write::perform(clearance, &self.connection, REQUEST).await,
        };
        if matches!(outcome, journal::Outcome::Accepted { .. }) {
            self.accepted.insert(number);
        }
        let closing = outcome.clone();
        if let Err(why) = self.write(|journal, now| journal.close(&ticket, closing, now)) {
            self.tell(Event::Journal(JournalState::ReadOnly { why })).await;
        }
        Ok(StepProgress::Answered(outcome))
    }

    /// What helm said, or how a task went, is for the record, before the outcome that may shut the journal.
    fn quote(&mut self, ticket: &Ticket, lead: &str, said: &[String]) {
        if said.is_empty() {
            return;
        }
        let text = format!("{}: {lead}:\n{}", ticket.step(), said.join("\n"));
        if let Err(why) = self.write(|journal, now| journal.note(&text, now)) {
            tracing::warn!(%why, lead, "it could not be noted");
        }
    }

    /// Writes a record of a run; while a step is in doubt it waits.
    async fn keep(&mut self, chapter: Chapter) {
        if matches!(self.desk, Desk::InDoubt(_)) {
            self.waiting.push(chapter);
            return;
        }
        if let Err(why) = self.write(|journal, now| journal.run(&chapter, now)) {
            self.tell(Event::Journal(JournalState::ReadOnly { why })).await;
        }
    }

    /// Tells which runs the journal holds, and what became of approved acts.
    async fn tell_runs(&self) {
        let acts = |entries: &mut dyn Iterator<Item = &StepEntry>| {
            let stages = entries.map(|entry| (entry.approval.clone(), entry.stage.clone()));
            stages.collect::<BTreeMap<_, _>>()
        };
        let (stories, acts) = match &self.desk {
            Desk::None => return,
            Desk::Open(journal) => (journal.runs().cloned().collect(), acts(&mut journal.steps())),
            Desk::InDoubt(doubt) => (doubt.runs().cloned().collect(), acts(&mut doubt.all_steps())),
        };
        self.tell(Event::Runs { stories, acts }).await;
    }

    /// Writes a record. An error means that the journal cannot be written any more.
    fn write(
        &mut self,
        record: impl FnOnce(&mut Journal, crate::model::Now) -> Result<(), journal::JournalError>,
    ) -> Result<(), String> {
        let now = self.connection.clock().now();
        match &mut self.desk {
            Desk::Open(journal) => block_in_place(|| record(journal, now)).map_err(|error| error.to_string()),
            Desk::None | Desk::InDoubt(_) => Err("the journal is not open".to_owned()),
        }
    }

    /// Records that an approval died. Returns why, when even that could not be recorded.
    fn void(&mut self, ticket: &Ticket, changes: &[String]) -> Option<String> {
        self.write(|journal, now| journal.voided(ticket, changes, now)).err()
    }

    /// The post-condition of an accepted step was observed, or its deadline passed.
    fn ended(&mut self, number: StepNumber, ending: &Ending) {
        let Some(ticket) = self.tickets.get(&number).cloned() else {
            return;
        };
        let written = match ending {
            Ending::Observed { what } if self.accepted.remove(&number) => {
                let outcome = journal::Outcome::Done {
                    evidence: format!("observed: {what}"),
                };
                self.write(|journal, now| journal.close(&ticket, outcome, now))
            }
            Ending::Observed { what } => {
                let line = format!("{}: observed: {what}", ticket.step());
                self.write(|journal, now| journal.note(&line, now))
            }
            Ending::TimedOut { .. } | Ending::Otherwise { .. } => {
                let line = format!("{}: {}", ticket.step(), ending.sentence());
                self.write(|journal, now| journal.note(&line, now))
            }
            // the hand itself said so, and wrote it down when it did
            Ending::Voided { .. } | Ending::NotDone { .. } | Ending::InDoubt { .. } => Ok(()),
        };
        if let Err(why) = written {
            tracing::warn!(%why, "the end of a step could not be noted");
        }
    }

    fn finish(self) {
        let now = self.connection.clock().now();
        if let Desk::Open(journal) = self.desk
            && let Err(error) = block_in_place(|| journal.finish(now))
        {
            tracing::warn!(%error, "the journal could not be closed in order");
        }
    }
}
