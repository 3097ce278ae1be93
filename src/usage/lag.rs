use super::Curve;
use crate::model::units::Wall;

/// How much later than it happened a claim shows use.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lag {
    /// The shift that fits best, s; positive where the claim is late.
    pub best_s: f64,
    /// All shifts that fit about as well lie from here ...
    pub low_s: f64,
    /// ... to here.
    pub high_s: f64,
    /// Samples that it rests on.
    pub n: u64,
}

/// Shifts that are tried, s.
const WIDEST_S: f64 = 10.0;
const STEP_S: f64 = 0.05;
/// Fewest samples: three are taken by the fit itself.
const FEWEST: usize = 8;
/// What the truth itself leaves open, CPU-s.
const FLOOR: f64 = 0.015;

/// The shift of a claim against the truth, by least squares over all of its samples that lie within it: for each shift the slope and
/// the offset that fit best, so that a wrong scale or a late beginning are no lag. `None` with too few samples or a truth without
/// changes.
pub fn lag(claimed: &Curve, truth: impl Fn(Wall) -> Option<f64>) -> Option<Lag> {
    let points = claimed.points();
    let many = (2.0 * WIDEST_S / STEP_S).round() as i32;
    let fits = (0..=many).map(|n| f64::from(n) * STEP_S - WIDEST_S).filter_map(|shift| {
        let pairs: Vec<(f64, f64)> = points.iter().filter_map(|p| Some((truth(Wall(p.0 - super::us(shift)))?, p.1))).collect();
        (pairs.len() >= FEWEST).then(|| Some((shift, residual(&pairs)?, pairs.len()))).flatten()
    });
    let fits: Vec<(f64, f64, usize)> = fits.collect();
    let (best_s, least, n) = fits.iter().copied().min_by(|a, b| a.1.total_cmp(&b.1))?;
    // As good as the best: by the F of 3 standard errors of one parameter, or by what the truth leaves open.
    let limit = least + (9.0 * least / (n as f64 - 3.0)).max(FLOOR * FLOOR);
    let good = fits.iter().filter(|f| f.1 <= limit).map(|f| f.0);
    let (low_s, high_s) = good.fold((best_s, best_s), |(lo, hi), shift| (lo.min(shift), hi.max(shift)));
    Some(Lag { best_s, low_s, high_s, n: n as u64 })
}

impl Lag {
    /// The most that it may be, s, whichever way.
    pub fn at_most(&self) -> f64 {
        self.low_s.abs().max(self.high_s.abs())
    }
    /// The least that it is for certain, s.
    pub fn at_least(&self) -> f64 {
        if self.low_s <= 0.0 && self.high_s >= 0.0 { 0.0 } else { self.low_s.abs().min(self.high_s.abs()) }
    }
}

/// Mean square of what the best line with a slope above 0 leaves.
fn residual(pairs: &[(f64, f64)]) -> Option<f64> {
    let n = pairs.len() as f64;
    let (mx, my) = (pairs.iter().map(|p| p.0).sum::<f64>() / n, pairs.iter().map(|p| p.1).sum::<f64>() / n);
    let (sxx, sxy, syy) = pairs.iter().fold((0.0, 0.0, 0.0), |(xx, xy, yy), (x, y)| {
        let (dx, dy) = (x - mx, y - my);
        (xx + dx * dx, xy + dx * dy, yy + dy * dy)
    });
    // A claim that stands still tells nothing, nor does a truth that does.
    if sxx <= 1e-12 || syy <= 1e-12 {
        return None;
    }
    Some(((syy - (sxy / sxx).max(0.0) * sxy) / n).max(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::payload::Sample;

    /// On and off at irregular times, known at every instant.
    fn truth(t: f64) -> f64 {
        const ON: [(f64, f64); 9] =
            [(0.0, 1.3), (2.1, 2.6), (4.0, 7.2), (8.9, 9.4), (11.0, 14.1), (15.2, 15.9), (18.3, 19.0), (21.5, 25.0), (27.2, 28.0)];
        ON.iter().map(|(from, to)| 0.5 * (t.clamp(*from, *to) - from)).sum()
    }
    fn known(at: Wall) -> Option<f64> {
        (0..=30_000_000).contains(&at.0).then(|| truth(at.seconds()))
    }
    fn claimed(step: f64, late: f64, scale: f64) -> Curve {
        let stamps = (0..).map(|n| 0.3 + f64::from(n) * step).take_while(|t| *t <= 30.0);
        Curve::counter(&stamps.map(|t| Sample(Wall(super::super::us(t)), scale * truth((t - late).clamp(0.0, 30.0)))).collect::<Vec<_>>())
    }

    #[test]
    fn a_shift_is_found_whatever_the_scale() {
        for late in [-3.0, 0.0, 0.4, 1.0, 2.5, 5.0] {
            for (step, within) in [(1.0, 0.15), (2.0, 0.3)] {
                let found = lag(&claimed(step, late, 2.0), known).unwrap();
                assert!((found.best_s - late).abs() <= within, "{late} {step}: {found:?}");
                assert!(found.low_s <= late + 0.051 && found.high_s >= late - 0.051, "{late} {step}: {found:?}");
            }
        }
    }

    #[test]
    fn few_samples_or_a_steady_truth_tell_nothing() {
        assert_eq!(lag(&claimed(6.0, 0.0, 1.0), known), None);
        let steady = Curve::counter(&(0..30).map(|n| Sample(Wall(n * 1_000_000), n as f64 * 0.5)).collect::<Vec<_>>());
        let found = lag(&steady, |at| (0..=30_000_000).contains(&at.0).then(|| 0.5 * at.seconds())).unwrap();
        assert!(found.high_s - found.low_s > 15.0, "{found:?}");
        assert_eq!(lag(&steady, |_| Some(1.0)), None);
    }
}
