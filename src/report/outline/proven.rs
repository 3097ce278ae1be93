//! Which rules were shown on this rig that they can fail.

use crate::{
    model::{
        event::CaseJudged,
        outcome::{Outcome, Proof, Status},
    },
    report::{Report, phrases},
};

/// `15 of 15 rules fire on their own seeded fault; 43 of 59 subjects tried, 11 fail already`; `None` where nobody tried.
pub fn of(report: &Report) -> Option<String> {
    if !report.header.prove {
        return None;
    }
    let (mut fire, mut silent, mut untried) = (0, vec![], vec![]);
    for judged in &report.cases {
        // A rule without a share of the score cannot count less.
        for rule in judged.in_scope().filter(|r| !r.newer) {
            let proofs: Vec<Proof> = judged.of_rule(rule).filter_map(|o| o.proof).collect();
            match proofs.as_slice() {
                [] => untried.push(rule.id.to_string()),
                all if all.iter().all(|p| *p == Proof::Fires) => fire += 1,
                _ => silent.push(rule.id.to_string()),
            }
        }
    }
    let all = fire + silent.len() + untried.len();
    let (fires, own) = if all == 1 { ("rule fires", "its") } else { ("rules fire", "their") };
    let mut said = vec![format!("{fire} of {all} {fires} on {own} own seeded fault")];
    said.push(subjects(report));
    let less = |ids: &[String]| if ids.len() == 1 { "does not, and counts less" } else { "do not, and count less" };
    said.extend((!silent.is_empty()).then(|| format!("{} {}", phrases::list(&silent), less(&silent))));
    said.extend((!untried.is_empty()).then(|| format!("{} could not be tried, as the evidence does not suffice to judge", phrases::list(&untried))));
    Some(said.join("; "))
}

/// Whom a fault was seeded for: what fails as it is needs none, and what could not be judged cannot be tried.
fn subjects(report: &Report) -> String {
    let all: Vec<&Outcome> = report.cases.iter().flat_map(CaseJudged::scored).filter(|o| o.status != Status::NotApplicable).collect();
    let (failing, seeded): (Vec<&Outcome>, Vec<_>) = all.iter().filter(|o| o.proof.is_some()).partition(|o| o.status == Status::Fail);
    let already = match failing.len() {
        0 => String::new(),
        1 => ", 1 fails already".into(),
        many => format!(", {many} fail already"),
    };
    format!("{} of {} tried{already}", seeded.len(), phrases::count(all.len() as u64, "subject"))
}

/// What became of the negative control of an outcome.
pub fn words(outcome: &Outcome) -> Option<String> {
    outcome.proof.map(|proof| match proof {
        Proof::Fires => "fails on its own seeded fault".into(),
        Proof::Silent(status) => format!("does not fail on its own seeded fault: {}", status.word()),
    })
}
