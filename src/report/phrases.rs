//! Wording that every format shares: numbers, counts, durations, times.

use super::Report;
use crate::{
    model::{
        change::{Changed, OWN_EDITION},
        event::{CaseJudged, Header, OwnCost, Sent},
        outcome::{Figure, Status, Strength},
        units::{Count, Ms, Share, Wall},
    },
    scoring::{Flip, Interval, Verdict},
};

pub use crate::model::case::CATALOGUE;

/// A share of 1 in two digits; more where rounding would show it on the other side of its limit.
pub fn number(x: f64, limit: f64) -> String {
    digits(x, limit, 2)
}

fn digits(x: f64, limit: f64, least: usize) -> String {
    // The same tolerance as scoring's: what meets a limit there is shown as meeting it.
    let meets = |v: f64| v >= limit - 1e-9;
    (least..=least + 6)
        .map(|n| format!("{x:.n$}"))
        .find(|shown| shown.parse().is_ok_and(|v: f64| meets(v) == meets(x)))
        .unwrap_or_else(|| x.to_string())
}

/// `0.81` where both ends read the same, else `0.62 … 0.94`.
pub fn score(score: Interval, limit: f64) -> String {
    let (lo, hi) = (number(score.lo, limit), number(score.hi, limit));
    if lo == hi { lo } else { format!("{lo} … {hi}") }
}

/// A share in percent, likewise never rounded across its limit.
pub fn percent(x: f64, limit: f64) -> String {
    format!("{} %", digits(x * 100.0, limit * 100.0, 0))
}

/// `1 request`, `2 requests`.
pub fn count(n: u64, one: &str) -> String {
    Count(n).of(one)
}

/// `1.2 MB`, in powers of ten as network people count.
pub fn bytes(n: u64) -> String {
    match n as f64 {
        x if x >= 1e9 => format!("{:.1} GB", x / 1e9),
        x if x >= 1e6 => format!("{:.1} MB", x / 1e6),
        x if x >= 1e3 => format!("{:.1} kB", x / 1e3),
        _ => format!("{n} B"),
    }
}

/// An instant for programs, RFC 3339 with microseconds.
pub fn rfc3339(at: Wall) -> String {
    jiff::Timestamp::from_microsecond(at.0).map_or_else(|_| String::new(), |t| format!("{t:.6}"))
}

/// A value in the unit of its figure.
pub fn value(x: f64, unit: &str) -> String {
    match unit {
        _ if !x.is_finite() => "no number".into(),
        "ms" => Ms(x).to_string(),
        "%" => Share(x / 100.0).to_string(),
        "" => plain(x),
        unit => format!("{} {unit}", plain(x)),
    }
}

/// Three significant digits, whole numbers as such.
fn plain(x: f64) -> String {
    match x.abs() {
        a if a.fract() == 0.0 && a < 1e15 => format!("{x:.0}"),
        a if a >= 100.0 => format!("{x:.0}"),
        a if a >= 10.0 => format!("{x:.1}"),
        a if a >= 1.0 => format!("{x:.2}"),
        _ => format!("{x:.3}"),
    }
}

/// `bias 311 ms (287 ms … 334 ms), n = 240`.
pub fn figure(f: &Figure) -> String {
    let exact = f.lo.total_cmp(&f.hi).is_eq();
    let bounds = if exact { String::new() } else { format!(" ({} … {})", value(f.lo, &f.unit), value(f.hi, &f.unit)) };
    format!("{} {}{bounds}, n = {}", f.name, value(f.value, &f.unit), f.n)
}

/// How far inside (or outside) its limit a figure lies, in units of the limit.
pub fn margin(margin: f64) -> Option<String> {
    let share = Share(margin.abs());
    margin.is_finite().then(|| if margin >= 0.0 { format!("{share} of the limit to spare") } else { format!("outside by {share} of the limit") })
}

