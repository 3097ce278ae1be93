//! Measurements that come in rounds: what is alike within a round differs between them, so whole rounds are drawn, never single values.

use super::{
    Answer,
    quantile::{median, quantile_sorted},
};
use rand_pcg::{
    Pcg64,
    rand_core::{Rng as _, SeedableRng as _},
};
use statrs::distribution::{ContinuousCDF as _, Normal, StudentsT};
use std::collections::BTreeMap;

/// An estimate with what resampling leaves open.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Between {
    /// The estimate.
    pub value: f64,
    /// Two-sided 95 % interval.
    pub interval95: (f64, f64),
    /// Two-sided 99.8 % interval, that is 99.9 % to either side.
    pub interval998: (f64, f64),
    /// Rounds on the side that has fewer.
    pub rounds: u64,
}

/// Fewer rounds on a side say nothing of what differs between rounds.
pub const FEWEST_ROUNDS: usize = 3;
/// Draws of a bootstrap (Efron and Tibshirani 1993 ask for a thousand at least for intervals).
pub const DRAWS: usize = 10_000;
/// So many are remembered.
const MOST_KNOWN: usize = 2_000;

/// How a statistic of one set of rounds differs from that of another by `compare(a, b)`: percentile bootstrap over whole rounds, widened
/// for few of them. The statistic is taken of all values of the rounds that were drawn together, and must not depend on their order.
/// `None` with fewer than [`FEWEST_ROUNDS`] rounds on a side, or where a round is empty. The same seed draws the same.
pub fn between(
    a: &[Vec<f64>],
    b: &[Vec<f64>],
    statistic: impl Fn(&mut [f64]) -> Option<f64>,
    compare: impl Fn(f64, f64) -> f64,
    draws: usize,
    seed: u64,
) -> Option<Between> {
    if a.len().min(b.len()) < FEWEST_ROUNDS || a.iter().chain(b).any(Vec::is_empty) || draws == 0 {
        return None;
    }
    let of = |rounds: &[Vec<f64>]| statistic(&mut rounds.concat());
    let value = compare(of(a)?, of(b)?);
    let mut rng = Pcg64::seed_from_u64(seed);
    // Of few rounds the same ones are drawn together again and again: 126 ways of 5.
    let mut known: [BTreeMap<Vec<u32>, Option<f64>>; 2] = [BTreeMap::new(), BTreeMap::new()];
    let mut drawn = |rounds: &[Vec<f64>], side: usize, rng: &mut Pcg64| {
        let mut times = vec![0_u32; rounds.len()];
        for _ in 0..rounds.len() {
            times[below(rounds.len(), rng)] += 1;
        }
        if let Some(value) = known[side].get(&times) {
            return *value;
        }
        let mut pool = vec![];
        for (round, times) in rounds.iter().zip(&times) {
            for _ in 0..*times {
                pool.extend_from_slice(round);
            }
        }
        let value = statistic(&mut pool);
        if known[side].len() < MOST_KNOWN {
            known[side].insert(times, value);
        }
        value
    };
    let mut all = Vec::with_capacity(draws);
    for _ in 0..draws {
        let (x, y) = (drawn(a, 0, &mut rng)?, drawn(b, 1, &mut rng)?);
        all.push(compare(x, y));
    }
    all.sort_by(f64::total_cmp);
    let interval = |q: f64| {
        let by = widening(a.len(), b.len(), q)?;
        Some((value - by * (value - quantile_sorted(&all, 1.0 - q)?), value + by * (quantile_sorted(&all, q)? - value)))
    };
    Some(Between { value, interval95: interval(0.975)?, interval998: interval(0.999)?, rounds: a.len().min(b.len()) as u64 })
}

