//! Where the files of a control group are: `/proc/PID/cgroup` names the group in each hierarchy, `/proc/self/mountinfo` where
//! hierarchies are mounted (cgroups(7), proc_pid_mountinfo(5)).

use crate::model::evidence::Gap;
use std::path::{Component, Path, PathBuf};

/// The folders of one group: those of the v1 controllers that are mounted, and that of v2.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Places {
    /// v1: CPU time.
    pub cpuacct: Option<PathBuf>,
    /// v1: quotas.
    pub cpu: Option<PathBuf>,
    /// v1: memory.
    pub memory: Option<PathBuf>,
    /// v2, whichever controllers it has.
    pub unified: Option<PathBuf>,
}

/// One hierarchy as it is mounted.
pub(super) struct Mount<'a> {
    /// The group that is its root here.
    pub(super) root: String,
    /// The folder of that group.
    pub(super) point: String,
    /// v1's controllers; v2 has none here.
    pub(super) controllers: Vec<&'a str>,
    pub(super) unified: bool,
}

impl Places {
    /// Those of the group that `/proc/PID/cgroup` tells.
    pub fn of_process(groups: &str, mounts: &str) -> Result<Places, Gap> {
        let groups: Vec<(&str, &str)> = groups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':')).collect();
        let of = |controller: &str| groups.iter().find(|(names, _)| names.split(',').any(|name| name == controller)).map(|(_, path)| *path);
        Places::found(mounts, |controller| of(controller))
    }
    /// Those of the group at one path in all hierarchies.
    pub fn at(path: &Path, mounts: &str) -> Result<Places, Gap> {
        let path = path.to_str().filter(|path| path.starts_with('/')).ok_or_else(|| {
            Gap::NotConfigured(format!(
                "cgroup: {} is not a path from the root of the hierarchies, such as /system.slice/nginx.service",
                path.display()
            ))
        })?;
        Places::found(mounts, |_| Some(path))
    }
    /// All folders.
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.cpuacct, &self.cpu, &self.memory, &self.unified].into_iter().flatten()
    }
    /// v2's group goes by the empty name.
    fn found<'g>(mounts: &str, group: impl Fn(&str) -> Option<&'g str>) -> Result<Places, Gap> {
        let mounted: Vec<Mount<'_>> = mounts.lines().filter_map(Mount::of).collect();
        let v1 = |controller: &str| {
            let mut mount = mounted.iter().filter(|m| m.controllers.contains(&controller));
            group(controller).and_then(|path| mount.find_map(|m| m.folder(path)))
        };
        let unified = group("").and_then(|path| mounted.iter().filter(|m| m.unified).find_map(|m| m.folder(path)));
        let places = Places { cpuacct: v1("cpuacct"), cpu: v1("cpu"), memory: v1("memory"), unified };
        if places == Places::default() {
            let why = if mounted.is_empty() { "no hierarchy is mounted here" } else { "the group lies outside what is mounted here" };
            return Err(Gap::NotConfigured(format!("cgroup: {why}; run where /sys/fs/cgroup of the host can be seen")));
        }
        Ok(places)
    }
}

impl<'a> Mount<'a> {
    /// `ID PARENT MAJ:MIN ROOT POINT OPTIONS [FIELD...] - TYPE SOURCE SUPEROPTIONS`.
    pub(super) fn of(line: &'a str) -> Option<Mount<'a>> {
        let (before, after) = line.split_once(" - ")?;
        let mut before = before.split(' ').skip(3);
        let (root, point) = (unescaped(before.next()?), unescaped(before.next()?));
        let mut after = after.split(' ');
        let (kind, options) = (after.next()?, after.nth(1)?);
        matches!(kind, "cgroup" | "cgroup2").then(|| Mount {
            root,
            point,
            controllers: if kind == "cgroup" { options.split(',').collect() } else { vec![] },
            unified: kind == "cgroup2",
        })
    }
    /// Where a group's files are; `None` if it is not below what is mounted here.
    pub(super) fn folder(&self, group: &str) -> Option<PathBuf> {
        let below = Path::new(group).strip_prefix(&self.root).ok()?;
        // `/../x` is a group outside our namespace.
        below.components().all(|part| matches!(part, Component::Normal(_))).then(|| Path::new(&self.point).join(below))
    }
}

/// Blanks stand as `\040`.
fn unescaped(text: &str) -> String {
    text.replace("\\040", " ")
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID_MOUNTS: &str = "\
        23 28 0:21 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755\n\
        24 23 0:22 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid shared:9 - cgroup cgroup rw,cpu,cpuacct\n\
        25 23 0:23 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
        26 23 0:24 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    #[test]
    fn a_hybrid_host_has_v1_controllers_and_v2_beside_them() {
        let groups = "5:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/docker/abc\n0::/docker/abc\n";
        let at = |path: &str| Some(PathBuf::from(path));
        let places = Places::of_process(groups, HYBRID_MOUNTS).unwrap();
        assert_eq!(
            places,
            Places {
                cpuacct: at("/sys/fs/cgroup/cpu,cpuacct/docker/abc"),
                cpu: at("/sys/fs/cgroup/cpu,cpuacct/docker/abc"),
                memory: at("/sys/fs/cgroup/memory/docker/abc"),
                unified: at("/sys/fs/cgroup/unified/docker/abc"),
            }
        );
        assert_eq!(Places::at(Path::new("/docker/abc"), HYBRID_MOUNTS).unwrap(), places);
        assert!(Places::at(Path::new("docker/abc"), HYBRID_MOUNTS).is_err());
    }

    #[test]
    fn v2_alone_and_below_a_namespace() {
        let mounts = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
        let places = Places::of_process("0::/system.slice/docker-abc.scope\n", mounts).unwrap();
        assert_eq!(places, Places { unified: Some("/sys/fs/cgroup/system.slice/docker-abc.scope".into()), ..Places::default() });
        // Seen from inside another container.
        assert!(Places::of_process("0::/../docker-abc.scope\n", mounts).unwrap_err().to_string().contains("outside"));
        assert!(Places::of_process("0::/x\n", "").unwrap_err().to_string().contains("no hierarchy"));
    }

    #[test]
    fn inside_a_container_of_v1_the_mount_begins_at_its_own_group() {
        let mounts = "700 690 0:30 /docker/abc /sys/fs/cgroup/cpuacct ro - cgroup cgroup rw,cpuacct\n\
                      701 690 0:31 /docker/abc /with\\040blank/memory ro - cgroup cgroup rw,memory\n";
        let places = Places::of_process("3:memory:/docker/abc/child\n2:cpuacct:/docker/abc\n", mounts).unwrap();
        assert_eq!(places.cpuacct, Some("/sys/fs/cgroup/cpuacct".into()));
        assert_eq!(places.memory, Some("/with blank/memory/child".into()));
        assert_eq!((&places.cpu, places.all().count()), (&None, 2));
        assert!(Places::of_process("2:cpuacct:/docker/other\n", mounts).is_err());
    }
}
