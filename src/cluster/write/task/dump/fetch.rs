//! From the pod into the file: the checksums first, then the bytes, chunk by chunk, each compared before it counts.

use super::super::far::Wrong;
use super::super::manifest::{Chunk, hex};
use super::super::{pause, size};
use super::file::Part;
use super::{BLOCKS, CHUNK, Cut, Work};
use crate::cluster::exec::{Remote, Trouble};
use crate::model::act::task::far;
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// A chunk whose checksums differ is fetched so often before a person looks.
const SPOILT: u32 = 3;
/// Chunks between two syncs.
const TOGETHER: usize = 8;
/// And the longest time between two of them.
const AGO: Duration = Duration::from_millis(500);
/// The slowest that a pod may compute the checksum of the whole, in bytes a second, on top of `quiet`.
const SLOWEST: u64 = 20 << 20;

/// What the far side computed.
struct Sums {
    /// By chunk, from the first that is still to be fetched.
    chunks: Vec<String>,
    whole: String,
}

impl Work<'_> {
    pub(super) async fn fetch(&mut self, mut part: Part, mut digest: Sha256) -> Result<(), Cut> {
        let bytes = self.manifest.size.unwrap_or(0);
        let end = bytes.div_ceil(CHUNK);
        let first = self.manifest.chunks.len() as u64;
        let sums = self.sums(first, end, bytes).await?;
        if let Some(known) = self.manifest.sha256.as_ref().filter(|known| **known != sums.whole) {
            let known = known.clone();
            return Err(Cut::Anew(format!(
                "the output in the pod is another one now: it was {known}"
            )));
        }
        self.manifest.sha256 = Some(sums.whole.clone());
        self.save().await?;
        let (began, already) = (Instant::now(), self.manifest.fetched());
        let mut since = Instant::now();
        let (mut tries, mut spoilt) = (0, 0);
        while (self.manifest.chunks.len() as u64) < end {
            let before = self.manifest.chunks.len();
            let pulled = self
                .pull(&mut part, &mut digest, &sums, first, end, (began, already))
                .await;
            part.sync().await.map_err(Cut::Ended)?;
            self.save().await?;
            if self.manifest.chunks.len() > before {
                (since, tries, spoilt) = (Instant::now(), 0, 0);
            }
            let why = match pulled {
                Ok(()) => continue,
                Err(Pulled::Disk(why)) => return Err(Cut::Ended(why)),
                Err(Pulled::Spoilt(why)) => {
                    spoilt += 1;
                    if spoilt >= SPOILT {
                        return Err(Cut::Ended(format!("{why}, {SPOILT} times")));
                    }
                    why
                }
                Err(Pulled::Wrong(wrong)) => {
                    self.far.still(&self.manifest.container).await?;
                    let passing = matches!(&wrong, Wrong::Trouble(trouble) if trouble.passing());
                    if !passing || since.elapsed() >= self.far.quiet {
                        return Err(wrong.into());
                    }
                    wrong.to_string()
                }
            };
            self.tell(format!("{why}; going on after {}", size(self.manifest.fetched())));
            sleep(pause(tries)).await;
            tries += 1;
        }
        let here = hex(digest);
        if here != sums.whole {
            return Err(Cut::Ended(format!(
                "every chunk has its checksum and the whole has not: {here} here, {} in the pod",
                sums.whole
            )));
        }
        self.tell(format!("{} fetched, checksums equal on both ends", size(bytes)));
        Ok(())
    }

    /// One stream, from the first chunk that is missing on.
    async fn pull(
        &mut self,
        part: &mut Part,
        digest: &mut Sha256,
        sums: &Sums,
        first: u64,
        end: u64,
        began: (Instant, u64),
    ) -> Result<(), Pulled> {
        let bytes = self.manifest.size.unwrap_or(0);
        let from = self.manifest.chunks.len() as u64;
        let arguments = [
            self.manifest.directory.clone(),
            from.to_string(),
            end.to_string(),
            BLOCKS.to_string(),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut remote = self
            .far
            .stream(far::FETCH, &arguments, false)
            .await
            .map_err(Pulled::Wrong)?;
        let mut synced = (Instant::now(), self.manifest.chunks.len());
        let mut told = Instant::now();
        for number in from..end {
            let length = CHUNK.min(bytes - number * CHUNK);
            let chunk = self.chunk(&mut remote, length).await?;
            let own = hex(Sha256::new_with_prefix(&chunk));
            let theirs = usize::try_from(number - first).ok().and_then(|at| sums.chunks.get(at));
            if theirs != Some(&own) {
                return Err(Pulled::Spoilt(format!(
                    "chunk {} of {end} has another checksum here than in the pod",
                    number + 1
                )));
            }
            part.put(&chunk).await.map_err(Pulled::Disk)?;
            digest.update(&chunk);
            self.manifest.chunks.push(Chunk {
                offset: number * CHUNK,
                size: length,
                sha256: own,
            });
            let due = self.manifest.chunks.len() - synced.1 >= TOGETHER || synced.0.elapsed() >= AGO;
            if due {
                part.sync().await.map_err(Pulled::Disk)?;
                self.save().await.map_err(|cut| match cut {
                    Cut::Anew(why) | Cut::Ended(why) => Pulled::Disk(why),
                })?;
                synced = (Instant::now(), self.manifest.chunks.len());
            }
            if told.elapsed() >= Duration::from_secs(1) || number + 1 == end {
                told = Instant::now();
                self.tell(self.line(number + 1, end, bytes, began));
            }
        }
        Ok(())
    }

    /// `chunk 3 of 13 · 12.0 MiB of 50.0 MiB · 31.0 MiB/s`.
    fn line(&self, number: u64, end: u64, bytes: u64, (began, already): (Instant, u64)) -> String {
        let fetched = self.manifest.fetched();
        let millis = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX).max(1);
        let rate = (fetched.saturating_sub(already)).saturating_mul(1_000) / millis;
        format!(
            "chunk {number} of {end} · {} of {} · {}/s",
            size(fetched),
            size(bytes),
            size(rate)
        )
    }

    async fn chunk(&mut self, remote: &mut Remote, length: u64) -> Result<Vec<u8>, Pulled> {
        let length = usize::try_from(length).unwrap_or(0);
        let mut chunk = vec![0_u8; length];
        let mut filled = 0;
        while filled < length {
            let Some(room) = chunk.get_mut(filled..) else { break };
            let count = remote
                .read(room, self.far.quiet)
                .await
                .map_err(|trouble| Pulled::Wrong(Wrong::Trouble(trouble)))?;
            if count == 0 {
                let why = "the pod sent less than it has".to_owned();
                return Err(Pulled::Wrong(Wrong::Trouble(Trouble::Cut(why))));
            }
            filled += count;
        }
        Ok(chunk)
    }

    /// The checksums of the chunks that are missing, and of the whole, as the far side computes them.
    async fn sums(&mut self, first: u64, end: u64, bytes: u64) -> Result<Sums, Cut> {
        let mut chunks: Vec<String> = Vec::new();
        let mut since = Instant::now();
        let mut tries = 0;
        loop {
            let had = chunks.len();
            let answered = self.listen(first + had as u64, end, bytes, &mut chunks).await;
            if chunks.len() > had {
                (since, tries) = (Instant::now(), 0);
            }
            match answered {
                Ok(whole) => return Ok(Sums { chunks, whole }),
                Err(wrong) => {
                    self.far.still(&self.manifest.container).await?;
                    let passing = matches!(&wrong, Wrong::Trouble(trouble) if trouble.passing());
                    if !passing || since.elapsed() >= self.far.quiet {
                        return Err(wrong.into());
                    }
                    sleep(pause(tries)).await;
                    tries += 1;
                }
            }
        }
    }

    async fn listen(&mut self, from: u64, end: u64, bytes: u64, chunks: &mut Vec<String>) -> Result<String, Wrong> {
        let arguments = [
            self.manifest.directory.clone(),
            from.to_string(),
            end.to_string(),
            BLOCKS.to_string(),
        ];
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let mut remote = self.far.stream(far::SUMS, &arguments, false).await?;
        let patience = self.far.quiet + Duration::from_secs(bytes / SLOWEST);
        let (mut held, mut whole) = (String::new(), None);
        let mut buffer = vec![0_u8; 4 << 10];
        let mut next = from;
        loop {
            let count = remote.read(&mut buffer, patience).await.map_err(Wrong::Trouble)?;
            if count == 0 {
                break;
            }
            held.push_str(&String::from_utf8_lossy(buffer.get(..count).unwrap_or_default()));
            while let Some((line, rest)) = held.split_once('\n') {
                match sum(line) {
                    Some((Some(number), digest)) if number == next && number < end => {
                        chunks.push(digest);
                        next += 1;
                    }
                    Some((None, digest)) if next == end => whole = Some(digest),
                    _ => return Err(Wrong::Garbled("no list of checksums".to_owned())),
                }
                held = rest.to_owned();
            }
            if held.len() > 256 {
                return Err(Wrong::Garbled("no list of checksums".to_owned()));
            }
        }
        let (exit, _) = remote.end(self.far.quiet).await.map_err(Wrong::Trouble)?;
        match whole {
            Some(whole) if exit.success() => Ok(whole),
            _ if exit.success() => Err(Wrong::Garbled("the checksum of the whole is missing".to_owned())),
            _ => Err(Wrong::Said(exit, String::new())),
        }
    }
}

/// Why a stream of chunks ended early.
enum Pulled {
    Disk(String),
    Spoilt(String),
    Wrong(Wrong),
}

/// `3 ab…`, `whole ab…`.
fn sum(line: &str) -> Option<(Option<u64>, String)> {
    let (number, digest) = line.trim_end_matches('\r').split_once(' ')?;
    let number = match number {
        "whole" => None,
        number => Some(number.parse().ok()?),
    };
    let digest = digest.trim();
    let sound = digest.len() == 64 && digest.chars().all(|digit| matches!(digit, '0'..='9' | 'a'..='f'));
    sound.then(|| (number, digest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_read_and_nothing_else() {
        let digest = "ab".repeat(32);
        assert_eq!(sum(&format!("3 {digest}")), Some((Some(3), digest.clone())));
        assert_eq!(sum(&format!("whole {digest}\r")), Some((None, digest.clone())));
        for line in [
            "",
            "3",
            "3 ab",
            &format!("x {digest}"),
            &format!("3 {}", "AB".repeat(32)),
            &format!("-1 {digest}"),
        ] {
            assert_eq!(sum(line), None, "{line}");
        }
    }
}
