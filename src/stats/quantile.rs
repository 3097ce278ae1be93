//! Quantiles and means of a sample.

/// The `q`-quantile (`0 ..= 1`) of a sample already sorted ascending: type 7 of Hyndman & Fan, "Sample quantiles in statistical packages"
/// (The American Statistician, 1996), which is numpy's and R's default.
///
/// `None` when the sample is empty or holds a NaN at either end, or when `q` lies outside `0 ..= 1`.
pub fn quantile_sorted(sorted: &[f64], q: f64) -> Option<f64> {
    let (first, last) = (sorted.first()?, sorted.last()?);
    // `total_cmp` sorts NaN to the ends, so the ends tell.
    if !(0.0..=1.0).contains(&q) || first.is_nan() || last.is_nan() {
        return None;
    }
    let position = (sorted.len() - 1) as f64 * q;
    let below = position.floor() as usize;
    let lo = sorted.get(below)?;
    let weight = position - position.floor();
    match sorted.get(below + 1) {
        // Weight 0 is told apart so that an infinite neighbour cannot turn `0 * inf` into NaN.
        Some(hi) if weight > 0.0 => Some(between(*lo, *hi, weight)),
        _ => Some(*lo),
    }
}

/// The `q`-quantile of a sample in any order; see [`quantile_sorted`]. `None` when any value is NaN.
pub fn quantile(values: &[f64], q: f64) -> Option<f64> {
    quantile_sorted(&sorted(values), q)
}

/// The middle value, or the mean of the two middle values. `None` when the sample is empty or holds a NaN.
pub fn median(values: &[f64]) -> Option<f64> {
    quantile(values, 0.5)
}

/// The arithmetic mean, summed with Neumaier's compensation so that a long series of near-equal values keeps its last digits.
///
/// `None` when the sample is empty or holds a NaN.
pub fn mean(values: &[f64]) -> Option<f64> {
    let n = values.len();
    (n > 0).then(|| sum(values) / n as f64).filter(|m| !m.is_nan())
}

/// A copy in ascending order, NaN at the ends.
pub(super) fn sorted(values: &[f64]) -> Vec<f64> {
    let mut out = values.to_vec();
    out.sort_unstable_by(f64::total_cmp);
    out
}

/// Neumaier's compensated sum (ZAMM 54, 1974).
pub(super) fn sum(values: &[f64]) -> f64 {
    let (mut total, mut lost) = (0.0_f64, 0.0_f64);
    for &v in values {
        let next = total + v;
        lost += if total.abs() >= v.abs() { (total - next) + v } else { (v - next) + total };
        total = next;
    }
    // With an infinite value the compensation is NaN; the plain total is then the answer.
    if lost.is_nan() { total } else { total + lost }
}

/// Sum of squared distances from the mean.
pub(super) fn squares(values: &[f64]) -> f64 {
    let centre = sum(values) / values.len() as f64;
    sum(&values.iter().map(|v| (v - centre).powi(2)).collect::<Vec<_>>())
}

/// Between `lo` and `hi`, never outside them whatever the rounding.
fn between(lo: f64, hi: f64, weight: f64) -> f64 {
    (lo + (hi - lo) * weight).clamp(lo, hi)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_values_and_no_numbers_have_no_quantile() {
        assert_eq!((quantile(&[], 0.5), median(&[]), mean(&[])), (None, None, None));
        for place in 0..3 {
            let mut values = [1.0, 2.0, 3.0];
            values[place] = f64::NAN;
            assert_eq!((median(&values), mean(&values)), (None, None));
            values[place] = -f64::NAN;
            assert_eq!(median(&values), None);
        }
        assert_eq!((quantile(&[1.0], -0.01), quantile(&[1.0], 1.01), quantile(&[1.0], f64::NAN)), (None, None, None));
    }

    #[test]
    fn an_infinite_value_counts_only_where_it_is_reached() {
        let values = [1.0, 2.0, f64::INFINITY];
        assert_eq!((quantile(&values, 0.5), quantile(&values, 0.75), mean(&values)), (Some(2.0), Some(f64::INFINITY), Some(f64::INFINITY)));
    }

    #[test]
    fn a_sum_keeps_what_large_terms_would_swallow() {
        assert!((sum(&[1e16, 1.0, 1.0, -1e16]) - 2.0).abs() < f64::EPSILON);
    }
}
