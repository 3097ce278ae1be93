//! What a container may use.

use super::from;
use crate::{
    kept,
    model::{
        evidence::Gap,
        payload::{FactTable, FactValue},
    },
    sources::environment::cpu_list,
};
use bollard::models::HostConfig;

/// The kernel's own period of a quota, which Docker takes where only a quota is given, in µs.
const PERIOD: u64 = 100_000;

/// Docker writes 0, or nothing, where nothing was asked for.
pub fn tell(table: &mut FactTable, host: &HostConfig) {
    let (cpus, told) = cpus(host);
    table.answer("container.cpus", Ok(cpus.map(FactValue::Millicores)), from(told));
    table.answer("container.cpu_shares", Ok(some(host.cpu_shares).map(count)), from("HostConfig.CpuShares"));
    table.answer("container.cpuset", cpuset(host.cpuset_cpus.as_deref().unwrap_or_default()), from("HostConfig.CpusetCpus"));
    table.answer("container.memory", Ok(some(host.memory).map(FactValue::Bytes)), from("HostConfig.Memory"));
    // Memory and swap together; -1 is said, and is not the same as nothing said, for which Docker allows as much swap as memory.
    let swap = if host.memory_swap == Some(-1) { Some(FactValue::Text("unlimited".into())) } else { some(host.memory_swap).map(FactValue::Bytes) };
    table.answer("container.memory_swap", Ok(swap), from("HostConfig.MemorySwap"));
    table.answer("container.pids", Ok(some(host.pids_limit).map(count)), from("HostConfig.PidsLimit"));
    let files = host.ulimits.iter().flatten().find(|limit| limit.name.as_deref() == Some("nofile"));
    for (fact, limit) in [("nofile", files.and_then(|f| f.soft)), ("nofile_hard", files.and_then(|f| f.hard))] {
        table.answer(format!("container.ulimits.{fact}"), Ok(limit.map(FactValue::Count)), from("HostConfig.Ulimits"));
    }
    // Not told where the kernel cannot do it, as with control groups of version 2.
    table.answer("container.oom_kill_disable", Ok(host.oom_kill_disable.map(FactValue::Flag)), from("HostConfig.OomKillDisable"));
}

/// Thousandths of a core, and which field says so.
fn cpus(host: &HostConfig) -> (Option<u64>, &'static str) {
    if let Some(nano) = some(host.nano_cpus) {
        return (Some((nano as f64 / 1e6).round() as u64), "HostConfig.NanoCpus");
    }
    let quota = some(host.cpu_quota).map(|quota| quota as f64 * 1e3 / some(host.cpu_period).unwrap_or(PERIOD) as f64);
    (quota.map(|millicores| millicores.round() as u64), "HostConfig.CpuQuota / CpuPeriod")
}

fn cpuset(of: &str) -> Result<Option<FactValue>, Gap> {
    match cpu_list::cpus(of) {
        Some(cpus) if cpus.is_empty() => Ok(None),
        Some(cpus) => Ok(Some(FactValue::Set(cpu_list::members(&cpus)))),
        None => Err(Gap::Malformed(format!("docker: HostConfig.CpusetCpus is `{}`, which is no list of CPUs", kept::plain(of)))),
    }
}

fn some(of: Option<i64>) -> Option<u64> {
    of.and_then(|n| u64::try_from(n).ok()).filter(|n| *n > 0)
}

fn count(n: u64) -> FactValue {
    FactValue::Count(i64::try_from(n).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Cell;

    #[test]
    fn a_quota_is_told_in_cores_however_it_was_given() {
        let of = |nano, quota, period| {
            cpus(&HostConfig { nano_cpus: Some(nano), cpu_quota: Some(quota), cpu_period: Some(period), ..HostConfig::default() }).0
        };
        assert_eq!((of(1_500_000_000, 0, 0), of(0, 150_000, 100_000), of(0, 25_000, 50_000)), (Some(1_500), Some(1_500), Some(500)));
        assert_eq!((of(0, 50_000, 0), of(0, 0, 0), of(0, -1, 100_000)), (Some(500), None, None));
        assert_eq!(of(i64::MAX, 0, 0), Some(9_223_372_036_855));
    }

    #[test]
    fn unlimited_swap_is_not_the_same_as_none_said() {
        let of = |memory_swap| {
            let mut table = FactTable::default();
            tell(&mut table, &HostConfig { memory_swap, ..HostConfig::default() });
            table.0["container.memory_swap"].clone()
        };
        assert!(matches!(of(Some(-1)), Cell::Value(told) if told.value == FactValue::Text("unlimited".into())));
        assert_eq!((of(Some(0)), of(None)), (Cell::Absent, Cell::Absent));
    }
}
