//! Two reports on one run, judged by different checks: what is judged otherwise.

use super::{Report, phrases};
use crate::model::{case::RuleSpec, outcome::Outcome};
use std::fmt::Write as _;

/// Verdict, score, coverage, and each rule and subject whose status or share differs, for a terminal.
pub fn moved(before: &Report, after: &Report) -> String {
    let mut out = String::new();
    let mut line = |label: &str, was: String, now: String| {
        let _ = if was == now { writeln!(out, "{label:<10}{now}, as before") } else { writeln!(out, "{label:<10}{was} → {now}") };
    };
    let score = |r: &Report| phrases::score(r.assessment.score, r.header.gate.threshold);
    let coverage = |r: &Report| phrases::percent(r.assessment.coverage, r.header.gate.coverage);
    let verdict = |r: &Report| format!("{} ({})", r.assessment.verdict.words(), r.assessment.because);
    line("verdict", verdict(before), verdict(after));
    line("score", score(before), score(after));
    line("coverage", coverage(before), coverage(after));
    let rules = rules(before, after);
    if rules.is_empty() {
        out.push_str("rules     each says of each subject what it said before\n");
    }
    for (nth, said) in rules.iter().enumerate() {
        let _ = writeln!(out, "{:<10}{said}", if nth == 0 { "rules" } else { "" });
    }
    out
}

fn rules(before: &Report, after: &Report) -> Vec<String> {
    let mut said = vec![];
    for outcome in after.outcomes() {
        let was = before.outcomes().find(|o| same(o, outcome));
        let spec = |r: &'_ Report| rule(r, outcome).is_some_and(|s| s.newer);
        let scored = if spec(before) && !spec(after) { ", scored from now on" } else { "" };
        let status = outcome.status.word();
        let observed = outcome.finding.as_ref().map(|f| format!(": {}, expected {}", f.observed, f.expected)).unwrap_or_default();
        match was.map(|o| o.status.word()) {
            Some(was) if was != status => said.push(format!("{} {was} → {status}{scored}{observed}", who(outcome))),
            Some(_) if !scored.is_empty() => said.push(format!("{} {status}{scored}{observed}", who(outcome))),
            Some(_) => {}
            None => said.push(format!("{} not judged → {status}{observed}", who(outcome))),
        }
    }
    let gone = before.outcomes().filter(|o| !after.outcomes().any(|now| same(o, now)));
    said.extend(gone.map(|o| format!("{} {} → not judged", who(o), o.status.word())));
    said
}

fn same(a: &Outcome, b: &Outcome) -> bool {
    a.rule == b.rule && a.subject == b.subject
}

fn rule<'r>(report: &'r Report, outcome: &Outcome) -> Option<&'r RuleSpec> {
    report.cases.iter().flat_map(|c| &c.case.rules).find(|r| r.id == outcome.rule)
}

fn who(outcome: &Outcome) -> String {
    let subject = outcome.subject.as_str();
    super::clean::line(&if subject.is_empty() { outcome.rule.to_string() } else { format!("{} {subject}", outcome.rule) })
}
