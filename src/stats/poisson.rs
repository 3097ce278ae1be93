//! Exact bounds on how many events are to be expected, and whether they come rarely enough.

use super::Answer;
use statrs::distribution::{Continuous as _, ContinuousCDF as _, Gamma, Normal};

/// One-sided lower bound at level `1 - alpha` on the mean behind `k` events (Garwood, Biometrika 28, 1936): the `alpha` quantile of
/// Gamma(k, 1). 0 when there were none.
pub fn mean_lo(k: u64, alpha: f64) -> f64 {
    if k == 0 { 0.0 } else { quantile(k as f64, alpha) }
}

/// The upper one: the `1 - alpha` quantile of Gamma(k + 1, 1).
pub fn mean_hi(k: u64, alpha: f64) -> f64 {
    quantile(k as f64 + 1.0, 1.0 - alpha)
}

/// Do events come at most `limit` times a unit of time, where `k` came in `exposure` units and all were counted? Then a rate within the
/// limit passes as it is; that it fails is said only where the 99.9 % bound lies beyond the limit. An unclear answer settles at the
/// number of units at which the same rate would be clear.
pub fn rate_at_most(k: u64, exposure: f64, limit: f64) -> Answer {
    if exposure.is_nan() || exposure <= 0.0 || limit.is_nan() || limit < 0.0 {
        return Answer::Unclear { settles_at: None };
    }
    if k as f64 <= limit * exposure {
        return Answer::Pass;
    }
    if mean_lo(k, ALPHA_FAIL) > limit * exposure {
        return Answer::Fail;
    }
    let rate = k as f64 / exposure;
    let clear = |units: f64| mean_lo((rate * units).floor() as u64, ALPHA_FAIL) > limit * units;
    let mut units = exposure.ceil();
    while !clear(units) {
        units *= 1.25;
        if units > MOST {
            return Answer::Unclear { settles_at: None };
        }
    }
    Answer::Unclear { settles_at: Some(units.ceil() as u64) }
}

const ALPHA_FAIL: f64 = 0.001;
const MOST: f64 = 1e9;

/// From this shape on a cube of a normal variable stands for a gamma variable, to eight digits.
const LARGE: f64 = 1e6;

/// The quantile of Gamma(shape, 1): bisection around the mean, then polished by Newton's step; of a large shape by the cube of Wilson and
/// Hilferty (PNAS 17, 1931), since the series of the distribution takes as many terms as the shape is large.
fn quantile(shape: f64, p: f64) -> f64 {
    if shape >= LARGE {
        let Ok(normal) = Normal::new(0.0, 1.0) else { return f64::NAN };
        let spread = 1.0 / (9.0 * shape);
        return shape * (1.0 - spread + normal.inverse_cdf(p) * spread.sqrt()).powi(3);
    }
    let Ok(gamma) = Gamma::new(shape, 1.0) else { return f64::NAN };
    let (mut lo, mut hi) = (0.0, shape + 12.0 * shape.sqrt() + 40.0);
    for _ in 0..80 {
        let mid = f64::midpoint(lo, hi);
        if gamma.cdf(mid) < p { lo = mid } else { hi = mid }
    }
    let at = f64::midpoint(lo, hi);
    let density = gamma.pdf(at);
    if density > 0.0 { (at - (gamma.cdf(at) - p) / density).clamp(lo, hi) } else { at }
}
