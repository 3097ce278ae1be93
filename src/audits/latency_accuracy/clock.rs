//! Is what is known of a clock's offset within the limits?

use super::{say, stamps::Offset};
use crate::{
    model::{
        outcome::{Figure, Finding, Status},
        units::{Ms, Wall},
    },
    stats::Stretch,
};

/// How far two clocks may lie apart, ms. Between the two limits it is a warning.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Up to here it is well.
    pub warn: f64,
    /// Beyond it is not.
    pub fail: f64,
}

impl Limits {
    /// By the bounds that must hold a clock may be shown wrong, by those that hold of prompt servers shown right.
    fn status(self, offset: &Offset) -> Status {
        let of_most = match self.told_by(&offset.near) {
            Status::Fail if self.told_by(&offset.sure) != Status::Fail => Status::Inconclusive,
            status => status,
        };
        match self.elsewhere(offset) {
            Some(Status::Fail) => Status::Fail,
            Some(_) if of_most == Status::Pass => Status::Warn,
            _ => of_most,
        }
    }
    /// What those come to that agree on another offset: a failure where it must be one, a warning where late stamps explain it.
    fn elsewhere(self, offset: &Offset) -> Option<Status> {
        let (near, sure) = offset.apart?;
        let beyond = |s: Stretch| self.told_by(&[s]) == Status::Fail;
        beyond(near).then(|| if beyond(sure) { Status::Fail } else { Status::Warn })
    }
    /// What a difference of two told clocks proves: a wide bound proves nothing.
    pub fn proven(self, lo: f64, hi: f64) -> Option<Status> {
        let nearest = lo.max(-hi);
        (nearest > self.warn).then_some(if nearest > self.fail { Status::Fail } else { Status::Warn })
    }
    fn told_by(self, stretches: &[Stretch]) -> Status {
        let nearest = |s: &Stretch| s.lo.max(-s.hi).max(0.0);
        let farthest = stretches.iter().map(|s| s.lo.abs().max(s.hi.abs())).fold(0.0, f64::max);
        if moved(stretches).is_some_and(|(by, ..)| by.abs() > self.warn) || stretches.iter().any(|s| nearest(s) > self.fail) {
            Status::Fail
        } else if farthest <= self.warn {
            Status::Pass
        } else if farthest <= self.fail {
            Status::Warn
        } else {
            Status::Inconclusive
        }
    }
}

/// The largest movement of a clock that its stretches prove, ms, with the stretches before and after it.
fn moved(stretches: &[Stretch]) -> Option<(f64, &Stretch, &Stretch)> {
    let pairs = stretches.iter().enumerate().flat_map(|(i, a)| stretches[i + 1..].iter().map(move |b| (a, b)));
    let by = pairs.map(|(a, b)| (if b.lo >= a.hi { b.lo - a.hi } else { (b.hi - a.lo).min(0.0) }, a, b));
    by.filter(|(by, ..)| *by != 0.0).max_by(|x, y| x.0.abs().total_cmp(&y.0.abs()))
}

/// Says what an offset comes to. `whose` names the clock (`the clock of access_log`), `against` the other one.
pub fn finding(whose: &str, against: &str, offset: &Offset, limits: Limits, began: Wall) -> Finding {
    let status = limits.status(offset);
    // What must hold has decided whether it is a failure; the closer bounds say how much and when.
    let decided = &offset.near;
    let (lo, hi) = decided.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(lo, hi), s| (lo.min(s.lo), hi.max(s.hi)));
    let value = if lo.is_finite() { f64::midpoint(lo, hi) } else { hi };
    let figure = Figure { name: "clock offset".into(), value, lo, hi, n: offset.n, unit: "ms".into() };
    let mut because = vec![format!("told by {}", offset.by)];
    let step = moved(decided).filter(|(by, ..)| status == Status::Fail && by.abs() > limits.warn);
    let mut observed = if let Some((by, before, after)) = step {
        because.extend(decided.iter().map(|s| format!("from {} to {} it is {}", when(began, s.from), when(began, s.to), range(s))));
        format!("{whose} moved by at least {:+} against {against} between {} and {}", Ms(by), when(began, before.to), when(began, after.from))
    } else {
        format!("{whose} is {} off {against}", range(&Stretch { lo, hi, ..decided[0] }))
    };
    if status == Status::Inconclusive {
        because.push(if limits.told_by(&offset.near) == Status::Fail {
            "late stamps (a line that is written long after its request, a time that is rounded up) look the same, and what must hold \
             whatever was late allows a right clock"
                .into()
        } else {
            "bounds so wide show neither".into()
        });
    }
    if let ([one], None) = (decided.as_slice(), offset.apart)
        && one.fit < one.of
    {
        because.push(format!("{} of {} readings do not fit this and are left out: they agree on no other offset", one.of - one.fit, one.of));
    }
    if let Some((theirs, _)) = offset.apart {
        let text = format!("{} of {} readings agree on {} off {against}", theirs.fit, theirs.of, range(&theirs));
        if limits.elsewhere(offset).is_some() {
            because.push("another host's clock under the same name looks so".into());
            observed = format!("{text}; of the others, {observed}");
        } else {
            because.push(text);
        }
    }
    let expected = if limits.fail > limits.warn {
        format!("within ±{} of {against}, beyond ±{} a failure, and steady", Ms(limits.warn), Ms(limits.fail))
    } else {
        format!("within ±{} of {against}, and steady", Ms(limits.warn))
    };
    let margin = (lo.is_finite() && step.is_none()).then(|| (limits.warn - lo.abs().max(hi.abs())) / limits.warn);
    Finding { margin, because, ..say::finding(status, figure, observed, expected) }
}

