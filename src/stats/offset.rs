//! The offset between two clocks, from readings that each bound it.
//!
//! Whoever stamps an event between two of our own stamps bounds the difference of the clocks (Cristian 1989). The offset
//! that the most bounds hold is the one to believe (Marzullo 1984; NTP selects its servers so, RFC 5905 section 11.2.1).
//! Where bounds of before and after contradict each other, the clock stepped or drifts between them.

use crate::model::units::Count;
use serde::Deserialize;

/// How much a set of readings is forgiven before it says nothing of a clock.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tolerance {
    /// Fewest readings that make a stretch, and that make a step when they disagree with the others in a row.
    pub few: Count,
    /// From so many readings on, some may be wrong.
    pub from: Count,
    /// One of them, or one in so many, whichever is more.
    pub one_in: Count,
    /// So many wrong ones that agree with each other, wherever they stand, are another clock.
    pub agree: Count,
    /// A clock that needs more stretches than this fits no description that is worth telling.
    pub stretches: Count,
    /// Readings at the start of a stretch that may be left out: they were under way when the clock stepped.
    pub under_way: Count,
}

impl Tolerance {
    fn few(self) -> usize {
        self.few.0.max(1) as usize
    }
    /// How many of `n` may be wrong.
    fn wrong(self, n: usize) -> usize {
        if (n as u64) < self.from.0 { 0 } else { (n / self.one_in.0.max(1) as usize).max(1) }
    }
}

/// One bound on the offset of another clock against ours.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// When it was taken, ms on our clock.
    pub at: f64,
    /// The offset is at least this, ms; may be minus infinity.
    pub lo: f64,
    /// The offset is at most this, ms. A reading with `hi < lo` contradicts itself and bounds nothing.
    pub hi: f64,
}

impl Reading {
    /// Does it allow anything at all?
    pub fn holds_something(&self) -> bool {
        self.lo <= self.hi
    }
    fn allows(&self, stretch: &Stretch) -> bool {
        self.lo <= stretch.lo && stretch.hi <= self.hi
    }
    fn excludes(&self, stretch: &Stretch) -> bool {
        self.hi < stretch.lo || stretch.hi < self.lo
    }
}

/// A stretch of time in which one offset explains nearly all readings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Time of its first reading that fits, ms.
    pub from: f64,
    /// Time of its last reading that fits it, and does not fit what follows, ms.
    pub to: f64,
    /// The offset is at least this, ms.
    pub lo: f64,
    /// The offset is at most this, ms.
    pub hi: f64,
    /// Readings that fit.
    pub fit: usize,
    /// Readings in all.
    pub of: usize,
}

impl Stretch {
    /// What holds if either of the two does.
    #[must_use]
    pub fn hull(self, other: &Stretch) -> Stretch {
        Stretch { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi), fit: self.fit.min(other.fit), ..self }
    }
}

/// The stretches that explain readings in order of time: one where the clocks keep their offset, several where one of them
/// stepped or drifts. `None` where there are too few readings, or they fit no few stretches.
pub fn stretches(readings: &[Reading], tolerance: Tolerance) -> Option<Vec<Stretch>> {
    let (few, under_way) = (tolerance.few(), tolerance.under_way.0 as usize);
    let mut found: Vec<Stretch> = vec![];
    let mut rest = readings;
    while rest.len() >= few {
        let skips = if found.is_empty() { 1 } else { under_way.max(1) };
        let Some(skip) = (0..skips.min(rest.len() - few + 1)).find(|skip| coherent(&rest[*skip..*skip + few], tolerance).is_some()) else {
            // Too few after a stretch to say anything of them: they may have been under way.
            if !found.is_empty() && rest.len() < under_way {
                break;
            }
            // The very first readings disagree among themselves: see whether the whole forgives them.
            return if found.is_empty() { coherent(rest, tolerance).map(|one| vec![one]) } else { None };
        };
        let (length, stretch) = longest(&rest[skip..], tolerance)?;
        if let Some(before) = found.last_mut() {
            // Wide readings may allow both offsets: what shows that the clock still ran as before is the last that allows one only.
            let told = readings.iter().take(readings.len() - rest.len()).rfind(|r| r.at >= before.from && r.allows(before) && r.excludes(&stretch));
            before.to = told.map_or(before.to, |r| r.at);
        }
        found.push(stretch);
        if found.len() as u64 > tolerance.stretches.0 {
            return None;
        }
        rest = &rest[skip + length..];
    }
    (!found.is_empty()).then_some(found)
}

