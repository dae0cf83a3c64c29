//! How does Kubernetes react? Pure rules, one law a file: a world in, the changes its controllers would make out.
//!
//! The same laws are run to rest by `forecast`, are the controllers of `sandbox`, and are asked by `diagnose` why they
//! do not fire. They know no clock, no network, and nothing of what an operator wants.

pub mod change;
pub mod ownership;
pub mod pvc_protection;

pub use change::{Change, Conditions, Evidence, Reaction, Reason};
