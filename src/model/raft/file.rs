//! A snapshot's file on this side, as it was seen after it was taken. Must not know how a file is read.

use crate::model::Text;

/// What a file was when somebody looked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSeen {
    /// What changes whenever it is written to: as long as it stands the file is not read again.
    pub stamp: Text,
    /// What it holds, or why that cannot be read.
    pub seen: Result<FileSum, Text>,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileSum {
    pub bytes: u64,
    /// SHA-256, hexadecimal.
    pub sha256: Text,
}
