//! Chance that is the same everywhere: each draw is a function of the seed and of what it is for.
//!
//! `SplitMix64`'s finaliser and not a generator of a crate: objects are asked for in any order, so a draw must not depend on
//! the draws before it, and the bytes must stay the same whatever version of a crate is current.

use std::fmt::Write as _;

#[derive(Clone, Copy, Debug)]
pub(super) struct Chance(pub(super) u64);

impl Chance {
    pub(super) fn draw(self, what: &str, n: u64) -> u64 {
        let mut state = self.0;
        for byte in what.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        mix(state ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    /// A version 4 UUID.
    pub(super) fn uid(self, what: &str, n: u64) -> String {
        let high = self.draw(what, n);
        let low = mix(high ^ self.0);
        format!(
            "{:08x}-{:04x}-4{:03x}-{:x}{:03x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            8 + (low >> 62),
            (low >> 48) & 0xfff,
            low & 0xffff_ffff_ffff
        )
    }

    /// So many hexadecimal digits.
    pub(super) fn hex(self, what: &str, n: u64, digits: usize) -> String {
        let mut state = self.draw(what, n);
        let mut hex = String::with_capacity(digits + 16);
        while hex.len() < digits {
            state = mix(state);
            // writing to a String cannot fail
            write!(hex, "{state:016x}").unwrap_or_default();
        }
        hex.truncate(digits);
        hex
    }

    /// The random end of a generated name, in the letters Kubernetes takes (`apimachinery/pkg/util/rand`).
    pub(super) fn suffix(self, what: &str, n: u64, letters: u32) -> String {
        const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
        let mut state = self.draw(what, n);
        (0..letters)
            .map(|_| {
                let at = usize::try_from(state % 27).unwrap_or(0);
                state /= 27;
                char::from(LETTERS.get(at).copied().unwrap_or(b'x'))
            })
            .collect()
    }
}

pub(super) const fn mix(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
