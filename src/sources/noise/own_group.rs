use super::ladder::{parts_of, path_of, rose, throttling_of};
use crate::{
    kept::plain,
    model::{
        evidence::Gap,
        payload::{ThrottledGroup, Throttling},
    },
    sources::{
        cgroup::{Above, files},
        environment::root::Root,
        noise::kept_file::KeptFile,
    },
};
use std::path::{Path, PathBuf};

/// The group of this process and those above it: what they may use, and what their quotas hold back.
pub struct OwnGroup {
    root: Root,
    /// With what each had held back at first.
    folders: Vec<(PathBuf, Option<Throttling>)>,
    /// The path of the innermost one.
    path: String,
}

impl OwnGroup {
    /// By the texts of `/proc/self/cgroup` and `/proc/self/mountinfo`.
    pub fn of(root: &Root, groups: &str, mounts: &str) -> OwnGroup {
        let (above, path) = ["cpu", ""]
            .into_iter()
            .find_map(|controller| Some((Above::of(controller, groups, mounts)?, path_of(groups, controller)?)))
            .unwrap_or((Above(vec![]), "/"));
        let mut buffer = vec![];
        let folders = above.0.into_iter().map(|folder| {
            let first = throttling_of(root, &folder.display().to_string(), &mut buffer);
            (folder, first)
        });
        OwnGroup { root: root.clone(), folders: folders.collect(), path: path.to_owned() }
    }
    /// Why it is not known what a quota holds back, if it is not.
    pub fn missing(&self) -> Option<Gap> {
        let why = "noise: no control group of this process was found (/proc/self/cgroup, /proc/self/mountinfo), so whether a quota holds it back is \
                   not known; mount /sys/fs/cgroup where rigcheck runs";
        self.folders.is_empty().then(|| Gap::NotConfigured(why.into()))
    }
    /// CPUs' worth of time that the least of their quotas allows.
    pub fn quota_cores(&self) -> Option<f64> {
        let mut buffer = vec![];
        let mut text = |path: PathBuf| KeptFile::opened_each_time(&self.root, path.display().to_string()).read(&mut buffer).ok()?.map(String::from);
        let mut quota = |folder: &Path| {
            let v2 = folder.join("cpu.max");
            let told = match text(v2.clone()) {
                Some(told) => told,
                None => format!("{} {}", text(folder.join("cpu.cfs_quota_us"))?.trim(), text(folder.join("cpu.cfs_period_us"))?.trim()),
            };
            files::quota(&told, &v2).ok()?
        };
        self.folders.iter().filter_map(|(folder, _)| quota(folder)).min_by(f64::total_cmp)
    }
    /// Those that were held back since the beginning.
    pub fn throttled(&self) -> Vec<ThrottledGroup> {
        let mut buffer = vec![];
        let deep = parts_of(&self.path).count();
        let mut one = |(up, (folder, first)): (usize, &(PathBuf, Option<Throttling>))| {
            let by = rose(first.unwrap_or_default(), throttling_of(&self.root, &folder.display().to_string(), &mut buffer)?)?;
            let parts: Vec<&str> = parts_of(&self.path).take(deep.saturating_sub(up)).collect();
            Some(ThrottledGroup { name: plain(&format!("/{}", parts.join("/"))), ours: true, by })
        };
        self.folders.iter().enumerate().filter_map(&mut one).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn without_a_group_nothing_is_known_of_a_quota() {
        let none = OwnGroup::of(&Root::machine(), "", "");
        assert!(matches!(none.missing(), Some(Gap::NotConfigured(why)) if why.contains("/sys/fs/cgroup")));
        assert_eq!((none.quota_cores(), none.throttled()), (None, vec![]));
    }

    #[test]
    fn the_least_quota_counts_and_each_group_above_may_hold_back() {
        let folder = tempfile::tempdir().unwrap();
        let put = |path: &str, text: &str| {
            let path = folder.path().join("sys/fs/cgroup").join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        put("pod/box/cpu.max", "200000 100000\n");
        put("pod/cpu.max", "150000 100000\n");
        let stat = |n: u64| format!("usage_usec 1\nnr_periods {n}\nnr_throttled {}\nthrottled_usec {}\n", n / 2, n * 1_000);
        put("pod/box/cpu.stat", &stat(0));
        put("pod/cpu.stat", &stat(10));
        let mounts = "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
        let own = OwnGroup::of(&Root::at(folder.path()), "0::/pod/box\n", mounts);
        assert_eq!((own.quota_cores(), own.throttled()), (Some(1.5), vec![]));
        put("pod/cpu.stat", &stat(20));
        let by = Throttling { periods: 10, throttled: 5, seconds: 0.01 };
        let told = own.throttled();
        assert!(told.len() == 1 && told[0].name == "/pod" && told[0].ours && told[0].by.throttled == by.throttled, "{told:?}");
        let none = OwnGroup::of(&Root::at(folder.path()), "", "");
        assert_eq!((none.quota_cores(), none.throttled()), (None, vec![]));
    }
}
