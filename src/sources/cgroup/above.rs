use super::place::Mount;
use std::path::PathBuf;

/// The folders of one hierarchy that a process' group and all groups above it have, the group's own first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Above(pub Vec<PathBuf>);

impl Above {
    /// Those of a controller of v1, or of v2 (the empty name), by the texts of `/proc/PID/cgroup` and `/proc/self/mountinfo`.
    /// `None` where the hierarchy is not mounted, or the group lies outside of what is. Of several mounts the one that
    /// shows most groups is taken.
    pub fn of(controller: &str, groups: &str, mounts: &str) -> Option<Above> {
        let mut lines = groups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
        let (_, group) = lines.find(|(names, _)| names.split(',').any(|name| name == controller))?;
        let mounted = mounts.lines().filter_map(Mount::of);
        let there = mounted.filter(|m| if controller.is_empty() { m.unified } else { m.controllers.contains(&controller) });
        let (mount, own) = there.filter_map(|m| m.folder(group).map(|own| (m, own))).min_by_key(|(m, _)| m.root.len())?;
        let top = PathBuf::from(&mount.point);
        Some(Above(own.ancestors().take_while(|folder| folder.starts_with(&top)).map(PathBuf::from).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_container_in_a_pod_has_the_pod_and_the_slice_above_it() {
        let mounts = "30 23 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n";
        let of = |path: &str| Above::of("", &format!("0::{path}\n"), mounts).map(|above| above.0);
        let expected = ["/kubepods.slice/pod1.slice/cri-1.scope", "/kubepods.slice/pod1.slice", "/kubepods.slice", ""];
        assert_eq!(of("/kubepods.slice/pod1.slice/cri-1.scope"), Some(expected.map(|path| format!("/sys/fs/cgroup{path}").into()).to_vec()));
        assert_eq!(of("/"), Some(vec!["/sys/fs/cgroup".into()]));
        assert_eq!(of("/../cri-2.scope"), None, "outside of our namespace");
        assert_eq!(Above::of("cpu", "0::/x\n", mounts), None, "v2 alone");
    }

    #[test]
    fn the_mount_that_shows_most_is_taken() {
        let mounts = "700 690 0:30 /docker/abc /inner rw - cgroup cgroup rw,cpu\n701 690 0:30 / /whole rw - cgroup cgroup rw,cpu\n";
        let of = |groups: &str| Above::of("cpu", groups, mounts).map(|above| above.0);
        assert_eq!(of("2:cpu,cpuacct:/docker/abc\n0::/\n"), Some(vec!["/whole/docker/abc".into(), "/whole/docker".into(), "/whole".into()]));
        assert_eq!(of("3:memory:/docker/abc\n"), None);
    }
}
