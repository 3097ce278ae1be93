use serde::{Deserialize, Serialize};
use std::fmt;

/// What one culprit used of a window: CPU time that is counted to nobody else.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsedBy {
    /// Who.
    pub by: By,
    /// Names of the programs in a group, those that used the most first; at most 5. Empty for a process.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub programs: Vec<String>,
    /// CPU-seconds in the window.
    pub cpu_s: f64,
    /// The seconds of the window in which it used any, with CPU-seconds: (index of the second, CPU-seconds), in order. Kept for those that
    /// used the most.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub when: Vec<(u32, f64)>,
    /// How large the nice value was, for a process.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nice: Option<i32>,
}

/// Who used CPU time, by the step of the ladder on which it was told.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// A container, by its control group's own files: what ended in it is counted, too.
    Container {
        /// Its full id.
        id: String,
        /// Its name, where Docker told it.
        name: Option<String>,
    },
    /// A service of systemd or another named control group, likewise: its path below the hierarchy's root.
    Group(String),
    /// A process that lived while it was looked at.
    Process {
        /// Its id in our namespace.
        pid: u32,
        /// Its name (`comm`).
        name: String,
        /// Is it a thread of the kernel?
        kernel: bool,
    },
    /// Processes that ended, as they were counted to the one that started and reaped them.
    EndedOf {
        /// The reaper's id.
        pid: u32,
        /// Its name.
        name: String,
    },
}

impl fmt::Display for By {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            By::Container { name: Some(name), .. } => write!(f, "container {name}"),
            By::Container { id, name: None } => write!(f, "container {id:.12}"),
            By::Group(path) => write!(f, "{}", path.rsplit('/').next().filter(|last| !last.is_empty()).unwrap_or(path)),
            By::Process { pid, name, kernel: false } => write!(f, "{name} (process {pid})"),
            By::Process { pid, name, kernel: true } => write!(f, "{name} (kernel thread {pid})"),
            By::EndedOf { pid, name } => write!(f, "ended children of {name} (process {pid})"),
        }
    }
}

impl UsedBy {
    /// The most that it used in one second, CPU-seconds.
    pub fn peak_s(&self) -> f64 {
        self.when.iter().map(|(_, used)| *used).fold(0.0, f64::max)
    }
}
