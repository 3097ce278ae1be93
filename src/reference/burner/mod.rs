//! A known load on this machine: CPU time, resident memory and bytes over loopback, in a pattern, for a bounded time.
//!
//! What was asked for is only what is aimed at. The truth is what the threads' own CPU clocks, the process' CPU clock, procfs and
//! the sockets say, sampled each 100 ms ([`Burned`]): other sources are read beside that curve, on their own stamps.
//!
//! | load | how | truth |
//! |---|---|---|
//! | CPU | each thread spins for its share of each period, by its own CPU clock | `CLOCK_THREAD_CPUTIME_ID`, `CLOCK_PROCESS_CPUTIME_ID` |
//! | memory | written to page by page before the load begins, and again once in 10 s | `/proc/self/statm` |
//! | network | one TCP connection on 127.0.0.1, what is due is sent each 10 ms | bytes counted on both ends |
//!
//! A thread that was preempted goes on until it has had its share, or its period is over; what it still lacks it catches up with by
//! at most half a share a period, and what is older than a second is forgiven. Niceness and affinity are left alone.
#![allow(clippy::disallowed_methods, reason = "a known load is threads, clocks and sockets")]

mod burn;
pub mod clocks;
mod crowding;
mod curve;
mod memory;
mod network;
mod pace;
mod room;
mod stop;
mod tally;
mod worker;

pub use burn::{BadBurn, Burn};
pub use room::Room;
pub use stop::Stop;

pub use clocks::{mono_ns, process_cpu};
pub use tally::resident;

use crate::model::{
    payload::{BurnSample, Burned, BurnedBy},
    units::Wall,
};
use crowding::Before;
use curve::Curve;
use memory::Held;
use std::{
    io, mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{Builder, JoinHandle},
    time::{Duration, Instant},
};
use tally::Tally;
use tokio_util::sync::CancellationToken;

/// Time between samples.
const SAMPLED: Duration = Duration::from_millis(100);

/// A load that goes on. It ends by itself when its time is over; [`Burner::stop`] ends it earlier and tells what it was.
/// Dropping it ends all its threads.
pub struct Burner {
    burn: Burn,
    room: Room,
    stop: Arc<Stop>,
    tally: Arc<Tally>,
    curve: Arc<Mutex<Curve>>,
    before: Before,
    rss_before: u64,
    touched: u64,
    resident: u64,
    /// All threads but the one that holds the memory.
    threads: Vec<JoinHandle<()>>,
    memory: Option<JoinHandle<Held>>,
    spent: Arc<Spent>,
}

/// CPU time of the threads around the load, ns; each adds its own when it ends.
#[derive(Default)]
struct Spent {
    memory: AtomicU64,
    network: AtomicU64,
    sampler: AtomicU64,
}

