//! Which clocks are read, and where: here and nowhere else in this room.

use crate::model::{Moment, Now};
use jiff::Timestamp;
use std::fmt;
use std::sync::Arc;

/// Reads both clocks at one instant. The shell makes one and gives it to everybody outside the pure rooms, so that
/// all moments count from the same start; tests give their own.
#[derive(Clone)]
pub struct Clock(Arc<dyn Fn() -> Now + Send + Sync>);

impl Clock {
    pub fn new(read: impl Fn() -> Now + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// The machine's clocks; moments count from this call.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clocks for this room"
    )]
    pub fn system() -> Self {
        let start = std::time::Instant::now();
        Self::new(move || Now {
            mono: Moment(start.elapsed()),
            wall: Timestamp::now(),
        })
    }

    pub fn now(&self) -> Now {
        (self.0)()
    }

    pub fn moment(&self) -> Moment {
        self.now().mono
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Clock")
    }
}
