use super::{
    process_stat::ProcessStat,
    reading::{Reading, Whose},
    table::Table,
};
use crate::{
    kept::plain,
    model::evidence::Gap,
    sources::{environment::root::Root, noise::kept_file::KeptFile},
};
use rustix::{
    fs::{Dir, OFlags},
    process::{Resource, getrlimit},
};
use std::collections::BTreeMap;

/// So many files are held open at the most, and no more than half of those that this process may have.
const MOST_OPEN: u64 = 2_000;
/// No name of a process is longer.
const LONGEST_NAME: usize = 64;

/// Looks at all processes. A process that did nothing costs one read of a small file that stays open.
pub struct Scan {
    root: Root,
    list: Option<Dir>,
    watched: BTreeMap<u32, Watched>,
    open: usize,
    most_open: usize,
    tick_ns: u64,
    round: u64,
    buffer: Vec<u8>,
    /// Processes that are there and may not be read.
    pub denied: u64,
    /// Threads of those that can.
    pub threads: u64,
}

/// One process between two rounds.
struct Watched {
    /// Whichever file tells at least expense whether it did anything.
    file: KeptFile,
    text: Vec<u8>,
    /// Its exact CPU time, where it has one thread, ns.
    exact_ns: Option<u64>,
    ticks_ns: u64,
    used_ns: u64,
    start: u64,
    threads: u64,
    round: u64,
}

impl Scan {
    /// Of the processes below a root.
    pub fn new(root: &Root, tick_ns: u64) -> Scan {
        let limit = getrlimit(Resource::Nofile).current.map_or(MOST_OPEN, |files| MOST_OPEN.min(files / 2));
        let most_open = usize::try_from(limit).unwrap_or(0);
        Scan {
            root: root.clone(),
            list: None,
            watched: BTreeMap::new(),
            open: 0,
            most_open,
            tick_ns,
            round: 0,
            buffer: vec![],
            denied: 0,
            threads: 0,
        }
    }

    /// The ids of all processes that are there.
    pub fn pids(&mut self) -> Result<Vec<u32>, Gap> {
        self.round += 1;
        (self.denied, self.threads) = (0, 0);
        let denied = |e: &dyn std::fmt::Display| Gap::Denied(format!("noise: /proc cannot be listed ({e}); run where it is mounted and may be read"));
        if self.list.is_none() {
            let folder = self.root.open("/proc", OFlags::RDONLY | OFlags::DIRECTORY)?;
            let folder = folder.ok_or_else(|| Gap::Unreachable("noise: /proc is not there; run where it is mounted".into()))?;
            self.list = Some(Dir::new(folder).map_err(|e| denied(&e))?);
        }
        let mut pids = vec![];
        if let Some(list) = &mut self.list {
            list.rewind();
            for entry in list {
                let entry = entry.map_err(|e| denied(&e))?;
                pids.extend(entry.file_name().to_str().ok().and_then(|name| name.parse::<u32>().ok()));
            }
        }
        Ok(pids)
    }

    /// Did a process do anything since the last round? It did where that cannot be told.
    pub fn changed(&mut self, pid: u32) -> bool {
        let round = self.round;
        let Some(watched) = self.watched.get_mut(&pid) else { return true };
        let same = match watched.file.read(&mut self.buffer) {
            Ok(Some(text)) => text.as_bytes() == watched.text,
            _ => false,
        };
        if same {
            watched.round = round;
            self.threads += watched.threads;
        }
        !same
    }

    /// Reads a process; `None` if it is gone or may not be read. `whose` tells to whom it is counted, by its group.
    pub fn read(&mut self, pid: u32, table: &Table, whose: &mut dyn FnMut(&Root, u32) -> Whose) -> Option<Reading> {
        let path = format!("/proc/{pid}/stat");
        let told = KeptFile::opened_each_time(&self.root, path).one_piece().read(&mut self.buffer);
        let Ok(text) = told else {
            self.denied += 1;
            return None;
        };
        let text = text?.into_owned();
        let stat = ProcessStat::of(&text)?;
        let name = plain(&stat.comm.chars().take(LONGEST_NAME).collect::<String>());
        let known = table.known(pid).filter(|known| known.read.start == stat.start);
        // Who was just started is put into its group a moment later, at the latest before it runs its program.
        let whose = match known {
            Some(known) if known.seen >= 2 && known.read.name == name => known.read.whose,
            _ => whose(&self.root, pid),
        };
        let used_ns = self.used(pid, &stat, &text);
        Some(Reading {
            pid,
            start: stat.start,
            parent: stat.parent,
            name,
            kernel: stat.kernel,
            nice: stat.nice,
            used_ns,
            ended_ns: stat.ended.saturating_mul(self.tick_ns),
            whose,
        })
    }

    /// Its CPU time, exact where it can be: ticks are rounded down twice, and `schedstat` is that of its first thread.
    fn used(&mut self, pid: u32, stat: &ProcessStat<'_>, text: &str) -> u64 {
        let ticks_ns = stat.used.saturating_mul(self.tick_ns);
        let before = self.watched.remove(&pid);
        self.open -= usize::from(before.as_ref().is_some_and(|w| w.file.held()));
        let before = before.filter(|w| w.start == stat.start);
        let watch = |kind: &str| {
            let path = format!("/proc/{pid}/{kind}");
            if self.open < self.most_open {
                KeptFile::new(&self.root, path).one_piece()
            } else {
                KeptFile::opened_each_time(&self.root, path).one_piece()
            }
        };
        let mut exact = None;
        if stat.threads == 1 {
            let mut file = watch("schedstat");
            if let Ok(Some(told)) = file.read(&mut self.buffer) {
                exact = told.split_ascii_whitespace().next().and_then(|ns| ns.parse().ok()).map(|ns: u64| (ns, file, told.as_bytes().to_vec()));
            }
        }
        let exact_ns = exact.as_ref().map(|(ns, ..)| *ns);
        let (file, kept) = exact.map_or_else(|| (watch("stat"), text.as_bytes().to_vec()), |(_, file, kept)| (file, kept));
        let used_ns = match &before {
            None => exact_ns.filter(|ns| ns.abs_diff(ticks_ns) <= 2 * self.tick_ns).unwrap_or(ticks_ns),
            Some(before) => {
                let by_ticks = ticks_ns.saturating_sub(before.ticks_ns);
                let exact = exact_ns.zip(before.exact_ns).map(|(is, was)| is.saturating_sub(was));
                before.used_ns + exact.filter(|exact| exact.abs_diff(by_ticks) <= 2 * self.tick_ns).unwrap_or(by_ticks)
            }
        };
        self.open += usize::from(file.held());
        self.threads += stat.threads;
        let round = self.round;
        self.watched.insert(pid, Watched { file, text: kept, exact_ns, ticks_ns, used_ns, start: stat.start, threads: stat.threads, round });
        used_ns
    }

    /// Lets go of those that were not there in this round.
    pub fn forget(&mut self) {
        let round = self.round;
        self.watched.retain(|_, watched| watched.round == round);
        self.open = self.watched.values().filter(|watched| watched.file.held()).count();
    }
}
