//! What stands beside a dump: which command of which pod it is, its chunks with their checksums, how it ended. Written
//! whole or not at all, and synced, so that a cockpit that was killed goes on from it.

use super::far::Container;
use crate::model::act::task::{Receipt, Rows};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use tokio::io::AsyncWriteExt as _;

/// The version of the format.
pub(super) const VERSION: &str = "pilothouse.dev/dump.v1";
/// The largest manifest that is read, in bytes: of a dump of 1 TiB and more.
const LARGEST: u64 = 64 << 20;

/// A dump, as far as it has come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) api_version: String,
    pub(super) state: State,
    pub(super) namespace: String,
    pub(super) pod: String,
    pub(super) container: Container,
    pub(super) command: Vec<String>,
    /// The steps of the journal that worked at it.
    pub(super) steps: Vec<String>,
    /// The private directory in the pod; empty: nothing runs there.
    pub(super) directory: String,
    pub(super) begun: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ended: Option<String>,
    /// The exit code of the command.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) exit: Option<i32>,
    /// Bytes in all, once the command has ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) size: Option<u64>,
    /// SHA-256 of the whole, as the far side computed it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) sha256: Option<String>,
    pub(super) chunk_size: u64,
    /// What has been fetched, checked and synced, in order.
    pub(super) chunks: Vec<Chunk>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) rows: Option<Rows>,
    /// What was taken away from the pod afterwards.
    #[serde(default)]
    pub(super) removed: bool,
    /// Files of beginnings that were given up, and why.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) abandoned: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum State {
    /// The command is at work, or what it made is being fetched.
    Begun,
    Whole,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Chunk {
    pub(super) offset: u64,
    pub(super) size: u64,
    pub(super) sha256: String,
}

impl Manifest {
    /// Bytes that are fetched, checked and synced.
    pub(super) fn fetched(&self) -> u64 {
        self.chunks.iter().map(|chunk| chunk.size).sum()
    }

    /// What the journal keeps of a whole one.
    pub(super) fn receipt(&self) -> Option<Receipt> {
        Some(Receipt {
            bytes: self.size?,
            sha256: self.sha256.as_deref()?.into(),
            rows: self.rows.as_ref().map(Rows::tally),
        })
        .filter(|_| self.state == State::Whole)
    }
}

/// The manifest of this file.
pub(super) fn beside(file: &str) -> PathBuf {
    PathBuf::from(format!("{file}.manifest.json"))
}

/// What is not whole yet.
pub(super) fn part(file: &str) -> PathBuf {
    PathBuf::from(format!("{file}.part"))
}

/// Reads it; `None` where there is none.
pub(super) async fn read(file: &str) -> Result<Option<Manifest>, String> {
    let path = beside(file);
    let found = match tokio::fs::metadata(&path).await {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    };
    if !found.is_file() || found.len() > LARGEST {
        return Err(format!("{} is no manifest of a dump", path.display()));
    }
    let text = tokio::fs::read(&path)
        .await
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let manifest: Manifest = serde_json::from_slice(&text)
        .map_err(|error| format!("{} is no manifest of a dump: {error}", path.display()))?;
    if manifest.api_version != VERSION {
        return Err(format!("{} is of another version than {VERSION}", path.display()));
    }
    Ok(Some(manifest))
}

/// Writes it beside its file: whole, synced, then put in the place of the one before.
pub(super) async fn write(file: &str, manifest: &Manifest) -> Result<(), String> {
    let path = beside(file);
    let fresh = PathBuf::from(format!("{file}.manifest.json.new"));
    let text = serde_json::to_vec_pretty(manifest).map_err(|error| error.to_string())?;
    let put = async {
        // what a killed cockpit left half written is nobody's
        match tokio::fs::remove_file(&fresh).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut out = private(true).open(&fresh).await?;
        out.write_all(&text).await?;
        out.sync_all().await?;
        tokio::fs::rename(&fresh, &path).await?;
        sync_directory(&path).await
    };
    put.await
        .map_err(|error: io::Error| format!("{} cannot be written: {error}", path.display()))
}

/// How a file of ours is opened: for its owner alone, and, when new, never one that is there.
pub(super) fn private(new: bool) -> tokio::fs::OpenOptions {
    let mut options = tokio::fs::OpenOptions::new();
    options.write(true).create_new(new).mode(0o600);
    options
}

/// What was renamed or made is on disk only when its directory is.
pub(super) async fn sync_directory(path: &Path) -> io::Result<()> {
    let parent = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_owned(),
        _ => PathBuf::from("."),
    };
    tokio::fs::File::open(parent).await?.sync_all().await
}

/// SHA-256, hexadecimal.
pub(super) fn hex(digest: Sha256) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest.finalize() {
        // writing to a String cannot fail
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}
