//! Where groups' own files are, and which groups there are.

use super::group_name::{GroupName, parts_of};
use crate::sources::{cgroup::Above, environment::root::Root};
use std::path::Path;

/// No list of groups is longer.
const MOST: usize = 4_000;

/// The hierarchies as they are mounted.
#[derive(Clone, Debug)]
pub struct Hierarchy {
    root: Root,
    mounts: String,
    /// The folder of the root group as it is mounted, of v1's `cpuacct` and of v2.
    tops: Vec<(Kind, String)>,
    /// That of v1, where it is known to be the root group of the machine and not only of a container.
    machines: Option<String>,
}

/// The namespace of control groups that the kernel begins with: `PROC_CGROUP_INIT_INO`, 0xEFFFFFFB, in Linux' include/linux/proc_ns.h.
const FIRST_NAMESPACE: &str = "cgroup:[4026531835]";

/// Which version counts a group's CPU time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `cpuacct.usage`, ns.
    V1,
    /// `usage_usec` of `cpu.stat`.
    V2,
}

/// A group that is counted, and where its files are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Whose it is.
    pub name: GroupName,
    /// Which files it has.
    pub kind: Kind,
    /// Its folder.
    pub folder: String,
}

impl Kind {
    /// The controller by which `/proc/PID/cgroup` names it.
    fn controller(self) -> &'static str {
        match self {
            Kind::V1 => "cpuacct",
            Kind::V2 => "",
        }
    }
}

impl Hierarchy {
    /// Those that a process' own texts tell.
    pub fn of(root: &Root, groups: &str, mounts: &str) -> Hierarchy {
        let top = |kind: Kind| {
            let above = Above::of(kind.controller(), groups, mounts)?;
            Some((kind, above.0.last()?.to_str()?.to_owned()))
        };
        // In another namespace a path begins at the group that the namespace was made in (cgroup_namespaces(7)), and of a hierarchy of which
        // only a part is mounted fewer folders are seen than the path has.
        let first = root.link("/proc/self/ns/cgroup").is_some_and(|namespace| namespace == FIRST_NAMESPACE);
        let whole = first && mounted_whole(Kind::V1.controller(), groups, mounts);
        Hierarchy {
            root: root.clone(),
            mounts: mounts.to_owned(),
            machines: top(Kind::V1).filter(|_| whole).map(|(_, top)| top),
            tops: [Kind::V1, Kind::V2].into_iter().filter_map(top).collect(),
        }
    }
    /// The folder of v1's root group, where that is known to count all tasks of the machine.
    pub fn machines_group(&self) -> Option<&str> {
        self.machines.as_deref()
    }
    /// The group to which a process is counted, by its `/proc/PID/cgroup`.
    pub fn place(&self, groups: &str) -> Option<Place> {
        [Kind::V1, Kind::V2].into_iter().find_map(|kind| {
            let path = path_of(groups, kind.controller())?;
            let (name, parts) = GroupName::of(path)?;
            let above = Above::of(kind.controller(), groups, &self.mounts)?;
            // Below the mount there may be fewer parts than in the path.
            let folder = above.0.get(parts_of(path).count() - parts)?;
            Some(Place { name, kind, folder: folder.to_str()?.to_owned() })
        })
    }
    /// Groups of containers and services where their managers keep them, those without processes, too.
    pub fn listed(&self) -> Vec<Place> {
        let mut all = vec![];
        let Some((kind, top)) = self.tops.iter().find(|(_, top)| ["docker", "system.slice"].iter().any(|f| self.root.has(&format!("{top}/{f}"))))
        else {
            return all;
        };
        for parent in ["docker", "system.slice", "machine.slice"] {
            for name in self.root.list(&format!("{top}/{parent}")).ok().flatten().unwrap_or_default().into_iter().take(MOST) {
                let path = format!("/{parent}/{name}");
                if let Some((group, 2)) = GroupName::of(&path).filter(|_| self.root.has(&format!("{top}{path}/cgroup.procs"))) {
                    all.push(Place { name: group, kind: *kind, folder: format!("{top}{path}") });
                }
            }
        }
        all.extend(self.runtimes(*kind, top));
        all
    }

    fn runtimes<'a>(&'a self, kind: Kind, top: &'a str) -> impl Iterator<Item = Place> + 'a {
        let all = ["docker", "kubepods", "kubepods.slice"].into_iter().filter(move |name| self.root.has(&format!("{top}/{name}")));
        all.map(move |name| Place { name: GroupName::Runtime(format!("/{name}")), kind, folder: format!("{top}/{name}") })
    }
}

/// The path of a process' group in the hierarchy of a controller.
pub fn path_of<'a>(groups: &'a str, controller: &str) -> Option<&'a str> {
    let mut lines = groups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    lines.find(|(names, _)| names.split(',').any(|name| name == controller)).map(|(_, path)| path)
}

