#![allow(clippy::float_cmp, reason = "counts and edges of one page are equal or they contradict each other")]

use super::{
    doubts::{Doubts, shown},
    format::Format,
    number::number,
    page::{Kind, Sample},
    series,
};
use crate::model::units::Wall;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    mem,
};

/// Sets of labels of one family whose lines are held to be compared. Programs write the lines of a set together, so that
/// beyond this number the oldest are whole and can be let go: a family of millions of lines takes some 4 MB.
const HELD: usize = 5_000;

/// Do the lines of a histogram family agree with each other? Told line by line, with the samples themselves let go.
#[derive(Default)]
pub struct Agreement {
    groups: VecDeque<Group>,
    /// The number of a group, counted from the first of the family, by the hash of its labels and time.
    index: HashMap<u64, u64>,
    /// Groups before this number were judged and let go.
    gone: u64,
    gone_keys: HashSet<u64>,
    /// Lines so far, without `_created`.
    lines: u64,
    /// There are more sets of labels than are held, and their lines are not together.
    scattered: bool,
}

/// The lines of one set of labels.
struct Group {
    key: u64,
    /// Where it begins, and with which ending.
    first: (u64, &'static str),
    buckets: Vec<Bucket>,
    /// Value and line.
    count: Option<(f64, u64)>,
    sum: Option<(f64, u64)>,
    last: u64,
}

struct Bucket {
    le: f64,
    value: f64,
    line: u64,
    exemplar: Option<f64>,
}

/// The endings of bucket, sum and count.
fn endings(kind: Kind) -> [&'static str; 3] {
    if kind == Kind::GaugeHistogram { ["_bucket", "_gsum", "_gcount"] } else { ["_bucket", "_sum", "_count"] }
}

impl Agreement {
    /// Takes a line of the family of this name.
    pub fn add(&mut self, family: &str, kind: Kind, sample: &Sample<'_>, format: Format, doubts: &mut Doubts) {
        let told = sample.name.strip_prefix(family).unwrap_or_default();
        if told == "_created" || self.scattered {
            return;
        }
        self.lines += 1;
        let Some(ending) = endings(kind).into_iter().find(|e| *e == told) else { return };
        let key = series::hash(&sample.labels, "le") ^ sample.timestamp.map_or(0, |t: Wall| series::mix(t.0.cast_unsigned()));
        let (this, line) = (self.lines, sample.line);
        let Some(group) = self.group(key, (line, ending)) else {
            self.give_up(family, line, doubts);
            return;
        };
        if mem::replace(&mut group.last, this) + 1 < this && format == Format::OpenMetrics {
            doubts.light(line, format!("{}: the lines of one set of labels are not together", shown(&sample.name)));
        }
        let [bucket, sum, _] = endings(kind);
        if ending == bucket {
            match sample.labels.get("le").map(number) {
                Some(Some(le)) if !le.is_nan() => {
                    let exemplar = sample.exemplar.as_ref().map(|e| e.value);
                    group.buckets.push(Bucket { le, value: sample.value, line, exemplar });
                }
                Some(_) => grave(doubts, line, family, ending, "`le` is no number"),
                None => grave(doubts, line, family, ending, "a bucket has no `le`"),
            }
        } else if ending == sum {
            group.sum = Some((sample.value, line));
        } else {
            group.count = Some((sample.value, line));
        }
        if ending != sum && (sample.value < 0.0 || !sample.value.is_finite()) {
            grave(doubts, line, family, ending, "a count is negative, infinite or no number");
        }
        if self.groups.len() > HELD {
            self.let_go(family, kind, line, doubts);
        }
    }

    /// What the lines say together, at the end of the page.
    pub fn finish(mut self, family: &str, kind: Kind, doubts: &mut Doubts) {
        for group in &mut self.groups {
            group.judge(family, kind, doubts);
        }
    }

