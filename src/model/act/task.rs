//! What is done beside the API's own objects: a command run in a pod, a snapshot that is asked for, a program of the
//! operator's. Says what is asked; `cluster::write` does it.

pub mod far;
mod raft;
mod receipt;

use super::super::Text;
use crate::model::Kind;
use crate::model::redact::{looks_secret_name, redact};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;
use std::time::Duration;

pub use raft::{RaftDeed, RaftSaved, RaftTask};
pub use receipt::{Receipt, Rows, Tally};

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Task {
    Dump(Dump),
    Restore(Restore),
    Count(Count),
    Snapshot(Snapshot),
    Run(LocalRun),
    Raft(RaftTask),
}

/// How a command in a pod is bounded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Bounds {
    /// Seconds without a byte, an answer or a step forward, after which it is given up.
    pub quiet: u32,
    /// Seconds in all.
    pub within: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            quiet: 120,
            within: 7_200,
        }
    }
}

impl Bounds {
    pub const fn quiet(self) -> Duration {
        Duration::from_secs(self.quiet as u64)
    }

    pub const fn within(self) -> Duration {
        Duration::from_secs(self.within as u64)
    }
}

/// The output of a command in a pod, brought into a file here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Dump {
    /// Empty: the pod's only container, or its default one.
    pub container: Text,
    /// Program and arguments.
    pub command: Vec<Text>,
    /// The file it is brought into. Beside it stands its manifest.
    pub to: Text,
    /// The directory of the pod in which the output stands until it has been fetched; empty: it is streamed straight.
    pub stage: Text,
    /// What counts rows; empty: nobody does.
    pub rows: Vec<Text>,
    pub bounds: Bounds,
}

/// A file from here, given to a command in a pod on its standard input.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restore {
    pub container: Text,
    pub command: Vec<Text>,
    /// The file, as [`Dump::to`] left it, its manifest beside it.
    pub from: Text,
    /// The directory of the pod in which the data stands until it was checked.
    pub stage: Text,
    /// What counts rows afterwards: held against those of the dump.
    pub rows: Vec<Text>,
    pub bounds: Bounds,
}

/// Row counts that a command in a pod tells, held against those of a dump.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Count {
    pub container: Text,
    pub command: Vec<Text>,
    /// The file of the dump, its manifest beside it; empty: they are told and not compared.
    pub like: Text,
    pub bounds: Bounds,
}

/// A `VolumeSnapshot` of a claim.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    pub name: Text,
    /// `spec.volumeSnapshotClassName`; empty: the driver's default.
    pub class: Text,
    /// Seconds until it has to be ready.
    pub within: u32,
}

/// A program of the operator's, started here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LocalRun {
    /// Program and arguments, never a line for a shell.
    pub command: Vec<Text>,
    /// Where its output tells the identifier of what it made.
    pub identifier: Option<Told>,
    /// What checks that identifier; `{}` stands for it. Empty: nothing does.
    pub check: Vec<Text>,
    /// Seconds in all, for each of the two.
    pub within: u32,
}

/// Where in an output an identifier stands.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    /// The first group of this pattern, or all of what it matches.
    Pattern(Text),
    /// A JSON pointer (RFC 6901) into standard output: `/RecoveryPointArn`.
    Pointer(Text),
}

impl Task {
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Dump(_) => "dump",
            Self::Restore(_) => "restore",
            Self::Count(_) => "countRows",
            Self::Snapshot(_) => "snapshot",
            Self::Run(_) => "run",
            Self::Raft(task) => task.word(),
        }
    }

    /// How long it may take in all, beyond which its end is not waited for.
    pub const fn deadline(&self) -> Duration {
        match self {
            Self::Dump(Dump { bounds, .. })
            | Self::Restore(Restore { bounds, .. })
            | Self::Count(Count { bounds, .. }) => bounds.within(),
            Self::Snapshot(Snapshot { within, .. }) => Duration::from_secs(*within as u64),
            // the second program, and the grace between two signals
            Self::Run(LocalRun { within, .. }) => Duration::from_secs(*within as u64 * 2 + 30),
            Self::Raft(task) => task.deadline(),
        }
    }

    /// Every command it is made of.
    fn commands(&self) -> [&[Text]; 2] {
        match self {
            Self::Dump(Dump { command, rows, .. }) | Self::Restore(Restore { command, rows, .. }) => [command, rows],
            Self::Count(Count { command, .. }) => [command, &[]],
            Self::Run(LocalRun { command, check, .. }) => [command, check],
            Self::Snapshot(_) | Self::Raft(_) => [&[], &[]],
        }
    }

    /// Why this cannot be done to an object of that kind.
    pub(super) fn misfit(&self, kind: Kind) -> Option<String> {
        let wanted = match self {
            Self::Dump(_) | Self::Restore(_) | Self::Count(_) | Self::Raft(_) => Some(Kind::Pod),
            Self::Snapshot(_) => Some(Kind::PersistentVolumeClaim),
            Self::Run(_) => None,
        };
        if let Some(wanted) = wanted.filter(|wanted| *wanted != kind) {
            return Some(format!(
                "a {} is nothing to {}; a {} is",
                kind.name(),
                self.word(),
                wanted.name()
            ));
        }
        let lacks = match self {
            Self::Snapshot(snapshot) => snapshot.name.is_empty().then_some("a snapshot has a name"),
            Self::Raft(task) => task.lacks(),
            Self::Dump(Dump { command, to: file, .. })
            | Self::Restore(Restore {
                command, from: file, ..
            }) => {
                if file.trim().is_empty() || file.contains(char::is_control) {
                    Some("the file has no name that could be one")
                } else {
                    command.is_empty().then_some("there is no command")
                }
            }
            Self::Count(Count { command, .. }) | Self::Run(LocalRun { command, .. }) => {
                command.is_empty().then_some("there is no command")
            }
        };
        lacks.map(str::to_owned).or_else(|| {
            let shown = self.commands();
            let telling = shown.into_iter().any(tells_a_secret);
            telling.then(|| {
                "its arguments hold something that looks like a secret, and they are shown and kept: let the program read it \
                 from its environment or a file"
                    .to_owned()
            })
        })
    }
}

