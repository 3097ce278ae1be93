use crate::model::{rows::Attach, units::Wall};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How three small fixed loads fared, in rounds at different times.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Calibration {
    /// Where.
    pub host: CalibrationHost,
    /// The rounds, in time order.
    pub rounds: Vec<CalibrationRound>,
}

/// What must be the same for two calibrations to be comparable.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalibrationHost {
    /// The host's name.
    pub name: String,
    /// Its id, as a keyed-less digest of `/etc/machine-id`; empty where there is none.
    pub machine: String,
    /// Model of the CPU.
    pub cpu: String,
    /// CPUs that the process may use.
    pub cpus: u32,
    /// The release of the loads: another one is not comparable.
    pub loads: u32,
    /// Was the program optimised? Loads of a debug build take another time.
    pub optimised: bool,
}

/// One round: each load so many times, in random order.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationRound {
    /// When it began.
    pub at: Wall,
    /// What was run, in the order in which it was.
    pub runs: Vec<CalibrationRun>,
}

/// One run of one load.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationRun {
    /// Which load.
    pub kernel: CalibrationKernel,
    /// By the monotonic clock, ms.
    pub wall_ms: f64,
    /// CPU time of the thread, ms.
    pub cpu_ms: f64,
    /// How often the thread was taken off its CPU against its will.
    pub preempted: u32,
}

/// A small fixed load of about 20 ms.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalibrationKernel {
    /// Integer arithmetic in registers.
    Cpu,
    /// Copies of a buffer that is larger than caches.
    Memory,
    /// Small requests and answers over a loopback connection.
    Loopback,
}

impl CalibrationKernel {
    /// All of them, in report order.
    pub const ALL: [CalibrationKernel; 3] = [CalibrationKernel::Cpu, CalibrationKernel::Memory, CalibrationKernel::Loopback];
    /// The word by which rules name it.
    pub fn word(self) -> &'static str {
        match self {
            CalibrationKernel::Cpu => "cpu",
            CalibrationKernel::Memory => "memory",
            CalibrationKernel::Loopback => "loopback",
        }
    }
}

impl fmt::Display for CalibrationKernel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

impl CalibrationRound {
    /// Its runs of one load.
    pub fn of(&self, kernel: CalibrationKernel) -> impl Iterator<Item = &CalibrationRun> {
        self.runs.iter().filter(move |run| run.kernel == kernel)
    }
}

impl Attach for Calibration {}
