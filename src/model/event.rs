//! Kubernetes Events of one object, fetched on demand; never part of the world.

use super::Text;
use jiff::Timestamp;

/// One line of an object's events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventLine {
    /// `Normal` or `Warning`.
    pub severity: Text,
    pub reason: Text,
    pub message: String,
    pub count: u32,
    pub last: Option<Timestamp>,
    pub source: Text,
}
