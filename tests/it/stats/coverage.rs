//! Whether the bounds hold as often as they claim.

use super::{Dice, close};
use rigcheck::stats::{Answer, clopper_pearson_hi, clopper_pearson_lo, location, location_within, slope_within, theil_sen};
use statrs::distribution::{Binomial, Discrete};

#[test]
fn share_bounds_miss_no_oftener_than_alpha_whatever_the_share() {
    // Exact: the probability of every count that would give a bound on the wrong side is added up.
    for n in [10_u64, 50, 480] {
        for alpha in [0.05, 0.001] {
            let bounds: Vec<(f64, f64)> = (0..=n).map(|k| (clopper_pearson_lo(k, n, alpha), clopper_pearson_hi(k, n, alpha))).collect();
            let mut worst = 0.0_f64;
            for step in 1..200 {
                let p = f64::from(step) / 200.0;
                let chance = Binomial::new(p, n).unwrap();
                let missed = |wrong: fn(f64, f64, f64) -> bool| -> f64 {
                    (0..=n).filter(|k| wrong(bounds[*k as usize].0, bounds[*k as usize].1, p)).map(|k| chance.pmf(k)).sum()
                };
                worst = worst.max(missed(|lo, _, p| lo > p)).max(missed(|_, hi, p| hi < p));
            }
            assert!(worst <= alpha * (1.0 + 1e-9), "n {n}: {worst} above {alpha}");
            assert!(worst >= alpha / 2.0, "n {n}: needlessly wide, {worst} against {alpha}");
        }
    }
}

#[test]
fn a_location_on_the_limit_is_passed_or_failed_no_oftener_than_promised() {
    // The limit lies exactly at the true trimmed mean of a symmetric sample, whose values depend on their neighbours.
    let mut dice = Dice::seeded(7);
    let runs = 2_000;
    let (mut passed, mut failed) = (0, 0);
    for _ in 0..runs {
        let mut last = 0.0;
        let sample: Vec<f64> = std::iter::repeat_with(|| {
            last = 0.5 * last + dice.normal();
            10.0 + last
        })
        .take(480)
        .collect();
        match location_within(&location(&sample).unwrap(), f64::NEG_INFINITY, 10.0) {
            Answer::Pass => passed += 1,
            Answer::Fail => failed += 1,
            Answer::Unclear { .. } => {}
        }
    }
    // 5 % and 0.1 % are promised; blocks of 24 do not hold quite all of the dependence, and 2,000 runs scatter.
    assert!(passed <= 150, "{passed} of {runs} passed");
    assert!(failed <= 10, "{failed} of {runs} failed");
    assert!(passed >= 20, "the bound is not absurdly wide: {passed} of {runs} passed");
}

#[test]
fn a_slope_on_the_limit_is_passed_or_failed_no_oftener_than_promised() {
    let mut dice = Dice::seeded(8);
    let runs = 300;
    let (mut passed, mut failed) = (0, 0);
    for _ in 0..runs {
        let x: Vec<f64> = std::iter::repeat_with(|| 40.0 + 1_200.0 * dice.uniform()).take(120).collect();
        let y: Vec<f64> = x.iter().map(|x| 0.02 * x + dice.lognormal(3.0, 0.8)).collect();
        match slope_within(&theil_sen(&x, &y, 20.0).unwrap(), 0.02) {
            Answer::Pass => passed += 1,
            Answer::Fail => failed += 1,
            Answer::Unclear { .. } => {}
        }
    }
    assert!(passed <= 15 && failed <= 3, "{passed} passed, {failed} failed of {runs}");
}

#[test]
fn many_points_are_thinned_the_same_way_in_any_order() {
    let mut dice = Dice::seeded(9);
    let mut points: Vec<(f64, f64)> = std::iter::repeat_with(|| (1_000.0 * dice.uniform(), dice.normal())).take(9_000).collect();
    for (i, p) in points.iter_mut().enumerate() {
        p.1 += 0.05 * p.0 + if i % 100 == 0 { 3_000.0 } else { 0.0 };
    }
    let of = |points: &[(f64, f64)]| {
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        theil_sen(&x, &y, 20.0).unwrap()
    };
    let first = of(&points);
    dice.shuffle(&mut points);
    assert_eq!(of(&points), first);
    assert_eq!(first.n, 2_000);
    assert!(first.pairs < 2_000_000);
    close(first.value, 0.05, 2e-4, "slope");
    assert!(first.lo95 < 0.05 && 0.05 < first.hi95 && first.hi95 - first.lo95 < 2e-3);
}
