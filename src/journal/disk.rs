//! Files that only their owner can read, that no link can redirect, and that say when a write did not reach the disk.

use super::error::{Holder, JournalError};
use crate::model::{Now, Operator};
use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

/// `O_NOFOLLOW`, which std does not name. Where the value is not known here it is 0, and the check of [`same_file`],
/// which is made everywhere, stands alone.
const NO_FOLLOW: i32 = if cfg!(all(
    target_os = "linux",
    any(
        target_arch = "x86",
        target_arch = "x86_64",
        target_arch = "riscv64",
        target_arch = "s390x"
    )
)) {
    0o400_000
} else if cfg!(all(
    target_os = "linux",
    any(target_arch = "arm", target_arch = "aarch64")
)) {
    0o100_000
} else if cfg!(any(
    target_os = "macos",
    target_os = "freebsd",
    target_os = "netbsd",
    target_os = "openbsd"
)) {
    0x100
} else {
    0
};

/// What the journal asks of its file; a trait so that tests can make it fail.
pub(super) trait Disk: Send + Sync + std::fmt::Debug {
    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()>;
    /// `fdatasync`: the bytes and the file's length are on the disk.
    fn sync(&mut self) -> io::Result<()>;
    fn set_len(&mut self, length: u64) -> io::Result<()>;
}

impl Disk for File {
    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.write_all_at(bytes, at)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_len(&mut self, length: u64) -> io::Result<()> {
        Self::set_len(self, length)
    }
}

/// Makes an error of the operating system name what was attempted on which file.
pub(super) fn io_error(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> JournalError {
    let path = path.to_owned();
    move |source| JournalError::Io { doing, path, source }
}

/// The directory exists, is no link, and only its owner can enter it.
pub(super) fn private_dir(path: &Path) -> Result<(), JournalError> {
    if !path.is_dir() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .map_err(io_error("create", path))?;
        if let Some(parent) = path.parent() {
            sync_dir(parent)?;
        }
    }
    let metadata = path.symlink_metadata().map_err(io_error("look at", path))?;
    refuse(path, !metadata.is_dir(), "it is a link, not a directory")?;
    refuse(path, metadata.mode() & 0o077 != 0, "others may enter it: chmod 700 it")
}

/// Opens a file for reading and writing, or creates it with mode 0600. Says whether it was created.
pub(super) fn private_file(path: &Path) -> Result<(File, bool), JournalError> {
    let existing = OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(NO_FOLLOW)
        .open(path);
    let (file, created) = match existing {
        Ok(file) => (file, false),
        Err(error) if error.kind() == io::ErrorKind::NotFound => (new_file(path)?, true),
        Err(_) if path.is_symlink() => return Err(unsafe_path(path, "it is a link")),
        Err(error) => return Err(io_error("open", path)(error)),
    };
    same_file(path, &file)?;
    Ok((file, created))
}

/// Creates a file that must not exist yet, with mode 0600. A link in its place counts as existing.
pub(super) fn new_file(path: &Path) -> Result<File, JournalError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(io_error("create", path))
}

/// What was opened is what the path names, a plain file, private.
fn same_file(path: &Path, file: &File) -> Result<(), JournalError> {
    let opened = file.metadata().map_err(io_error("look at", path))?;
    let named = path.symlink_metadata().map_err(io_error("look at", path))?;
    refuse(
        path,
        (opened.dev(), opened.ino()) != (named.dev(), named.ino()) || !named.is_file(),
        "it is not a plain file",
    )?;
    refuse(path, opened.mode() & 0o077 != 0, "others may read it: chmod 600 it")
}

fn refuse(path: &Path, when: bool, why: &str) -> Result<(), JournalError> {
    if when { Err(unsafe_path(path, why)) } else { Ok(()) }
}

fn unsafe_path(path: &Path, why: &str) -> JournalError {
    JournalError::Unsafe {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

/// A new name in a directory is on the disk only after this.
pub(super) fn sync_dir(path: &Path) -> Result<(), JournalError> {
    let path = if path.as_os_str().is_empty() {
        Path::new(".")
    } else {
        path
    };
    File::open(path)
        .and_then(|directory| directory.sync_all())
        .map_err(io_error("sync", path))
}

/// The exclusive right to act on a cluster from this machine. Given back when dropped, or when the process dies.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
}

impl Drop for Lock {
    /// Unlocks, and does not only close: a child process that is just being made still has a copy of the open file, and
    /// would hold the lock for us until it is another program.
    fn drop(&mut self) {
        if let Err(error) = self.file.unlock() {
            tracing::warn!(%error, "the journal's lock could not be given back before the end of this process");
        }
    }
}

impl Lock {
    /// Takes the lock and writes down who holds it, or says who does.
    pub(super) fn take(dir: &Path, operator: &Operator, now: Now) -> Result<Self, JournalError> {
        let path = dir.join("lock");
        let (mut file, created) = private_file(&path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                let by = file.read_to_string(&mut text).ok();
                return Err(JournalError::Held {
                    by: by.and_then(|_| serde_json::from_str(&text).ok()),
                });
            }
            Err(TryLockError::Error(error)) => return Err(io_error("lock", &path)(error)),
        }
        let holder = Holder {
            pid: std::process::id(),
            user: operator.user.to_string(),
            host: operator.host.to_string(),
            since: now.second().to_string(),
        };
        let text = serde_json::to_string(&holder).unwrap_or_default();
        file.set_len(0)
            .and_then(|()| file.write_all_at(text.as_bytes(), 0))
            .and_then(|()| file.sync_data())
            .map_err(io_error("write", &path))?;
        if created {
            sync_dir(dir)?;
        }
        Ok(Self { file })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Moment;

    #[test]
    fn a_lock_given_back_is_free_although_a_copy_of_its_file_is_open() {
        let dir = tempfile::tempdir().unwrap();
        let operator = Operator {
            user: "anna@corp".into(),
            host: "laptop".into(),
        };
        let now = Now {
            mono: Moment::default(),
            wall: jiff::Timestamp::UNIX_EPOCH,
        };
        let lock = Lock::take(dir.path(), &operator, now).unwrap();
        let copy = lock.file.try_clone().unwrap();
        assert!(matches!(
            Lock::take(dir.path(), &operator, now),
            Err(JournalError::Held { .. })
        ));
        drop(lock);
        assert!(Lock::take(dir.path(), &operator, now).is_ok());
        drop(copy);
    }
}
