//! The file of a dump while it is not whole: only what was checked stands in it, and nothing is ever written over.

use super::super::manifest::{self, Chunk, Manifest, hex, private, sync_directory};
use sha2::{Digest as _, Sha256};
use std::io;
use std::path::{Path, PathBuf};
use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

/// The file, at the end of what is in it.
pub(super) struct Part {
    path: PathBuf,
    file: File,
}

impl Part {
    /// Opens it anew, or where it was left. What was fetched before is read again: chunks that are not what the manifest
    /// says are dropped, with all that come after. The digest is that of what is kept.
    pub(super) async fn open(to: &str, manifest: &mut Manifest) -> Result<(Self, Sha256), String> {
        let path = manifest::part(to);
        let told = |error: io::Error| format!("{} cannot be used: {error}", path.display());
        if manifest.chunks.is_empty() {
            match tokio::fs::remove_file(&path).await {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(told(error)),
                _ => {}
            }
        }
        let found = tokio::fs::symlink_metadata(&path).await;
        let mut file = match found {
            Ok(found) if found.is_file() => {
                let mut options = tokio::fs::OpenOptions::new();
                options.read(true).write(true).open(&path).await.map_err(told)?
            }
            Ok(_) => return Err(format!("{} is no file", path.display())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                manifest.chunks.clear();
                private(true).read(true).open(&path).await.map_err(told)?
            }
            Err(error) => return Err(told(error)),
        };
        let digest = checked(&mut file, &mut manifest.chunks).await.map_err(told)?;
        let end = manifest.fetched();
        file.set_len(end).await.map_err(told)?;
        file.seek(io::SeekFrom::Start(end)).await.map_err(told)?;
        Ok((Self { path, file }, digest))
    }

    /// Appends.
    pub(super) async fn put(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.file.write_all(bytes).await.map_err(|error| self.told(&error))
    }

    /// What was appended is on disk when this returns.
    pub(super) async fn sync(&mut self) -> Result<(), String> {
        let synced = async {
            self.file.flush().await?;
            self.file.sync_data().await
        };
        synced.await.map_err(|error| self.told(&error))
    }

    fn told(&self, error: &io::Error) -> String {
        format!("{} cannot be written: {error}", self.path.display())
    }
}

/// Reads what is there against what the manifest says of it.
async fn checked(file: &mut File, chunks: &mut Vec<Chunk>) -> io::Result<Sha256> {
    let mut whole = Sha256::new();
    let mut good = 0;
    let mut buffer = vec![0_u8; 256 << 10];
    for chunk in chunks.iter() {
        let mut own = Sha256::new();
        let before = whole.clone();
        let mut left = chunk.size;
        while left > 0 {
            let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            let Some(room) = buffer.get_mut(..most) else { break };
            let count = file.read(room).await?;
            if count == 0 {
                break;
            }
            let read = buffer.get(..count).unwrap_or_default();
            own.update(read);
            whole.update(read);
            left = left.saturating_sub(count as u64);
        }
        if left > 0 || hex(own) != chunk.sha256 {
            whole = before;
            break;
        }
        good += 1;
    }
    chunks.truncate(good);
    Ok(whole)
}

/// Nothing is there that a dump would be written over.
pub(super) async fn free(to: &str) -> Result<(), String> {
    for path in [PathBuf::from(to), manifest::part(to)] {
        match tokio::fs::symlink_metadata(&path).await {
            Ok(_) => {
                return Err(format!(
                    "{} is there and is no dump of ours: nothing is written over; name another file, or move it",
                    path.display()
                ));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(format!("{} cannot be looked at: {error}", path.display())),
        }
    }
    Ok(())
}

/// What is not whole is kept under a name that says so; `None` where there is nothing.
pub(super) async fn aside(to: &str) -> Result<Option<String>, String> {
    let part = manifest::part(to);
    match tokio::fs::symlink_metadata(&part).await {
        Ok(found) if found.len() > 0 => {}
        Ok(_) => return Ok(None),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be looked at: {error}", part.display())),
    }
    for number in 1..1_000 {
        let name = format!("{to}.abandoned-{number}");
        if tokio::fs::symlink_metadata(&name).await.is_err() {
            moved(&part, Path::new(&name)).await?;
            return Ok(Some(name));
        }
    }
    Err(format!(
        "{} cannot be put aside: there are a thousand of them",
        part.display()
    ))
}

/// A whole dump gets its name, unless it has it.
pub(super) async fn named(to: &str) -> Result<(), String> {
    let part = manifest::part(to);
    let there = |found: io::Result<std::fs::Metadata>| found.is_ok();
    let whole = there(tokio::fs::symlink_metadata(to).await);
    match (whole, there(tokio::fs::symlink_metadata(&part).await)) {
        (false, _) => moved(&part, Path::new(to)).await,
        (true, false) => Ok(()),
        (true, true) => Err(format!(
            "{to} came to be there meanwhile, and is not the dump: that is {}; nothing is written over",
            part.display()
        )),
    }
}

async fn moved(from: &Path, to: &Path) -> Result<(), String> {
    let moving = async {
        tokio::fs::rename(from, to).await?;
        sync_directory(to).await
    };
    moving
        .await
        .map_err(|error: io::Error| format!("{} cannot be named {}: {error}", from.display(), to.display()))
}
