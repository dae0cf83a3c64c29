//! What would happen? An act applied to a copy of the world, the laws run to rest, every difference reported with its reason.

pub mod outcome;

pub use outcome::{Entry, Forecast, Holder, Outcome, Recreation, Tier, Undo};
