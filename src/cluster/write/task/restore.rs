//! A restore: a file that a dump left, sent into a pod in chunks that carry their own length, checked there, and only then
//! given to the command. Rows are counted afterwards and held against those of the dump.
//!
//! The end of standard input is not passed on over exec everywhere, so nothing waits for it: the far side takes so many bytes
//! and no more. The command is begun once: a directory that is made just before is its lock, whoever asks again.

use super::far::{Far, Wrong};
use super::look::{Stand, read};
use super::manifest::{self, Manifest, State, hex};
use super::{Hear, not_applied, pause, rows, size};
use crate::cluster::connect::Connection;
use crate::cluster::exec::{self, Exit, Trouble};
use crate::cluster::process::Mask;
use crate::journal::Outcome;
use crate::model::Pin;
use crate::model::act::After;
use crate::model::act::task::{Receipt, Restore, far};
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _};
use tokio::time::{Instant, sleep, timeout};

/// Bytes of one chunk; a multiple of [`far::BLOCK`].
const CHUNK: u64 = far::BLOCK * 64;
/// How often the command is looked at, at most and at least.
const OFTEN: Duration = Duration::from_millis(200);
const SELDOM: Duration = Duration::from_secs(2);
/// A command that is neither running nor ended is lost when it was seen so that often.
const LOST: u32 = 4;

/// What became of it.
enum Cut {
    /// The command was not begun.
    Before(String),
    /// It was, and came to another end.
    After(String),
    /// Nobody can say.
    Doubt(String),
}

/// Everything one restore needs.
struct Work<'a> {
    far: Far<'a>,
    restore: &'a Restore,
    hear: Hear<'a>,
    manifest: Manifest,
    directory: String,
}

pub(super) async fn carry(
    connection: &Connection,
    target: &Pin,
    restore: &Restore,
    step: &str,
    hear: Hear<'_>,
) -> Outcome {
    let mut begun = false;
    let worked = async {
        let far = side(connection, target, restore).map_err(Cut::Before)?;
        let manifest = held(restore).await.map_err(Cut::Before)?;
        let directory = directory(restore, target, step);
        let mut work = Work {
            far,
            restore,
            hear,
            manifest,
            directory,
        };
        work.whole(&mut begun).await
    };
    let within = restore.bounds.within();
    match timeout(within, worked).await {
        Ok(Ok(evidence)) => Outcome::Done { evidence },
        Ok(Err(Cut::Before(why))) => not_applied(why),
        Ok(Err(Cut::After(why))) => Outcome::Failed { why },
        Ok(Err(Cut::Doubt(why))) => Outcome::InDoubt { why },
        Err(_) if begun => Outcome::InDoubt {
            why: format!("the command was begun and has not ended within {} s", within.as_secs()),
        },
        Err(_) => not_applied(format!(
            "not sent within {} s; the command was not begun",
            within.as_secs()
        )),
    }
}

/// What it left in the pod, of a step of this name that was under way when its cockpit ended.
pub(super) async fn standing(
    connection: &Connection,
    target: &Pin,
    restore: &Restore,
    step: &str,
) -> Result<After, String> {
    let far = side(connection, target, restore)?;
    far.container().await.map_err(|wrong| wrong.to_string())?;
    let directory = directory(restore, target, step);
    let text = match far.once(far::LOOK, &[&directory]).await {
        Ok(text) => text,
        Err(Wrong::Said(Exit(far::MISSING), _)) => {
            return Err(
                "nothing of it stands in the pod: it was not begun, or had ended and was taken away; the rows tell"
                    .to_owned(),
            );
        }
        Err(wrong) => return Err(wrong.to_string()),
    };
    let seen = read(&text)?;
    Ok(match seen.stand {
        Stand::Idle => After::Untouched(format!(
            "{} of it stand in the pod, and the command was not begun",
            size(seen.size)
        )),
        Stand::Running => After::Halfway("the command is at work in the pod".to_owned()),
        Stand::Gone => After::Otherwise("the command was begun, and is gone without an exit code".to_owned()),
        Stand::Ended(0) => {
            let mut nobody = |_line: String| {};
            let mut work = Work {
                far,
                restore,
                hear: &mut nobody,
                manifest: held(restore).await?,
                directory,
            };
            match work.finish().await {
                Ok(evidence) => After::Reached(evidence),
                Err(Cut::Before(why) | Cut::After(why)) => After::Otherwise(why),
                Err(Cut::Doubt(why)) => return Err(why),
            }
        }
        Stand::Ended(code) => After::Otherwise(format!("the command ended with exit code {code}")),
    })
}

fn side<'a>(connection: &'a Connection, target: &'a Pin, restore: &'a Restore) -> Result<Far<'a>, String> {
    let (namespace, pod) = super::pod(target)?;
    Ok(Far {
        connection,
        target,
        namespace,
        pod,
        container: &restore.container,
        quiet: restore.bounds.quiet(),
    })
}

