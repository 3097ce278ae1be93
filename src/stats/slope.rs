//! A straight line's slope that a few bad points cannot move.

/// Above this many points a fixed pseudo-random choice of them is used: two million pairs, 16 MB.
pub const MOST_POINTS: usize = 2_000;
/// Fewest pairs that say anything.
pub const FEWEST_PAIRS: usize = 10;
/// 95 % one-sided quantile of the standard normal distribution.
const Z_95: f64 = 1.644_853_626_951_472_7;
/// Requests of one run are dependent, so a bound from independent ranks is too narrow; twice its half width held in simulation.
const DEPENDENCE: f64 = 2.0;
/// From 95 % to 99.9 %, generously (the normal ratio is 1.88).
const TO_999: f64 = 2.0;

/// A Theil-Sen slope with its bounds, in units of `y` per unit of `x`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Slope {
    /// The median of the slopes of all pairs.
    pub value: f64,
    /// One-sided 95 % lower bound; minus infinity when the pairs are too few to give one.
    pub lo95: f64,
    /// One-sided 95 % upper bound.
    pub hi95: f64,
    /// One-sided 99.9 % lower bound.
    pub lo999: f64,
    /// One-sided 99.9 % upper bound.
    pub hi999: f64,
    /// Pairs whose slopes were taken.
    pub pairs: u64,
    /// Points they were made of: all, or 2,000 chosen from more.
    pub n: u64,
}

/// Theil-Sen slope of `y` on `x` over the pairs of points at least `min_dx` apart in `x` (and never at the same `x`).
///
/// The rank interval is Sen's ("Estimates of the regression coefficient based on Kendall's tau", JASA 63, 1968), 90 % two-sided, with the
/// variance of Kendall's S over exactly the pairs used. Its half width, doubled for dependence, makes the 95 % one-sided bounds around the
/// value; doubled again, the 99.9 % ones. Where the pairs are too few for a rank interval the bounds are infinite.
///
/// Above 2,000 points a fixed pseudo-random 2,000 of them are used, the same for the same points in any order.
///
/// `None` with fewer than ten pairs, when the two lengths differ, or when any number is not finite.
pub fn theil_sen(x: &[f64], y: &[f64], min_dx: f64) -> Option<Slope> {
    let finite = x.iter().chain(y).all(|v| v.is_finite());
    if x.len() != y.len() || !finite || min_dx.is_nan() {
        return None;
    }
    let points = points(x, y);
    let (mut slopes, balance) = slopes(&points, min_dx);
    let pairs = slopes.len();
    if pairs < FEWEST_PAIRS {
        return None;
    }
    let value = median_in_place(&mut slopes)?;
    let half = half_width(&mut slopes, &balance).filter(|h| !h.is_nan()).unwrap_or(f64::INFINITY);
    let (h95, h999) = (DEPENDENCE * half, TO_999 * DEPENDENCE * half);
    let slope =
        Slope { value, lo95: value - h95, hi95: value + h95, lo999: value - h999, hi999: value + h999, pairs: pairs as u64, n: points.len() as u64 };
    value.is_finite().then_some(slope)
}

/// The points by ascending x, at most [`MOST_POINTS`] of them.
fn points(x: &[f64], y: &[f64]) -> Vec<(f64, f64)> {
    let mut all: Vec<(f64, f64)> = x.iter().copied().zip(y.iter().copied()).collect();
    all.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    if all.len() <= MOST_POINTS {
        return all;
    }
    let mut ranks: Vec<usize> = (0..all.len()).collect();
    ranks.sort_unstable_by_key(|rank| scatter(*rank as u64));
    ranks.truncate(MOST_POINTS);
    ranks.sort_unstable();
    ranks.into_iter().map(|rank| all[rank]).collect()
}

