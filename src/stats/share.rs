//! Exact bounds on a share.

use super::beta;

/// One-sided lower Clopper-Pearson bound (Biometrika 26, 1934) at level `1 - alpha` on the share behind `k` hits in `n`:
/// the `alpha` quantile of Beta(k, n - k + 1). 0 when `k` is 0; `k` above `n` is read as `n`.
pub fn clopper_pearson_lo(k: u64, n: u64, alpha: f64) -> f64 {
    let k = k.min(n);
    if k == 0 { 0.0 } else { beta::inverse(k as f64, (n - k) as f64 + 1.0, alpha) }
}

/// One-sided upper Clopper-Pearson bound at level `1 - alpha` on the share behind `k` hits in `n`:
/// the `1 - alpha` quantile of Beta(k + 1, n - k). 1 when all are hits, and so when there are none at all.
pub fn clopper_pearson_hi(k: u64, n: u64, alpha: f64) -> f64 {
    let k = k.min(n);
    // Mirrored, so that a small `alpha` is met with all its digits.
    if k == n { 1.0 } else { 1.0 - beta::inverse((n - k) as f64, k as f64 + 1.0, alpha) }
}