/// The manifest beside the file: without one nobody knows whether the file is whole.
async fn held(restore: &Restore) -> Result<Manifest, String> {
    match manifest::read(&restore.from).await? {
        Some(manifest) if manifest.state == State::Whole => Ok(manifest),
        Some(_) => Err(format!("the dump {} is not whole", restore.from)),
        None => Err(format!(
            "there is no manifest beside {}: nobody knows whether it is whole",
            restore.from
        )),
    }
}

/// Found again by whoever knows the step.
fn directory(restore: &Restore, target: &Pin, step: &str) -> String {
    let mut digest = Sha256::new();
    for part in [step, &target.uid.to_string(), &restore.from] {
        digest.update(part.as_bytes());
        digest.update([0]);
    }
    let name: String = hex(digest).chars().take(16).collect();
    format!("{}/.pilothouse-{name}", restore.stage.trim_end_matches('/'))
}

impl Work<'_> {
    fn tell(&mut self, line: String) {
        (self.hear)(line);
    }

    async fn whole(&mut self, begun: &mut bool) -> Result<String, Cut> {
        let container = self
            .far
            .container()
            .await
            .map_err(|wrong| Cut::Before(wrong.to_string()))?;
        let mut file = self.checked().await.map_err(Cut::Before)?;
        self.send(&mut file).await.map_err(Cut::Before)?;
        self.far
            .still(&container)
            .await
            .map_err(|wrong| Cut::Before(wrong.to_string()))?;
        self.begin(begun).await?;
        self.tell("the data is whole in the pod, and the command has it".to_owned());
        self.wait().await?;
        self.finish().await
    }

    /// The file as the manifest says it is, read once from end to end.
    async fn checked(&mut self) -> Result<tokio::fs::File, String> {
        let told = |error: std::io::Error| format!("{} cannot be read: {error}", self.restore.from);
        let mut file = tokio::fs::File::open(self.restore.from.as_str()).await.map_err(told)?;
        let mut digest = Sha256::new();
        let mut buffer = vec![0_u8; 256 << 10];
        let mut bytes = 0_u64;
        loop {
            let count = file.read(&mut buffer).await.map_err(told)?;
            if count == 0 {
                break;
            }
            digest.update(buffer.get(..count).unwrap_or_default());
            bytes += count as u64;
        }
        if Some(bytes) != self.manifest.size || Some(&hex(digest)) != self.manifest.sha256.as_ref() {
            return Err(format!(
                "{} is not what its manifest says: it was changed since",
                self.restore.from
            ));
        }
        file.seek(std::io::SeekFrom::Start(0)).await.map_err(told)?;
        Ok(file)
    }

    /// Chunk by chunk; one that was cut is sent anew, in place of what there is of it.
    async fn send(&mut self, file: &mut tokio::fs::File) -> Result<(), String> {
        let all = self.manifest.size.unwrap_or(0);
        let mut sent = 0_u64;
        let mut told = Instant::now();
        // an empty file is sent, too: what it is given to is begun on it
        loop {
            let length = CHUNK.min(all - sent);
            let mut chunk = vec![0_u8; usize::try_from(length).unwrap_or(0)];
            file.read_exact(&mut chunk)
                .await
                .map_err(|error| format!("{} cannot be read: {error}", self.restore.from))?;
            self.put(sent, &chunk).await?;
            sent += length;
            if told.elapsed() >= Duration::from_secs(1) || sent == all {
                told = Instant::now();
                self.tell(format!("{} of {} sent", size(sent), size(all)));
            }
            if sent >= all {
                return Ok(());
            }
        }
    }

    async fn put(&mut self, at: u64, chunk: &[u8]) -> Result<(), String> {
        let since = Instant::now();
        let mut tries = 0;
        loop {
            match self.once(at, chunk).await {
                Ok(()) => return Ok(()),
                Err(Wrong::Trouble(trouble)) if trouble.passing() && since.elapsed() < self.far.quiet => {
                    self.tell(format!("{trouble}; sending again from {}", size(at)));
                    sleep(pause(tries)).await;
                    tries += 1;
                }
                Err(wrong) => return Err(wrong.to_string()),
            }
        }
    }

    async fn once(&mut self, at: u64, chunk: &[u8]) -> Result<(), Wrong> {
        let (blocks, bytes) = ((at / far::BLOCK).to_string(), chunk.len().to_string());
        let arguments = [self.directory.as_str(), &blocks, &bytes];
        let mut remote = self.far.stream(far::TAKE, &arguments, true).await?;
        let mut stdin = remote
            .stdin()
            .ok_or_else(|| Wrong::Trouble(Trouble::Cut("there is no standard input".to_owned())))?;
        exec::feed(&mut stdin, chunk, self.far.quiet)
            .await
            .map_err(Wrong::Trouble)?;
        let mut answer = Vec::new();
        let mut buffer = [0_u8; 256];
        loop {
            let count = remote.read(&mut buffer, self.far.quiet).await.map_err(Wrong::Trouble)?;
            if count == 0 || answer.len() > 1_024 {
                break;
            }
            answer.extend(buffer.iter().take(count));
        }
        let (exit, said) = remote.end(self.far.quiet).await.map_err(Wrong::Trouble)?;
        drop(stdin);
        if !exit.success() {
            return Err(Wrong::Said(exit, Mask::default().line(&String::from_utf8_lossy(&said))));
        }
        let wanted = format!("size {}", at + chunk.len() as u64);
        if String::from_utf8_lossy(&answer).trim() == wanted {
            Ok(())
        } else {
            Err(Wrong::Garbled("it has another size than what was sent".to_owned()))
        }
    }

    async fn begin(&mut self, begun: &mut bool) -> Result<(), Cut> {
        let sum = self.manifest.sha256.clone().unwrap_or_default();
        let command: Vec<String> = self.restore.command.iter().map(ToString::to_string).collect();
        let arguments: Vec<&str> = [self.directory.as_str(), &sum]
            .into_iter()
            .chain(command.iter().map(String::as_str))
            .collect();
        let since = Instant::now();
        let mut tries = 0;
        loop {
            let asked = self.far.once(far::GIVE, &arguments).await;
            match asked {
                Ok(_) => {
                    *begun = true;
                    return Ok(());
                }
                // somebody was here before: an answer that was lost was ours
                Err(Wrong::Said(Exit(far::NO_ROOM), _)) if *begun => return Ok(()),
                Err(Wrong::Said(Exit(far::SPOILT), _)) => {
                    return Err(Cut::Before(
                        "what came to the pod has another checksum than the file: the command was not begun".to_owned(),
                    ));
                }
                Err(Wrong::Trouble(Trouble::NotSent(why))) if since.elapsed() >= self.far.quiet && !*begun => {
                    return Err(Cut::Before(why));
                }
                Err(Wrong::Trouble(trouble)) if trouble.passing() && since.elapsed() < self.far.quiet => {
                    *begun |= !matches!(trouble, Trouble::NotSent(_));
                    sleep(pause(tries)).await;
                    tries += 1;
                }
                Err(wrong) if *begun => return Err(Cut::Doubt(format!("whether the command was begun: {wrong}"))),
                Err(wrong) => return Err(Cut::Before(format!("the command could not be begun: {wrong}"))),
            }
        }
    }

    async fn wait(&mut self) -> Result<(), Cut> {
        let directory = self.directory.clone();
        let (mut rest, mut lost) = (OFTEN, 0);
        let mut told = Instant::now();
        let began = Instant::now();
        loop {
            let text = match self.far.ask(far::LOOK, &[&directory]).await {
                Ok(text) => text,
                Err(wrong) => return Err(Cut::Doubt(format!("the command cannot be looked at: {wrong}"))),
            };
            match read(&text).map_err(Cut::Doubt)?.stand {
                Stand::Ended(0) => return Ok(()),
                Stand::Ended(code) => {
                    let words = self.far.ask(far::SAID, &[&directory]).await.unwrap_or_default();
                    let removed = self.far.ask(far::REMOVE, &[&directory]).await;
                    tracing::info!(removed = removed.is_ok(), "what was sent");
                    return Err(Cut::After(format!(
                        "the command ended with exit code {code}, what it did stays done: {}",
                        Mask::default().line(&words)
                    )));
                }
                Stand::Gone | Stand::Idle => {
                    lost += 1;
                    if lost >= LOST {
                        return Err(Cut::After(
                            "the command is gone and left no exit code; what it did stays done".to_owned(),
                        ));
                    }
                }
                Stand::Running => lost = 0,
            }
            if told.elapsed() >= Duration::from_secs(5) {
                told = Instant::now();
                self.tell(format!("the command is at work for {} s", began.elapsed().as_secs()));
            }
            sleep(rest).await;
            rest = (rest * 2).min(SELDOM);
        }
    }

    /// Rows, and what is left in the pod.
    async fn finish(&mut self) -> Result<String, Cut> {
        let mut tally = None;
        if !self.restore.rows.is_empty() {
            let now = rows::count(&self.far, &self.restore.rows)
                .await
                .map_err(|why| Cut::After(format!("the command ended well; {why}")))?;
            if let Some(before) = &self.manifest.rows {
                let differences = before.differences(&now);
                if !differences.is_empty() {
                    return Err(Cut::After(format!(
                        "the command ended well, and the rows are not those of the dump: {}",
                        differences.join("; ")
                    )));
                }
            }
            tally = Some(now.tally());
        }
        let compared = match (&tally, &self.manifest.rows) {
            (Some(_), Some(_)) => "; rows equal to those of the dump",
            (Some(_), None) => "; the dump counted no rows to compare with",
            (None, _) => "; rows were not counted",
        };
        let removed = self.far.ask(far::REMOVE, &[&self.directory]).await;
        let left = match removed {
            Ok(_) => String::new(),
            Err(wrong) => format!("; what stands in {} of the pod stays: {wrong}", self.directory),
        };
        let receipt = Receipt {
            bytes: self.manifest.size.unwrap_or(0),
            sha256: self.manifest.sha256.as_deref().unwrap_or_default().into(),
            rows: tally,
        };
        Ok(format!("{receipt} from {}{compared}{left}", self.restore.from))
    }
}
