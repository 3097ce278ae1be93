//! What a control group may use, and who is in it.

use super::{Cgroup, files, text};
use crate::model::evidence::Gap;

impl Cgroup {
    /// The cores that its own quota allows; `None` where there is none. Quotas of groups above it are not looked at.
    pub fn quota_cores(&self) -> Result<Option<f64>, Gap> {
        let path = match &self.places.cpu {
            Some(v1) => v1.join("cpu.cfs_quota_us"),
            None => self.unified("CPU quota")?.join("cpu.max"),
        };
        let told = match text(&path, &self.who) {
            // The root group, and kernels without quotas, have no such file.
            Err(Gap::NotConfigured(_)) => return Ok(None),
            told => told?,
        };
        let told = match &self.places.cpu {
            Some(v1) => format!("{} {}", told.trim(), self.number(v1, "cpu.cfs_period_us")?),
            None => told,
        };
        files::quota(&told, &path)
    }

    /// The ids of its processes, those of groups below not among them; none where nobody may tell.
    pub fn processes(&self) -> Vec<u32> {
        let told = self.places.all().find_map(|folder| text(&folder.join("cgroup.procs"), &self.who).ok()).unwrap_or_default();
        told.lines().filter_map(|line| line.parse().ok()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sources::cgroup::tests::group;

    #[test]
    fn a_quota_is_told_in_cores_by_either_version() {
        let quota = |files: &[(&str, &str)]| {
            let (_folder, group) = group(files);
            group.quota_cores()
        };
        let v1 = |us| [("cpu/cpu.cfs_quota_us", us), ("cpu/cpu.cfs_period_us", "100000\n")];
        assert_eq!((quota(&v1("50000\n")), quota(&v1("-1\n"))), (Ok(Some(0.5)), Ok(None)));
        assert_eq!(quota(&[("unified/cpu.max", "150000 100000\n")]), Ok(Some(1.5)));
        assert_eq!(quota(&[("unified/cpu.max", "max 100000\n")]), Ok(None));
        assert_eq!(quota(&[("unified/cpu.stat", "usage_usec 1\n")]), Ok(None));
        assert!(matches!(quota(&[("unified/cpu.max", "much\n")]), Err(Gap::Malformed(why)) if why.contains("cpu.max")));
        assert!(matches!(quota(&[("unified/cpu.max", "5 0\n")]), Err(Gap::Malformed(_))));
    }

    #[test]
    fn the_processes_of_a_group_are_those_of_its_file() {
        let (_folder, two) = group(&[("cpu/cgroup.procs", "17\n4711\n")]);
        assert_eq!(two.processes(), [17, 4711]);
        let (_folder, none) = group(&[("unified/cpu.stat", "usage_usec 1\n")]);
        assert!(none.processes().is_empty());
    }
}
