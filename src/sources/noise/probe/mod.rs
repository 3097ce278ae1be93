//! One thread on each CPU that this process may use, to which each moment without the CPU shows.

mod board;
mod delay;
mod prober;
mod turns;

pub use board::Board;

use super::missed::Missed;
use crate::{
    model::{evidence::Gap, payload::ProbedCpu},
    reference::burner::Stop,
};
use prober::{Probed, Prober};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity, set_current_timer_slack};
use std::{
    num::NonZeroU64,
    sync::Arc,
    thread::{Builder, JoinHandle},
    time::Duration,
};

/// When a window begins and how long it is.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// By the monotonic clock.
    pub began_ns: u64,
    /// Its length.
    pub lasting: Duration,
    /// The length of a tick, s.
    pub tick_s: f64,
}

/// The probes of all CPUs.
pub struct Probes {
    threads: Vec<(u32, JoinHandle<Result<Probed, Gap>>)>,
}

/// What all of them saw.
#[derive(Debug, Default)]
pub struct AllProbed {
    /// A CPU each.
    pub cpus: Vec<ProbedCpu>,
    /// CPU time of their threads, s.
    pub cpu_s: f64,
}

/// The CPUs that this process may use.
pub fn allowed() -> Vec<u32> {
    let Ok(set) = sched_getaffinity(None) else { return vec![] };
    (0..CpuSet::MAX_CPU).filter(|cpu| set.is_set(*cpu)).filter_map(|cpu| u32::try_from(cpu).ok()).collect()
}

impl Probes {
    /// Starts one on each of the CPUs; they wait for the window to begin.
    pub fn start(cpus: &[u32], frame: Frame, board: &Arc<Board>, stop: &Arc<Stop>, missed: &mut Missed) -> Probes {
        let mut threads = vec![];
        for (nth, cpu) in cpus.iter().copied().enumerate() {
            let (board, stop) = (Arc::clone(board), Arc::clone(stop));
            let shift = turns::shift(nth, cpus.len());
            let work = move || {
                pin(cpu)?;
                let Frame { began_ns, lasting, tick_s } = frame;
                Ok(Prober { cpu, shift, began_ns, lasting, tick_s, board: &board, stop: &stop }.run())
            };
            match Builder::new().name(format!("noise-probe-{cpu}")).spawn(work) {
                Ok(thread) => threads.push((cpu, thread)),
                Err(e) => missed.say(&format!("probe of CPU {cpu}"), || Gap::Refused(format!("noise: no thread for it could be started: {e}"))),
            }
        }
        Probes { threads }
    }

    /// Waits for their end, which comes with the window's or with the word to stop.
    pub fn end(self, missed: &mut Missed) -> AllProbed {
        let mut all = AllProbed::default();
        for (cpu, thread) in self.threads {
            let probed = thread.join().unwrap_or_else(|_| Err(Gap::Panicked("noise: a probe broke off".into())));
            match probed {
                Ok(probed) => {
                    all.cpu_s += probed.cpu_time.as_secs_f64();
                    if let Some(after) = probed.lost_after {
                        missed.say(&format!("probe of CPU {cpu}"), || {
                            Gap::Truncated(format!("noise: the CPU went offline, or was taken from this process, after {:.0} s", after.as_secs_f64()))
                        });
                    }
                    if probed.seen.run_delay_s.is_none() {
                        missed.say("waiting times of probes", || {
                            Gap::NotConfigured("noise: /proc/thread-self/schedstat is not there; a kernel with CONFIG_SCHED_INFO has it".into())
                        });
                    }
                    all.cpus.push(probed.seen);
                }
                Err(gap) => missed.say(&format!("probe of CPU {cpu}"), || gap),
            }
        }
        all
    }
}

