use super::counters::Counters;

/// The machine's busy time. Ticks find or miss whoever wakes with them: under many short wake-ups, such as those of our own probes, they lose
/// a fifth or gain one, which hides others or looks like them. So ticks are believed only as far as what is exact leaves it open:
///
/// - where v1's root group is known to be the machine's, its CPU time is exact, but may hold no interrupts: at most these are added;
/// - else what idle time leaves: a kernel without ticks on idle CPUs counts it by the clock. Steal may lie within it (whoever is woken waits
///   for the hypervisor) or not, so busy time is what idle time leaves, with or without steal, or between.
///
/// Sums since the beginning are compared and not single seconds, in which each counter is off by a tick per CPU either way.
#[derive(Debug)]
pub struct Busy {
    first: Counters,
    tick_s: f64,
    told_s: f64,
    by: By,
}

/// What is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    /// CPU time of the machine's root group.
    Group,
    /// What idle time leaves.
    Idle,
    /// Ticks: idle time does not fit to the clock.
    Ticks,
}

impl Busy {
    /// Begins.
    pub fn new(first: Counters, tick_s: f64) -> Busy {
        let by = if first.precise_ns.is_some() { By::Group } else { By::Idle };
        Busy { first, tick_s, told_s: 0.0, by }
    }
    /// How long it was busy since the last reading, s.
    pub fn since_last(&mut self, now: &Counters) -> f64 {
        let seconds = |ticks: u64| ticks as f64 * self.tick_s;
        let rose = self.first.stat.all.risen(&now.stat.all);
        let by_ticks = seconds(rose.busy);
        let precise = self.first.precise_ns.zip(now.precise_ns).map(|(was, is)| is.saturating_sub(was) as f64 / 1e9);
        let cpus = self.first.stat.cpus.len();
        let not_idle = now.at_ns.saturating_sub(self.first.at_ns) as f64 / 1e9 * cpus as f64 - seconds(rose.idle);
        let slack = seconds(2 * cpus as u64);
        self.by = match self.by {
            By::Group if precise.is_some() => By::Group,
            By::Group | By::Idle if cpus == now.stat.cpus.len() && cpus > 0 && not_idle >= -slack => By::Idle,
            _ => By::Ticks,
        };
        let sum = match (self.by, precise) {
            (By::Group, Some(precise)) => precise + (by_ticks - precise).clamp(0.0, seconds(rose.irq + rose.softirq)),
            (By::Idle, _) => by_ticks.clamp((not_idle - seconds(rose.steal.unwrap_or(0))).max(0.0), not_idle.max(0.0)),
            _ => by_ticks,
        };
        let rose = (sum - self.told_s).max(0.0);
        self.told_s += rose;
        rose
    }
    /// Which counter it was, for the reader.
    pub fn told_by(&self) -> &'static str {
        match self.by {
            By::Group => "busy time is cpuacct.usage of the machine's root group (exact), with what /proc/stat has beyond it for interrupts",
            By::Idle => "busy time is what idle time in /proc/stat leaves",
            By::Ticks => {
                "busy time is that of /proc/stat, which counts by ticks and may gain or lose a fifth under many short wake-ups: its idle time does not \
                 fit to the clock here"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::noise::counters::Stat;

    /// After so many ms on a machine of two CPUs: ticks of busy and idle time, interrupts and steal, and the exact counter, ms.
    fn at(ms: u64, [busy, idle, interrupts, steal]: [u64; 4], precise_ms: Option<u64>) -> Counters {
        let line = format!("{} 0 0 {idle} 0 {interrupts} 0 {steal}", busy - interrupts);
        let stat = Stat::of(&format!("cpu {line}\ncpu0 {line}\ncpu1 0 0 0 0\n")).unwrap();
        Counters { at_ns: ms * 1_000_000, stat, precise_ns: precise_ms.map(|ms| ms * 1_000_000), ..Counters::default() }
    }

    /// What is told at each reading since the one before it, ms.
    fn told(readings: &[Counters]) -> (Vec<u64>, By) {
        let mut busy = Busy::new(readings[0].clone(), 0.01);
        let each = readings[1..].iter().map(|now| (busy.since_last(now) * 1e3).round() as u64).collect();
        (each, busy.by)
    }

    /// Seen on a quiet machine: 2.69 s were used in ten seconds of two CPUs, of which ticks found 3.21; or 2.09 of 2.60.
    fn seen(found: u64, used_ms: u64, exact: bool) -> [Counters; 3] {
        let precise = |ms: u64| exact.then_some(ms);
        let idle = |ms: u64, used_ms: u64| (2 * ms - used_ms) / 10;
        [
            at(0, [0; 4], precise(0)),
            at(1_000, [found / 8, idle(1_000, used_ms / 10), 0, 0], precise(used_ms / 10)),
            at(10_000, [found, idle(10_000, used_ms), 0, 0], precise(used_ms)),
        ]
    }

    #[test]
    fn ticks_that_find_more_or_less_than_was_used_are_not_believed() {
        for (found, used_ms) in [(321, 2_690), (209, 2_600)] {
            let expected = vec![used_ms / 10, used_ms - used_ms / 10];
            for (exact, by) in [(true, By::Group), (false, By::Idle)] {
                let (each, how) = told(&seen(found, used_ms, exact));
                assert!(how == by && each.iter().zip(&expected).all(|(told, used)| told.abs_diff(*used) <= 10), "{how:?} {each:?} {expected:?}");
            }
        }
    }

    #[test]
    fn interrupts_are_added_to_the_exact_counter_as_far_as_ticks_have_them() {
        let after = |busy: u64, precise_ms: u64| told(&[at(0, [0; 4], Some(0)), at(1_000, [busy, 70, 30, 0], Some(precise_ms))]).0[0];
        // 1 s of tasks and 0.3 s of interrupts; the same with ticks that found another 0.2 s; interrupts that tasks' time has already.
        assert_eq!((after(130, 1_000), after(150, 1_000), after(130, 1_300)), (1_300, 1_300, 1_300));
    }

    #[test]
    fn steal_may_lie_within_idle_time_or_not() {
        let after = |busy: u64, idle: u64, steal: u64| told(&[at(0, [0; 4], None), at(1_000, [busy, idle, 0, steal], None)]);
        // One CPU is busy for half of the second and waits for the hypervisor for the rest; then all of the waiting counts as idle; then neither.
        assert_eq!(after(50, 100, 50), (vec![500], By::Idle));
        assert_eq!(after(50, 150, 50), (vec![500], By::Idle));
        assert_eq!(after(90, 150, 20), (vec![500], By::Idle));
        assert_eq!(after(10, 150, 20), (vec![300], By::Idle));
    }

    #[test]
    fn a_sum_is_told_once() {
        // Idle time runs ahead for a moment.
        let readings = [at(0, [0; 4], None), at(1_000, [5, 190, 0, 0], None), at(2_000, [9, 391, 0, 0], None), at(3_000, [12, 585, 0, 0], None)];
        assert_eq!(told(&readings), (vec![100, 0, 50], By::Idle));
    }

    #[test]
    fn where_nothing_else_fits_ticks_are_told() {
        // More idle time than there is: the counters are those of another set of CPUs.
        assert_eq!(told(&[at(0, [0; 4], None), at(1_000, [30, 370, 0, 0], None), at(2_000, [70, 500, 0, 0], None)]), (vec![300, 400], By::Ticks));
        // A CPU went offline.
        let mut fewer = at(1_000, [30, 100, 0, 0], None);
        fewer.stat.cpus.pop();
        assert_eq!(told(&[at(0, [0; 4], None), fewer]), (vec![300], By::Ticks));
        // The exact counter is gone.
        assert_eq!(told(&[at(0, [0; 4], Some(0)), at(1_000, [20, 170, 0, 0], None)]), (vec![300], By::Idle));
        // A reset.
        assert_eq!(told(&[at(0, [500, 500, 0, 0], Some(500)), at(1_000, [1, 199, 0, 0], Some(1))]).0, [0]);
    }
}
