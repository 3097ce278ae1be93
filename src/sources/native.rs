//! Native histograms: sparse buckets of exponential width, read as cumulative counts at absolute edges.

use crate::model::{
    payload::{Part, Sample, Series},
    units::Wall,
};
use std::collections::BTreeMap;

/// Snapshots in time order, by labels.
pub type Sets = BTreeMap<BTreeMap<String, String>, Vec<Snapshot>>;

/// What a native histogram held at one time.
#[derive(Clone, Debug, PartialEq)]
pub struct Snapshot {
    /// When.
    pub at: Wall,
    /// Its buckets; empty ones may be left out.
    pub buckets: Vec<Bucket>,
}

/// One bucket: observations beyond `lower` and up to `upper`, in the metric's own unit. The zero bucket reaches from minus
/// its threshold to its threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bucket {
    /// Lower edge.
    pub lower: f64,
    /// Upper edge.
    pub upper: f64,
    /// Observations.
    pub count: f64,
}

/// Schemas with exponential buckets (Prometheus, "Native histograms").
pub const SCHEMAS: std::ops::RangeInclusive<i8> = -4..=8;
/// Edges times snapshots that are looked at; client libraries keep to 160 buckets, so this is hundreds of instances.
const MOST: usize = 100_000_000;

/// Cumulative counts at every edge that each snapshot of each label set knows exactly. Both edges of every populated bucket
/// are kept: what lies between two buckets is empty. An edge inside a populated bucket of any snapshot is not: that is how
/// schemas are merged to the coarsest one, and how a zero bucket that grew takes what it swallowed.
pub fn unfold(sets: &Sets) -> Result<Vec<Series>, String> {
    let snapshots = || sets.values().flatten();
    snapshots().flat_map(|s| &s.buckets).try_for_each(check)?;
    let edges = edges(|| snapshots().flat_map(|s| &s.buckets));
    if edges.len().saturating_mul(snapshots().count()) > MOST {
        return Err(format!("{} bucket edges at {} times are too many to be those of latencies", edges.len(), snapshots().count()));
    }
    Ok(sets.iter().filter(|(_, snapshots)| !snapshots.is_empty()).flat_map(|(labels, snapshots)| series(labels, snapshots, &edges)).collect())
}

/// The coarsest schema of which the latest populated buckets of all label sets are; `None` where they follow no schema.
pub fn schema(sets: &Sets) -> Option<i8> {
    let populated = sets.values().flatten().flat_map(|s| &s.buckets).filter(|b| b.count > 0.0 && b.lower > 0.0 && b.upper.is_finite());
    populated.map(schema_of).min().flatten()
}

/// That a native histogram was read, and how wide its buckets are.
pub fn told(metric: &str, schema: Option<i8>) -> String {
    match schema {
        Some(schema) => format!("`{metric}` is read as a native histogram of schema {schema}"),
        None => format!("`{metric}` is read as a native histogram"),
    }
}

/// The schema whose edges a bucket has: 2^(i · 2^-schema).
fn schema_of(bucket: &Bucket) -> Option<i8> {
    let octaves = (bucket.upper / bucket.lower).log2();
    let schema = -octaves.log2();
    let index = bucket.upper.log2() / octaves;
    let whole = |x: f64| (x - x.round()).abs() < 1e-6;
    (whole(schema) && whole(index)).then(|| schema.round() as i8).filter(|s| SCHEMAS.contains(s))
}

/// What no histogram of latencies has.
fn check(bucket: &Bucket) -> Result<(), String> {
    let Bucket { lower, upper, count } = *bucket;
    // What no program can count; the sum over all buckets stays finite.
    if !(0.0..=u64::MAX as f64).contains(&count) {
        return Err(format!("a bucket of the native histogram holds {count} observations"));
    }
    // NaN edges end here too.
    if !(lower < upper || lower == 0.0 && upper == 0.0) {
        return Err("a bucket of the native histogram has no width".into());
    }
    // With custom bounds the lowest bucket begins at -Inf.
    if count > 0.0 && lower < 0.0 && lower.is_finite() && (lower + upper).abs() > 1e-9 * upper.abs() {
        return Err("the native histogram has observations below zero: it is none of latencies".into());
    }
    Ok(())
}

fn edges<'b, B: Iterator<Item = &'b Bucket>>(buckets: impl Fn() -> B) -> Vec<f64> {
    let populated = || buckets().filter(|b| b.count > 0.0);
    let mut edges: Vec<f64> = populated().flat_map(|b| [b.lower, b.upper]).filter(|e| e.is_finite() && *e >= 0.0).collect();
    edges.sort_by(f64::total_cmp);
    edges.dedup();
    // How many populated buckets hold each edge inside: +1 where one begins, -1 where it ends.
    let mut inside = vec![0i64; edges.len() + 1];
    for bucket in populated() {
        let (begin, end) = (edges.partition_point(|e| *e <= bucket.lower), edges.partition_point(|e| *e < bucket.upper));
        if begin < end {
            inside[begin] += 1;
            inside[end] -= 1;
        }
    }
    let mut open = 0;
    let known = edges.iter().zip(&inside).filter(|(_, change)| {
        open += **change;
        open == 0
    });
    known.map(|(edge, _)| *edge).collect()
}

fn series(labels: &BTreeMap<String, String>, snapshots: &[Snapshot], edges: &[f64]) -> Vec<Series> {
    let bucket = |le| Series { part: Part::Bucket(le), labels: labels.clone(), samples: vec![], created: None };
    let mut all: Vec<Series> = edges.iter().copied().chain([f64::INFINITY]).map(bucket).collect();
    for snapshot in snapshots {
        let mut buckets: Vec<Bucket> = snapshot.buckets.iter().copied().filter(|b| b.count > 0.0).collect();
        buckets.sort_by(|a, b| a.upper.total_cmp(&b.upper));
        let (mut next, mut below) = (0, 0.0);
        for one in &mut all {
            let Part::Bucket(le) = one.part else { continue };
            while let Some(bucket) = buckets.get(next).filter(|b| b.upper <= le) {
                below += bucket.count;
                next += 1;
            }
            put(&mut one.samples, Sample(snapshot.at, below));
        }
    }
    all
}

