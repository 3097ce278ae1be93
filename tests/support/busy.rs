//! How busy the processors of this machine are with whatever runs on it.
#![allow(clippy::disallowed_methods, reason = "reads what the kernel says")]

use std::{
    fs,
    sync::mpsc::{self, RecvTimeoutError, Sender},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

const SECOND: Duration = Duration::from_secs(1);
/// As long as the load of an audit: an audit that mostly waits is no quieter for it.
const WINDOW: Duration = Duration::from_secs(30);

/// Watches the processors until it is asked.
pub struct Busy {
    stop: Sender<()>,
    seen: JoinHandle<Vec<(Instant, f64)>>,
}

impl Busy {
    pub fn watch() -> Busy {
        let (stop, stopped) = mpsc::channel();
        let seen = thread::spawn(move || {
            let look = || (Instant::now(), waited_for_cpu() + stolen());
            let mut seen = vec![look()];
            while stopped.recv_timeout(SECOND) == Err(RecvTimeoutError::Timeout) {
                seen.push(look());
            }
            seen.push(look());
            seen
        });
        Busy { stop, seen }
    }

    /// Share of the time in which something waited for a processor, here or with the hypervisor, in the half minute in which that was most.
    pub fn share(self) -> f64 {
        drop(self.stop);
        most(&self.seen.join().expect("it only looks"))
    }
}

fn most(seen: &[(Instant, f64)]) -> f64 {
    let share = |(from, before): (Instant, f64), (to, after): (Instant, f64)| (after - before) / (to - from).as_secs_f64().max(1e-3);
    let windows = seen.iter().filter_map(|&from| Some((from, *seen.iter().find(|to| to.0 - from.0 >= WINDOW)?)));
    windows.map(|(from, to)| share(from, to)).reduce(f64::max).unwrap_or_else(|| share(seen[0], seen[seen.len() - 1]))
}

/// Seconds since boot in which something waited for a processor (pressure stall information); 0 where the kernel has none.
fn waited_for_cpu() -> f64 {
    let text = fs::read_to_string("/proc/pressure/cpu").unwrap_or_default();
    let total = text.lines().next().and_then(|l| l.rsplit("total=").next()?.trim().parse::<f64>().ok());
    total.unwrap_or(0.0) / 1e6
}

/// Seconds since boot, each processor's, that the hypervisor gave to others: who runs does not wait by this kernel's count.
fn stolen() -> f64 {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    text.lines().next().map_or(0.0, |all| ticks_stolen(all) / 100.0)
}

/// By the line of all processors: user, nice, system, idle, iowait, irq, softirq, steal, in ticks of 10 ms.
fn ticks_stolen(all: &str) -> f64 {
    all.split_whitespace().nth(8).and_then(|ticks| ticks.parse().ok()).unwrap_or(0.0)
}

#[test]
fn what_the_hypervisor_took_is_the_eighth_figure() {
    assert!((ticks_stolen("cpu  4145737 102213 641058 3601126 20441 0 51717 26263 0 0") - 26_263.0).abs() < 1e-9);
    assert!(ticks_stolen("cpu  1 2 3 4").abs() < 1e-9);
}

#[test]
fn a_long_wait_beside_a_load_is_not_quiet() {
    let began = Instant::now();
    // A minute of nothing, then half a minute in which half the time is waited for.
    let seen: Vec<_> = (0..=90).map(|s: u32| (began + s * SECOND, f64::from(s.saturating_sub(60)) / 2.0)).collect();
    assert!((most(&seen) - 0.5).abs() < 1e-9 && (most(&seen[..61])).abs() < 1e-9);
    assert!((most(&seen[55..=65]) - 0.25).abs() < 1e-9, "shorter than that: all of it");
}
