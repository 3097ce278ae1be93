//! What the control group of a process may use: the tightest limit of its own group and of all groups above it, since a
//! container in a pod is held by the pod, too.

use super::{cpu_list, root::Root};
use crate::{
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
    },
    sources::cgroup::{Above, files},
};
use std::path::{Path, PathBuf};

/// All facts that are told, below `limits`.
const FACTS: [&str; 8] = ["cpus", "memory", "swap", "cpuset", "cpuset_count", "pids", "cpu_weight", "cpu_shares"];

/// A limit and the file that sets it.
type Found<T> = Option<(T, PathBuf)>;

/// Tells them as `limits.*`. Absent is what no group limits; where groups above cannot be seen, as from inside a container,
/// and none of those that can sets a limit, that is a gap.
pub fn tell(table: &mut FactTable, pid: u32) {
    let root = Root::machine();
    let ended = || Gap::NotReached(format!("process {pid} has ended; its control group is not known"));
    let read = root.read(&format!("/proc/{pid}/cgroup")).and_then(|groups| groups.ok_or_else(ended));
    let both = read.and_then(|groups| {
        let mounts = root.read("/proc/self/mountinfo")?;
        Ok((groups, mounts.ok_or_else(|| Gap::NotConfigured("limits: /proc/self/mountinfo is not there; run where /proc is mounted".into()))?))
    });
    match both {
        Ok((groups, mounts)) => of(table, &groups, &mounts),
        Err(gap) => FACTS.iter().for_each(|fact| table.gap(format!("limits.{fact}"), gap.clone())),
    }
}

/// The same by the texts of `/proc/PID/cgroup` and `/proc/self/mountinfo`.
fn of(table: &mut FactTable, groups: &str, mounts: &str) {
    let above = |controller: &str| Group::of(controller, groups, mounts);
    let mut put = |fact: &str, told: Result<Found<FactValue>, Gap>| {
        let (value, from) = match told {
            Ok(Some((value, from))) => (Ok(Some(value)), from.display().to_string()),
            Ok(None) => (Ok(None), String::new()),
            Err(gap) => (Err(gap), String::new()),
        };
        table.answer(format!("limits.{fact}"), value, from);
    };
    put("cpus", above("cpu").and_then(|g| g.tightest(Group::cpus)).map(|found| as_value(found, FactValue::Millicores)));
    put("memory", above("memory").and_then(|g| g.tightest(Group::memory)).map(|found| as_value(found, FactValue::Bytes)));
    put("swap", above("memory").and_then(|g| g.tightest(Group::swap)).map(|found| as_value(found, FactValue::Bytes)));
    put("pids", above("pids").and_then(|g| g.tightest(|_, folder| limit(folder, "pids.max"))).map(|found| as_value(found, count)));
    let cpuset = above("cpuset").and_then(|g| g.cpuset());
    put("cpuset", cpuset.clone().map(|found| as_value(found, |cpus| FactValue::Set(cpu_list::members(&cpus)))));
    put("cpuset_count", cpuset.map(|found| as_value(found, |cpus| count(cpus.len() as u64))));
    // Each version has its own scale of how much of the CPUs a group is given beside its neighbours: they are not converted.
    put("cpu_weight", above("cpu").and_then(|g| if g.v1 { Ok(None) } else { g.own("cpu.weight") }));
    put("cpu_shares", above("cpu").and_then(|g| if g.v1 { g.own("cpu.shares") } else { Ok(None) }));
}

/// A group and those above it in the hierarchy that has the controller.
struct Group {
    folders: Vec<PathBuf>,
    v1: bool,
}

impl Group {
    /// v1's, where it has the controller, else v2's.
    fn of(controller: &str, groups: &str, mounts: &str) -> Result<Group, Gap> {
        let v1 = Above::of(controller, groups, mounts).map(|Above(folders)| Group { folders, v1: true });
        let group = v1.or_else(|| Above::of("", groups, mounts).map(|Above(folders)| Group { folders, v1: false })).ok_or_else(|| {
            Gap::NotConfigured(format!("limits: no hierarchy with the process' group for `{controller}` is mounted here; run on the host"))
        })?;
        let own = &group.folders[..1.min(group.folders.len())];
        // Without its folder nothing is limited by files that are not there.
        match own.first().filter(|own| Root::machine().has(&own.join("cgroup.procs").display().to_string())) {
            Some(_) => Ok(group),
            None => Err(Gap::NotReached(format!("limits: the control group {} is not there; its processes have ended", shown(own)))),
        }
    }