/// Whether an argument looks like a secret itself. One that names a variable, as `"$MYSQL_PWD"` does, tells nothing.
fn tells_a_secret(command: &[Text]) -> bool {
    let mut flagged = false;
    for word in command {
        let named = std::mem::replace(
            &mut flagged,
            word.starts_with('-') && !word.starts_with("--no-") && !word.contains('=') && looks_secret_name(word),
        );
        let of_variable = |text: &str| text.trim_matches(['"', '\'']).starts_with('$');
        if named && !of_variable(word) && !word.starts_with('-') {
            return true;
        }
        let plain = without_variables(word);
        if redact(Value::from(plain.as_str())) != plain {
            return true;
        }
    }
    false
}

/// A text without the assignments whose right side is a variable: `PGPASSWORD="$POSTGRES_PASSWORD" psql`.
fn without_variables(text: &str) -> String {
    let words = text.split(' ').filter(|word| {
        let right = word
            .split_once('=')
            .map(|(_, right)| right.trim_start_matches(['"', '\'']));
        !right.is_some_and(|right| right.starts_with('$'))
    });
    words.collect::<Vec<_>>().join(" ")
}

/// A command as it is shown: each argument by itself, those with blanks in quotes.
pub fn shown(command: &[Text]) -> String {
    let words = command.iter().map(|word| {
        if word.is_empty()
            || word.contains(|letter: char| letter.is_whitespace() || letter == '"' || letter.is_control())
        {
            format!("{word:?}")
        } else {
            word.to_string()
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

/// `dump of pod/mysql-0 into mysql.sql` without the object: what follows the word.
impl fmt::Display for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dump(dump) => write!(f, "into {}: {}", dump.to, shown(&dump.command)),
            Self::Restore(restore) => write!(f, "from {}: {}", restore.from, shown(&restore.command)),
            Self::Count(count) if count.like.is_empty() => f.write_str(&shown(&count.command)),
            Self::Count(count) => write!(f, "as in {}: {}", count.like, shown(&count.command)),
            Self::Snapshot(snapshot) => write!(f, "as volumesnapshot/{}", snapshot.name),
            Self::Run(run) => write!(f, "here: {}", shown(&run.command)),
            Self::Raft(task) => task.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(words: &[&str]) -> Vec<Text> {
        words.iter().map(|word| (*word).into()).collect()
    }

    #[test]
    fn a_secret_among_the_arguments_is_seen_and_a_variable_is_none() {
        for command in [
            &["mysqldump", "--password=hunter2", "--all-databases"][..],
            &["mysqldump", "--password", "hunter2"],
            &["sh", "-c", "PGPASSWORD=hunter2 pg_dump"],
            &["psql", "postgres://app:hunter2@db/x"],
        ] {
            assert!(tells_a_secret(&words(command)), "{command:?}");
        }
        for command in [
            &["pg_dump", "--no-password", "-U", "app", "app"][..],
            &[
                "sh",
                "-c",
                "MYSQL_PWD=\"$MYSQL_ROOT_PASSWORD\" exec mysqldump --all-databases",
            ],
            &["mysqldump", "--password", "$PW"],
            &["mysql", "-e", "select count(*) from accounts"],
        ] {
            assert!(!tells_a_secret(&words(command)), "{command:?}");
        }
    }

    #[test]
    fn a_command_is_shown_argument_by_argument() {
        assert_eq!(shown(&words(&["sh", "-c", "a b", ""])), r#"sh -c "a b" """#);
        assert_eq!(shown(&words(&["a\u{1b}[2J"])), r#""a\u{1b}[2J""#);
    }
}
