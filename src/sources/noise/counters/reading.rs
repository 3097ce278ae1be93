use super::{disks::Disk, memory::Memory, pressure::Totals, stat::Stat};
use crate::model::payload::{IdleSecond, Pressure};
use std::collections::BTreeMap;

/// All counters at one instant.
#[derive(Clone, Debug, Default)]
pub struct Counters {
    /// When CPU time was read, monotonic ns.
    pub at_ns: u64,
    /// CPU time, interrupts, forks.
    pub stat: Stat,
    /// CPU time of this process.
    pub own_ns: u64,
    /// CPU time of all tasks by v1's root group, where that is known to be the machine's.
    pub precise_ns: Option<u64>,
    /// For a CPU, for memory, for a disk.
    pub pressure: Option<[Totals; 3]>,
    /// What memory cost.
    pub memory: Option<Memory>,
    /// Whole disks.
    pub disks: BTreeMap<String, Disk>,
    /// Bytes of interfaces.
    pub interfaces: BTreeMap<String, u64>,
    /// Packets dropped, and squeezes.
    pub softnet: Option<(u64, u64)>,
    /// Page faults of this process that needed a disk.
    pub own_major_faults: u64,
}

/// How much a counter rose. One that goes backwards was reset, and tells nothing of this second.
pub fn rise(before: u64, after: u64) -> u64 {
    after.saturating_sub(before)
}

impl Counters {
    /// What happened between two readings. Busy time is that of ticks of `tick_s` seconds; instant, length and whatever else is not in
    /// these counters are left at 0.
    pub fn second(before: &Counters, after: &Counters, tick_s: f64) -> IdleSecond {
        let seconds = |ticks: u64| ticks as f64 * tick_s;
        let rose = before.stat.all.risen(&after.stat.all);
        let faults = |m: fn(&Memory) -> u64| before.memory.zip(after.memory).map_or(0, |(was, is)| rise(m(&was), m(&is)));
        let disk = |of: fn(&Disk) -> u64| {
            after.disks.iter().map(move |(name, is)| before.disks.get(name).map_or(0, |was| rise(of(was), of(is)))).collect::<Vec<_>>()
        };
        // An interface that was made meanwhile began at 0.
        let bytes = |name: &str, is: u64| rise(before.interfaces.get(name).copied().unwrap_or(0), is);
        let (loopback, network) = after.interfaces.iter().fold((0_u64, 0_u64), |(lo, net), (name, is)| {
            if name == "lo" { (lo + bytes(name, *is), net) } else { (lo, net.saturating_add(bytes(name, *is))) }
        });
        let (dropped, squeezed) = before.softnet.zip(after.softnet).map_or((0, 0), |(was, is)| (rise(was.0, is.0), rise(was.1, is.1)));
        IdleSecond {
            busy_s: seconds(rose.busy),
            own_s: rise(before.own_ns, after.own_ns) as f64 / 1e9,
            steal_s: rose.steal.map(seconds),
            irq_s: seconds(rose.irq),
            softirq_s: seconds(rose.softirq),
            pressure: before.pressure.zip(after.pressure).map(|(was, is)| waited(&was, &is)),
            major_faults: faults(|m| m.major_faults).saturating_sub(rise(before.own_major_faults, after.own_major_faults)),
            swapped_in: faults(|m| m.swapped_in),
            swapped_out: faults(|m| m.swapped_out),
            compact_stalls: faults(|m| m.compact_stalls),
            forks: rise(before.stat.forks, after.stat.forks),
            interrupts: rise(before.stat.interrupts, after.stat.interrupts),
            disk_bytes: disk(|d| d.bytes).into_iter().fold(0, u64::saturating_add),
            disk_busy_s: disk(|d| d.busy_ms).into_iter().max().unwrap_or(0) as f64 / 1e3,
            network_bytes: network,
            loopback_bytes: loopback,
            softnet_dropped: dropped,
            softnet_squeezed: squeezed,
            ..IdleSecond::default()
        }
    }
}

fn waited(was: &[Totals; 3], is: &[Totals; 3]) -> Pressure {
    let some = |n: usize| rise(was[n].some_us, is[n].some_us) as f64 / 1e6;
    let full = |n: usize| rise(was[n].full_us, is[n].full_us) as f64 / 1e6;
    Pressure { cpu_some_s: some(0), memory_some_s: some(1), memory_full_s: full(1), io_some_s: some(2), io_full_s: full(2) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counters(text: &str, disk: (u64, u64), lo: u64) -> Counters {
        Counters {
            stat: Stat::of(text).unwrap(),
            own_ns: lo * 1_000_000,
            pressure: Some([Totals { some_us: lo * 10, full_us: lo }; 3]),
            memory: Some(Memory { major_faults: lo, swapped_in: lo, swapped_out: lo, compact_stalls: lo }),
            disks: [("sda".to_owned(), Disk { bytes: disk.0, busy_ms: disk.1 }), ("sdb".to_owned(), Disk { bytes: 1, busy_ms: 1 })].into(),
            interfaces: [("lo".to_owned(), lo), ("eth0".to_owned(), 2 * lo)].into(),
            softnet: Some((lo, lo)),
            own_major_faults: lo / 2,
            ..Counters::default()
        }
    }

    #[test]
    fn a_second_is_what_rose() {
        let before = counters("cpu 100 0 0 900 0 1 2 5 0 0\nintr 10\nprocesses 3\n", (1_000, 50), 100);
        let after = counters("cpu 120 0 5 970 0 2 4 6 0 0\nintr 30\nprocesses 4\n", (5_000, 450), 300);
        let second = Counters::second(&before, &after, 0.01);
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-9, "{a} {b}");
        near(second.busy_s, 0.28);
        near(second.own_s, 0.2);
        near(second.steal_s.unwrap(), 0.01);
        near(second.irq_s, 0.01);
        near(second.softirq_s, 0.02);
        near(second.disk_busy_s, 0.4);
        assert_eq!((second.forks, second.interrupts, second.disk_bytes), (1, 20, 4_000));
        assert_eq!((second.loopback_bytes, second.network_bytes, second.softnet_dropped, second.major_faults), (200, 400, 200, 100));
        near(second.pressure.unwrap().memory_full_s, 200e-6);
    }

    #[test]
    fn a_counter_that_goes_backwards_tells_nothing_and_one_at_its_end_breaks_nothing() {
        let before = counters("cpu 100 0 0 900 0 1 2 5 0 0\nintr 10\nprocesses 3\n", (u64::MAX, u64::MAX), u64::MAX / 1_000_000);
        let after = counters("cpu 1 0 0 9 0 0 0 0 0 0\nintr 1\nprocesses 1\n", (0, 0), 1);
        let second = Counters::second(&before, &after, 0.01);
        assert_eq!(second, IdleSecond { steal_s: Some(0.0), pressure: Some(Pressure::default()), ..IdleSecond::default() });
        let up = Counters::second(&after, &before, 0.01);
        assert!(up.disk_bytes == u64::MAX && up.busy_s.is_finite());
        assert_eq!(Counters::second(&Counters::default(), &Counters::default(), 0.01).steal_s, None);
    }
}
