//! Bounds on shares by Wilson, on their differences by Newcombe, on quantiles by order statistics, against scipy and published tables;
//! `tests/vectors/make_vectors.py` wrote what it says.

use super::close;
use rigcheck::stats::{
    Answer,
    order::{at_share, fewest_for, quantile_interval95},
    wilson::{Z95, newcombe, share_below, wilson},
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    wilsons: Vec<Wilson>,
    newcombes: Vec<Newcombe>,
    orders: Vec<Order>,
}

#[derive(Deserialize)]
struct Wilson {
    k: u64,
    n: u64,
    z: f64,
    lo: f64,
    hi: f64,
}

#[derive(Deserialize)]
struct Newcombe {
    a: (u64, u64),
    b: (u64, u64),
    lo: f64,
    hi: f64,
}

#[derive(Deserialize)]
struct Order {
    q: f64,
    n: usize,
    low: usize,
    high: usize,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../vectors/stats.json")).expect("make_vectors.py writes what this file reads")
}

#[test]
fn wilsons_interval_is_what_the_score_test_does_not_reject() {
    for v in vectors().wilsons {
        let (lo, hi) = wilson(v.k, v.n, v.z);
        assert!((lo - v.lo).abs() < 1e-12 && (hi - v.hi).abs() < 1e-12, "{} of {}: {lo} … {hi}, not {} … {}", v.k, v.n, v.lo, v.hi);
    }
    assert_eq!(wilson(0, 0, Z95), (0.0, 1.0));
    assert_eq!((wilson(7, 5, Z95), wilson(0, 9, Z95).0, wilson(9, 9, Z95).1), (wilson(5, 5, Z95), 0.0, 1.0));
}

#[test]
fn differences_of_shares_are_newcombes() {
    for v in vectors().newcombes {
        let (lo, hi) = newcombe(v.a, v.b, Z95).unwrap();
        assert!((lo - v.lo).abs() < 5e-5 && (hi - v.hi).abs() < 5e-5, "{:?} {:?}: {lo} … {hi}", v.a, v.b);
    }
    assert_eq!(newcombe((0, 0), (1, 2), Z95), None);
}

#[test]
fn a_share_is_below_a_limit_when_its_upper_bound_is() {
    assert_eq!(share_below(0, 380, 0.01), Answer::Unclear { settles_at: Some(381) });
    assert_eq!([share_below(0, 381, 0.01), share_below(26, 400, 0.01), share_below(8, 400, 0.01)], [Answer::Pass, Answer::Fail, Answer::Fail]);
    // Where half a percent is a whole number of hits: 7 of 1400 are too few, 8 of 1600 enough.
    let Answer::Unclear { settles_at: Some(n) } = share_below(2, 400, 0.01) else { panic!() };
    assert!(n > 1_400 && n <= 1_600 && wilson(7, 1_400, Z95).1 > 0.01 && wilson(8, 1_600, Z95).1 < 0.01, "{n}");
    for bad in [share_below(0, 0, 0.01), share_below(2, 1, 0.01), share_below(1, 9, f64::NAN)] {
        assert_eq!(bad, Answer::Unclear { settles_at: None });
    }
    assert_eq!(share_below(1, 100, 0.01), Answer::Unclear { settles_at: None });
}

#[test]
fn order_statistics_hold_a_quantile_by_the_binomial_distribution() {
    for v in vectors().orders {
        let values: Vec<f64> = (1..=v.n).map(|i| i as f64).collect();
        let expected = (v.low > 0 && v.high > 0).then_some((v.low as f64, v.high as f64));
        assert_eq!(quantile_interval95(&values, v.q), expected, "{} of {}", v.q, v.n);
    }
    assert_eq!((quantile_interval95(&[], 0.5), quantile_interval95(&[1.0; 71], 0.95), fewest_for(0.95)), (None, None, Some(59)));
    assert_eq!((fewest_for(0.5), fewest_for(1.0), fewest_for(0.0)), (Some(5), None, None));
}

#[test]
fn a_value_at_a_share_is_an_order_statistic() {
    let mut values: Vec<f64> = (0..101).rev().map(f64::from).collect();
    close(at_share(&mut values, 0.95).unwrap(), 95.0, 1e-12, "of 0 … 100");
    assert_eq!((at_share(&mut [], 0.5), at_share(&mut [3.0], 0.95), at_share(&mut [2.0, 1.0], 7.0)), (None, Some(3.0), Some(2.0)));
}
