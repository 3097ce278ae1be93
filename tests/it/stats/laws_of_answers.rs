//! Laws of the three-way answers.

use proptest::prelude::*;
use rigcheck::stats::{
    Answer, Location, Slope, clopper_pearson_hi, clopper_pearson_lo, location_within, share_at_least, share_at_most, slope_within,
};

/// Pass, unclear, fail, in this order.
fn badness(a: Answer) -> u8 {
    match a {
        Answer::Pass => 0,
        Answer::Unclear { .. } => 1,
        Answer::Fail => 2,
    }
}

fn clear(a: Answer) -> bool {
    badness(a) != 1
}

fn settles_at(a: Answer) -> Option<u64> {
    match a {
        Answer::Unclear { settles_at } => settles_at,
        Answer::Pass | Answer::Fail => None,
    }
}

/// A slope whose half width at 95 % is `half`.
fn slope(value: f64, half: f64, n: u64) -> Slope {
    Slope { value, lo95: value - half, hi95: value + half, lo999: value - 2.0 * half, hi999: value + 2.0 * half, pairs: n * (n - 1) / 2, n }
}

proptest! {
    #[test]
    fn share_bounds_bracket_the_share_and_rise_with_it(n in 1..3_000_u64, part in 0.0..=1.0_f64, strict in any::<bool>()) {
        let alpha = if strict { 0.001 } else { 0.05 };
        let k = (part * n as f64).round() as u64;
        let (lo, hi) = (clopper_pearson_lo(k, n, alpha), clopper_pearson_hi(k, n, alpha));
        let share = k as f64 / n as f64;
        prop_assert!(0.0 <= lo && lo <= share && share <= hi && hi <= 1.0);
        prop_assert!((clopper_pearson_lo(n - k, n, alpha) - (1.0 - hi)).abs() < 1e-12, "hits and misses mirror each other");
        if k < n {
            prop_assert!(clopper_pearson_lo(k + 1, n, alpha) > lo && clopper_pearson_hi(k + 1, n, alpha) > hi);
        }
    }

    #[test]
    fn one_more_hit_never_betters_an_at_most_answer(n in 1..600_u64, part in 0.0..1.0_f64, limit in 0.0..1.0_f64) {
        let k = (part * n as f64) as u64;
        prop_assert!(badness(share_at_most(k, n, limit)) <= badness(share_at_most(k + 1, n, limit)));
        prop_assert!(badness(share_at_least(k, n, limit)) >= badness(share_at_least(k + 1, n, limit)));
        // At most and at least the same limit are never both refuted, nor both granted.
        let (most, least) = (share_at_most(k, n, limit), share_at_least(k, n, limit));
        prop_assert!(!(most == least && clear(most)), "{most:?} and {least:?}");
    }

    #[test]
    fn a_share_settles_there_and_not_before(unit in 1..40_u64, of in 2..100_u64, limit in 0.01..0.6_f64) {
        let k = unit.min(of);
        let Some(m) = settles_at(share_at_most(k, of, limit)) else { return Ok(()) };
        prop_assert!(m > of);
        // Compared only at whole multiples, where the same share is a whole number of hits.
        let times = m.div_ceil(of);
        prop_assert!(clear(share_at_most(k * times, of * times, limit)), "clear at {} times {}/{}", times, k, of);
        let before = (m - 1) / of;
        prop_assert!(!clear(share_at_most(k * before, of * before, limit)), "unclear at {} times {}/{}", before, k, of);
    }

    #[test]
    fn a_location_settles_there_and_not_before(value in -20.0..20.0_f64, se in 0.01..8.0_f64, lo in -15.0..0.0_f64, hi in 0.0..15.0_f64) {
        let at = |n: u64| Location { value, se: se * (480.0 / n as f64).sqrt(), n };
        let Some(m) = settles_at(location_within(&at(480), lo, hi)) else { return Ok(()) };
        prop_assert!(m > 480);
        prop_assert!(clear(location_within(&at(m), lo, hi)) || clear(location_within(&at(m + 1), lo, hi)), "rounding may cost one");
        prop_assert!(m <= 481 || !clear(location_within(&at(m - 2), lo, hi)));
    }

    #[test]
    fn a_slope_settles_there_and_not_before(value in -0.1..0.1_f64, half in 0.001..0.1_f64) {
        let at = |n: u64| slope(value, half * (480.0 / n as f64).sqrt(), n);
        let answer = slope_within(&at(480), 0.02);
        let Some(m) = settles_at(answer) else {
            // More than 2,000 points are never used, so what needs more is not promised.
            prop_assert!(clear(answer) || !clear(slope_within(&at(1_999), 0.02)));
            return Ok(());
        };
        prop_assert!(m > 480 && m <= 2_000);
        prop_assert!(clear(slope_within(&at(m + 1), 0.02)) && (m <= 481 || !clear(slope_within(&at(m - 2), 0.02))));
    }

    #[test]
    fn a_wider_interval_never_makes_an_answer_clear(value in -20.0..20.0_f64, se in 0.0..8.0_f64, more in 0.0..8.0_f64) {
        let (narrow, wide) = (Location { value, se, n: 480 }, Location { value, se: se + more, n: 480 });
        let (a, b) = (location_within(&narrow, -9.6, 9.6), location_within(&wide, -9.6, 9.6));
        prop_assert!(!clear(b) || badness(a) == badness(b), "{a:?} then {b:?}");
        // Whatever the spread: no fail inside the limits, no pass outside.
        let never = if value.abs() < 9.6 { Answer::Fail } else { Answer::Pass };
        prop_assert_ne!(a, never);
    }
}

