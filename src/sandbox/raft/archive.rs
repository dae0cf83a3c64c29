//! A snapshot as a Vault writes it: a gzip'd tar of metadata, state and checksums (`reference/raft.md` §1b). The state is made up.

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;
use std::io;

/// Bytes of made-up state.
const STATE: usize = 96 << 10;

pub(super) fn snapshot(index: u64, term: u64) -> Vec<u8> {
    // as little to be packed as what is encrypted: each block is the digest of its number
    let mut state = Vec::with_capacity(STATE);
    for block in 0..STATE / 32 {
        state.extend(Sha256::digest((block as u64 ^ index).to_be_bytes()));
    }
    let meta = json!({ "Version": 1, "ID": "bolt-snapshot", "Index": index, "Term": term, "Size": state.len() });
    let meta = meta.to_string().into_bytes();
    let sums = format!("{}  meta.json\n{}  state.bin\n", hex(&meta), hex(&state));
    let members: [(&str, &[u8]); 4] = [
        ("meta.json", &meta),
        ("state.bin", &state),
        ("SHA256SUMS", sums.as_bytes()),
        ("SHA256SUMS.sealed", b"sealed by the sandbox"),
    ];
    packed(&members).unwrap_or_default()
}

fn packed(members: &[(&str, &[u8])]) -> io::Result<Vec<u8>> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (name, bytes) in members {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o600);
        archive.append_data(&mut header, name, *bytes)?;
    }
    archive.into_inner()?.finish()
}

fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // writing to a String cannot fail
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    text
}
