//! Rates of events and comparisons of rounds, against scipy; `tests/vectors/make_vectors.py` wrote what it says.

use super::{Dice, close};
use rigcheck::stats::{
    Answer,
    poisson::{mean_hi, mean_lo, rate_at_most},
    rounds::{DRAWS, between, median_interval95, middle, values_for},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    counts: Vec<CountBounds>,
    medians: Vec<Median>,
    differences: Vec<Difference>,
}

#[derive(Deserialize)]
struct CountBounds {
    k: u64,
    alpha: f64,
    lo: f64,
    hi: f64,
}

#[derive(Deserialize)]
struct Median {
    n: usize,
    low: usize,
}

#[derive(Deserialize)]
struct Difference {
    name: String,
    a: Vec<Vec<f64>>,
    b: Vec<Vec<f64>>,
    value: f64,
    interval95: (f64, f64),
    interval998: (f64, f64),
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../vectors/stats.json")).expect("make_vectors.py writes what this file reads")
}

#[test]
fn bounds_of_counts_are_scipys() {
    for v in vectors().counts {
        for (ours, theirs) in [(mean_lo(v.k, v.alpha), v.lo), (mean_hi(v.k, v.alpha), v.hi)] {
            assert!((ours - theirs).abs() <= 1e-9 * theirs.max(1e-3), "{} at {}: {ours}, not {theirs}", v.k, v.alpha);
        }
    }
}

/// A count has the standard deviation of its root: 1.645 of them hold 95 % to a side, 3.090 hold 99.9 %.
#[test]
fn bounds_of_huge_counts_are_near_the_normal_ones_and_cost_nothing() {
    for k in [999_990_u64, 1_000_010, 3_000_000_000, u64::MAX >> 8] {
        let (n, sigma) = (k as f64, (k as f64).sqrt());
        for (alpha, z) in [(0.05, 1.644_854), (0.001, 3.090_232)] {
            let off = [(n - mean_lo(k, alpha)) / sigma - z, (mean_hi(k, alpha) - n) / sigma - z];
            assert!(off.iter().all(|off| off.abs() < 0.01), "{k} at {alpha}: {off:?}");
        }
    }
}

#[test]
fn a_rate_passes_as_it_was_and_fails_only_beyond_chance() {
    assert_eq!([rate_at_most(0, 2.0, 1.0), rate_at_most(2, 2.0, 1.0), rate_at_most(30, 2.0, 1.0)], [Answer::Pass, Answer::Pass, Answer::Fail]);
    // 5 in 2 minutes are more than 1 a minute, and may be chance; were it so for longer, they were not.
    let Answer::Unclear { settles_at: Some(minutes) } = rate_at_most(5, 2.0, 1.0) else { panic!("5 in 2 minutes settles nothing") };
    assert!(minutes > 2 && rate_at_most(minutes * 5 / 2, minutes as f64, 1.0) == Answer::Fail, "{minutes}");
    for bad in [rate_at_most(1, 0.0, 1.0), rate_at_most(1, f64::NAN, 1.0), rate_at_most(1, 1.0, f64::NAN)] {
        assert_eq!(bad, Answer::Unclear { settles_at: None });
    }
}

#[test]
fn the_interval_of_a_median_is_by_the_binomial_distribution() {
    for v in vectors().medians {
        let values: Vec<f64> = (1..=v.n).map(|i| i as f64).collect();
        let expected = (v.low > 0).then(|| (v.low as f64, (v.n + 1 - v.low) as f64));
        assert_eq!(median_interval95(&values), expected, "{}", v.n);
    }
}

#[test]
fn a_bootstrap_over_rounds_gives_what_many_more_draws_give() {
    for v in vectors().differences {
        let ours = between(&v.a, &v.b, middle, |a, b| a / b, DRAWS, 7).unwrap();
        close(ours.value, v.value, 1e-12, &v.name);
        let width = v.interval95.1 - v.interval95.0;
        for (ours, theirs, share) in [
            (ours.interval95.0, v.interval95.0, 0.05),
            (ours.interval95.1, v.interval95.1, 0.05),
            (ours.interval998.0, v.interval998.0, 0.12),
            (ours.interval998.1, v.interval998.1, 0.12),
        ] {
            assert!((ours - theirs).abs() < share * width, "{}: {ours}, not {theirs}", v.name);
        }
    }
}

#[test]
fn what_cannot_be_compared_is_not() {
    let rounds = |n: usize| vec![vec![1.0, 2.0, 3.0]; n];
    let compare = |a: f64, b: f64| a - b;
    assert_eq!(between(&rounds(2), &rounds(9), middle, compare, 100, 1), None);
    assert_eq!(between(&[rounds(3), vec![vec![]]].concat(), &rounds(9), middle, compare, 100, 1), None);
    let same = between(&rounds(3), &rounds(3), middle, compare, 100, 1).unwrap();
    assert_eq!((same.value, same.interval95, same.within(-0.1, 0.1)), (0.0, (0.0, 0.0), Answer::Pass));
    assert_eq!(middle(&mut []), None);
    assert_eq!((middle(&mut [3.0, 1.0]), middle(&mut [3.0, 1.0, 2.0])), (Some(2.0), Some(2.0)));
}

#[test]
fn so_many_values_are_advised_as_their_spread_asks_for() {
    let steady: Vec<f64> = (0..100).map(|i| 100.0 + 0.01 * f64::from(i)).collect();
    assert_eq!(values_for(&steady, 0.02, 500, 1), Some(3));
    // A uniform spread of ±20 %: the median of n lies within 2 % in 95 % of draws from about (1.96 · 0.2 / 0.02)² = 384 on.
    let wide: Vec<f64> = (0..1_000).map(|i| 80.0 + 0.04 * f64::from(i)).collect();
    let n = values_for(&wide, 0.02, 1_000, 1).unwrap();
    assert!((250..=560).contains(&n), "{n}");
    assert_eq!(values_for(&wide, 0.02, 100, 1), None);
    assert_eq!(values_for(&[], 0.02, 100, 1), None);
}

/// Rounds of one kind, whose levels differ from round to round, are called different in at most 2 % of comparisons, however few they are;
/// rounds that are far apart are called so.
#[test]
fn few_rounds_of_one_kind_are_seldom_called_different() {
    let mut dice = Dice::seeded(5);
    let mut rounds = |many: usize, at: f64| -> Vec<Vec<f64>> { (0..many).map(|_| vec![at + dice.normal()]).collect() };
    for (n, m) in [(3, 3), (5, 5), (3, 20)] {
        const TRIES: usize = 200;
        let different = |apart: f64, rounds: &mut dyn FnMut(usize, f64) -> Vec<Vec<f64>>| {
            let fails = |_: &usize| {
                let (a, b) = (rounds(n, apart), rounds(m, 0.0));
                between(&a, &b, middle, |a, b| a - b, 500, 3).unwrap().within(0.0, 0.0) == Answer::Fail
            };
            (0..TRIES).filter(fails).count()
        };
        let (alike, apart) = (different(0.0, &mut rounds), different(30.0, &mut rounds));
        assert!(alike <= TRIES / 50 && apart >= TRIES * 9 / 10, "{n} and {m}: {alike} and {apart} of {TRIES}");
    }
}