/// What a verdict means for the reader. A good one does not cover what fails without blocking.
pub fn meaning(report: &Report) -> String {
    let mut fails: Vec<String> =
        report.cases.iter().flat_map(CaseJudged::scored).filter(|o| o.status == Status::Fail && !o.waived()).map(|o| o.rule.to_string()).collect();
    fails.dedup();
    let except = match fails.len() {
        0 => String::new(),
        1 => format!(", except where {} fails", fails[0]),
        _ => format!(", except where {} fail", list(&fails)),
    };
    match report.assessment.verdict {
        Verdict::Ready => format!("The numbers from this rig can be trusted, as far as it was tested{except}."),
        Verdict::ReadyWithWaivers => format!("The numbers from this rig can be trusted, with failures that somebody answers for{except}."),
        Verdict::NotReady => "The numbers from this rig cannot be trusted yet.".into(),
        Verdict::Indeterminate => "It could not be told whether the numbers from this rig can be trusted.".into(),
    }
}

/// How much an outcome counts, and what holds it down.
pub fn strength(s: &Strength) -> String {
    format!("{:.2} ({})", s.least(), why(s))
}

fn why(s: &Strength) -> &'static str {
    let least = s.least();
    let holds = |x: f64| x <= least;
    match s {
        _ if least >= 1.0 => "measured, fresh, enough rows, shown able to fail",
        s if holds(s.rows) => "fewer rows than the rule asks for",
        s if holds(s.freshness) => "the evidence is old",
        s if holds(s.origin) => "reported or declared, not measured",
        _ => "this rule has not yet been shown able to fail",
    }
}

/// What all acts together sent, most important first; one item a phrase, none where there was no act.
pub fn sent(acts: &[Sent]) -> Vec<String> {
    let all = |of: &dyn Fn(&Sent) -> u64| acts.iter().map(of).sum::<u64>();
    let requests = all(&|s| s.requests);
    if acts.is_empty() {
        return vec![];
    }
    let parts = [(all(&|s| s.warmup), "of them to warm up"), (all(&|s| s.failed), "failed"), (all(&|s| s.cut_off), "cut off")];
    let parts = parts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{} {what}", Count(*n)));
    let mut said = vec![std::iter::once(count(requests, "request")).chain(parts).collect::<Vec<_>>().join(", ")];
    said.push(format!("{} tokens used (at most {})", Count(all(&|s| s.tokens_used)), Count(all(&|s| s.tokens_allowed)).up()));
    if acts.iter().all(|s| s.planted) {
        said.push("all to the reference endpoint, 0 paid".into());
    } else {
        let mut targets: Vec<&str> = acts.iter().map(|s| s.target.as_str()).filter(|t| !t.is_empty()).collect();
        targets.sort_unstable();
        targets.dedup();
        said.push(format!("to {}", targets.join(", ")));
    }
    let lag = acts.iter().map(|s| s.lag_p99.0).fold(0.0, f64::max);
    said.push(format!("schedule lag p99 {}", Ms(lag)));
    let stalled = acts.iter().map(|s| s.stalled.0).fold(0.0, f64::max);
    if stalled > 0.0 {
        said.push(format!("{} of the requests overlapped a stall of the load generator", Share(stalled)));
    }
    said
}

/// What the auditor itself used.
pub fn own(own: &OwnCost) -> String {
    let (queries, read) = (own.cost.queries, own.cost.bytes);
    let queries = count(queries, "query");
    format!("{:.2} CPU-s, {:.0} MiB, {queries}, {} read, {} of gathering", own.cpu_s, own.peak_mib, bytes(read), own.wall)
}

/// `LAT-14 passing (→ READY, 0.94)`.
pub fn flip(flip: &Flip, threshold: f64) -> String {
    let rules: Vec<_> = flip.rules.iter().map(ToString::to_string).collect();
    format!("{} passing (→ {}, {})", list(&rules), flip.verdict.words(), score(flip.score, threshold))
}

/// What holds an outcome's strength down, with numbers where there are some: `300 rows where 400 are wanted`.
pub fn held_down(s: &Strength, rows: u64, wanted: u64) -> String {
    if s.least() < 1.0 && s.rows <= s.least() { format!("{} where {} are wanted", count(rows, "row"), Count(wanted)) } else { why(s).into() }
}

