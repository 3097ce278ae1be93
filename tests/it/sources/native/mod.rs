//! Native histograms: stored by a Prometheus, or on a page in protobuf.
#![allow(clippy::unwrap_used, clippy::float_cmp, reason = "helpers of tests")]

mod audited;
mod hostile;
mod negotiated;
mod stored;

use rigcheck::model::{
    evidence::Seen,
    key::Payload,
    payload::{HistogramSeries, Part, Sample},
};

fn series(seen: &Seen) -> &HistogramSeries {
    match &seen.payload {
        Payload::Histogram(series) => series,
        other => panic!("{other:?}"),
    }
}

/// (edge, last count) of all finite buckets of the first label set.
fn last(of: &HistogramSeries) -> Vec<(f64, f64)> {
    let first = &of.series[0].labels;
    let mine = of.series.iter().filter(|s| s.labels == *first);
    mine.filter_map(|s| if let Part::Bucket(le) = s.part { le.is_finite().then_some((le, newest(&s.samples))) } else { None }).collect()
}

fn part(of: &HistogramSeries, part: Part) -> f64 {
    of.series.iter().filter(|s| s.part == part).map(|s| newest(&s.samples)).sum()
}

fn newest(samples: &[Sample]) -> f64 {
    samples.last().unwrap().1
}
