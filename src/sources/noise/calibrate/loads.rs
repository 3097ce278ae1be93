//! The loads: a fixed amount of work each, the same for ever. What changes one of them is another [`RELEASE`].

use super::exchange::Exchange;
use crate::{
    model::payload::{CalibrationKernel, CalibrationRun},
    reference::burner::clocks::thread_cpu,
    sources::{environment::root::Root, noise::kept_file::KeptFile},
};
use std::{
    hint::black_box,
    io,
    time::{Duration, Instant},
};

/// Which loads these are.
pub const RELEASE: u32 = 1;
/// Steps of arithmetic, each on what the last one came to.
const STEPS: u32 = 7_000_000;
/// What they begin with ...
const BEGINS: u64 = 0x2545_f491_4f6c_dd1d;
/// ... and come to.
const ENDS: u64 = 0x1e0d_7110_bb5d_daf8;
/// Larger than caches: one half is copied over the other ...
const BUFFER: usize = 64 << 20;
/// ... so often.
const COPIES: u32 = 5;
/// So many requests are asked and answered.
const EXCHANGES: u32 = 2_000;

/// What the loads work on, made once.
pub struct Loads {
    buffer: Vec<u8>,
    exchange: Exchange,
    status: KeptFile,
    text: Vec<u8>,
}

impl Loads {
    /// Takes memory and touches it, and connects to itself.
    pub fn new() -> io::Result<Loads> {
        let buffer = (0..BUFFER).step_by(4_096).fold(vec![0; BUFFER], |mut buffer: Vec<u8>, at| {
            buffer[at] = 1;
            buffer
        });
        let status = KeptFile::new(&Root::machine(), "/proc/thread-self/status");
        Ok(Loads { buffer, exchange: Exchange::new()?, status, text: vec![] })
    }

    /// Runs one of them; an error: it came to something else than it must, or its connection broke.
    pub fn run(&mut self, kernel: CalibrationKernel) -> io::Result<CalibrationRun> {
        let before = self.preempted();
        let (began, cpu, others) = (Instant::now(), thread_cpu(), self.exchange.answering());
        match kernel {
            CalibrationKernel::Cpu => arithmetic()?,
            CalibrationKernel::Memory => self.copy(),
            CalibrationKernel::Loopback => self.exchange.exchange(EXCHANGES)?,
        }
        let (wall, cpu) = (began.elapsed(), thread_cpu().saturating_sub(cpu) + self.exchange.answering().saturating_sub(others));
        let ms = |d: Duration| d.as_secs_f64() * 1e3;
        let preempted = u32::try_from(self.preempted().saturating_sub(before)).unwrap_or(u32::MAX);
        Ok(CalibrationRun { kernel, wall_ms: ms(wall), cpu_ms: ms(cpu), preempted })
    }

    fn copy(&mut self) {
        for copy in 0..COPIES {
            let (from, to) = if copy % 2 == 0 { (0..BUFFER / 2, BUFFER / 2) } else { (BUFFER / 2..BUFFER, 0) };
            self.buffer.copy_within(from, to);
            black_box(&mut self.buffer);
        }
    }

    /// How often this thread was taken off its CPU against its will; 0 where the kernel does not tell.
    fn preempted(&mut self) -> u64 {
        let text = self.status.read(&mut self.text).ok().flatten().unwrap_or_default();
        text.lines().find_map(|line| line.strip_prefix("nonvoluntary_ctxt_switches:")?.trim().parse().ok()).unwrap_or(0)
    }
}

/// Multiplications and shifts that need one another's results.
fn arithmetic() -> io::Result<()> {
    let mut x = black_box(BEGINS);
    for _ in 0..black_box(STEPS) {
        x = x.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        x ^= x >> 29;
    }
    if x == ENDS { Ok(()) } else { Err(io::Error::other(format!("the arithmetic came to {x:#x}"))) }
}

/// Was this program optimised? An optimiser knows what the numbers of a range add up to; without one they are added up, which takes
/// a thousand times longer.
pub fn optimised() -> bool {
    const MANY: u64 = 1_000_000;
    let began = thread_cpu();
    let mut sum = 0_u64;
    for n in 0..black_box(MANY) {
        sum = sum.wrapping_add(n);
    }
    black_box(sum);
    thread_cpu().saturating_sub(began) < Duration::from_micros(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_load_does_its_work_and_takes_no_longer_than_it_may() {
        let mut loads = Loads::new().unwrap();
        for kernel in CalibrationKernel::ALL {
            let runs: Vec<CalibrationRun> = (0..5).map(|_| loads.run(kernel).unwrap()).collect();
            let least = |of: fn(&CalibrationRun) -> f64| runs.iter().map(of).fold(f64::INFINITY, f64::min);
            let (wall, cpu) = (least(|r| r.wall_ms), least(|r| r.cpu_ms));
            println!("{kernel}: {wall:.2} ms, CPU {cpu:.2} ms, optimised {}", optimised());
            assert!(wall > 0.5 && cpu > 0.5 && wall < 250.0, "{kernel}: {runs:?}");
            // Two threads of an exchange may run at once.
            assert!(runs.iter().all(|r| r.cpu_ms <= 2.1 * r.wall_ms + 1.0), "{runs:?}");
        }
    }
}
