//! The series of a page, and what each fault does to them.

use super::{
    family::{Family, Told},
    reading::Reading,
};
use crate::reference::faults::Misbehaviour;

/// Percentages are means over this time at least, ns.
pub const PERCENT_OF_NS: u64 = 900_000_000;
/// Under [`Misbehaviour::MemoryWithCache`], bytes.
const CACHE: u64 = 96 << 20;
/// Under [`Misbehaviour::ClockShifted`], s.
const SHIFT_S: f64 = 3.0;
/// Under [`Misbehaviour::CpuPercentLifetime`] the process is so much older than it is, and did nothing meanwhile, s.
const OLDER_S: f64 = 3_600.0;
/// The kernel's ticks in a second, as it tells them to programs.
const USER_HZ: f64 = 100.0;
/// Ids of containers, as cAdvisor tells them: of the one that runs, and of one that is gone and had used so many CPU-seconds.
const ALIVE: &str = "/docker/4f1c0a9e7d2b3c5a6e8f9d0b1a2c3e4f5a6b7c8d9e0f1a2b3c4d5e6f7a8b9c0d";
const GONE: &str = "/docker/9b7e5d3c1a0f8e6d4c2b0a9f7e5d3c1b9a8f6e4d2c0b1a3f5e7d9c8b6a4f2e0d";
const GONE_USED_S: f64 = 4_711.25;

/// Does this fall on the n-th? One in so many, evenly spread, and so that no two readers that take turns see only one kind
/// (multiples of the golden ratio, Weyl).
pub fn one_in(many: u32, nth: u64) -> bool {
    (nth as f64 * 0.618_033_988_749_894_9 + 0.5).fract() < 1.0 / f64::from(many)
}

/// How long a page is shown before it is made anew, if it is kept.
pub fn anew_each_ns(fault: Option<Misbehaviour>) -> Option<u64> {
    match fault {
        Some(Misbehaviour::CoarseWindows) => Some(3_000_000_000),
        _ => None,
    }
}

/// What a page is made of.
pub struct Page {
    /// Pages before it.
    pub nth: u64,
    /// What it shows.
    pub now: Reading,
    /// The one since which percentages are the mean.
    pub since: Reading,
    /// When the process was started, s since the epoch.
    pub started_s: f64,
}

impl Page {
    /// Its metrics.
    pub fn families(&self, fault: Option<Misbehaviour>) -> Vec<Family> {
        let at_s = (fault == Some(Misbehaviour::ClockShifted)).then_some(self.now.wall_s + SHIFT_S);
        let plain = |value: f64| vec![Told { labels: String::new(), value, at_s }];
        let mut all = vec![
            Family {
                name: "process_cpu_seconds_total",
                help: "CPU time that this process used",
                counter: true,
                unit: Some("seconds"),
                samples: self.cpu(fault, at_s),
            },
            Family {
                name: "process_resident_memory_bytes",
                help: "Resident memory of this process",
                counter: false,
                unit: Some("bytes"),
                samples: plain(self.memory(fault)),
            },
            Family {
                name: "process_start_time_seconds",
                help: "When this process was started, since the epoch",
                counter: false,
                unit: Some("seconds"),
                samples: plain(self.started_s),
            },
        ];
        if let Some(percent) = self.percent(fault) {
            all.push(Family {
                name: "process_cpu_percent",
                help: "CPU time that this process used lately, of one core",
                counter: false,
                unit: None,
                samples: plain(percent),
            });
        }
        if fault == Some(Misbehaviour::DeadSeries) {
            let of = |id: &str, value: f64| Told { labels: format!("id=\"{id}\",name=\"endpoint\""), value, at_s: None };
            all.push(Family {
                name: "container_cpu_usage_seconds_total",
                help: "CPU time that a container used",
                counter: true,
                unit: None,
                samples: vec![of(ALIVE, self.now.cpu_s), of(GONE, GONE_USED_S)],
            });
        }
        all
    }

    fn cpu(&self, fault: Option<Misbehaviour>, at_s: Option<f64>) -> Vec<Told> {
        let used = self.now.cpu_s;
        let told = |labels: &str, value: f64| Told { labels: labels.into(), value, at_s };
        match fault {
            Some(Misbehaviour::CpuDoubled) => vec![told("", used * 2.0)],
            Some(Misbehaviour::CpuInTicks) => vec![told("", (used * USER_HZ).floor())],
            Some(Misbehaviour::CounterResets) if one_in(2, self.nth) => vec![told("", used / 2.0)],
            Some(Misbehaviour::CpuPerCore) => {
                vec![told("cpu=\"total\"", used), told("cpu=\"cpu0\"", used * 0.4), told("cpu=\"cpu1\"", used - used * 0.4)]
            }
            _ => vec![told("", used)],
        }
    }

    fn memory(&self, fault: Option<Misbehaviour>) -> f64 {
        let resident = self.now.rss as f64;
        match fault {
            Some(Misbehaviour::MemoryWithCache) => resident + CACHE as f64,
            Some(Misbehaviour::MemoryDoubled) => resident * 2.0,
            _ => resident,
        }
    }

    /// Only where the spec claims it.
    fn percent(&self, fault: Option<Misbehaviour>) -> Option<f64> {
        let since_start = 100.0 * self.now.cpu_s / (self.now.wall_s - self.started_s + OLDER_S);
        let (used, over) = (self.now.cpu_s - self.since.cpu_s, self.now.mono_ns.saturating_sub(self.since.mono_ns) as f64 / 1e9);
        let lately = if over > 0.0 { 100.0 * used / over } else { since_start };
        match fault {
            Some(Misbehaviour::CpuPercentLifetime) => Some(since_start),
            Some(Misbehaviour::ZeroFilled) => Some(if one_in(2, self.nth) { 0.0 } else { lately }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readers_that_take_turns_see_both_kinds() {
        for many in [2, 3] {
            for (of, from) in [(1, 0), (2, 0), (2, 1), (3, 2)] {
                let seen = (0..40_u64).filter(|n| one_in(many, n * of + from)).count();
                let fair = 40.0 / f64::from(many);
                assert!((seen as f64 - fair).abs() <= fair / 2.0, "one in {many}, from {from} each {of}: {seen}");
            }
        }
    }
}