/// Is a hierarchy mounted from its root on, as a process sees it whose group's path in it is told?
fn mounted_whole(controller: &str, groups: &str, mounts: &str) -> bool {
    let folders = Above::of(controller, groups, mounts).map(|above| above.0.len());
    let deep = path_of(groups, controller).map(|path| parts_of(path).count());
    folders.zip(deep).is_some_and(|(folders, deep)| folders == deep + 1)
}

/// Does one folder lie below another?
pub fn below(folder: &str, above: &str) -> bool {
    folder != above && Path::new(folder).starts_with(above)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HYBRID: &str =
        "23 28 0:21 / /sys/fs/cgroup/cpuacct rw - cgroup cgroup rw,cpuacct\n26 23 0:24 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";
    const V2: &str = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_counted_group_is_found_above_the_process_own() {
        let id = "a".repeat(64);
        let of = |mounts: &str, groups: &str| Hierarchy::of(&Root::machine(), "2:cpuacct:/\n0::/\n", mounts).place(groups);
        let place = of(HYBRID, &format!("2:cpuacct:/docker/{id}/init\n0::/docker/{id}\n")).unwrap();
        assert_eq!((place.kind, place.folder), (Kind::V1, format!("/sys/fs/cgroup/cpuacct/docker/{id}")));
        let place = of(V2, "0::/system.slice/nginx.service/worker\n").unwrap();
        assert_eq!((place.kind, place.folder.as_str()), (Kind::V2, "/sys/fs/cgroup/system.slice/nginx.service"));
        // Only v2 puts it into a group.
        let place = of(HYBRID, &format!("2:cpuacct:/\n0::/docker/{id}\n")).unwrap();
        assert_eq!((place.kind, place.folder), (Kind::V2, format!("/sys/fs/cgroup/unified/docker/{id}")));
        assert_eq!((of(V2, "0::/\n"), of(V2, "0::/../x.service\n"), of(V2, ""), of("", "0::/x.service\n")), (None, None, None, None));
    }

    #[test]
    fn the_root_of_a_part_is_not_the_machines() {
        let of = |mounts: &str, groups: &str| mounted_whole("cpuacct", groups, mounts);
        assert!(of(HYBRID, "2:cpuacct:/\n") && of(HYBRID, "2:cpuacct:/docker/abc\n"));
        // As a container sees it that has the host's namespace.
        let part = HYBRID.replace("0:21 / ", "0:21 /docker/abc ");
        assert!(!of(&part, "2:cpuacct:/docker/abc\n") && !of(&part, "2:cpuacct:/docker/abc/init\n"));
        assert!(!of(V2, "2:cpuacct:/\n") && !of(HYBRID, "0::/\n"));
    }

    #[test]
    fn the_root_of_a_namespace_is_not_the_machines() {
        let folder = tempfile::tempdir().unwrap();
        let machines = |namespace: &str| {
            let link = folder.path().join("proc/self/ns/cgroup");
            std::fs::create_dir_all(link.parent().unwrap()).unwrap();
            let _none = std::fs::remove_file(&link);
            std::os::unix::fs::symlink(namespace, &link).unwrap();
            Hierarchy::of(&Root::at(folder.path()), "2:cpuacct:/\n", HYBRID).machines_group().map(std::path::PathBuf::from)
        };
        assert_eq!(["cgroup:[4026531835]", "cgroup:[4026532201]"].map(machines), [Some("/sys/fs/cgroup/cpuacct".into()), None]);
        // A kernel without such namespaces, and a recorded tree.
        assert_eq!(Hierarchy::of(&Root::at("/nowhere"), "2:cpuacct:/\n", HYBRID).machines_group(), None);
    }

    #[test]
    fn folders_of_managers_are_listed() {
        let folder = tempfile::tempdir().unwrap();
        let id = "b".repeat(64);
        for group in [format!("docker/{id}"), "docker/buildkit".into(), "system.slice/cron.service".into(), "system.slice/x.mount".into()] {
            let group = folder.path().join("sys/fs/cgroup").join(group);
            std::fs::create_dir_all(&group).unwrap();
            std::fs::write(group.join("cgroup.procs"), "").unwrap();
        }
        let listed = Hierarchy::of(&Root::at(folder.path()), "0::/\n", V2).listed();
        let names: Vec<GroupName> = listed.into_iter().map(|place| place.name).collect();
        assert_eq!(names, [GroupName::Container(id), GroupName::Service("/system.slice/cron.service".into()), GroupName::Runtime("/docker".into())]);
        assert!(below("/a/b", "/a") && !below("/a", "/a") && !below("/ab", "/a"));
    }
}
