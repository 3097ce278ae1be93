//! Why a score is a range although everything could be judged: some evidence is not as strong as it could be.

use crate::{
    model::{
        case::RuleSpec,
        event::CaseJudged,
        outcome::{Outcome, Status, Strength},
    },
    report::{Report, phrases},
};

/// Reasons that are told; the rest is counted.
const FEW: usize = 3;

/// `LAT-16 counts 0.75: 300 rows where 400 are wanted`. `None` where the score is one number, and where something could not be
/// told: that outweighs it and has a section of its own.
pub fn why(report: &Report) -> Option<String> {
    let a = &report.assessment;
    let shown = phrases::score(a.score, report.header.gate.threshold);
    if a.score.lo >= a.score.hi || !shown.contains('…') || a.coverage < 1.0 {
        return None;
    }
    let mut reasons: Vec<(f64, String, Vec<String>)> = vec![];
    for (rule, outcome, strength) in report.cases.iter().flat_map(weak) {
        let rows = outcome.finding.as_ref().map_or(0, |f| f.rows);
        let why = phrases::held_down(strength, rows, rule.n_min);
        match reasons.iter_mut().find(|(_, other, _)| *other == why) {
            Some((least, _, rules)) => {
                *least = least.min(strength.least());
                rules.push(rule.id.to_string());
            }
            None => reasons.push((strength.least(), why, vec![rule.id.to_string()])),
        }
    }
    reasons.sort_by(|a, b| a.0.total_cmp(&b.0));
    let more = reasons.len().saturating_sub(FEW);
    let mut said: Vec<String> = reasons
        .iter()
        .take(FEW)
        .map(|(least, why, rules)| format!("{} {} {least:.2}: {why}", phrases::list(rules), if rules.len() == 1 { "counts" } else { "count" }))
        .collect();
    if more > 0 {
        said.push(format!("and {more} more"));
    }
    (!said.is_empty()).then(|| said.join("; "))
}

/// Each rule whose evidence is not whole, with its weakest subject.
fn weak(judged: &CaseJudged) -> impl Iterator<Item = (&RuleSpec, &Outcome, &Strength)> {
    judged.case.rules.iter().filter(|r| !r.newer).filter_map(|rule| {
        let of_rule = judged.outcomes.iter().filter(|o| o.rule == rule.id && o.status != Status::NotApplicable);
        let strengths = of_rule.filter_map(|o| Some((rule, o, o.strength.as_ref()?)));
        strengths.min_by(|a, b| a.2.least().total_cmp(&b.2.least())).filter(|(.., s)| s.least() < 1.0)
    })
}
