use super::clocks::{mono_ns, process_cpu, wall_us};
use crate::model::payload::BurnSample;
use procfs::process::Process;
use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

/// A sample whose stamps lie further apart than this is taken again, at most twice: whoever took it was preempted meanwhile.
const WITHIN_US: u32 = 500;

/// What the threads of a burn count, read at one instant.
pub struct Tally {
    began: Instant,
    began_us: i64,
    cpu_before: Duration,
    workers: Vec<AtomicU64>,
    /// Bytes sent.
    pub sent: AtomicU64,
    /// Bytes received.
    pub received: AtomicU64,
}

impl Tally {
    /// The burn begins now.
    pub fn begin(workers: usize) -> Tally {
        Tally {
            cpu_before: process_cpu(),
            began_us: wall_us(),
            began: Instant::now(),
            workers: (0..workers).map(|_| AtomicU64::new(0)).collect(),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
        }
    }
    /// When.
    pub fn began(&self) -> Instant {
        self.began
    }
    /// When by the wall clock, µs.
    pub fn began_us(&self) -> i64 {
        self.began_us
    }
    /// Where a thread writes the CPU time that it used, ns.
    pub fn worker(&self, n: usize) -> &AtomicU64 {
        &self.workers[n]
    }
    /// What was used so far.
    pub fn sample(&self) -> BurnSample {
        let mut sample = self.stamped();
        for _ in 0..2 {
            if sample.within_us > WITHIN_US {
                sample = self.stamped();
            }
        }
        // The bytes are read the other way round than they flow, so that none is received before it is sent.
        sample.received_bytes = self.received.load(Ordering::Relaxed);
        sample.sent_bytes = self.sent.load(Ordering::Relaxed).max(sample.received_bytes);
        sample.rss_bytes = resident();
        sample
    }
    fn stamped(&self) -> BurnSample {
        let from = mono_ns();
        let at_us = wall_us();
        let cpu = process_cpu().saturating_sub(self.cpu_before);
        let workers: u64 = self.workers.iter().map(|w| w.load(Ordering::Relaxed)).sum();
        let to = mono_ns();
        BurnSample {
            at_us,
            mono_ns: from,
            within_us: u32::try_from(to.saturating_sub(from) / 1_000).unwrap_or(u32::MAX),
            cpu_s: cpu.as_secs_f64(),
            workers_cpu_s: workers as f64 / 1e9,
            ..BurnSample::default()
        }
    }
}

/// Resident bytes of this process; 0 where procfs does not tell.
pub fn resident() -> u64 {
    Process::myself().and_then(|me| me.statm()).map_or(0, |m| m.resident * procfs::page_size())
}
