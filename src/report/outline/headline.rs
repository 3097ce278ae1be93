//! The lines that are read first.

use super::{ChangedLine, changed, proven, range, scope};
use crate::{
    report::{Report, phrases},
    scoring::Verdict,
};

/// Verdict, score and circumstances in words.
pub struct Headline {
    /// Which tool looked at which rig, when; `None` where not even a beginning was recorded.
    pub run: Option<String>,
    /// Set where the run did not come to its end.
    pub interrupted: Option<String>,
    /// The verdict.
    pub verdict: Verdict,
    /// What decides it.
    pub because: String,
    /// `0.81` or `0.62 … 0.94`.
    pub score: String,
    /// What it needs.
    pub threshold: String,
    /// `100 %`.
    pub coverage: String,
    /// What it needs.
    pub coverage_needed: String,
    /// Why the score is a range although everything was judged.
    pub range: Option<String>,
    /// How much of the method was looked at.
    pub scope: Vec<String>,
    /// Cases of the method that nobody looked at, if there are any.
    pub cases_not_judged: Option<String>,
    /// What the spec changes of the checks; `None` where it changes nothing.
    pub changed: Option<ChangedLine>,
    /// How many rules were shown on this rig that they can fail; `None` where nobody tried.
    pub proven: Option<String>,
    /// Where from, and by which checks.
    pub from: Vec<String>,
    /// What was sent.
    pub sent: Vec<String>,
    /// What the auditor itself used.
    pub own: String,
}

/// The headline of a report.
pub fn of(report: &Report) -> Headline {
    let (a, gate) = (&report.assessment, report.header.gate);
    Headline {
        run: run(report),
        interrupted: report.interrupted.then(|| interrupted(report)),
        verdict: a.verdict,
        because: a.because.clone(),
        score: phrases::score(a.score, gate.threshold),
        threshold: phrases::number(gate.threshold, gate.threshold),
        coverage: phrases::percent(a.coverage, gate.coverage),
        coverage_needed: phrases::percent(gate.coverage, gate.coverage),
        range: range::why(report),
        scope: scope::phrases(report),
        cases_not_judged: scope::cases_not_judged(report),
        changed: changed::of(report),
        proven: proven::of(report),
        from: from(report),
        sent: sent(report),
        own: match report.as_of {
            Some(_) => phrases::own(&report.own),
            None => "not recorded, the run did not get that far".into(),
        },
    }
}

fn run(report: &Report) -> Option<String> {
    let h = &report.header;
    (!h.tool.is_empty()).then(|| format!("{} · rig {} · {}", h.tool, h.rig, h.started))
}

fn interrupted(report: &Report) -> String {
    let open = report.steps.iter().find(|s| s.took.is_none()).map(|s| format!(" during {}", s.step.title)).unwrap_or_default();
    format!("the run was cut short{open}; what follows rests on what had been gathered by then")
}

/// A load that was begun and did not say what it sent is no load that sent nothing.
fn sent(report: &Report) -> Vec<String> {
    let mut said = phrases::sent(&report.sent);
    let loads: Vec<_> = report.steps.iter().filter(|s| s.step.requests > 0).collect();
    if loads.len() > report.sent.len() {
        let silent = loads.len() - report.sent.len();
        said.push(format!("what {} sent was not recorded", if silent == 1 { "one load".into() } else { phrases::count(silent as u64, "load") }));
    } else if said.is_empty() {
        said.push("nothing was sent".into());
    }
    said.extend(part_of_a_step(report, "foreign traffic ").map(|share| format!("{share} beside it")));
    said
}

fn from(report: &Report) -> Vec<String> {
    let h = &report.header;
    let host = if h.vantage.is_empty() { "an unnamed host" } else { &h.vantage };
    let mut said = vec![match part_of_a_step(report, "round trip ") {
        Some(round_trip) => format!("{host}, {round_trip} to the target"),
        None => format!("{host}, round trip unknown"),
    }];
    said.extend((!h.checks.is_empty()).then(|| format!("checks {}{}", h.checks, if h.changed.is_empty() { "" } else { " (changed)" })));
    said.extend((!h.profile.is_empty()).then(|| format!("profile {}", h.profile)));
    said
}

/// A figure as the step that measured it said it.
fn part_of_a_step<'r>(report: &'r Report, word: &str) -> Option<&'r str> {
    report.steps.iter().flat_map(|s| s.says.split(" · ")).find(|part| part.starts_with(word))
}
