use crate::model::{evidence::Gap, units::Wall};
use serde::{Deserialize, Serialize};

/// What a control group's files said at one instant. Whatever could not be read is `None`, and `missing` says why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CgroupReading {
    /// When the CPU time was read.
    pub at: Wall,
    /// CPU-seconds since the group was made: `usage_usec` of `cpu.stat`, or `cpuacct.usage`.
    pub cpu_s: Option<f64>,
    /// Memory.
    pub memory: Option<CgroupMemory>,
    /// What the quota held back; `None` without one, too: then nothing is missing.
    pub throttling: Option<Throttling>,
    /// Seconds since the group was made in which at least one task waited for a CPU: `some total` of `cpu.pressure`.
    pub waited_s: Option<f64>,
    /// Why a figure is not there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<Gap>,
}

/// Memory of a control group, bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CgroupMemory {
    /// All that is charged to it, caches too.
    pub usage: u64,
    /// Usage less inactive file pages, as cAdvisor and Docker's command tell it.
    pub working_set: u64,
    /// Anonymous memory (`rss` of v1, `anon` of v2).
    pub anon: u64,
    /// Pages of files (`cache`, `file`).
    pub file: u64,
    /// Those that were not used lately.
    pub inactive_file: u64,
    /// The limit; `None` where there is none.
    pub limit: Option<u64>,
}

/// What the CPU quota held back since the group was made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Throttling {
    /// Periods in which something ran.
    pub periods: u64,
    /// ... of them those in which the quota was used up.
    pub throttled: u64,
    /// Time that was waited for the next period, summed over CPUs, s.
    pub seconds: f64,
}
