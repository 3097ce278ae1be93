use crate::model::{
    evidence::{Gap, Got, Unknown},
    key::Key,
    payload::{HistogramSeries, Part, Sample, Scrape, Series},
    rig::HistogramOf,
    units::{Ms, Wall},
};
use std::collections::BTreeMap;

/// What a histogram observed during an act: differences of raw samples, never a rate and never an interpolation.
#[derive(Debug)]
pub struct Window<'e> {
    /// Observations.
    pub count: f64,
    /// Their sum, ms; `None` where the histogram has no sum.
    pub sum_ms: Option<f64>,
    /// (upper edge in ms, observations up to it), ascending, the last edge is +Inf. Empty where layouts disagree.
    pub buckets: Vec<(f64, f64)>,
    /// Do all label sets that grew have the same edges?
    pub one_layout: bool,
    /// Times that a counter went backwards.
    pub decreases: u64,
    /// Label sets.
    pub label_sets: usize,
    /// Set where a series was not read again after the act: a deficit then proves nothing.
    pub cut: Option<Gap>,
    /// What was observed between readings that lie inside the act; `None` where there are no two of them.
    pub inside: Option<Inside>,
    /// The answer.
    pub series: &'e HistogramSeries,
    /// The question.
    pub key: &'e Key,
}

/// Observations between two readings inside the act: what others did before and after it is not among them.
#[derive(Clone, Copy, Debug)]
pub struct Inside {
    /// So many.
    pub count: f64,
    /// The earliest first reading.
    pub from: Wall,
    /// The latest last reading.
    pub to: Wall,
}

#[derive(Default)]
struct LabelSet {
    count: Option<f64>,
    sum: Option<f64>,
    buckets: Vec<(f64, f64)>,
    /// Times that the last bucket went backwards.
    decreases: u64,
}

impl LabelSet {
    /// Why its buckets are not the distribution of what it counted, if they are not.
    fn torn(&self, others_have_buckets: bool) -> Option<String> {
        let Some((edge, all)) = self.buckets.last() else {
            let counts = others_have_buckets && self.count.is_some_and(|c| c > 0.0);
            return counts.then(|| "a label set counts observations and has no buckets, beside others that have".into());
        };
        if edge.is_finite() {
            return Some(format!("the last bucket ends at {}, not at +Inf: what lies beyond is not there", Ms(*edge)));
        }
        let other = self.count.filter(|count| (count - all).abs() >= 0.5)?;
        Some(format!("`_count` grew by {other}, the `+Inf` bucket by {all}: one of them is not of this histogram"))
    }
}

fn nothing_there(metric: &str, of: &HistogramOf) -> Gap {
    let labels: Vec<String> = of.labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    Gap::NotConfigured(format!(
        "no series of `{metric}_bucket`, `_sum` or `_count` with {{{}}} was there after the load; correct the metric's name or its `match`",
        labels.join(", ")
    ))
}

