//! Accepted failures: which hold, which no longer do, which nothing needs.

use super::{CaseView, SubjectView};
use crate::{
    model::{
        outcome::Status,
        units::Wall,
        waiver::{Waiver, WaiverState},
    },
    report::{Report, phrases},
};

/// One waiver and what it did.
pub struct WaiverLine<'r> {
    /// What it did.
    pub state: WaiverState,
    /// `WAIVED`, `LAPSED`, `OUTGROWN` or `UNUSED`.
    pub word: &'static str,
    /// The waiver.
    pub waiver: &'r Waiver,
    /// The subject that it was looked at for.
    pub subject: &'r str,
    /// What was observed, if something was, and what follows.
    pub says: Vec<String>,
}

/// All waivers: those that hold first, those that nothing needs last.
pub fn of<'r>(report: &'r Report, cases: &[CaseView<'r>]) -> Vec<WaiverLine<'r>> {
    let subjects = cases.iter().flat_map(|c| &c.rules).flat_map(|r| &r.subjects);
    let mut lines: Vec<_> = subjects.filter_map(|s| used(s, report)).collect();
    lines.sort_by_key(|l| l.state != WaiverState::Holds);
    lines.extend(report.unused_waivers().into_iter().map(|at| unused(&report.header.waivers[at], report)));
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
    let mut says = vec![];
    if let Some(finding) = &outcome.finding {
        let (f, unit) = (&finding.figure, finding.figure.unit.as_str());
        let inside = if state == WaiverState::Outgrown { "outside" } else { "inside" };
        let range = waiver.holds.as_ref().map(|r| {
            let ends = format!("{} … {}", phrases::value(r.lo, &r.unit), phrases::value(r.hi, &r.unit));
            if r.is_of(f) { format!(", {inside} {ends}") } else { format!(", not {} {ends}", r.figure) }
        });
        // A lapsed waiver's range is not looked at any more.
        let range = range.filter(|_| state != WaiverState::Lapsed).unwrap_or_default();
        says.push(format!("{} {}{range}", f.name, phrases::value(f.value, unit)));
    }
    says.push(match state {
        WaiverState::Holds => left(waiver, now(report)),
        WaiverState::Lapsed => format!("expired {}: the failure counts again", waiver.expires_text),
        WaiverState::Outgrown => "the failure counts: it is another one than was accepted".into(),
        WaiverState::Unused => "nothing failed that it could waive".into(),
    });
    Some(WaiverLine { state, word: word(state), waiver, subject: outcome.subject.as_str(), says })
}

fn unused<'r>(waiver: &'r Waiver, report: &Report) -> WaiverLine<'r> {
    let mut of_rule = report.outcomes().filter(|o| o.rule == waiver.rule).peekable();
    let why = if of_rule.peek().is_none() {
        "its rule was not judged in this run"
    } else if of_rule.any(|o| o.status.value().is_none() && o.status != Status::NotApplicable) {
        "its rule could not be told in this run"
    } else {
        "nothing failed that it could waive: remove it"
    };
    let subject = waiver.of.as_ref().map_or("", |n| n.as_str());
    WaiverLine { state: WaiverState::Unused, word: word(WaiverState::Unused), waiver, subject, says: vec![why.into()] }
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
    let day = |n: i64| phrases::count(n.unsigned_abs(), "day");
    if hours >= 24 { format!("{} left", day(hours / 24)) } else { format!("{} left", phrases::count(hours.max(0).unsigned_abs(), "hour")) }
}
