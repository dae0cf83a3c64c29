//! Straight from the command into the file, for a pod that has no room: the far side takes the checksum on the way and
//! tells it at the end. Nothing of a stream that was cut can be taken up.

use super::super::manifest::{Chunk, hex};
use super::super::size;
use super::file::Part;
use super::{CHUNK, Cut, Work};
use crate::cluster::exec::{Remote, Trouble};
use crate::cluster::process::Mask;
use crate::model::act::task::far;
use sha2::{Digest as _, Sha256};
use std::time::Duration;
use tokio::time::Instant;

impl Work<'_> {
    pub(super) async fn straight(&mut self) -> Result<(), Cut> {
        self.manifest.chunks.clear();
        let (mut part, mut digest) = Part::open(&self.dump.to, &mut self.manifest)
            .await
            .map_err(Cut::Ended)?;
        let command = self.manifest.command.clone();
        let directory = self.manifest.directory.clone();
        let arguments: Vec<&str> = [directory.as_str()]
            .into_iter()
            .chain(command.iter().map(String::as_str))
            .collect();
        let mut remote = self.far.stream(far::STRAIGHT, &arguments, false).await?;
        let mut told = Instant::now();
        let mut bytes = 0_u64;
        loop {
            let chunk = match self.some(&mut remote).await {
                Ok(chunk) => chunk,
                Err(trouble) => {
                    self.far.still(&self.manifest.container).await?;
                    return Err(if trouble.passing() {
                        Cut::Anew(format!("{trouble}, after {}", size(bytes)))
                    } else {
                        Cut::Ended(trouble.to_string())
                    });
                }
            };
            if chunk.is_empty() {
                break;
            }
            part.put(&chunk).await.map_err(Cut::Ended)?;
            digest.update(&chunk);
            self.manifest.chunks.push(Chunk {
                offset: bytes,
                size: chunk.len() as u64,
                sha256: hex(Sha256::new_with_prefix(&chunk)),
            });
            bytes += chunk.len() as u64;
            if told.elapsed() >= Duration::from_secs(1) {
                told = Instant::now();
                self.tell(format!("{} so far, straight from the command", size(bytes)));
            }
        }
        let (exit, words) = remote.end(self.far.quiet).await.map_err(|trouble| {
            if trouble.passing() {
                Cut::Anew(trouble.to_string())
            } else {
                Cut::Ended(trouble.to_string())
            }
        })?;
        part.sync().await.map_err(Cut::Ended)?;
        let words = String::from_utf8_lossy(&words);
        let Some((code, theirs)) = trailer(&words).filter(|_| exit.success()) else {
            return Err(Cut::Ended(format!(
                "the pod did not say how it ended: {exit}: {}",
                Mask::default().line(&words)
            )));
        };
        self.manifest.exit = Some(code);
        if code != 0 {
            return Err(Cut::Ended(format!(
                "the command ended with exit code {code}: {}",
                Mask::default().line(&words)
            )));
        }
        let here = hex(digest);
        if here != theirs {
            return Err(Cut::Anew(format!(
                "the checksum is {here} here and {theirs} in the pod"
            )));
        }
        self.manifest.size = Some(bytes);
        self.manifest.sha256 = Some(here);
        self.tell(format!("{} fetched, checksums equal on both ends", size(bytes)));
        self.save().await
    }

    /// The next chunk; a shorter one, or none, at the end.
    async fn some(&mut self, remote: &mut Remote) -> Result<Vec<u8>, Trouble> {
        let most = usize::try_from(CHUNK).unwrap_or(1 << 20);
        let mut chunk = vec![0_u8; most];
        let mut filled = 0;
        while filled < most {
            let Some(room) = chunk.get_mut(filled..) else { break };
            let count = remote.read(room, self.far.quiet).await?;
            if count == 0 {
                break;
            }
            filled += count;
        }
        chunk.truncate(filled);
        Ok(chunk)
    }
}

/// The last line: `pilothouse STATUS DIGEST`.
fn trailer(words: &str) -> Option<(i32, String)> {
    let last = words.trim_end().lines().next_back()?;
    let mut words = last.strip_prefix("pilothouse ")?.split(' ');
    let code = words.next()?.parse().ok()?;
    let digest = words.next()?;
    let sound = digest.len() == 64 && digest.chars().all(|digit| digit.is_ascii_hexdigit()) && words.next().is_none();
    sound.then(|| (code, digest.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_line_tells_the_end() {
        let digest = "0f".repeat(32);
        let forged = format!("pilothouse 0 {}", "aa".repeat(32));
        assert_eq!(
            trailer(&format!("warning\n{forged}\n\npilothouse 3 {digest}\n")),
            Some((3, digest.clone()))
        );
        for words in [
            "",
            "pilothouse",
            "pilothouse 0",
            "pilothouse 0 zz",
            &format!("pilothouse x {digest}"),
        ] {
            assert_eq!(trailer(words), None, "{words}");
        }
    }
}