/// By how much the quantile `q` of a bootstrap is too near to its estimate: drawn anew from n rounds they vary less than rounds do, by the
/// root of (n - 1) / n, and by how much rounds vary is itself an estimate, Student's t beside the normal quantile (Hesterberg, The American
/// Statistician 69, 2015, "narrowness bias"), with Welch's degrees of freedom for sides that vary alike. Three rounds that lie wholly beyond
/// three others are no rare event: one of ten.
fn widening(a: usize, b: usize, q: f64) -> Option<f64> {
    let (a, b) = (a as f64, b as f64);
    let freedom = (1.0 / a + 1.0 / b).powi(2) / (a.powi(-2) / (a - 1.0) + b.powi(-2) / (b - 1.0));
    let student = StudentsT::new(0.0, 1.0, freedom).ok()?.inverse_cdf(q);
    let fewer = a.min(b);
    Some(student / Normal::standard().inverse_cdf(q) * (fewer / (fewer - 1.0)).sqrt())
}

/// Evenly below `n`: the high half of a product, whose bias is below n / 2^64.
fn below(n: usize, rng: &mut Pcg64) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}

/// The median, for [`between`]: in linear time.
pub fn middle(values: &mut [f64]) -> Option<f64> {
    if values.is_empty() {
        return None;
    }
    let (half, even) = (values.len() / 2, values.len().is_multiple_of(2));
    let (below, mid, _) = values.select_nth_unstable_by(half, f64::total_cmp);
    Some(if even { f64::midpoint(below.iter().copied().fold(f64::NEG_INFINITY, f64::max), *mid) } else { *mid })
}

impl Between {
    /// Does it lie within a margin? Equivalent if the 95 % interval does, different if the 99.8 % one lies wholly outside, else unclear.
    /// The number of rounds that would settle it follows from the width shrinking with its square root.
    pub fn within(&self, lo: f64, hi: f64) -> Answer {
        let ((lo95, hi95), (lo998, hi998)) = (self.interval95, self.interval998);
        if lo95 >= lo && hi95 <= hi {
            return Answer::Pass;
        }
        if hi998 < lo || lo998 > hi {
            return Answer::Fail;
        }
        let room = (self.value - lo).min(hi - self.value);
        let half = if room > 0.0 { (hi95 - lo95) / 2.0 } else { (hi998 - lo998) / 2.0 };
        let needed = self.rounds as f64 * (half / room.abs()).powi(2);
        let settles_at = (needed.is_finite() && needed < 1e6).then(|| (needed.ceil() as u64).max(self.rounds + 1));
        Answer::Unclear { settles_at }
    }
}

/// 95 % interval of the median by order statistics, whatever the distribution: the narrowest symmetric pair of which at least 95 % of
/// samples hold the median between them. `None` below six values, of which no pair does.
pub fn median_interval95(values: &[f64]) -> Option<(f64, f64)> {
    let n = values.len();
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    // Logarithm of the chance that exactly `low` of n values lie below the median; `below` is that of fewer.
    let mut ln_chance = -(n as f64) * std::f64::consts::LN_2;
    let (mut below, mut low) = (0.0, 0);
    while below + ln_chance.exp() <= 0.025 && low < n / 2 {
        below += ln_chance.exp();
        low += 1;
        ln_chance += ((n - low + 1) as f64 / low as f64).ln();
    }
    (low > 0).then(|| (sorted[low - 1], sorted[n - low]))
}

/// The smallest number of values of which the median lies within `share` of the whole's in 95 % of draws (the idea of CONFIRM, Maricq et
/// al., OSDI 2018). `None` where not even `most` do.
pub fn values_for(values: &[f64], share: f64, most: usize, seed: u64) -> Option<usize> {
    const TRIES: usize = 400;
    let whole = median(values)?;
    let mut rng = Pcg64::seed_from_u64(seed);
    let mut drawn = vec![];
    let enough = |n: usize, rng: &mut Pcg64, drawn: &mut Vec<f64>| {
        let near = (0..TRIES).filter(|_| {
            drawn.clear();
            drawn.extend((0..n).map(|_| values[below(values.len(), rng)]));
            middle(drawn).is_some_and(|m| (m - whole).abs() <= share * whole.abs())
        });
        near.count() * 100 >= TRIES * 95
    };
    let mut n = 3;
    while n <= most {
        if enough(n, &mut rng, &mut drawn) {
            return Some(n);
        }
        n += (n / 4).max(1);
    }
    None
}
