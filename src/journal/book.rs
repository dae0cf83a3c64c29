//! The open file: appends sealed records, keeps room for the next ones, syncs, and never writes again after a failure.

use super::JournalError;
use super::chain::{self, Head, Torn};
use super::disk::{Disk, Lock, io_error, private_dir, private_file, sync_dir};
use super::hash::sha256;
use super::record::{Record, RecordKind, VERSION};
use super::runs::Runs;
use super::steps::Steps;
use crate::model::redact::redact;
use crate::model::{Now, Operator, Text};
use jiff::Timestamp;
use serde_json::Value;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// Room kept written and synced behind the last record, so that cleared, sent and outcome find their blocks even on a
/// disk that fills up meanwhile. (A copy-on-write file system may want fresh blocks all the same; then the write fails
/// and the step is in doubt, which the next start settles.)
pub(super) const RESERVE: u64 = 16 * 1024;

/// How much is reserved at a time.
const STRIDE: u64 = 64 * 1024;

/// What a record says, before it has a place in the chain.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) kind: RecordKind,
    pub(super) step: Text,
    pub(super) intent: Option<u64>,
    pub(super) actor: String,
    pub(super) payload: Value,
}

impl Entry {
    pub(super) fn new(kind: RecordKind, actor: &Operator, payload: Value) -> Self {
        Self {
            kind,
            step: Text::default(),
            intent: None,
            actor: actor_of(actor),
            payload,
        }
    }

    pub(super) fn of_step(mut self, step: &Text, intent: u64) -> Self {
        self.step = step.clone();
        self.intent = Some(intent);
        self
    }
}

pub(super) fn actor_of(operator: &Operator) -> String {
    format!("{}@{}", operator.user, operator.host)
}

#[derive(Debug)]
pub(super) struct Book {
    pub(super) dir: PathBuf,
    pub(super) path: PathBuf,
    pub(super) disk: Box<dyn Disk>,
    pub(super) operator: Operator,
    pub(super) steps: Steps,
    pub(super) runs: Runs,
    pub(super) head: Head,
    pub(super) torn: Option<Torn>,
    pub(super) server: Option<Timestamp>,
    pub(super) poisoned: Option<String>,
    run: Text,
    /// Where the next record goes.
    end: u64,
    /// The file's length: from `end` on, spaces.
    length: u64,
    #[expect(dead_code, reason = "holding it is holding the exclusive right to act")]
    lock: Lock,
}

impl Book {
    /// Takes the lock, verifies every record, cuts a torn one, and begins a run.
    pub(super) fn open(dir: &Path, operator: &Operator, now: Now) -> Result<Self, JournalError> {
        private_dir(dir)?;
        let lock = Lock::take(dir, operator, now)?;
        let path = dir.join(super::FILE);
        let (mut file, created) = private_file(&path)?;
        if created {
            sync_dir(dir)?;
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io_error("read", &path))?;
        let scan = chain::scan(&bytes);
        if let Some(tampered) = scan.tampered {
            return Err(JournalError::Tampered(tampered));
        }
        let (mut steps, mut runs) = (Steps::default(), Runs::default());
        for sealed in &scan.records {
            let record = &sealed.record;
            if record.known_kind().is_none() {
                return Err(JournalError::Newer {
                    seq: record.seq,
                    what: format!("of kind {} and version {}", record.kind, record.v),
                });
            }
            steps
                .take(record)
                .and_then(|()| runs.take(record))
                .map_err(|why| JournalError::Unreadable { seq: record.seq, why })?;
        }
        let mut book = Self {
            dir: dir.to_owned(),
            path,
            disk: Box::new(file),
            operator: operator.clone(),
            steps,
            runs,
            head: scan.head,
            torn: scan.torn,
            server: None,
            poisoned: None,
            run: format!("{}-{}", now.wall.as_second(), std::process::id()).into(),
            end: scan.end,
            length: u64::try_from(bytes.len()).unwrap_or(u64::MAX),
            lock,
        };
        book.begin(scan.unterminated, now)?;
        Ok(book)
    }

