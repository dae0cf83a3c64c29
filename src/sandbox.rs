//! A cluster in a box: an API server on a loopback socket whose controllers are the laws.

pub mod clock;
pub mod controllers;
mod fields;
mod patch;
pub mod resources;
pub mod scenario;
mod selector;
pub mod status;
pub mod store;

pub use clock::{Clock, TestClock};
