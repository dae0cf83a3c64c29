//! Waiting for a condition: always with a deadline, and always able to say what was last seen.

use std::time::{Duration, Instant};

/// How long to leave the machine alone between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Looks again and again until `look` answers `Ok`, and gives that answer back.
///
/// `look` answers `Err` with what it sees as long as the condition does not hold; the last of these is the message
/// when `limit` has passed.
pub(crate) fn until<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Result<T, String>) -> Result<T, String> {
    let started = Instant::now();
    loop {
        let seen = match look() {
            Ok(answer) => return Ok(answer),
            Err(seen) => seen,
        };
        if started.elapsed() >= limit {
            return Err(format!("{what}: not within {limit:?}; last seen: {seen}"));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Looks until the same thing has been seen for `quiet` on end, and gives it back.
pub(crate) fn until_still<T: PartialEq>(
    what: &str,
    quiet: Duration,
    limit: Duration,
    mut look: impl FnMut() -> T,
) -> Result<T, String> {
    let mut last = look();
    let mut since = Instant::now();
    let mut changes = 0;
    until(what, limit, || {
        let now = look();
        if now != last {
            last = now;
            since = Instant::now();
            changes += 1;
        }
        if since.elapsed() >= quiet {
            Ok(())
        } else {
            Err(format!("{changes} changes so far"))
        }
    })?;
    Ok(last)
}
