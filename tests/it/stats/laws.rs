//! Laws that hold for every sample.

use proptest::{collection::vec, prelude::*};
use rigcheck::stats::{Within, bucket_of, episodes, location, mean, median, quantile, theil_sen, trimmed_mean};

fn values(n: std::ops::Range<usize>) -> impl Strategy<Value = Vec<f64>> {
    // Whole numbers now and then, so that ties are common.
    vec(prop_oneof![3 => -1e3..1e3_f64, 1 => (-20..20_i32).prop_map(f64::from)], n)
}

fn near(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * (1.0 + a.abs().max(b.abs()))
}

proptest! {
    #[test]
    fn a_quantile_ignores_order_and_rises_with_q(sample in values(1..60), p in 0.0..=1.0_f64, q in 0.0..=1.0_f64) {
        let reversed: Vec<f64> = sample.iter().rev().copied().collect();
        let (lo, hi) = (quantile(&sample, p.min(q)).unwrap(), quantile(&sample, p.max(q)).unwrap());
        prop_assert!(lo <= hi);
        prop_assert_eq!(quantile(&reversed, q), quantile(&sample, q));
        // At least a share q of the values, bar the one it falls between, lies at or below it; and the same above.
        let x = quantile(&sample, q).unwrap();
        let n = sample.len() as f64;
        prop_assert!(sample.iter().filter(|v| **v <= x).count() as f64 >= (q * (n - 1.0)).floor());
        prop_assert!(sample.iter().filter(|v| **v >= x).count() as f64 >= ((1.0 - q) * (n - 1.0)).floor());
    }

    #[test]
    fn measures_of_place_shift_and_scale_with_the_sample(sample in values(40..120), shift in -500.0..500.0_f64, scale in 0.01..50.0_f64) {
        let moved: Vec<f64> = sample.iter().map(|v| v * scale + shift).collect();
        let (a, b) = (location(&sample).unwrap(), location(&moved).unwrap());
        prop_assert!(near(a.value * scale + shift, b.value));
        prop_assert!((a.se * scale - b.se).abs() <= 1e-9 * (1.0 + b.se + shift.abs()));
        for measure in [mean, median, |v: &[f64]| trimmed_mean(v, 0.1)] {
            prop_assert!(near(measure(&sample).unwrap() * scale + shift, measure(&moved).unwrap()));
        }
    }

    #[test]
    fn a_location_is_mirrored_when_the_sample_is(sample in values(40..120)) {
        let mirrored: Vec<f64> = sample.iter().map(|v| -v).collect();
        let (a, b) = (location(&sample).unwrap(), location(&mirrored).unwrap());
        prop_assert!(near(a.value, -b.value) && near(a.se, b.se));
        let ((lo95, hi95), (lo999, hi999)) = (a.bounds95(), a.bounds999());
        prop_assert!(lo999 <= lo95 && lo95 <= a.value && a.value <= hi95 && hi95 <= hi999);
    }

    #[test]
    fn a_fifth_of_wild_values_moves_a_trimmed_mean_no_further_than_the_good_ones(good in values(80..100), wild in 1e6..1e12_f64) {
        let mut mixed = good.clone();
        mixed.extend(std::iter::repeat_n(wild, good.len() / 4));
        let highest = good.iter().copied().fold(f64::MIN, f64::max);
        prop_assert!(trimmed_mean(&mixed, 0.2).unwrap() <= highest);
    }

    #[test]
    fn a_slope_follows_an_added_line_and_ignores_order(
        points in vec((0.0..1e3_f64, -50.0..50.0_f64), 12..40), added in -3.0..3.0_f64, scale in 0.1..9.0_f64, min_dx in 0.0..100.0_f64,
    ) {
        let (x, y): (Vec<f64>, Vec<f64>) = points.iter().copied().unzip();
        let (rx, ry): (Vec<f64>, Vec<f64>) = points.iter().rev().copied().unzip();
        let Some(s) = theil_sen(&x, &y, min_dx) else { return Ok(()) };
        prop_assert_eq!(theil_sen(&rx, &ry, min_dx), Some(s));
        let tilted: Vec<f64> = x.iter().zip(&y).map(|(x, y)| scale * y + added * x).collect();
        let t = theil_sen(&x, &tilted, min_dx).unwrap();
        // Points a hair apart have slopes of any size; the comparison is relative to what was computed.
        prop_assert!((scale * s.value + added - t.value).abs() <= 1e-7 * (1.0 + t.value.abs()));
        prop_assert!(s.lo999 <= s.lo95 && s.lo95 <= s.value && s.value <= s.hi95 && s.hi95 <= s.hi999);
        let n = x.len() as u64;
        prop_assert!(s.n == n && s.pairs <= n * (n - 1) / 2);
    }

    #[test]
    fn episodes_are_the_connected_groups(times in vec(0.0..60_000.0_f64, 0..40), merge in 0.0..2_000.0_f64) {
        // Brute force: join every two hits within reach of one another until nothing changes.
        let mut group: Vec<usize> = (0..times.len()).collect();
        for i in 0..times.len() {
            for j in 0..times.len() {
                if (times[i] - times[j]).abs() <= merge {
                    let (from, to) = (group[i].max(group[j]), group[i].min(group[j]));
                    group.iter_mut().filter(|g| **g == from).for_each(|g| *g = to);
                }
            }
        }
        group.sort_unstable();
        group.dedup();
        prop_assert_eq!(episodes(&times, 480, merge), group.len() as u64);
        prop_assert_eq!(episodes(&times, times.len() as u64, merge), times.len() as u64);
    }

    #[test]
    fn a_bucket_holds_the_value_of_that_rank(mut sample in vec(0.001..1_200.0_f64, 1..80), q in 0.0..=1.0_f64) {
        sample.sort_unstable_by(f64::total_cmp);
        let edges = [5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1_000.0, f64::INFINITY];
        let cumulative: Vec<(f64, f64)> = edges.iter().map(|e| (*e, sample.iter().filter(|v| *v <= e).count() as f64)).collect();
        let Within { lo, hi } = bucket_of(&cumulative, q).unwrap();
        let rank = (q * sample.len() as f64).ceil().max(1.0) as usize;
        let value = sample[rank - 1];
        prop_assert!(lo < value && value <= hi, "{} is not in ({}, {}]", value, lo, hi);
    }
}
