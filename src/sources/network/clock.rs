//! The two clocks of a baseline.

use crate::model::units::Wall;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The wall clock.
pub fn wall_now() -> Wall {
    Wall(i64::try_from(wall_ns() / 1_000).unwrap_or(i64::MAX))
}

/// The wall clock, ns since the epoch: the clock of the kernel's stamps.
pub fn wall_ns() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos()).unwrap_or(u64::MAX)
}

/// Whole µs.
pub fn us(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// Whole µs since an instant.
pub fn us_since(from: Instant) -> u64 {
    us(from.elapsed())
}
