//! Who may? One act is cleared at a time: a checklist sensed live, a fact to type, a second person where there is no way
//! back; then, after the intent is on disk, judged once more on what is.
//!
//! ```text
//! Panel ──approve──▶ Approved ──journal.record──▶ Logged<Approved> ──clear──▶ Clearance ──▶ cluster::write
//! ```
//!
//! The one way through, which compiles (the ways around it, on each type, do not):
//!
//! ```
//! use pilothouse::gate::{Clearance, Fresh, Panel, clear};
//! use pilothouse::journal::{Journal, JournalError, Saved};
//! use pilothouse::model::Now;
//!
//! fn through(mut panel: Panel, journal: &mut Journal, saved: &Saved, fresh: &Fresh, now: Now) -> Option<Clearance> {
//!     let approved = panel.approve(now).ok()?;
//!     let logged = journal.record(approved, saved, now).ok()?;
//!     clear(logged, fresh, now).ok()
//! }
//! ```
//!
//! Each arrow consumes its left side. This room knows worlds, forecasts and what the journal proves; it knows no network,
//! no disk, no clock and no terminal.
//!
//! **Invariants.** What is unknown blocks. An approval is bound to the very objects that were shown, dies when they,
//! the forecast or an item change, and lives 120 seconds. A waiver stands in for a person, never for a fact. A runbook
//! adds to a gate and takes nothing away.
#![deny(clippy::wildcard_enum_match_arm)]

mod approved;
mod challenge;
mod checklist;
mod clearance;
mod demand;
mod fingerprint;
mod item;
mod panel;
mod request;
mod sign_off;

#[cfg(test)]
mod tests;

pub use approved::{APPROVAL_LIFE, Approved};
pub use challenge::Challenge;
pub use clearance::{Clearance, Fresh, Voided, clear};
pub use demand::Demand;
pub use item::{Item, ItemState};
pub use panel::{COOL_DOWN, HOLD, Panel, SETTLE};
pub use request::{Carrier, Command, Http, Request, Unsendable};
pub use sign_off::SignOff;
