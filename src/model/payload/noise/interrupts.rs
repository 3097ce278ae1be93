use serde::{Deserialize, Serialize};

/// One line of `/proc/interrupts` or one kind of deferred work, over a window.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interrupts {
    /// `24`, `LOC`, `NET_RX`.
    pub line: String,
    /// What the kernel says of it: the device, `Local timer interrupts`; empty for deferred work.
    pub of: String,
    /// Is it deferred work (`/proc/softirqs`)?
    pub deferred: bool,
    /// How many, on all CPUs.
    pub count: u64,
    /// The most in one second.
    pub peak: u64,
    /// The CPU that had the most of them.
    pub cpu: u32,
}
