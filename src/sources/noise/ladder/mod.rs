//! Who used CPU time, step by step, nobody counted twice: groups of containers and services by their own files, processes outside of
//! them by theirs, ended processes by what their reapers were told of them.

mod ended;
mod group_name;
mod groups;
mod hierarchy;
#[cfg(test)]
mod laws;
mod process_stat;
mod reading;
mod scan;
#[cfg(test)]
mod simulated;
mod table;
mod uses;

pub use group_name::{GroupName, parts_of};
pub use groups::{rose, told as throttling_of};
pub use hierarchy::{Hierarchy, path_of};

use super::{missed::Missed, pacing::Pacing};
use crate::{
    model::{
        evidence::Gap,
        payload::{By, Throttling, UsedBy},
    },
    sources::{environment::root::Root, noise::kept_file::KeptFile},
};
use groups::Groups;
use hierarchy::Place;
use reading::Whose;
use scan::Scan;
use std::{collections::BTreeMap, ops::RangeInclusive};
use table::Table;
use uses::{Called, Culprit, Uses};

/// CPU time that a look at all processes may take of a second.
const SHARE: f64 = 0.005;

/// Names of containers, by their full id.
pub type Names = BTreeMap<String, String>;

/// All steps.
pub struct Ladder {
    hierarchy: Hierarchy,
    /// The group of this process, in which others may be: its processes are counted one by one.
    own: Option<GroupName>,
    groups: Groups,
    scan: Scan,
    table: Table,
    uses: Uses,
    pacing: Pacing,
    scans: u64,
    /// Since when processes were not looked at, as a number of a second.
    since: u32,
}

impl Ladder {
    /// Of the processes below a root. `pid` is this process there, and `groups` the text of its groups.
    pub fn new(root: &Root, hierarchy: Hierarchy, pid: u32, groups: &str, tick_ns: u64) -> Ladder {
        Ladder {
            own: hierarchy.place(groups).map(|place| place.name),
            hierarchy,
            groups: Groups::new(root),
            scan: Scan::new(root, tick_ns),
            table: Table::new(pid),
            uses: Uses::default(),
            pacing: Pacing::new(SHARE),
            scans: 0,
            since: 0,
        }
    }

    /// Looks for the first time, which opens what stays open.
    pub fn first(&mut self, missed: &mut Missed) -> Result<(), Gap> {
        self.look(&(0..=0), 0, 0.0, missed).map(drop)
    }

    /// Begins the window: what was used up to now is left out.
    pub fn begin(&mut self, missed: &mut Missed) -> Result<(), Gap> {
        self.look(&(0..=0), u64::MAX, f64::MAX, missed)?;
        self.uses = Uses::default();
        self.groups.begin();
        self.pacing = Pacing::new(SHARE);
        Ok(())
    }

    /// Counts what was used in a second that took so long on so many CPUs, if it is its turn or the last one. `others_s` is what others than this
    /// process used since the beginning: no more can be counted. What children of ours used is returned, s.
    pub fn count(&mut self, second: u32, last: bool, over_s: f64, others_s: f64, cpus: usize, missed: &mut Missed) -> f64 {
        self.uses.begin();
        if !self.pacing.turn() && !last {
            return 0.0;
        }
        let seconds = self.since..=second;
        self.since = second + 1;
        let most_ns = (over_s * f64::from(seconds.end() - seconds.start() + 1) * cpus as f64 * 1e9) as u64;
        match self.look(&seconds, most_ns, others_s, missed) {
            Ok(ours_ns) => ours_ns as f64 / 1e9,
            Err(gap) => {
                missed.say("processes", || gap);
                0.0
            }
        }
    }

