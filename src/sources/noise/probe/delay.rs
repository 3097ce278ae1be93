//! What kept a probe from running, as counters tell it: `/proc/thread-self/schedstat` (sched-stats.rst) and `/proc/stat` of one CPU.

use crate::sources::{
    environment::root::Root,
    noise::{counters::Stat, kept_file::KeptFile},
};
use std::time::{Duration, Instant};

/// Reading `/proc/stat` for each spin must not take longer: it has a line for each CPU, and a figure for each interrupt.
const CHEAP: Duration = Duration::from_micros(300);

/// The counters of the thread that made it.
pub struct Delays {
    schedstat: KeptFile,
    stat: Option<KeptFile>,
    cpu: u32,
    buffer: Vec<u8>,
}

/// What they say at one instant.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delay {
    /// For how long it waited for the CPU while others ran, ns.
    pub waited_ns: Option<u64>,
    /// Steal and interrupts of the CPU, ticks.
    pub ticks: Option<(Option<u64>, u64)>,
}

impl Delays {
    /// Of this thread, which runs on that CPU.
    pub fn here(cpu: u32) -> Delays {
        let file = |path: &str| KeptFile::new(&Root::machine(), path);
        let mut delays = Delays { schedstat: file("/proc/thread-self/schedstat"), stat: Some(file("/proc/stat")), cpu, buffer: vec![] };
        // The first one opens, the second one tells how long it takes.
        delays.now();
        let began = Instant::now();
        delays.now();
        if began.elapsed() > CHEAP {
            delays.stat = None;
        }
        delays
    }
    /// Reads them.
    pub fn now(&mut self) -> Delay {
        let waited_ns = self.schedstat.read(&mut self.buffer).ok().flatten().and_then(|text| waited(&text));
        let stat = self.stat.as_mut().and_then(|file| file.read(&mut self.buffer).ok().flatten().and_then(|text| Stat::of(&text)));
        let ticks = stat.and_then(|stat| stat.cpu(self.cpu)).map(|cpu| (cpu.steal, cpu.irq.saturating_add(cpu.softirq)));
        Delay { waited_ns, ticks }
    }
}

/// `RAN WAITED SLICES`, ns.
fn waited(text: &str) -> Option<u64> {
    text.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_figure_is_how_long_it_waited() {
        assert_eq!(waited("426705 17 1\n"), Some(17));
        assert_eq!((waited(""), waited("5"), waited("5 x 1")), (None, None, None));
        let delay = Delays::here(0).now();
        assert!(delay.waited_ns.is_some() == std::path::Path::new("/proc/self/schedstat").exists());
    }
}
