//! One thread that burns.

use super::{
    clocks::thread_cpu,
    pace::{Pace, Slice},
    stop::Stop,
};
use std::{
    hint::spin_loop,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// The thread looks at its own CPU clock this often, so that it overshoots by no more.
const CHUNK: Duration = Duration::from_micros(50);

/// Burns its share of a core in each slice, by its own CPU clock: who is preempted goes on until it has had its share, or the
/// slice is over. `used_ns` always tells what it used so far.
pub fn burn(share: f64, slices: &[Slice], began: Instant, stop: &Stop, used_ns: &AtomicU64) {
    let base = thread_cpu();
    let used = || {
        let used = thread_cpu().saturating_sub(base);
        used_ns.store(u64::try_from(used.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        used.as_secs_f64()
    };
    let at = |ms: f64| began + Duration::from_secs_f64(ms / 1e3);
    let mut pace = Pace::new(share);
    for slice in slices {
        if stop.wait_until(at(slice.from_ms)) {
            break;
        }
        let (end, target) = (at(slice.to_ms), pace.until(slice, used()));
        while used() < target && Instant::now() < end && !stop.is_set() {
            let start = Instant::now();
            while start.elapsed() < CHUNK {
                spin_loop();
            }
        }
    }
    used();
}
