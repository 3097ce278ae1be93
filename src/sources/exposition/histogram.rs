#![allow(clippy::float_cmp, reason = "counts and edges of one page are equal or they contradict each other")]

use super::{
    doubts::{Doubts, shown},
    format::Format,
    number::number,
    page::{Family, Kind, Sample},
    series,
};
use std::collections::HashMap;

/// The lines of one set of labels.
struct Group<'f> {
    /// Its first line, whose labels are the group's.
    first: &'f Sample<'f>,
    /// Edge, cumulative count, line.
    buckets: Vec<Bucket<'f>>,
    count: Option<&'f Sample<'f>>,
    sum: Option<&'f Sample<'f>>,
    last: Option<usize>,
}

struct Bucket<'f> {
    le: f64,
    sample: &'f Sample<'f>,
}

/// Do the lines of a histogram family agree with each other?
pub fn check(family: &Family<'_>, format: Format, doubts: &mut Doubts) {
    let mut groups: Vec<Group<'_>> = vec![];
    let mut index: HashMap<u64, usize> = HashMap::new();
    let (bucket, sum, count) = match family.kind {
        Kind::GaugeHistogram => ("_bucket", "_gsum", "_gcount"),
        _ => ("_bucket", "_sum", "_count"),
    };
    for (at, sample) in family.samples.iter().enumerate() {
        let ending = sample.name.strip_prefix(family.name.as_ref()).unwrap_or_default();
        if ending.is_empty() || ending == "_created" {
            continue;
        }
        let mine = find(&mut groups, &mut index, sample);
        let group = &mut groups[mine];
        if format == Format::OpenMetrics
            && let Some(last) = group.last
            // `_created` lines may stand between: they belong to the same set of labels.
            && family.samples[last + 1..at].iter().any(|s| !s.name.ends_with("_created"))
        {
            doubts.light(sample.line, format!("{}: the lines of one set of labels are not together", shown(&sample.name)));
        }
        group.last = Some(at);
        if ending == bucket {
            match sample.labels.get("le").map(number) {
                Some(Some(le)) if !le.is_nan() => group.buckets.push(Bucket { le, sample }),
                Some(_) => grave(doubts, sample, "`le` is no number"),
                None => grave(doubts, sample, "a bucket has no `le`"),
            }
        } else if ending == count {
            group.count = Some(sample);
        } else if ending == sum {
            group.sum = Some(sample);
        }
        let counts = ending == bucket || ending == count;
        if counts && (sample.value < 0.0 || !sample.value.is_finite()) {
            grave(doubts, sample, "a count is negative, infinite or no number");
        }
    }
    for group in &mut groups {
        edges(group, doubts);
        closed(group, family, doubts);
    }
}

/// The group of a sample, by its labels without `le` and its timestamp.
fn find<'f>(groups: &mut Vec<Group<'f>>, index: &mut HashMap<u64, usize>, sample: &'f Sample<'f>) -> usize {
    let mut key = series::hash(&sample.labels, "le") ^ sample.timestamp.map_or(0, |t| series::mix(t.0.cast_unsigned()));
    loop {
        match index.get(&key) {
            Some(at) if groups[*at].first.timestamp == sample.timestamp && series::same(&groups[*at].first.labels, &sample.labels, "le") => {
                return *at;
            }
            Some(_) => key = key.wrapping_add(1),
            None => {
                groups.push(Group { first: sample, buckets: vec![], count: None, sum: None, last: None });
                index.insert(key, groups.len() - 1);
                return groups.len() - 1;
            }
        }
    }
}

/// Edges ascend and differ, counts never fall from one edge to the next, exemplars sit in their bucket.
fn edges(group: &mut Group<'_>, doubts: &mut Doubts) {
    for pair in group.buckets.windows(2) {
        if pair[1].le < pair[0].le {
            doubts.light(pair[1].sample.line, format!("{}: `le` does not ascend", shown(&pair[1].sample.name)));
            break;
        }
    }
    group.buckets.sort_by(|a, b| a.le.total_cmp(&b.le));
    for pair in group.buckets.windows(2) {
        let (low, high) = (&pair[0], &pair[1]);
        if low.le == high.le {
            grave(doubts, high.sample, "the same `le` a second time");
        } else if high.sample.value < low.sample.value {
            grave(doubts, high.sample, "buckets are not cumulative: the count falls towards a higher `le`");
        }
        if high.sample.exemplar.as_ref().is_some_and(|e| e.value <= low.le) {
            doubts.light(high.sample.line, format!("{}: an exemplar lies outside its bucket", shown(&high.sample.name)));
        }
    }
}

/// The last bucket holds everything, and `_count` says the same.
fn closed(group: &Group<'_>, family: &Family<'_>, doubts: &mut Doubts) {
    let top = group.buckets.last();
    match (top, group.count) {
        (Some(top), _) if top.le != f64::INFINITY => grave(doubts, top.sample, "the `+Inf` bucket is missing"),
        (None, _) => grave(doubts, group.first, "a histogram has no buckets"),
        (Some(top), Some(count)) if count.value != top.sample.value => grave(doubts, count, "the count differs from the `+Inf` bucket"),
        _ => {}
    }
    let negative_edges = group.buckets.first().is_some_and(|b| b.le < 0.0);
    let told = |what: &str| format!("{}: a histogram has no `{what}`", shown(&family.name));
    if family.kind == Kind::Histogram {
        if group.count.is_none() {
            doubts.light(group.first.line, told("_count"));
        }
        match group.sum {
            None if !negative_edges => doubts.light(group.first.line, told("_sum")),
            Some(sum) if !negative_edges && sum.value < 0.0 => {
                doubts.light(sum.line, format!("{}: the sum is negative though no bucket is", shown(&sum.name)));
            }
            _ => {}
        }
    }
}

fn grave(doubts: &mut Doubts, sample: &Sample<'_>, why: &str) {
    doubts.grave(sample.line, &sample.name, format!("{}: {why}", shown(&sample.name)));
}