    /// The group of a key; `None` where it was let go.
    fn group(&mut self, key: u64, first: (u64, &'static str)) -> Option<&mut Group> {
        let newest = self.groups.back().is_some_and(|g| g.key == key).then(|| self.groups.len() - 1);
        let known = newest.or_else(|| usize::try_from(self.index.get(&key)? - self.gone).ok());
        let at = match known {
            Some(at) => at,
            None if self.gone_keys.contains(&key) => return None,
            None => {
                self.index.insert(key, self.gone + self.groups.len() as u64);
                self.groups.push_back(Group { key, first, buckets: vec![], count: None, sum: None, last: self.lines });
                self.groups.len() - 1
            }
        };
        self.groups.get_mut(at)
    }

    /// Judges the older half and forgets it.
    fn let_go(&mut self, family: &str, kind: Kind, line: u64, doubts: &mut Doubts) {
        if !self.groups.iter().take(HELD / 2).all(Group::is_whole) {
            self.give_up(family, line, doubts);
            return;
        }
        for mut group in self.groups.drain(..HELD / 2) {
            group.judge(family, kind, doubts);
            self.index.remove(&group.key);
            self.gone_keys.insert(group.key);
            self.gone += 1;
        }
    }

    fn give_up(&mut self, family: &str, line: u64, doubts: &mut Doubts) {
        let why = "there are very many sets of labels, and their lines are not together: whether they agree was not checked";
        doubts.light(line, format!("{}: {why}", shown(family)));
        *self = Agreement { scattered: true, ..Agreement::default() };
    }
}

impl Group {
    /// Has everything come that a set of labels has?
    fn is_whole(&self) -> bool {
        self.count.is_some() && self.buckets.iter().any(|b| b.le == f64::INFINITY)
    }

    fn judge(&mut self, family: &str, kind: Kind, doubts: &mut Doubts) {
        self.edges(family, doubts);
        self.closed(family, kind, doubts);
    }

    /// Edges ascend and differ, counts never fall from one edge to the next, exemplars sit in their bucket.
    fn edges(&mut self, family: &str, doubts: &mut Doubts) {
        if let Some(pair) = self.buckets.windows(2).find(|pair| pair[1].le < pair[0].le) {
            doubts.light(pair[1].line, format!("{}: `le` does not ascend", shown(&format!("{family}_bucket"))));
            self.buckets.sort_by(|a, b| a.le.total_cmp(&b.le));
        }
        for pair in self.buckets.windows(2) {
            let (low, high) = (&pair[0], &pair[1]);
            if low.le == high.le {
                grave(doubts, high.line, family, "_bucket", "the same `le` a second time");
            } else if high.value < low.value {
                grave(doubts, high.line, family, "_bucket", "buckets are not cumulative: the count falls towards a higher `le`");
            }
            if high.exemplar.is_some_and(|value| value <= low.le) {
                doubts.light(high.line, format!("{}: an exemplar lies outside its bucket", shown(&format!("{family}_bucket"))));
            }
        }
    }

    /// The last bucket holds everything, and `_count` says the same.
    fn closed(&self, family: &str, kind: Kind, doubts: &mut Doubts) {
        let [bucket, sum, count] = endings(kind);
        match (self.buckets.last(), self.count) {
            (Some(top), _) if top.le != f64::INFINITY => grave(doubts, top.line, family, bucket, "the `+Inf` bucket is missing"),
            (None, _) => grave(doubts, self.first.0, family, self.first.1, "a histogram has no buckets"),
            (Some(top), Some((told, line))) if told != top.value => grave(doubts, line, family, count, "the count differs from the `+Inf` bucket"),
            _ => {}
        }
        let negative_edges = self.buckets.first().is_some_and(|b| b.le < 0.0);
        let lacks = |what: &str| format!("{}: a histogram has no `{what}`", shown(family));
        if kind == Kind::Histogram {
            if self.count.is_none() {
                doubts.light(self.first.0, lacks("_count"));
            }
            match self.sum {
                None if !negative_edges => doubts.light(self.first.0, lacks("_sum")),
                Some((value, line)) if !negative_edges && value < 0.0 => {
                    doubts.light(line, format!("{}: the sum is negative though no bucket is", shown(&format!("{family}{sum}"))));
                }
                _ => {}
            }
        }
    }
}

fn grave(doubts: &mut Doubts, line: u64, family: &str, ending: &str, why: &str) {
    let name = format!("{family}{ending}");
    doubts.grave(line, &name, format!("{}: {why}", shown(&name)));
}
