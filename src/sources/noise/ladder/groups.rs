use super::{
    group_name::GroupName,
    hierarchy::{Kind, Place, below},
    uses::{Called, Culprit, Uses},
};
use crate::{
    model::payload::Throttling,
    sources::{
        cgroup::files::{Flat, number},
        environment::root::Root,
        noise::kept_file::KeptFile,
    },
};
use std::{collections::BTreeMap, ops::RangeInclusive, path::PathBuf};

/// Names of programs that are told of a group.
const PROGRAMS: usize = 5;
/// Names that are kept of one.
const NAMES: usize = 200;

/// The groups that are counted as a whole, by their own files.
pub struct Groups {
    root: Root,
    all: Vec<Group>,
    by_name: BTreeMap<GroupName, usize>,
    /// Is it known who lies below whom?
    linked: bool,
    buffer: Vec<u8>,
}

struct Group {
    name: GroupName,
    kind: Kind,
    folder: String,
    usage: KeptFile,
    /// As it was read first and last, ns.
    first_ns: u64,
    last_ns: u64,
    /// Counted to it so far, ns: never less, though groups below it are read a moment earlier.
    counted_ns: u64,
    throttled_first: Option<Throttling>,
    throttled_last: Option<Throttling>,
    ended: bool,
    /// The next counted group above it.
    above: Option<usize>,
    programs: BTreeMap<String, u64>,
}

impl Groups {
    /// None yet.
    pub fn new(root: &Root) -> Groups {
        Groups { root: root.clone(), all: vec![], by_name: BTreeMap::new(), linked: false, buffer: vec![] }
    }
    /// The number of a group. One that was not there in the first round was made since, and all of its time is new: but no more than the machine
    /// can have given to it meanwhile.
    pub fn number(&mut self, place: &Place, most_ns: u64) -> usize {
        if let Some(at) = self.by_name.get(&place.name) {
            return *at;
        }
        let file = match place.kind {
            Kind::V1 => "cpuacct.usage",
            Kind::V2 => "cpu.stat",
        };
        let mut group = Group {
            name: place.name.clone(),
            kind: place.kind,
            folder: place.folder.clone(),
            usage: KeptFile::new(&self.root, format!("{}/{file}", place.folder)),
            first_ns: 0,
            last_ns: 0,
            counted_ns: 0,
            throttled_first: None,
            throttled_last: None,
            ended: false,
            above: None,
            programs: BTreeMap::new(),
        };
        if let Some(ns) = group.read(&mut self.buffer) {
            group.first_ns = ns.saturating_sub(most_ns);
            group.last_ns = group.first_ns;
        }
        group.throttled_first = throttling(&self.root, &group.folder, group.kind, &mut self.buffer);
        let at = self.all.len();
        self.all.push(group);
        self.linked = false;
        self.by_name.insert(place.name.clone(), at);
        at
    }
    /// Who is above whom, after one was added.
    fn link(&mut self) {
        for at in 0..self.all.len() {
            let folder = &self.all[at].folder;
            let above = (0..self.all.len()).filter(|other| below(folder, &self.all[*other].folder));
            let next = above.max_by_key(|other| self.all[*other].folder.len());
            self.all[at].above = next;
        }
        self.linked = true;
    }
    /// Reads all of them and counts what each used since the last round, without those below it.
    pub fn count(&mut self, seconds: &RangeInclusive<u32>, uses: &mut Uses) {
        // Those above are read first, so that what those below use meanwhile is never taken for theirs.
        let mut order: Vec<usize> = (0..self.all.len()).filter(|at| !self.all[*at].ended).collect();
        order.sort_by_key(|at| self.all[*at].folder.len());
        for at in order {
            let group = &mut self.all[at];
            match group.read(&mut self.buffer) {
                Some(ns) => group.last_ns = group.last_ns.max(ns),
                None => group.ended = true,
            }
        }
        if !self.linked {
            self.link();
        }
        let mut inside = vec![0_u64; self.all.len()];
        for group in &self.all {
            if let Some(above) = group.above {
                inside[above] = inside[above].saturating_add(group.used_ns());
            }
        }
        for (at, (group, inside)) in self.all.iter_mut().zip(inside).enumerate() {
            let own = group.used_ns().saturating_sub(inside);
            let new = own.saturating_sub(group.counted_ns);
            group.counted_ns += new;
            uses.add(Culprit::Group(at), Called::default, seconds, new);
        }
    }
    /// Begins the window: what was used and held back up to now is left out.
    pub fn begin(&mut self) {
        for group in &mut self.all {
            group.programs.clear();
            group.throttled_first = throttling(&self.root, &group.folder, group.kind, &mut self.buffer);
        }
    }
    /// A program in a group used time.
    pub fn program(&mut self, group: usize, name: String, ns: u64) {
        let programs = &mut self.all[group].programs;
        if programs.len() < NAMES || programs.contains_key(&name) {
            *programs.entry(name).or_default() += ns;
        }
    }
    /// Reads once more what quotas held back.
    pub fn throttle(&mut self) {
        for group in &mut self.all {
            group.throttled_last = throttling(&self.root, &group.folder, group.kind, &mut self.buffer).or(group.throttled_last);
        }
    }
    /// Groups that were held back, with what was counted meanwhile.
    pub fn throttled(&self) -> Vec<(GroupName, Throttling)> {
        let of = |group: &Group| Some((group.name.clone(), rose(group.throttled_first.unwrap_or_default(), group.throttled_last?)?));
        self.all.iter().filter(|group| !matches!(group.name, GroupName::Runtime(_))).filter_map(of).collect()
    }
    /// Whose a number is, and the names of those of its programs that used the most.
    pub fn told(&self, group: usize) -> (GroupName, Vec<String>) {
        let group = &self.all[group];
        let mut programs: Vec<(&String, u64)> = group.programs.iter().map(|(name, ns)| (name, *ns)).collect();
        programs.sort_by_key(|(_, ns)| std::cmp::Reverse(*ns));
        (group.name.clone(), programs.into_iter().take(PROGRAMS).map(|(name, _)| name.clone()).collect())
    }
}

