//! A file on this side, looked at again: is it still what it was? Knows no cluster.

use crate::model::Text;
use crate::model::raft::{FileSeen, FileSum};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::fs::{self, File, Metadata};
use std::io::{self, Read as _};
use std::os::unix::fs::MetadataExt as _;
use std::time::Duration;

/// How long reading one to its end may take.
const DEADLINE: Duration = Duration::from_mins(10);

/// Size and checksum of a file. Where nothing was written to it since it was `known` it is not read again.
pub async fn summed(file: &Text, known: Option<FileSeen>) -> FileSeen {
    let path = file.clone();
    let read = tokio::task::spawn_blocking(move || look(&path, known));
    let why = match tokio::time::timeout(DEADLINE, read).await {
        Ok(Ok(seen)) => return seen,
        Ok(Err(error)) => error.to_string(),
        Err(_elapsed) => format!("it was not read to its end within {} s", DEADLINE.as_secs()),
    };
    unread(file, &why)
}

fn unread(file: &str, why: &dyn std::fmt::Display) -> FileSeen {
    FileSeen {
        stamp: Text::default(),
        seen: Err(format!("{file} cannot be read: {why}").into()),
    }
}

fn look(file: &str, known: Option<FileSeen>) -> FileSeen {
    let there = match fs::metadata(file) {
        Ok(there) if there.is_file() => there,
        Ok(_) => return unread(file, &"it is no file"),
        Err(error) => return unread(file, &error),
    };
    let stamp = stamp(&there);
    if let Some(known) = known.filter(|known| known.stamp == stamp && known.seen.is_ok()) {
        return known;
    }
    match sum(file) {
        Ok(sum) => FileSeen { stamp, seen: Ok(sum) },
        Err(error) => unread(file, &error),
    }
}

fn stamp(there: &Metadata) -> Text {
    let (written, changed) = ((there.mtime(), there.mtime_nsec()), (there.ctime(), there.ctime_nsec()));
    format!("{} {} {written:?} {changed:?}", there.ino(), there.len()).into()
}

fn sum(file: &str) -> io::Result<FileSum> {
    let mut file = File::open(file)?;
    let (mut digest, mut bytes, mut buffer) = (Sha256::new(), 0_u64, vec![0; 1 << 16]);
    loop {
        let read = file.read(&mut buffer)?;
        let Some(new) = buffer.get(..read).filter(|new| !new.is_empty()) else {
            break;
        };
        digest.update(new);
        bytes += new.len() as u64;
    }
    let mut sha256 = String::new();
    for byte in digest.finalize() {
        // writing to a String cannot fail
        write!(sha256, "{byte:02x}").unwrap_or_default();
    }
    Ok(FileSum {
        bytes,
        sha256: sha256.into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_again_only_when_something_was_written_to_it() {
        let home = tempfile::tempdir().expect("a directory");
        let path = home.path().join("v.snap");
        let file = path.display().to_string();
        assert!(look(&file, None).seen.is_err());
        assert!(look(&home.path().display().to_string(), None).seen.is_err());

        fs::write(&path, "abc").expect("written");
        let first = look(&file, None);
        let sum = first.seen.clone().expect("read");
        assert_eq!(sum.bytes, 3);
        assert!(sum.sha256.starts_with("ba7816bf8f01cfea"), "{sum:?}");
        // what is known is taken as it is, as long as nothing was written
        let known = FileSeen {
            seen: Ok(FileSum { bytes: 7, ..sum }),
            ..first.clone()
        };
        assert_eq!(look(&file, Some(known.clone())), known);
        fs::write(&path, "ab").expect("written");
        let then = look(&file, Some(known)).seen.expect("read");
        assert_eq!(then.bytes, 2);
    }
}
