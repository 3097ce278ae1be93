//! CPU time and memory of processes and those that they started.

use super::processes::Processes;
use crate::{
    model::{evidence::Gap, units::Wall, usage::Measure},
    reference::burner::clocks::wall_us,
    sources::notebook::Notebook,
};
use procfs::process::{Process, Stat};
use rustix::time::{ClockId, clock_gettime};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    time::{Duration, Instant},
};

/// Looking at all processes takes at most this share of the time, and is done no more often than this.
const SHARE: u32 = 100;
const SELDOM: Duration = Duration::from_secs(2);
/// Times are told in whole ticks, user's and system's apart: so far may what a parent took over lie below what its child had.
const ROUNDED: u64 = 4;

/// A process whose times are read, and what they were.
#[derive(Debug)]
struct Member {
    process: Process,
    parent: i32,
    started: u64,
    /// Its own ticks.
    own: u64,
    /// Those of children that it waited for.
    reaped: u64,
    pages: u64,
    /// Has it ended, though nobody waited for it yet?
    dead: bool,
}

/// Some processes, and whoever they start.
#[derive(Debug)]
pub struct Tree {
    /// More of this name are looked for.
    name: Option<String>,
    tops: BTreeSet<i32>,
    members: BTreeMap<i32, Member>,
    /// Ticks of members that ended without anybody here having taken them over.
    lost: u64,
    most: u64,
    look: Instant,
}

impl Tree {
    /// Of these processes. A gap where none of them is there any more.
    pub fn of(tops: impl IntoIterator<Item = i32>, name: Option<String>, book: &mut Notebook) -> Result<Tree, Gap> {
        let mut tree = Tree { name, tops: BTreeSet::new(), members: BTreeMap::new(), lost: 0, most: 0, look: Instant::now() };
        for pid in tops {
            tree.tops.insert(pid);
            if tree.add(pid)
                && let Some(member) = tree.members.get(&pid)
            {
                book.begins(life(pid), Some(began(member.started)));
            }
        }
        if tree.members.values().all(|m| m.dead) {
            return Err(Gap::NotConfigured("kernel: the process has ended".into()));
        }
        tree.look_around(book);
        Ok(tree)
    }

    /// The first of them, for what belongs to a process and not to its children.
    pub fn first(&self) -> Option<&Process> {
        self.tops.iter().find_map(|pid| self.members.get(pid)).or_else(|| self.members.values().next()).map(|m| &m.process)
    }

    /// Reads CPU time, and memory where it is its turn. An error: nobody is left.
    pub fn read(&mut self, slow: bool, book: &mut Notebook) -> Result<(), Gap> {
        if slow {
            self.look_around(book);
        }
        let before = wall_us();
        let mut gone = vec![];
        let mut rises: BTreeMap<i32, u64> = BTreeMap::new();
        for (pid, member) in &mut self.members {
            match member.process.stat() {
                Ok(stat) if stat.starttime == member.started => {
                    let reaped = taken_over(&stat);
                    rises.insert(*pid, reaped.saturating_sub(member.reaped));
                    (member.own, member.reaped, member.parent) = (stat.utime + stat.stime, reaped, stat.ppid);
                    // Who has ended but was not waited for yet keeps its times, and no memory.
                    member.dead = matches!(stat.state, 'Z' | 'X');
                    member.pages = if member.dead { 0 } else { stat.rss };
                }
                _ => gone.push(*pid),
            }
        }
        let at = Wall(i64::midpoint(before, wall_us()));
        self.bury(&gone, &rises);
        let dead = self.members.iter().filter(|(_, m)| m.dead).map(|(pid, _)| pid);
        for pid in gone.iter().chain(dead).filter(|pid| self.tops.contains(pid)) {
            book.ends(Some(&life(*pid)), at);
        }
        if self.members.values().all(|m| m.dead) {
            return Err(Gap::NotConfigured("kernel: the process has ended".into()));
        }
        let ticks = self.members.values().map(|m| m.own + m.reaped).sum::<u64>() + self.lost;
        self.most = self.most.max(ticks);
        book.put(Measure::Cpu, at, self.most as f64 / procfs::ticks_per_second() as f64);
        if slow {
            let pages: u64 = self.members.values().map(|m| m.pages).sum();
            book.put(Measure::Rss, at, (pages * procfs::page_size()) as f64);
        }
        Ok(())
    }

