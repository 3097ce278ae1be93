//! Simulated machines, of which the truth is known.

use super::{
    reading::{Reading, Whose},
    table::Table,
    uses::{Called, Culprit, Uses},
};
use crate::model::payload::By;
use std::collections::BTreeMap;

pub const MS: u64 = 1_000_000;
const OWN: u32 = 900;

#[derive(Clone, Debug)]
pub struct P {
    start: u64,
    parent: u32,
    name: &'static str,
    used: u64,
    ended: u64,
    pub group: Option<usize>,
    /// Does nobody hear of the end of its children?
    pub deaf: bool,
}

/// A machine whose processes start, run and end.
pub struct World {
    pub all: BTreeMap<u32, P>,
    clock: u64,
    next: u32,
    /// Ids that are free again.
    free: Vec<u32>,
    /// What others than groups used, and what was reaped by nobody.
    pub used: u64,
    table: Table,
    uses: Uses,
    ours: u64,
    second: u32,
    room: u64,
    /// Counters of ended children come in ticks.
    pub tick: u64,
}

impl World {
    /// With a first process, of which nothing is known yet.
    pub fn new() -> World {
        let init = P { start: 0, parent: 0, name: "init", used: 500 * MS, ended: 7_000 * MS, group: None, deaf: false };
        World {
            all: BTreeMap::from([(1, init)]),
            clock: 1,
            next: 2,
            free: vec![],
            used: 0,
            table: Table::new(OWN),
            uses: Uses::default(),
            ours: 0,
            second: 0,
            room: u64::MAX,
            tick: 1,
        }
    }
    pub fn fork(&mut self, parent: u32, name: &'static str) -> u32 {
        let pid = self.free.pop().unwrap_or(self.next);
        self.next += u32::from(pid == self.next);
        self.clock += 1;
        let group = self.all[&parent].group;
        self.all.insert(pid, P { start: self.clock, parent, name, used: 0, ended: 0, group, deaf: false });
        pid
    }
    pub fn run(&mut self, pid: u32, ms: u64) {
        let p = self.all.get_mut(&pid).unwrap();
        p.used += ms * MS;
        if p.group.is_none() {
            self.used += ms * MS;
        }
    }
    /// Ends, and is reaped; its children are init's then.
    pub fn end(&mut self, pid: u32) {
        let gone = self.all.remove(&pid).unwrap();
        for p in self.all.values_mut().filter(|p| p.parent == pid) {
            p.parent = 1;
        }
        let parent = self.all.get_mut(&gone.parent).unwrap();
        if !parent.deaf {
            parent.ended += gone.used + gone.ended;
        }
        self.free.push(pid);
    }
    pub fn look(&mut self) {
        let read = |all: &BTreeMap<u32, P>, pid: u32, tick: u64| {
            let p = all.get(&pid)?;
            let whose = p.group.map_or(Whose::Own, Whose::Group);
            let (name, ended_ns) = (p.name.to_owned(), p.ended / tick * tick);
            Some(Reading { pid, start: p.start, parent: p.parent, name, kernel: false, nice: 0, used_ns: p.used, ended_ns, whose })
        };
        let seconds = self.second..=self.second;
        self.second += 1;
        self.table.begin();
        for (pid, p) in &self.all {
            let known = self.table.known(*pid).map(|k| (k.read.start, k.read.used_ns, k.read.ended_ns));
            // Like the scan: who did nothing is not read, so a new parent of it is not noticed either.
            if known == Some((p.start, p.used, p.ended / self.tick * self.tick)) {
                self.table.unchanged(*pid);
            } else {
                self.table.read(read(&self.all, *pid, self.tick).unwrap(), &seconds, &mut self.uses);
            }
        }
        let (all, tick) = (&self.all, self.tick);
        let found = self.table.end(&seconds, &mut self.uses, self.room, &mut |_, pid| read(all, pid, tick));
        self.ours += found.ours_ns;
    }
    /// Who used how much, ms, those of one name added up.
    fn told(&self) -> BTreeMap<String, u64> {
        let by = |culprit: Culprit, called: &Called| {
            let name = called.name.clone();
            let by = match culprit {
                Culprit::Process(pid, _) => By::Process { pid, name, kernel: false },
                Culprit::EndedOf(pid, _) => By::EndedOf { pid, name },
                Culprit::Group(n) => By::Group(n.to_string()),
            };
            (by, vec![])
        };
        let mut sums = BTreeMap::new();
        for used in self.uses.told(by) {
            let name = match &used.by {
                By::EndedOf { name, .. } => format!("ended of {name}"),
                By::Process { name, .. } => name.clone(),
                other => other.to_string(),
            };
            *sums.entry(name).or_default() += (used.cpu_s * 1e3).round() as u64;
        }
        sums
    }
    pub fn named_ms(&self) -> u64 {
        ((0..self.second as usize).map(|s| self.uses.named_s(s)).sum::<f64>() * 1e3).round() as u64
    }
}