    /// The least of what the groups are told by a question each.
    fn tightest(&self, ask: fn(&Group, &Path) -> Result<Found<u64>, Gap>) -> Result<Found<u64>, Gap> {
        let all: Vec<(u64, PathBuf)> = self.folders.iter().filter_map(|folder| ask(self, folder).transpose()).collect::<Result<_, _>>()?;
        match all.into_iter().min_by_key(|(limit, _)| *limit) {
            None if !self.sees_top() => Err(Gap::NotConfigured(format!(
                "limits: no group limits it up to {}, and those above cannot be seen from here; run on the host",
                shown(self.folders.get(self.folders.len().saturating_sub(1)..).unwrap_or_default())
            ))),
            found => Ok(found),
        }
    }

    /// Only the true root of a hierarchy has v1's `release_agent`, and has not v2's `cgroup.events`.
    fn sees_top(&self) -> bool {
        let has = |file: &str| self.folders.last().is_some_and(|top| Root::machine().has(&top.join(file).display().to_string()));
        if self.v1 { has("release_agent") } else { !has("cgroup.events") }
    }

    fn cpus(&self, folder: &Path) -> Result<Found<u64>, Gap> {
        let (file, told) = if self.v1 {
            let (quota, period) = (read(folder, "cpu.cfs_quota_us")?, read(folder, "cpu.cfs_period_us")?);
            ("cpu.cfs_quota_us", quota.zip(period).map(|(quota, period)| format!("{} {}", quota.trim(), period.trim())))
        } else {
            ("cpu.max", read(folder, "cpu.max")?)
        };
        let path = folder.join(file);
        let Some(cores) = told.map(|told| files::quota(&told, &path)).transpose()?.flatten() else { return Ok(None) };
        Ok(Some(((cores * 1e3).round() as u64, path)))
    }

    fn memory(&self, folder: &Path) -> Result<Found<u64>, Gap> {
        limit(folder, if self.v1 { "memory.limit_in_bytes" } else { "memory.max" })
    }

    /// v1 limits memory and swap together.
    fn swap(&self, folder: &Path) -> Result<Found<u64>, Gap> {
        if !self.v1 {
            return limit(folder, "memory.swap.max");
        }
        let memory = self.memory(folder)?.map_or(0, |(memory, _)| memory);
        Ok(limit(folder, "memory.memsw.limit_in_bytes")?.map(|(both, path)| (both.saturating_sub(memory), path)))
    }

    /// What is in effect, which counts the groups above: in v2 the nearest one that has the controller tells it.
    fn cpuset(&self) -> Result<Found<std::collections::BTreeSet<usize>>, Gap> {
        let names: &[&str] = if self.v1 { &["cpuset.effective_cpus", "cpuset.cpus"] } else { &["cpuset.cpus.effective"] };
        for (folder, name) in self.folders.iter().flat_map(|folder| names.iter().map(move |name| (folder, name))) {
            let Some(text) = read(folder, name)? else { continue };
            let path = folder.join(name);
            return match cpu_list::cpus(&text).filter(|cpus| !cpus.is_empty()) {
                Some(cpus) => Ok(Some((cpus, path))),
                None => Err(Gap::Malformed(format!("limits: {} holds no list of CPUs", path.display()))),
            };
        }
        Ok(None)
    }

    /// A number of its own group.
    fn own(&self, file: &str) -> Result<Found<FactValue>, Gap> {
        let Some(folder) = self.folders.first() else { return Ok(None) };
        Ok(limit(folder, file)?.map(|(n, path)| (count(n), path)))
    }
}

fn as_value<T>(found: Found<T>, value: impl FnOnce(T) -> FactValue) -> Found<FactValue> {
    found.map(|(told, path)| (value(told), path))
}

fn count(n: u64) -> FactValue {
    FactValue::Count(i64::try_from(n).unwrap_or(i64::MAX))
}

/// None where the file is not there (the root, or a group without the controller), or says that there is no limit.
fn limit(folder: &Path, file: &str) -> Result<Found<u64>, Gap> {
    let path = folder.join(file);
    let told = read(folder, file)?.map(|text| files::limit(&text, &path)).transpose()?.flatten();
    Ok(told.map(|limit| (limit, path)))
}