/// The longest stretch from the start of `readings`, whose first few are coherent.
fn longest(readings: &[Reading], tolerance: Tolerance) -> Option<(usize, Stretch)> {
    if let Some(whole) = coherent(readings, tolerance) {
        return Some((readings.len(), whole));
    }
    let (mut good, mut bad) = (tolerance.few(), readings.len());
    while bad - good > 1 {
        let middle = usize::midpoint(good, bad);
        if coherent(&readings[..middle], tolerance).is_some() {
            good = middle;
        } else {
            bad = middle;
        }
    }
    let stretch = coherent(&readings[..good], tolerance)?;
    // Those at its end that do not fit begin what comes next.
    let last = readings[..good].iter().rposition(|r| r.allows(&stretch))?;
    Some((last + 1, stretch))
}

/// The one offset that explains nearly all readings, if there is one: some may be wrong, but not several in a row that agree
/// on another offset.
fn coherent(readings: &[Reading], tolerance: Tolerance) -> Option<Stretch> {
    let (n, few) = (readings.len(), tolerance.few());
    let wrong = tolerance.wrong(n);
    let (lo, hi, fit) = densest(readings)?;
    if n < few || fit + wrong < n {
        return None;
    }
    let fits = |r: &&Reading| r.lo <= lo && hi <= r.hi;
    let misfits_in_a_row = readings.split(|r| fits(&r)).filter(|run| run.len() >= few);
    if misfits_in_a_row.flat_map(|run| run.windows(few)).any(|run| densest(run).is_some_and(|(.., agree)| agree == run.len())) {
        return None;
    }
    let mut fitting = readings.iter().filter(fits);
    let first = fitting.next()?;
    let last = fitting.next_back().unwrap_or(first);
    Some(Stretch { from: first.at, to: last.at, lo, hi, fit, of: n })
}

/// The readings that do not fit a stretch, where most of them agree on another offset: their places. Another clock under
/// the same name looks so; noise does not agree with itself.
pub fn apart(readings: &[Reading], stretch: &Stretch, tolerance: Tolerance) -> Option<(Stretch, Vec<usize>)> {
    let misfits: Vec<usize> = (0..readings.len()).filter(|i| !readings[*i].allows(stretch)).collect();
    let (lo, hi, fit) = densest(&misfits.iter().map(|i| readings[*i]).collect::<Vec<_>>())?;
    if (fit as u64) < tolerance.agree.0 || 2 * fit <= misfits.len() {
        return None;
    }
    let theirs: Vec<usize> = misfits.into_iter().filter(|i| readings[*i].lo <= lo && hi <= readings[*i].hi).collect();
    let (first, last) = (readings[*theirs.first()?].at, readings[*theirs.last()?].at);
    Some((Stretch { from: first, to: last, lo, hi, fit, of: readings.len() }, theirs))
}

/// The offsets that all of some readings allow.
pub fn common(readings: &[Reading]) -> Option<(f64, f64)> {
    let lo = readings.iter().map(|r| r.lo).reduce(f64::max)?;
    let hi = readings.iter().map(|r| r.hi).reduce(f64::min)?;
    (lo <= hi).then_some((lo, hi))
}

/// The offsets that the most readings allow, and how many do.
fn densest(readings: &[Reading]) -> Option<(f64, f64, usize)> {
    let mut edges: Vec<(f64, bool)> = readings.iter().filter(|r| r.holds_something()).flat_map(|r| [(r.lo, false), (r.hi, true)]).collect();
    // An offset on the edge of two readings is allowed by both: starts come before ends.
    edges.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let (mut open, mut best, mut found) = (0_usize, 0_usize, None);
    for (i, (at, end)) in edges.iter().enumerate() {
        if *end {
            open -= 1;
            continue;
        }
        open += 1;
        if open > best {
            best = open;
            found = edges.get(i + 1).map(|next| (*at, next.0));
        }
    }
    found.map(|(lo, hi)| (lo, hi, best))
}

#[cfg(test)]
mod tests {
    use super::{Count, Reading, Stretch, Tolerance, apart};
    use proptest::prelude::*;

    const TOLERANCE: Tolerance =
        Tolerance { few: Count(5), from: Count(8), one_in: Count(20), agree: Count(3), stretches: Count(8), under_way: Count(24) };

    fn stretches(readings: &[Reading]) -> Option<Vec<Stretch>> {
        super::stretches(readings, TOLERANCE)
    }
    fn readings(bounds: &[(f64, f64)]) -> Vec<Reading> {
        bounds.iter().enumerate().map(|(i, (lo, hi))| Reading { at: i as f64, lo: *lo, hi: *hi }).collect()
    }

    #[test]
    fn the_common_part_of_all_bounds() {
        let one = stretches(&readings(&[(-3.0, 1.0), (-1.0, 4.0), (-2.0, 0.5), (-8.0, 9.0), (-0.5, 3.0)]));
        assert_eq!(one, Some(vec![Stretch { from: 0.0, to: 4.0, lo: -0.5, hi: 0.5, fit: 5, of: 5 }]));
        assert_eq!(stretches(&readings(&[(-1.0, 1.0); 4])), None, "too few");
        let only_at_most = stretches(&readings(&[(f64::NEG_INFINITY, 2.0); 6])).unwrap();
        assert_eq!((only_at_most[0].lo, only_at_most[0].hi), (f64::NEG_INFINITY, 2.0));
    }

