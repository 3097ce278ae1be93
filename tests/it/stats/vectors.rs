//! Against numpy and scipy; `tests/vectors/make_vectors.py` wrote what they say.

use super::close;
use rigcheck::stats::{
    Answer, clopper_pearson_hi, clopper_pearson_lo, location, mean, median, quantile, rank_sum, share_at_least, share_at_most, theil_sen,
    trimmed_mean,
};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    t19: std::collections::BTreeMap<String, f64>,
    samples: Vec<Sample>,
    ranks: Vec<Ranks>,
    shares: Vec<ShareBounds>,
    settling: Vec<Settling>,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
struct Sample {
    name: String,
    values: Vec<f64>,
    mean: f64,
    median: f64,
    quantiles: Vec<(f64, f64)>,
    trimmed: Vec<(f64, f64)>,
    location: Option<Spread>,
}

#[derive(Deserialize)]
struct Spread {
    yuen_interval90: (f64, f64),
    yuen_t: f64,
    jackknife_se: f64,
}

#[derive(Deserialize)]
struct Ranks {
    a: Vec<f64>,
    b: Vec<f64>,
    z: f64,
}

#[derive(Deserialize)]
struct ShareBounds {
    k: u64,
    n: u64,
    alpha: f64,
    lo: f64,
    hi: f64,
}

#[derive(Deserialize)]
struct Settling {
    k: u64,
    n: u64,
    limit: f64,
    settles_at: Option<u64>,
}

#[derive(Deserialize)]
struct Line {
    name: String,
    x: Vec<f64>,
    y: Vec<f64>,
    min_dx: f64,
    pairs: u64,
    value: f64,
    interval90: (f64, f64),
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("../../vectors/stats.json")).expect("make_vectors.py writes what this file reads")
}

#[test]
fn quantiles_and_means_are_numpys() {
    let all = vectors().samples;
    assert!(all.len() >= 10);
    for s in all {
        close(mean(&s.values).unwrap(), s.mean, 1e-13, &s.name);
        close(median(&s.values).unwrap(), s.median, 1e-13, &s.name);
        for (q, expected) in s.quantiles {
            close(quantile(&s.values, q).unwrap(), expected, 1e-12, &format!("{} q{q}", s.name));
        }
        for (cut, expected) in s.trimmed {
            close(trimmed_mean(&s.values, cut).unwrap(), expected, 1e-12, &format!("{} trimmed {cut}", s.name));
        }
    }
}

#[test]
fn standard_error_is_the_larger_of_scipys_yuen_and_the_block_jackknife() {
    let (mut yuen_won, mut jackknife_won) = (0, 0);
    for s in vectors().samples {
        let Some(spread) = s.location else {
            assert_eq!(location(&s.values), None, "{}", s.name);
            continue;
        };
        let ours = location(&s.values).unwrap();
        let (lo, hi) = spread.yuen_interval90;
        let yuen = (hi - lo) / 2.0 / spread.yuen_t;
        close(ours.value, f64::midpoint(lo, hi), 1e-12, &s.name);
        close(ours.se, yuen.max(spread.jackknife_se), 1e-11, &s.name);
        assert_eq!(ours.n, s.values.len() as u64);
        if yuen > spread.jackknife_se { yuen_won += 1 } else { jackknife_won += 1 }
    }
    assert!(yuen_won > 0 && jackknife_won > 0, "both roads are taken: {yuen_won} and {jackknife_won}");
}

#[test]
fn bounds_use_students_t_with_19_degrees() {
    let t19 = vectors().t19;
    let l = rigcheck::stats::Location { value: 0.0, se: 1.0, n: 40 };
    close(l.bounds95().1, t19["0.95"], 1e-14, "95 %");
    close(l.bounds999().1, t19["0.999"], 1e-14, "99.9 %");
    close(l.bounds95().0, -1.729, 5e-4, "95 %");
    close(l.bounds999().0, -3.579, 5e-4, "99.9 %");
}

#[test]
fn share_bounds_are_scipys() {
    for v in vectors().shares {
        // An upper bound near 0 is mirrored from a lower one near 1, and so has the digits of that.
        for (ours, theirs) in [(clopper_pearson_lo(v.k, v.n, v.alpha), v.lo), (clopper_pearson_hi(v.k, v.n, v.alpha), v.hi)] {
            assert!((ours - theirs).abs() <= 1e-15 + 1e-10 * theirs, "{} of {} at {}: {ours}, not {theirs}", v.k, v.n, v.alpha);
        }
    }
}

#[test]
fn rank_sums_are_scipys() {
    for v in vectors().ranks {
        close(rank_sum(&v.a, &v.b).unwrap(), v.z, 1e-9, "rank sum");
        close(rank_sum(&v.b, &v.a).unwrap(), -v.z, 1e-9, "turned");
    }
    assert_eq!([rank_sum(&[], &[1.0]), rank_sum(&[1.0], &[]), rank_sum(&[1.0], &[1.0]), rank_sum(&[f64::NAN], &[1.0])], [None; 4]);
}

#[test]
fn unclear_shares_settle_where_stepping_n_one_by_one_says() {
    for v in vectors().settling {
        let mirrored = share_at_least(v.n - v.k, v.n, 1.0 - v.limit);
        for answer in [share_at_most(v.k, v.n, v.limit), mirrored] {
            match answer {
                Answer::Unclear { settles_at } => assert_eq!(settles_at, v.settles_at, "{} of {} against {}", v.k, v.n, v.limit),
                other => assert_eq!(v.settles_at, None, "{other:?}: {} of {} against {}", v.k, v.n, v.limit),
            }
        }
    }
}

#[test]
fn slopes_are_scipys_and_their_rank_interval_is_doubled() {
    for v in vectors().lines {
        let s = theil_sen(&v.x, &v.y, v.min_dx).unwrap();
        assert_eq!(s.pairs, v.pairs, "{}", v.name);
        close(s.value, v.value, 1e-12, &v.name);
        let half = (v.interval90.1 - v.interval90.0) / 2.0;
        for (bound, expected) in [(s.lo95, -2.0), (s.hi95, 2.0), (s.lo999, -4.0), (s.hi999, 4.0)] {
            close(bound, v.value + expected * half, 1e-11, &v.name);
        }
    }
}
