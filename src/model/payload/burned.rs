use super::{BurnAsked, CgroupReading};
use crate::model::{rows::Attach, units::Wall};
use serde::{Deserialize, Serialize};

/// What a burn really used: the truth, whatever was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Burned {
    /// The wall clock when the load began.
    pub started: Wall,
    /// What was asked for.
    pub asked: BurnAsked,
    /// Cumulative since the beginning, one each `interval_ms` and one at the end.
    pub samples: Vec<BurnSample>,
    /// Time between samples, ms: doubled whenever the list was full and every second one was dropped.
    pub interval_ms: f64,
    /// Who used it.
    pub by: BurnedBy,
    /// Bytes that were written to, page by page, and kept.
    pub touched_bytes: u64,
    /// Resident bytes of the process before memory was touched.
    pub rss_before: u64,
    /// By how many they rose while it was.
    pub resident_bytes: u64,
    /// What else the machine did meanwhile.
    pub crowding: Crowding,
    /// What the files of the control group said meanwhile: the container's from outside, else this process' own at the
    /// beginning and the end.
    pub cgroup: Vec<CgroupReading>,
    /// Was it ended before its time?
    pub interrupted: bool,
}

/// What was used from the beginning to an instant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BurnSample {
    /// The wall clock, µs since the epoch.
    pub at_us: i64,
    /// The monotonic clock of the machine, ns.
    pub mono_ns: u64,
    /// For how long it was being taken, µs.
    pub within_us: u32,
    /// CPU-seconds of the whole process: what tools outside see.
    pub cpu_s: f64,
    /// ... of them those of the threads that burn.
    pub workers_cpu_s: f64,
    /// Resident bytes of the process, not less those from before.
    pub rss_bytes: u64,
    /// Bytes handed to the sending socket.
    pub sent_bytes: u64,
    /// Bytes taken from the receiving socket.
    pub received_bytes: u64,
}

/// CPU-seconds by who used them. The rest of the process' own is the program's around the burn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BurnedBy {
    /// The threads that burn.
    pub workers_s: f64,
    /// Keeping memory touched, from the beginning of the load on.
    pub memory_s: f64,
    /// Sending and receiving.
    pub network_s: f64,
    /// Taking the samples: what knowing the truth costs.
    pub sampler_s: f64,
}

/// What made the CPUs scarce during a burn. `None` where the machine does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Crowding {
    /// CPUs that the process may use.
    pub cores: u32,
    /// CPU-seconds that the hypervisor gave to others (`steal` of `/proc/stat`). Neighbours inside this machine do not show there.
    pub steal_s: Option<f64>,
    /// CPU-seconds that others in this machine used: all that was not idle, less this process' own.
    pub others_s: Option<f64>,
    /// Seconds in which at least one task of the machine waited for a CPU (`some total` of `/proc/pressure/cpu`).
    pub waited_s: Option<f64>,
}

/// CPU time read on the curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CpuAt {
    /// CPU-seconds since the beginning.
    pub cpu_s: f64,
    /// The truth is no further away than this.
    pub error_s: f64,
}

/// CPU time by a control group and by the curve, between the same two instants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Beside {
    /// By the group's files, CPU-seconds.
    pub cgroup_s: f64,
    /// By the curve, which knows this process only.
    pub curve: CpuAt,
    /// Time between the instants, s.
    pub over_s: f64,
}

impl Attach for Burned {}

/// The kernel adds a running thread's time to its process' at each tick of its timer: 100 in a second at the least (`CONFIG_HZ`).
const TICK_S: f64 = 0.01;

