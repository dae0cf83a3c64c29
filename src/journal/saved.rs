//! Objects kept before they are destroyed: their YAML in files beside the journal, hashed into the intent.

use super::disk::{io_error, new_file, private_dir, sync_dir};
use super::error::JournalError;
use super::hash::sha256;
use super::record::{Record, RecordKind};
use crate::model::Key;
use serde::{Deserialize, Serialize};
use std::io::Write as _;
use std::path::{Path, PathBuf};

const DIRECTORY: &str = "saved";

/// The objects to keep before an act, each as YAML that the caller has already redacted (`model::redact`).
#[derive(Clone, Debug, Default)]
pub struct Saved {
    objects: Vec<(Key, String)>,
}

impl Saved {
    /// Nothing yet; an act whose own target is missing here is refused.
    pub fn new() -> Self {
        Self::default()
    }

    #[must_use]
    pub fn with(mut self, object: Key, yaml: String) -> Self {
        self.objects.push((object, yaml));
        self
    }

    pub fn holds(&self, key: &Key) -> bool {
        self.objects
            .iter()
            .any(|(held, yaml)| held == key && !yaml.trim().is_empty())
    }
}

/// One kept object, as its intent remembers it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedObject {
    pub object: Key,
    /// Relative to the journal's directory.
    pub file: String,
    pub sha256: String,
    pub bytes: u64,
}

impl Saved {
    /// Writes every object, syncs it, reads it back and compares; only then may the intent be written.
    pub(super) fn store(&self, dir: &Path, seq: u64) -> Result<Vec<SavedObject>, JournalError> {
        let directory = dir.join(DIRECTORY);
        private_dir(&directory)?;
        let stored = self
            .objects
            .iter()
            .map(|(object, yaml)| store(&directory, seq, object, yaml))
            .collect::<Result<Vec<_>, _>>()?;
        sync_dir(&directory)?;
        Ok(stored)
    }
}

fn store(directory: &Path, seq: u64, object: &Key, yaml: &str) -> Result<SavedObject, JournalError> {
    let path = free_path(directory, seq, object);
    let mut file = new_file(&path)?;
    file.write_all(yaml.as_bytes()).map_err(io_error("write", &path))?;
    file.sync_all().map_err(io_error("sync", &path))?;
    let back = std::fs::read(&path).map_err(io_error("read back", &path))?;
    let hash = sha256(&back);
    if hash != sha256(yaml.as_bytes()) {
        return Err(io_error("read back", &path)(std::io::Error::other(
            "what was read differs from what was written",
        )));
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    Ok(SavedObject {
        object: object.clone(),
        file: format!("{DIRECTORY}/{name}"),
        sha256: hash,
        bytes: u64::try_from(back.len()).unwrap_or(u64::MAX),
    })
}

/// `12-pvc-shared-data.yaml`. The name comes from the API server, so nothing but letters, digits, `-` and `.` passes.
/// An attempt that failed may have left a file of that name; it is never overwritten.
fn free_path(directory: &Path, seq: u64, object: &Key) -> PathBuf {
    let name: String = object
        .name
        .chars()
        .take(120)
        .map(|letter| {
            if letter.is_ascii_alphanumeric() || matches!(letter, '-' | '.') {
                letter
            } else {
                '_'
            }
        })
        .collect();
    let first = format!("{seq}-{}-{name}", object.kind.short());
    let mut path = directory.join(format!("{first}.yaml"));
    let mut attempt = 2_u32;
    while path.symlink_metadata().is_ok() {
        path = directory.join(format!("{first}.{attempt}.yaml"));
        attempt += 1;
    }
    path
}

/// Checks the objects that an intent says it saved, against the files beside the journal. Returns how many there were.
pub(super) fn check(journal: &Path, record: &Record) -> Result<usize, String> {
    if record.known_kind() != Some(RecordKind::Intent) {
        return Ok(0);
    }
    let listed = record.payload.get("saved").cloned().unwrap_or_default();
    let saved: Vec<SavedObject> =
        serde_json::from_value(listed).map_err(|error| format!("lists no saved objects ({error})"))?;
    let dir = journal.parent().unwrap_or_else(|| Path::new("."));
    for object in &saved {
        let bytes = std::fs::read(dir.join(&object.file))
            .map_err(|error| format!("saved {}, which cannot be read: {error}", object.file))?;
        if sha256(&bytes) != object.sha256 {
            return Err(format!("saved {}, which differs from the hash taken then", object.file));
        }
    }
    Ok(saved.len())
}
