use crate::reference::{
    burner::{process_cpu, resident},
    mock_llm::clock,
};
use procfs::process::Process;

/// What the process used until an instant.
#[derive(Clone, Copy, Debug)]
pub struct Reading {
    /// The machine's monotonic clock, ns.
    pub mono_ns: u64,
    /// The wall clock, s since the epoch.
    pub wall_s: f64,
    /// CPU-seconds.
    pub cpu_s: f64,
    /// Resident bytes.
    pub rss: u64,
}

impl Reading {
    /// Until now.
    pub fn now() -> Reading {
        Reading {
            mono_ns: crate::reference::burner::mono_ns(),
            wall_s: clock::wall_ns() as f64 / 1e9,
            cpu_s: process_cpu().as_secs_f64(),
            rss: resident(),
        }
    }
}

/// When this process was started, s since the epoch: the boot's time and the ticks since, as client libraries reckon it. Now, where
/// procfs does not tell.
pub fn process_started_s() -> f64 {
    let told = || -> Option<f64> {
        let ticks = Process::myself().and_then(|me| me.stat()).ok()?.starttime;
        Some(procfs::boot_time_secs().ok()? as f64 + ticks as f64 / procfs::ticks_per_second() as f64)
    };
    told().unwrap_or_else(|| clock::wall_ns() as f64 / 1e9)
}
