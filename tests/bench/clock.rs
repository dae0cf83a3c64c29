//! The one clock: `CLOCK_MONOTONIC`, the same in every process of a machine, so that the load server's instants and ours
//! can be compared.

use std::time::Duration;

/// Nanoseconds of `CLOCK_MONOTONIC`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Instant(pub(crate) u64);

impl Instant {
    pub(crate) fn now() -> Self {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let seconds = u64::try_from(time.tv_sec).unwrap_or(0);
        Self(seconds * 1_000_000_000 + u64::try_from(time.tv_nsec).unwrap_or(0))
    }

    /// Milliseconds since an earlier instant; negative when that one is later.
    #[expect(clippy::cast_precision_loss, reason = "differences of minutes, at most")]
    pub(crate) fn ms_since(self, earlier: Self) -> f64 {
        if self >= earlier {
            (self.0 - earlier.0) as f64 / 1e6
        } else {
            -((earlier.0 - self.0) as f64 / 1e6)
        }
    }

    pub(crate) fn plus(self, span: Duration) -> Self {
        Self(self.0 + u64::try_from(span.as_nanos()).unwrap_or(u64::MAX / 4))
    }

    /// What is left until this instant.
    pub(crate) fn left(self) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(Self::now().0))
    }
}