/// `a`, `a and b`, `a, b and c`.
pub fn list(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [head @ .., last] => format!("{} and {last}", head.join(", ")),
    }
}

/// What the command line laid over the spec, and what the spec of a recording had beyond this one.
pub fn under(header: &Header) -> Vec<String> {
    let mut said = vec![];
    said.extend((!header.set.is_empty()).then(|| header.set.iter().map(|set| format!("--set {set}")).collect::<Vec<_>>().join(" ")));
    let lacks: Vec<_> = header.lacks.iter().map(ToString::to_string).collect();
    said.extend((!lacks.is_empty()).then(|| format!("without {} of the recorded spec", list(&lacks))));
    said
}

/// What a good verdict must not keep back: `the spec takes out LAT-01 (a blocker of checks 2027.1)`.
pub fn but(header: &Header) -> Option<String> {
    let through = || header.changed.iter().filter(|c| c.lets_through);
    let (mut rules, mut cases, mut gate) = (vec![], vec![], vec![]);
    for change in through() {
        match &change.of {
            Changed::Rule(id) => rules.push(id.to_string()),
            Changed::Case(id) => cases.push(id.to_string()),
            Changed::Gate => gate.push(format!("{} {} → {}", change.what.word(), change.from, change.to)),
        }
    }
    rules.dedup();
    cases.dedup();
    let (mut out, mut parts) = (vec![], vec![]);
    if !rules.is_empty() {
        let blockers = if rules.len() == 1 { "a blocker" } else { "blockers" };
        out.push(format!("{} ({blockers} of checks {})", rules.join(", "), header.checks));
    }
    match cases.as_slice() {
        few @ ([] | [_] | [_, _]) => out.extend(few.iter().map(|case| format!("{case} with its blockers"))),
        many => out.push(format!("{} cases with their blockers", many.len())),
    }
    parts.extend((!out.is_empty()).then(|| format!("takes out {}", list(&out))));
    parts.extend((!gate.is_empty()).then(|| format!("lowers the gate ({})", gate.join(", "))));
    parts.extend(header.checks.ends_with(OWN_EDITION).then(|| "judges by an edition that this release does not vouch for".to_owned()));
    (!parts.is_empty()).then(|| format!("the spec {}", list(&parts)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_never_crosses_a_limit() {
        assert_eq!(number(0.8499, 0.85), "0.8499");
        assert_eq!(number(0.849_999_9, 0.85), "0.8499999");
        assert_eq!(number(0.85, 0.85), "0.85");
        assert_eq!(number(0.814, 0.85), "0.81");
        assert_eq!(percent(0.8996, 0.9), "89.96 %");
        assert_eq!(percent(1.0, 0.9), "100 %");
    }

    #[test]
    fn an_interval_is_one_number_when_both_ends_read_the_same() {
        assert_eq!(score(Interval { lo: 0.812, hi: 0.814 }, 0.85), "0.81");
        assert_eq!(score(Interval { lo: 0.62, hi: 0.94 }, 0.85), "0.62 … 0.94");
        assert_eq!(score(Interval { lo: 0.849, hi: 0.852 }, 0.85), "0.849 … 0.85");
    }

    #[test]
    fn values_carry_their_unit() {
        assert_eq!(value(311.4, "ms"), "311 ms");
        assert_eq!(value(2.0, "%"), "2 %");
        assert_eq!(value(3.0, "requests"), "3 requests");
        assert_eq!(value(f64::NAN, "ms"), "no number");
        assert_eq!(count(1, "query"), "1 query");
        assert_eq!(count(6, "query"), "6 queries");
        assert_eq!(count(41, "day"), "41 days");
        assert_eq!(bytes(1_240_000), "1.2 MB");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }

    #[test]
    fn times_are_utc() {
        assert_eq!(Wall(1_800_000_000_000_000).to_string(), "2027-01-15 08:00:00 UTC");
        assert_eq!(rfc3339(Wall(1_800_000_000_000_000)), "2027-01-15T08:00:00.000000Z");
    }
}
