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
    /// Ends a round: whoever was not seen has ended. `again` reads a process once more, `None` if it is not there any more.
    pub fn end(&mut self, seconds: &RangeInclusive<u32>, uses: &mut Uses, again: &mut dyn FnMut(&Table, u32) -> Option<Reading>) -> Found {
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
        for pid in &reaping {
            self.count_ended(*pid, seconds, uses);
        }
        std::mem::take(&mut self.found)
    }

    /// A child that was read and reaped before its parent was read is in both. So children of whoever reaped are looked at once more, and then the
    /// reaper: the kernel counts to the reaper first, and takes the child away after that.
    fn look_again(&mut self, seconds: &RangeInclusive<u32>, uses: &mut Uses, again: &mut dyn FnMut(&Table, u32) -> Option<Reading>) {
        let reapers: BTreeSet<u32> = self.known.iter().filter(|(_, known)| known.rose_ns > 0).map(|(pid, _)| *pid).collect();
        // Whoever lost its parent has a new one, though it did nothing itself.
        let lost = |parent: u32| parent > 0 && !self.known.contains_key(&parent);
        let again_for = |known: &Known| reapers.contains(&known.read.parent) || lost(known.read.parent);
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
                parent.bridges |= bridges(parent, whose);
            }
        }
        let beside: Vec<(u32, Whose)> =
            self.known.values().filter(|k| k.seen <= 2 && matches!(k.read.whose, Whose::Group(_))).map(|k| (k.read.parent, k.read.whose)).collect();
        for (pid, whose) in beside {
            if let Some(parent) = self.known.get_mut(&pid) {
                parent.bridges |= bridges(parent, whose);
            }
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

    fn count_ended(&mut self, pid: u32, seconds: &RangeInclusive<u32>, uses: &mut Uses) {
        let Some(known) = self.known.get_mut(&pid) else { return };
        let new = std::mem::take(&mut known.rose_ns);
        known.counted_ns = new;
        match known.read.whose {
            Whose::Own if !known.bridges => uses.add(Culprit::EndedOf(pid, known.read.start), || called(&known.read), seconds, new),
            Whose::Ours => self.found.ours_ns += new,
            Whose::Own | Whose::Group(_) => {}
        }
    }
}

/// Does it reap for a group that it is not in?
fn bridges(parent: &Known, child: Whose) -> bool {
    matches!(child, Whose::Group(_)) && parent.read.whose != child
}
