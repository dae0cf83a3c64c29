//! The points at which a crash must leave the journal able to answer (`reference/safety-and-performance.md` A5 fault 9).
//!
//! In a debug build the environment variable `PILOTHOUSE_FAILPOINT=J3` makes the program abort there, as `kill -9` would:
//! no destructor runs and nothing is flushed. A release build does not contain the check.

use crate::runbook::chronicle::Chapter;

/// A point in the life of one act. All seven are passed inside `journal`, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Point {
    /// Before the intent is written.
    J0,
    /// The intent is written and not yet synced.
    J1,
    /// The intent is on disk.
    J2,
    /// The act is cleared, and that is on disk.
    J3,
    /// `sent` is on disk; the request has not left.
    J4,
    /// The response has come; its outcome is not yet written.
    J5,
    /// The outcome is on disk.
    J6,
}

impl Point {
    pub const ALL: [Self; 7] = [Self::J0, Self::J1, Self::J2, Self::J3, Self::J4, Self::J5, Self::J6];

    pub const fn name(self) -> &'static str {
        match self {
            Self::J0 => "J0",
            Self::J1 => "J1",
            Self::J2 => "J2",
            Self::J3 => "J3",
            Self::J4 => "J4",
            Self::J5 => "J5",
            Self::J6 => "J6",
        }
    }
}

/// A point in the life of a record of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum RunPoint {
    /// Before it is written.
    R0,
    /// It is on disk.
    R1,
}

impl RunPoint {
    pub const fn name(self) -> &'static str {
        match self {
            Self::R0 => "R0",
            Self::R1 => "R1",
        }
    }
}

/// The environment variable that names the point to die at.
pub const VARIABLE: &str = "PILOTHOUSE_FAILPOINT";

/// Passes a point: dies here when the environment says so and this is a debug build.
pub fn pass(point: Point) {
    #[cfg(debug_assertions)]
    if std::env::var_os(VARIABLE).is_some_and(|wanted| wanted == point.name()) {
        std::process::abort();
    }
    #[cfg(not(debug_assertions))]
    let _: Point = point;
}

/// Passes a point of a record of a run, which is named by the record too, and its step: `R1:sending:end-jobs`, `R0:opened`;
/// without the step it is that of each step, as in `R1:verified`.
pub fn pass_run(point: RunPoint, chapter: &Chapter) {
    #[cfg(debug_assertions)]
    {
        let record = format!("{}:{}", point.name(), chapter.name());
        let own = chapter.step.as_ref().map(|step| format!("{record}:{step}"));
        let meant =
            |wanted: &std::ffi::OsStr| wanted == record.as_str() || own.as_deref().is_some_and(|own| wanted == own);
        if std::env::var_os(VARIABLE).is_some_and(|wanted| meant(&wanted)) {
            std::process::abort();
        }
    }
    #[cfg(not(debug_assertions))]
    let _: (RunPoint, &Chapter) = (point, chapter);
}