impl Group {
    fn used_ns(&self) -> u64 {
        self.last_ns.saturating_sub(self.first_ns)
    }
    /// CPU time since it was made, ns; `None` once it is gone.
    fn read(&mut self, buffer: &mut Vec<u8>) -> Option<u64> {
        let text = self.usage.read(buffer).ok()??;
        match self.kind {
            Kind::V1 => number(&text),
            Kind::V2 => {
                let us = text.lines().find_map(|line| line.strip_prefix("usage_usec "))?;
                number(us).map(|us| us.saturating_mul(1_000))
            }
        }
    }
}

/// What a group's quota held back since it was made; `None` without one. v1 has it with its `cpu` controller, mostly at the same path.
fn throttling(root: &Root, folder: &str, kind: Kind, buffer: &mut Vec<u8>) -> Option<Throttling> {
    let folder = match kind {
        Kind::V1 if !root.has(&format!("{folder}/cpu.stat")) => folder.replacen("/cpuacct/", "/cpu/", 1),
        _ => folder.to_owned(),
    };
    told(root, &folder, buffer)
}

/// `cpu.stat` of a folder of either version.
pub fn told(root: &Root, folder: &str, buffer: &mut Vec<u8>) -> Option<Throttling> {
    let path = format!("{folder}/cpu.stat");
    let text = KeptFile::opened_each_time(root, &path).read(buffer).ok()??.into_owned();
    let stat = Flat::of(&text, PathBuf::from(path));
    let seconds = stat.get("throttled_time").map(|ns| ns as f64 / 1e9).or_else(|_| stat.get("throttled_usec").map(|us| us as f64 / 1e6)).ok()?;
    Some(Throttling { periods: stat.get("nr_periods").ok()?, throttled: stat.get("nr_throttled").ok()?, seconds })
}

/// What was added, if anything was held back.
pub fn rose(was: Throttling, is: Throttling) -> Option<Throttling> {
    let throttled = is.throttled.saturating_sub(was.throttled);
    let seconds = (is.seconds - was.seconds).max(0.0);
    (throttled > 0).then(|| Throttling { periods: is.periods.saturating_sub(was.periods), throttled, seconds })
}
