use crate::{
    model::{payload::Sample, units::Wall},
    stats::median,
};

/// What was used since its first point, over time: it never falls.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve(Vec<(i64, f64)>);

/// The year 9999: what is stamped later was not stamped by a clock.
const LAST_US: i64 = 253_402_300_799_000_000;
/// No counter or size is larger; sums of such stay numbers.
const MOST: f64 = 1e24;

/// In time order, one a stamp, numbers and times only.
pub(super) fn ordered(samples: &[Sample]) -> Vec<(i64, f64)> {
    let mut points: Vec<(i64, f64)> =
        samples.iter().filter(|s| s.1.abs() <= MOST && (-LAST_US..=LAST_US).contains(&s.0.0)).map(|s| (s.0.0, s.1)).collect();
    points.sort_by_key(|p| p.0);
    points.dedup_by_key(|p| p.0);
    points
}

impl Curve {
    /// Of a counter: where it falls it began anew, and what it then shows was used since.
    pub fn counter(samples: &[Sample]) -> Curve {
        let mut points = ordered(samples);
        let (mut total, mut before) = (0.0, points.first().map_or(0.0, |p| p.1));
        for point in &mut points {
            total += if point.1 < before { point.1.max(0.0) } else { point.1 - before };
            before = point.1;
            point.1 = total;
        }
        Curve(points)
    }
    /// Of a level: each sample covers the time since the one before it.
    pub fn integral(samples: &[Sample]) -> Curve {
        let mut points = ordered(samples);
        let (mut total, mut before) = (0.0, points.first().map_or(0, |p| p.0));
        for point in &mut points {
            total += point.1.max(0.0) * point.0.saturating_sub(before) as f64 / 1e6;
            before = point.0;
            point.1 = total;
        }
        Curve(points)
    }
    /// All of them together, as a dashboard's sum of rates: one that begins later counts from its first sample on, one that ends
    /// earlier keeps what it had.
    pub fn sum(curves: &[Curve]) -> Curve {
        let curves: Vec<&Curve> = curves.iter().filter(|c| !c.0.is_empty()).collect();
        if let [one] = curves.as_slice() {
            return (*one).clone();
        }
        let ends = |of: fn(&Curve) -> Option<&(i64, f64)>| curves.iter().filter_map(move |c| of(c)).map(|p| p.0).collect::<Vec<_>>();
        let (firsts, lasts) = (ends(|c| c.0.first()), ends(|c| c.0.last()));
        let (Some(earliest), Some(latest)) = (firsts.iter().min(), lasts.iter().max()) else { return Curve::default() };
        // Series that are read at different instants of one interval begin and end together.
        let slack = curves.iter().filter_map(|c| c.step_us()).min().map_or(0, |step| step * 5 / 2);
        let from = firsts.iter().filter(|f| **f <= earliest + slack).max().copied().unwrap_or(*earliest);
        let to = lasts.iter().filter(|l| **l >= latest - slack).min().copied().unwrap_or(*latest);
        let mut stamps: Vec<i64> = curves.iter().flat_map(|c| &c.0).map(|p| p.0).filter(|at| (from..=to).contains(at)).collect();
        stamps.sort_unstable();
        stamps.dedup();
        Curve(stamps.into_iter().map(|at| (at, curves.iter().map(|c| c.held(at)).sum())).collect())
    }
    /// The instants at which it is known.
    pub fn stamps(&self) -> impl Iterator<Item = Wall> + '_ {
        self.0.iter().map(|p| Wall(p.0))
    }
    /// Its points.
    pub fn points(&self) -> &[(i64, f64)] {
        &self.0
    }
    /// Number of points.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Is nothing known?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// First and last instant.
    pub fn span(&self) -> Option<(Wall, Wall)> {
        Some((Wall(self.0.first()?.0), Wall(self.0.last()?.0)))
    }
    /// All that was used.
    pub fn total(&self) -> f64 {
        self.0.last().map_or(0.0, |p| p.1)
    }
    /// At an instant, between two points by the straight line. `None` outside.
    pub fn at(&self, wall: Wall) -> Option<f64> {
        let (from, to) = self.span()?;
        (from <= wall && wall <= to).then(|| self.held(wall.0))
    }
    /// How much was used between two instants. `None` where one lies outside.
    pub fn rose(&self, from: Wall, to: Wall) -> Option<f64> {
        Some(self.at(to)? - self.at(from)?)
    }
    /// Mean use a second between two instants. `None` where one lies outside, or they are one.
    pub fn rate(&self, from: Wall, to: Wall) -> Option<f64> {
        let seconds = to.seconds() - from.seconds();
        if seconds > 0.0 { Some(self.rose(from, to)? / seconds) } else { None }
    }
    /// Only what lies within a stretch.
    #[must_use]
    pub fn within(&self, from: Wall, to: Wall) -> Curve {
        Curve(self.0.iter().filter(|p| (from.0..=to.0).contains(&p.0)).copied().collect())
    }
    /// The usual distance between two points, µs.
    pub fn step_us(&self) -> Option<i64> {
        let steps: Vec<f64> = self.0.windows(2).map(|w| (w[1].0 - w[0].0) as f64).collect();
        median(&steps).map(|step| step as i64)
    }
    /// Like [`Curve::at`]; outside it stands still.
    fn held(&self, at: i64) -> f64 {
        let next = self.0.partition_point(|p| p.0 < at);
        match (next.checked_sub(1).map(|n| self.0[n]), self.0.get(next)) {
            (_, Some(after)) if after.0 == at => after.1,
            (Some(before), Some(after)) => before.1 + (after.1 - before.1) * (at - before.0) as f64 / (after.0 - before.0) as f64,
            (Some(before), None) => before.1,
            (None, Some(after)) => after.1,
            (None, None) => 0.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn samples(values: &[(f64, f64)]) -> Vec<Sample> {
        values.iter().map(|(s, v)| Sample(Wall((s * 1e6) as i64), *v)).collect()
    }
    fn near(a: Option<f64>, b: f64) {
        assert!(a.is_some_and(|a| (a - b).abs() < 1e-9), "{a:?} {b}");
    }

    #[test]
    fn a_counter_that_begins_anew_goes_on() {
        let curve = Curve::counter(&samples(&[(0.0, 7.0), (1.0, 8.0), (2.0, 0.5), (3.0, f64::NAN), (4.0, 1.5)]));
        near(Some(curve.total()), 2.5);
        near(curve.at(Wall(3_000_000)), 2.0);
        assert_eq!(curve.at(Wall(-1)), None);
        near(curve.rate(Wall(0), Wall(4_000_000)), 0.625);
    }

    #[test]
    fn a_level_covers_the_time_since_the_one_before() {
        let curve = Curve::integral(&samples(&[(0.0, 9.0), (2.0, 0.5), (3.0, 1.0)]));
        near(Some(curve.total()), 2.0);
    }

    /// Independent truth: the sum of the increments of each worker, whoever began and ended when.
    #[test]
    fn workers_that_begin_and_end_count_what_they_used_while_they_were_seen() {
        let old = Curve::counter(&samples(&[(0.0, 100.0), (1.0, 101.0), (2.0, 102.0)]));
        let new = Curve::counter(&samples(&[(3.0, 5.0), (4.0, 6.0), (5.0, 7.0), (6.0, 8.0)]));
        let kept = Curve::counter(&samples(&(0..=6).map(|n| (f64::from(n), f64::from(n) * 0.5)).collect::<Vec<_>>()));
        let sum = Curve::sum(&[old, new, kept]);
        near(Some(sum.total()), 2.0 + 3.0 + 3.0);
        near(sum.at(Wall(2_500_000)), 2.0 + 1.25);
        // Read at two phases of one interval.
        let a = Curve::counter(&samples(&[(0.0, 0.0), (1.0, 1.0), (2.0, 2.0)]));
        let b = Curve::counter(&samples(&[(0.4, 0.4), (1.4, 1.4), (2.4, 2.4)]));
        let sum = Curve::sum(&[a, b]);
        assert_eq!(sum.span(), Some((Wall(400_000), Wall(2_000_000))));
        near(sum.rate(Wall(400_000), Wall(2_000_000)), 2.0);
    }

    #[test]
    fn nothing_is_nothing() {
        assert!(Curve::sum(&[]).is_empty() && Curve::counter(&[]).is_empty() && Curve::integral(&[]).span().is_none());
    }
}