fn sums(of: &[(&str, u64)]) -> BTreeMap<String, u64> {
    of.iter().map(|(name, ms)| ((*name).to_owned(), *ms)).collect()
}

#[test]
fn compilers_that_nobody_saw_are_counted_to_who_reaped_them() {
    let mut world = World::new();
    let sh = world.fork(1, "sh");
    world.run(sh, 300);
    world.look();
    let make = world.fork(sh, "make");
    for _ in 0..10 {
        let cc = world.fork(make, "cc");
        world.run(cc, 40);
        world.end(cc);
    }
    world.run(make, 5);
    world.look();
    assert_eq!(world.told(), sums(&[("make", 5), ("ended of make", 400)]), "what sh used before is none of it");
    // One lives through a look and goes on; then make ends, too.
    let cc = world.fork(make, "cc");
    world.run(cc, 100);
    world.look();
    world.run(cc, 30);
    world.end(cc);
    world.run(make, 2);
    world.end(make);
    world.look();
    assert_eq!(world.told(), sums(&[("make", 5), ("ended of make", 400), ("cc", 100), ("ended of sh", 32)]));
    assert_eq!(world.named_ms() * MS, world.used - 300 * MS);
}

#[test]
fn grandchildren_that_outlive_their_parent_are_counted_once() {
    let mut world = World::new();
    let sh = world.fork(1, "sh");
    let child = world.fork(sh, "child");
    let grand = world.fork(child, "grand");
    world.run(grand, 1_000);
    world.look();
    world.run(grand, 50);
    world.end(child);
    world.look();
    // It has a new parent, and does nothing for a while.
    world.look();
    world.run(grand, 7);
    world.end(grand);
    world.look();
    assert_eq!(world.told(), sums(&[("grand", 50), ("ended of init", 7)]));
    // Both end between two looks: init reaps the grandchild, sh the child.
    let child = world.fork(sh, "child");
    let grand = world.fork(child, "grand");
    world.run(child, 20);
    world.run(grand, 30);
    world.look();
    world.run(grand, 3);
    world.end(child);
    world.end(grand);
    world.look();
    assert_eq!(world.named_ms() * MS, world.used - 1_000 * MS);
}

#[test]
fn an_id_that_is_used_again_is_another_process() {
    let mut world = World::new();
    let sh = world.fork(1, "sh");
    let old = world.fork(sh, "old");
    world.run(old, 900);
    world.look();
    world.run(old, 10);
    world.end(old);
    let new = world.fork(sh, "new");
    assert_eq!(new, old);
    world.run(new, 25);
    world.look();
    assert_eq!(world.told(), sums(&[("new", 25), ("ended of sh", 10)]));
}

#[test]
fn what_a_group_tells_is_not_counted_to_who_reaps_for_it() {
    let mut world = World::new();
    let shim = world.fork(1, "shim");
    let inside = world.fork(shim, "app");
    world.all.get_mut(&inside).unwrap().group = Some(0);
    world.look();
    for _ in 0..5 {
        let worker = world.fork(inside, "worker");
        world.run(worker, 50);
        world.end(worker);
        let check = world.fork(shim, "check");
        world.all.get_mut(&check).unwrap().group = Some(0);
        world.run(check, 10);
        world.end(check);
        world.look();
    }
    world.run(inside, 80);
    world.end(inside);
    world.run(shim, 4);
    world.look();
    assert_eq!(world.told(), sums(&[("shim", 4)]));
}

#[test]
fn who_hears_nothing_of_its_children_is_told_nothing_of_them() {
    let mut world = World::new();
    let deaf = world.fork(1, "deaf");
    world.all.get_mut(&deaf).unwrap().deaf = true;
    let child = world.fork(deaf, "child");
    world.look();
    world.run(child, 40);
    world.look();
    world.run(child, 60);
    world.end(child);
    world.look();
    assert_eq!(world.told(), sums(&[("child", 40)]));
}

#[test]
fn our_own_children_are_ours() {
    let mut world = World::new();
    world.next = OWN;
    let own = world.fork(1, "rigcheck");
    assert_eq!(own, OWN);
    world.look();
    let child = world.fork(own, "helper");
    let grand = world.fork(child, "helper");
    world.run(own, 70);
    world.run(grand, 5);
    world.look();
    world.run(child, 8);
    world.end(grand);
    world.end(child);
    world.look();
    assert_eq!((world.told(), world.ours), (sums(&[]), 13 * MS));
}

#[test]
fn no_more_is_counted_than_the_machine_was_busy() {
    let mut world = World::new();
    let shim = world.fork(1, "shim");
    world.look();
    let short = world.fork(shim, "short");
    world.run(short, 90);
    world.end(short);
    world.room = 30 * MS;
    world.look();
    assert_eq!(world.told(), sums(&[("ended of shim", 30)]));
}
