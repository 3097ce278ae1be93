//! Accepted failures: which hold, which no longer do, which nothing needs.

use super::{CaseView, SubjectView};
use crate::{
    model::{
        outcome::{Outcome, Status},
        units::Wall,
        waiver::{Range, Waiver, WaiverState},
    },
    report::{Report, phrases},
    scoring,
};

/// One waiver and what it did.
pub struct WaiverLine<'r> {
    /// Its place in the spec's list.
    pub at: usize,
    /// What it did.
    pub state: WaiverState,
    /// `WAIVED`, `LAPSED`, `OUTGROWN` or `UNUSED`.
    pub word: &'static str,
    /// The waiver.
    pub waiver: &'r Waiver,
    /// The subject that it was looked at for.
    pub subject: &'r str,
    /// It holds, but not for long any more: less than two weeks.
    pub soon: bool,
    /// What was observed, if something was, how long it still holds, and what it changed.
    pub says: Vec<String>,
}

impl WaiverLine<'_> {
    /// What [`WaiverLine::key`] can be.
    pub const KEYS: [&'static str; 5] = ["holds", "lapses_soon", "lapsed", "outgrown", "unused"];
    /// Its state for programs, in which one that holds, but not for long any more, stands apart.
    pub fn key(&self) -> &'static str {
        match self.state {
            WaiverState::Holds if self.soon => "lapses_soon",
            WaiverState::Holds => "holds",
            WaiverState::Lapsed => "lapsed",
            WaiverState::Outgrown => "outgrown",
            WaiverState::Unused => "unused",
        }
    }
    /// What is to be looked at: `LAPSED LAT-05 prometheus:total: expired 2027-01-12…`; `None` where it simply holds.
    pub fn finding(&self) -> Option<String> {
        let of = if self.subject.is_empty() { String::new() } else { format!(" {}", self.subject) };
        let says =
            || format!("{} {}{of}: {}. Reason: {} ({})", self.word, self.waiver.rule, self.says.join("; "), self.waiver.reason, self.waiver.owner);
        (self.key() != "holds").then(says)
    }
}

