use super::api::{Raw, wall};
use crate::{
    model::{
        evidence::Gap,
        payload::{Part, Sample, Series},
    },
    sources::exposition::number,
};
use std::collections::BTreeMap;

/// The series of a histogram, and what stands in the way of reading them all.
#[derive(Default)]
pub struct Read {
    pub series: Vec<Series>,
    /// Values that no recording can hold, or edges that are no number.
    pub broken: Option<Gap>,
    /// Series of the metric that are native histograms.
    pub native: usize,
}

/// Sorts stored samples into the parts of the histogram `metric`.
pub fn read(metric: &str, raw: Vec<Raw>) -> Read {
    let mut out = Read::default();
    let mut created: Vec<(BTreeMap<String, String>, f64)> = vec![];
    for mut one in raw {
        let name = one.metric.remove("__name__").unwrap_or_default();
        let Some(ending) = name.strip_prefix(metric) else { continue };
        out.native += usize::from(!one.histograms.is_empty());
        let le = if ending == "_bucket" { one.metric.remove("le") } else { None };
        let part = match ending {
            "_bucket" => {
                let Some(le) = le.as_deref().and_then(number).filter(|le| !le.is_nan()) else {
                    out.broken.get_or_insert_with(|| Gap::Malformed(format!("a series of `{name}` has an `le` that is no number")));
                    continue;
                };
                Part::Bucket(le)
            }
            "_sum" => Part::Sum,
            "_count" => Part::Count,
            "_created" => {
                let value = one.values.last().and_then(|(_, v)| number(v)).filter(|v| v.is_finite());
                created.extend(value.map(|v| (one.metric, v)));
                continue;
            }
            _ => continue,
        };
        let mut samples = Vec::with_capacity(one.values.len());
        for (at, value) in one.values {
            match wall(at).zip(number(&value).filter(|v| v.is_finite())) {
                Some((at, value)) => samples.push(Sample(at, value)),
                // A recording cannot hold it, and no sum or count of real requests is infinite.
                None => {
                    out.broken.get_or_insert_with(|| Gap::Malformed(format!("`{name}` is infinite or no number at {at:e}, or that is no time")));
                }
            }
        }
        if !samples.is_empty() {
            out.series.push(Series { part, labels: one.metric, samples, created: None });
        }
    }
    for (labels, at) in created {
        out.series.iter_mut().filter(|s| s.labels == labels).for_each(|s| s.created = Some(at));
    }
    out
}
