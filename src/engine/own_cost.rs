//! What the auditor itself uses: CPU time, peak memory, queries and bytes.

use crate::model::{
    event::OwnCost,
    source::{Cost, Source},
    units::Ms,
};
use std::{sync::Arc, time::Instant};

/// Started before gathering, read after it.
pub struct Meter {
    started: Instant,
    cpu_s: f64,
    cost: Cost,
}

impl Meter {
    /// Starts.
    #[allow(clippy::disallowed_methods, reason = "measures our own run")]
    pub fn start(sources: &[Arc<dyn Source>]) -> Meter {
        Meter { started: Instant::now(), cpu_s: process().map_or(0.0, |p| p.0), cost: total(sources) }
    }
    /// What was used since.
    pub fn read(&self, sources: &[Arc<dyn Source>]) -> OwnCost {
        let (cpu_s, peak_mib) = process().unwrap_or((self.cpu_s, 0.0));
        OwnCost { cpu_s: cpu_s - self.cpu_s, peak_mib, cost: total(sources) - self.cost, wall: Ms(self.started.elapsed().as_secs_f64() * 1e3) }
    }
}

fn total(sources: &[Arc<dyn Source>]) -> Cost {
    sources.iter().map(|s| s.cost()).fold(Cost::default(), |a, b| a + b)
}

/// CPU seconds and peak resident MiB of this process; `None` where procfs does not tell (then nothing is claimed).
fn process() -> Option<(f64, f64)> {
    let me = procfs::process::Process::myself().ok()?;
    let stat = me.stat().ok()?;
    let ticks = procfs::ticks_per_second() as f64;
    let peak_kib = me.status().ok()?.vmhwm.unwrap_or(0);
    Some(((stat.utime + stat.stime) as f64 / ticks, peak_kib as f64 / 1024.0))
}
