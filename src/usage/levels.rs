use super::curve::ordered;
use crate::{
    model::{payload::Sample, units::Wall},
    stats::median,
};

/// The state of something over time, such as memory in use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Levels(Vec<(i64, f64)>);

impl Levels {
    /// Samples in time order.
    pub fn of(samples: &[Sample]) -> Levels {
        Levels(ordered(samples))
    }
    /// All of them together: at each stamp of any, what those show that are not older than two and a half of their steps.
    pub fn sum(levels: &[Levels]) -> Levels {
        if let [one] = levels {
            return one.clone();
        }
        let mut stamps: Vec<i64> = levels.iter().flat_map(|l| &l.0).map(|p| p.0).collect();
        stamps.sort_unstable();
        stamps.dedup();
        let at = |at: i64| levels.iter().filter_map(|l| l.shown(at)).sum();
        Levels(stamps.into_iter().map(|stamp| (stamp, at(stamp))).collect())
    }
    /// Its points.
    pub fn points(&self) -> impl Iterator<Item = (Wall, f64)> + '_ {
        self.0.iter().map(|p| (Wall(p.0), p.1))
    }
    /// Number of points.
    pub fn len(&self) -> usize {
        self.0.len()
    }
    /// Is nothing known?
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    /// Only what lies within a stretch.
    #[must_use]
    pub fn within(&self, from: Wall, to: Wall) -> Levels {
        Levels(self.0.iter().filter(|p| (from.0..=to.0).contains(&p.0)).copied().collect())
    }
    /// The middle value.
    pub fn median(&self) -> Option<f64> {
        median(&self.0.iter().map(|p| p.1).collect::<Vec<_>>())
    }
    /// At an instant, between two points by the straight line. `None` outside.
    pub fn at(&self, wall: Wall) -> Option<f64> {
        let next = self.0.partition_point(|p| p.0 < wall.0);
        let after = self.0.get(next)?;
        if after.0 == wall.0 {
            return Some(after.1);
        }
        let before = self.0[next.checked_sub(1)?];
        Some(before.1 + (after.1 - before.1) * (wall.0 - before.0) as f64 / (after.0 - before.0) as f64)
    }
    /// Least and greatest value so many µs around an instant; of what lies inside. `None` where nothing does.
    pub fn around(&self, wall: Wall, us: i64) -> Option<(f64, f64)> {
        let near = self.within(wall.plus_us(-us), wall.plus_us(us));
        let all = near.0.iter().map(|p| p.1).chain(self.at(wall));
        all.fold(None, |found: Option<(f64, f64)>, v| Some(found.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v)))))
    }
    fn shown(&self, at: i64) -> Option<f64> {
        let last = self.0[..self.0.partition_point(|p| p.0 <= at)].last()?;
        let steps: Vec<f64> = self.0.windows(2).map(|w| (w[1].0 - w[0].0) as f64).collect();
        let fresh = median(&steps).map_or(i64::MAX, |step| (step * 2.5) as i64);
        (at - last.0 <= fresh).then_some(last.1)
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "whole numbers")]
mod tests {
    use super::*;

    fn of(values: &[(i64, f64)]) -> Levels {
        Levels::of(&values.iter().map(|(s, v)| Sample(Wall(s * 1_000_000), *v)).collect::<Vec<_>>())
    }

    #[test]
    fn a_series_that_ended_is_not_added_for_ever() {
        let sum = Levels::sum(&[of(&[(0, 10.0), (1, 10.0), (2, 10.0)]), of(&[(0, 1.0), (1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0), (5, 1.0)])]);
        assert_eq!(sum.points().map(|p| p.1).collect::<Vec<_>>(), [11.0, 11.0, 11.0, 11.0, 11.0, 1.0]);
    }

    #[test]
    fn between_points_by_the_straight_line() {
        let levels = of(&[(0, 10.0), (2, 30.0)]);
        assert_eq!(levels.at(Wall(500_000)), Some(15.0));
        assert_eq!(levels.at(Wall(2_000_001)), None);
        assert_eq!(levels.around(Wall(500_000), 600_000), Some((10.0, 15.0)));
        assert_eq!(levels.around(Wall(9_000_000), 600_000), None);
        assert_eq!(levels.median(), Some(20.0));
    }
}
