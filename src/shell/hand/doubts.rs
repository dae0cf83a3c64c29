//! Steps whose end nobody knows: looked at, told, settled by an observation or by a person's word. Until then the journal takes no
//! others.

use super::{Desk, Hand};
use crate::app::{Answer, Doubtful, Event, JournalState};
use crate::cluster::lifeline::{self, Life};
use crate::cluster::{ClusterError, helm as cluster_helm, read, write};
use crate::journal::{self, Observed, Opened, Ruling, Verdict};
use crate::model::{Act, Object, Text};
use tokio::task::block_in_place;

impl Hand {
    /// A step whose request may or may not have been carried out closes the journal for others until it is settled.
    pub(super) async fn doubt_what_is_unfinished(&mut self) {
        let now = self.connection.clock().now();
        self.desk = match std::mem::replace(&mut self.desk, Desk::None) {
            Desk::Open(journal) => match journal.into_doubt(now) {
                Opened::Settled(journal) => Desk::Open(journal),
                Opened::InDoubt(doubt) => Desk::InDoubt(doubt),
            },
            other => other,
        };
        if matches!(self.desk, Desk::InDoubt(_)) {
            self.tell(Event::Journal(JournalState::InDoubt)).await;
            self.settle(&[]).await;
        }
    }

    /// Observes every doubtful step afresh, takes a person's word where one was given, and settles if all are told.
    pub(super) async fn settle(&mut self, words: &[(Text, Answer)]) {
        let Desk::InDoubt(mut doubt) = std::mem::replace(&mut self.desk, Desk::None) else {
            return;
        };
        let now = self.connection.clock().now();
        block_in_place(|| doubt.without_helm(now, |step| lifeline::left(&self.directory, step) == Life::Gone));
        let mut verdicts = Vec::new();
        let mut told = Vec::new();
        for step in doubt.steps() {
            let word = words
                .iter()
                .find(|(name, _)| *name == step.entry().step)
                .map(|(_, answer)| *answer);
            let mark = write::task_mark(step.entry().intent, &step.entry().step);
            let observed = self.look(step.act(), &mark).await;
            let now = self.connection.clock().now();
            let judged = journal::judge(step, &observed, now);
            let verdict = match word {
                Some(answer) if *judged.ruling() == Ruling::StillInDoubt => {
                    let ruling = match answer {
                        Answer::Done => Ruling::Done,
                        Answer::NotApplied => Ruling::NotApplied,
                    };
                    Verdict::by_person(step, ruling, self.connection.operator(), judged.evidence())
                }
                Some(_) | None => judged,
            };
            told.push(Doubtful {
                step: step.entry().step.clone(),
                act: step.act().to_string(),
                verdict: verdict.ruling().word().to_owned(),
                evidence: vec![step.stood().to_owned(), verdict.evidence().to_owned()],
                asks: *verdict.ruling() == Ruling::StillInDoubt,
                settled: *verdict.ruling() != Ruling::StillInDoubt,
            });
            verdicts.push(verdict);
        }
        let now = self.connection.clock().now();
        match block_in_place(|| doubt.settle(&verdicts, now)) {
            Ok(journal) => {
                self.desk = Desk::Open(journal);
                self.tell(Event::Doubts(told)).await;
                for chapter in std::mem::take(&mut self.waiting) {
                    self.keep(chapter).await;
                }
                self.tell_runs().await;
                self.tell(Event::Journal(JournalState::Ready)).await;
            }
            Err((doubt, error)) => {
                tracing::warn!(%error, "steps are still in doubt");
                self.desk = Desk::InDoubt(doubt);
                self.tell(Event::Doubts(told)).await;
            }
        }
    }

    async fn look(&self, act: &Act, mark: &str) -> Observed {
        let key = &act.target().key;
        if let Act::Task { target, task } = act {
            let way = self.asker.way(act).await;
            return match Box::pin(write::task_standing(&self.connection, target, task, mark, way.as_ref())).await {
                Ok(after) => Observed::Task { after },
                Err(why) => Observed::Unreachable { why },
            };
        }
        if let Act::Helm { release, .. } = act {
            return match cluster_helm::standing(&self.connection, release).await {
                Ok(records) => Observed::Release { records },
                Err(error) => Observed::Unreachable { why: error.to_string() },
            };
        }
        match read::object_json(&self.connection, key).await {
            Ok(value) => match Object::from_value(key.kind, &value) {
                Ok(object) => Observed::of(act, Some(&object)),
                Err(error) => Observed::Unreachable {
                    why: format!("{key} cannot be read: {error}"),
                },
            },
            Err(ClusterError::NotFound { .. }) => Observed::of(act, None),
            Err(error) => Observed::Unreachable { why: error.to_string() },
        }
    }
}
