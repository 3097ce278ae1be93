use super::{
    reading::{Reading, Whose},
    uses::{Called, Culprit, Uses},
};
use std::{collections::BTreeMap, ops::RangeInclusive};

/// What one round of looking found beside the culprits.
#[derive(Debug, Default)]
pub struct Found {
    /// What children of ours used, ns.
    pub ours_ns: u64,
    /// What processes of groups used, by group and name, ns: no part of what is counted.
    pub programs: Vec<(usize, String, u64)>,
}

/// A process that is known.
#[derive(Clone, Debug)]
pub struct Known {
    /// As it was read last.
    pub read: Reading,
    /// In which round it was seen last.
    pub round: u64,
    /// How much the time of its ended children rose in this round, ns.
    pub rose_ns: u64,
    /// What its ended children had used, which was counted before and is not yet seen in its rise, ns.
    pub debt_ns: u64,
    /// What of its ended children was counted to it in the last round, ns.
    pub counted_ns: u64,
    /// Does it reap processes whose time a group's files tell? Then what it reaps cannot be told apart.
    pub bridges: bool,
    /// The round in which it may have done so for an orphan.
    pub bridged: u64,
    /// How often it was seen.
    pub seen: u32,
}

/// The processes of a machine, round by round: who used how much, and what those had used that ended.
#[derive(Debug, Default)]
pub struct Table {
    pub(super) known: BTreeMap<u32, Known>,
    /// Those that are not there any more, of this round.
    pub(super) gone: Vec<Known>,
    /// Those of the last round: one that could not be read for a moment is no new one.
    lost: Vec<Known>,
    pub(super) round: u64,
    pub(super) own: u32,
    pub(super) found: Found,
}

impl Table {
    /// One in which this process is ours.
    pub fn new(own: u32) -> Table {
        Table { own, ..Table::default() }
    }
    /// Begins a round.
    pub fn begin(&mut self) {
        self.round += 1;
        self.found = Found::default();
        self.lost = std::mem::take(&mut self.gone);
    }
    /// Who is known by an id.
    pub fn known(&self, pid: u32) -> Option<&Known> {
        self.known.get(&pid)
    }
    /// How many are known.
    pub fn len(&self) -> usize {
        self.known.len()
    }
    /// One is there as it was: nothing of it changed.
    pub fn unchanged(&mut self, pid: u32) {
        if let Some(known) = self.known.get_mut(&pid) {
            known.round = self.round;
            known.rose_ns = 0;
            known.seen = known.seen.saturating_add(1);
        }
    }
    /// One was read. What the first round finds was used before; of whoever comes later all is new.
    pub fn read(&mut self, mut read: Reading, seconds: &RangeInclusive<u32>, uses: &mut Uses) {
        if read.pid == self.own || self.known.get(&read.parent).is_some_and(|parent| parent.read.whose == Whose::Ours) {
            read.whose = Whose::Ours;
        }
        let before = match self.known.remove(&read.pid) {
            Some(known) if known.read.start == read.start => Some(known),
            another => {
                self.gone.extend(another);
                let same = |k: &Known| (k.read.pid, k.read.start) == (read.pid, read.start);
                self.lost.iter().position(same).map(|at| self.lost.swap_remove(at))
            }
        };
        if before.as_ref().is_some_and(|known| known.read.whose == Whose::Ours) {
            read.whose = Whose::Ours;
        }
        let (used, rose) = match &before {
            Some(known) => (read.used_ns.saturating_sub(known.read.used_ns), read.ended_ns.saturating_sub(known.read.ended_ns)),
            None if self.round <= 1 => (0, 0),
            None => (read.used_ns, read.ended_ns),
        };
        // What is read twice in a round rises by both.
        let again = before.as_ref().filter(|known| known.round == self.round).map_or(0, |known| known.rose_ns);
        self.count(&read, used, seconds, uses);
        let known = Known {
            round: self.round,
            rose_ns: rose + again,
            debt_ns: before.as_ref().map_or(0, |known| known.debt_ns),
            counted_ns: before.as_ref().map_or(0, |known| known.counted_ns),
            bridges: before.as_ref().is_some_and(|known| known.bridges),
            bridged: before.as_ref().map_or(0, |known| known.bridged),
            seen: before.as_ref().map_or(1, |known| known.seen.saturating_add(1)),
            read,
        };
        self.known.insert(known.read.pid, known);
    }

    fn count(&mut self, read: &Reading, used_ns: u64, seconds: &RangeInclusive<u32>, uses: &mut Uses) {
        match read.whose {
            Whose::Own => uses.add(Culprit::Process(read.pid, read.start), || called(read), seconds, used_ns),
            Whose::Group(group) if used_ns > 0 => self.found.programs.push((group, read.name.clone(), used_ns)),
            // Our own clock tells this process' time better.
            Whose::Ours if read.pid != self.own => self.found.ours_ns += used_ns,
            Whose::Ours | Whose::Group(_) => {}
        }
    }
}

/// What a process is called.
pub(super) fn called(read: &Reading) -> Called {
    Called { name: read.name.clone(), kernel: read.kernel, nice: read.nice }
}
