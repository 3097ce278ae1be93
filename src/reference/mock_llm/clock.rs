//! The only clocks of the mock.
#![allow(clippy::disallowed_methods, reason = "the reference endpoint stamps what it emits: it is a clock")]

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// One monotonic clock for all stamps of a mock, in nanoseconds since it was started.
pub struct Clock {
    start: Instant,
}

impl Clock {
    /// Starts at 0.
    pub fn new() -> Clock {
        Clock { start: Instant::now() }
    }
    /// Nanoseconds now.
    pub fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
    /// The instant of a stamp.
    pub fn instant(&self, stamp: u64) -> Instant {
        self.start + Duration::from_nanos(stamp)
    }
}

/// The monotonic clock of the machine.
pub fn now() -> Instant {
    Instant::now()
}

/// The wall clock, nanoseconds since the epoch.
pub fn wall_ns() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX))
}
