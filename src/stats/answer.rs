//! Three answers to "does it hold?": yes, no, and not to be told from so little.
//!
//! Yes when the one-sided 95 % bound lies inside the limit; no when the 99.9 % bound lies wholly outside. The unequal levels keep a clean
//! rig from being called broken by chance, however many questions are asked of one run.

use super::{
    beta,
    location::{Location, T19_95, T19_999},
    share::{clopper_pearson_hi, clopper_pearson_lo},
    slope::{MOST_POINTS, Slope},
};
use std::cmp::Ordering;

/// Whether a limit is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Kept: the 95 % bound lies inside the limit.
    Pass,
    /// Broken: the 99.9 % bound lies wholly outside the limit.
    Fail,
    /// Not to be told from so few values.
    Unclear {
        /// The smallest number of values that would tell, if they went on as they are; `None` when no number would, or none is known.
        settles_at: Option<u64>,
    },
}

const UNKNOWN: Answer = Answer::Unclear { settles_at: None };
/// One-sided error rate of a pass.
const ALPHA_PASS: f64 = 0.05;
/// One-sided error rate of a fail.
const ALPHA_FAIL: f64 = 0.001;
/// No run is larger than this; what would need more is never settled.
const MOST: u64 = 1_000_000_000;

/// Does the location lie strictly between `lo` and `hi`? Either may be infinite.
///
/// An unclear answer settles at the smallest number of values at which it would be clear if the value stayed and the standard error shrank with
/// the square root of the number; at none when the value sits on a limit.
pub fn location_within(l: &Location, lo: f64, hi: f64) -> Answer {
    if lo.is_nan() || hi.is_nan() {
        return UNKNOWN;
    }
    let ((lo95, hi95), (lo999, hi999)) = (l.bounds95(), l.bounds999());
    if lo95 > lo && hi95 < hi {
        Answer::Pass
    } else if hi999 < lo || lo999 > hi {
        Answer::Fail
    } else {
        let room = (l.value - lo).min(hi - l.value);
        let needed = if room > 0.0 { T19_95 } else { T19_999 };
        Answer::Unclear { settles_at: settles(l.n, needed * l.se, room.abs(), MOST) }
    }
}

/// Is the share behind `k` hits in `n` at most `limit`? Clopper-Pearson, one-sided 95 % to pass and 99.9 % to fail.
///
/// An unclear answer settles at the smallest number at which the same share (not rounded to whole hits) would be clear.
/// Nothing seen (`n` = 0), or more hits than requests, is unclear whatever the limit.
pub fn share_at_most(k: u64, n: u64, limit: f64) -> Answer {
    share(k, n, limit, false)
}

/// Is the share behind `k` hits in `n` at least `limit`? See [`share_at_most`].
pub fn share_at_least(k: u64, n: u64, limit: f64) -> Answer {
    share(k, n, limit, true)
}

/// Is a share at most `limit` where all were looked at, and not a sample of them? Then what was seen is what there is, and a share
/// within the limit passes, however few they were. That it fails is said only where so many of so few would be beyond the limit by
/// the 99.9 % bound of Clopper and Pearson: one bad of forty is 2.5 %, and no habit. Nothing looked at is unclear.
pub fn census_at_most(k: u64, n: u64, limit: f64) -> Answer {
    match share_at_most(k, n, limit) {
        Answer::Unclear { .. } if n > 0 && k <= n && k as f64 <= limit * n as f64 => Answer::Pass,
        answer => answer,
    }
}

/// Is the slope's size below `limit`? See [`location_within`] for when an unclear answer settles; a slope is never made of more than 2,000 points.
pub fn slope_within(s: &Slope, limit: f64) -> Answer {
    if s.lo95 > -limit && s.hi95 < limit {
        Answer::Pass
    } else if s.hi999 < -limit || s.lo999 > limit {
        Answer::Fail
    } else {
        let room = limit - s.value.abs();
        let half = if room > 0.0 { s.hi95 - s.value } else { s.hi999 - s.value };
        Answer::Unclear { settles_at: settles(s.n, half, room.abs(), MOST_POINTS as u64) }
    }
}

/// The smallest number above `n` at which a half width shrinking with its square root is below `room`.
fn settles(n: u64, half: f64, room: f64, most: u64) -> Option<u64> {
    let needed = (n as f64 * (half / room).powi(2)).floor() + 1.0;
    (needed <= most as f64).then(|| (needed as u64).max(n + 1)).filter(|needed| *needed <= most)
}

fn share(k: u64, n: u64, limit: f64, at_least: bool) -> Answer {
    if n == 0 || k > n || limit.is_nan() {
        return UNKNOWN;
    }
    let (pass, fail) = if at_least {
        (clopper_pearson_lo(k, n, ALPHA_PASS) >= limit, clopper_pearson_hi(k, n, ALPHA_FAIL) < limit)
    } else {
        (clopper_pearson_hi(k, n, ALPHA_PASS) <= limit, clopper_pearson_lo(k, n, ALPHA_FAIL) > limit)
    };
    match (pass, fail) {
        (true, _) => Answer::Pass,
        (_, true) => Answer::Fail,
        _ => Answer::Unclear { settles_at: share_settles(k, n, limit, at_least) },
    }
}

/// Bisection over n: with the share held, the tail beyond the limit only gets lighter as n grows.
fn share_settles(k: u64, n: u64, limit: f64, at_least: bool) -> Option<u64> {
    let held = k as f64 / n as f64;
    let upper_bound_decides = match held.total_cmp(&limit) {
        Ordering::Less => true,
        Ordering::Equal => return None,
        Ordering::Greater => false,
    };
    let alpha = if upper_bound_decides == at_least { ALPHA_FAIL } else { ALPHA_PASS };
    let clear = |n: u64| {
        let (n, hits) = (n as f64, held * n as f64);
        let tail = if upper_bound_decides {
            // Chance of at most this many hits if the share were the limit ...
            1.0 - beta::cumulative(hits + 1.0, n - hits, limit)
        } else {
            // ... or of at least this many.
            beta::cumulative(hits, n - hits + 1.0, limit)
        };
        tail <= alpha
    };
    let (mut no, mut yes) = (n, n + 1);
    while !clear(yes) {
        if yes >= MOST {
            return None;
        }
        no = yes;
        yes = yes.saturating_mul(2).min(MOST);
    }
    while yes - no > 1 {
        let mid = u64::midpoint(no, yes);
        if clear(mid) { yes = mid } else { no = mid }
    }
    Some(yes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The bound of all of n is alpha^(1/n), that of one of n 1 - (1 - alpha)^(1/n): 0.84 for 40 of 40, 0.000025 for 1 of 40.
    #[test]
    fn what_was_all_looked_at_passes_as_it_is_and_fails_only_beyond_chance() {
        assert_eq!(census_at_most(0, 40, 0.01), Answer::Pass);
        assert_eq!(census_at_most(5, 500, 0.01), Answer::Pass);
        assert!(matches!(census_at_most(1, 40, 0.01), Answer::Unclear { settles_at: Some(n) } if n > 40));
        assert_eq!(census_at_most(40, 40, 0.84), Answer::Fail);
        assert!(matches!(census_at_most(40, 40, 0.85), Answer::Unclear { .. }));
        assert!(matches!(census_at_most(6, 500, 0.01), Answer::Unclear { .. }));
        assert!(matches!(census_at_most(0, 0, 0.01), Answer::Unclear { .. }));
        assert!(matches!(census_at_most(2, 1, 0.01), Answer::Unclear { .. }));
        assert_eq!(census_at_most(0, 1, 0.0), Answer::Pass);
    }
}
