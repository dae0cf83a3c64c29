//! Time as a value: pure rooms never read a clock.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// A reading of the monotonic clock: time since the program started. It never steps back; deadlines and ages of
/// feeds and approvals are counted on it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment(pub Duration);

impl Moment {
    pub const fn from_millis(millis: u64) -> Self {
        Self(Duration::from_millis(millis))
    }

    /// How long before `now` this was; zero when it is not in the past.
    pub fn age(self, now: Self) -> Duration {
        now.0.saturating_sub(self.0)
    }
}

impl std::ops::Add<Duration> for Moment {
    type Output = Self;
    fn add(self, span: Duration) -> Self {
        Self(self.0.saturating_add(span))
    }
}

/// Both clocks at one instant: the monotonic one for spans, the wall clock for what people and objects say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    pub mono: Moment,
    pub wall: Timestamp,
}

impl Now {
    /// The wall clock in whole seconds, as Kubernetes writes times and people read them.
    pub fn second(self) -> Timestamp {
        Timestamp::from_second(self.wall.as_second()).unwrap_or(self.wall)
    }

    /// The age of something the API server dated; zero when it lies in the future (clock skew).
    pub fn since(self, past: Timestamp) -> Duration {
        Duration::try_from(self.wall.duration_since(past)).unwrap_or_default()
    }
}

/// A span as operators read it: `12s`, `4m10s`, `3h12m`, `41d`. Two units at most, never rounded up.
pub fn short_span(span: Duration) -> String {
    let seconds = span.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds}s"),
        (0, 0, minutes) if minutes < 10 => format!("{minutes}m{:02}s", seconds % 60),
        (0, 0, minutes) => format!("{minutes}m"),
        (0, hours, minutes) => format!("{hours}h{minutes:02}m"),
        (days, hours, _) if days < 3 && hours > 0 => format!("{days}d{hours}h"),
        (days, _, _) => format!("{days}d"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_is_told_in_whole_seconds() {
        let wall = "2026-11-21T02:10:46.783877671Z".parse().unwrap();
        let now = Now {
            mono: Moment::default(),
            wall,
        };
        assert_eq!(now.second().to_string(), "2026-11-21T02:10:46Z");
    }

    #[test]
    fn spans_read_as_operators_say_them() {
        for (seconds, text) in [
            (0, "0s"),
            (59, "59s"),
            (60, "1m00s"),
            (250, "4m10s"),
            (3_599, "59m"),
            (3_600, "1h00m"),
            (11_520, "3h12m"),
            (86_400, "1d"),
            (90_000, "1d1h"),
            (41 * 86_400 + 7_200, "41d"),
        ] {
            assert_eq!(short_span(Duration::from_secs(seconds)), text);
        }
    }
}