    #[test]
    fn some_wrong_readings_are_forgiven_and_readings_that_fit_nothing_are_not() {
        let mut bounds = vec![(-1.0, 1.0); 40];
        bounds[7] = (30.0, 31.0);
        bounds[20] = (2.0, -2.0);
        let one = stretches(&readings(&bounds)).unwrap();
        assert_eq!((one.len(), one[0].fit, one[0].of), (1, 38, 40));
        bounds[33] = (-50.0, -40.0);
        assert!(stretches(&readings(&bounds)).is_none_or(|s| s.len() > 1), "3 of 40 are more than 1 in 20");
        let scattered: Vec<(f64, f64)> = (0..60).map(|i| f64::from(i * 37 % 101)).map(|x| (x, x + 1.0)).collect();
        assert_eq!(stretches(&readings(&scattered)), None);
    }

    #[test]
    fn wrong_readings_that_agree_are_another_clock() {
        let mut bounds = vec![(-1.0, 1.0); 100];
        for (i, lo) in [(11, 30.0), (37, 30.5), (62, 29.5)] {
            bounds[i] = (lo, lo + 2.0);
        }
        bounds[80] = (2.0, -2.0);
        let read = readings(&bounds);
        let (other, theirs) = apart(&read, &stretches(&read).unwrap()[0], TOLERANCE).unwrap();
        assert_eq!((other.lo, other.hi, other.fit, theirs), (30.5, 31.5, 3, vec![11, 37, 62]));
        bounds[37] = (70.0, 72.0);
        let read = readings(&bounds);
        assert_eq!(apart(&read, &stretches(&read).unwrap()[0], TOLERANCE), None, "noise");
    }

    #[test]
    fn a_step_near_the_end_is_no_noise() {
        let mut bounds = vec![(-1.0, 1.0); 400];
        bounds[394..].fill((249.0, 251.0));
        let two = stretches(&readings(&bounds)).unwrap();
        assert_eq!(two.len(), 2);
        assert!(two[0].to <= 393.0 && two[1].from >= 394.0, "{two:?}");
    }

    #[test]
    fn requests_under_way_during_a_step_belong_to_neither_side() {
        let mut bounds = vec![(-1.0, 1.0); 100];
        bounds[40..55].fill((249.0, 0.5));
        bounds[55..].fill((249.0, 251.0));
        let two = stretches(&readings(&bounds)).unwrap();
        assert_eq!(two.len(), 2);
        assert_eq!((two[1].lo, two[1].hi), (249.0, 251.0));
    }

    #[test]
    fn a_wide_reading_does_not_say_that_a_clock_still_ran_as_before() {
        let mut bounds = vec![(-1.0, 1.0); 60];
        bounds[30..].fill((249.0, 251.0));
        bounds[30] = (-300.0, 251.0);
        bounds[31] = (-200.0, 252.0);
        let two = stretches(&readings(&bounds)).unwrap();
        assert_eq!((two.len(), two[0].to, two[1].from), (2, 29.0, 32.0));
    }

    proptest! {
        #[test]
        fn the_planted_offset_is_inside(offset in -1e4..1e4_f64, hops in prop::collection::vec((0.0..50.0_f64, 0.0..50.0_f64), 5..300)) {
            let bounds: Vec<(f64, f64)> = hops.iter().map(|(there, back)| (offset - back, offset + there)).collect();
            let found = stretches(&readings(&bounds)).unwrap();
            prop_assert_eq!(found.len(), 1);
            prop_assert!(found[0].lo <= offset && offset <= found[0].hi);
            prop_assert_eq!(found[0].fit, hops.len());
        }

        #[test]
        fn a_step_wider_than_the_bounds_is_found_where_it_is(
            step in 101.0..1e3_f64, up in any::<bool>(), at in 10..190_usize,
            hops in prop::collection::vec((0.0..50.0_f64, 0.0..50.0_f64), 200),
        ) {
            let step = if up { step } else { -step };
            let offset = |i: usize| if i < at { 0.0 } else { step };
            let bounds: Vec<(f64, f64)> = hops.iter().enumerate().map(|(i, (there, back))| (offset(i) - back, offset(i) + there)).collect();
            let found = stretches(&readings(&bounds)).unwrap();
            prop_assert_eq!(found.len(), 2);
            prop_assert!((found[0].to as usize) < at && at <= found[1].from as usize);
            prop_assert!(found[0].lo <= 0.0 && 0.0 <= found[0].hi && found[1].lo <= step && step <= found[1].hi);
        }
    }
}
