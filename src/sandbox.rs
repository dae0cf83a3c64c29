//! A cluster in a box: an API server on a loopback socket whose controllers are the laws.

pub mod clock;
mod fields;
mod patch;
pub mod resources;
mod selector;
pub mod status;
pub mod store;

pub use clock::{Clock, TestClock};
