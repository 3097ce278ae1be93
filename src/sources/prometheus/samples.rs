use super::api::{Raw, RawHistogram, wall};
use crate::{
    model::{
        evidence::Gap,
        payload::{Part, Sample, Series},
        units::Wall,
    },
    sources::{
        exposition::number,
        native::{self, Bucket, Snapshot},
    },
};
use std::collections::BTreeMap;

/// The series of a histogram, and what stands in the way of reading them all.
#[derive(Default)]
pub struct Read {
    /// Classic series as they are stored; of native histograms count and sum.
    pub series: Vec<Series>,
    /// Values that no recording can hold, or edges that are no number.
    pub broken: Option<Gap>,
    /// The buckets of native histograms, where they are what is read.
    pub native: native::Sets,
    /// Label sets that are stored in both ways; the classic one is read.
    pub both: usize,
}

/// Sorts stored samples into the parts of the histogram `metric`.
///
/// Where a label set is stored as a classic and as a native histogram, the classic one is read: it is the coarser one, and
/// queries may rest on either. One that is not written any more (its newest sample is older) does not count.
pub fn read(metric: &str, raw: Vec<Raw>) -> Read {
    let mut out = Read::default();
    let mut created: Vec<(BTreeMap<String, String>, f64)> = vec![];
    let mut natives: BTreeMap<BTreeMap<String, String>, Vec<(f64, RawHistogram)>> = BTreeMap::new();
    for mut one in raw {
        let name = one.metric.remove("__name__").unwrap_or_default();
        let Some(ending) = name.strip_prefix(metric) else { continue };
        if ending.is_empty() && !one.histograms.is_empty() {
            natives.insert(one.metric, one.histograms);
            continue;
        }
        let le = if ending == "_bucket" { one.metric.remove("le") } else { None };
        let part = match ending {
            "_bucket" => {
                let Some(le) = le.as_deref().and_then(number).filter(|le| !le.is_nan()) else {
                    out.breaks(format!("a series of `{name}` has an `le` that is no number"));
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
                None => out.breaks(format!("`{name}` is infinite or no number at {at:e}, or that is no time")),
            }
        }
        if !samples.is_empty() {
            out.series.push(Series { part, labels: one.metric, samples, created: None });
        }
    }
    for (labels, stored) in natives {
        out.native(metric, labels, stored);
    }
    for (labels, at) in created {
        out.series.iter_mut().filter(|s| s.labels == labels).for_each(|s| s.created = Some(at));
    }
    out
}

impl Read {
    /// Adds the buckets of the native histograms to the series. Their schema, where they follow one.
    pub fn unfold(&mut self) -> Option<i8> {
        match native::unfold(&self.native) {
            Ok(buckets) => self.series.extend(buckets),
            Err(why) => self.breaks(why),
        }
        native::schema(&self.native)
    }

    fn breaks(&mut self, why: String) {
        self.broken.get_or_insert(Gap::Malformed(why));
    }

    /// Takes in one native histogram, unless there is a classic one beside it.
    fn native(&mut self, metric: &str, labels: BTreeMap<String, String>, stored: Vec<(f64, RawHistogram)>) {
        let (mut count, mut sum, mut snapshots) = (vec![], vec![], vec![]);
        for (at, one) in stored {
            match taken(at, &one) {
                Some((n, total, snapshot)) => {
                    count.push(Sample(snapshot.at, n));
                    sum.push(Sample(snapshot.at, total));
                    snapshots.push(snapshot);
                }
                None => self.breaks(format!("the native histogram `{metric}` is infinite or no number at {at:e}, or that is no time")),
            }
        }
        let Some(newest) = count.last().copied() else { return };
        let beside = self.series.iter().filter(|s| s.labels == labels);
        let current = |s: &&Series| s.samples.last().is_some_and(|last| last.0 >= newest.0);
        if beside.clone().any(|s| matches!(s.part, Part::Bucket(le) if le.is_finite()) && current(&s)) {
            self.both += 1;
            let other = beside.filter(|s| s.part == Part::Count).find_map(|s| s.samples.iter().find(|sample| sample.0 == newest.0));
            if let Some(other) = other.filter(|other| (other.1 - newest.1).abs() >= 0.5) {
                let (classic, native) = (other.1, newest.1);
                self.breaks(format!(
                    "`{metric}` is stored twice and differs: its classic series count {classic} observations, the native one {native}"
                ));
            }
            return;
        }
        // What is left of a classic one is not written any more.
        self.series.retain(|s| s.labels != labels);
        let series = |part, samples| Series { part, labels: labels.clone(), samples, created: None };
        self.series.extend([series(Part::Count, count), series(Part::Sum, sum)]);
        self.native.insert(labels, snapshots);
    }
}

/// Count, sum and buckets, if all of them are numbers and the time is one.
fn taken(at: f64, stored: &RawHistogram) -> Option<(f64, f64, Snapshot)> {
    let at: Wall = wall(at)?;
    let finite = |text: &str| number(text).filter(|x| x.is_finite());
    let bucket = |(_, lower, upper, count): &(u8, String, String, String)| {
        let edge = |text: &str| number(text).filter(|x| !x.is_nan());
        Some(Bucket { lower: edge(lower)?, upper: edge(upper)?, count: finite(count)? })
    };
    let buckets = stored.buckets.iter().map(bucket).collect::<Option<Vec<_>>>()?;
    Some((finite(&stored.count)?, finite(&stored.sum)?, Snapshot { at, buckets }))
}
