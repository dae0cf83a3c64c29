//! What is intended? A runbook read from YAML into typed steps, its parameters filled in, its plan on a world, and a run of
//! it: how far it has come, and what it comes to next.
//!
//! Pure: a text in, a runbook or everything that is wrong with it out; a world in, a plan out. Knows no clock, disk or
//! network, and decides nothing: who may is the gate's, what would happen the forecast's. `docs/runbooks.md` is the
//! reference of the format, `docs/schema/runbook.v1.json` its schema.
//!
//! **Invariants.** What is not understood does not load. Severity comes from the forecast; a runbook may raise a tier,
//! never lower it. A step that can take something away says how its end is seen, until when, and what then. A value is
//! pasted into a text once and never read again: not as a template, not as an expression, not as a shell's line.

pub mod check;
pub mod chronicle;
pub mod condition;
pub mod deed;
mod document;
mod expression;
mod fault;
mod format;
pub mod inventory;
pub mod parameter;
pub mod plan;
pub mod progress;
pub mod projection;
mod reading;
mod resolve;
pub mod run;
mod saved;
pub mod selection;
mod shipped;
mod skeleton;
pub mod soak;
pub mod step;
mod template;
mod tenancy;
pub mod value;

#[cfg(test)]
mod tests;

pub use deed::noted;
pub use fault::{FaultLine, Faults, Source};
pub use format::{API_VERSION, Runbook, parse};
pub use inventory::Inventory;
pub use parameter::{Origin, Parameter};
pub use plan::{Plan, Planned, plan};
pub use progress::Progress;
pub use resolve::{Given, Resolved, Setting, Unresolved, read_values, resolve};
pub use run::Run;
pub use saved::Saved;
pub use shipped::{SHIPPED, shipped};
pub use skeleton::skeleton;
pub use template::{Template, Values};
pub use tenancy::Tenancy;
