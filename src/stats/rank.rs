//! Do two samples lie at the same place, by ranks?

/// Wilcoxon's rank sum (Mann & Whitney 1947) of `a` among `b` as a standard normal deviate, corrected for ties, without a
/// continuity correction; positive where `a` lies higher. `None` where either is empty, a value is no number, or all are equal.
pub fn rank_sum(a: &[f64], b: &[f64]) -> Option<f64> {
    let mut all: Vec<(f64, bool)> = a.iter().map(|x| (*x, true)).chain(b.iter().map(|x| (*x, false))).collect();
    if a.is_empty() || b.is_empty() || all.iter().any(|(x, _)| x.is_nan()) {
        return None;
    }
    all.sort_by(|x, y| x.0.total_cmp(&y.0));
    let (mut ranks, mut ties, mut before) = (0.0, 0.0, 0.0);
    for equal in all.chunk_by(|x, y| x.0.total_cmp(&y.0).is_eq()) {
        let t = equal.len() as f64;
        ranks += equal.iter().filter(|(_, of_a)| *of_a).count() as f64 * (before + t.midpoint(1.0));
        ties += t * t * t - t;
        before += t;
    }
    let (n, m) = (a.len() as f64, b.len() as f64);
    let above = ranks - n * (n + 1.0) / 2.0 - n * m / 2.0;
    let variance = n * m / 12.0 * (before + 1.0 - ties / (before * (before - 1.0)));
    (variance > 0.0).then(|| above / variance.sqrt())
}
