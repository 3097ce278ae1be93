//! What the rules of this audit say alike.

use super::told::Told;
use crate::{
    audits::shared::say,
    model::{
        bytes::Bytes,
        key::Key,
        outcome::{Figure, Finding, Status},
    },
    usage::Closure,
};
pub use say::{cannot_tell, finding};

/// The least time that must be covered to say anything of means, s.
pub const LEAST_S: f64 = 10.0;
/// Fewer samples of a gauge say little of the time between them.
pub const FEWEST_LEVELS: u64 = 10;
/// What settles what too short a time leaves open.
pub const LONGER: &str =
    "look longer: `audit: {requests: …}` for served workloads, `burn: …` for the known load; or let the source be read more often";

/// The claim has no samples.
pub fn no_samples(told: &Told<'_>, expected: impl Into<String>, from: Vec<Key>) -> Finding {
    let why = format!("no sample of {} came", told.claim.subject());
    let remedy = match told.claim.series() {
        Some(series) => format!("look whether `{}` with these labels is there, in the store or on the page itself", series.metric),
        None => "look whether the container runs under this name".to_owned(),
    };
    cannot_tell(why, expected, 0, from).settled_by(&remedy)
}

/// The rule does not apply, as an observation shows.
pub fn not_applicable(why: impl Into<String>, expected: impl Into<String>, n: u64, from: Vec<Key>) -> Finding {
    let figure = Figure::exact("samples", n as f64, n, "");
    Finding { from, ..finding(Status::NotApplicable, figure, why, expected) }
}

/// `7.66 CPU-s`.
pub fn cpu(seconds: f64) -> String {
    format!("{seconds:.2} CPU-s")
}

/// `64.0 MiB`; below nothing with its sign.
pub fn bytes(bytes: f64) -> String {
    let sign = if bytes < 0.0 { "-" } else { "" };
    format!("{sign}{}", Bytes(bytes.abs().round() as u64))
}

/// How far off a claim is, as a figure.
pub fn off(closure: &Closure, unit: &str, n: u64) -> Figure {
    let (lo, hi) = (closure.claimed - closure.known.high, closure.claimed - closure.known.low);
    Figure { name: "difference".into(), value: closure.off(), lo: lo.min(closure.off()), hi: hi.max(closure.off()), n, unit: unit.into() }
}

/// What a factor between two figures usually means.
pub fn factor(claimed: f64, known: f64, cpus: f64) -> Option<String> {
    if known <= 0.0 {
        return None;
    }
    if claimed <= 0.0 {
        return Some("it shows nothing at all".into());
    }
    let ratio = claimed / known;
    let usual = [
        (2.0, "twice as much: what is added up counts twice (both of a pair, or parts beside their total)"),
        (0.5, "half of it: one of two parts is missing"),
        (100.0, "a hundred times as much: percent, read as cores"),
        (0.01, "a hundredth of it: cores, read as percent"),
        (1e3, "a thousand times as much: another unit than the spec says"),
        (1e-3, "a thousandth of it: another unit than the spec says"),
        (1e9, "1e9 times as much: nanoseconds, read as seconds"),
        (1e-9, "1e-9 of it: seconds, read as nanoseconds"),
    ];
    let near = |factor: f64| (ratio / factor - 1.0).abs() < 0.04;
    if let Some((_, words)) = usual.iter().find(|(factor, _)| near(*factor)) {
        return Some(format!("it is {words}"));
    }
    (cpus > 1.0 && near(1.0 / cpus)).then(|| format!("it is 1/{cpus} of it: divided by the number of CPUs, or of one CPU only"))
}

/// The status of a claim that is off by between `least` and `most` where `budget` is allowed.
pub fn three(least: f64, most: f64, budget: f64) -> Status {
    if least > budget {
        Status::Fail
    } else if most <= budget {
        Status::Pass
    } else {
        Status::Inconclusive
    }
}
