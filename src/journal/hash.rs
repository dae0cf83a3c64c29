//! SHA-256 as hex: the only hash of journal and gate, checkable with `sha256sum`.

use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The SHA-256 of some bytes in lower-case hex, 64 characters.
pub fn sha256(bytes: &[u8]) -> String {
    let mut hex = String::with_capacity(64);
    for byte in Sha256::digest(bytes) {
        // Writing into a String cannot fail.
        write!(hex, "{byte:02x}").unwrap_or_default();
    }
    hex
}
