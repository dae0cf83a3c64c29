//! What is wrong? Findings with evidence, verdicts per tenant, and why an object is stuck. Pure.
//!
//! Knows facts, laws and forecasts; no clock, network or screen. What it cannot see it says it cannot see: "denied",
//! "not yet listed" and "stale" are never read as "none" (see [`Look`]). It offers no finalizer strip, ever.

pub mod chain;
pub mod claim_identity;
mod explain;
pub mod finalizer;
pub mod finding;
mod fit;
#[cfg(test)]
pub(crate) mod fixture;
mod found;
pub mod holder;
mod look;
pub mod pending;
pub(crate) mod phrase;
pub mod raft;
pub mod rules;
pub mod standing;
mod story;
pub mod traps;
pub mod uncarried;
pub mod unfilled;
mod verdict;
mod ward;
pub mod way;

pub use explain::{explain, state};
pub use finding::{Explanation, Finding, Gist, Link, Severity, Step};
pub use found::Found;
pub use look::{Look, Sight};
pub use rules::{Diagnosis, findings, unclaimed};
pub use standing::{Keep, Life, Note, Standing};
pub use traps::{Unjudged, unjudged};
pub use verdict::{Verdict, gathered, verdict};
pub use way::{Way, WayStep, find, way};
