//! What the rules of this audit say alike.

use super::{Least, Ways, way::Way};
use crate::{
    audits::shared::say,
    model::{
        audit::Judgement,
        evidence::Unknown,
        key::Key,
        outcome::{Figure, Finding, Status},
        payload::network::{Ended, Seeing},
        units::{Ms, Share},
    },
};
pub use say::{cannot_tell, finding, margin, settles, status, two_limits};

/// What settles what too few connects leave open.
pub const MORE: &str = "make more connects: `audit: {connects: 1000, rounds: 10}`";
/// What settles what a busy machine leaves open.
pub const QUIETER: &str = "measure when nothing else runs on this machine, and give this program a CPU";

/// A finding that rests on what was seen of an endpoint. What is not whole passes nothing: what was not seen may be what is wrong.
pub fn of(way: &Way<'_>, finding: Finding) -> Judgement {
    if let (Some(gap), Status::Pass | Status::Warn | Status::NotApplicable) = (&way.got.seen.partial, finding.status) {
        return Err(Unknown::new(way.got.key.clone(), gap.clone()));
    }
    let from = if finding.from.is_empty() { vec![way.got.key.clone()] } else { finding.from };
    Ok(Finding { from, ..finding })
}

/// On a busy machine a figure of the stopwatch is believed only where it is beyond its limit by more than so many times what our own
/// threads waited for a CPU.
const WAITS: f64 = 10.0;

/// The same of a figure of the stopwatch that is `beyond` its limit by so many ms: a busy machine makes those longer, never shorter, so
/// that they may pass, and accuse only where no wait of ours comes near.
pub fn by_stopwatch(view: &Ways<'_>, way: &Way<'_>, mut finding: Finding, beyond: f64) -> Judgement {
    let limits = &view.audit.noisy;
    let explained = WAITS * way.waited().unwrap_or(f64::INFINITY).max(limits.waited.0);
    if let (Status::Fail | Status::Warn, Some(why), true) = (finding.status, way.noisy(limits), beyond <= explained) {
        finding.status = Status::Inconclusive;
        finding.because.push(format!("it may be this machine: {why} (the kernel's round trips stand, no such wait is in them)"));
        finding = finding.settled_by(QUIETER);
    }
    of(way, finding)
}

/// A median of fewer values than a median takes.
pub fn too_few(way: &Way<'_>, what: &str, n: u64, least: &Least, expected: String) -> Judgement {
    let why = format!("{n} {what}; {} are the least of which half say something", least.p50);
    of(way, cannot_tell(why, expected, n, vec![]).settled_by(MORE))
}

/// How far a figure is beyond the limit that made its status; 0 where it is within both.
pub fn beyond(value: f64, warn: f64, fail: f64) -> f64 {
    if value > fail { value - fail } else { (value - warn).max(0.0) }
}

/// Both questions of a comparison.
pub fn both(way: &Way<'_>, other: Key, finding: Finding) -> Judgement {
    of(way, Finding { from: vec![way.got.key.clone(), other], ..finding })
}

/// The worse of two.
pub fn worse(a: Status, b: Status) -> Status {
    if b.badness() > a.badness() { b } else { a }
}

/// Times as a figure, ms.
pub fn ms(name: &str, value: f64, (lo, hi): (f64, f64), n: u64) -> Figure {
    Figure { name: name.into(), value, lo, hi, n, unit: "ms".into() }
}

/// A share as a figure, in %.
pub fn share(name: &str, value: f64, (lo, hi): (f64, f64), n: u64) -> Figure {
    Figure { name: name.into(), value: 100.0 * value, lo: 100.0 * lo, hi: 100.0 * hi, n, unit: "%".into() }
}

/// What the round trips reach.
pub fn proves(way: &Way<'_>) -> String {
    format!("it proves {}", way.probed().proves(Seeing::Connects).sentence())
}

/// `reset at the TLS handshake (7)`, the most frequent first.
pub fn endings<'c>(all: impl Iterator<Item = &'c Ended>) -> Vec<String> {
    let mut counted: Vec<(String, usize)> = vec![];
    for ended in all {
        let word = ended.to_string();
        match counted.iter_mut().find(|(known, _)| *known == word) {
            Some((_, n)) => *n += 1,
            None => counted.push((word, 1)),
        }
    }
    counted.sort_by_key(|(_, n)| std::cmp::Reverse(*n));
    counted.into_iter().map(|(word, n)| format!("{word} ({n})")).collect()
}

/// `12.3 ms (11.9 ms … 12.8 ms)`.
pub fn with_bounds(value: f64, bounds: Option<(f64, f64)>) -> String {
    match bounds {
        Some((lo, hi)) => format!("{} ({} … {})", Ms(value), Ms(lo), Ms(hi)),
        None => Ms(value).to_string(),
    }
}

/// `2 % (1.0 % … 3.9 %)`.
pub fn share_with_bounds(value: f64, (lo, hi): (f64, f64)) -> String {
    format!("{} ({} … {})", Share(value), Share(lo), Share(hi))
}

/// The worse of two answers.
pub fn worse_answer(a: crate::stats::Answer, b: crate::stats::Answer) -> crate::stats::Answer {
    say::worse(a, b)
}
