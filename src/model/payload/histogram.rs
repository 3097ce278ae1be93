use crate::model::{evidence::Gap, rows::Attach, units::Wall};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Raw stored samples of the series of one histogram, from before an act until its counts closed. A native histogram stands
/// here as what its buckets say at their absolute edges, so that whatever is read from a classic one is read from it alike.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct HistogramSeries {
    /// Base name of the metric.
    pub metric: String,
    /// Every series that matched the claim's labels, over all instances.
    pub series: Vec<Series>,
    /// Every reading of the target that was tried, per instance, in time order: tells a counter that was zero before
    /// the act from one that nobody read.
    pub scrapes: Vec<Scrape>,
    /// Exemplars of our own requests, if the claim has them.
    pub exemplars: Vec<Exemplar>,
    /// Why there are none, where the claim has them and the source cannot tell them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub no_exemplars: Option<Gap>,
    /// Type as declared on the page or in the metadata (`histogram`), if told.
    pub declared_type: Option<String>,
    /// Unit as declared (`seconds`), if told.
    pub declared_unit: Option<String>,
    /// The interval between readings, ms.
    pub interval_ms: f64,
    /// Schema of a native histogram with exponential buckets, the coarsest that was seen: -4 to 8. `None` for classic buckets
    /// and for native ones with custom bounds (schema -53), which have the error of classic ones.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<i8>,
    /// How far the samples' times may lie from ours, µs: what a sample within it of the act's beginning or end holds may lie
    /// on either side. 0 where we read the target ourselves.
    #[serde(default, skip_serializing_if = "zero")]
    pub doubt_us: i64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn zero(doubt_us: &i64) -> bool {
    *doubt_us == 0
}

impl HistogramSeries {
    /// Relative width of each bucket of a native histogram, 2^(2^-schema) - 1 (Prometheus, "Native histograms", schema):
    /// 0.0905 for schema 3, 0.0219 for 5.
    pub fn resolution(&self) -> Option<f64> {
        self.schema.map(|schema| (-f64::from(schema)).exp2().exp2() - 1.0)
    }
}

/// One time series.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// Which part of the histogram it is.
    pub part: Part,
    /// Labels besides `le`; `instance` and `job` where a server added them.
    pub labels: BTreeMap<String, String>,
    /// Samples in time order.
    pub samples: Vec<Sample>,
    /// When the counter was created (`_created`), seconds since the epoch, if told.
    pub created: Option<f64>,
}

/// Which part of a histogram a series is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// Cumulative count up to this upper edge, in the metric's own unit.
    Bucket(#[serde(with = "edge")] f64),
    /// Sum of all observations, in the metric's own unit.
    Sum,
    /// Number of observations.
    Count,
}

/// One stored sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sample(pub Wall, pub f64);

/// One reading of a target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scrape {
    /// Which instance.
    pub instance: String,
    /// When.
    pub at: Wall,
    /// Did it work?
    pub ok: bool,
}

/// An observation with the trace that it came from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Exemplar {
    /// 32 hex digits.
    pub trace_id: String,
    /// Value in the metric's own unit.
    pub value: f64,
    /// Upper edge of the bucket that it sits in, where known.
    #[serde(with = "edge")]
    pub le: f64,
    /// When, if told.
    pub at: Option<Wall>,
}

impl Attach for HistogramSeries {}

/// JSON has no infinity: `+Inf` is written as text.
mod edge {
    use serde::{Deserialize, Deserializer, Serializer, de};

    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        Number(f64),
        Text(String),
    }

    pub fn serialize<S: Serializer>(le: &f64, s: S) -> Result<S::Ok, S::Error> {
        if le.is_finite() { s.serialize_f64(*le) } else { s.serialize_str(if *le > 0.0 { "+Inf" } else { "-Inf" }) }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<f64, D::Error> {
        match Written::deserialize(d)? {
            Written::Number(x) => Ok(x),
            Written::Text(t) if t == "+Inf" => Ok(f64::INFINITY),
            Written::Text(t) if t == "-Inf" => Ok(f64::NEG_INFINITY),
            Written::Text(t) => Err(de::Error::custom(format!("`{t}` is not a bucket edge"))),
        }
    }
}
