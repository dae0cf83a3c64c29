//! Should the next page travel compressed? Unpacking costs more than the transfer on a fast link, and less on a slow one:
//! the pages that came tell which it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A body that travels this fast is not what takes the time, in bytes a second.
const FAST: u64 = 100_000_000;
/// A body that travels slower than this is worth packing, in bytes a second.
const SLOW: u64 = 50_000_000;
/// A smaller body comes with its head and says nothing of the link, in bytes.
const TELLING: u64 = 128 << 10;

/// How a connection's pages are asked for. All its feeds share one, so that the first page of any of them tells the others.
#[derive(Debug, Default)]
pub(super) struct Coding {
    plain: AtomicBool,
}

impl Coding {
    /// The `Accept-Encoding` of the next page.
    pub(super) fn wish(&self) -> &'static str {
        if self.plain.load(Ordering::Relaxed) {
            "identity"
        } else {
            "gzip"
        }
    }

    /// Learns from a page: whether it came packed, how many bytes travelled, and how long from its head to its end.
    pub(super) fn learn(&self, packed: bool, travelled: u64, took: Duration) {
        if travelled < TELLING {
            return;
        }
        let nanoseconds = took.as_nanos().max(1);
        let rate = u128::from(travelled) * 1_000_000_000 / nanoseconds;
        if rate >= u128::from(FAST) {
            self.plain.store(true, Ordering::Relaxed);
        } else if !packed && rate < u128::from(SLOW) {
            self.plain.store(false, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_that_travel_fast_come_plain_and_slow_ones_packed() {
        // packed, bytes, milliseconds, and how the next page is asked for
        let cases = [
            (true, 1_000, 0, "gzip"),
            (true, 500_000, 50, "gzip"),
            (true, 1_000_000, 11, "gzip"),
            (true, 1_000_000, 10, "identity"),
            (false, 5_000_000, 60, "identity"),
            (false, 1_000, 1_000, "identity"),
            (false, 5_000_000, 100, "identity"),
            (false, 5_000_000, 101, "gzip"),
            (true, 500_000, 50, "gzip"),
            (true, 500_000, 0, "identity"),
            // a server that packs nothing, small as its pages are
            (false, 200_000, 1, "identity"),
        ];
        let coding = Coding::default();
        assert_eq!(coding.wish(), "gzip");
        for (packed, bytes, milliseconds, next) in cases {
            coding.learn(packed, bytes, Duration::from_millis(milliseconds));
            assert_eq!(coding.wish(), next, "{packed} {bytes} bytes in {milliseconds} ms");
        }
    }
}
