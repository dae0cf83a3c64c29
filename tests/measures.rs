//! The rules by which the benchmark measures and judges (`docs/performance.md`): percentiles, the table, the refusal on a
//! loaded machine, the screen read back. Nothing here is timed.

#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "the bench uses what these tests do not; a test fails when it cannot go on"
)]

#[path = "bench/clock.rs"]
mod clock;
#[path = "bench/figures.rs"]
mod figures;
#[path = "bench/fleet.rs"]
mod fleet;
#[path = "bench/options.rs"]
mod options;
#[path = "bench/panel.rs"]
mod panel;
#[path = "bench/process.rs"]
mod process;
#[path = "bench/quiet.rs"]
mod quiet;
#[path = "bench/screen.rs"]
mod screen;
#[path = "bench/table.rs"]
mod table;

/// The tests, a file for each room; the bench includes the same rooms and has no harness to run them.
mod rules {
    mod figures;
    mod fleet;
    mod options;
    mod panel;
    mod process;
    mod quiet;
    mod screen;
    mod table;
}
