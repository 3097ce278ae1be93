//! The regularised incomplete beta function and its inverse, accurate for the sample sizes of a load test (up to a thousand million).
//!
//! `statrs` stops its continued fraction after 140 terms, too early above some ten thousand requests, and the difference of three log-gammas
//! loses a digit for each that the sample gains. So the factor before the fraction is a binomial probability in Loader's form (Fast and Accurate
//! Computation of Binomial Probabilities, 2000), where nothing large is subtracted; `statrs` gives log-gamma below fifteen only.

use statrs::function::gamma::ln_gamma;
use std::f64::consts::TAU;

/// I_x(a, b): the probability that a Beta(a, b) variable is at most `x`. `a`, `b` > 0; `x` is taken into `0 ..= 1`.
pub(super) fn cumulative(a: f64, b: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    let front = front(a, b, x);
    // The fraction converges fast only below the mean; above it, the mirrored one does.
    if x < (a + 1.0) / (a + b + 2.0) { front * fraction(a, b, x) / a } else { 1.0 - front * fraction(b, a, 1.0 - x) / b }
}

/// The `x` with I_x(a, b) = `p`, by bisection until neighbouring floats: a few dozen cheap steps that cannot diverge.
pub(super) fn inverse(a: f64, b: f64, p: f64) -> f64 {
    let (mut lo, mut hi) = (0.0_f64, 1.0_f64);
    loop {
        let mid = lo + (hi - lo) / 2.0;
        if mid <= lo || mid >= hi || hi - lo <= 1e-16 * hi {
            return mid;
        }
        if cumulative(a, b, mid) < p { lo = mid } else { hi = mid }
    }
}

/// x^a (1 - x)^b / B(a, b).
fn front(a: f64, b: f64, x: f64) -> f64 {
    let n = a + b;
    let rest = beyond_stirling(n) - beyond_stirling(a) - beyond_stirling(b) - deviance(a, n * x) - deviance(b, n * (1.0 - x));
    (a * b / (TAU * n)).sqrt() * rest.exp()
}

/// ln Γ(n + 1) less Stirling's formula for it.
fn beyond_stirling(n: f64) -> f64 {
    if n < 15.0 {
        return ln_gamma(n + 1.0) - (n + 0.5) * n.ln() + n - TAU.ln() / 2.0;
    }
    let m = n * n;
    (1.0 / 12.0 - (1.0 / 360.0 - (1.0 / 1260.0 - (1.0 / 1680.0 - 1.0 / (1188.0 * m)) / m) / m) / m) / n
}

/// k ln(k / mean) + mean - k. By the series of the logarithm where the two are close, because there the terms cancel.
fn deviance(k: f64, mean: f64) -> f64 {
    let v = (k - mean) / (k + mean);
    if v.abs() > 0.1 {
        return k * (k / mean).ln() + mean - k;
    }
    // ln(k / mean) = 2 (v + v^3/3 + v^5/5 + ...), and 2 k v + mean - k = (k - mean) v. Twelve terms leave less than 1e-26 of the first.
    let tail: f64 = (1..=12).map(|j| v.powi(2 * j + 1) / f64::from(2 * j + 1)).sum();
    (k - mean) * v + 2.0 * k * tail
}

/// Continued fraction of the incomplete beta function (Abramowitz & Stegun 26.5.8) by Lentz's method. It needs a number of terms that grows
/// with the square root of the larger parameter.
fn fraction(a: f64, b: f64, x: f64) -> f64 {
    let terms = 200 + (10.0 * a.max(b).sqrt()) as u64;
    let mut lentz = Lentz::new(1.0 - (a + b) * x / (a + 1.0));
    for term in 1..=terms {
        let m = term as f64;
        lentz.step(m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m)));
        let change = lentz.step(-(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0)));
        if (change - 1.0).abs() < 1e-15 {
            break;
        }
    }
    lentz.value
}

/// The modified Lentz recurrence for a continued fraction whose partial denominators are all 1.
struct Lentz {
    numerator: f64,
    denominator: f64,
    value: f64,
}

impl Lentz {
    fn new(first: f64) -> Lentz {
        let value = 1.0 / away_from_zero(first);
        Lentz { numerator: 1.0, denominator: value, value }
    }
    /// Takes in the next coefficient; gives the factor by which the value changed.
    fn step(&mut self, coefficient: f64) -> f64 {
        self.denominator = 1.0 / away_from_zero(1.0 + coefficient * self.denominator);
        self.numerator = away_from_zero(1.0 + coefficient / self.numerator);
        let change = self.denominator * self.numerator;
        self.value *= change;
        change
    }
}

fn away_from_zero(v: f64) -> f64 {
    if v.abs() < 1e-300 { 1e-300 } else { v }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn closed_forms_are_met_for_small_and_large_parameters() {
        for n in [1.0, 7.0, 480.0, 1e6, 1e9] {
            // I_x(1, n) = 1 - (1 - x)^n and I_x(n, 1) = x^n.
            let x: f64 = 1.0 / (n + 1.0);
            assert!((cumulative(1.0, n, x) + (n * (-x).ln_1p()).exp_m1()).abs() < 1e-12, "{n}");
            // 1 - x is rounded; what is left of 1 after it is not.
            let left = 1.0 - (1.0 - x);
            assert!((cumulative(n, 1.0, 1.0 - x) - (n * (-left).ln_1p()).exp()).abs() < 1e-12, "{n}");
            // Symmetry.
            assert!((cumulative(n, n, 0.5) - 0.5).abs() < 1e-10, "{n}: {}", cumulative(n, n, 0.5));
        }
    }

    #[test]
    fn the_inverse_undoes_the_function() {
        for (a, b) in [(0.5, 0.5), (1.0, 480.0), (24.0, 456.0), (3_000.0, 57_000.0)] {
            for p in [0.001, 0.05, 0.5, 0.95] {
                assert!((cumulative(a, b, inverse(a, b, p)) - p).abs() < 1e-9, "{a} {b} {p}");
            }
        }
    }
}
