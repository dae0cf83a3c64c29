//! Chance without dice: everything that looks random in the sandbox follows from a seed and a name, so that the same
//! seed and the same names give the same cluster. Knows no clock and no object.

use sha2::{Digest as _, Sha256};

/// Letters Kubernetes draws name suffixes from: none that could spell a word.
/// Source: `apimachinery/pkg/util/rand`.
const LETTERS: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";

/// 128 bits that follow from the seed and the name.
fn bits(seed: u64, name: &str) -> u128 {
    let digest = Sha256::new()
        .chain_update(seed.to_be_bytes())
        .chain_update(name.as_bytes())
        .finalize();
    digest
        .iter()
        .take(16)
        .fold(0, |bits, byte| (bits << 8) | u128::from(*byte))
}

/// A suffix such as `x7k2q`.
pub(in crate::sandbox) fn suffix(seed: u64, name: &str, length: usize) -> String {
    let mut rest = bits(seed, name);
    (0..length)
        .map(|_| {
            let at = usize::try_from(rest % 27).unwrap_or_default();
            rest /= 27;
            char::from(LETTERS.get(at).copied().unwrap_or(b'x'))
        })
        .collect()
}

/// A number below `bound`; 0 when the bound is 0.
pub(in crate::sandbox) fn below(seed: u64, name: &str, bound: u64) -> u64 {
    u64::try_from(bits(seed, name) % u128::from(bound.max(1))).unwrap_or_default()
}

/// A UUID (version 4 in form) that follows from the name.
pub(in crate::sandbox) fn uuid(seed: u64, name: &str) -> String {
    let bits = (bits(seed, name) & !(0xf << 76) | (4 << 76)) & !(0x3 << 62) | (2 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        bits >> 96,
        (bits >> 80) & 0xffff,
        (bits >> 64) & 0xffff,
        (bits >> 48) & 0xffff,
        bits & 0xffff_ffff_ffff
    )
}

/// Hexadecimal digits, as hashes and disk handles have them; at most 32.
pub(in crate::sandbox) fn hex(seed: u64, name: &str, length: usize) -> String {
    format!("{:032x}", bits(seed, name)).chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_name_gives_the_same_draw_and_another_name_another() {
        assert_eq!(suffix(1, "a", 5), suffix(1, "a", 5));
        assert_ne!(suffix(1, "a", 5), suffix(1, "b", 5));
        assert_ne!(suffix(1, "a", 5), suffix(2, "a", 5));
        assert!(below(1, "a", 3) < 3);
        assert_eq!(below(1, "a", 0), 0);
        let uuid = uuid(1, "pvc/x");
        assert_eq!(crate::model::Uid::new(&uuid).to_string(), uuid);
        assert_eq!(uuid.chars().nth(14), Some('4'));
        assert!(uuid.chars().nth(19).is_some_and(|digit| "89ab".contains(digit)));
    }
}