/// Adds a sample; of those that are alike only the first and the last are kept.
#[allow(clippy::float_cmp, reason = "a counter that did not change has the same value to the last bit")]
fn put(samples: &mut Vec<Sample>, sample: Sample) {
    match samples.as_mut_slice() {
        [.., a, b] if a.1 == b.1 && b.1 == sample.1 => *b = sample,
        _ => samples.push(sample),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bucket(lower: f64, upper: f64, count: f64) -> Bucket {
        Bucket { lower, upper, count }
    }

    fn set(snapshots: &[&[Bucket]]) -> Sets {
        let at = |(i, buckets): (i64, &&[Bucket])| Snapshot { at: Wall(i), buckets: buckets.to_vec() };
        Sets::from([(BTreeMap::new(), (0..).zip(snapshots).map(at).collect())])
    }

    fn last(series: &[Series]) -> Vec<(f64, f64)> {
        series.iter().map(|s| if let Part::Bucket(le) = s.part { (le, s.samples.last().unwrap().1) } else { panic!("{s:?}") }).collect()
    }

    #[test]
    fn both_edges_of_each_populated_bucket_are_kept() {
        let got = unfold(&set(&[&[bucket(1.0, 2.0, 3.0), bucket(2.0, 4.0, 0.0), bucket(8.0, 16.0, 4.0)]])).unwrap();
        assert_eq!(last(&got), [(1.0, 0.0), (2.0, 3.0), (8.0, 3.0), (16.0, 7.0), (f64::INFINITY, 7.0)]);
        assert_eq!(schema(&set(&[&[bucket(1.0, 2.0, 3.0), bucket(8.0, 16.0, 4.0)]])), Some(0));
    }

    #[test]
    fn a_coarser_schema_takes_the_finer_edges() {
        let middle = 2f64.sqrt();
        let sets = set(&[&[bucket(1.0, middle, 1.0), bucket(middle, 2.0, 1.0)], &[bucket(1.0, 2.0, 5.0)]]);
        let got = unfold(&sets).unwrap();
        assert_eq!(last(&got), [(1.0, 0.0), (2.0, 5.0), (f64::INFINITY, 5.0)]);
        assert_eq!(got[1].samples, [Sample(Wall(0), 2.0), Sample(Wall(1), 5.0)]);
        assert_eq!(schema(&sets), Some(0));
    }

    #[test]
    fn a_zero_bucket_swallows_what_lies_below_its_threshold() {
        let got = unfold(&set(&[&[bucket(0.25, 0.5, 2.0), bucket(1.0, 2.0, 1.0)], &[bucket(-0.5, 0.5, 2.0), bucket(1.0, 2.0, 4.0)]])).unwrap();
        assert_eq!(last(&got), [(0.5, 2.0), (1.0, 2.0), (2.0, 6.0), (f64::INFINITY, 6.0)]);
        assert_eq!(got[0].samples, [Sample(Wall(0), 2.0), Sample(Wall(1), 2.0)]);
    }

    #[test]
    fn what_no_latency_has_is_refused() {
        for bad in [bucket(-2.0, -1.0, 1.0), bucket(1.0, 1.0, 1.0), bucket(f64::NAN, 1.0, 1.0), bucket(1.0, 2.0, -1.0), bucket(1.0, 2.0, f64::NAN)] {
            assert!(unfold(&set(&[&[bad]])).is_err(), "{bad:?}");
        }
        // Custom bounds begin at -Inf.
        assert_eq!(last(&unfold(&set(&[&[bucket(f64::NEG_INFINITY, 0.1, 2.0)]])).unwrap()), [(0.1, 2.0), (f64::INFINITY, 2.0)]);
        assert_eq!(schema(&set(&[&[bucket(0.1, 0.25, 2.0)]])), None);
    }

    proptest! {
        /// Whatever the schemas, a count at a kept edge is the number of values up to it.
        #[test]
        fn counts_at_the_edges_are_those_of_the_values(values in prop::collection::vec(0.001f64..100.0, 1..60), schemas in prop::collection::vec(-4i8..=8, 1..4)) {
            let fill = |schema: &i8| {
                let per_octave = f64::from(*schema).exp2();
                let mut counts: BTreeMap<i64, f64> = BTreeMap::new();
                for value in &values {
                    *counts.entry((value.log2() * per_octave).ceil() as i64).or_default() += 1.0;
                }
                counts.into_iter().map(|(i, n)| bucket(((i - 1) as f64 / per_octave).exp2(), (i as f64 / per_octave).exp2(), n)).collect::<Vec<_>>()
            };
            let filled: Vec<_> = schemas.iter().map(fill).collect();
            let sets = set(&filled.iter().map(Vec::as_slice).collect::<Vec<_>>());
            prop_assert_eq!(schema(&sets), schemas.iter().min().copied());
            for series in unfold(&sets).unwrap() {
                let Part::Bucket(le) = series.part else { panic!() };
                // Values on an edge itself may be rounded to either side.
                let up_to = values.iter().filter(|v| **v <= le).count() as f64;
                let near = values.iter().filter(|v| (**v / le - 1.0).abs() < 1e-9).count() as f64;
                for sample in series.samples {
                    prop_assert!((sample.1 - up_to).abs() <= near, "{} at {le}, not {up_to}", sample.1);
                }
            }
        }
    }
}
