//! The clocks of a burn.

use rustix::time::{ClockId, Timespec, clock_gettime};
use std::time::Duration;

/// CPU time of the thread that asks.
pub fn thread_cpu() -> Duration {
    since_its_start(clock_gettime(ClockId::ThreadCPUTime))
}

/// CPU time of this process; what its other running threads used since the last tick of the kernel's timer is not in it yet.
pub fn process_cpu() -> Duration {
    since_its_start(clock_gettime(ClockId::ProcessCPUTime))
}

/// The machine's monotonic clock, ns: one for all processes of a host, containers too.
pub fn mono_ns() -> u64 {
    u64::try_from(since_its_start(clock_gettime(ClockId::Monotonic)).as_nanos()).unwrap_or(u64::MAX)
}

/// The wall clock, µs since the epoch.
pub fn wall_us() -> i64 {
    let now = clock_gettime(ClockId::Realtime);
    now.tv_sec.saturating_mul(1_000_000).saturating_add(now.tv_nsec / 1_000)
}

fn since_its_start(at: Timespec) -> Duration {
    Duration::new(u64::try_from(at.tv_sec).unwrap_or(0), u32::try_from(at.tv_nsec).unwrap_or(0))
}