    /// Whoever ended hands its time to the parent that waits for it. Where no member rose by as much, nobody did.
    fn bury(&mut self, gone: &[i32], rises: &BTreeMap<i32, u64>) {
        let mut heirs: BTreeMap<Option<i32>, (u64, u64)> = BTreeMap::new();
        for pid in gone {
            let mut heir = self.members.get(pid).map(|m| m.parent);
            while let Some(above) = heir.filter(|pid| gone.contains(pid)) {
                heir = self.members.get(&above).map(|m| m.parent);
            }
            let heir = heir.filter(|pid| rises.contains_key(pid));
            let sum = heirs.entry(heir).or_default();
            sum.0 += self.members.get(pid).map_or(0, |m| m.own + m.reaped);
            sum.1 += 1;
        }
        for (heir, (ticks, count)) in heirs {
            let rose = heir.and_then(|pid| rises.get(&pid)).copied().unwrap_or(0);
            if rose + ROUNDED * count < ticks {
                self.lost += ticks - rose;
            }
        }
        self.members.retain(|pid, _| !gone.contains(pid));
    }

    /// Finds whoever was started since: children of the members' first threads each time, everybody else seldom.
    fn look_around(&mut self, book: &mut Notebook) {
        let mut new: Vec<i32> = self.members.keys().copied().collect();
        while let Some(pid) = new.pop() {
            for child in children(pid) {
                if !self.members.contains_key(&child) && self.add(child) {
                    new.push(child);
                }
            }
        }
        let begun = Instant::now();
        if begun < self.look {
            return;
        }
        if let Ok(all) = Processes::now() {
            if let Some(name) = &self.name {
                let tops = all.tops(&all.named(name));
                let fresh: Vec<i32> = tops.into_iter().filter(|pid| !self.members.contains_key(pid)).collect();
                for pid in fresh {
                    self.tops.insert(pid);
                    if self.add(pid)
                        && let Some(member) = self.members.get(&pid)
                    {
                        book.begins(life(pid), Some(began(member.started)));
                    }
                }
            }
            let known: BTreeSet<i32> = self.members.keys().copied().collect();
            for pid in all.below(&known) {
                self.add(pid);
            }
        }
        self.look = Instant::now() + (begun.elapsed() * SHARE).max(SELDOM);
    }

    fn add(&mut self, pid: i32) -> bool {
        let Ok(process) = Process::new(pid) else { return false };
        let Ok(stat) = process.stat() else { return false };
        let member = Member {
            parent: stat.ppid,
            started: stat.starttime,
            own: stat.utime + stat.stime,
            reaped: taken_over(&stat),
            pages: stat.rss,
            dead: matches!(stat.state, 'Z' | 'X'),
            process,
        };
        self.members.insert(pid, member);
        true
    }
}

/// Ticks of children that were waited for.
fn taken_over(stat: &Stat) -> u64 {
    u64::try_from(stat.cutime).unwrap_or(0) + u64::try_from(stat.cstime).unwrap_or(0)
}

/// `/proc/PID/task/PID/children`, where the kernel has it (`CONFIG_PROC_CHILDREN`).
fn children(pid: i32) -> Vec<i32> {
    let told = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    told.split_ascii_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}

/// How a process is named among the lives of a workload.
pub fn life(pid: i32) -> String {
    format!("pid {pid}")
}