impl Burned {
    /// How long it took, s, by the monotonic clock.
    pub fn lasted_s(&self) -> f64 {
        match self.samples.as_slice() {
            [first, .., last] => last.mono_ns.saturating_sub(first.mono_ns) as f64 / 1e9,
            _ => 0.0,
        }
    }
    /// When it began and when it was last looked at.
    pub fn span(&self) -> (Wall, Wall) {
        (self.started, self.last().map_or(self.started, |s| Wall(s.at_us)))
    }
    /// All that was used. `None` if not even the first sample was taken.
    pub fn last(&self) -> Option<&BurnSample> {
        self.samples.last()
    }
    /// Bytes that were resident for the burn all the time: those from the beginning, or fewer where some were taken away since.
    pub fn kept_bytes(&self) -> u64 {
        let least = self.samples.iter().map(|s| s.rss_bytes).min().unwrap_or_default();
        self.resident_bytes.min(least.saturating_sub(self.rss_before))
    }
    /// CPU-seconds of the whole process at an instant of this host's wall clock, between two samples by the straight line. The
    /// bound follows from two facts: the curve never falls, and never rises faster than all cores. `None` outside the burn, and
    /// where the wall clock went backwards.
    pub fn at(&self, wall: Wall) -> Option<CpuAt> {
        if !self.samples.is_sorted_by(|a, b| a.at_us <= b.at_us) {
            return None;
        }
        let next = self.samples.partition_point(|s| s.at_us < wall.0);
        let after = self.samples.get(next)?;
        let before = if after.at_us == wall.0 { after } else { self.samples.get(next.checked_sub(1)?)? };
        let cores = f64::from(self.crowding.cores.max(1));
        let (since, until) = ((wall.0 - before.at_us) as f64 / 1e6, (after.at_us - wall.0) as f64 / 1e6);
        let rose = after.cpu_s - before.cpu_s;
        let cpu_s = if since + until > 0.0 { before.cpu_s + rose * since / (since + until) } else { before.cpu_s };
        let low = before.cpu_s.max(after.cpu_s - cores * until);
        let high = after.cpu_s.min(before.cpu_s + cores * since);
        let stamps = f64::from(before.within_us.max(after.within_us)) / 1e6;
        Some(CpuAt { cpu_s, error_s: (high - cpu_s).max(cpu_s - low).max(0.0) + cores * (TICK_S + stamps) })
    }
    /// What the control group counted between its first and its last reading during the burn, beside the curve. `None` below two
    /// such readings.
    pub fn cgroup_beside(&self) -> Option<Beside> {
        let read = |reading: &CgroupReading| Some((reading.at, reading.cpu_s?, self.at(reading.at)?));
        let (from, until) = (self.cgroup.iter().find_map(read)?, self.cgroup.iter().rev().find_map(read)?);
        let curve = CpuAt { cpu_s: until.2.cpu_s - from.2.cpu_s, error_s: until.2.error_s + from.2.error_s };
        let over_s = until.0.seconds() - from.0.seconds();
        (over_s > 0.0).then_some(Beside { cgroup_s: until.1 - from.1, curve, over_s })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::BurnPattern;

    /// A burn whose process used the given CPU-seconds at each 100 ms.
    fn burned(cpu: impl IntoIterator<Item = f64>) -> Burned {
        let samples = cpu.into_iter().zip(0_u32..).map(|(cpu_s, n)| BurnSample {
            at_us: 1_000_000 + i64::from(n) * 100_000,
            mono_ns: u64::from(n) * 100_000_000,
            cpu_s,
            ..BurnSample::default()
        });
        let asked = BurnAsked {
            cpu_cores: 0.5,
            quota_cores: None,
            memory_bytes: 0,
            network_bytes_per_s: 0.0,
            pattern: BurnPattern::Steady,
            period_ms: 100.0,
            for_ms: 1e3,
        };
        Burned {
            started: Wall(1_000_000),
            asked,
            samples: samples.collect(),
            interval_ms: 100.0,
            by: BurnedBy::default(),
            touched_bytes: 0,
            rss_before: 0,
            resident_bytes: 0,
            crowding: Crowding { cores: 2, ..Crowding::default() },
            cgroup: vec![],
            interrupted: false,
        }
    }

    #[test]
    fn between_samples_the_truth_lies_within_the_bound() {
        // A duty cycle of 300 ms at 0.4: 120 ms on, 180 off, on one core, known at every instant.
        let truth = |t: f64| (t / 0.3).floor() * 0.12 + (t % 0.3).min(0.12);
        let burned = burned((0..=30).map(|n| truth(f64::from(n) * 0.1)));
        for ms in 0..=3_000_u32 {
            let t = f64::from(ms) / 1e3;
            let read = burned.at(Wall(1_000_000 + i64::from(ms) * 1_000)).unwrap();
            assert!((read.cpu_s - truth(t)).abs() <= read.error_s, "{ms}: {read:?} beside {}", truth(t));
            // Half a period is the most that a duty cycle can hide; the ticks of two cores come on top.
            assert!(read.error_s <= 0.15 * 0.4 + 2.0 * TICK_S, "{ms}: {read:?}");
        }
        assert!((burned.at(Wall(1_100_000)).unwrap().cpu_s - 0.1).abs() < 1e-12);
        assert!((burned.lasted_s() - 3.0).abs() < 1e-12);
    }

    #[test]
    fn outside_the_burn_or_with_a_clock_that_went_back_nothing_is_known() {
        let mut burned = burned([0.0, 0.1, 0.2]);
        assert!(burned.at(Wall(999_999)).is_none() && burned.at(Wall(1_200_001)).is_none());
        assert!(burned.at(Wall(1_000_000)).is_some() && burned.at(Wall(1_200_000)).is_some());
        burned.samples[2].at_us = 1_050_000;
        assert!(burned.at(Wall(1_040_000)).is_none());
        burned.samples.clear();
        assert!(burned.at(Wall(1_000_000)).is_none() && burned.last().is_none());
    }

    #[test]
    fn stamps_that_took_long_widen_the_bound() {
        let mut burned = burned([0.0, 0.1]);
        let tight = burned.at(Wall(1_050_000)).unwrap().error_s;
        burned.samples[1].within_us = 5_000;
        assert!((burned.at(Wall(1_050_000)).unwrap().error_s - tight - 0.01).abs() < 1e-12);
    }

    #[test]
    fn memory_that_was_swapped_out_was_not_kept() {
        let mut burned = Burned { rss_before: 10, resident_bytes: 100, ..burned([0.0, 0.1, 0.2]) };
        for (sample, rss) in burned.samples.iter_mut().zip([112, 115, 120]) {
            sample.rss_bytes = rss;
        }
        assert_eq!(burned.kept_bytes(), 100);
        burned.samples[1].rss_bytes = 70;
        assert_eq!(burned.kept_bytes(), 60);
    }

    #[test]
    fn a_control_group_is_laid_beside_the_curve_where_both_are_known() {
        let mut burned = burned((0..=20).map(|n| f64::from(n) * 0.05));
        let reading = |at: i64, cpu_s: f64| CgroupReading {
            at: Wall(1_000_000 + at * 1_000),
            cpu_s: Some(cpu_s),
            memory: None,
            throttling: None,
            waited_s: None,
            missing: vec![],
        };
        // The first was read before the burn, the last after it.
        burned.cgroup = vec![reading(-50, 7.0), reading(150, 7.1), reading(950, 7.51), reading(1_050, 8.0), reading(2_500, 9.0)];
        let beside = burned.cgroup_beside().unwrap();
        assert!((beside.cgroup_s - 0.9).abs() < 1e-9 && (beside.over_s - 0.9).abs() < 1e-9, "{beside:?}");
        assert!((beside.curve.cpu_s - 0.45).abs() < 1e-9, "{beside:?}");
        burned.cgroup.truncate(2);
        assert_eq!(burned.cgroup_beside(), None);
    }

    #[test]
    fn survives_a_round_trip() {
        let mut burned = burned([0.0, 0.1, 0.3]);
        burned.cgroup = vec![CgroupReading { at: Wall(1), cpu_s: Some(0.1), memory: None, throttling: None, waited_s: None, missing: vec![] }];
        let text = serde_json::to_string(&burned).unwrap();
        assert_eq!(serde_json::from_str::<Burned>(&text).unwrap(), burned);
    }
}
