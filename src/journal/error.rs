//! The one error of the journal: what could not be done, to which file or step, and the way out.

use super::chain::Tampered;
use crate::model::Key;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::io;
use std::path::PathBuf;

/// Who has the journal open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    pub pid: u32,
    pub user: String,
    pub host: String,
    pub since: String,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} on {} (process {}) since {}",
            self.user, self.host, self.pid, self.since
        )
    }
}

/// Why the journal cannot do what was asked. After any of these nothing may be sent.
#[derive(Debug)]
pub enum JournalError {
    /// Another cockpit acts on this cluster.
    Held { by: Option<Holder> },
    /// A record does not verify.
    Tampered(Tampered),
    /// A record of a kind or version this program does not know.
    Newer { seq: u64, what: String },
    /// A record that verifies and makes no sense: written by a faulty program.
    Unreadable { seq: u64, why: String },
    /// An earlier write or sync failed. A sync that failed once may lie when repeated, so nothing is tried again.
    Poisoned { why: String },
    /// No room for the record and for the outcome that must follow it. Nothing was written.
    NoRoom { path: PathBuf, source: io::Error },
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    /// A file or directory that others could read or redirect.
    Unsafe { path: PathBuf, why: String },
    /// Another step is under way or in doubt.
    Unfinished { step: String },
    /// The object was not saved before the act.
    NotSaved { target: Key },
    /// A record that does not follow from the step's last one.
    OutOfOrder { step: String, why: &'static str },
    /// Doubts that the observations did not settle, each with its reason.
    StillInDoubt { steps: Vec<String> },
}

impl fmt::Display for JournalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Held { by: Some(by) } => write!(
                f,
                "the journal of this cluster is held by {by}; this cockpit observes only until that one is closed"
            ),
            Self::Held { by: None } => f.write_str(
                "the journal of this cluster is held by another cockpit that has not said who it is; this one observes only",
            ),
            Self::Tampered(tampered) => write!(
                f,
                "the journal does not verify: {tampered}; keep the file, and move its directory away to begin a new one"
            ),
            Self::Newer { seq, what } => write!(
                f,
                "record {seq} is {what}, which this version of pilothouse does not know; it can show the journal but \
                 not act on it: use the newer version"
            ),
            Self::Unreadable { seq, why } => write!(f, "record {seq} of the journal makes no sense: {why}"),
            Self::Poisoned { why } => write!(
                f,
                "the journal is read-only since a write failed ({why}); nothing can be sent until pilothouse is started \
                 again on a healthy disk"
            ),
            Self::NoRoom { path, source } => write!(
                f,
                "no room in {} for an intent and its outcome ({source}); free some space, nothing was sent",
                path.display()
            ),
            Self::Io { doing, path, source } => write!(f, "could not {doing} {}: {source}", path.display()),
            Self::Unsafe { path, why } => write!(f, "{} is not safe to keep a journal in: {why}", path.display()),
            Self::Unfinished { step } => write!(f, "{step} is not finished; one act at a time"),
            Self::NotSaved { target } => write!(f, "{target} was not saved, so it may not be changed"),
            Self::OutOfOrder { step, why } => write!(f, "{step}: {why}"),
            Self::StillInDoubt { steps } => write!(f, "still in doubt: {}", steps.join("; ")),
        }
    }
}

impl std::error::Error for JournalError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::NoRoom { source, .. } | Self::Io { source, .. } => Some(source),
            Self::Held { .. }
            | Self::Tampered(_)
            | Self::Newer { .. }
            | Self::Unreadable { .. }
            | Self::Poisoned { .. }
            | Self::Unsafe { .. }
            | Self::Unfinished { .. }
            | Self::NotSaved { .. }
            | Self::OutOfOrder { .. }
            | Self::StillInDoubt { .. } => None,
        }
    }
}
