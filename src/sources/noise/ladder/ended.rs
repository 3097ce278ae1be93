//! Processes that ended, without privilege. When a process reaps a child, its `cutime` and `cstime` rise by all that the child used and had
//! reaped itself. What was counted to the child before is taken off; the rest is what nobody saw.

use super::{
    reading::{Reading, Whose},
    table::{Found, Known, Table, called},
    uses::{Culprit, Uses},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    ops::RangeInclusive,
};

/// Two counters are told in whole ticks of at most 10 ms: by so much a rise may come too late, ns.
const ROUNDED_NS: u64 = 20_000_000;
/// No chain of parents is longer.
const DEEPEST: usize = 1_000;

impl Table {
    /// Ends a round: whoever was not seen has ended. `again` reads a process once more, `None` if it is not there any more. No more than
    /// `room_ns` is counted to those that ended: the machine was not busy for longer.
    pub fn end(
        &mut self,
        seconds: &RangeInclusive<u32>,
        uses: &mut Uses,
        room_ns: u64,
        again: &mut dyn FnMut(&Table, u32) -> Option<Reading>,
    ) -> Found {
        let round = self.round;
        let ended: Vec<u32> = self.known.iter().filter(|(_, known)| known.round != round).map(|(pid, _)| *pid).collect();
        for pid in ended {
            self.gone.extend(self.known.remove(&pid));
        }
        self.look_again(seconds, uses, again);
        self.owe();
        let reaping: Vec<u32> = self.known.iter().filter(|(_, k)| k.rose_ns > 0 || k.debt_ns > 0 || k.counted_ns > 0).map(|(pid, _)| *pid).collect();
        for pid in &reaping {
            self.settle(*pid);
        }
        let rise = |known: &Known| if self.told(known) { known.rose_ns } else { 0 };
        let all: u64 = reaping.iter().filter_map(|pid| self.known.get(pid)).map(rise).fold(0, u64::saturating_add);
        let share = if all > room_ns { room_ns as f64 / all as f64 } else { 1.0 };
        for pid in &reaping {
            self.count_ended(*pid, share, seconds, uses);
        }
        std::mem::take(&mut self.found)
    }

    /// A child that was read and reaped before its parent was read is in both. So children of whoever reaped are looked at once more, and then the
    /// reaper: the kernel counts to the reaper first, and takes the child away after that.
    fn look_again(&mut self, seconds: &RangeInclusive<u32>, uses: &mut Uses, again: &mut dyn FnMut(&Table, u32) -> Option<Reading>) {
        let reapers: BTreeSet<u32> = self.known.iter().filter(|(_, known)| known.rose_ns > 0).map(|(pid, _)| *pid).collect();
        // Whoever lost its parent has a new one, though it did nothing itself.
        let lost = |child: &Reading| child.parent > 0 && self.known.get(&child.parent).is_none_or(|parent| parent.read.start > child.start);
        let again_for = |known: &Known| reapers.contains(&known.read.parent) || lost(&known.read);
        let children: Vec<u32> = self.known.iter().filter(|(_, known)| again_for(known)).map(|(pid, _)| *pid).collect();
        for pid in children.into_iter().chain(reapers) {
            match again(self, pid) {
                Some(read) => self.read(read, seconds, uses),
                None => self.gone.extend(self.known.remove(&pid)),
            }
        }
    }

    /// Whoever ended is owed by the one who reaped it: the next living one above it.
    fn owe(&mut self) {
        let gone: BTreeMap<u32, (u32, u64)> = self.gone.iter().map(|k| (k.read.pid, (k.read.parent, k.read.start))).collect();
        let mut owed = vec![];
        for child in &self.gone {
            let mut above = child.read.parent;
            for _ in 0..DEEPEST {
                // Who was started later than its child got a parent's id by chance.
                if self.known.get(&above).is_some_and(|parent| parent.read.start <= child.read.start) {
                    owed.push((above, child.read.used_ns.saturating_add(child.read.ended_ns), child.read.whose));
                    break;
                }
                match gone.get(&above) {
                    Some((next, start)) if *start <= child.read.start => above = *next,
                    _ => break,
                }
            }
        }
        for (pid, ns, whose) in owed {
            if let Some(parent) = self.known.get_mut(&pid) {
                parent.debt_ns = parent.debt_ns.saturating_add(ns);
            }
            self.bridge(pid, whose, true);
        }
        let there = self.known.values().filter(|k| matches!(k.read.whose, Whose::Group(_))).map(|k| (k.read.parent, k.read.whose));
        for (pid, whose) in there.collect::<Vec<_>>() {
            self.bridge(pid, whose, false);
        }
    }

    /// A process has a child in a group, or had one that ended: then whoever is above may have reaped that one's own children in this round.
    fn bridge(&mut self, pid: u32, child: Whose, ended: bool) {
        if !matches!(child, Whose::Group(_)) {
            return;
        }
        let mut above = pid;
        for deep in 0..DEEPEST {
            let Some(known) = self.known.get_mut(&above).filter(|_| deep == 0 || ended) else { break };
            if known.read.whose != child {
                known.bridges |= deep == 0;
                known.bridged = self.round;
            }
            above = known.read.parent;
        }
    }

    /// Pays what a process owes from its rise. What is left over was reaped further up, since a child whose parent ended has a new one.
    fn settle(&mut self, pid: u32) {
        let Some(first) = self.known.get_mut(&pid) else { return };
        let mut left = std::mem::take(&mut first.debt_ns);
        let keep = ROUNDED_NS.max(first.counted_ns);
        let mut above = pid;
        for _ in 0..DEEPEST {
            let Some(known) = self.known.get_mut(&above).filter(|_| left > 0) else { break };
            let paid = left.min(known.rose_ns);
            known.rose_ns -= paid;
            left -= paid;
            if known.read.parent == above {
                break;
            }
            above = known.read.parent;
        }
        // Nobody's: whoever ignores the end of its children reaps nothing. What is kept is what rounding or the last round may have told too soon.
        if let Some(known) = self.known.get_mut(&pid) {
            known.debt_ns = left.min(keep);
        }
    }

    /// Can what a process reaped be told apart from what groups count?
    fn told(&self, known: &Known) -> bool {
        known.read.whose == Whose::Own && !known.bridges && known.bridged != self.round
    }

    fn count_ended(&mut self, pid: u32, share: f64, seconds: &RangeInclusive<u32>, uses: &mut Uses) {
        let told = self.known.get(&pid).is_some_and(|known| self.told(known));
        let Some(known) = self.known.get_mut(&pid) else { return };
        let new = std::mem::take(&mut known.rose_ns);
        known.counted_ns = new;
        if told {
            uses.add(
                Culprit::EndedOf(pid, known.read.start),
                || called(&known.read),
                seconds,
                if share < 1.0 { (new as f64 * share) as u64 } else { new },
            );
        } else if known.read.whose == Whose::Ours {
            self.found.ours_ns += new;
        }
    }
}
