//! What others than these tests use of the CPUs, counted beside the audit and by other means.
#![allow(clippy::disallowed_methods, reason = "reads what the kernel says")]

use std::fs;

/// CPU time since some moment that neither this process nor its ended children used, s: by the exact counter of all control groups of version
/// 1, and by `/proc/self/stat` in hundredths; `None` without that counter.
pub fn used() -> Option<f64> {
    let all: f64 = fs::read_to_string("/sys/fs/cgroup/cpuacct/cpuacct.usage").ok()?.trim().parse().ok()?;
    let ours = ticks(&fs::read_to_string("/proc/self/stat").ok()?)?;
    Some(all / 1e9 - ours / 100.0)
}

/// utime, stime, cutime and cstime, from the fourteenth field on; the second is a name in brackets that may hold anything.
fn ticks(stat: &str) -> Option<f64> {
    let (_, after) = stat.rsplit_once(')')?;
    let fields: Vec<f64> = after.split_whitespace().skip(11).take(4).map_while(|field| field.parse().ok()).collect();
    (fields.len() == 4).then(|| fields.iter().sum())
}

#[test]
fn own_time_is_ours_and_our_ended_childrens() {
    let stat = "17 (a (b) c) S 1 17 17 0 -1 4194304 5 6 7 8 100 20 3 4 20 0 1 0 99";
    assert_eq!(ticks(stat), Some(127.0));
    assert_eq!(ticks("17 (a) S 1"), None);
}
