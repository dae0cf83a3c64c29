//! Is the server still there? Idle watches say nothing for a minute; this asks in their place, and closes them all at
//! once when nobody answers (`reference/safety-and-performance.md` A3 rule 1, A5 faults 1 and 3).

use super::connect::Connection;
use super::pulse::{Alarm, Pulse};
use super::wire::{self, JSON, Question};
use crate::model::{Moment, Observation};
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Cheap questions, the best first; a server that does not know or allow one is asked the next from then on.
const PROBES: [&str; 3] = ["/readyz", "/livez", "/version"];

/// Beats three times in each `quiet` span while a watch is open: where a feed was heard just now it vouches for the
/// others, else one request does. Ends when nobody listens.
pub(super) async fn run(
    connection: Connection,
    pulses: Vec<Arc<Pulse>>,
    mut rhythm: watch::Receiver<Duration>,
    alarm: watch::Sender<Alarm>,
    sink: mpsc::Sender<Vec<Observation>>,
) {
    let mut heart = Heart {
        connection,
        pulses,
        probe: 0,
    };
    loop {
        let beat = *rhythm.borrow_and_update() / 3;
        tokio::select! {
            () = tokio::time::sleep(beat) => {}
            changed = rhythm.changed() => if changed.is_err() { return },
        }
        match heart.beat(beat).await {
            Ok(proofs) if proofs.is_empty() => {}
            Ok(proofs) => {
                if sink.send(proofs).await.is_err() {
                    return;
                }
            }
            Err(why) => {
                tracing::warn!(%why, "heartbeat unanswered");
                alarm.send_replace(Alarm { why: why.into() });
            }
        }
    }
}

struct Heart {
    connection: Connection,
    pulses: Vec<Arc<Pulse>>,
    /// Which of [`PROBES`] this server answers.
    probe: usize,
}

impl Heart {
    /// Proof of life for every open feed, dated when the proof was made; `Err` when there is none.
    async fn beat(&mut self, beat: Duration) -> Result<Vec<Observation>, String> {
        let Some(latest) = self.open().map(|pulse| pulse.heard()).max() else {
            return Ok(Vec::new());
        };
        let fresh = latest.age(self.connection.clock().moment()) <= beat / 2;
        let at = if fresh { latest } else { self.ask(beat).await? };
        Ok(self
            .open()
            .map(|pulse| Observation::Heard {
                feed: pulse.feed().clone(),
                at,
            })
            .collect())
    }

    fn open(&self) -> impl Iterator<Item = &Arc<Pulse>> {
        self.pulses.iter().filter(|pulse| pulse.is_open())
    }

    /// One request; returns when it was answered. Any answer is a sign of life but a server error: a server that cannot
    /// reach its store cannot tell us what changed.
    async fn ask(&mut self, deadline: Duration) -> Result<Moment, String> {
        loop {
            let path = PROBES.get(self.probe).copied().unwrap_or("/version");
            let clients = self.connection.clients();
            let question = Question::Get { path, accept: JSON };
            let answer = wire::ask(&clients.reading, question, deadline)
                .await
                .map_err(|trouble| format!("heartbeat: {}", trouble.words()))?;
            let unknown = matches!(
                answer.status,
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::NOT_ACCEPTABLE
            );
            if unknown && self.probe + 1 < PROBES.len() {
                self.probe += 1;
                continue;
            }
            if answer.status.is_server_error() {
                return Err(format!(
                    "heartbeat: the server answers {path} with {}",
                    answer.status.as_u16()
                ));
            }
            return Ok(self.connection.clock().moment());
        }
    }
}
