//! From evidence to outcomes: what each rule said, how strong its evidence is, and what waivers do to it.

use super::{Journal, prove};
use crate::{
    model::{
        audit::{AnyCase, Context, Judgement},
        case::RuleSpec,
        event::{CaseJudged, Event, OutOfScope},
        evidence::Evidence,
        name::Name,
        outcome::{Finding, Outcome, Status, Strength},
        units::Wall,
        waiver::{Waiver, WaiverState},
    },
    spec::profile::Profile,
};

/// Judges every case, with its negative controls on this rig if they are wished for, and says so. Pure but for the journal.
pub fn judge(cases: &[Box<dyn AnyCase>], cx: &Context<'_>, profile: &Profile, prove: bool, journal: &Journal) {
    for case in cases {
        journal.say(Event::Judged(Box::new(judged(case.as_ref(), cx, profile, prove))));
    }
}

/// Judges one case, with its negative controls if they are wished for.
pub(super) fn judged(case: &dyn AnyCase, cx: &Context<'_>, profile: &Profile, prove: bool) -> CaseJudged {
    let mut judged = judge_case(case, cx, &profile.waivers);
    if prove {
        prove::prove(case, cx, &mut judged);
    }
    judged
}

/// Judges one case.
pub fn judge_case(case: &dyn AnyCase, cx: &Context<'_>, waivers: &[Waiver]) -> CaseJudged {
    let has = &cx.rig.capabilities;
    let judged = case.judge(cx);
    let specs = &case.case().rules;
    let mut outcomes: Vec<Outcome> =
        judged.findings.into_iter().map(|(rule, subject, said)| waived(outcome(&specs[rule], subject, said, cx), waivers, cx.as_of)).collect();
    for (at, spec) in specs.iter().enumerate().filter(|(_, s)| s.in_scope(has)) {
        if !outcomes.iter().any(|o| o.rule == spec.id) {
            let missing = Err("the rule is in scope but named nobody to judge".to_owned());
            outcomes.push(outcome(&specs[at], Name::default(), missing, cx));
        }
    }
    let order = |o: &Outcome| specs.iter().position(|s| s.id == o.rule);
    outcomes.sort_by_key(order);
    let out_of_scope = specs.iter().filter(|s| !s.in_scope(has)).map(|s| OutOfScope {
        rule: s.id.clone(),
        title: s.title.clone(),
        weight: s.weight,
        missing: s.missing(has),
        deselected: s.deselected,
    });
    CaseJudged { case: case.case().clone(), out_of_scope: out_of_scope.collect(), outcomes, charts: judged.charts, notes: judged.notes }
}

fn outcome(spec: &RuleSpec, subject: Name, said: Result<Judgement, String>, cx: &Context<'_>) -> Outcome {
    let mut outcome = Outcome {
        rule: spec.id.clone(),
        subject,
        title: spec.title.clone(),
        weight: spec.weight,
        blocker: spec.blocks(),
        status: Status::Error,
        finding: None,
        unknown: None,
        error: None,
        strength: None,
        proof: None,
        remedy: spec.remedy.clone(),
        waiver: None,
    };
    match said {
        // No recording can hold it, and no limit can be compared with it.
        Ok(Ok(finding)) if ![finding.figure.value, finding.figure.lo, finding.figure.hi].iter().all(|x| x.is_finite()) => {
            outcome.error = Some(format!("the figure `{}` is not a finite number", finding.figure.name));
        }
        Ok(Ok(finding)) => {
            outcome.status = finding.status;
            outcome.strength = finding.status.value().map(|_| strength(spec, &finding, cx.evidence, cx.as_of));
            outcome.remedy = finding.remedy.clone().unwrap_or(outcome.remedy);
            outcome.finding = Some(finding);
        }
        Ok(Err(unknown)) => {
            outcome.status = Status::NoData;
            outcome.unknown = Some(unknown);
        }
        Err(text) => outcome.error = Some(text),
    }
    outcome
}

/// The least of origin, freshness, rows and negative control. A finding that names no evidence rests on nothing.
fn strength(spec: &RuleSpec, finding: &Finding, evidence: &Evidence, as_of: Wall) -> Strength {
    let seen: Vec<_> = finding.from.iter().map(|k| evidence.raw(k).and_then(|a| a.as_ref().ok())).collect();
    let over_all = |of: &dyn Fn(&crate::model::Seen) -> f64| seen.iter().map(|s| s.map_or(0.0, |s| of(s))).reduce(f64::min).unwrap_or(0.0);
    let freshness = |s: &crate::model::Seen| {
        let age_ms = as_of.0.saturating_sub(s.covered.to.0) as f64 / 1e3;
        if spec.ttl.0 <= 0.0 { 1.0 } else { (2.0 - age_ms / spec.ttl.0).clamp(0.0, 1.0) }
    };
    Strength {
        origin: over_all(&|s| s.origin.method.strength()),
        freshness: over_all(&freshness),
        rows: (finding.rows as f64 / spec.n_min.max(1) as f64).min(1.0),
        control: if spec.proven_by.is_empty() { Strength::UNPROVEN } else { 1.0 },
    }
}

/// Looks for the waiver of a failure. One that still holds is preferred to one that lapsed.
fn waived(mut outcome: Outcome, waivers: &[Waiver], as_of: Wall) -> Outcome {
    let states = waivers.iter().enumerate().filter_map(|(at, w)| Some((at, w.on(&outcome, as_of)?)));
    outcome.waiver = states.min_by_key(|(_, s)| usize::from(*s != WaiverState::Holds));
    outcome
}
