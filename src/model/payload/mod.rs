//! Answers, one file per kind.

mod burn_asked;
mod burned;
mod cgroup_reading;
mod clock_readings;
mod emissions;
mod exposition;
mod fact_kind;
mod fact_value;
mod facts;
mod histogram;
mod leak;
mod log_lines;
pub mod network;
mod noise;
mod performed;
mod pg_setting;
mod quantity;
mod queries;
mod rises;
mod round_trip;
mod spans;
mod tracks;

pub use burn_asked::{BurnAsked, BurnPattern};
pub use burned::{Beside, BurnSample, Burned, BurnedBy, CpuAt, Crowding};
pub use cgroup_reading::{CgroupMemory, CgroupReading, Throttling};
pub use clock_readings::{ClockReading, ClockReadings};
pub use emissions::{Emission, Emissions};
pub use exposition::{Doubt, Exposition};
pub use fact_kind::FactKind;
pub use fact_value::{FactValue, Scheme, Version};
pub use facts::{Cell, FactTable, Told};
pub use histogram::{Exemplar, HistogramSeries, Part, Sample, Scrape, Series};
pub use leak::{Leak, Secret};
pub use log_lines::{BadLine, LogLine, LogLines};
pub use noise::{
    By, Calibration, CalibrationHost, CalibrationKernel, CalibrationRound, CalibrationRun, ClockSourceAt, IdleSecond, IdleWindow, Interrupts,
    LogBins, Missing, OwnCost, Pressure, ProbedCpu, RanFor, ThrottledGroup, TracedSecond, UsedBy,
};
pub use performed::{Heartbeat, Performed};
pub use queries::{StoredQueries, StoredQuery};
pub use rises::{Rise, Rises};
pub use round_trip::RoundTrips;
pub use spans::{Shown, SpanRow, Spans};
pub use tracks::{Life, Reading, Track, Tracks};

use super::{
    key::Payload,
    units::{Count, Ms},
};

impl Payload {
    /// What an answer brought, in a few words: `240 log lines · foreign traffic 12 %`. `None` where that says nothing.
    pub fn size(&self) -> Option<String> {
        match self {
            Payload::Perform(_) | Payload::Facts(_) => None,
            Payload::RoundTrip(r) => r.min_ms().map(|ms| format!("round trip {}", Ms(ms))),
            Payload::Burn(b) => b.last().map(|used| format!("{:.2} CPU-s burned", used.cpu_s)),
            Payload::Usage(t) => {
                let samples = t.tracks.iter().map(|t| t.samples.len() as u64).max().unwrap_or_default();
                Some(format!("usage: {} series, up to {}", Count(t.tracks.len() as u64), Count(samples).of("sample")))
            }
            Payload::Queries(q) => Some(format!("{} stored", Count(q.queries.len() as u64).of("query"))),
            Payload::Truth(e) => Some(Count(e.requests.len()).of("emission")),
            Payload::Histogram(h) => Some(format!("{} ({} series)", h.metric, h.series.len())),
            Payload::Risen(r) => Some(format!("{} of {} counts rose", r.series.len() as u64 + r.left_out, r.watched)),
            Payload::LogLines(l) => {
                let foreign = l.foreign_share().map(|share| format!(" · foreign traffic {share}")).unwrap_or_default();
                Some(format!("{}{foreign}", Count(l.lines.len()).of("log line")))
            }
            Payload::Spans(s) => Some(Count(s.traces).of("trace")),
            Payload::Clock(c) => Some(Count(c.readings.len() as u64).of("clock reading")),
            Payload::Idle(w) => Some(format!("{:.0} s watched, others used {:.2} CPU-s", w.lasted_s(), w.others_s())),
            Payload::Calibrate(c) => {
                let runs: usize = c.rounds.iter().map(|round| round.runs.len()).sum();
                Some(format!("{} of {}", Count(runs as u64).of("run"), Count(c.rounds.len() as u64).of("round")))
            }
            Payload::Page(p) => Some(format!("metrics page of {}", Count(p.samples).of("sample"))),
            Payload::Probe(p) => Some(Count(p.connects.len() as u64).of("connect")),
        }
    }
}
