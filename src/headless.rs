//! The same state as text and JSON, for scripts, CI and terminals that cannot draw.
//!
//! Pure: a world in, a report out; each report prints as text of a given width or serialises to JSON with
//! `apiVersion: pilothouse.dev/v1` and a `kind`. Knows no terminal, network or clock. Names come from a cluster and are not
//! trusted: control and direction characters are escaped in text (JSON escapes its own).
//!
//! # Exit codes
//!
//! | code | `status` | `explain` | `forecast` |
//! |---|---|---|---|
//! | 0 | no finding worse than clean, every feed live | nothing needs doing, every fact at hand | tier T0 or T1, nothing hangs, every fact at hand |
//! | 1 | a warned or blocked finding that rests on facts | the way out has a step | tier T2 or T3, or something hangs, or the server would refuse |
//! | 2 | bad arguments, no such object, or no connection | the same | the same |
//! | 3 | no finding but feeds that are denied, stale or not listed | nothing to do as far as can be seen, but facts are missing | facts are missing: the forecast cannot be relied upon |
//!
//! `traps` ends as `status` does: 1 when a tenant stands in a trap, 3 when none was found and something could not be judged.
//!
//! `plan` ends with 0 when no step is blocked, 1 when one is or would not be seen to end, 2 for a bad runbook or value, 3 when
//! facts are missing.
//!
//! `preflight` ends with 0 when nothing stands in the way, 1 when something does, 2 for bad input, 3 when something is not known.
//!
//! `run --headless` ends with 0 when every step has passed as the runbook has it, 1 when the run is stopped, blocked, aborted or
//! went on without something, 2 for bad input, 3 when facts are missing or its time is over, 4 when it waits for a person.
//!
//! `raft` ends with 0 when nothing is wrong with any cluster, 1 when something is, 3 when it is not known who votes.
//!
//! Where both 1 and 3 would hold, `status` and `explain` give 1, since what is found is true whatever is missing; `forecast`
//! and `plan` give 3, since what is missing may be worse than what is found.

mod account;
mod explain;
mod forecast;
mod page;
mod plan;
mod preflight;
mod raft;
mod release;
mod run;
mod runbook;
mod status;
mod target;
mod traps;
mod unstick;

pub use account::{Account, Left, account};
pub use explain::{ExplanationReport, Outlook, StepReport, explain};
pub use forecast::{ForecastReport, forecast};
pub use page::escaped;
pub use plan::{PlanReport, plan};
pub use preflight::{PreflightLine, PreflightReport, PreflightValues, preflight};
pub use raft::{ClusterLine, PeerLine, RaftReport, Told, VolumeLine, WorryLine, raft};
pub use release::{
    Compared, DiffReport, HistoryReport, HookLine, LiveLine, RevisionLine, ShowReport, ValueLine, drifted, history,
    revised, show,
};
pub use run::{Asked, Question, RunReport, run};
pub use runbook::{CheckReport, RunbookReport, checked, described, listed, sound};
pub use status::{Counts, FeedLine, ReleaseLine, StatusReport, TenantLine, status};
pub use target::{TargetError, locate, parse_target, pinned};
pub use traps::{CatalogueLine, CatalogueReport, TenantTraps, TrapLine, TrapsReport, trap_catalogue, traps};
pub use unstick::{WayReport, unstick};

/// The version of every JSON form of this room.
pub const API_VERSION: &str = "pilothouse.dev/v1";

/// How a command ends; see the table in the module's documentation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Clean,
    Findings,
    BadInput,
    Unknown,
    /// A run goes no further without a person.
    Person,
}

impl Exit {
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::BadInput => 2,
            Self::Unknown => 3,
            Self::Person => 4,
        }
    }
}
