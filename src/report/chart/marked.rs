//! Stretches of an axis that are marked: numbered by reason, and joined where nobody could see between them.

use crate::{model::chart::Mark, report::phrases};

/// Gaps of less than this share of the axis between two stretches of the same reason are not seen.
const SEEN: f64 = 0.003;
/// Places that are listed of one reason.
const LISTED: usize = 4;

/// A stretch with the number of its reason.
pub(super) struct Marked<'c> {
    pub(super) from: f64,
    pub(super) to: f64,
    /// From 1, in the order in which the reasons are told first.
    pub(super) number: usize,
    pub(super) why: &'c str,
}

/// A reason with where it holds.
pub(super) struct Reason<'c> {
    pub(super) number: usize,
    pub(super) why: &'c str,
    /// `3.0 to 5.5`, `9 stretches from 1 to 30`.
    pub(super) places: String,
}

/// The stretches as far as they lie on the axis.
pub(super) fn within(marks: &[Mark], from: f64, to: f64) -> Vec<Marked<'_>> {
    let mut reasons: Vec<&str> = vec![];
    let mut all: Vec<Marked<'_>> = vec![];
    for mark in marks.iter().filter(|m| m.from.is_finite() && m.to.is_finite()) {
        let (left, right) = (mark.from.min(mark.to).max(from), mark.from.max(mark.to).min(to));
        if left > right {
            continue;
        }
        let nth = reasons.iter().position(|why| *why == mark.why).unwrap_or_else(|| {
            reasons.push(&mark.why);
            reasons.len() - 1
        });
        all.push(Marked { from: left, to: right, number: nth + 1, why: &mark.why });
    }
    all.sort_by(|a, b| a.number.cmp(&b.number).then(a.from.total_cmp(&b.from)));
    let unseen = (to - from) * SEEN;
    all.into_iter().fold(vec![], |mut joined: Vec<Marked<'_>>, next| {
        match joined.last_mut() {
            Some(last) if last.number == next.number && next.from <= last.to + unseen => last.to = last.to.max(next.to),
            _ => joined.push(next),
        }
        joined
    })
}

/// What the numbers mean.
pub(super) fn reasons<'c>(marks: &[Marked<'c>]) -> Vec<Reason<'c>> {
    let alike = marks.chunk_by(|a, b| a.number == b.number);
    let reason = |some: &[Marked<'c>]| -> Option<Reason<'c>> {
        let (first, last) = (some.first()?, some.last()?);
        let place = |from: f64, to: f64| format!("{} to {}", phrases::value(from, ""), phrases::value(to, ""));
        let places = if some.len() <= LISTED {
            some.iter().map(|m| place(m.from, m.to)).collect::<Vec<_>>().join(", ")
        } else {
            format!("{} stretches from {}", some.len(), place(first.from, last.to))
        };
        Some(Reason { number: first.number, why: first.why, places })
    };
    alike.filter_map(reason).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mark(from: f64, to: f64, why: &str) -> Mark {
        Mark { from, to, why: why.into() }
    }

    #[test]
    fn reasons_are_numbered_and_what_looks_like_one_stretch_is_one() {
        let marks = [mark(1.0, 2.0, "held"), mark(5.0, 9.0, "idle"), mark(2.001, 3.0, "held"), mark(8.0, 7.0, "held")];
        let marked = within(&marks, 0.0, 6.0);
        let told: Vec<_> = marked.iter().map(|m| (m.number, m.from, m.to)).collect();
        assert_eq!(told, [(1, 1.0, 3.0), (2, 5.0, 6.0)]);
        let reasons = reasons(&marked);
        assert_eq!((reasons[0].why, reasons[0].places.as_str()), ("held", "1 to 3"));
    }

    #[test]
    fn many_places_are_counted_and_no_number_marks_nothing() {
        let mut marks: Vec<Mark> = (0..9).map(|n| mark(f64::from(n), f64::from(n) + 0.5, "x")).collect();
        marks.push(mark(f64::NAN, 1.0, "y"));
        assert_eq!(reasons(&within(&marks, 0.0, 10.0)).iter().map(|r| r.places.as_str()).collect::<Vec<_>>(), ["9 stretches from 0 to 8.50"]);
    }
}
