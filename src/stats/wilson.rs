//! Bounds on a share by Wilson's score, and on the difference of two shares.

use super::Answer;

/// The normal quantile of a two-sided 95 % interval.
pub const Z95: f64 = 1.959_963_984_540_054;
/// More trials than these settle nothing in practice.
const MOST: u64 = 100_000_000;

/// The two-sided interval of the share behind `k` hits in `n` (Wilson, JASA 22, 1927, equation 14 without continuity correction):
/// `(p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n)`. It stands where the normal one does not: 0 of 100 allows 3.7 % at 95 %.
/// `(0, 1)` when there were no trials; `k` above `n` is read as `n`.
pub fn wilson(k: u64, n: u64, z: f64) -> (f64, f64) {
    if n == 0 {
        return (0.0, 1.0);
    }
    interval(k.min(n) as f64 / n as f64, n as f64, z)
}

fn interval(p: f64, n: f64, z: f64) -> (f64, f64) {
    let (z2, all) = (z * z, 1.0 + z * z / n);
    let centre = (p + z2 / (2.0 * n)) / all;
    let half = z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt() / all;
    // At the ends the bound is exact, whatever rounding says.
    let lo = if p <= 0.0 { 0.0 } else { (centre - half).max(0.0) };
    let hi = if p >= 1.0 { 1.0 } else { (centre + half).min(1.0) };
    (lo, hi)
}

/// Is the share behind `k` hits in `n` below `limit`? By the 95 % interval: kept when it lies wholly below, broken when it lies wholly
/// above, else unclear, with the number of trials at which the same share would be clear.
pub fn share_below(k: u64, n: u64, limit: f64) -> Answer {
    if n == 0 || k > n || limit.is_nan() {
        return Answer::Unclear { settles_at: None };
    }
    let p = k as f64 / n as f64;
    let clear = |n: u64| {
        let (lo, hi) = interval(p, n as f64, Z95);
        if hi < limit {
            Some(Answer::Pass)
        } else if lo > limit {
            Some(Answer::Fail)
        } else {
            None
        }
    };
    if let Some(answer) = clear(n) {
        return answer;
    }
    let (mut no, mut yes) = (n, n.saturating_mul(2));
    while clear(yes).is_none() {
        if yes >= MOST {
            return Answer::Unclear { settles_at: None };
        }
        (no, yes) = (yes, yes.saturating_mul(2));
    }
    while yes - no > 1 {
        let mid = u64::midpoint(no, yes);
        if clear(mid).is_some() { yes = mid } else { no = mid }
    }
    Answer::Unclear { settles_at: Some(yes) }
}

/// The two-sided interval of the difference of two shares, `k1/n1 − k2/n2`, from the Wilson intervals of both (Newcombe, Statistics in
/// Medicine 17, 1998, method 10). `None` without trials on a side.
pub fn newcombe((k1, n1): (u64, u64), (k2, n2): (u64, u64), z: f64) -> Option<(f64, f64)> {
    if n1 == 0 || n2 == 0 {
        return None;
    }
    let (p1, p2) = (k1.min(n1) as f64 / n1 as f64, k2.min(n2) as f64 / n2 as f64);
    let ((l1, u1), (l2, u2)) = (wilson(k1, n1, z), wilson(k2, n2, z));
    let d = p1 - p2;
    Some((d - ((p1 - l1).powi(2) + (u2 - p2).powi(2)).sqrt(), d + ((u1 - p1).powi(2) + (p2 - l2).powi(2)).sqrt()))
}
