//! Findings in words: the parts that several rules share.

use crate::{
    model::{
        audit::Judgement,
        key::Key,
        outcome::{Figure, Finding, Status},
        units::Ms,
    },
    stats::{self, Answer, Location},
};

/// Fewest pairs of which a location can be told ([`stats::location`]: two in each of 20 time blocks).
pub const FEWEST_PAIRS: u64 = stats::location::FEWEST as u64;

/// A finding without explanations.
pub fn finding(status: Status, figure: Figure, observed: impl Into<String>, expected: impl Into<String>) -> Finding {
    let rows = figure.n;
    Finding {
        status,
        figure,
        observed: observed.into(),
        expected: expected.into(),
        margin: None,
        because: vec![],
        rows,
        settles_at: None,
        remedy: None,
        from: vec![],
    }
}

/// Measured, but not enough to tell.
pub fn cannot_tell(why: impl Into<String>, expected: impl Into<String>, n: u64, from: Vec<Key>) -> Finding {
    let figure = Figure::exact("rows", n as f64, n, "");
    Finding { from, ..finding(Status::Inconclusive, figure, why, expected) }
}

/// What settles what label sets with different bucket edges hide.
pub const ONE_LAYOUT: &str = "give all label sets the same buckets, or let `match` choose those that have";
/// What settles what a histogram without buckets hides.
pub const BUCKETS: &str = "let the histogram be exposed with its buckets";
/// What settles what requests of others may explain.
pub const ALONE: &str = "run it while nobody else uses the target, or let `match` leave the others out";

/// Too few rows to tell where they lie.
pub fn few(who: &str, n: u64, expected: impl Into<String>, from: Vec<Key>) -> Finding {
    let why = format!("{who} has a figure for {n} of the measured requests; {FEWEST_PAIRS} are the least that can be judged");
    Finding { settles_at: Some(FEWEST_PAIRS), ..cannot_tell(why, expected, n, from) }
}

/// The status that an answer stands for.
pub fn status(answer: Answer) -> Status {
    match answer {
        Answer::Pass => Status::Pass,
        Answer::Fail => Status::Fail,
        Answer::Unclear { .. } => Status::Inconclusive,
    }
}

/// The n that would settle an unclear answer.
pub fn settles(answer: Answer) -> Option<u64> {
    if let Answer::Unclear { settles_at } = answer { settles_at } else { None }
}

/// A level between two limits: at most the lower one passes, above the higher one fails.
pub fn two_limits(value: f64, warn: f64, fail: f64) -> Status {
    if value > fail {
        Status::Fail
    } else if value > warn {
        Status::Warn
    } else {
        Status::Pass
    }
}

/// Distance from a limit in units of it.
pub fn margin(value: f64, limit: f64) -> Option<f64> {
    (limit > 0.0).then(|| (limit - value) / limit)
}

/// The worst of several judgements: a failure outranks a gap, a gap whatever else was found. The first of those that are alike.
pub fn worst(all: impl IntoIterator<Item = Judgement>) -> Option<Judgement> {
    let badness = |one: &Judgement| one.as_ref().map_or(Status::NoData, |finding| finding.status).badness();
    all.into_iter().reduce(|worst, one| if badness(&one) > badness(&worst) { one } else { worst })
}

/// The worse of two answers; of two unclear ones the one that needs more.
pub fn worse(a: Answer, b: Answer) -> Answer {
    match (a, b) {
        (Answer::Fail, _) | (_, Answer::Fail) => Answer::Fail,
        (Answer::Pass, other) | (other, Answer::Pass) => other,
        (Answer::Unclear { settles_at: a }, Answer::Unclear { settles_at: b }) => Answer::Unclear { settles_at: a.zip(b).map(|(a, b)| a.max(b)) },
    }
}

/// The bounds that decided: 99.9 % for a failure, 95 % else; with their level in words.
pub fn bounds(l: &Location, answer: Answer) -> (f64, f64, &'static str) {
    let ((lo, hi), level) = if answer == Answer::Fail { (l.bounds999(), "99.9 %") } else { (l.bounds95(), "95 %") };
    (lo, hi, level)
}

/// A location as a figure, in ms.
pub fn location(name: &str, l: &Location, answer: Answer) -> Figure {
    let (lo, hi, _) = bounds(l, answer);
    Figure { name: name.into(), value: l.value, lo, hi, n: l.n, unit: "ms".into() }
}

/// `+200 ms (99.9 % bounds +195 ms … +204 ms)`.
pub fn with_bounds(l: &Location, answer: Answer) -> String {
    let (lo, hi, level) = bounds(l, answer);
    format!("{:+} ({level} bounds {:+} … {:+})", Ms(l.value), Ms(lo), Ms(hi))
}

/// A location with its sign turned: source minus client from client minus source.
pub fn turned(l: &Location) -> Location {
    Location { value: -l.value, ..*l }
}

/// A share as a figure, in %, with its exact bounds: 99.9 % for a failure, 95 % else.
pub fn share(name: &str, k: u64, n: u64, answer: Answer) -> Figure {
    let alpha = if answer == Answer::Fail { 0.001 } else { 0.05 };
    let (lo, hi) = (stats::clopper_pearson_lo(k, n, alpha), stats::clopper_pearson_hi(k, n, alpha));
    let value = if n == 0 { 0.0 } else { k as f64 / n as f64 };
    Figure { name: name.into(), value: 100.0 * value, lo: 100.0 * lo, hi: 100.0 * hi, n, unit: "%".into() }
}

/// Middle and tails of a set of differences.
pub fn spread(what: &str, values: &[f64]) -> Option<String> {
    let at = |q| stats::quantile(values, q).map(Ms);
    Some(format!("{what}: 5 % below {:+}, half below {:+}, 95 % below {:+}", at(0.05)?, at(0.5)?, at(0.95)?))
}

/// Joins lists of questions, each once.
pub fn keys<'k>(lists: impl IntoIterator<Item = &'k Key>) -> Vec<Key> {
    let mut all: Vec<Key> = vec![];
    for key in lists {
        if !all.contains(key) {
            all.push(key.clone());
        }
    }
    all
}
