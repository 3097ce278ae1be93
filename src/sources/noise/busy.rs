use super::counters::Counters;

/// What ticks may lag behind per reading, ticks.
const LAG: u64 = 4;
/// Counted by v1's root group must be at least this share of what ticks say, or it is not the root of the machine.
const SAME: f64 = 0.9;

/// The machine's busy time, by whichever counter tells more. Ticks lose some percent under many short wake-ups; the CPU time of v1's root group is
/// exact, but holds no interrupts, and a group that only looks like the root, from inside a container, holds less. Sums since the beginning
/// are compared and not single seconds, in which ticks are off by one per CPU either way and the larger one would always be too large.
#[derive(Debug)]
pub struct Busy {
    first: Counters,
    tick_s: f64,
    told_s: f64,
    /// Is the exact counter the machine's, as far as is known?
    exact: bool,
}

impl Busy {
    /// Begins.
    pub fn new(first: Counters, tick_s: f64) -> Busy {
        Busy { exact: first.precise_ns.is_some(), first, tick_s, told_s: 0.0 }
    }
    /// How long it was busy since the last reading, s.
    pub fn since_last(&mut self, now: &Counters) -> f64 {
        let ticks = now.stat.all.busy.saturating_sub(self.first.stat.all.busy);
        let by_ticks = ticks as f64 * self.tick_s;
        let precise = self.first.precise_ns.zip(now.precise_ns).map(|(was, is)| is.saturating_sub(was) as f64 / 1e9);
        let slack = (LAG + 2 * now.stat.cpus.len() as u64) as f64 * self.tick_s;
        self.exact &= precise.is_some_and(|precise| precise + slack >= SAME * by_ticks);
        let sum = precise.filter(|_| self.exact).map_or(by_ticks, |precise| precise.max(by_ticks));
        let rose = (sum - self.told_s).max(0.0);
        self.told_s += rose;
        rose
    }
    /// Which counter it was, for the reader.
    pub fn told_by(&self) -> &'static str {
        if self.exact {
            "busy time is the larger of /proc/stat (ticks) and cpuacct.usage of the root group (exact)"
        } else {
            "busy time is that of /proc/stat, which counts by ticks and may lose some percent under many short wake-ups"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::noise::counters::Stat;

    fn at(ticks: u64, ms: Option<u64>) -> Counters {
        let stat = Stat::of(&format!("cpu {ticks} 0 0 0\ncpu0 {ticks} 0 0 0\n")).unwrap();
        Counters { stat, precise_ns: ms.map(|ms| ms * 1_000_000), ..Counters::default() }
    }

    fn told(readings: &[(u64, Option<u64>)]) -> (Vec<u64>, bool) {
        let mut busy = Busy::new(at(readings[0].0, readings[0].1), 0.01);
        let each = readings[1..].iter().map(|(ticks, ms)| (busy.since_last(&at(*ticks, *ms)) * 1e3).round() as u64).collect();
        (each, busy.exact)
    }

    #[test]
    fn the_exact_counter_is_taken_where_it_is_the_machines() {
        // Ticks are one too many, then none, then one: their sum tells less.
        assert_eq!(told(&[(0, Some(1_000)), (1, Some(1_008)), (1, Some(1_016)), (2, Some(1_024))]), (vec![10, 6, 8], true));
        assert_eq!(told(&[(0, None), (3, None), (4, None)]), (vec![30, 10], false));
    }

    #[test]
    fn a_group_that_only_looks_like_the_root_is_not_believed() {
        assert_eq!(told(&[(0, Some(0)), (100, Some(20)), (200, Some(3_000))]), (vec![1_000, 1_000], false));
        // A reset.
        assert_eq!(told(&[(500, Some(500)), (1, Some(1)), (2, Some(2))]).0, [0, 0]);
    }
}
