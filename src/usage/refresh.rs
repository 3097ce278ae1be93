use super::{Curve, curve::ordered};
use crate::{
    model::{payload::Sample, units::Wall},
    stats::quantile,
};

/// How often a series really changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Refresh {
    /// The middle distance between samples that changed, s.
    pub usual_s: f64,
    /// 95 % of the distances are no longer, s.
    pub most_s: f64,
    /// How many distances there were.
    pub n: u64,
}

/// How far apart the changing samples of a curve lie. Where nothing was used in the step after one of them the next may be late
/// without being old, and does not count.
pub fn refresh(curve: &Curve, used: impl Fn(Wall, Wall) -> bool) -> Option<Refresh> {
    let moved: Vec<i64> = curve.points().windows(2).filter(|w| w[1].1 > w[0].1).map(|w| w[1].0).collect();
    let step = curve.step_us()?;
    let apart = moved.windows(2).filter(|w| w[1] - w[0] <= step * 3 / 2 || used(Wall(w[0]), Wall(w[0] + step)));
    let apart: Vec<f64> = apart.map(|w| (w[1] - w[0]) as f64 / 1e6).collect();
    Some(Refresh { usual_s: quantile(&apart, 0.5)?, most_s: quantile(&apart, 0.95)?, n: apart.len() as u64 })
}

/// When a counter fell, and from what to what.
pub fn decreases(samples: &[Sample]) -> Vec<(Wall, f64, f64)> {
    let points = ordered(samples);
    // What is added up from floats may differ in its last digits.
    let fell = points.windows(2).filter(|w| w[1].1 < w[0].1 - 1e-9 * w[0].1.abs());
    fell.map(|w| (Wall(w[1].0), w[0].1, w[1].1)).collect()
}

#[cfg(test)]
#[allow(clippy::float_cmp, reason = "whole numbers")]
mod tests {
    use super::*;

    #[test]
    fn repeated_samples_are_no_refresh() {
        let samples: Vec<Sample> = (0..40_i32).map(|n| Sample(Wall(i64::from(n) * 1_000_000), f64::from(n / 4))).collect();
        let found = refresh(&Curve::counter(&samples), |_, _| true).unwrap();
        assert_eq!((found.usual_s, found.most_s, found.n), (4.0, 4.0, 8));
        assert_eq!(refresh(&Curve::counter(&samples), |_, _| false), None, "nothing was used meanwhile");
    }

    #[test]
    fn a_fall_is_told() {
        let samples = [1.0, 2.0, 0.5, 0.5, 3.0].iter().zip(0..).map(|(v, n)| Sample(Wall(n), *v)).collect::<Vec<_>>();
        assert_eq!(decreases(&samples), [(Wall(2), 2.0, 0.5)]);
    }
}
