//! The report for programs. The shape is public: fields are added, never renamed or given another meaning, within `rigcheck.report/1`.
//!
//! Times are RFC 3339 in UTC, durations milliseconds (`_ms`) or seconds (`_s`), shares 0 to 1. A number that does not exist is `null`.
//!
//! What the other formats show under "Notes" are `notices`, sentences about the run, followed by each case's own `notes`.

mod against;
mod cases;
mod run;

use super::{Report, outline::Outline};
use crate::{
    model::event::Gate,
    scoring::{Interval, Verdict},
};
use serde::Serialize;

/// Name and version of the shape.
pub const SCHEMA: &str = "rigcheck.report/1";

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    verdict: Verdict,
    because: &'r str,
    interrupted: bool,
    score: Score,
    coverage: Option<f64>,
    gate: Gate,
    rules_in_scope: usize,
    /// The verdict without waivers, where that is another one.
    verdict_without_waivers: Option<Verdict>,
    run: run::Run<'r>,
    /// `null` where no earlier run was named.
    against: Option<against::Against<'r>>,
    cases: Vec<cases::Case<'r>>,
    waivers: Vec<run::Waived<'r>>,
    /// Smallest sets of rules that, passing, would better the verdict.
    flips: Vec<run::Flip<'r>>,
    /// Are those all such sets?
    flips_are_all: bool,
    /// The shortest such set that would make it ready, where none of `flips` does.
    to_ready: Option<run::Flip<'r>>,
    /// Where it could not be told: rules that, failing alone, would make it not ready.
    threats: Vec<run::Flip<'r>>,
    /// Rules without whose waivers the verdict would be worse.
    leans_on_waivers: Vec<run::Flip<'r>>,
    /// What the user should know about the run; what concerns one case stands in its `notes`.
    notices: &'r [String],
    steps: Vec<run::Step<'r>>,
    answers: Vec<run::Answer<'r>>,
    sent: Vec<run::Sent<'r>>,
    own: run::Own,
}

/// Both ends of an interval.
#[derive(Serialize)]
struct Score {
    lo: Option<f64>,
    hi: Option<f64>,
}

impl From<Interval> for Score {
    fn from(i: Interval) -> Score {
        Score { lo: finite(i.lo), hi: finite(i.hi) }
    }
}

/// JSON knows no NaN.
fn finite(x: f64) -> Option<f64> {
    x.is_finite().then_some(x)
}

/// The report as JSON.
pub fn render(report: &Report) -> String {
    let outline = Outline::of(report);
    let a = &report.assessment;
    let document = Document {
        schema: SCHEMA,
        verdict: a.verdict,
        because: &a.because,
        interrupted: report.interrupted,
        score: a.score.into(),
        coverage: finite(a.coverage),
        gate: report.header.gate,
        rules_in_scope: a.rules_in_scope,
        verdict_without_waivers: a.without_waivers,
        run: run::Run::of(report, &outline),
        against: outline.against.as_ref().map(against::Against::of),
        cases: outline.cases.iter().map(cases::Case::of).collect(),
        waivers: outline.waivers.iter().map(run::Waived::of).collect(),
        flips: a.flips.iter().map(run::Flip::of).collect(),
        flips_are_all: a.flips_are_all,
        to_ready: a.to_ready.as_ref().map(run::Flip::of),
        threats: a.threats.iter().map(run::Flip::of).collect(),
        leans_on_waivers: a.leans_on.iter().map(run::Flip::of).collect(),
        notices: &report.notices,
        steps: report.steps.iter().map(run::Step::of).collect(),
        answers: report.answers.iter().enumerate().map(|(at, a)| run::Answer::of(a, report.watched.contains(&at))).collect(),
        sent: report.sent.iter().map(run::Sent::of).collect(),
        own: run::Own::of(&report.own),
    };
    let mut text = serde_json::to_string_pretty(&document).expect("structs of texts and numbers become JSON");
    text.push('\n');
    text
}