/// Lets this thread run on one CPU only, and be woken when it asks to be.
fn pin(cpu: u32) -> Result<(), Gap> {
    let mut set = CpuSet::new();
    set.set(cpu as usize);
    sched_setaffinity(None, &set)
        .map_err(|e| Gap::Refused(format!("noise: a thread could not be bound to it ({e}); let this process use sched_setaffinity(2)")))?;
    // Without it the kernel wakes up to 50 µs late on purpose.
    let _refused_is_no_worse = set_current_timer_slack(NonZeroU64::new(1));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::burner::mono_ns;

    fn probe(cpus: &[u32], lasting: Duration, stop: &Arc<Stop>) -> (AllProbed, Arc<Board>, Missed) {
        let board = Arc::new(Board::new(10));
        let mut missed = Missed::default();
        let frame = Frame { began_ns: mono_ns() + 20_000_000, lasting, tick_s: 0.01 };
        let probes = Probes::start(cpus, frame, &board, stop, &mut missed);
        (probes.end(&mut missed), board, missed)
    }

    #[test]
    fn the_window_is_spun_and_slept_through() {
        let cpus = allowed();
        let (all, board, missed) = probe(&cpus, Duration::from_secs(2), &Arc::default());
        assert!(missed.told().iter().all(|m| m.what != "probe of CPU 0"));
        assert_eq!(all.cpus.iter().map(|p| p.cpu).collect::<Vec<_>>(), cpus);
        for probe in &all.cpus {
            // A machine that is busy with other things may keep a probe from a spin; what was watched is the window all the same.
            assert!((probe.watched_s() - 2.0).abs() < 0.25, "{probe:?}");
            assert!(probe.spun_s < 0.3 && probe.wakes > 10 && probe.late.count() == probe.wakes, "{probe:?}");
            assert!(probe.gap_s <= probe.spun_s + 1e-9 && probe.gaps.count() < 1_000_000, "{probe:?}");
        }
        let worst = all.cpus.iter().map(|p| p.worst_gap_us.max(p.worst_late_us)).fold(0.0, f64::max);
        let told: Vec<(f64, u64)> = (0..=10).map(|n| board.told(n)).collect();
        assert!((told.iter().map(|t| t.0).fold(0.0, f64::max) - worst).abs() < 0.01, "{told:?} {worst}");
        assert_eq!(told.iter().map(|t| t.1).sum::<u64>(), all.cpus.iter().map(|p| p.stalls).sum::<u64>());
        assert!(all.cpu_s < 1.0 * cpus.len() as f64, "{}", all.cpu_s);
    }

    #[test]
    fn the_word_to_stop_ends_it_at_once() {
        let stop = Arc::<Stop>::default();
        let until = Arc::clone(&stop);
        let began = std::time::Instant::now();
        let says = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(300));
            until.set();
        });
        let (all, ..) = probe(&allowed(), Duration::from_mins(10), &stop);
        says.join().unwrap();
        assert!(began.elapsed() < Duration::from_millis(1_300) && all.cpus.iter().all(|p| p.watched_s() < 1.3));
    }

    #[test]
    fn a_cpu_that_is_not_there_is_missing() {
        let (all, _, missed) = probe(&[1_000], Duration::from_millis(200), &Arc::default());
        assert!(all.cpus.is_empty());
        assert!(matches!(&missed.told()[0], m if m.what == "probe of CPU 1000" && matches!(m.why, Gap::Refused(_))));
    }

    /// Whoever else runs on the CPU shows as gaps, and the kernel's own count of waiting explains them.
    #[test]
    fn a_neighbour_on_the_same_cpu_shows_as_gaps_that_waiting_explains() {
        let cpu = *allowed().last().unwrap();
        let stop = Arc::<Stop>::default();
        let until = Arc::clone(&stop);
        let neighbour = std::thread::spawn(move || {
            pin(cpu).unwrap();
            while !until.is_set() {
                std::hint::spin_loop();
            }
        });
        let (all, ..) = probe(&[cpu], Duration::from_secs(3), &Arc::default());
        stop.set();
        neighbour.join().unwrap();
        let probe = &all.cpus[0];
        println!(
            "gaps {:.3} s of {:.3} s spun, waited {:?}, steal {:?}, irq {:?}",
            probe.gap_s, probe.spun_s, probe.run_delay_s, probe.steal_s, probe.irq_s
        );
        assert!(probe.gap_s > 0.2 * probe.spun_s && probe.stalls > 0, "{probe:?}");
        if let Some(waited) = probe.run_delay_s {
            assert!(waited + probe.steal_s.unwrap_or(0.0) >= 0.8 * probe.gap_s, "{probe:?}");
        }
    }
}
