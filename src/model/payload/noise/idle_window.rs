use super::{IdleSecond, Interrupts, OwnCost, ProbedCpu, TracedSecond, UsedBy};
use crate::model::{evidence::Gap, payload::Throttling, rows::Attach, units::Wall};
use serde::{Deserialize, Serialize};

/// A window in which nothing was asked of the rig: what its machine did all the same, and who did it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdleWindow {
    /// When it began, after what was left out.
    pub began: Wall,
    /// How long it was to last, s.
    pub asked_s: f64,
    /// What was left out before it, since starting to look is work, too, s.
    pub left_out_s: f64,
    /// How many CPUs the machine has online.
    pub online: u32,
    /// Those that this process may use, which are probed.
    pub cpus: Vec<u32>,
    /// CPUs' worth of time that this process' own quota allows; `None` without one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota_cores: Option<f64>,
    /// Second by second.
    pub seconds: Vec<IdleSecond>,
    /// What the probes saw, a CPU each.
    pub probes: Vec<ProbedCpu>,
    /// Who used CPU time, the most first; what used less than 1 ms in all is left out.
    pub used_by: Vec<UsedBy>,
    /// Lines of interrupts and kinds of deferred work that counted the most; at most 12.
    pub interrupts: Vec<Interrupts>,
    /// Seconds that were traced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub traced: Vec<TracedSecond>,
    /// Control groups that their own quota held back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub throttled: Vec<ThrottledGroup>,
    /// The kernel's clock source at the beginning, and each change of it.
    pub clock_sources: Vec<ClockSourceAt>,
    /// What looking took.
    pub own: OwnCost,
    /// What could not be looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Missing>,
}

/// A control group that was held back by its own quota during a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ThrottledGroup {
    /// The container's name, else the group's path.
    pub name: String,
    /// Is it the group in which this process is?
    pub ours: bool,
    /// What was counted meanwhile.
    pub by: Throttling,
}

/// The clock source that the kernel used from an instant on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockSourceAt {
    /// When it was seen.
    pub at: Wall,
    /// `tsc`, `kvm-clock`, `hpet`.
    pub name: String,
}

/// Something that could not be looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// What: `pressure`, `tracing`, `steal`, `names of containers`.
    pub what: String,
    /// Why, and what would give it.
    pub why: Gap,
}

impl IdleWindow {
    /// How long it lasted, s.
    pub fn lasted_s(&self) -> f64 {
        self.seconds.iter().map(|second| second.over_s).sum()
    }
    /// A sum over its seconds.
    pub fn sum(&self, of: impl Fn(&IdleSecond) -> f64) -> f64 {
        self.seconds.iter().map(of).sum()
    }
    /// Share of all CPUs that others used, second by second.
    pub fn busy_shares(&self) -> Vec<f64> {
        let online = f64::from(self.online.max(1));
        self.seconds.iter().map(|second| second.others_s() / (second.over_s.max(1e-3) * online)).collect()
    }
    /// What of it could be told by name, interrupts included, CPU-seconds.
    pub fn told_s(&self) -> f64 {
        let named: f64 = self.used_by.iter().map(|used| used.cpu_s).sum();
        (named + self.sum(|second| second.irq_s + second.softirq_s)).min(self.others_s())
    }
    /// What was somebody's who cannot be named, cores.
    pub fn nobodys_cores(&self) -> f64 {
        let lasted = self.lasted_s();
        if lasted > 0.0 { (self.others_s() - self.told_s()) / lasted } else { 0.0 }
    }
    /// What others than this process used, CPU-seconds.
    pub fn others_s(&self) -> f64 {
        self.seconds.iter().map(IdleSecond::others_s).sum()
    }
}

impl IdleSecond {
    /// What others than this process used, CPU-seconds. Counters of several files are not read at one instant, so it may be none at the
    /// least.
    pub fn others_s(&self) -> f64 {
        (self.busy_s - self.own_s).max(0.0)
    }
}

impl Attach for IdleWindow {}