/// When a process was started, from ticks since the machine was.
fn began(ticks: u64) -> Wall {
    let up = clock_gettime(ClockId::Boottime);
    let up_us = up.tv_sec * 1_000_000 + up.tv_nsec / 1_000;
    let since_us = (ticks as f64 / procfs::ticks_per_second() as f64 * 1e6) as i64;
    Wall(wall_us() - up_us + since_us)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command, Stdio};

    struct Running(Child);
    impl Drop for Running {
        fn drop(&mut self) {
            drop(self.0.kill());
            drop(self.0.wait());
        }
    }

    fn start(script: &str) -> Running {
        Running(Command::new("sh").args(["-c", script]).stdin(Stdio::piped()).spawn().unwrap())
    }

    fn cpu(book: Notebook) -> Vec<f64> {
        let (tracks, _) = book.close();
        tracks.tracks.iter().find(|t| t.claim.as_str() == "cpu").map(|t| t.samples.iter().map(|s| s.1).collect()).unwrap_or_default()
    }

    #[test]
    fn what_children_used_is_counted_once_when_they_end_too() {
        // Three children one after the other, 0.2 CPU-s each at the least; the shell waits for them.
        let busy = "i=0; while [ $i -lt 150000 ]; do i=$((i+1)); done";
        let running = start(&format!("for n in 1 2 3; do sh -c '{busy}'; done; read wait"));
        let pid = running.0.id().cast_signed();
        let mut book = Notebook::default();
        let mut tree = Tree::of([pid], None, &mut book).unwrap();
        let (mut still, mut last) = (0, -1.0);
        for _ in 0..600 {
            tree.read(true, &mut book).unwrap();
            std::thread::sleep(Duration::from_millis(20));
            let now = tree.most as f64 / procfs::ticks_per_second() as f64;
            let alone = tree.members.len() == 1;
            still = if alone && now > 0.0 && (now - last).abs() < 1e-9 { still + 1 } else { 0 };
            last = now;
            if still > 15 {
                break;
            }
        }
        // Independent of the sum: what the kernel says that the shell and its dead children used.
        let stat = Process::new(pid).unwrap().stat().unwrap();
        let truth = (stat.utime + stat.stime + taken_over(&stat)) as f64 / procfs::ticks_per_second() as f64;
        let read = cpu(book);
        assert!(truth > 0.1, "{truth}");
        assert!((read.last().unwrap() - truth).abs() < 0.05, "{:?} beside {truth}", read.last());
        assert!(read.is_sorted(), "{read:?}");
    }

    #[test]
    fn an_end_is_seen_and_the_tree_is_empty_then() {
        let mut running = start("read wait");
        let mut book = Notebook::default();
        let mut tree = Tree::of([running.0.id().cast_signed()], None, &mut book).unwrap();
        tree.read(true, &mut book).unwrap();
        running.0.kill().unwrap();
        running.0.wait().unwrap();
        assert!(tree.read(false, &mut book).is_err());
        let life = &book.lives()[0];
        assert!(life.ended.is_some() && life.id == format!("pid {}", running.0.id()));
        let age = wall_us() - life.began.unwrap().0;
        assert!((0..60_000_000).contains(&age), "{age}");
        assert!(Tree::of([running.0.id().cast_signed()], None, &mut book).is_err());
    }

    #[test]
    fn time_that_nobody_takes_over_is_kept() {
        let mut book = Notebook::default();
        let running = start("read wait");
        let mut tree = Tree::of([running.0.id().cast_signed()], None, &mut book).unwrap();
        let process = || Process::new(running.0.id().cast_signed()).unwrap();
        let member = |parent, own| Member { process: process(), parent, started: 0, own, reaped: 0, pages: 0, dead: false };
        let top = running.0.id().cast_signed();
        // Of two children one was waited for, and the other was not; a third was adopted by the machine's first process.
        tree.members.extend([(-2, member(top, 100)), (-3, member(top, 50)), (-4, member(1, 30)), (-5, member(-2, 7))]);
        tree.bury(&[-2, -3, -4, -5], &BTreeMap::from([(top, 107)]));
        assert_eq!((tree.lost, tree.members.len()), (30 + 50, 1));
        // All were waited for, but for what rounding took.
        tree.members.insert(-6, member(top, 10));
        tree.bury(&[-6], &BTreeMap::from([(top, 8)]));
        assert_eq!(tree.lost, 80);
    }
}
