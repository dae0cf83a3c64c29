//! What time it is in the sandbox: the machine's time, or a time that tests advance by hand.

use jiff::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// Where the sandbox takes its time from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    #[default]
    Real,
    /// Stands still until it is advanced.
    Test(TestClock),
}

/// A time that only its handle moves; clones share it.
#[derive(Clone, Debug)]
pub struct TestClock(Arc<Mutex<Timestamp>>);

impl Clock {
    pub fn now(&self) -> Timestamp {
        match self {
            Self::Real => machine(),
            Self::Test(clock) => clock.now(),
        }
    }

    /// The handle of a test clock.
    pub const fn test(&self) -> Option<&TestClock> {
        match self {
            Self::Real => None,
            Self::Test(clock) => Some(clock),
        }
    }
}

impl TestClock {
    pub fn at(start: Timestamp) -> Self {
        Self(Arc::new(Mutex::new(start)))
    }

    pub fn now(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the time forward; at the end of time it stands.
    pub fn advance(&self, by: Duration) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = now.saturating_add(by).unwrap_or(Timestamp::MAX);
    }

    /// Moves the time forward to a moment; never back.
    pub fn advance_to(&self, moment: Timestamp) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now = moment.max(*now);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the one place that reads the machine's clock for this room"
)]
fn machine() -> Timestamp {
    Timestamp::now()
}

/// A time as Kubernetes writes it: whole seconds, UTC.
pub(super) fn seconds(moment: Timestamp) -> String {
    Timestamp::from_second(moment.as_second()).unwrap_or(moment).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_clock_stands_until_it_is_moved() {
        let clock = TestClock::at("2026-11-20T10:00:00.75Z".parse().unwrap());
        let other = Clock::Test(clock.clone());
        assert_eq!(seconds(other.now()), "2026-11-20T10:00:00Z");
        clock.advance(Duration::from_secs(90));
        assert_eq!(seconds(other.now()), "2026-11-20T10:01:30Z");
        clock.advance_to("2020-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(seconds(other.now()), "2026-11-20T10:01:30Z");
    }
}
