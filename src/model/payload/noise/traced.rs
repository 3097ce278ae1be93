use serde::{Deserialize, Serialize};

/// Who ran in a second whose use no counter explained, by the kernel's `sched_switch` events in a trace instance of our own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TracedSecond {
    /// Index of the second of the window.
    pub second: u32,
    /// For how long it was traced, s.
    pub over_s: f64,
    /// Were events lost? Then what ran is a lower bound.
    pub lost: bool,
    /// Who ran, the longest first; at most 20.
    pub ran: Vec<RanFor>,
}

/// How long tasks of one name ran.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RanFor {
    /// Their name (`comm`).
    pub name: String,
    /// How many there were.
    pub tasks: u32,
    /// CPU-seconds.
    pub cpu_s: f64,
}
