//! A file that a helm at work holds open, locked: whoever opens the journal after a crash learns from it whether that helm still
//! lives on this machine, and has not to wait until helm must have ended.
//!
//! It is helm's standard input, empty from where it stands: helm keeps it open as long as it, or what it started, lives, and the
//! kernel gives the lock back with the last of them. Knows neither journal nor records.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

/// Its name, in the directory of the cluster's journal.
const FILE: &str = "helm.alive";
/// What differs from start to start, and from machine to machine.
const BOOT: &str = "/proc/sys/kernel/random/boot_id";
/// No more than so many bytes of it are read.
const MOST: u64 = 512;

/// The lock, held for a helm that is about to be started.
#[derive(Debug)]
pub struct Lifeline {
    file: File,
}

/// Whether a helm that was started for a step still lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It, or what it started, is at work.
    Lives,
    /// None is: it ended, or was never started.
    Gone,
    /// Another machine, another start of it, or another step: nothing can be said.
    Unknown,
}

fn path(directory: &Path) -> PathBuf {
    directory.join(FILE)
}

/// Which step on which start of which machine; `None` where the machine does not say.
fn mark(step: &str) -> Option<String> {
    let boot = std::fs::read_to_string(BOOT).ok()?;
    Some(format!("{} {step}\n", boot.trim()))
}

impl Lifeline {
    /// Takes the lock for the helm of this step.
    ///
    /// # Errors
    /// Where a helm that was started before still holds it, or the file cannot be written.
    pub fn hold(directory: &Path, step: &str) -> Result<Self, String> {
        let path = path(directory);
        let told = |error: &io::Error| format!("{}: {error}", path.display());
        let mut file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(|error| told(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err("a helm that was started before is still at work".to_owned());
            }
            Err(TryLockError::Error(error)) => return Err(told(&error)),
        }
        file.set_len(0).map_err(|error| told(&error))?;
        let mark = mark(step).unwrap_or_default();
        file.write_all(mark.as_bytes()).map_err(|error| told(&error))?;
        file.sync_all().map_err(|error| told(&error))?;
        Ok(Self { file })
    }

    /// The end that helm holds, as its standard input.
    ///
    /// # Errors
    /// Where the system has no more open files to give.
    pub(in crate::cluster) fn end(&self) -> io::Result<Stdio> {
        Ok(Stdio::from(self.file.try_clone()?))
    }
}

/// Whether the helm that was started for this step still lives.
pub fn left(directory: &Path, step: &str) -> Life {
    let Ok(mut file) = File::open(path(directory)) else {
        return Life::Unknown;
    };
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Life::Lives,
        Err(TryLockError::Error(_)) => return Life::Unknown,
    }
    let mut held = String::new();
    let read = (&mut file).take(MOST).read_to_string(&mut held);
    if let Err(error) = file.unlock() {
        tracing::debug!(%error, "the lock is given back with the file");
    }
    if read.is_ok() && mark(step).is_some_and(|mark| mark == held) {
        Life::Gone
    } else {
        Life::Unknown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command};

    /// A program that reads its standard input, as helm may, and then works until a pipe of ours is closed.
    fn at_work(lifeline: &Lifeline) -> (Child, io::PipeWriter) {
        let (reader, writer) = io::pipe().unwrap();
        let child = Command::new("sh")
            .args(["-c", "cat >/dev/null; cat <&2 >/dev/null; exit 0"])
            .stdin(lifeline.end().unwrap())
            .stdout(Stdio::null())
            .stderr(Stdio::from(reader))
            .spawn();
        (child.unwrap(), writer)
    }

    #[test]
    fn a_helm_is_known_to_live_as_long_as_it_does_and_not_longer() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(left(home.path(), "step-1"), Life::Unknown, "nobody held it");
        let lifeline = Lifeline::hold(home.path(), "step-1").unwrap();
        let (mut child, pipe) = at_work(&lifeline);
        // the cockpit dies, and its helm does not
        drop(lifeline);
        assert_eq!(left(home.path(), "step-1"), Life::Lives);
        assert!(Lifeline::hold(home.path(), "step-2").is_err(), "two at once");
        drop(pipe);
        assert!(child.wait().unwrap().success());
        assert_eq!(left(home.path(), "step-1"), Life::Gone);
        assert_eq!(left(home.path(), "step-2"), Life::Unknown, "of another step");
        std::fs::write(path(home.path()), "another-boot step-1\n").unwrap();
        assert_eq!(left(home.path(), "step-1"), Life::Unknown, "of another machine");
    }

    #[test]
    fn one_that_was_never_started_is_gone() {
        let home = tempfile::tempdir().unwrap();
        drop(Lifeline::hold(home.path(), "step-1").unwrap());
        assert_eq!(left(home.path(), "step-1"), Life::Gone);
    }
}
