use crate::{
    model::{
        units::Wall,
        usage::{Measure, SYSTEM_CPU},
    },
    sources::{containers::instant, notebook::Notebook},
};
use bollard::models::{ContainerMemoryStats, ContainerStatsResponse};
use std::collections::BTreeMap;

/// One frame of a stream of stats.
pub enum Frame {
    /// What it used until an instant.
    Read(Wall, Box<ContainerStatsResponse>),
    /// The container does not run: the stamp is year 1.
    Nothing,
    /// It has no stamp that can be read, or no CPU time.
    Odd,
}

impl Frame {
    /// Looks at one.
    pub fn of(stats: ContainerStatsResponse) -> Frame {
        let Some(stamp) = stats.read.as_deref() else { return Frame::Odd };
        let Some(at) = instant(stamp) else { return if stamp.starts_with("0001-") { Frame::Nothing } else { Frame::Odd } };
        let cpu = stats.cpu_stats.as_ref().and_then(|c| c.cpu_usage.as_ref()).and_then(|u| u.total_usage);
        if cpu.is_none() { Frame::Odd } else { Frame::Read(at, Box::new(stats)) }
    }
}

/// Writes down what a frame says.
pub fn note(at: Wall, stats: &ContainerStatsResponse, book: &mut Notebook) {
    const NS: f64 = 1e9;
    let mut put = |measure: Measure, value: Option<u64>, per: f64| {
        if let Some(value) = value {
            book.put(measure, at, value as f64 / per);
        }
    };
    let cpu = stats.cpu_stats.as_ref();
    put(Measure::Cpu, cpu.and_then(|c| c.cpu_usage.as_ref()).and_then(|u| u.total_usage), NS);
    if let Some(held) = cpu.and_then(|c| c.throttling_data.as_ref()) {
        put(Measure::Periods, held.periods, 1.0);
        put(Measure::ThrottledPeriods, held.throttled_periods, 1.0);
        put(Measure::Throttled, held.throttled_time, NS);
    }
    if let Some(memory) = &stats.memory_stats {
        put(Measure::MemoryUsage, memory.usage, 1.0);
        put(Measure::WorkingSet, working_set(memory), 1.0);
        put(Measure::MemoryLimit, memory.limit, 1.0);
    }
    if let Some(system) = cpu.and_then(|c| c.system_cpu_usage) {
        book.extra(SYSTEM_CPU, at, system as f64 / NS);
    }
    if let Some(cpus) = cpu.and_then(|c| c.online_cpus) {
        book.extra("online_cpus", at, f64::from(cpus));
    }
    let networks: BTreeMap<_, _> = stats.networks.iter().flatten().collect();
    for (interface, of) in networks {
        book.bytes(interface, false, at, of.rx_bytes.unwrap_or(0) as f64, of.tx_bytes.unwrap_or(0) as f64);
    }
}

/// Usage less inactive file pages, as `docker stats` shows it: `total_inactive_file` of v1, `inactive_file` of v2.
fn working_set(memory: &ContainerMemoryStats) -> Option<u64> {
    let (usage, stats) = (memory.usage?, memory.stats.as_ref()?);
    let inactive = stats.get("total_inactive_file").or_else(|| stats.get("inactive_file"))?;
    Some(usage.saturating_sub(*inactive))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As Docker 20.10 wrote it on a host of v1, without what is not read.
    const V1: &str = r#"{"read":"2026-11-23T10:00:01.5Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current":2},
        "cpu_stats":{"cpu_usage":{"total_usage":1500000000,"percpu_usage":[1000000000,500000000],"usage_in_kernelmode":0,"usage_in_usermode":0},
            "system_cpu_usage":1234560000000,"online_cpus":2,"throttling_data":{"periods":150,"throttled_periods":149,"throttled_time":6940000000}},
        "precpu_stats":{"cpu_usage":{"total_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},"throttling_data":{"periods":0,"throttled_periods":0,"throttled_time":0}},
        "memory_stats":{"usage":3960832,"max_usage":4000000,"stats":{"cache":4096,"inactive_file":1,"total_inactive_file":4096},"limit":25769803776},
        "name":"/gateway","id":"0123456789abcdef","networks":{"eth0":{"rx_bytes":5338,"rx_packets":36,"tx_bytes":648,"tx_packets":8}}}"#;

    fn frame(json: &str) -> Frame {
        Frame::of(serde_json::from_str(json).unwrap())
    }

    fn told(json: &str) -> Vec<(String, f64)> {
        let Frame::Read(at, stats) = frame(json) else { panic!() };
        let mut book = Notebook::default();
        note(at, &stats, &mut book);
        book.close().0.tracks.into_iter().map(|t| (t.claim.to_string(), t.samples[0].1)).collect()
    }

    #[test]
    fn counters_are_in_base_units() {
        let expected = [
            ("cpu", 1.5),
            ("memory_usage", 3_960_832.0),
            ("working_set", 3_956_736.0),
            ("memory_limit", 25_769_803_776.0),
            ("received", 5_338.0),
            ("sent", 648.0),
            ("periods", 150.0),
            ("throttled_periods", 149.0),
            ("throttled", 6.94),
            ("online_cpus", 2.0),
            ("system_cpu", 1_234.56),
        ];
        assert_eq!(told(V1), expected.map(|(claim, value)| (claim.to_owned(), value)));
    }

    #[test]
    fn inactive_pages_have_another_name_in_v2() {
        let v2 = V1.replace(r#""total_inactive_file":4096"#, r#""anon":1"#).replace(r#""inactive_file":1"#, r#""inactive_file":832"#);
        assert!(told(&v2).contains(&("working_set".into(), 3_960_000.0)));
        // More than all of it, as an old kernel once told, is no reason to go below nothing.
        let odd = V1.replace(r#""total_inactive_file":4096"#, r#""total_inactive_file":99999999"#);
        assert!(told(&odd).contains(&("working_set".into(), 0.0)));
    }

    #[test]
    fn a_stamp_of_year_one_is_nobody_and_none_at_all_is_odd() {
        assert!(matches!(frame(r#"{"read":"0001-01-01T00:00:00Z","cpu_stats":{"cpu_usage":{"total_usage":0}}}"#), Frame::Nothing));
        for odd in [r#"{"cpu_stats":{"cpu_usage":{"total_usage":0}}}"#, r#"{"read":"soon"}"#, r#"{"read":"2026-11-23T10:00:01Z"}"#, "{}"] {
            assert!(matches!(frame(odd), Frame::Odd), "{odd}");
        }
    }
}
