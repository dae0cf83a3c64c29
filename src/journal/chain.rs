//! Does the journal hold? Reads a file's bytes, record by record, and names the first that does not verify.
//!
//! A chain sees every flipped, dropped, swapped, repeated or foreign record, and everything cut out of its middle. It
//! cannot see that whole records are missing at its end, nor that somebody wrote the whole chain anew: for that its
//! [`Head`] has to be known outside the file. Print it; compare it with [`verify_anchored`].

use super::record::{NOTHING_BEFORE, Record, head_of};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// The newest record's number and hash: one value that stands for the whole journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub seq: u64,
    pub hash: String,
}

impl Head {
    pub(super) fn nothing() -> Self {
        Self {
            seq: 0,
            hash: NOTHING_BEFORE.to_owned(),
        }
    }

    /// The first 48 bits of the hash as three words a person can read out and compare (proquints, arXiv 0901.4016).
    pub fn words(&self) -> String {
        let letters: Vec<u16> = self
            .hash
            .as_bytes()
            .chunks(4)
            .take(3)
            .filter_map(|chunk| u16::from_str_radix(std::str::from_utf8(chunk).ok()?, 16).ok())
            .collect();
        letters.iter().map(|bits| word(*bits)).collect::<Vec<_>>().join("-")
    }
}

/// Sixteen bits as consonant, vowel, consonant, vowel, consonant.
fn word(bits: u16) -> String {
    let pick = |letters: &str, at: u16| letters.chars().nth(usize::from(at)).unwrap_or('?');
    let consonant = |shift: u16| pick("bdfghjklmnprstvz", bits >> shift & 0xf);
    let vowel = |shift: u16| pick("aiou", bits >> shift & 0x3);
    [consonant(12), vowel(10), consonant(6), vowel(4), consonant(0)]
        .iter()
        .collect()
}

impl fmt::Display for Head {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{} {}", self.seq, self.words())
    }
}

/// The first record that does not verify.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tampered {
    /// The number the record should have.
    pub seq: u64,
    /// Where it begins in the file, in bytes.
    pub offset: u64,
    /// What differs, as the end of the sentence "record 7 at byte 1200 …".
    pub what: String,
}

impl fmt::Display for Tampered {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {} at byte {} {}", self.seq, self.offset, self.what)
    }
}

impl std::error::Error for Tampered {}

/// An unfinished line at the end of the file: what a crash in the middle of a write leaves behind. It was never
/// synced as a whole, so nothing was done on the strength of it, and it may be cut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Torn {
    pub offset: u64,
    pub bytes: u64,
}

impl fmt::Display for Torn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the last {} bytes, from byte {} on, are an unfinished record",
            self.bytes, self.offset
        )
    }
}

/// A journal that verifies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verified {
    pub path: PathBuf,
    pub records: u64,
    pub head: Head,
    pub torn: Option<Torn>,
    /// Records of a kind or version this program does not know; they verify, and nothing may be done after them.
    pub unknown: Vec<u64>,
    /// Saved objects that were read and hashed.
    pub saved: usize,
}

/// The records of a file up to the first that does not verify.
#[derive(Debug)]
pub(super) struct Scan {
    pub(super) records: Vec<Sealed>,
    /// Where the next record belongs.
    pub(super) end: u64,
    /// The last record lacks its newline; it is whole and verifies.
    pub(super) unterminated: bool,
    pub(super) torn: Option<Torn>,
    pub(super) tampered: Option<Tampered>,
    pub(super) head: Head,
}

/// A record, its hash, and where it begins.
#[derive(Clone, Debug)]
pub(super) struct Sealed {
    pub(super) record: Record,
    pub(super) hash: String,
    pub(super) offset: u64,
}

/// Reads a journal's bytes. Spaces at the end are room kept free for coming records.
pub(super) fn scan(bytes: &[u8]) -> Scan {
    let mut scan = Scan {
        records: Vec::new(),
        end: 0,
        unterminated: false,
        torn: None,
        tampered: None,
        head: Head::nothing(),
    };
    for line in bytes.trim_ascii_end_spaces().split_inclusive(|byte| *byte == b'\n') {
        let whole = line.strip_suffix(b"\n");
        match scan.next(whole.unwrap_or(line)) {
            Ok(sealed) => {
                scan.end += length(line);
                scan.unterminated = whole.is_none();
                scan.head = Head {
                    seq: sealed.record.seq,
                    hash: sealed.hash.clone(),
                };
                scan.records.push(sealed);
            }
            Err(what) if whole.is_some() || scan.overwritten(line) => {
                scan.tampered = Some(Tampered {
                    seq: scan.head.seq + 1,
                    offset: scan.end,
                    what,
                });
                break;
            }
            Err(_) => {
                scan.torn = Some(Torn {
                    offset: scan.end,
                    bytes: length(line),
                });
            }
        }
    }
    scan
}

