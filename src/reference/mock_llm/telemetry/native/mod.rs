//! The same observations as native histograms, on a page of their own, as a program serves it that has no classic buckets.

mod proto;

use super::metrics::{Labels, Observed};
use crate::reference::mock_llm::served::Served;
use prost::Message as _;
use proto::{BucketSpan, Exemplar, HISTOGRAM, Histogram, LabelPair, Metric, MetricFamily, Timestamp};
use std::{
    collections::{BTreeMap, VecDeque},
    fmt::Write as _,
    sync::{Mutex, PoisonError},
};

const PROTOBUF: &str = "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited";
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// 32 buckets in each power of two: each 2.19 % wide.
const SCHEMA: i32 = 5;
/// Default of Prometheus' client libraries, 2^-128.
const ZERO_THRESHOLD: f64 = 2.938_735_877_055_719e-39;
/// Exemplars that a series keeps, as client libraries do by default.
const EXEMPLARS: usize = 10;

/// The native histograms of the mock.
#[derive(Default)]
pub struct NativeMetrics {
    ttft: Family,
    total: Family,
}

type Family = Mutex<BTreeMap<(String, String), Series>>;

/// One label set.
#[derive(Default)]
struct Series {
    count: u64,
    sum: f64,
    zero: u64,
    buckets: BTreeMap<i32, i64>,
    exemplars: VecDeque<Exemplar>,
}

impl NativeMetrics {
    /// Counts one request; exemplars carry `trace_id`, if there is one.
    pub fn observe(&self, labels: &Labels, served: &Served, observed: &Observed, trace_id: Option<&str>) {
        let ns = served.wall(served.closed);
        let at = Timestamp { seconds: (ns / 1_000_000_000).cast_signed(), nanos: (ns % 1_000_000_000) as i32 };
        let put = |family: &Family, value: f64| {
            let mut family = family.lock().unwrap_or_else(PoisonError::into_inner);
            let series = family.entry((labels.route.clone(), labels.model.clone())).or_default();
            series.observe(value, trace_id.map(|id| Exemplar { label: vec![pair("trace_id", id)], value, timestamp: Some(at.clone()) }));
        };
        put(&self.total, observed.total);
        observed.ttft.iter().for_each(|x| put(&self.ttft, *x));
    }

    /// The page and its content type: protobuf if `accept` names it, else text 0.0.4, in which such a histogram has no bucket
    /// but the last.
    pub fn page(&self, accept: &str) -> (&'static str, Vec<u8>) {
        let families = [
            ("rigcheck_mock_ttft_seconds", "From the request read to the first content of a stream handed over", &self.ttft),
            ("rigcheck_mock_request_duration_seconds", "From the request read to the last write handed over", &self.total),
        ];
        let locked = families.map(|(name, help, family)| (name, help, family.lock().unwrap_or_else(PoisonError::into_inner)));
        if !accept.contains("application/vnd.google.protobuf") {
            let mut text = String::new();
            for (name, help, family) in &locked {
                lines(&mut text, name, help, family);
            }
            return (TEXT, text.into_bytes());
        }
        (PROTOBUF, locked.iter().flat_map(|(name, help, family)| message(name, help, family).encode_length_delimited_to_vec()).collect())
    }
}

impl Series {
    fn observe(&mut self, value: f64, exemplar: Option<Exemplar>) {
        self.count += 1;
        self.sum += value;
        if value <= ZERO_THRESHOLD {
            self.zero += 1;
        } else {
            *self.buckets.entry(index(value)).or_default() += 1;
        }
        if let Some(exemplar) = exemplar {
            if self.exemplars.len() == EXEMPLARS {
                self.exemplars.pop_front();
            }
            self.exemplars.push_back(exemplar);
        }
    }

    fn message(&self) -> Histogram {
        let (mut positive_span, mut positive_delta): (Vec<BucketSpan>, Vec<i64>) = (vec![], vec![]);
        let (mut next, mut before) = (0, 0);
        for (index, count) in &self.buckets {
            match positive_span.last_mut() {
                Some(span) if *index == next => span.length += 1,
                _ => positive_span.push(BucketSpan { offset: index - next, length: 1 }),
            }
            positive_delta.push(count - before);
            (next, before) = (index + 1, *count);
        }
        Histogram {
            sample_count: self.count,
            sample_sum: self.sum,
            schema: SCHEMA,
            zero_threshold: ZERO_THRESHOLD,
            zero_count: self.zero,
            positive_span,
            positive_delta,
            created_timestamp: None,
            exemplars: self.exemplars.iter().cloned().collect(),
        }
    }
}

/// The bucket of a value above 0: bucket i holds what is above 2^((i - 1)/32) and at most 2^(i/32).
fn index(value: f64) -> i32 {
    let per_octave = 2f64.powi(SCHEMA);
    let near = (value.log2() * per_octave).ceil();
    // The logarithm of an edge may be rounded to either side.
    if value <= ((near - 1.0) / per_octave).exp2() {
        near as i32 - 1
    } else if value > (near / per_octave).exp2() {
        near as i32 + 1
    } else {
        near as i32
    }
}

fn pair(name: &str, value: &str) -> LabelPair {
    LabelPair { name: name.to_owned(), value: value.to_owned() }
}

fn message(name: &str, help: &str, family: &BTreeMap<(String, String), Series>) -> MetricFamily {
    let metric = |((route, model), series): (&(String, String), &Series)| Metric {
        label: vec![pair("model", model), pair("route", route)],
        histogram: Some(series.message()),
    };
    MetricFamily {
        name: name.to_owned(),
        help: help.to_owned(),
        r#type: HISTOGRAM,
        metric: family.iter().map(metric).collect(),
        unit: "seconds".to_owned(),
    }
}

fn lines(text: &mut String, name: &str, help: &str, family: &BTreeMap<(String, String), Series>) {
    let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} histogram");
    for ((route, model), Series { count, sum, .. }) in family {
        let labels = format!("model=\"{model}\",route=\"{route}\"");
        let _ = writeln!(text, "{name}_bucket{{{labels},le=\"+Inf\"}} {count}\n{name}_sum{{{labels}}} {sum}\n{name}_count{{{labels}}} {count}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edge_belongs_to_the_bucket_below_it() {
        for i in -300..300 {
            let edge = (f64::from(i) / 32.0).exp2();
            assert_eq!((index(edge), index(edge.next_up()), index(edge.next_down())), (i, i + 1, i), "{i}");
        }
    }

    #[test]
    fn spans_part_where_buckets_are_empty() {
        let mut series = Series::default();
        for value in [1.0, 1.0, 2.0, 1.021, 0.0] {
            series.observe(value, None);
        }
        let message = series.message();
        // 1.0 is in bucket 0, 1.021 in 1, 2.0 in 32.
        assert_eq!(message.positive_span, [BucketSpan { offset: 0, length: 2 }, BucketSpan { offset: 30, length: 1 }]);
        assert_eq!((message.positive_delta, message.zero_count, message.sample_count), (vec![2, -1, 0], 1, 5));
    }
}