/// SplitMix64's finaliser: a fixed one-to-one scattering, so that the choice follows no period of the load.
fn scatter(rank: u64) -> u64 {
    let mut z = rank.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Slopes of the pairs that count, and for each point how many more of its pairs lie below it than above it in x.
fn slopes(points: &[(f64, f64)], min_dx: f64) -> (Vec<f64>, Vec<f64>) {
    let mut slopes = Vec::with_capacity(points.len() * points.len().saturating_sub(1) / 2);
    let mut balance = vec![0.0; points.len()];
    for (i, (x0, y0)) in points.iter().enumerate() {
        let near = points[i..].partition_point(|(x1, _)| x1 <= x0 || x1 - x0 < min_dx);
        for (j, (x1, y1)) in points.iter().enumerate().skip(i + near) {
            slopes.push((y1 - y0) / (x1 - x0));
            balance[i] -= 1.0;
            balance[j] += 1.0;
        }
    }
    (slopes, balance)
}

/// Half the width of Sen's 90 % two-sided rank interval. `None` when it reaches beyond the pairs there are.
fn half_width(slopes: &mut [f64], balance: &[f64]) -> Option<f64> {
    let pairs = slopes.len();
    let reach = Z_95 * variance(pairs, balance).sqrt();
    let below = f64::midpoint(pairs as f64, -reach);
    if below < 0.0 {
        return None;
    }
    let lo = below.floor() as usize;
    let hi = (f64::midpoint(pairs as f64, reach).floor() as usize).min(pairs - 1);
    Some((select(slopes, hi) - select(slopes, lo)) / 2.0)
}

/// Variance of Kendall's S over the pairs used, were there no slope: a third of the pairs plus a third of the squared balances, because the signs of
/// two pairs that share a point correlate by 1/3, positively where it lies on the same side of both, negatively otherwise. With every pair used
/// this is the familiar n(n-1)(2n+5)/18.
fn variance(pairs: usize, balance: &[f64]) -> f64 {
    (pairs as f64 + balance.iter().map(|b| b * b).sum::<f64>()) / 3.0
}

fn median_in_place(values: &mut [f64]) -> Option<f64> {
    let n = values.len();
    if n < 2 {
        return values.first().copied();
    }
    let upper = select(values, n / 2);
    if n % 2 == 1 { Some(upper) } else { Some(f64::midpoint(select(values, n / 2 - 1), upper)) }
}

fn select(values: &mut [f64], index: usize) -> f64 {
    *values.select_nth_unstable_by(index, f64::total_cmp).1
}

#[cfg(test)]
mod tests {
    use super::*;

    /// S summed over all orders of the y values 0 .. n.
    fn squares_over_orders(points: &[f64], min_dx: f64) -> (f64, f64) {
        fn orders(rest: &mut Vec<f64>, taken: &mut Vec<f64>, each: &mut impl FnMut(&[f64])) {
            if rest.is_empty() {
                each(taken);
            }
            for i in 0..rest.len() {
                taken.push(rest.remove(i));
                orders(rest, taken, each);
                rest.insert(i, taken.pop().unwrap());
            }
        }
        let (mut total, mut count) = (0.0, 0.0);
        orders(&mut (0..points.len()).map(|y| y as f64).collect(), &mut Vec::new(), &mut |ys| {
            let (found, _) = slopes(&points.iter().copied().zip(ys.iter().copied()).collect::<Vec<_>>(), min_dx);
            total += found.iter().map(|s| s.signum()).sum::<f64>().powi(2);
            count += 1.0;
        });
        (total, count)
    }

    #[test]
    fn variance_is_that_of_all_orders() {
        for (x, min_dx) in
            [(vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 0.0), (vec![1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3.0), (vec![1.0, 1.0, 2.0, 5.0, 5.0, 9.0], 2.0)]
        {
            let (total, count) = squares_over_orders(&x, min_dx);
            let (found, balance) = slopes(&x.iter().map(|x| (*x, 0.0)).collect::<Vec<_>>(), min_dx);
            assert!((variance(found.len(), &balance) - total / count).abs() < 1e-9, "{x:?} at least {min_dx} apart");
        }
    }

    #[test]
    fn too_few_pairs_are_no_slope_and_too_few_for_an_interval_have_infinite_bounds() {
        let line = |n: i32| -> Vec<f64> { (0..n).map(f64::from).collect() };
        assert_eq!(theil_sen(&line(4), &line(4), 0.0), None);
        assert_eq!(theil_sen(&line(500), &line(500), 500.0), None);
        assert_eq!(theil_sen(&[3.0; 100], &line(100), 0.0), None, "one x has no slope");
        // Ten pairs that all share one point: were it off, every slope would be, and no interval of theirs would show it.
        let s = theil_sen(&[vec![0.0], vec![100.0; 10]].concat(), &line(11), 1.0).unwrap();
        assert_eq!(s.pairs, 10);
        assert_eq!((s.lo999, s.lo95, s.hi95, s.hi999), (-f64::INFINITY, -f64::INFINITY, f64::INFINITY, f64::INFINITY));
    }

    #[test]
    fn what_is_not_finite_has_no_slope() {
        let x: Vec<f64> = (0..20).map(f64::from).collect();
        for bad in [f64::NAN, f64::INFINITY] {
            let mut y = x.clone();
            y[3] = bad;
            assert_eq!(theil_sen(&x, &y, 0.0), None);
            assert_eq!(theil_sen(&y, &x, 0.0), None);
        }
        assert_eq!(theil_sen(&x, &x[1..], 0.0), None);
        assert_eq!(theil_sen(&x, &x, f64::NAN), None);
    }
}
