//! Bounds on a quantile by order statistics, whatever the distribution.

use statrs::distribution::{Binomial, DiscreteCDF as _};

/// Two-sided 95 % interval of the `q`-quantile of what a sample was drawn from: the pair of order statistics between which it lies in at
/// least 95 % of samples, 2.5 % at most beyond either (Conover, Practical Nonparametric Statistics, 1999, 3.2). `None` where the sample
/// is too small for it: below 72 values for `q` = 0.95, below 6 for the median. The sample must be sorted.
pub fn quantile_interval95(sorted: &[f64], q: f64) -> Option<(f64, f64)> {
    let n = sorted.len() as u64;
    let below = Binomial::new(q, n).ok()?;
    // Values below the quantile are binomial: `sorted[l]` lies above it in at most 2.5 %.
    let chance = |fewer: u64| below.cdf(fewer);
    let low = (0..n).take_while(|l| chance(*l) <= 0.025).count();
    let high = (0..n).find(|u| chance(*u) >= 0.975)?;
    let (low, high) = (low.checked_sub(1)?, usize::try_from(high).ok()?);
    Some((*sorted.get(low)?, *sorted.get(high)?))
}

/// The fewest values of which the largest lies above the `q`-quantile in 95 % of samples, `q`ⁿ ≤ 5 %: 59 for `q` = 0.95. With fewer, a
/// sample may lie below it as a whole.
pub fn fewest_for(q: f64) -> Option<u64> {
    ((0.0..1.0).contains(&q) && q > 0.0).then(|| (0.05_f64.ln() / q.ln()).ceil() as u64)
}

/// The value below which a share `q` of the values lies, for bootstraps: the order statistic at the rounded place, in linear time.
pub fn at_share(values: &mut [f64], q: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let nth = (q.clamp(0.0, 1.0) * last as f64).round() as usize;
    let (_, value, _) = values.select_nth_unstable_by(nth, f64::total_cmp);
    Some(*value)
}
