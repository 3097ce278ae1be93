use serde::{Deserialize, Serialize};

/// The load that was asked for. Every amount is a function of the time since the burn began, so that the asked curve can be
/// laid beside the achieved one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct BurnAsked {
    /// Cores' worth of CPU time while the pattern is on.
    pub cpu_cores: f64,
    /// Cores that a container's quota allows, if the quota and not the duty cycle is to hold the load down.
    pub quota_cores: Option<f64>,
    /// Resident bytes that are kept touched, whatever the pattern.
    pub memory_bytes: u64,
    /// Bytes per second over loopback TCP while the pattern is on.
    pub network_bytes_per_s: f64,
    /// When it is on.
    pub pattern: BurnPattern,
    /// Length of one duty cycle, ms.
    pub period_ms: f64,
    /// Length of the whole burn, ms.
    pub for_ms: f64,
}

/// When the load is on.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BurnPattern {
    /// Always.
    Steady,
    /// For so long at the beginning of each stretch of so long.
    Bursts {
        /// On, ms.
        burst_ms: f64,
        /// From one beginning to the next, ms.
        every_ms: f64,
    },
    /// On and off by turns, each for 0.5 to 3.5 s, drawn from the seed. No shift of a few seconds
    /// lays the curve upon itself, so that a lag between two clocks shows.
    Irregular {
        /// What the lengths are drawn from.
        seed: u64,
    },
}

/// Ends of the irregular lengths, ms: below, sampling once a second would miss them; above, a burn of a minute has too few edges.
const SHORTEST: f64 = 500.0;
const LONGEST: f64 = 3_500.0;

impl BurnPattern {
    /// The stretches in which it is on, as (from, to) in ms since the beginning, none beyond `for_ms`.
    pub fn on(&self, for_ms: f64) -> Vec<(f64, f64)> {
        let mut on = vec![];
        match *self {
            BurnPattern::Steady => on.push((0.0, for_ms)),
            BurnPattern::Bursts { burst_ms, every_ms } => {
                let count = (for_ms / every_ms.max(1.0)).ceil() as u64;
                on.extend((0..count).map(|n| n as f64 * every_ms).map(|from| (from, (from + burst_ms).min(for_ms))));
            }
            BurnPattern::Irregular { seed } => {
                let (mut from, mut state) = (0.0, seed);
                while from < for_ms {
                    let to = from + drawn(&mut state);
                    on.push((from, to.min(for_ms)));
                    from = to + drawn(&mut state);
                }
            }
        }
        on
    }
}

/// A length between the ends, ms, by SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014): the
/// same lengths from a seed on every machine and in every release.
fn drawn(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    let share = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
    SHORTEST + share * (LONGEST - SHORTEST)
}

impl BurnAsked {
    /// For how long of the first `until_ms` it is on, ms.
    pub fn on_ms(&self, until_ms: f64) -> f64 {
        let until = until_ms.min(self.for_ms);
        self.pattern.on(self.for_ms).iter().map(|(from, to)| (to.min(until) - from).max(0.0)).sum()
    }
    /// Cores' worth of CPU time that can come of it while it is on: the duty cycle's, or the quota's if that is less.
    pub fn cores(&self) -> f64 {
        self.quota_cores.map_or(self.cpu_cores, |quota| quota.min(self.cpu_cores))
    }
    /// CPU-seconds asked for up to here.
    pub fn cpu_s(&self, until_ms: f64) -> f64 {
        self.cores() * self.on_ms(until_ms) / 1e3
    }
    /// Bytes to be sent up to here.
    pub fn network_bytes(&self, until_ms: f64) -> f64 {
        self.network_bytes_per_s * self.on_ms(until_ms) / 1e3
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "figures that are exact in binary")]
mod tests {
    use super::*;

    fn asked(pattern: BurnPattern) -> BurnAsked {
        BurnAsked { cpu_cores: 0.5, quota_cores: None, memory_bytes: 0, network_bytes_per_s: 1e6, pattern, period_ms: 100.0, for_ms: 25_000.0 }
    }

    #[test]
    fn what_is_asked_is_the_integral_of_the_pattern() {
        let steady = asked(BurnPattern::Steady);
        assert_eq!((steady.cpu_s(10_000.0), steady.cpu_s(25_000.0), steady.cpu_s(1e9)), (5.0, 12.5, 12.5));
        assert_eq!(steady.network_bytes(10_000.0), 1e7);
        // 0-1, 10-11, 20-21 s of 25.
        let bursts = asked(BurnPattern::Bursts { burst_ms: 1_000.0, every_ms: 10_000.0 });
        assert_eq!([500.0, 5_000.0, 10_250.0, 25_000.0].map(|t| bursts.on_ms(t)), [500.0, 1_000.0, 1_250.0, 3_000.0]);
        // A quota holds down what is asked for.
        let quota = BurnAsked { quota_cores: Some(0.25), ..steady.clone() };
        assert_eq!((quota.cores(), quota.cpu_s(10_000.0)), (0.25, 2.5));
        assert_eq!(BurnAsked { quota_cores: Some(2.0), ..steady }.cores(), 0.5);
    }

    #[test]
    fn a_burst_that_begins_before_the_end_is_cut_there() {
        let pattern = BurnPattern::Bursts { burst_ms: 1_000.0, every_ms: 2_000.0 };
        assert_eq!(pattern.on(4_500.0), [(0.0, 1_000.0), (2_000.0, 3_000.0), (4_000.0, 4_500.0)]);
    }

    #[test]
    fn the_irregular_pattern_is_the_seeds_alone() {
        let on = |seed| BurnPattern::Irregular { seed }.on(60_000.0);
        assert_eq!(on(7), on(7));
        assert_ne!(on(7), on(8));
        let all = on(7);
        assert!(all.len() > 8, "{all:?}");
        for (at, pair) in all.windows(2).enumerate() {
            let (this, pause) = (pair[0].1 - pair[0].0, pair[1].0 - pair[0].1);
            for length in [this, pause] {
                assert!((SHORTEST..=LONGEST).contains(&length), "{at}: {length}");
            }
        }
        // The first value of SplitMix64 from 0 is known (its authors' own reference implementation).
        assert!((drawn(&mut 0) - (SHORTEST + (0xE220_A839_7B1D_CDAF_u64 >> 11) as f64 / (1_u64 << 53) as f64 * 3_000.0)).abs() < 1e-9);
    }

    #[test]
    fn a_shift_of_some_seconds_never_lays_the_irregular_pattern_upon_itself() {
        for seed in 0..50 {
            let on = BurnPattern::Irregular { seed }.on(60_000.0);
            let curve: Vec<f64> =
                (0..600).map(|n| f64::from(n) * 100.0).map(|t| f64::from(u8::from(on.iter().any(|(from, to)| (*from..*to).contains(&t))))).collect();
            for lag in 10..=100 {
                let (a, b) = (&curve[lag..], &curve[..600 - lag]);
                let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
                let (ma, mb) = (mean(a), mean(b));
                let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(a - ma, b - mb)).sum::<f64>();
                let r = sum(&|a, b| a * b) / (sum(&|a, _| a * a) * sum(&|_, b| b * b)).sqrt();
                assert!(r < 0.6, "seed {seed}: correlation {r} at a shift of {} ms", lag * 100);
            }
        }
    }
}
