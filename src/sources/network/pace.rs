//! How fast an endpoint is connected to, and for how long anything of it is waited for.

use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;
use std::time::{Duration, Instant};

/// The manners of a baseline. Another one is for endpoints that are the tester's own, on loopback or in a laboratory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pace {
    /// Mean time between the beginnings of two connects to a host. Gaps are drawn from an exponential distribution, so that no
    /// rhythm of the network is met or missed each time.
    pub mean_gap: Duration,
    /// So many connects may begin at once. In any stretch of time there begin no more than these, and one more for each mean gap.
    pub burst: u32,
    /// Pause between two rounds.
    pub between_rounds: Duration,
    /// Patience with a TCP handshake: a lost SYN is sent again after 1 s and 3 s.
    pub connect: Duration,
    /// Patience with a proxy, with a TLS handshake and with the head of a response, each.
    pub answer: Duration,
    /// Patience with one hop of the way.
    pub hop: Duration,
    /// Time between two echoes.
    pub echo: Duration,
    /// What the gaps are drawn from.
    pub seed: u64,
}

impl Default for Pace {
    fn default() -> Self {
        Pace {
            mean_gap: Duration::from_millis(500),
            burst: 2,
            between_rounds: Duration::from_secs(2),
            connect: Duration::from_secs(5),
            answer: Duration::from_secs(10),
            hop: Duration::from_secs(1),
            echo: Duration::from_millis(500),
            seed: 1,
        }
    }
}

/// Says when the next connect may begin.
pub struct Pacer {
    pace: Pace,
    drawn: Pcg64Mcg,
    last: Option<Instant>,
    /// The time at which the bucket would be full again (the generic cell rate algorithm's theoretical arrival time).
    owed: Option<Instant>,
}

impl Pacer {
    /// One that has not begun.
    pub fn new(pace: Pace) -> Pacer {
        Pacer { pace, drawn: Pcg64Mcg::seed_from_u64(pace.seed), last: None, owed: None }
    }
    /// The beginning of the next connect, not before `now`.
    pub fn next(&mut self, now: Instant) -> Instant {
        let mean = self.pace.mean_gap;
        let drawn = self.last.map_or(now, |last| last + mean.mul_f64(-(1.0 - self.drawn.random::<f64>()).ln()));
        let allowed = self.owed.and_then(|owed| owed.checked_sub(mean * self.pace.burst.saturating_sub(1))).unwrap_or(now);
        let at = drawn.max(allowed).max(now);
        self.owed = Some(self.owed.map_or(at, |owed| owed.max(at)) + mean);
        self.last = Some(at);
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn begun(seed: u64, count: usize) -> Vec<f64> {
        let (from, mut pacer) = (Instant::now(), Pacer::new(Pace { seed, ..Pace::default() }));
        let mut now = from;
        let mut all = vec![];
        for _ in 0..count {
            now = pacer.next(now);
            all.push(now.duration_since(from).as_secs_f64());
        }
        all
    }

    #[test]
    fn no_second_has_more_than_the_bucket_allows() {
        let all = begun(7, 2_000);
        for (i, from) in all.iter().enumerate() {
            for (more, to) in all[i..].iter().enumerate().take(40) {
                assert!(more as f64 <= 2.0 + (to - from) / 0.5 + 1e-6, "{more} more connects within {} s", to - from);
            }
        }
        // Two a second at most on the whole, and not much fewer.
        let rate = 1_999.0 / all[1_999];
        assert!((1.2..=2.0).contains(&rate), "{rate}");
        assert_eq!(begun(7, 20), begun(7, 20));
        assert_ne!(begun(7, 20), begun(8, 20));
    }

    #[test]
    fn gaps_are_irregular() {
        let all = begun(3, 400);
        let gaps: Vec<f64> = all.windows(2).map(|w| w[1] - w[0]).collect();
        assert!(gaps.iter().any(|g| *g < 0.2) && gaps.iter().any(|g| *g > 1.2), "{gaps:?}");
    }
}
