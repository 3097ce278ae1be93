use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

/// From here on a hold-up is a stall.
pub const STALL: Duration = Duration::from_millis(1);

/// Where the probes of all CPUs write what held them up, second by second, so that it shows while they run.
#[derive(Debug)]
pub struct Board(Vec<Second>);

#[derive(Debug, Default)]
struct Second {
    worst_ns: AtomicU64,
    stalls: AtomicU64,
}

impl Board {
    /// For a window of so many seconds.
    pub fn new(seconds: u32) -> Board {
        Board((0..=seconds).map(|_| Second::default()).collect())
    }
    /// A probe was held up in a second.
    pub fn held(&self, second: usize, lasted: Duration) {
        let Some(second) = self.0.get(second) else { return };
        let ns = u64::try_from(lasted.as_nanos()).unwrap_or(u64::MAX);
        if ns > second.worst_ns.load(Ordering::Relaxed) {
            second.worst_ns.fetch_max(ns, Ordering::Relaxed);
        }
        if lasted > STALL {
            second.stalls.fetch_add(1, Ordering::Relaxed);
        }
    }
    /// The longest hold-up of a second, µs, and how many were stalls.
    pub fn told(&self, second: usize) -> (f64, u64) {
        self.0.get(second).map_or((0.0, 0), |s| (s.worst_ns.load(Ordering::Relaxed) as f64 / 1e3, s.stalls.load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_more_than_a_millisecond_is_a_stall() {
        let board = Board::new(2);
        for us in [7, 1_000, 1_001, 3] {
            board.held(1, Duration::from_micros(us));
        }
        board.held(9, Duration::from_secs(1));
        assert_eq!((board.told(0), board.told(1), board.told(9)), ((0.0, 0), (1_001.0, 1), (0.0, 0)));
    }
}
