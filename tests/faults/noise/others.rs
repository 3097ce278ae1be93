//! What others than these tests use of the CPUs, counted beside the audit and by other means.
#![allow(clippy::disallowed_methods, reason = "reads what the kernel says")]

use jiff::Timestamp;
use std::{
    fs,
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::Duration,
};

/// How often the exact counter is read.
const EVERY: Duration = Duration::from_millis(20);

/// Readings of the exact counter, each with its instant.
pub struct Counted(Vec<(Timestamp, f64)>);

impl Counted {
    /// Reads it again and again while something goes on; `None` where there is none.
    pub fn beside<T>(goes_on: impl FnOnce() -> T) -> Option<(T, Counted)> {
        counted()?;
        let over = AtomicBool::new(false);
        let (done, readings) = thread::scope(|scope| {
            let reads = scope.spawn(|| {
                let mut readings = vec![];
                while !over.load(Ordering::Relaxed) {
                    readings.extend(counted().map(|s| (Timestamp::now(), s)));
                    thread::sleep(EVERY);
                }
                readings
            });
            let done = goes_on();
            over.store(true, Ordering::Relaxed);
            (done, reads.join().expect("it only reads"))
        });
        Some((done, Counted(readings)))
    }
    /// CPU time of all between two instants, s.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> f64 {
        let at = |instant: Timestamp| self.0.iter().min_by_key(|(read, _)| read.duration_since(instant).unsigned_abs());
        at(to).zip(at(from)).map_or(f64::NAN, |(to, from)| to.1 - from.1)
    }
}

/// CPU time of all since some moment, s, by the exact counter of all control groups of version 1; `None` without it.
fn counted() -> Option<f64> {
    let ns: f64 = fs::read_to_string("/sys/fs/cgroup/cpuacct/cpuacct.usage").ok()?.trim().parse().ok()?;
    Some(ns / 1e9)
}

/// What of it neither this process nor its ended children used, s: less `/proc/self/stat`, which tells hundredths.
pub fn used() -> Option<f64> {
    let ours = ticks(&fs::read_to_string("/proc/self/stat").ok()?)?;
    Some(counted()? - ours / 100.0)
}

/// utime, stime, cutime and cstime, from the fourteenth field on; the second is a name in brackets that may hold anything.
fn ticks(stat: &str) -> Option<f64> {
    let (_, after) = stat.rsplit_once(')')?;
    let fields: Vec<f64> = after.split_whitespace().skip(11).take(4).map_while(|field| field.parse().ok()).collect();
    (fields.len() == 4).then(|| fields.iter().sum())
}

#[test]
fn readings_are_told_by_the_nearest() {
    let at = |ms: i64| Timestamp::from_millisecond(ms).expect("an instant");
    let counted = Counted(vec![(at(0), 7.0), (at(20), 7.5), (at(40), 9.0)]);
    assert!((counted.between(at(1), at(38)) - 2.0).abs() < 1e-9 && (counted.between(at(19), at(21)) - 0.0).abs() < 1e-9);
}

#[test]
fn own_time_is_ours_and_our_ended_childrens() {
    let stat = "17 (a (b) c) S 1 17 17 0 -1 4194304 5 6 7 8 100 20 3 4 20 0 1 0 99";
    assert_eq!(ticks(stat), Some(127.0));
    assert_eq!(ticks("17 (a) S 1"), None);
}
