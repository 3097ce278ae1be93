//! Negative controls on this rig: each rule's own fault is seeded into a copy of the evidence, and the rule must fail there.
//!
//! One copy lives at a time. It shares every answer but those that the fault touches, and the audit joins it anew, so the whole
//! costs about one judging of the case per rule and subject.

use crate::model::{
    audit::{AnyCase, Context},
    event::CaseJudged,
    name::Name,
    outcome::{Outcome, Proof, Status, Strength},
    panics::caught,
};

/// Tries every rule and subject that was judged; what was not judged has no evidence in which a fault could show. What fires
/// counts fully, what does not is trusted less, whatever the release's own fault matrix says, and a note says so. Pure.
pub fn prove(case: &dyn AnyCase, cx: &Context<'_>, judged: &mut CaseJudged) {
    let mut silent: Vec<(Name, Vec<String>)> = vec![];
    for outcome in judged.outcomes.iter_mut().filter(|o| o.status.value().is_some()) {
        let Some(rule) = case.case().rules.iter().position(|r| r.id == outcome.rule) else { continue };
        let proof = proof(case, cx, rule, outcome);
        outcome.proof = Some(proof);
        if let Some(strength) = &mut outcome.strength {
            strength.control = if proof == Proof::Fires { 1.0 } else { Strength::UNPROVEN };
        }
        if let Proof::Silent(status) = proof {
            let of = if outcome.subject.as_str().is_empty() { "the rig" } else { outcome.subject.as_str() };
            let said = format!("{} for {of}", status.word());
            match silent.iter_mut().find(|(rule, _)| *rule == outcome.rule) {
                Some((_, all)) => all.push(said),
                None => silent.push((outcome.rule.clone(), vec![said])),
            }
        }
    }
    let note = |(rule, said): (Name, Vec<String>)| {
        format!(
            "{rule} does not fail on this rig when its own fault is seeded into a copy of the evidence: {}; what it says here counts less",
            said.join(", ")
        )
    };
    judged.notes.extend(silent.into_iter().map(note));
}

fn proof(case: &dyn AnyCase, cx: &Context<'_>, rule: usize, outcome: &Outcome) -> Proof {
    // What fails as it is needs no fault to show that it can.
    if outcome.status == Status::Fail {
        return Proof::Fires;
    }
    let mut copy = cx.evidence.clone();
    if caught(|| case.spoil(rule, cx.rig, &outcome.subject, &mut copy)).is_err() {
        return Proof::Silent(Status::Error);
    }
    match case.judge_one(rule, &outcome.subject, &Context { evidence: &copy, ..*cx }) {
        Ok(Ok(finding)) if finding.status == Status::Fail => Proof::Fires,
        Ok(Ok(finding)) => Proof::Silent(finding.status),
        Ok(Err(_)) => Proof::Silent(Status::NoData),
        Err(_) => Proof::Silent(Status::Error),
    }
}
