//! How long to wait before trying again: doubling, capped, and shortened by chance so that cockpits do not march in step.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Backoff {
    first: Duration,
    most: Duration,
    strikes: u32,
}

impl Backoff {
    pub(super) const fn new(first: Duration, most: Duration) -> Self {
        Self {
            first,
            most,
            strikes: 0,
        }
    }

    pub(super) const fn reset(&mut self) {
        self.strikes = 0;
    }

    /// The pause before the next attempt: between half of it and all of it, by chance.
    pub(super) fn next(&mut self) -> Duration {
        let whole = self
            .first
            .saturating_mul(1_u32.checked_shl(self.strikes).unwrap_or(u32::MAX))
            .min(self.most);
        self.strikes = self.strikes.saturating_add(1).min(20);
        let chance = RandomState::new().build_hasher().finish() % 1_000;
        let part = 500 + u32::try_from(chance / 2).unwrap_or(0);
        whole.saturating_mul(part) / 1_000
    }

    /// Like [`Backoff::next`], but nothing the first time.
    pub(super) fn next_after_first(&mut self) -> Duration {
        if self.strikes == 0 {
            self.strikes = 1;
            return Duration::ZERO;
        }
        self.next()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_begin_anew() {
        let mut backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));
        for whole in [200, 400, 800, 1_600, 3_200, 5_000, 5_000] {
            let pause = backoff.next();
            assert!(pause >= Duration::from_millis(whole / 2), "{pause:?} of {whole}");
            assert!(pause <= Duration::from_millis(whole), "{pause:?} of {whole}");
        }
        backoff.reset();
        assert_eq!(backoff.next_after_first(), Duration::ZERO);
        assert!(backoff.next_after_first() > Duration::ZERO);
        for _ in 0..100 {
            assert!(backoff.next() <= Duration::from_secs(5));
        }
    }
}
