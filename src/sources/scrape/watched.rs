#![allow(clippy::float_cmp, reason = "a counter that did not change has the same value to the last bit")]

use super::extract::{Extract, Point};
use crate::model::{
    evidence::Gap,
    payload::{Exemplar, HistogramSeries, Part, Performed, Sample, Scrape, Series},
    units::{Ms, Wall},
};
use crate::sources::{
    native::{self, Bucket, Snapshot},
    ours::{increase, only_ours, sort},
};
use std::collections::{BTreeMap, HashMap};

/// Exemplars of strangers are held until the act is over, since only then ours are known; not more than this many.
const HELD: usize = 100_000;

/// What a watcher has seen so far. Of each series only the first, the last and both sides of each change are kept.
#[derive(Default)]
pub struct Watched {
    instance: String,
    answer: HistogramSeries,
    index: HashMap<(u64, BTreeMap<String, String>), usize>,
    exemplars: HashMap<(String, u64), Exemplar>,
    /// What native histograms held, where it changed.
    native: native::Sets,
    /// Damage of the first, of any later and of the last reading that worked.
    first: Option<Wall>,
    first_damage: Option<String>,
    last_damage: Option<String>,
    between: u64,
    last_doubts: (u64, Option<String>),
    /// Why the last reading did not work.
    pub last_gap: Option<Gap>,
}

impl Watched {
    pub fn new(metric: &str, instance: &str, interval: Ms) -> Watched {
        let answer = HistogramSeries { metric: metric.to_owned(), interval_ms: interval.0, ..HistogramSeries::default() };
        Watched { instance: instance.to_owned(), answer, ..Watched::default() }
    }

    /// Takes in one reading, whether it worked or not.
    pub fn add(&mut self, at: Wall, reading: Result<Extract, Gap>) {
        self.answer.scrapes.push(Scrape { instance: self.instance.clone(), at, ok: reading.is_ok() });
        let extract = match reading {
            Ok(extract) => extract,
            Err(gap) => {
                self.last_gap = Some(gap);
                return;
            }
        };
        self.last_gap = None;
        let first = self.first.is_none();
        self.first.get_or_insert(at);
        if first {
            self.first_damage.clone_from(&extract.damage);
        } else {
            self.between += u64::from(std::mem::replace(&mut self.last_damage, extract.damage).is_some());
        }
        self.last_doubts = (extract.doubts, extract.first_doubt);
        let told = &mut self.answer;
        told.declared_type = extract.declared_type.or(told.declared_type.take());
        told.declared_unit = extract.declared_unit.or(told.declared_unit.take());
        for point in extract.points {
            self.point(point, at);
        }
        for (labels, own, buckets) in extract.native {
            self.snapshot(labels, own.unwrap_or(at), buckets);
        }
        for (labels, created) in extract.created {
            let same = self.answer.series.iter_mut().filter(|s| s.labels == labels);
            same.for_each(|s| s.created = Some(created));
        }
        for exemplar in extract.exemplars {
            let key = (exemplar.trace_id.clone(), exemplar.le.to_bits());
            if self.exemplars.len() < HELD || self.exemplars.contains_key(&key) {
                self.exemplars.insert(key, exemplar);
            }
        }
    }

    fn point(&mut self, point: Point, read: Wall) {
        let part = match point.part {
            Part::Bucket(le) => le.to_bits(),
            // Two payloads of NaN, which no edge has.
            Part::Sum => u64::MAX,
            Part::Count => u64::MAX - 1,
        };
        let sample = Sample(point.at.unwrap_or(read), point.value);
        let Some(at) = self.index.get(&(part, point.labels.clone())) else {
            self.index.insert((part, point.labels.clone()), self.answer.series.len());
            self.answer.series.push(Series { part: point.part, labels: point.labels, samples: vec![sample], created: None });
            return;
        };
        let samples = &mut self.answer.series[*at].samples;
        match samples.as_mut_slice() {
            // The page repeats a point with its own timestamp.
            [.., last] if last.0 >= sample.0 => *last = if last.0 == sample.0 { sample } else { *last },
            [.., a, b] if a.1 == b.1 && b.1 == sample.1 => *b = sample,
            _ => samples.push(sample),
        }
    }

    /// Of what stays as it is only the first and the last are kept, as of any series.
    fn snapshot(&mut self, labels: BTreeMap<String, String>, at: Wall, buckets: Vec<Bucket>) {
        let kept = self.native.entry(labels).or_default();
        let snapshot = Snapshot { at, buckets };
        match kept.as_mut_slice() {
            [.., last] if last.at >= snapshot.at => {}
            [.., a, b] if a.buckets == b.buckets && b.buckets == snapshot.buckets => *b = snapshot,
            _ => kept.push(snapshot),
        }
    }

    /// Observations counted since the first reading.
    pub fn counted(&self) -> f64 {
        increase(&self.answer.series, self.first.unwrap_or_default())
    }

    /// The answer, the notes that go with it, and why it is not whole.
    pub fn finish(mut self, performed: &Performed) -> (HistogramSeries, Vec<String>, Option<Gap>) {
        let mut notes = vec![];
        if let (lines @ 1.., Some(first)) = &self.last_doubts {
            notes.push(format!("{lines} lines of the page are doubtful, first {first}"));
        }
        if self.between > 0 {
            notes.push(format!("{} readings between the first and the last had broken lines of {}", self.between, self.answer.metric));
        }
        // Only the edges enter a difference; a broken reading between them costs nothing but itself.
        let damage = self.first_damage.take().or(self.last_damage.take());
        let damage = damage.or_else(|| self.unfold(&mut notes).err());
        let broken = damage.map(|why| Gap::Malformed(format!("{} on the page of {}: {why}", self.answer.metric, self.instance)));
        self.answer.exemplars = only_ours(performed, self.exemplars.into_values().collect());
        sort(&mut self.answer.series);
        (self.answer, notes, broken.or(self.last_gap))
    }

    /// Native histograms as series like those of classic ones.
    fn unfold(&mut self, notes: &mut Vec<String>) -> Result<(), String> {
        if self.native.is_empty() {
            return Ok(());
        }
        let buckets = native::unfold(&self.native)?;
        self.answer.schema = native::schema(&self.native);
        notes.push(native::told(&self.answer.metric, self.answer.schema));
        // A reading that came as text shows the last edge only.
        self.answer.series.retain(|s| !matches!(s.part, Part::Bucket(_)) || !self.native.contains_key(&s.labels));
        self.answer.series.extend(buckets);
        Ok(())
    }
}