#[test]
fn one_sided_limits_leave_the_other_side_open() {
    let l = Location { value: 1e6, se: 1.0, n: 480 };
    assert_eq!(location_within(&l, -5.0, f64::INFINITY), Answer::Pass);
    assert_eq!(location_within(&l, f64::NEG_INFINITY, 5.0), Answer::Fail);
    assert_eq!(location_within(&l, f64::NEG_INFINITY, f64::INFINITY), Answer::Pass);
}

#[test]
fn a_value_on_the_limit_never_settles() {
    let unclear = Answer::Unclear { settles_at: None };
    assert_eq!(location_within(&Location { value: 5.0, se: 0.1, n: 480 }, -5.0, 5.0), unclear);
    assert_eq!(location_within(&Location { value: 5.0, se: 0.0, n: 480 }, -5.0, 5.0), unclear);
    assert_eq!(slope_within(&slope(0.02, 0.001, 480), 0.02), unclear);
    assert_eq!(share_at_most(5, 100, 0.05), unclear);
    assert_eq!(share_at_least(95, 100, 0.95), unclear);
}

#[test]
fn nothing_seen_is_never_a_pass() {
    let unclear = Answer::Unclear { settles_at: None };
    for limit in [0.0, 0.5, 1.0] {
        assert_eq!(share_at_most(0, 0, limit), unclear);
        assert_eq!(share_at_least(0, 0, limit), unclear);
    }
    assert_eq!(share_at_most(3, 2, 1.0), unclear, "more hits than requests is no measurement");
    assert_eq!(share_at_most(0, 480, f64::NAN), unclear);
    assert_eq!(location_within(&Location { value: 0.0, se: 1.0, n: 480 }, f64::NAN, 9.0), unclear);
    assert_eq!(location_within(&Location { value: f64::NAN, se: 1.0, n: 480 }, -9.0, 9.0), unclear);
    assert_eq!(slope_within(&slope(f64::NAN, 0.1, 480), 0.02), unclear);
}

#[test]
fn an_absolute_limit_is_refuted_by_one_and_never_proved() {
    assert_eq!(share_at_most(1, 480, 0.0), Answer::Fail);
    assert_eq!(share_at_most(0, 480, 0.0), Answer::Unclear { settles_at: None });
    assert_eq!(share_at_least(479, 480, 1.0), Answer::Fail);
    assert_eq!(share_at_least(480, 480, 1.0), Answer::Unclear { settles_at: None });
}

#[test]
fn no_hit_needs_the_rule_of_three() {
    // 1 - 0.05^(1/n) <= 1 % first at n = 299.
    assert_eq!(share_at_most(0, 298, 0.01), Answer::Unclear { settles_at: Some(299) });
    assert_eq!(share_at_most(0, 299, 0.01), Answer::Pass);
    assert_eq!(share_at_least(20, 20, 0.99), Answer::Unclear { settles_at: Some(299) });
}
