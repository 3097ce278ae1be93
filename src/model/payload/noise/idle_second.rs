use crate::model::units::Wall;
use serde::{Deserialize, Serialize};

/// What the machine did in one second of a window. Times are CPU-seconds of all CPUs together unless said otherwise; `None` where the
/// machine does not tell.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IdleSecond {
    /// When it ended.
    pub at: Wall,
    /// How long it really was, s.
    pub over_s: f64,
    /// All that was not idle, ours included, without what the hypervisor took.
    pub busy_s: f64,
    /// ... of it this process', the probes included.
    pub own_s: f64,
    /// What the hypervisor gave to others.
    pub steal_s: Option<f64>,
    /// Interrupts. 0 where the kernel counts them to whom they interrupt.
    pub irq_s: f64,
    /// Deferred work of interrupts, likewise.
    pub softirq_s: f64,
    /// What could be told by name: groups, processes, and children that ended; ours not included.
    pub named_s: f64,
    /// Seconds in which tasks waited, by the kernel's pressure totals.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pressure: Option<Pressure>,
    /// Page faults that needed a disk, ours not included.
    pub major_faults: u64,
    /// Pages read back from swap.
    pub swapped_in: u64,
    /// Pages written to swap.
    pub swapped_out: u64,
    /// Times that a task had to compact memory itself.
    pub compact_stalls: u64,
    /// Processes and threads that were started.
    pub forks: u64,
    /// Interrupts of devices and timers.
    pub interrupts: u64,
    /// Bytes read from and written to disks.
    pub disk_bytes: u64,
    /// Time that the busiest disk had something to do, s.
    pub disk_busy_s: f64,
    /// Bytes received and sent by interfaces other than loopback.
    pub network_bytes: u64,
    /// ... by loopback.
    pub loopback_bytes: u64,
    /// Packets that were dropped for want of time or room (`softnet_stat`).
    pub softnet_dropped: u64,
    /// Times that the kernel had to stop taking packets with more waiting.
    pub softnet_squeezed: u64,
    /// The longest time that a probe was held up, µs.
    pub worst_stall_us: f64,
    /// How often a probe was held up for more than 1 ms.
    pub stalls: u64,
}

/// Seconds in which at least one task waited (`some`), or all that were not idle did (`full`): rises of the `total` of `/proc/pressure`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Pressure {
    /// For a CPU.
    pub cpu_some_s: f64,
    /// For memory.
    pub memory_some_s: f64,
    /// All of them, for memory.
    pub memory_full_s: f64,
    /// For a disk.
    pub io_some_s: f64,
    /// All of them, for a disk.
    pub io_full_s: f64,
}
