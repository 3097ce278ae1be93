//! The token bucket of a bottleneck, on the time of the packets.

use super::conditions::Rate;

/// How full it is. Tokens below zero are bytes that wait.
pub(super) struct Bucket {
    tokens: f64,
    filled_at_ns: u64,
}

impl Bucket {
    /// A full one.
    pub fn full(rate: Rate, now_ns: u64) -> Bucket {
        Bucket { tokens: rate.burst as f64, filled_at_ns: now_ns }
    }

    /// When a packet that comes now has passed, monotonic ns; nothing if the queue has no room for it.
    pub fn pass(&mut self, rate: Rate, bytes: usize, now_ns: u64) -> Option<u64> {
        let bytes_per_ns = rate.bits_per_second as f64 / 8e9;
        let filled = self.tokens + now_ns.saturating_sub(self.filled_at_ns) as f64 * bytes_per_ns;
        (self.tokens, self.filled_at_ns) = (filled.min(rate.burst as f64), now_ns);
        let left = self.tokens - bytes as f64;
        if -left > rate.queue as f64 {
            return None;
        }
        self.tokens = left;
        Some(now_ns + ((-left).max(0.0) / bytes_per_ns).round() as u64)
    }
}

#[test]
fn a_bucket_lets_its_burst_pass_and_then_its_rate() {
    // 8 Mbit/s is a byte a microsecond
    let rate = Rate { bits_per_second: 8_000_000, burst: 2000, queue: 3000 };
    let mut bucket = Bucket::full(rate, 0);
    let passed: Vec<_> = (0..6).map(|_| bucket.pass(rate, 1000, 0)).collect();
    assert_eq!(passed, [Some(0), Some(0), Some(1_000_000), Some(2_000_000), Some(3_000_000), None]);
    assert_eq!(bucket.pass(rate, 1000, 10_000_000), Some(10_000_000), "it has filled again");
}
