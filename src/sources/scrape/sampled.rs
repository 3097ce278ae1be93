//! What a page's readings said of the claims of one workload.

use super::{
    extract::{labels, pairs},
    pages::Fetched,
};
use crate::{
    model::{
        evidence::Gap,
        payload::{Reading, Sample, Track},
        units::{Ms, Wall},
        usage::{UsageClaim, UsageSeries},
    },
    sources::{exposition, series},
};
use std::{cell::RefCell, collections::BTreeMap};

type Labels = BTreeMap<String, String>;

/// What one reading says of each claim.
#[derive(Debug, Default)]
pub struct Points {
    /// Labels, value and the sample's own time, per claim.
    pub of: Vec<Vec<(Labels, f64, Option<Wall>)>>,
    /// Why the lines of a claim cannot be trusted.
    pub damage: Option<String>,
    /// The first claim that matches more series than are read.
    pub over: Option<usize>,
}

/// Reads a page and keeps what belongs to the claims.
pub fn points(page: &Fetched, claims: &[UsageSeries], instance: &str) -> Points {
    let counts = RefCell::new((vec![0_usize; claims.len()], None));
    let read = page.lines(&|sample| {
        let mut wanted = false;
        let (counts, over) = &mut *counts.borrow_mut();
        for (n, _) in claims.iter().enumerate().filter(|(_, of)| belongs(sample, of)) {
            counts[n] += 1;
            if counts[n] > series::MOST_SERIES {
                over.get_or_insert(n);
            }
            wanted = true;
        }
        wanted && over.is_none()
    });
    let over = counts.into_inner().1;
    let damage = claims.iter().find_map(|of| read.damage(&of.metric).map(|d| format!("`{}`, line {}: {}", of.metric, d.line, d.why)));
    let of = claims.iter().map(|of| {
        let ours = read.samples().filter(|sample| belongs(sample, of));
        ours.map(|s| (labels(pairs(&s.labels), instance), s.value, s.timestamp)).collect()
    });
    Points { of: of.collect(), damage, over }
}

fn belongs(sample: &exposition::Sample<'_>, of: &UsageSeries) -> bool {
    sample.name == of.metric && of.labels.iter().all(|(name, value)| sample.labels.get(name).unwrap_or_default() == value)
}

/// All readings so far.
#[derive(Default)]
pub struct Sampled {
    /// Of each claim, by labels; whether the last reading had it.
    series: Vec<BTreeMap<Labels, (Vec<Sample>, bool)>>,
    pub readings: Vec<Reading>,
    samples: usize,
    /// Samples that are no number, per claim.
    nan: Vec<usize>,
    infinite: Option<String>,
    first_damage: Option<String>,
    last_damage: Option<String>,
    between: u64,
    /// Why the last reading did not work.
    pub last_gap: Option<Gap>,
}

impl Sampled {
    pub fn of(claims: usize) -> Sampled {
        Sampled { series: vec![BTreeMap::new(); claims], nan: vec![0; claims], ..Sampled::default() }
    }

    /// Takes in one reading, whether it worked or not.
    pub fn add(&mut self, reading: Reading, points: Result<Points, Gap>) {
        let (read, first) = (reading.at, !self.readings.iter().any(|r| r.ok));
        self.readings.push(reading);
        let points = match points {
            Ok(points) => points,
            Err(gap) => {
                self.last_gap = Some(gap);
                return;
            }
        };
        self.last_gap = None;
        if first {
            self.first_damage = points.damage;
        } else {
            self.between += u64::from(std::mem::replace(&mut self.last_damage, points.damage).is_some());
        }
        for (n, points) in points.of.into_iter().enumerate() {
            self.series[n].values_mut().for_each(|one| one.1 = false);
            for (labels, value, at) in points {
                if value.is_nan() {
                    self.nan[n] += 1;
                    continue;
                }
                if value.is_infinite() {
                    self.infinite.get_or_insert_with(|| "a value is infinite".into());
                    continue;
                }
                let (samples, there) = self.series[n].entry(labels).or_default();
                *there = true;
                let sample = Sample(at.unwrap_or(read), value);
                // The page repeats a sample with its own timestamp until it has a newer one.
                if samples.last().is_none_or(|last| last.0 < sample.0) {
                    samples.push(sample);
                    self.samples += 1;
                }
            }
        }
    }

    /// More samples than are kept?
    pub fn too_many(&self) -> bool {
        self.samples > series::MOST_SAMPLES
    }

    /// Did the last reading work, and is each series that it has as new as this?
    pub fn reached(&self, to: Wall) -> bool {
        let there = self.series.iter().flat_map(BTreeMap::values).filter(|one| one.1);
        self.last_gap.is_none() && there.map(|one| one.0.last().map_or(Wall(0), |s| s.0)).all(|last| last >= to)
    }

    /// How far a stamp may lie from when its value was taken, µs: a page is written while it is read, usually so long.
    pub fn doubt_us(&self) -> i64 {
        let mut took: Vec<f64> = self.readings.iter().filter_map(|r| r.took_ms).collect();
        took.sort_by(f64::total_cmp);
        took.get(took.len() / 2).map_or(0, |ms| (ms * 1e3) as i64)
    }

    /// The series, the notes that go with them, and why they are not whole.
    pub fn finish(mut self, claims: &[(&UsageClaim, &UsageSeries)], place: &str, to: Wall) -> (Vec<Track>, Vec<String>, Option<Gap>) {
        let (mut tracks, mut notes) = (vec![], vec![]);
        let late = self.late(claims, to);
        for (n, (claim, of)) in claims.iter().enumerate() {
            if self.nan[n] > 0 {
                notes.push(format!("`{}`: {} samples of {} are no number, and are left out", claim.subject(), self.nan[n], series::shown(of)));
            }
            let found: Vec<_> = std::mem::take(&mut self.series[n]).into_iter().map(|(labels, (samples, _))| (labels, samples)).collect();
            if found.is_empty() {
                notes.push(series::nothing(claim, of));
            }
            tracks.extend(series::tracks(claim, of, found));
        }
        if self.between > 0 {
            notes.push(format!("{} readings between the first and the last had broken lines", self.between));
        }
        // A broken reading between costs nothing but itself.
        let damage = self.first_damage.or(self.last_damage).or(self.infinite);
        let broken = damage.map(|why| Gap::Malformed(format!("{place}: {why}")));
        (tracks, notes, broken.or(self.last_gap).or(late.map(|why| Gap::TooLate(format!("{place}: {why}")))))
    }

    /// What the page still shows as it was before the act's end.
    fn late(&self, claims: &[(&UsageClaim, &UsageSeries)], to: Wall) -> Option<String> {
        claims.iter().zip(&self.series).find_map(|((_, of), series)| {
            let mut lasts = series.values().filter(|one| one.1).filter_map(|one| one.0.last());
            let old = lasts.find(|last| last.0 < to)?;
            let behind = Ms((to.0 - old.0.0) as f64 / 1e3);
            Some(format!("{} has no sample stamped after the act's end: its own newest stamp lies {behind} before it", series::shown(of)))
        })
    }
}