/// All waivers: those that hold first, those that nothing needs last.
pub fn of<'r>(report: &'r Report, cases: &[CaseView<'r>]) -> Vec<WaiverLine<'r>> {
    let subjects = cases.iter().flat_map(|c| &c.rules).flat_map(|r| &r.subjects);
    let mut lines: Vec<_> = subjects.filter_map(|s| used(s, report)).collect();
    lines.sort_by_key(|l| l.state != WaiverState::Holds);
    lines.extend(report.unused_waivers().into_iter().map(|at| idle(at, report)));
    lines
}

/// Did waivers change the verdict?
pub fn matter(report: &Report) -> Option<String> {
    if report.header.waivers.is_empty() {
        return None;
    }
    let now = report.assessment.verdict.words();
    let mut leans_on: Vec<String> = report.assessment.leans_on.iter().map(|f| format!("that of {}", f.rules[0])).collect();
    if let [first, ..] = leans_on.as_mut_slice() {
        *first = first.replacen("that", "the waiver", 1);
        let then = report.assessment.leans_on[0].verdict.words();
        let each = if leans_on.len() == 1 { "" } else { ", each alone" };
        return Some(format!("waivers decide: without {}{each}, it is {then}; the score is the same", leans_on.join(" or ")));
    }
    Some(match report.assessment.without_waivers {
        Some(other) => format!("waivers decide: without them the verdict would be {}; the score is the same", other.words()),
        None => format!("waivers change nothing: with or without them the verdict is {now}, and they never touch the score"),
    })
}

fn used<'r>(subject: &SubjectView<'r>, report: &'r Report) -> Option<WaiverLine<'r>> {
    let outcome = subject.outcome;
    let (at, state) = outcome.waiver?;
    let waiver = report.header.waivers.get(at)?;
    let mut says = observed(outcome, waiver, state);
    match state {
        WaiverState::Holds => says.extend([left(waiver, now(report)), changed(at, outcome, report)]),
        WaiverState::Lapsed => says.push(format!("expired {}: the failure counts again; mend its cause, or renew the waiver", waiver.expires_text)),
        WaiverState::Outgrown => says.push("the failure counts: it is another one than was accepted".into()),
        WaiverState::Unused => says.push("nothing failed that it could waive".into()),
    }
    let soon = state == WaiverState::Holds && waiver.lapses_soon(now(report));
    Some(WaiverLine { at, state, word: word(state), waiver, subject: outcome.subject.as_str(), soon, says })
}

/// `bias 311 ms, inside 250 … 350 ms`.
fn observed(outcome: &Outcome, waiver: &Waiver, state: WaiverState) -> Vec<String> {
    let Some(f) = outcome.finding.as_ref().map(|f| &f.figure) else { return vec![] };
    // A lapsed waiver's range is not looked at any more.
    let range = waiver.holds.as_ref().filter(|_| state != WaiverState::Lapsed).map(|r| {
        let inside = if state == WaiverState::Outgrown { "outside" } else { "inside" };
        if r.is_of(f) { format!(", {inside} {}", ends(r)) } else { format!(", not {} {}", r.figure, ends(r)) }
    });
    vec![format!("{} {}{}", f.name, phrases::value(f.value, &f.unit), range.unwrap_or_default())]
}

/// Both ends, the unit once where it is the same.
fn ends(range: &Range) -> String {
    let (lo, hi) = (phrases::value(range.lo, &range.unit), phrases::value(range.hi, &range.unit));
    match (lo.rsplit_once(' '), hi.rsplit_once(' ')) {
        (Some((number, unit)), Some((_, other))) if unit == other => format!("{number} … {hi}"),
        _ => format!("{lo} … {hi}"),
    }
}

/// What one waiver changed: the verdict, a blocker, or nothing.
fn changed(at: usize, outcome: &Outcome, report: &Report) -> String {
    let a = &report.assessment;
    if !outcome.blocker {
        return format!("changed nothing: {} is no blocker, and the score is the same", outcome.rule);
    }
    // A run that was cut short has no verdict that a waiver could change.
    if report.interrupted {
        return "lifted the blocker, score unchanged".into();
    }
    let mut cases = report.cases.clone();
    for bare in cases.iter_mut().flat_map(|c| &mut c.outcomes).filter(|o| o.waiver.is_some_and(|w| w.0 == at)) {
        bare.waiver = None;
    }
    let without = scoring::assess(&cases, &report.header.gate).verdict;
    if without == a.verdict {
        let limit = report.header.gate.threshold;
        let than = if a.score.hi < limit - 1e-9 { format!(" ({} < {limit})", phrases::score(a.score, limit)) } else { String::new() };
        return format!("lifted the blocker, score unchanged: still {}{than}", a.verdict.words());
    }
    format!("changed the verdict: without it {}; score unchanged", without.words())
}

/// A waiver that no failure is shown with: something else covers what it could, or nothing failed.
fn idle(at: usize, report: &Report) -> WaiverLine<'_> {
    let (waiver, now) = (&report.header.waivers[at], now(report));
    let mut of_rule = report.outcomes().filter(|o| o.rule == waiver.rule).peekable();
    let masked = report.outcomes().find_map(|o| Some((o, waiver.on(o, now)?)));
    let expired = if waiver.expired(now) { format!("expired {}; ", waiver.expires_text) } else { String::new() };
    let (state, why) = match masked {
        Some((_, WaiverState::Lapsed)) => (WaiverState::Lapsed, "another waiver is looked at for the same failure: remove this one"),
        Some((_, WaiverState::Outgrown)) => (WaiverState::Outgrown, "another waiver is looked at for the same failure: remove this one"),
        Some(_) => (WaiverState::Unused, "another waiver covers the same failure: remove one of them"),
        None if of_rule.peek().is_none() => (WaiverState::Unused, "its rule was not judged in this run"),
        None if of_rule.any(|o| o.status.value().is_none() && o.status != Status::NotApplicable) => {
            (WaiverState::Unused, "its rule could not be told in this run")
        }
        None => (WaiverState::Unused, "nothing failed that it could waive: remove it"),
    };
    let mut says = masked.filter(|(_, s)| *s == WaiverState::Outgrown).map_or(vec![], |(o, s)| observed(o, waiver, s));
    says.push(format!("{expired}{why}"));
    let subject = waiver.of.as_ref().map_or("", |n| n.as_str());
    WaiverLine { at, state, word: word(state), waiver, subject, soon: false, says }
}

fn word(state: WaiverState) -> &'static str {
    match state {
        WaiverState::Holds => "WAIVED",
        WaiverState::Lapsed => "LAPSED",
        WaiverState::Outgrown => "OUTGROWN",
        WaiverState::Unused => "UNUSED",
    }
}

/// Waivers were looked at by the run's one "now".
fn now(report: &Report) -> Wall {
    report.as_of.unwrap_or(report.header.started)
}

fn left(waiver: &Waiver, now: Wall) -> String {
    const HOUR: i64 = 3_600_000_000;
    let hours = waiver.expires.0.saturating_sub(now.0) / HOUR;
    let count = |n: i64, what: &str| phrases::count(n.max(0).unsigned_abs(), what);
    let left = if hours >= 24 { count(hours / 24, "day") } else { count(hours, "hour") };
    let renew = if waiver.lapses_soon(now) { ": lapses soon, then the failure counts" } else { "" };
    format!("{left} left{renew}")
}
