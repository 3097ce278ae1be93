//! Which processes a machine has: who started whom, and what they are called.

use crate::model::evidence::Gap;
use procfs::process::{Process, Stat, all_processes};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

/// The kernel keeps this many bytes of a process' name (`TASK_COMM_LEN`, less the end).
const COMM: usize = 15;

/// All processes that can be seen, by id.
#[derive(Debug, Default)]
pub struct Processes(BTreeMap<i32, Seen>);

/// One of them.
#[derive(Debug)]
struct Seen {
    parent: i32,
    comm: String,
}

impl Processes {
    /// Looks at them; whoever ends meanwhile is left out.
    pub fn now() -> Result<Processes, Gap> {
        let all =
            all_processes().map_err(|e| Gap::Denied(format!("kernel: /proc cannot be listed ({e}); run where /proc is mounted and may be read")))?;
        let seen = |stat: Stat| (stat.pid, Seen { parent: stat.ppid, comm: stat.comm });
        Ok(Processes(all.filter_map(|p| p.ok()?.stat().ok()).map(seen).collect()))
    }
    /// Those of a name: `comm`, or the last part of one of the first two arguments, so that `python app.py` is `app.py`, too.
    pub fn named(&self, name: &str) -> BTreeSet<i32> {
        let short: String = name.chars().take(COMM).collect();
        let called = |pid: i32, seen: &Seen| {
            seen.comm == short && name.len() <= COMM || {
                let arguments = Process::new(pid).and_then(|p| p.cmdline()).unwrap_or_default();
                let mut first = arguments.iter().take(2);
                first.any(|a| Path::new(a).file_name().is_some_and(|last| last == name))
            }
        };
        self.0.iter().filter(|(pid, seen)| called(**pid, seen)).map(|(pid, _)| *pid).collect()
    }
    /// Those among them that none of the others started.
    pub fn tops(&self, among: &BTreeSet<i32>) -> Vec<i32> {
        let started = |pid: i32| self.ancestors(pid).any(|above| among.contains(&above));
        among.iter().copied().filter(|pid| !started(*pid)).collect()
    }
    /// All that were started by one of them, at any distance.
    pub fn below(&self, tops: &BTreeSet<i32>) -> Vec<i32> {
        self.0.keys().copied().filter(|pid| !tops.contains(pid) && self.ancestors(*pid).any(|above| tops.contains(&above))).collect()
    }
    /// What a process is called, where it is there.
    pub fn comm(&self, pid: i32) -> Option<&str> {
        self.0.get(&pid).map(|seen| seen.comm.as_str())
    }
    /// All ids.
    pub fn ids(&self) -> impl Iterator<Item = i32> {
        self.0.keys().copied()
    }
    /// A chain that leads back into itself, which ids that were used again could make, is not followed for ever.
    fn ancestors(&self, pid: i32) -> impl Iterator<Item = i32> {
        let parent = move |pid: &i32| self.0.get(pid).map(|seen| seen.parent).filter(|parent| *parent > 0);
        std::iter::successors(parent(&pid), parent).take(1_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 1 started 10 and 20; 10 started 11, which started 12.
    fn few() -> Processes {
        let seen = |(pid, parent, comm): (i32, i32, &str)| (pid, Seen { parent, comm: comm.into() });
        Processes([(1, 0, "init"), (10, 1, "postgres"), (11, 10, "postgres"), (12, 11, "sh"), (20, 1, "postgres")].map(seen).into())
    }

    #[test]
    fn descendants_at_any_distance_belong_to_whoever_started_them() {
        let (all, tops) = (few(), BTreeSet::from([10]));
        assert_eq!(all.below(&tops), [11, 12]);
        assert_eq!(all.tops(&BTreeSet::from([10, 11, 20])), [10, 20]);
        assert_eq!(all.tops(&BTreeSet::from([12])), [12]);
        assert_eq!((all.comm(12), all.comm(13)), (Some("sh"), None));
    }

    #[test]
    fn a_circle_of_parents_ends() {
        let all = Processes([(1, 2), (2, 1)].map(|(pid, parent)| (pid, Seen { parent, comm: String::new() })).into());
        assert_eq!(all.below(&BTreeSet::from([7])), Vec::<i32>::new());
    }

    #[test]
    fn this_process_is_found_by_the_name_of_its_program() {
        let me = std::process::id().cast_signed();
        let program = std::env::current_exe().unwrap();
        let name = program.file_name().unwrap().to_str().unwrap().to_owned();
        let all = Processes::now().unwrap();
        assert!(all.named(&name).contains(&me), "{name}");
        assert!(all.named("no such program").is_empty());
    }
}
