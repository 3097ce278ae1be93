use super::{
    board::{Board, STALL},
    delay::{Delay, Delays},
    turns::{Turn, WAKE, turn},
};
use crate::{
    model::payload::ProbedCpu,
    reference::burner::{
        Stop,
        clocks::{mono_ns, thread_cpu},
    },
};
use rustix::{
    thread::{clock_nanosleep_absolute, sched_getcpu},
    time::{ClockId, Timespec},
};
use std::time::Duration;

/// Two readings of the clock that are further apart than this have a gap between them.
const GAP: Duration = Duration::from_micros(5);

/// One probe while it runs, on a thread that may run on its CPU only.
pub struct Prober<'a> {
    /// The CPU.
    pub cpu: u32,
    /// How far its spins are shifted.
    pub shift: Duration,
    /// When the window begins, by the monotonic clock.
    pub began_ns: u64,
    /// How long it is.
    pub lasting: Duration,
    /// The length of a tick, s.
    pub tick_s: f64,
    /// Where it shows.
    pub board: &'a Board,
    /// The word by which it ends early.
    pub stop: &'a Stop,
}

/// What a probe leaves.
pub struct Probed {
    /// What it saw.
    pub seen: ProbedCpu,
    /// CPU time of its thread.
    pub cpu_time: Duration,
    /// Its CPU went offline after so long.
    pub lost_after: Option<Duration>,
}

impl Prober<'_> {
    /// Probes until the window or its CPU ends.
    pub fn run(&self) -> Probed {
        let mut delays = Delays::here(self.cpu);
        let told = delays.now();
        let none = |told: bool| told.then_some(0.0);
        let mut seen = ProbedCpu {
            cpu: self.cpu,
            run_delay_s: none(told.waited_ns.is_some()),
            steal_s: none(told.ticks.is_some_and(|(steal, _)| steal.is_some())),
            irq_s: none(told.ticks.is_some()),
            ..ProbedCpu::default()
        };
        self.sleep_until(Duration::ZERO);
        let cpu = thread_cpu();
        let mut lost_after = None;
        while !self.stop.is_set() {
            let now = self.now();
            if now >= self.lasting {
                break;
            }
            if sched_getcpu() != self.cpu as usize {
                lost_after = Some(now);
                break;
            }
            match turn(now, self.shift) {
                Turn::Spin(until) => {
                    let before = delays.now();
                    self.spin(until.min(self.lasting), &mut seen);
                    explain(&mut seen, &before, &delays.now(), self.tick_s);
                }
                Turn::Sleep(until) => self.doze(until.min(self.lasting), &mut seen),
            }
        }
        Probed { seen, cpu_time: thread_cpu().saturating_sub(cpu), lost_after }
    }

    /// Since the window began; 0 before.
    fn now(&self) -> Duration {
        Duration::from_nanos(mono_ns().saturating_sub(self.began_ns))
    }

    fn sleep_until(&self, at: Duration) {
        let ns = self.began_ns.saturating_add(u64::try_from(at.as_nanos()).unwrap_or(u64::MAX));
        let at = Timespec { tv_sec: (ns / 1_000_000_000).cast_signed(), tv_nsec: (ns % 1_000_000_000).cast_signed() };
        // A signal may wake it early: then it sleeps on.
        while clock_nanosleep_absolute(ClockId::Monotonic, &at).is_err_and(|e| e == rustix::io::Errno::INTR) {}
    }

    fn spin(&self, until: Duration, seen: &mut ProbedCpu) {
        let began = self.now();
        let mut last = began;
        while last < until && !self.stop.is_set() {
            let now = self.now();
            let gap = now.saturating_sub(last);
            if gap > GAP {
                seen.gaps.add(gap);
                seen.gap_s += gap.as_secs_f64();
                seen.worst_gap_us = seen.worst_gap_us.max(gap.as_secs_f64() * 1e6);
                self.held(now, gap, seen);
            }
            last = now;
        }
        seen.spun_s += last.saturating_sub(began).as_secs_f64();
    }

    fn doze(&self, until: Duration, seen: &mut ProbedCpu) {
        let began = self.now();
        let mut due = began;
        let mut now = began;
        loop {
            // Wakes that were missed are left out.
            due = (due + WAKE).max(now);
            if due > until || self.stop.is_set() {
                break;
            }
            self.sleep_until(due);
            now = self.now();
            let late = now.saturating_sub(due);
            seen.wakes += 1;
            seen.late.add(late);
            seen.worst_late_us = seen.worst_late_us.max(late.as_secs_f64() * 1e6);
            self.held(now, late, seen);
        }
        if !self.stop.is_set() && now < until {
            self.sleep_until(until);
            now = self.now().max(until);
        }
        seen.slept_s += now.saturating_sub(began).as_secs_f64();
    }

    /// Counts a hold-up to the second in which it ended.
    fn held(&self, now: Duration, lasted: Duration, seen: &mut ProbedCpu) {
        seen.stalls += u64::from(lasted > STALL);
        self.board.held(usize::try_from(now.as_secs()).unwrap_or(usize::MAX), lasted);
    }
}

/// Adds what the counters rose by over a spin.
fn explain(seen: &mut ProbedCpu, before: &Delay, after: &Delay, tick_s: f64) {
    let add = |sum: &mut Option<f64>, rose: Option<f64>| *sum = sum.zip(rose).map(|(sum, rose)| sum + rose);
    let ticks = |was: u64, is: u64| is.saturating_sub(was) as f64 * tick_s;
    add(&mut seen.run_delay_s, before.waited_ns.zip(after.waited_ns).map(|(was, is)| is.saturating_sub(was) as f64 / 1e9));
    let both = before.ticks.zip(after.ticks);
    add(&mut seen.steal_s, both.and_then(|(was, is)| Some(ticks(was.0?, is.0?))));
    add(&mut seen.irq_s, both.map(|(was, is)| ticks(was.1, is.1)));
}
