use serde::{Deserialize, Serialize};

/// What looking took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OwnCost {
    /// CPU-seconds of the thread that reads counters: what is to stay below 1 % of a core.
    pub sampler_s: f64,
    /// CPU-seconds of the probes, whose spinning is declared.
    pub probes_s: f64,
    /// ... of it what was meant to be spun.
    pub duty_s: f64,
    /// CPU-seconds of this process in all.
    pub process_s: f64,
    /// For how long, s.
    pub over_s: f64,
    /// How often the list of processes was read.
    pub scans: u64,
}

impl OwnCost {
    /// What the sampler took, cores.
    pub fn sampler_cores(&self) -> f64 {
        if self.over_s > 0.0 { self.sampler_s / self.over_s } else { 0.0 }
    }
}