    /// Ends a last line that lacks only its newline, cuts a torn one, and records that a run begins.
    fn begin(&mut self, unterminated: bool, now: Now) -> Result<(), JournalError> {
        self.disk.set_len(self.end).map_err(io_error("cut", &self.path))?;
        self.length = self.end;
        if unterminated {
            self.write(b"\n")?;
        }
        let payload = serde_json::json!({
            "version": env!("CARGO_PKG_VERSION"),
            "pid": std::process::id(),
            "cut": self.torn,
        });
        let opened = Entry::new(RecordKind::Opened, &self.operator, payload);
        self.append(&[opened], now)?;
        Ok(())
    }

    /// Writes records and syncs them. Returns the `seq` of the last one.
    pub(super) fn append(&mut self, entries: &[Entry], now: Now) -> Result<u64, JournalError> {
        self.write_records(entries, now)?;
        self.sync()?;
        Ok(self.head.seq)
    }

    /// Writes records that are not yet on the disk: [`Self::sync`] has to follow before anybody relies on them.
    pub(super) fn write_records(&mut self, entries: &[Entry], now: Now) -> Result<(), JournalError> {
        self.alive()?;
        let mut bytes = Vec::new();
        let mut head = self.head.clone();
        let mut records = Vec::new();
        for entry in entries {
            let record = self.record(entry, &head, now);
            let (line, hash) = record.seal().map_err(|error| JournalError::Unreadable {
                seq: record.seq,
                why: error.to_string(),
            })?;
            bytes.extend_from_slice(line.as_bytes());
            head = Head { seq: record.seq, hash };
            records.push(record);
        }
        self.write(&bytes)?;
        self.head = head;
        for record in &records {
            self.steps
                .take(record)
                .and_then(|()| self.runs.take(record))
                .map_err(|why| JournalError::Unreadable { seq: record.seq, why })?;
        }
        Ok(())
    }

    fn record(&self, entry: &Entry, head: &Head, now: Now) -> Record {
        Record {
            v: VERSION,
            seq: head.seq + 1,
            prev: head.hash.clone(),
            run: self.run.clone(),
            kind: entry.kind.word().into(),
            step: entry.step.clone(),
            intent: entry.intent,
            mono: u64::try_from(now.mono.0.as_millis()).unwrap_or(u64::MAX),
            wall: now.wall,
            server: self.server,
            actor: entry.actor.as_str().into(),
            digest: sha256(entry.payload.to_string().as_bytes()),
            payload: redact(entry.payload.clone()),
        }
    }

    /// Makes sure that these many bytes and the records that must follow them have room. Nothing of them is written yet.
    pub(super) fn reserve(&mut self, coming: u64) -> Result<(), JournalError> {
        self.alive()?;
        let needed = self.end.saturating_add(coming).saturating_add(RESERVE);
        if needed <= self.length {
            return Ok(());
        }
        let length = needed.saturating_add(STRIDE - RESERVE);
        let missing = usize::try_from(length - self.length).unwrap_or(usize::MAX);
        let path = self.path.clone();
        self.disk
            .write_at(&vec![b' '; missing], self.length)
            .map_err(|source| JournalError::NoRoom { path, source })?;
        self.length = length;
        self.sync()
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), JournalError> {
        self.alive()?;
        if let Err(error) = self.disk.write_at(bytes, self.end) {
            return Err(self.poison("write", &error));
        }
        self.end = self.end.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.length = self.length.max(self.end);
        Ok(())
    }

    pub(super) fn sync(&mut self) -> Result<(), JournalError> {
        self.alive()?;
        match self.disk.sync() {
            Ok(()) => Ok(()),
            Err(error) => Err(self.poison("sync", &error)),
        }
    }

    /// Gives the reserved room back, at an orderly end.
    pub(super) fn trim(&mut self) -> Result<(), JournalError> {
        self.alive()?;
        self.disk.set_len(self.end).map_err(io_error("trim", &self.path))?;
        self.length = self.end;
        self.sync()
    }

    fn poison(&mut self, doing: &str, error: &std::io::Error) -> JournalError {
        let why = format!("{doing} of {}: {error}", self.path.display());
        self.poisoned = Some(why.clone());
        JournalError::Poisoned { why }
    }

    pub(super) fn alive(&self) -> Result<(), JournalError> {
        match &self.poisoned {
            Some(why) => Err(JournalError::Poisoned { why: why.clone() }),
            None => Ok(()),
        }
    }
}