/// The worst of several findings; of equals the one that rests on least. The others are told with it.
pub fn worst(told: Vec<Finding>) -> Option<Finding> {
    let rest: Vec<String> = told.iter().map(|f| f.observed.clone()).collect();
    let mut worst = told.into_iter().max_by_key(|f| (f.status.badness(), std::cmp::Reverse(f.figure.n)))?;
    let others: Vec<String> = rest.into_iter().filter(|text| *text != worst.observed).collect();
    worst.because.extend(others);
    Some(worst)
}

/// `-0.51 ms … +0.12 ms`.
fn range(s: &Stretch) -> String {
    if s.lo.is_finite() { format!("{:+} … {:+}", Ms(s.lo), Ms(s.hi)) } else { format!("at most {:+}", Ms(s.hi)) }
}

/// `12:00:07.3 UTC (7.3 s after the load began)`.
fn when(began: Wall, ms: f64) -> String {
    format!("{} ({:.1} s into the load)", began.plus_us((ms * 1e3) as i64), ms / 1e3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Reading;

    const LIMITS: Limits = Limits { warn: 10.0, fail: 50.0 };

    fn one(lo: f64, hi: f64) -> Offset {
        Offset::single(Reading { at: 0.0, lo, hi }, "a test")
    }

    #[test]
    fn three_answers_and_a_warning() {
        let status = |lo, hi| LIMITS.status(&one(lo, hi));
        assert_eq!(
            [status(-1.0, 1.0), status(-10.0, 10.0), status(249.0, 251.0), status(-300.0, -51.0)],
            [Status::Pass, Status::Pass, Status::Fail, Status::Fail]
        );
        assert_eq!([status(12.0, 12.5), status(-1.0, 40.0)], [Status::Warn; 2]);
        assert_eq!([status(-1000.0, 1000.0), status(20.0, 60.0), status(f64::NEG_INFINITY, 0.3)], [Status::Inconclusive; 3]);
        assert_eq!(status(f64::NEG_INFINITY, -60.0), Status::Fail, "stamped before it was sent");
    }

    #[test]
    fn a_late_stamp_alone_proves_nothing() {
        let late = Offset { sure: one(f64::NEG_INFINITY, 260.0).sure, ..one(249.0, 260.0) };
        assert_eq!(LIMITS.status(&late), Status::Inconclusive);
    }

    #[test]
    fn a_few_that_agree_on_another_offset_are_no_pass() {
        let apart = |lo, hi, sure: (f64, f64)| {
            let theirs = Stretch { from: 0.0, to: 9.0, lo, hi, fit: 9, of: 225 };
            Offset { apart: Some((theirs, Stretch { lo: sure.0, hi: sure.1, ..theirs })), ..one(-1.0, 1.0) }
        };
        assert_eq!(LIMITS.status(&apart(249.0, 251.0, (249.0, 251.0))), Status::Fail);
        let late = apart(249.0, 251.0, (f64::NEG_INFINITY, 251.0));
        let found = finding("the clock of a", "ours", &late, LIMITS, Wall(0));
        assert_eq!(found.status, Status::Warn);
        assert!(found.observed.starts_with("9 of 225 readings agree on +249 ms … +251 ms off ours"), "{}", found.observed);
        assert_eq!(LIMITS.status(&apart(11.0, 14.0, (11.0, 14.0))), Status::Pass, "within the limits");
    }

    #[test]
    fn of_two_told_clocks_only_what_their_bounds_prove_counts() {
        assert_eq!([LIMITS.proven(17.0, 19.0), LIMITS.proven(-70.0, -60.0)], [Some(Status::Warn), Some(Status::Fail)]);
        assert_eq!(LIMITS.proven(-12.0, 12.0), None);
    }

    #[test]
    fn a_movement_is_what_both_sides_prove() {
        let stretch = |at: f64, lo, hi| Stretch { from: at, to: at + 900.0, lo, hi, fit: 9, of: 9 };
        let stepped = [stretch(0.0, -1.0, 2.0), stretch(1_000.0, -4.0, -3.0)];
        assert_eq!(moved(&stepped).map(|m| m.0), Some(-2.0));
        assert_eq!(LIMITS.told_by(&stepped), Status::Pass, "2 ms is no step worth telling");
        let back = [stretch(0.0, -1.0, 2.0), stretch(1_000.0, 22.0, 30.0)];
        assert_eq!(moved(&back).map(|m| m.0), Some(20.0));
        let offset = Offset { near: back.to_vec(), sure: back.to_vec(), n: 18, by: "a test".into(), apart: None };
        let found = finding("the clock of b", "ours", &offset, LIMITS, Wall(1_790_000_000_000_000));
        assert_eq!(found.status, Status::Fail);
        assert!(found.observed.contains("moved by at least +20.0 ms against ours between"), "{}", found.observed);
        assert!(found.observed.contains("(0.9 s into the load) and") && found.observed.ends_with("(1.0 s into the load)"), "{}", found.observed);
    }
}
