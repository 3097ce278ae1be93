//! This process' own waits for a CPU, and the machine's pressure.

use super::clock::wall_now;
use crate::model::{
    payload::network::{ProberAt, Seeing},
    units::{Span, Wall},
};
use std::{collections::BTreeMap, fs};

/// What the kernel had counted at an instant.
#[derive(Clone, Debug, Default)]
pub struct Counted {
    at: Wall,
    /// By thread: ns that it ran, ns that it waited.
    threads: BTreeMap<u32, (u64, u64)>,
    pressure_us: Option<u64>,
}

impl Counted {
    /// Now.
    pub fn now() -> Counted {
        let pressure = fs::read_to_string("/proc/pressure/cpu").ok();
        Counted { at: wall_now(), threads: threads(), pressure_us: pressure.as_deref().and_then(some_total) }
    }
    /// What was added since, while a part was measured.
    pub fn since(&self, during: Seeing) -> ProberAt {
        let now = Counted::now();
        let (ran, waited) = match self.added(&now.threads) {
            Some((ran, waited)) => (Some(ran), Some(waited)),
            None => (None, None),
        };
        let pressure_us = now.pressure_us.zip(self.pressure_us).map(|(now, then)| now.saturating_sub(then));
        ProberAt { during, span: Span { from: self.at, to: now.at }, waited_us: waited, ran_us: ran, pressure_us }
    }
    /// How long threads of this process have waited since, µs.
    pub fn waited_us(&self) -> Option<u64> {
        self.added(&threads()).map(|(_, waited)| waited)
    }
    fn added(&self, now: &BTreeMap<u32, (u64, u64)>) -> Option<(u64, u64)> {
        let sum = now.iter().fold((0, 0), |(ran, waited), (thread, (r, w))| {
            let (r0, w0) = self.threads.get(thread).copied().unwrap_or_default();
            (ran + r.saturating_sub(r0), waited + w.saturating_sub(w0))
        });
        (!now.is_empty()).then_some((sum.0 / 1_000, sum.1 / 1_000))
    }
}

/// Only the threads: what a row of the connects needs.
pub fn threads_now() -> Counted {
    Counted { at: Wall(0), threads: threads(), pressure_us: None }
}

fn threads() -> BTreeMap<u32, (u64, u64)> {
    let Ok(tasks) = fs::read_dir("/proc/self/task") else { return BTreeMap::new() };
    let told = |task: fs::DirEntry| {
        let id = task.file_name().to_str()?.parse().ok()?;
        Some((id, schedstat(&fs::read_to_string(task.path().join("schedstat")).ok()?)?))
    };
    tasks.flatten().filter_map(told).collect()
}

/// `ran waited slices`, the first two in ns.
fn schedstat(text: &str) -> Option<(u64, u64)> {
    let mut numbers = text.split_whitespace().map_while(|word| word.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

/// `some avg10=0.00 avg60=0.00 avg300=0.00 total=N`, µs.
fn some_total(text: &str) -> Option<u64> {
    let some = text.lines().find(|line| line.starts_with("some "))?;
    some.rsplit_once("total=")?.1.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_lines_are_read() {
        assert_eq!(schedstat("123456 789 4\n"), Some((123_456, 789)));
        assert_eq!(schedstat("x"), None);
        assert_eq!(some_total("some avg10=1.00 avg60=0.50 avg300=0.10 total=42\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=7\n"), Some(42));
    }

    #[test]
    fn what_this_process_ran_is_counted() {
        let before = Counted::now();
        let mut x = 1_u64;
        for n in 0..20_000_000_u64 {
            x = std::hint::black_box(x.wrapping_mul(n | 1));
        }
        let at = before.since(Seeing::Connects);
        if let Some(ran) = at.ran_us {
            assert!(ran > 1_000, "{at:?} {x}");
            assert!(at.waiting().is_some_and(|share| (0.0..=1.0).contains(&share)), "{at:?}");
        }
    }
}
