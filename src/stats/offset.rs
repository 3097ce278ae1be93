//! The offset between two clocks, from readings that each bound it.
//!
//! Whoever stamps an event between two of our own stamps bounds the difference of the clocks (Cristian 1989). The offset
//! that the most bounds hold is the one to believe (Marzullo 1984; NTP selects its servers so, RFC 5905 section 11.2.1).
//! Where bounds of before and after contradict each other, the clock stepped or drifts between them.

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
}

/// A stretch of time in which one offset explains nearly all readings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stretch {
    /// Time of its first reading that fits, ms.
    pub from: f64,
    /// Time of its last reading that fits, ms.
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

/// Fewest readings that make a stretch, and that make a step when they disagree with the others in a row.
pub const FEWEST: usize = 5;
/// From so many readings on, some may be wrong: one, or this share of them (1 in 20), whichever is more.
const FORGIVING: usize = 8;
const WRONG: usize = 20;
/// A clock that needs more stretches than this fits no description that is worth telling.
const MOST: usize = 8;
/// Readings at the start of a stretch that may be left out: they were under way when the clock stepped.
const UNDER_WAY: usize = 24;

/// The stretches that explain readings in order of time: one where the clocks keep their offset, several where one of them
/// stepped or drifts. `None` where there are too few readings, or they fit no few stretches.
pub fn stretches(readings: &[Reading]) -> Option<Vec<Stretch>> {
    let mut found: Vec<Stretch> = vec![];
    let mut rest = readings;
    while rest.len() >= FEWEST {
        let skips = if found.is_empty() { 1 } else { UNDER_WAY };
        let Some(skip) = (0..skips.min(rest.len() - FEWEST + 1)).find(|skip| coherent(&rest[*skip..*skip + FEWEST]).is_some()) else {
            // Too few after a stretch to say anything of them: they may have been under way.
            if !found.is_empty() && rest.len() < UNDER_WAY {
                break;
            }
            // The very first readings disagree among themselves: see whether the whole forgives them.
            return if found.is_empty() { coherent(rest).map(|one| vec![one]) } else { None };
        };
        let (length, stretch) = longest(&rest[skip..])?;
        found.push(stretch);
        if found.len() > MOST {
            return None;
        }
        rest = &rest[skip + length..];
    }
    (!found.is_empty()).then_some(found)
}

/// The longest stretch from the start of `readings`, whose first few are coherent.
fn longest(readings: &[Reading]) -> Option<(usize, Stretch)> {
    if let Some(whole) = coherent(readings) {
        return Some((readings.len(), whole));
    }
    let (mut good, mut bad) = (FEWEST, readings.len());
    while bad - good > 1 {
        let middle = usize::midpoint(good, bad);
        if coherent(&readings[..middle]).is_some() {
            good = middle;
        } else {
            bad = middle;
        }
    }
    let stretch = coherent(&readings[..good])?;
    // Those at its end that do not fit begin what comes next.
    let last = readings[..good].iter().rposition(|r| r.lo <= stretch.lo && stretch.hi <= r.hi)?;
    Some((last + 1, stretch))
}

/// The one offset that explains nearly all readings, if there is one: some may be wrong, but not several in a row that agree
/// on another offset.
fn coherent(readings: &[Reading]) -> Option<Stretch> {
    let n = readings.len();
    let wrong = if n < FORGIVING { 0 } else { (n / WRONG).max(1) };
    let (lo, hi, fit) = densest(readings)?;
    if n < FEWEST || fit + wrong < n {
        return None;
    }
    let fits = |r: &&Reading| r.lo <= lo && hi <= r.hi;
    let misfits_in_a_row = readings.split(|r| fits(&r)).filter(|run| run.len() >= FEWEST);
    if misfits_in_a_row.flat_map(|run| run.windows(FEWEST)).any(|run| densest(run).is_some_and(|(.., agree)| agree == run.len())) {
        return None;
    }
    let mut fitting = readings.iter().filter(fits);
    let first = fitting.next()?;
    let last = fitting.next_back().unwrap_or(first);
    Some(Stretch { from: first.at, to: last.at, lo, hi, fit, of: n })
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
    use super::*;
    use proptest::prelude::*;

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
