//! Which rules were shown on this rig that they can fail.

use crate::{
    model::outcome::{Outcome, Proof},
    report::{Report, phrases},
};

/// `15 of 15 rules fire on their own seeded fault`; `None` where nobody tried.
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
    let less = |ids: &[String]| if ids.len() == 1 { "does not, and counts less" } else { "do not, and count less" };
    said.extend((!silent.is_empty()).then(|| format!("{} {}", phrases::list(&silent), less(&silent))));
    said.extend((!untried.is_empty()).then(|| format!("{} could not be tried, as the evidence does not suffice to judge", phrases::list(&untried))));
    Some(said.join("; "))
}

/// What became of the negative control of an outcome.
pub fn words(outcome: &Outcome) -> Option<String> {
    outcome.proof.map(|proof| match proof {
        Proof::Fires => "fails on its own seeded fault".into(),
        Proof::Silent(status) => format!("does not fail on its own seeded fault: {}", status.word()),
    })
}
