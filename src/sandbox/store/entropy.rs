//! Uids and the random ends of generated names, the same ones for the same seed.

/// A seeded stream of random bits (`SplitMix64`: small, and every seed is a good one).
#[derive(Clone, Debug)]
pub(super) struct Entropy(u64);

/// The letters of generated names; no vowels, so that no words arise (`k8s.io/apimachinery/pkg/util/rand`).
const LETTERS: [char; 27] = [
    'b', 'c', 'd', 'f', 'g', 'h', 'j', 'k', 'l', 'm', 'n', 'p', 'q', 'r', 's', 't', 'v', 'w', 'x', 'z', '2', '4', '5',
    '6', '7', '8', '9',
];

impl Entropy {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        bits ^ (bits >> 31)
    }

    /// A version 4 UUID.
    pub(super) fn uid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0xfff,
            (low >> 48) & 0x3fff | 0x8000,
            low & 0xffff_ffff_ffff
        )
    }

    /// The five letters that `generateName` is completed with.
    pub(super) fn name_end(&mut self) -> String {
        let mut bits = self.next();
        let mut end = String::new();
        for _ in 0..5 {
            let at = usize::try_from(bits % 27).unwrap_or(0);
            end.extend(LETTERS.get(at));
            bits /= 27;
        }
        end
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Uid;

    #[test]
    fn the_same_seed_gives_the_same_uids() {
        let (mut one, mut other) = (Entropy::new(7), Entropy::new(7));
        let uid = one.uid();
        assert_eq!(uid, other.uid());
        assert_ne!(uid, one.uid());
        assert_eq!(uid.len(), 36);
        assert_eq!(uid.as_bytes()[14], b'4');
        assert_eq!(Uid::new(&uid).to_string(), uid);
        assert_eq!(one.name_end().len(), 5);
    }
}
