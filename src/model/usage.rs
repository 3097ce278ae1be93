//! What of a workload is measured, and who says that they measure it.

use super::name::Name;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// A quantity of a workload. Values are in its base unit: seconds, bytes, or a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// CPU time used, s, since the workload began.
    Cpu,
    /// Memory that is charged to it, caches too, bytes.
    MemoryUsage,
    /// Usage less inactive file pages, as cAdvisor and Docker's command tell it, bytes.
    WorkingSet,
    /// Resident memory: of a control group its anonymous pages (`rss` of v1, `anon` of v2), of a process all that is resident.
    Rss,
    /// Pages of files that are charged to it, bytes.
    Cache,
    /// The most memory that it may use, bytes.
    MemoryLimit,
    /// The most CPU time that it may use in a second: cores.
    CpuLimit,
    /// Bytes that came in over its network interfaces.
    Received,
    /// Bytes that went out over them.
    Sent,
    /// Periods of its CPU quota in which it ran.
    Periods,
    /// ... of them those in which the quota was used up.
    ThrottledPeriods,
    /// Time that it waited for the next period, s.
    Throttled,
    /// Time in which at least one of its tasks waited for a CPU, s (`some total` of pressure stall information).
    Waiting,
    /// CPU time that the hypervisor gave to others, s. Of the host only.
    Steal,
    /// When it was started, s since the epoch.
    Started,
}

/// What Docker and the kernel tell beside measures: the time of all CPUs, s, as Docker adds it up, idle or not, without what the hypervisor gave to
/// others.
pub const SYSTEM_CPU: &str = "system_cpu";

impl Measure {
    /// All of them, in report order.
    pub const ALL: [Measure; 15] = [
        Measure::Cpu,
        Measure::MemoryUsage,
        Measure::WorkingSet,
        Measure::Rss,
        Measure::Cache,
        Measure::MemoryLimit,
        Measure::CpuLimit,
        Measure::Received,
        Measure::Sent,
        Measure::Periods,
        Measure::ThrottledPeriods,
        Measure::Throttled,
        Measure::Waiting,
        Measure::Steal,
        Measure::Started,
    ];
    /// The spec's word.
    pub fn word(self) -> &'static str {
        match self {
            Measure::Cpu => "cpu",
            Measure::MemoryUsage => "memory_usage",
            Measure::WorkingSet => "working_set",
            Measure::Rss => "rss",
            Measure::Cache => "cache",
            Measure::MemoryLimit => "memory_limit",
            Measure::CpuLimit => "cpu_limit",
            Measure::Received => "received",
            Measure::Sent => "sent",
            Measure::Periods => "periods",
            Measure::ThrottledPeriods => "throttled_periods",
            Measure::Throttled => "throttled",
            Measure::Waiting => "waiting",
            Measure::Steal => "steal",
            Measure::Started => "started",
        }
    }
    /// The field's words, for reports.
    pub fn title(self) -> &'static str {
        match self {
            Measure::Cpu => "CPU time",
            Measure::MemoryUsage => "memory usage",
            Measure::WorkingSet => "working set",
            Measure::Rss => "resident memory",
            Measure::Cache => "page cache",
            Measure::MemoryLimit => "memory limit",
            Measure::CpuLimit => "CPU limit",
            Measure::Received => "bytes received",
            Measure::Sent => "bytes sent",
            Measure::Periods => "quota periods",
            Measure::ThrottledPeriods => "throttled periods",
            Measure::Throttled => "throttled time",
            Measure::Waiting => "CPU pressure",
            Measure::Steal => "steal",
            Measure::Started => "start time",
        }
    }
    /// Does it only ever grow while the workload lives?
    pub fn cumulative(self) -> bool {
        use Measure::{Cpu, Periods, Received, Sent, Steal, Throttled, ThrottledPeriods, Waiting};
        matches!(self, Cpu | Received | Sent | Periods | ThrottledPeriods | Throttled | Waiting | Steal)
    }
    /// Is it memory in use?
    pub fn memory(self) -> bool {
        matches!(self, Measure::MemoryUsage | Measure::WorkingSet | Measure::Rss | Measure::Cache)
    }
    /// Is it bytes over the network?
    pub fn network(self) -> bool {
        matches!(self, Measure::Received | Measure::Sent)
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// One statement "this source measures that of this workload".
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsageClaim {
    /// The claim's own name within its workload: `cpu`, or a name of the user's for a second series of the same measure.
    pub name: Name,
    /// Who claims.
    pub source: Name,
    /// Of which workload.
    pub workload: Name,
    /// What is claimed.
    pub measure: Measure,
    /// How it is told.
    pub told: Told,
}

/// How a source tells a measure.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Told {
    /// In the source's own words: the kernel's files, Docker's API.
    Own,
    /// By series of a metrics page, a store or a cloud's export.
    Series(UsageSeries),
}

/// Which series tell a measure. Those that match are added up, as a dashboard's `sum` would.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct UsageSeries {
    /// Name of the metric.
    pub metric: String,
    /// Labels that must match exactly.
    pub labels: BTreeMap<String, String>,
    /// What its values say.
    pub shape: Shape,
    /// What one of its values is in the base unit of the measure (of a [`Shape::Level`] of CPU time: cores).
    pub unit: f64,
}

/// What the values of a series say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    /// All since the beginning.
    Counter,
    /// The state at an instant; of what is cumulative, its mean rate lately: `cores`, `percent`.
    Level,
}

impl Shape {
    /// The spec's word.
    pub fn word(self) -> &'static str {
        match self {
            Shape::Counter => "counter",
            Shape::Level => "gauge",
        }
    }
}

impl UsageClaim {
    /// How reports and rules name it: `prometheus:gateway.cpu`.
    pub fn subject(&self) -> Name {
        Name(format!("{}:{}.{}", self.source, self.workload, self.name))
    }
    /// The series that tell it, if they do.
    pub fn series(&self) -> Option<&UsageSeries> {
        if let Told::Series(series) = &self.told { Some(series) } else { None }
    }
    /// Is it told as a rate, of something that is cumulative?
    pub fn rate(&self) -> bool {
        self.measure.cumulative() && self.series().is_some_and(|s| s.shape == Shape::Level)
    }
}