fn read(folder: &Path, file: &str) -> Result<Option<String>, Gap> {
    Root::machine().read(&folder.join(file).display().to_string())
}

fn shown(folders: &[PathBuf]) -> String {
    folders.first().map_or_else(|| "of the process".into(), |folder| folder.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::{Cell, Told};
    use std::fs;

    /// What is told of the group `/a/b` of hierarchies whose files are these; a folder is a hierarchy: `unified`, or a controller's.
    fn told(files: &[(&str, &str)]) -> (FactTable, tempfile::TempDir) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let at = folder.path().display();
        let v1 = ["cpu", "memory", "cpuset", "pids"].into_iter().filter(|name| folder.path().join(name).is_dir());
        let mut mounts: Vec<String> = v1.map(|name| format!("3 1 0:3 / {at}/{name} rw - cgroup cgroup rw,{name}")).collect();
        mounts.push(format!("9 1 0:9 / {at}/unified rw - cgroup2 cgroup2 rw"));
        let mut table = FactTable::default();
        of(&mut table, "4:pids:/a/b\n3:cpuset:/a/b\n2:memory:/a/b\n1:cpu:/a/b\n0::/a/b\n", &mounts.join("\n"));
        (table, folder)
    }

    fn value(table: &FactTable, fact: &str) -> Option<FactValue> {
        match &table.0[&format!("limits.{fact}")] {
            Cell::Value(Told { value, .. }) => Some(value.clone()),
            Cell::Absent => None,
            Cell::Gap(gap) => panic!("{fact}: {gap}"),
        }
    }

    fn set(cpus: &[&str]) -> FactValue {
        FactValue::Set(cpus.iter().map(|cpu| (*cpu).to_owned()).collect())
    }

    #[test]
    fn the_pod_above_a_container_counts() {
        // v2, as runc and the kubelet write it.
        let (table, folder) = told(&[
            ("unified/cgroup.controllers", "cpuset cpu io memory pids\n"),
            ("unified/cpuset.cpus.effective", "0-7\n"),
            ("unified/a/cpu.max", "150000 100000\n"),
            ("unified/a/memory.max", "536870912\n"),
            ("unified/a/pids.max", "max\n"),
            ("unified/a/b/cgroup.procs", "17\n"),
            ("unified/a/b/cpu.max", "200000 100000\n"),
            ("unified/a/b/cpu.weight", "79\n"),
            ("unified/a/b/memory.max", "268435456\n"),
            ("unified/a/b/memory.swap.max", "0\n"),
            ("unified/a/b/pids.max", "max\n"),
            ("unified/a/b/cpuset.cpus.effective", "2-3,6\n"),
        ]);
        assert_eq!(value(&table, "cpus"), Some(FactValue::Millicores(1_500)));
        assert_eq!(value(&table, "memory"), Some(FactValue::Bytes(256 << 20)));
        assert_eq!((value(&table, "swap"), value(&table, "pids")), (Some(FactValue::Bytes(0)), None));
        assert_eq!((value(&table, "cpuset"), value(&table, "cpuset_count")), (Some(set(&["2", "3", "6"])), Some(FactValue::Count(3))));
        assert_eq!((value(&table, "cpu_weight"), value(&table, "cpu_shares")), (Some(FactValue::Count(79)), None));
        let Cell::Value(Told { from, .. }) = &table.0["limits.cpus"] else { panic!() };
        assert_eq!(*from, folder.path().join("unified/a/cpu.max").display().to_string(), "the file that sets the limit is named");
    }

    #[test]
    fn v1_with_v2_beside_it_is_read_by_its_own_files() {
        // `docker run --cpus 0.5 --memory 300m --memory-swap 400m --pids-limit 64 --cpuset-cpus 1` on Docker 20.10, Linux 6.18.
        let (table, _folder) = told(&[
            ("unified/a/b/cgroup.procs", "17\n"),
            ("cpu/release_agent", "\n"),
            ("cpu/cpu.shares", "1024\n"),
            ("cpu/a/b/cgroup.procs", "17\n"),
            ("cpu/a/cpu.cfs_quota_us", "-1\n"),
            ("cpu/a/cpu.cfs_period_us", "100000\n"),
            ("cpu/a/b/cpu.cfs_quota_us", "50000\n"),
            ("cpu/a/b/cpu.cfs_period_us", "100000\n"),
            ("cpu/a/b/cpu.shares", "1024\n"),
            ("memory/release_agent", "\n"),
            ("memory/a/b/cgroup.procs", "17\n"),
            ("memory/a/memory.limit_in_bytes", "9223372036854771712\n"),
            ("memory/a/b/memory.limit_in_bytes", "314572800\n"),
            ("memory/a/b/memory.memsw.limit_in_bytes", "419430400\n"),
            ("cpuset/a/b/cgroup.procs", "17\n"),
            ("cpuset/a/b/cpuset.cpus", "1\n"),
            ("cpuset/a/b/cpuset.effective_cpus", "1\n"),
            ("pids/release_agent", "\n"),
            ("pids/a/b/cgroup.procs", "17\n"),
            ("pids/a/b/pids.max", "64\n"),
        ]);
        assert_eq!((value(&table, "cpus"), value(&table, "memory")), (Some(FactValue::Millicores(500)), Some(FactValue::Bytes(300 << 20))));
        assert_eq!((value(&table, "swap"), value(&table, "pids")), (Some(FactValue::Bytes(100 << 20)), Some(FactValue::Count(64))));
        assert_eq!((value(&table, "cpuset"), value(&table, "cpuset_count")), (Some(set(&["1"])), Some(FactValue::Count(1))));
        assert_eq!((value(&table, "cpu_weight"), value(&table, "cpu_shares")), (None, Some(FactValue::Count(1_024))));
    }

    #[test]
    fn no_limit_is_absent_only_where_the_top_can_be_seen() {
        let (seen, _folder) = told(&[("unified/a/b/cgroup.procs", "17\n"), ("unified/a/b/cpu.max", "max 100000\n")]);
        assert_eq!((value(&seen, "cpus"), value(&seen, "memory")), (None, None));
        // In a container's namespace of control groups the uppermost folder is its own group, which has `cgroup.events`.
        let (hidden, _folder) =
            told(&[("unified/a/b/cgroup.procs", "17\n"), ("unified/a/b/memory.max", "4096\n"), ("unified/cgroup.events", "populated 1\n")]);
        assert!(matches!(&hidden.0["limits.cpus"], Cell::Gap(Gap::NotConfigured(why)) if why.contains("run on the host")));
        assert_eq!(value(&hidden, "memory"), Some(FactValue::Bytes(4_096)));
    }

    #[test]
    fn a_group_that_has_ended_or_is_odd_limits_nothing_and_says_so() {
        let (ended, _folder) = told(&[("unified/a/cpu.max", "max 100000\n")]);
        assert!(FACTS.iter().all(|fact| matches!(&ended.0[&format!("limits.{fact}")], Cell::Gap(Gap::NotReached(why)) if why.contains("ended"))));
        let (odd, _folder) =
            told(&[("unified/a/b/cgroup.procs", ""), ("unified/a/b/cpu.max", "much\n"), ("unified/a/b/cpuset.cpus.effective", "0-4294967295\n")]);
        assert!(matches!(&odd.0["limits.cpus"], Cell::Gap(Gap::Malformed(why)) if why.contains("a/b/cpu.max")));
        assert!(matches!(&odd.0["limits.cpuset"], Cell::Gap(Gap::Malformed(_))) && matches!(&odd.0["limits.cpuset_count"], Cell::Gap(_)));
        let mut table = FactTable::default();
        of(&mut table, "0::/../x\n", "9 1 0:9 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n");
        assert!(FACTS.iter().all(|fact| matches!(&table.0[&format!("limits.{fact}")], Cell::Gap(_))), "a group outside of what is mounted");
    }

    #[test]
    fn every_fact_of_this_process_has_a_cell_and_one_that_is_not_there_is_a_gap() {
        let mut table = FactTable::default();
        tell(&mut table, std::process::id());
        assert_eq!(table.0.len(), FACTS.len());
        let mut none = FactTable::default();
        // Above the largest id of a process (2^22).
        tell(&mut none, 5_000_000);
        assert!(none.0.len() == FACTS.len() && none.0.values().all(|cell| matches!(cell, Cell::Gap(Gap::NotReached(_)))));
    }
}
