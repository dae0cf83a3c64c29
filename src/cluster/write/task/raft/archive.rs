//! A raft snapshot as Vault and OpenBao write it: a gzip'd tar of `meta.json`, `state.bin`, `SHA256SUMS` and
//! `SHA256SUMS.sealed`. One that was cut off has a 200 and no end, so all of it is read before it counts
//! (`reference/raft.md` §1b).

use flate2::read::GzDecoder;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;
use tar::Archive;

/// The largest of the small members, in bytes.
const SMALL: u64 = 1 << 20;

/// What a snapshot says of itself, once everything in it was read and found as its checksums say.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Whole {
    pub(super) index: u64,
    pub(super) term: u64,
    /// Of the state alone, unpacked.
    pub(super) state: u64,
}

#[derive(Deserialize)]
struct Meta {
    #[serde(rename = "Index")]
    index: u64,
    #[serde(rename = "Term")]
    term: u64,
    #[serde(rename = "Size", default)]
    size: u64,
}

/// Reads all of it.
///
/// # Errors
/// What is wrong, in a sentence without anything of its content.
pub(super) fn read(path: &Path) -> Result<Whole, String> {
    let file = File::open(path).map_err(|error| format!("it cannot be read: {error}"))?;
    of(BufReader::new(file))
}

fn of(packed: impl Read) -> Result<Whole, String> {
    let broken = |error: io::Error| format!("it is no whole archive: {error}");
    let mut archive = Archive::new(GzDecoder::new(packed));
    let mut sums: BTreeMap<String, String> = BTreeMap::new();
    let (mut meta, mut told, mut state, mut sealed) = (None, String::new(), None, false);
    for entry in archive.entries().map_err(broken)? {
        let mut entry = entry.map_err(broken)?;
        let name = entry.path().map_err(broken)?.to_string_lossy().into_owned();
        let size = entry.size();
        let mut small = |limit: u64| -> Result<Vec<u8>, String> {
            if size > limit {
                return Err(format!(
                    "a member of it is larger than {limit} bytes, which it never is"
                ));
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(broken)?;
            Ok(bytes)
        };
        match name.trim_start_matches("./") {
            "meta.json" => {
                let bytes = small(SMALL)?;
                sums.insert("meta.json".to_owned(), hex(Sha256::digest(&bytes).as_slice()));
                let read: Meta = serde_json::from_slice(&bytes).map_err(|_error| "its meta.json cannot be read")?;
                meta = Some(read);
            }
            "state.bin" => {
                let mut digest = Sha256::new();
                let mut buffer = vec![0; 256 << 10];
                loop {
                    let count = entry.read(&mut buffer).map_err(broken)?;
                    if count == 0 {
                        break;
                    }
                    digest.update(buffer.get(..count).unwrap_or_default());
                }
                sums.insert("state.bin".to_owned(), hex(digest.finalize().as_slice()));
                state = Some(size);
            }
            "SHA256SUMS" => told = String::from_utf8(small(SMALL)?).map_err(|_error| "its SHA256SUMS is no text")?,
            "SHA256SUMS.sealed" => sealed = !small(SMALL)?.is_empty(),
            _ => {}
        }
    }
    // the packed stream has a checksum of its own behind the last member
    io::copy(&mut archive.into_inner(), &mut io::sink()).map_err(broken)?;
    let meta = meta.ok_or("it holds no meta.json")?;
    let state = state.filter(|size| *size > 0).ok_or("it holds no state")?;
    if !sealed {
        return Err("it lacks SHA256SUMS.sealed: it was cut off, or not made by a Vault that could".to_owned());
    }
    if meta.size > 0 && meta.size != state {
        return Err(format!(
            "its state has {state} bytes, and its meta.json says {}",
            meta.size
        ));
    }
    compared(&told, &sums)?;
    Ok(Whole {
        index: meta.index,
        term: meta.term,
        state,
    })
}

/// Holds what was read against what it says: `DIGEST  NAME`, a line each.
fn compared(told: &str, sums: &BTreeMap<String, String>) -> Result<(), String> {
    let said: BTreeMap<&str, &str> = told
        .lines()
        .filter_map(|line| line.split_once(char::is_whitespace))
        .map(|(digest, name)| (name.trim().trim_start_matches('*'), digest))
        .collect();
    for name in ["meta.json", "state.bin"] {
        match (said.get(name), sums.get(name)) {
            (Some(said), Some(own)) if said.eq_ignore_ascii_case(own) => {}
            (None, _) => return Err(format!("its SHA256SUMS does not name {name}")),
            (Some(_), _) => return Err(format!("its {name} is not what its SHA256SUMS says")),
        }
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in bytes {
        // writing to a String cannot fail
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::Compression;
    use flate2::write::GzEncoder;

    fn packed(members: &[(&str, &[u8])]) -> Vec<u8> {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        for (name, bytes) in members {
            let mut header = tar::Header::new_gnu();
            header.set_size(bytes.len() as u64);
            header.set_mode(0o600);
            builder.append_data(&mut header, name, *bytes).unwrap();
        }
        builder.into_inner().unwrap().finish().unwrap()
    }

    fn sound() -> Vec<(&'static str, Vec<u8>)> {
        let meta = br#"{"Version":1,"Index":2730012,"Term":17,"Size":9}"#.to_vec();
        let state = b"encrypted".to_vec();
        let sums = format!(
            "{}  meta.json\n{}  state.bin\n",
            hex(Sha256::digest(&meta).as_slice()),
            hex(Sha256::digest(&state).as_slice())
        );
        vec![
            ("meta.json", meta),
            ("state.bin", state),
            ("SHA256SUMS", sums.into_bytes()),
            ("SHA256SUMS.sealed", b"sealed".to_vec()),
        ]
    }

    fn judged(members: &[(&'static str, Vec<u8>)]) -> Result<Whole, String> {
        let members: Vec<(&str, &[u8])> = members.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        of(packed(&members).as_slice())
    }

    #[test]
    fn a_whole_archive_says_where_it_stands() {
        assert_eq!(
            judged(&sound()),
            Ok(Whole {
                index: 2_730_012,
                term: 17,
                state: 9
            })
        );
    }

    #[test]
    fn whatever_is_cut_off_or_changed_is_told() {
        for (member, told) in [
            ("meta.json", "holds no meta.json"),
            ("state.bin", "holds no state"),
            ("SHA256SUMS", "does not name meta.json"),
            ("SHA256SUMS.sealed", "lacks SHA256SUMS.sealed"),
        ] {
            let mut members = sound();
            members.retain(|(name, _)| *name != member);
            let why = judged(&members).unwrap_err();
            assert!(why.contains(told), "{member}: {why}");
        }
        let mut members = sound();
        members[1].1 = b"encrypteD".to_vec();
        assert_eq!(
            judged(&members),
            Err("its state.bin is not what its SHA256SUMS says".to_owned())
        );
        let whole: Vec<(&str, Vec<u8>)> = sound();
        let members: Vec<(&str, &[u8])> = whole.iter().map(|(name, bytes)| (*name, bytes.as_slice())).collect();
        let bytes = packed(&members);
        for cut in [0, 1, bytes.len() / 2, bytes.len() - 1] {
            assert!(of(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        assert!(of(&b"<html>not found</html>"[..]).is_err());
    }
}
