//! How much CPU time a thread may use, slice by slice: arithmetic only.

use crate::model::payload::BurnAsked;

/// At most this share of a slice's own allowance is added to catch up with what an earlier one could not get.
const CATCH_UP: f64 = 0.5;
/// What is owed is carried for no longer than this much time's allowance, s: who waited for a minute does not burn faster for two.
const CARRIED_S: f64 = 1.0;

/// One duty cycle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slice {
    /// From here, ms since the beginning.
    pub from_ms: f64,
    /// To here.
    pub to_ms: f64,
    /// Does a stretch of the pattern begin here? What was owed before it is forgiven, so that a burst's load never lands in the next.
    pub first: bool,
}

/// The duty cycles of a burn: each stretch in which it is on, cut into periods from its own beginning.
pub fn slices(asked: &BurnAsked) -> Vec<Slice> {
    let period = asked.period_ms;
    let cut = |(from, to): (f64, f64)| {
        // Rounded first, so that 60 periods are not 61 by an error of the last digit.
        let count = ((to - from) / period - 1e-9).ceil().max(0.0) as u32;
        (0..count).map(move |n| {
            let start = from + f64::from(n) * period;
            Slice { from_ms: start, to_ms: (start + period).min(to), first: n == 0 }
        })
    };
    asked.pattern.on(asked.for_ms).into_iter().flat_map(cut).collect()
}

/// Keeps the account of one thread.
#[derive(Debug)]
pub struct Pace {
    /// Cores' worth that the thread is to burn, at most 1.
    share: f64,
    /// CPU-seconds that it should have used by the end of the slice.
    ideal_s: f64,
}

impl Pace {
    /// A thread that burns this share of a core.
    pub fn new(share: f64) -> Pace {
        Pace { share, ideal_s: 0.0 }
    }
    /// Up to which CPU time the thread may burn in a slice, having used so much so far, s.
    pub fn until(&mut self, slice: &Slice, used_s: f64) -> f64 {
        if slice.first {
            self.ideal_s = used_s;
        }
        let length_s = (slice.to_ms - slice.from_ms) / 1e3;
        let own = self.share * length_s;
        self.ideal_s = (self.ideal_s + own).min(used_s + own + self.share * CARRIED_S);
        used_s + (self.ideal_s - used_s).clamp(0.0, (own * (1.0 + CATCH_UP)).min(length_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::BurnPattern;

    fn asked(pattern: BurnPattern, for_ms: f64) -> BurnAsked {
        BurnAsked { cpu_cores: 0.4, quota_cores: None, memory_bytes: 0, network_bytes_per_s: 0.0, pattern, period_ms: 100.0, for_ms }
    }

    /// Burns 0.4 through all slices, where `got` says which part of its allowance the thread gets in each; what it used after each.
    fn burnt(slices: &[Slice], got: impl Fn(usize) -> f64) -> Vec<f64> {
        let (mut pace, mut used) = (Pace::new(0.4), 0.0);
        let each = |(n, slice): (usize, &Slice)| {
            used += (pace.until(slice, used) - used) * got(n);
            used
        };
        slices.iter().enumerate().map(each).collect()
    }

    #[test]
    fn stretches_are_cut_into_periods() {
        let steady = slices(&asked(BurnPattern::Steady, 250.0));
        assert_eq!(
            steady.iter().map(|s| (s.from_ms, s.to_ms, s.first)).collect::<Vec<_>>(),
            [(0.0, 100.0, true), (100.0, 200.0, false), (200.0, 250.0, false)]
        );
        assert_eq!(slices(&asked(BurnPattern::Steady, 6_000.000_000_001)).len(), 60);
        let bursts = slices(&asked(BurnPattern::Bursts { burst_ms: 150.0, every_ms: 1_000.0 }, 1_100.0));
        assert_eq!(
            bursts.iter().map(|s| (s.from_ms, s.to_ms, s.first)).collect::<Vec<_>>(),
            [(0.0, 100.0, true), (100.0, 150.0, false), (1_000.0, 1_100.0, true)]
        );
        for pattern in [BurnPattern::Irregular { seed: 3 }, BurnPattern::Bursts { burst_ms: 70.0, every_ms: 90.0 }] {
            let asked = asked(pattern, 30_000.0);
            let all: f64 = slices(&asked).iter().map(|s| s.to_ms - s.from_ms).sum();
            assert!((all - asked.on_ms(1e9)).abs() < 1e-6, "{pattern:?}");
        }
    }

    #[test]
    fn who_gets_all_uses_what_was_asked() {
        let all = burnt(&slices(&asked(BurnPattern::Steady, 10_000.0)), |_| 1.0);
        for (n, used) in all.iter().enumerate() {
            assert!((used - 0.04 * (n + 1) as f64).abs() < 1e-9, "{n}: {used}");
        }
    }

    #[test]
    fn who_was_kept_waiting_catches_up_slowly() {
        // Nothing in the third and fourth slice.
        let all = burnt(&slices(&asked(BurnPattern::Steady, 2_000.0)), |n| if n == 2 || n == 3 { 0.0 } else { 1.0 });
        let each: Vec<f64> = all.iter().scan(0.0, |before, used| Some(used - std::mem::replace(before, *used))).collect();
        assert!((each[4] - 0.06).abs() < 1e-9 && each.iter().all(|s| *s <= 0.06 + 1e-9), "{each:?}");
        assert!((all[7] - 0.32).abs() < 1e-9, "caught up after four slices: {all:?}");
        assert!((all[19] - 0.8).abs() < 1e-9, "{all:?}");
    }

    #[test]
    fn what_was_owed_for_long_is_forgiven() {
        // 10 s of nothing: one second's allowance is carried, and then all is as asked.
        let all = burnt(&slices(&asked(BurnPattern::Steady, 20_000.0)), |n| if n < 100 { 0.0 } else { 1.0 });
        assert!((all[199] - (4.0 + 0.4)).abs() < 1e-6, "{}", all[199]);
    }

    #[test]
    fn a_burst_leaves_nothing_to_the_next() {
        let bursts = slices(&asked(BurnPattern::Bursts { burst_ms: 300.0, every_ms: 1_000.0 }, 2_000.0));
        let all = burnt(&bursts, |n| if n < 3 { 0.5 } else { 1.0 });
        assert!((all[5] - all[2] - 0.12).abs() < 1e-9, "{all:?}");
    }

    #[test]
    fn who_used_too_much_rests() {
        let mut pace = Pace::new(0.4);
        let all = slices(&asked(BurnPattern::Steady, 300.0));
        assert!((pace.until(&all[0], 0.0) - 0.04).abs() < 1e-12);
        assert!((pace.until(&all[1], 0.07) - 0.08).abs() < 1e-12);
        assert!((pace.until(&all[2], 0.15) - 0.15).abs() < 1e-12);
    }
}
