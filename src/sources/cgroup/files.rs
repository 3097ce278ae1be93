//! The texts in which the kernel tells what a control group used (cgroup-v1/*.rst and cgroup-v2.rst of its documentation).

use super::odd;
use crate::model::evidence::Gap;
use std::path::{Path, PathBuf};

/// What the two versions call the same.
#[derive(Clone, Copy)]
pub struct Names {
    /// All that is charged.
    pub usage: &'static str,
    /// Its limit.
    pub limit: &'static str,
    /// In `memory.stat`, with the groups below.
    pub anon: &'static str,
    pub file: &'static str,
    pub inactive_file: &'static str,
}

pub const V1: Names = Names {
    usage: "memory.usage_in_bytes",
    limit: "memory.limit_in_bytes",
    anon: "total_rss",
    file: "total_cache",
    inactive_file: "total_inactive_file",
};
pub const V2: Names = Names { usage: "memory.current", limit: "memory.max", anon: "anon", file: "file", inactive_file: "inactive_file" };

/// Lines of a name and a number.
pub struct Flat {
    lines: Vec<(String, u64)>,
    path: PathBuf,
}

impl Flat {
    /// Reads them; other lines are left out.
    pub fn of(text: &str, path: PathBuf) -> Flat {
        let line = |line: &str| line.split_once(' ').and_then(|(name, n)| Some((name.to_owned(), number(n)?)));
        Flat { lines: text.lines().filter_map(line).collect(), path }
    }
    /// The number of a name.
    pub fn get(&self, name: &str) -> Result<u64, Gap> {
        self.lines.iter().find(|(n, _)| n == name).map(|(_, n)| *n).ok_or_else(|| odd(&self.path))
    }
}

/// One number alone.
pub fn number(text: &str) -> Option<u64> {
    text.trim().parse().ok()
}

/// A limit: none is `max`, or the largest number of whole pages that v1 can hold.
pub fn limit(text: &str, path: &Path) -> Result<Option<u64>, Gap> {
    const NONE: u64 = i64::MAX as u64 / 65_536 * 65_536;
    match text.trim() {
        "max" => Ok(None),
        text => number(text).map(|n| (n < NONE).then_some(n)).ok_or_else(|| odd(path)),
    }
}

/// `QUOTA PERIOD`, in µs, as cores. None is `max`, or -1 in v1.
pub fn quota(text: &str, path: &Path) -> Result<Option<f64>, Gap> {
    let told = text.trim().split_once(' ').and_then(|(quota, period)| Some((quota, number(period).filter(|us| *us > 0)?)));
    match told.ok_or_else(|| odd(path))? {
        ("max" | "-1", _) => Ok(None),
        (quota, period) => number(quota).map(|us| Some(us as f64 / period as f64)).ok_or_else(|| odd(path)),
    }
}

/// `total` of the line `some` of a pressure file, µs.
pub fn some_total(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("some "))?;
    line.split(' ').find_map(|word| word.strip_prefix("total=")).and_then(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_the_kernel_writes() {
        let v2 = "usage_usec 1234567\nuser_usec 1000000\nsystem_usec 234567\nnr_periods 150\nnr_throttled 149\nthrottled_usec 6940000\n";
        let flat = Flat::of(v2, PathBuf::from("cpu.stat"));
        assert_eq!((flat.get("usage_usec"), flat.get("nr_throttled")), (Ok(1_234_567), Ok(149)));
        assert!(flat.get("nr").is_err_and(|gap| gap.to_string().contains("cpu.stat")));
        assert_eq!(number("123\n"), Some(123));
        assert_eq!(number("-1\n"), None);
        let limit = |text| limit(text, Path::new("memory.max"));
        assert_eq!(limit("max\n"), Ok(None));
        assert_eq!(limit("9223372036854771712\n"), Ok(None));
        assert_eq!(limit("9223372036854710272\n"), Ok(None), "pages of 64 KiB");
        assert_eq!(limit("314572800\n"), Ok(Some(314_572_800)));
        assert!(limit("much\n").is_err_and(|gap| gap.to_string().contains("memory.max")));
        let pressure = "some avg10=27.60 avg60=8.11 avg300=2.00 total=4167803\nfull avg10=27.60 avg60=8.11 avg300=2.00 total=4160000\n";
        assert_eq!(some_total(pressure), Some(4_167_803));
        assert_eq!(some_total("full avg10=0 total=3\n"), None);
    }
}
