use super::LogBins;
use serde::{Deserialize, Serialize};

/// What a probe saw of one CPU. For a tenth of the time it spins and reads the clock, and each gap above 5 µs is time in which something
/// else had the CPU; for the rest it asks to be woken each millisecond, and counts how late that was.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProbedCpu {
    /// The CPU.
    pub cpu: u32,
    /// Time that was spun, s.
    pub spun_s: f64,
    /// The gaps in it, in bins of µs.
    pub gaps: LogBins,
    /// Their sum, s.
    pub gap_s: f64,
    /// ... of it waiting for the CPU while others ran, as the scheduler counts it (`run_delay` of `schedstat`). `None` where it does not.
    pub run_delay_s: Option<f64>,
    /// ... of it what the hypervisor took from this CPU meanwhile.
    pub steal_s: Option<f64>,
    /// ... of it interrupts, where the kernel counts them apart.
    pub irq_s: Option<f64>,
    /// The longest gap, µs.
    pub worst_gap_us: f64,
    /// How often it was to be woken.
    pub wakes: u64,
    /// For how long it slept so, s.
    pub slept_s: f64,
    /// How late it was, in bins of µs.
    pub late: LogBins,
    /// The latest, µs.
    pub worst_late_us: f64,
    /// Gaps and late wakes of more than 1 ms.
    pub stalls: u64,
}

impl ProbedCpu {
    /// How long it was watched, s.
    pub fn watched_s(&self) -> f64 {
        self.spun_s + self.slept_s
    }
    /// What of the gaps none of the counters explains, s: on a guest without steal the hypervisor or the firmware. `None` where the
    /// scheduler does not tell how long it waited.
    pub fn unexplained_gap_s(&self) -> Option<f64> {
        Some((self.gap_s - self.run_delay_s? - self.steal_s.unwrap_or(0.0) - self.irq_s.unwrap_or(0.0)).max(0.0))
    }
}
