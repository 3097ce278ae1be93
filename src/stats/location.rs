//! Where a sample lies, with an uncertainty that survives outliers and dependence.

use super::quantile::{sorted, squares, sum};

/// 95 % one-sided quantile of Student's t with 19 degrees of freedom, rounded 1.729.
pub const T19_95: f64 = 1.729_132_811_521_367;
/// 99.9 % one-sided quantile of Student's t with 19 degrees of freedom, rounded 3.579.
pub const T19_999: f64 = 3.579_400_148_954_715;
/// Share trimmed from each end.
pub const TRIM: f64 = 0.2;
/// Time blocks of the jackknife.
pub const BLOCKS: usize = 20;
/// Fewest values that say anything: two in every block.
pub const FEWEST: usize = 2 * BLOCKS;

/// The 20 % trimmed mean of a sample and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Location {
    /// The trimmed mean, in the sample's unit.
    pub value: f64,
    /// Its standard error, to be used with Student's t of 19 degrees of freedom.
    pub se: f64,
    /// Values in the sample.
    pub n: u64,
}

impl Location {
    /// Two one-sided 95 % bounds: `value` -+ 1.729 `se`.
    pub fn bounds95(&self) -> (f64, f64) {
        (self.value - T19_95 * self.se, self.value + T19_95 * self.se)
    }
    /// Two one-sided 99.9 % bounds: `value` -+ 3.579 `se`.
    pub fn bounds999(&self) -> (f64, f64) {
        (self.value - T19_999 * self.se, self.value + T19_999 * self.se)
    }
}

/// The 20 % trimmed mean of values in the order of time they were taken.
///
/// The standard error is the larger of two: Yuen's, from the winsorised variance (Yuen, "The two-sample trimmed t for unequal population
/// variances", Biometrika 61, 1974), which is right for independent values; and a jackknife over 20 blocks of consecutive values, which stays
/// right when neighbours in time share their delays, as requests in flight together do (Kuensch, Annals of Statistics 17, 1989, on blocks).
///
/// `None` below 40 values (two in every block), or when any value is not finite.
pub fn location(in_time_order: &[f64]) -> Option<Location> {
    if in_time_order.len() < FEWEST || !in_time_order.iter().all(|v| v.is_finite()) {
        return None;
    }
    let value = trimmed_mean(in_time_order, TRIM)?;
    let se = yuen_se(&sorted(in_time_order)).max(jackknife_se(in_time_order, value)?);
    (value.is_finite() && se.is_finite()).then_some(Location { value, se, n: in_time_order.len() as u64 })
}

/// The mean of what is left after `trim` of the values (rounded down to whole values) is taken off each end.
///
/// `None` when the sample is empty or holds a NaN, or when `trim` lies outside `0 .. 0.5`.
pub fn trimmed_mean(values: &[f64], trim: f64) -> Option<f64> {
    if !(0.0..0.5).contains(&trim) || values.iter().any(|v| v.is_nan()) {
        return None;
    }
    mean_of_kept(&sorted(values), trim)
}

/// Yuen's standard error of the 20 % trimmed mean of a sorted sample.
fn yuen_se(sorted: &[f64]) -> f64 {
    let n = sorted.len();
    let cut = cut(n, TRIM);
    let (lowest, highest) = (sorted[cut], sorted[n - cut - 1]);
    let winsorised: Vec<f64> = sorted.iter().map(|v| v.clamp(lowest, highest)).collect();
    (squares(&winsorised) / (n - 1) as f64).sqrt() / ((1.0 - 2.0 * TRIM) * (n as f64).sqrt())
}

/// Standard error of the 20 % trimmed mean from 20 delete-one-block pseudo-values. The first `n % 20` blocks are one value longer.
fn jackknife_se(in_time_order: &[f64], full: f64) -> Option<f64> {
    let n = in_time_order.len();
    let (short, longer) = (n / BLOCKS, n % BLOCKS);
    let block_of = |i: usize| if i < longer * (short + 1) { i / (short + 1) } else { longer + (i - longer * (short + 1)) / short };
    let mut tagged: Vec<(f64, usize)> = in_time_order.iter().enumerate().map(|(i, v)| (*v, block_of(i))).collect();
    tagged.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let mut rest = Vec::with_capacity(n);
    let mut pseudo = Vec::with_capacity(BLOCKS);
    for block in 0..BLOCKS {
        rest.clear();
        rest.extend(tagged.iter().filter(|(_, b)| *b != block).map(|(v, _)| *v));
        let blocks = BLOCKS as f64;
        pseudo.push(blocks * full - (blocks - 1.0) * mean_of_kept(&rest, TRIM)?);
    }
    Some((squares(&pseudo) / (BLOCKS - 1) as f64).sqrt() / (BLOCKS as f64).sqrt())
}

fn mean_of_kept(sorted: &[f64], trim: f64) -> Option<f64> {
    let n = sorted.len();
    let cut = cut(n, trim);
    let kept = sorted.get(cut..n - cut)?;
    (!kept.is_empty()).then(|| sum(kept) / kept.len() as f64).filter(|m| !m.is_nan())
}

/// Whole values taken off each end.
fn cut(n: usize, trim: f64) -> usize {
    (trim * n as f64).floor() as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fewer_than_forty_values_or_one_that_is_no_number_have_no_location() {
        let mut values: Vec<f64> = (0..40).map(f64::from).collect();
        assert!(location(&values).is_some());
        assert_eq!(location(&values[1..]), None);
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            values[17] = bad;
            assert_eq!(location(&values), None);
        }
    }

    #[test]
    fn time_order_matters_only_to_the_standard_error() {
        // Two values in turn, or first all of the one: the same place, but the second may drift on.
        let turns: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let halves: Vec<f64> = (0..400).map(|i| f64::from(i / 200)).collect();
        let (a, b) = (location(&turns).unwrap(), location(&halves).unwrap());
        assert!((a.value - b.value).abs() < 1e-12);
        assert!(b.se > 3.0 * a.se, "{} against {}", b.se, a.se);
    }

    #[test]
    fn a_trim_is_a_share_below_one_half() {
        assert_eq!(trimmed_mean(&[1.0, 2.0, 9.0], 0.34), Some(2.0));
        for bad in [0.5, 1.0, -0.1, f64::NAN] {
            assert_eq!(trimmed_mean(&[1.0, 2.0, 9.0], bad), None);
        }
        assert_eq!(trimmed_mean(&[], 0.2), None);
    }
}
