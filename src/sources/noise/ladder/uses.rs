use crate::model::payload::{By, UsedBy};
use std::{collections::BTreeMap, ops::RangeInclusive};

/// Whose seconds are kept.
const KEPT: usize = 20;
/// What used less than this in all is left out, s.
const LEAST_S: f64 = 0.001;
/// When there are more culprits than this, those are dropped that used less than the least.
const MOST: usize = 20_000;

/// Whom time is counted to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Culprit {
    /// A group, by its number.
    Group(usize),
    /// A process, by its id and when it was started.
    Process(u32, u64),
    /// Who reaped processes that ended.
    EndedOf(u32, u64),
}

/// What a culprit is called.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Called {
    /// Its name (`comm`), plain.
    pub name: String,
    /// Is it a thread of the kernel?
    pub kernel: bool,
    /// Its nice value.
    pub nice: i32,
}

/// Who used how much, second by second.
#[derive(Debug, Default)]
pub struct Uses {
    all: BTreeMap<Culprit, Use>,
    named_s: Vec<f64>,
    /// The last second that was told.
    latest: BTreeMap<Culprit, f64>,
}

#[derive(Clone, Debug, Default)]
struct Use {
    cpu_s: f64,
    when: Vec<(u32, f64)>,
    called: Called,
}

impl Uses {
    /// Begins to count for some seconds, of which the last one is what [`Uses::latest`] tells.
    pub fn begin(&mut self) {
        self.latest.clear();
    }
    /// Counts time to a culprit; over several seconds, evenly.
    pub fn add(&mut self, culprit: Culprit, called: impl FnOnce() -> Called, seconds: &RangeInclusive<u32>, cpu_ns: u64) {
        if cpu_ns == 0 {
            return;
        }
        if self.all.len() >= MOST && !self.all.contains_key(&culprit) {
            self.all.retain(|_, used| used.cpu_s >= LEAST_S);
        }
        let cpu_s = cpu_ns as f64 / 1e9;
        let each = cpu_s / f64::from(seconds.end() - seconds.start() + 1);
        let used = self.all.entry(culprit).or_default();
        used.cpu_s += cpu_s;
        used.called = called();
        for second in seconds.clone() {
            match used.when.last_mut() {
                Some((last, s)) if *last == second => *s += each,
                _ => used.when.push((second, each)),
            }
            let at = second as usize;
            if self.named_s.len() <= at {
                self.named_s.resize(at + 1, 0.0);
            }
            self.named_s[at] += each;
        }
        *self.latest.entry(culprit).or_default() += each;
    }
    /// What could be told by name in a second, s.
    pub fn named_s(&self, second: usize) -> f64 {
        self.named_s.get(second).copied().unwrap_or(0.0)
    }
    /// All that could be told by name so far, s.
    pub fn sum_s(&self) -> f64 {
        self.named_s.iter().sum()
    }
    /// Those that used the most in the last second, with what they used in it.
    pub fn latest(&self, most: usize, by: impl Fn(Culprit, &Called) -> (By, Vec<String>)) -> Vec<UsedBy> {
        let mut latest: Vec<(Culprit, f64)> = self.latest.iter().map(|(culprit, s)| (*culprit, *s)).collect();
        latest.sort_by(|a, b| b.1.total_cmp(&a.1));
        let told = latest.iter().take(most).filter_map(|(culprit, cpu_s)| Some((*culprit, self.all.get(culprit)?, *cpu_s)));
        told.map(|(culprit, used, cpu_s)| one(culprit, used, cpu_s, vec![], &by)).collect()
    }
    /// All of them, those that used the most first.
    pub fn told(&self, by: impl Fn(Culprit, &Called) -> (By, Vec<String>)) -> Vec<UsedBy> {
        let mut all: Vec<(Culprit, &Use)> = self.all.iter().filter(|(_, used)| used.cpu_s >= LEAST_S).map(|(c, used)| (*c, used)).collect();
        all.sort_by(|a, b| b.1.cpu_s.total_cmp(&a.1.cpu_s));
        let when = |nth: usize, used: &Use| if nth < KEPT { used.when.clone() } else { vec![] };
        all.iter().enumerate().map(|(nth, (culprit, used))| one(*culprit, used, used.cpu_s, when(nth, used), &by)).collect()
    }
}

fn one(culprit: Culprit, used: &Use, cpu_s: f64, when: Vec<(u32, f64)>, by: &impl Fn(Culprit, &Called) -> (By, Vec<String>)) -> UsedBy {
    let (by, programs) = by(culprit, &used.called);
    let nice = matches!(by, By::Process { kernel: false, .. }).then_some(used.called.nice);
    UsedBy { by, programs, cpu_s, when, nice }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by(culprit: Culprit, called: &Called) -> (By, Vec<String>) {
        let Culprit::Process(pid, _) = culprit else { return (By::Group("/x.service".into()), vec![]) };
        (By::Process { pid, name: called.name.clone(), kernel: false }, vec![])
    }

    #[test]
    fn what_is_counted_is_told_once_with_its_seconds() {
        let mut uses = Uses::default();
        let called = || Called { name: "make".into(), ..Called::default() };
        uses.add(Culprit::Process(7, 1), called, &(0..=0), 300_000_000);
        uses.begin();
        uses.add(Culprit::Process(7, 1), called, &(1..=2), 200_000_000);
        uses.add(Culprit::Process(7, 1), called, &(2..=2), 50_000_000);
        uses.add(Culprit::Group(0), Called::default, &(2..=2), 900_000_000);
        uses.add(Culprit::Process(8, 1), called, &(2..=2), 900_000);
        let told = uses.told(by);
        assert_eq!(told.iter().map(|u| u.by.to_string()).collect::<Vec<_>>(), ["x.service", "make (process 7)"]);
        let make = &told[1];
        assert!((make.cpu_s - 0.55).abs() < 1e-9 && make.nice == Some(0) && told[0].nice.is_none());
        assert_eq!(make.when.iter().map(|(s, _)| *s).collect::<Vec<_>>(), [0, 1, 2]);
        assert!((make.when[2].1 - 0.15).abs() < 1e-9);
        assert!((uses.named_s(2) - 1.0509).abs() < 1e-9 && (uses.named_s(0) - 0.3).abs() < 1e-9 && uses.named_s(9) == 0.0);
        let latest = uses.latest(1, by);
        assert!(latest.len() == 1 && latest[0].by.to_string() == "x.service");
    }

    #[test]
    fn crowds_of_small_ones_do_not_pile_up() {
        let mut uses = Uses::default();
        for pid in 0..50_000 {
            uses.add(Culprit::Process(pid, 1), Called::default, &(0..=0), 1_000);
        }
        assert!(uses.all.len() <= MOST && uses.told(by).is_empty() && uses.named_s(0) > 0.049);
    }
}