impl Scan {
    /// The line as the record that follows the head.
    fn next(&self, line: &[u8]) -> Result<Sealed, String> {
        let (record, hash) = Record::unseal(line)?;
        let expected = self.head.seq + 1;
        if record.seq != expected {
            return Err(format!(
                "is number {} where {expected} belongs: records are missing, repeated or out of order",
                record.seq
            ));
        }
        if record.prev != self.head.hash {
            return Err(format!(
                "follows a record with hash {}…, the one before it has {}…",
                head_of(&record.prev),
                head_of(&self.head.hash)
            ));
        }
        Ok(Sealed {
            record,
            hash,
            offset: self.end,
        })
    }

    /// An unfinished line that begins with a whole valid record was not torn: its newline was overwritten.
    fn overwritten(&self, line: &[u8]) -> bool {
        line.windows(2)
            .rposition(|pair| pair == b"\"}")
            .and_then(|at| line.get(..at + 2))
            .is_some_and(|record| record.len() < line.len() && self.next(record).is_ok())
    }
}

trait TrimSpaces {
    fn trim_ascii_end_spaces(&self) -> &Self;
}

impl TrimSpaces for [u8] {
    fn trim_ascii_end_spaces(&self) -> &Self {
        let kept = self.iter().rposition(|byte| *byte != b' ').map_or(0, |at| at + 1);
        self.get(..kept).unwrap_or(self)
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Verifies a journal: a file, or the directory that holds one, with the objects saved beside it.
///
/// # Errors
/// The first record that does not verify, or that the file cannot be read (as record 1).
pub fn verify(path: &Path) -> Result<Verified, Tampered> {
    let (file, scan) = read(path)?;
    if let Some(tampered) = scan.tampered {
        return Err(tampered);
    }
    let mut saved = 0;
    for Sealed { record, offset, .. } in &scan.records {
        saved += super::saved::check(&file, record).map_err(|what| Tampered {
            seq: record.seq,
            offset: *offset,
            what,
        })?;
    }
    let unknown = scan.records.iter().map(|sealed| &sealed.record);
    Ok(Verified {
        path: file,
        records: scan.head.seq,
        unknown: unknown
            .filter(|record| record.known_kind().is_none())
            .map(|record| record.seq)
            .collect(),
        head: scan.head,
        torn: scan.torn,
        saved,
    })
}

/// Verifies a journal against a head known from elsewhere: catches a cut tail and a chain written anew.
pub fn verify_anchored(path: &Path, anchor: &Head) -> Result<Verified, Tampered> {
    let verified = verify(path)?;
    let (_, scan) = read(path)?;
    let held = scan.records.iter().find(|sealed| sealed.record.seq == anchor.seq);
    match held {
        Some(sealed) if sealed.hash == anchor.hash => Ok(verified),
        Some(sealed) => Err(Tampered {
            seq: anchor.seq,
            offset: sealed.offset,
            what: format!(
                "has hash {}…, the anchor says {}…",
                head_of(&sealed.hash),
                head_of(&anchor.hash)
            ),
        }),
        None => Err(Tampered {
            seq: anchor.seq,
            offset: scan.end,
            what: format!(
                "is missing: the journal ends at {}, the anchor is {anchor}",
                scan.head.seq
            ),
        }),
    }
}

/// The journal's file and its records.
pub(super) fn read(path: &Path) -> Result<(PathBuf, Scan), Tampered> {
    let file = if path.is_dir() {
        path.join(super::FILE)
    } else {
        path.to_owned()
    };
    let bytes = std::fs::read(&file).map_err(|error| Tampered {
        seq: 1,
        offset: 0,
        what: format!("cannot be read from {}: {error}", file.display()),
    })?;
    Ok((file, scan(&bytes)))
}