    fn look(&mut self, seconds: &RangeInclusive<u32>, most_ns: u64, others_s: f64, missed: &mut Missed) -> Result<u64, Gap> {
        let Ladder { hierarchy, own, groups, scan, table, uses, pacing, scans, .. } = self;
        let mut sorting = Sorting { hierarchy, own: own.as_ref(), groups, most_ns };
        for place in hierarchy.listed() {
            sorting.number(&place);
        }
        let found = pacing.timed(|| {
            let pids = scan.pids()?;
            *scans += 1;
            table.begin();
            for pid in pids {
                if !scan.changed(pid) {
                    table.unchanged(pid);
                } else if let Some(read) = scan.read(pid, table, &mut |root, pid| sorting.whose(root, pid)) {
                    table.read(read, seconds, uses);
                }
            }
            sorting.groups.count(seconds, uses);
            let room_ns = ((others_s - uses.sum_s()).max(0.0) * 1e9) as u64;
            let found = table.end(seconds, uses, room_ns, &mut |table, pid| scan.read(pid, table, &mut |root, pid| sorting.whose(root, pid)));
            scan.forget();
            Ok(found)
        })?;
        for (group, name, ns) in found.programs {
            sorting.groups.program(group, name, ns);
        }
        let denied = scan.denied;
        if denied > 0 {
            missed.say("processes of others", || {
                Gap::Denied(format!("noise: {denied} processes may not be read; run as root, or mount /proc without `hidepid`"))
            });
        }
        Ok(found.ours_ns)
    }

    /// How many threads the processes have that were seen, and how many processes those are.
    pub fn seen(&self) -> (u64, usize) {
        (self.scan.threads, self.table.len())
    }
    /// How often the processes were looked at.
    pub fn scans(&self) -> u64 {
        self.scans
    }
    /// The most seconds that were between two looks.
    pub fn rarest(&self) -> u32 {
        self.pacing.most()
    }
    /// What could be told by name in a second, s.
    pub fn named_s(&self, second: usize) -> f64 {
        self.uses.named_s(second)
    }
    /// Those that used the most in the last second.
    pub fn latest(&self, most: usize, names: &Names) -> Vec<UsedBy> {
        self.uses.latest(most, |culprit, called| self.by(culprit, called, names))
    }
    /// All that used anything.
    pub fn told(&self, names: &Names) -> Vec<UsedBy> {
        self.uses.told(|culprit, called| self.by(culprit, called, names))
    }
    /// Groups that their own quota held back since they were known.
    pub fn throttled(&mut self) -> Vec<(GroupName, Throttling)> {
        self.groups.throttle();
        self.groups.throttled()
    }

    fn by(&self, culprit: Culprit, called: &Called, names: &Names) -> (By, Vec<String>) {
        let name = called.name.clone();
        match culprit {
            Culprit::Process(pid, _) => (By::Process { pid, name, kernel: called.kernel }, vec![]),
            Culprit::EndedOf(pid, _) => (By::EndedOf { pid, name }, vec![]),
            Culprit::Group(group) => {
                let (name, programs) = self.groups.told(group);
                (named(name, names), programs)
            }
        }
    }
}

/// Sorts processes into groups.
struct Sorting<'a> {
    hierarchy: &'a Hierarchy,
    own: Option<&'a GroupName>,
    groups: &'a mut Groups,
    most_ns: u64,
}

impl Sorting<'_> {
    /// The number of a group, unless it is that of this process.
    fn number(&mut self, place: &Place) -> Option<usize> {
        (Some(&place.name) != self.own).then(|| self.groups.number(place, self.most_ns))
    }
    /// To whom a process is counted.
    fn whose(&mut self, root: &Root, pid: u32) -> Whose {
        let mut buffer = vec![];
        let told = KeptFile::opened_each_time(root, format!("/proc/{pid}/cgroup")).read(&mut buffer).ok().flatten();
        let place = told.and_then(|text| self.hierarchy.place(&text));
        place.and_then(|place| self.number(&place)).map_or(Whose::Own, Whose::Group)
    }
}

/// How answers name a group.
fn named(group: GroupName, names: &Names) -> By {
    match group {
        GroupName::Container(id) => By::Container { name: names.get(&id).cloned(), id },
        GroupName::Service(path) | GroupName::Runtime(path) => By::Group(path),
    }
}
