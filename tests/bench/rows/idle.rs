//! B5 and B9: what a cockpit costs while nothing happens, and what it asked of the server to get there.

use crate::bed::Bed;
use crate::figures::Samples;
use crate::process::Spent;
use crate::session::Session;
use crate::table::{Line, Of, Target};
use pilothouse::model::Kind;
use std::time::Duration;

/// How long it is looked at.
const WINDOW: u64 = 30;
/// The first seconds after the picture is complete are not idle: watches open.
const SETTLE: Duration = Duration::from_secs(3);

/// The policy that stands behind the requests of an idle cockpit (`src/cluster/heartbeat.rs`).
const HEARTBEAT: &str = "besides the watches only the heartbeat asks: one GET /readyz each third of the 15 s that a feed \
                         may go unheard, and none while any feed was heard just before: the price of never calling \
                         stale facts live, where the reference would have no request at all";

pub(crate) fn lines(bed: &mut Bed) -> Vec<Line> {
    measure(bed).unwrap_or_else(|why| {
        vec![
            Line::failed("B5", "an idle cockpit", &why),
            Line::failed("B9", "requests", &why),
        ]
    })
}

/// How long to wait until the whole window lies within one minute of the wall clock, which the header shows: an idle cockpit
/// looks at the clock every few seconds, and so writes the new minute that much later.
fn until_a_minute_holds(window: Duration) -> Duration {
    const MARGIN: Duration = Duration::from_secs(5);
    let since = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default();
    let into = Duration::from_secs(since.as_secs() % 60);
    let left = Duration::from_mins(1).saturating_sub(into);
    if into < MARGIN {
        MARGIN.saturating_sub(into)
    } else if left < window + MARGIN {
        left + MARGIN
    } else {
        Duration::ZERO
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of one measurement")]
fn measure(bed: &mut Bed) -> Result<Vec<Line>, String> {
    bed.served.reset()?;
    let (session, _) = Session::open(&bed.served, false)?;
    std::thread::sleep(SETTLE);
    let start = bed.served.stats()?;
    let window = bed.window(WINDOW);
    std::thread::sleep(until_a_minute_holds(window));
    bed.served.reset()?;
    let pid = session.terminal.pid();
    let (before, (bytes, frames)) = (Spent::of(pid)?, session.terminal.written());
    std::thread::sleep(window);
    let (after, (bytes_after, frames_after)) = (Spent::of(pid)?, session.terminal.written());
    let idle = bed.served.stats()?;
    session.leave()?;
    let seconds = window.as_secs_f64();
    let line = |row, what: &str, unit, value: f64| Line::new(row, what, unit, Of::Median, Samples::one(value));
    let kinds = Kind::ALL.len() as f64;
    let all = [
        line(
            "B5",
            "idle: processor",
            "% of a core",
            after.cpu_ms_since(before) / seconds / 10.0,
        )
        .target(Target::Below(0.2)),
        line("B5", "idle: wake-ups", "/s", after.waits_since(before) / seconds).target(Target::AtMost(2.0)),
        line(
            "B5",
            "idle: bytes to the terminal",
            "bytes/s",
            (bytes_after - bytes) as f64 / seconds,
        )
        .target(Target::AtMost(0.0))
        .note(&format!(
            "{} frames in {seconds:.0} s within one minute; with a new minute the header's clock is written",
            frames_after - frames
        )),
        line(
            "B5",
            "idle: requests besides the watches",
            "/min",
            idle.plain() as f64 * 60.0 / seconds,
        )
        .target(Target::AtMost(12.0))
        .note(HEARTBEAT),
        line("B9", "watches open", "watches", start.watches as f64)
            .target(Target::AtMost(kinds))
            .note("one a kind, whatever the number of tenants"),
        line(
            "B9",
            "LIST requests at the start, pages counted",
            "requests",
            start.lists as f64,
        )
        .target(Target::RatioAtMost(1.0))
        .against("the pages there are", Ok(Samples::one(bed.pages() as f64))),
        line(
            "B9",
            "requests at the start besides lists and watches",
            "requests",
            start.plain() as f64,
        ),
        line(
            "B9",
            "bytes received for the first picture",
            "MB",
            start.wire as f64 / 1e6,
        ),
        line(
            "B9",
            "LIST requests an hour, extrapolated from idle",
            "/h",
            idle.lists as f64 * 3600.0 / seconds,
        )
        .target(Target::AtMost(0.0)),
    ];
    Ok(all.into_iter().filter(|line| bed.options.wants(&[line.row])).collect())
}