impl<'e> Window<'e> {
    /// Cuts the act's window out of the samples.
    ///
    /// The baseline of each series is its last sample at or before `began`, and its end one at or after `ended`; a sample that is
    /// nearer to either than times can be told apart is neither. A series without one had the value 0 only if
    /// its instance was read successfully before the act (and it was not there), or was created after the act began;
    /// else its baseline is unknown. The end is its last sample; increments add up over decreases as Prometheus does it.
    pub fn cut(got: &Got<'e, HistogramSeries>, of: &HistogramOf, began: Wall, ended: Wall) -> Result<Window<'e>, Unknown> {
        let mut sets: BTreeMap<&BTreeMap<String, String>, LabelSet> = BTreeMap::new();
        let (mut decreases, mut cut) = (0, None);
        let doubt_us = got.value.doubt_us;
        let (before, after) = (began.plus_us(-doubt_us), ended.plus_us(doubt_us));
        for series in &got.value.series {
            let grown = growth(series, &got.value.scrapes, before).map_err(|gap| Unknown::new(got.key.clone(), gap))?;
            if series.samples.last().is_none_or(|last| last.0 < after) {
                cut = Some(Gap::Truncated(format!("{} was not read again after the load ended; its last sample is older", got.value.metric)));
            }
            let set = sets.entry(&series.labels).or_default();
            match series.part {
                Part::Count => {
                    set.count = Some(grown.by);
                    decreases += grown.decreases;
                }
                Part::Sum => set.sum = Some(grown.by * of.unit_ms),
                Part::Bucket(le) => {
                    // Where nothing else counts, the last bucket does.
                    set.decreases += if le.is_infinite() { grown.decreases } else { 0 };
                    set.buckets.push((le * of.unit_ms, grown.by));
                }
            }
        }
        if sets.is_empty() {
            return Err(Unknown::new(got.key.clone(), nothing_there(&got.value.metric, of)));
        }
        let with_buckets = sets.values().any(|s| !s.buckets.is_empty());
        for set in sets.values_mut() {
            set.buckets.sort_by(|a, b| a.0.total_cmp(&b.0));
            if let Some(why) = set.torn(with_buckets) {
                return Err(Unknown::new(got.key.clone(), Gap::Malformed(format!("{}: {why}", got.value.metric))));
            }
            decreases += if set.count.is_none() { set.decreases } else { 0 };
        }
        // A label set that did not grow adds nothing, whatever its edges: the instance before a restart, say.
        let grew = |s: &LabelSet| s.buckets.iter().any(|b| b.1 > 0.0);
        let any = sets.values().any(grew);
        let counted: Vec<&LabelSet> = sets.values().filter(|s| !any || grew(s)).collect();
        let edges = |s: &LabelSet| s.buckets.iter().map(|b| b.0.to_bits()).collect::<Vec<_>>();
        let mut layouts = counted.iter().map(|s| edges(s));
        let first = layouts.next();
        let one_layout = layouts.all(|l| Some(&l) == first.as_ref());
        let buckets = if one_layout { add_up(counted.iter().map(|s| &s.buckets)) } else { vec![] };
        let inside = inside(&got.value.series, began.plus_us(doubt_us), ended.plus_us(-doubt_us));
        let in_all = |s: &LabelSet| s.count.or_else(|| s.buckets.last().filter(|b| b.0.is_infinite()).map(|b| b.1)).unwrap_or(0.0);
        Ok(Window {
            // From +0: the sum of nothing is -0 otherwise, and is shown so.
            count: sets.values().map(in_all).fold(0.0, |a, b| a + b),
            sum_ms: sets.values().map(|s| s.sum).sum::<Option<f64>>().filter(|_| !sets.is_empty()),
            buckets,
            one_layout,
            decreases,
            label_sets: sets.len(),
            cut,
            inside,
            series: got.value,
            key: got.key,
        })
    }
}

/// Requests of others that were under way when the act began are over after this time, most of them, µs.
const UNDER_WAY_US: i64 = 2_000_000;

/// The growth between the first and the last reading of each counter inside the act. A series that came into being in it
/// is told from its first sample on, so that this is a lower bound.
fn inside(series: &[Series], began: Wall, ended: Wall) -> Option<Inside> {
    // Where nothing else counts, the last bucket does.
    let counts = |s: &&Series| s.part == Part::Count;
    let last_buckets = |s: &&Series| matches!(s.part, Part::Bucket(le) if le.is_infinite());
    let counted: Vec<&Series> = series.iter().filter(counts).collect();
    let counted = if counted.is_empty() { series.iter().filter(last_buckets).collect() } else { counted };
    counted.into_iter().fold(None, |sum: Option<Inside>, one| {
        let within = |s: &&Sample| s.1.is_finite() && s.0 >= began.plus_us(UNDER_WAY_US) && s.0 <= ended;
        let mut samples = one.samples.iter().filter(within);
        let first = samples.next();
        let Some((first, last)) = first.zip(samples.next_back()) else { return sum };
        let count = (last.1 - first.1).max(0.0);
        Some(match sum {
            Some(sum) => Inside { count: sum.count + count, from: sum.from.min(first.0), to: sum.to.max(last.0) },
            None => Inside { count, from: first.0, to: last.0 },
        })
    })
}

struct Grown {
    by: f64,
    decreases: u64,
}

fn growth(series: &Series, scrapes: &[Scrape], began: Wall) -> Result<Grown, Gap> {
    let samples: Vec<_> = series.samples.iter().filter(|s| s.1.is_finite()).collect();
    let after = samples.partition_point(|s| s.0 <= began);
    let baseline = match after.checked_sub(1) {
        Some(last_before) => samples[last_before].1,
        None if was_absent(series, scrapes, began) => 0.0,
        None => return Err(Gap::OutsideRetention("no sample from before the load, and no reading then that proves the counter stood at 0".into())),
    };
    let mut grown = Grown { by: 0.0, decreases: 0 };
    let mut last = baseline;
    for sample in &samples[after..] {
        // After a decrease the counter began again at 0.
        if sample.1 < last {
            grown.decreases += 1;
            grown.by += sample.1;
        } else {
            grown.by += sample.1 - last;
        }
        last = sample.1;
    }
    Ok(grown)
}

/// Is it proven that the series did not exist when the act began?
fn was_absent(series: &Series, scrapes: &[Scrape], began: Wall) -> bool {
    let instance = series.labels.get("instance");
    let read_before = scrapes.iter().any(|s| s.ok && s.at <= began && instance.is_none_or(|i| *i == s.instance));
    read_before || series.created.is_some_and(|c| c >= began.seconds())
}

fn add_up<'a>(layouts: impl Iterator<Item = &'a Vec<(f64, f64)>>) -> Vec<(f64, f64)> {
    layouts.fold(vec![], |mut total, layout| {
        if total.is_empty() {
            total.clone_from(layout);
        } else {
            total.iter_mut().zip(layout).for_each(|(t, l)| t.1 += l.1);
        }
        total
    })
}

/// (value at the start, last value) of a series around an act; 0 where it did not exist before. For negative controls.
pub fn span_of(series: &Series, began: Wall) -> (f64, f64) {
    let base = series.samples.iter().rev().find(|s| s.0 <= began).map_or(0.0, |s| s.1);
    (base, series.samples.last().map_or(base, |s| s.1))
}