impl Burner {
    /// Takes the memory, some seconds for some GiB, unless that is cancelled, and then begins all at once.
    /// Errors: no memory, no socket, no thread.
    pub fn start(burn: Burn, room: Room, cancel: &CancellationToken) -> io::Result<Burner> {
        let asked = burn.asked().clone();
        let rss_before = resident();
        let held = (asked.memory_bytes > 0).then(|| Held::take(asked.memory_bytes, &|| cancel.is_cancelled())).transpose()?;
        let resident = resident().saturating_sub(rss_before);
        let sockets = (asked.network_bytes_per_s > 0.0).then(network::pair).transpose()?;
        let threads = asked.cpu_cores.ceil() as usize;
        let before = Before::now();
        let tally = Arc::new(Tally::begin(threads));
        let began = tally.began();
        let mut burner = Burner {
            before,
            touched: held.as_ref().map_or(0, Held::bytes),
            tally: tally.clone(),
            curve: Arc::new(Mutex::new(Curve::new())),
            stop: Arc::default(),
            threads: vec![],
            memory: None,
            spent: Arc::default(),
            burn,
            room,
            rss_before,
            resident,
        };
        push(&burner.curve, &tally);
        let slices: Arc<[pace::Slice]> = pace::slices(&asked).into();
        for n in 0..threads {
            let (slices, tally, share) = (slices.clone(), tally.clone(), asked.cpu_cores / threads as f64);
            burner.thread("cpu", move |stop| worker::burn(share, &slices, began, stop, tally.worker(n)))?;
        }
        if let Some((sending, receiving)) = sockets {
            let (of_sender, of_receiver) = (tally.clone(), tally.clone());
            let (spent, spent_too) = (burner.spent.clone(), burner.spent.clone());
            let sent = asked.clone();
            burner.thread("send", move |stop| {
                network::send(sending, &sent, began, stop, &of_sender.sent);
                add_own(&spent.network);
            })?;
            burner.thread("receive", move |_| {
                network::receive(receiving, &of_receiver.received);
                add_own(&spent_too.network);
            })?;
        }
        if let Some(mut held) = held {
            let (stop, spent) = (burner.stop.clone(), burner.spent.clone());
            let keep = move || {
                held.keep_touched(began, &stop);
                add_own(&spent.memory);
                held
            };
            burner.memory = Some(Builder::new().name("burn-memory".into()).spawn(keep)?);
        }
        let (curve, spent, samples) = (burner.curve.clone(), burner.spent.clone(), (asked.for_ms / 100.0).ceil() as u32);
        burner.thread("sample", move |stop| {
            for n in 1..samples {
                if stop.wait_until(began + SAMPLED * n) {
                    break;
                }
                push(&curve, &tally);
            }
            add_own(&spent.sampler);
        })?;
        Ok(burner)
    }

    fn thread(&mut self, name: &str, work: impl FnOnce(&Stop) + Send + 'static) -> io::Result<()> {
        let stop = self.stop.clone();
        self.threads.push(Builder::new().name(format!("burn-{name}")).spawn(move || work(&stop))?);
        Ok(())
    }

    /// When its time will be over.
    pub fn over_at(&self) -> Instant {
        self.tally.began() + Duration::from_secs_f64(self.burn.asked().for_ms / 1e3)
    }

    /// What was used so far.
    pub fn so_far(&self) -> BurnSample {
        self.tally.sample()
    }

    /// Ends it and tells what it was; blocks for as long as its threads need to end, some
    /// milliseconds.
    pub fn stop(mut self) -> Burned {
        let interrupted = Instant::now() < self.over_at();
        if !interrupted {
            // Each is ending by itself, and what is due last is still sent.
            self.join();
        }
        let held = self.end();
        // Taken while the memory is still held.
        let last = self.tally.sample();
        drop(held);
        let (samples, every) = self.curve.lock().unwrap_or_else(PoisonError::into_inner).ended(last);
        let seconds = |ns: &AtomicU64| ns.load(Ordering::Relaxed) as f64 / 1e9;
        Burned {
            started: Wall(self.tally.began_us()),
            asked: self.burn.asked().clone(),
            samples,
            interval_ms: SAMPLED.as_secs_f64() * 1e3 * every as f64,
            by: BurnedBy {
                workers_s: last.workers_cpu_s,
                memory_s: seconds(&self.spent.memory),
                network_s: seconds(&self.spent.network),
                sampler_s: seconds(&self.spent.sampler),
            },
            touched_bytes: self.touched,
            rss_before: self.rss_before,
            resident_bytes: self.resident,
            crowding: self.before.since(&self.room),
            cgroup: vec![],
            interrupted,
        }
    }

    fn join(&mut self) {
        for thread in mem::take(&mut self.threads) {
            drop(thread.join());
        }
    }

    fn end(&mut self) -> Option<Held> {
        self.stop.set();
        self.join();
        self.memory.take().and_then(|thread| thread.join().ok())
    }
}

impl Drop for Burner {
    fn drop(&mut self) {
        drop(self.end());
    }
}

fn push(curve: &Mutex<Curve>, tally: &Tally) {
    let sample = tally.sample();
    curve.lock().unwrap_or_else(PoisonError::into_inner).push(sample);
}

fn add_own(ns: &AtomicU64) {
    ns.fetch_add(u64::try_from(clocks::thread_cpu().as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
}
