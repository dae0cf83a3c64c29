//! The command in the pod: begun once, looked at until it has ended.

use super::super::far::Wrong;
use super::super::look::{Stand, read};
use super::super::{pause, size};
use super::{Cut, Work};
use crate::cluster::exec::{Exit, Trouble};
use crate::cluster::process::Mask;
use crate::model::act::task::far;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often it is looked at, at most.
const OFTEN: Duration = Duration::from_millis(200);
/// And at least.
const SELDOM: Duration = Duration::from_secs(2);
/// A command that is neither running nor ended is lost when it was seen so that often.
const LOST: u32 = 4;

impl Work<'_> {
    /// Begins the command. A container that was just started anew may not be there yet.
    pub(super) async fn begin(&mut self, again: bool) -> Result<(), Cut> {
        let command: Vec<String> = self.manifest.command.clone();
        let directory = self.manifest.directory.clone();
        let arguments: Vec<&str> = [directory.as_str()]
            .into_iter()
            .chain(command.iter().map(String::as_str))
            .collect();
        let since = Instant::now();
        let mut tries = 0;
        loop {
            let begun = self.far.once(far::BEGIN, &arguments).await;
            let Err(wrong) = begun else {
                return Ok(());
            };
            let passing = match &wrong {
                Wrong::Trouble(Trouble::NotSent(_)) => true,
                Wrong::Trouble(Trouble::Refused(_)) => again,
                // it may have begun: looking tells
                Wrong::Trouble(trouble) if trouble.passing() => return self.perhaps().await,
                Wrong::Trouble(_) | Wrong::Said(..) | Wrong::Garbled(_) | Wrong::PodGone(_) | Wrong::Restarted(_) => {
                    false
                }
            };
            if !passing || since.elapsed() >= self.far.quiet {
                return Err(Cut::Ended(format!("the command could not be begun: {wrong}")));
            }
            sleep(pause(tries)).await;
            tries += 1;
        }
    }

    /// The answer to the beginning was lost.
    async fn perhaps(&mut self) -> Result<(), Cut> {
        match self.far.ask(far::LOOK, &[&self.manifest.directory]).await {
            Ok(_) => Ok(()),
            Err(Wrong::Said(Exit(far::MISSING), _)) => {
                Err(Cut::Anew("the connection was cut before the command began".to_owned()))
            }
            Err(wrong) => Err(wrong.into()),
        }
    }

    /// Waits until the command has ended, as long as its output grows.
    pub(super) async fn wait(&mut self) -> Result<(), Cut> {
        let directory = self.manifest.directory.clone();
        let mut grown = Instant::now();
        let (mut before, mut lost, mut rest) = (0, 0, OFTEN);
        let mut told = Instant::now();
        loop {
            let seen = match self.far.ask(far::LOOK, &[&directory]).await {
                Ok(text) => read(&text).map_err(Cut::Ended)?,
                Err(wrong) => {
                    self.far.still(&self.manifest.container).await?;
                    return Err(if matches!(wrong, Wrong::Said(Exit(far::MISSING), _)) {
                        Cut::Anew(format!("{directory} of the pod is gone"))
                    } else {
                        wrong.into()
                    });
                }
            };
            self.far.still(&self.manifest.container).await?;
            if seen.size > before {
                (before, grown) = (seen.size, Instant::now());
            }
            match seen.stand {
                Stand::Ended(0) => return self.ended(seen.size).await,
                Stand::Ended(code) => return Err(self.refused(code).await),
                Stand::Gone | Stand::Idle => {
                    lost += 1;
                    if lost >= LOST {
                        return Err(Cut::Anew("the command is gone and left no exit code".to_owned()));
                    }
                }
                Stand::Running => lost = 0,
            }
            if grown.elapsed() >= self.far.quiet {
                let stopped = self.far.once(far::STOP, &[&directory]).await;
                tracing::info!(stopped = stopped.is_ok(), "the command stood still");
                return Err(Cut::Ended(format!(
                    "the command wrote nothing for {} s and was stopped; {} stood there",
                    self.far.quiet.as_secs(),
                    size(seen.size)
                )));
            }
            if told.elapsed() >= Duration::from_secs(1) {
                told = Instant::now();
                self.tell(format!("the command is at work: {} so far", size(seen.size)));
            }
            sleep(rest).await;
            rest = (rest * 2).min(SELDOM);
        }
    }

    async fn ended(&mut self, bytes: u64) -> Result<(), Cut> {
        self.manifest.size = Some(bytes);
        self.manifest.exit = Some(0);
        self.tell(format!("the command has ended: {}", size(bytes)));
        self.save().await
    }

    /// The command failed: what it said, and nothing of it is left in the pod. What was begun here is given up.
    async fn refused(&mut self, code: i32) -> Cut {
        let directory = self.manifest.directory.clone();
        let words = self.far.ask(far::SAID, &[&directory]).await.unwrap_or_default();
        let removed = self.far.ask(far::REMOVE, &[&directory]).await;
        if let Err(wrong) = removed {
            tracing::info!(%wrong, "what it left in the pod stays");
        }
        // the next beginning is a new one
        self.manifest.exit = Some(code);
        self.manifest.directory.clear();
        if let Err(Cut::Ended(why) | Cut::Anew(why)) = self.save().await {
            tracing::warn!(why, "the manifest could not be written");
        }
        Cut::Ended(format!(
            "the command ended with exit code {code}: {}",
            Mask::default().line(&words)
        ))
    }
}
