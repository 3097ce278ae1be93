//! Laws of the score and the table of verdicts.

mod flips;

use proptest::prelude::*;
use rigcheck::{
    model::{
        case::{Case, RuleSpec, Weight},
        event::{CaseJudged, Gate},
        name::name,
        outcome::{Outcome, Status, Strength},
        waiver::WaiverState,
    },
    scoring::{Verdict, assess},
};

fn spec(id: &str, weight: Weight, blocker: bool) -> RuleSpec {
    serde_json::from_value(serde_json::json!({
        "id": id, "judge": "j", "title": id, "requires": [], "weight": weight, "blocker": blocker,
        "params": rigcheck::model::node::Node::from(serde_json::Value::Null), "n_min": 1, "ttl": "24h", "proven_by": [],
        "why": "", "method": "", "formula": "", "blind_spots": "", "remedy": "", "source": "",
    }))
    .unwrap()
}

fn outcome(spec: &RuleSpec, subject: &str, status: Status, q: f64) -> Outcome {
    Outcome {
        rule: spec.id.clone(),
        subject: name(subject),
        title: String::new(),
        weight: spec.weight,
        blocker: spec.blocker,
        status,
        finding: None,
        unknown: None,
        error: None,
        strength: status.value().map(|_| Strength { origin: q, freshness: 1.0, rows: 1.0, control: 1.0 }),
        proof: None,
        remedy: String::new(),
        waiver: None,
    }
}

#[allow(clippy::needless_pass_by_value, reason = "reads better at the calls")]
fn case(rules: Vec<RuleSpec>, outcomes: Vec<Outcome>, weight: Weight) -> CaseJudged {
    let case: Case = serde_json::from_value(serde_json::json!({
        "id": "C", "category": "", "title": "", "question": "", "prerequisites": [], "expected": "", "weight": weight, "audit": "a",
        "params": rigcheck::model::node::Node::from(serde_json::Value::Null), "rules": rules,
    }))
    .unwrap();
    CaseJudged { case, outcomes, out_of_scope: vec![], charts: vec![], notes: vec![] }
}

const WEIGHTS: [Weight; 4] = [Weight::Low, Weight::Normal, Weight::Important, Weight::Critical];
const STATUSES: [Status; 7] = [Status::Pass, Status::Warn, Status::Fail, Status::Inconclusive, Status::NoData, Status::Error, Status::ManualPending];

fn any_case() -> impl Strategy<Value = CaseJudged> {
    let rule = (0..4_usize, any::<bool>(), prop::collection::vec((0..7_usize, 0.0..=1.0_f64), 1..4));
    (prop::collection::vec(rule, 1..6), 0..4_usize).prop_map(|(rules, weight)| {
        let mut specs = vec![];
        let mut outcomes = vec![];
        for (i, (w, blocker, subjects)) in rules.into_iter().enumerate() {
            let s = spec(&format!("R-{i}"), WEIGHTS[w], blocker);
            outcomes.extend(subjects.iter().enumerate().map(|(j, (status, q))| outcome(&s, &j.to_string(), STATUSES[*status], *q)));
            specs.push(s);
        }
        case(specs, outcomes, WEIGHTS[weight])
    })
}

proptest! {
    #[test]
    fn losing_evidence_never_betters_the_score(cases in prop::collection::vec(any_case(), 1..4), pick in any::<prop::sample::Index>()) {
        let before = assess(&cases, &Gate::default());
        prop_assert!(before.score.lo <= before.score.hi + 1e-12 && (0.0..=1.0 + 1e-12).contains(&before.coverage));
        let mut poorer = cases.clone();
        let at = pick.index(poorer.iter().map(|c| c.outcomes.len()).sum());
        let lost = poorer.iter_mut().flat_map(|c| &mut c.outcomes).nth(at).unwrap();
        lost.status = Status::NoData;
        lost.strength = None;
        let after = assess(&poorer, &Gate::default());
        prop_assert!(after.score.lo <= before.score.lo + 1e-12);
        prop_assert!(after.score.hi >= before.score.hi - 1e-12);
        prop_assert!(after.coverage <= before.coverage + 1e-12);
        let rank = |v| match v { Verdict::Ready | Verdict::ReadyWithWaivers => 2, Verdict::Indeterminate => 1, Verdict::NotReady => 0 };
        // A failed blocker that becomes unknown is no longer a proven negative, but never a READY either.
        prop_assert!(rank(after.verdict) <= rank(before.verdict).max(1));
    }

    #[test]
    fn dropping_the_outcomes_of_a_rule_leaves_it_in_the_denominator(cases in prop::collection::vec(any_case(), 1..4)) {
        let before = assess(&cases, &Gate::default());
        let mut poorer = cases.clone();
        let gone = poorer[0].case.rules[0].id.clone();
        poorer[0].outcomes.retain(|o| o.rule != gone);
        let after = assess(&poorer, &Gate::default());
        prop_assert!(after.score.lo <= before.score.lo + 1e-12 && after.score.hi >= before.score.hi - 1e-12);
        prop_assert_eq!(after.rules_in_scope, before.rules_in_scope);
    }

    #[test]
    fn the_width_is_the_evidence_not_obtained(mut cases in prop::collection::vec(any_case(), 1..4)) {
        for outcome in cases.iter_mut().flat_map(|c| &mut c.outcomes) {
            if let Some(strength) = &mut outcome.strength { strength.origin = 1.0; }
            // One subject a rule: with several, the worst known one may hide an unknown one at the upper end.
            if outcome.subject.as_str() != "0" { outcome.status = Status::NotApplicable; }
        }
        let a = assess(&cases, &Gate::default());
        prop_assert!((a.score.hi - a.score.lo - (1.0 - a.coverage)).abs() < 1e-9);
    }

    #[test]
    fn a_perfect_rig_is_ready_and_flips_nothing(mut cases in prop::collection::vec(any_case(), 1..4)) {
        for outcome in cases.iter_mut().flat_map(|c| &mut c.outcomes) {
            outcome.status = Status::Pass;
            outcome.strength = Some(Strength { origin: 1.0, freshness: 1.0, rows: 1.0, control: 1.0 });
        }
        let a = assess(&cases, &Gate::default());
        prop_assert_eq!(a.verdict, Verdict::Ready);
        prop_assert!(a.flips.is_empty() && (a.score.lo - 1.0).abs() < 1e-12);
    }
}

#[test]
fn an_empty_run_is_never_ready() {
    for cases in [vec![], vec![case(vec![], vec![], Weight::Normal)]] {
        let a = assess(&cases, &Gate::default());
        assert_eq!((a.verdict, a.score.lo, a.score.hi, a.coverage, a.rules_in_scope), (Verdict::Indeterminate, 0.0, 1.0, 0.0, 0));
    }
}

/// Ten equal rules of which the first is a blocker, with these statuses.
fn ten(statuses: [Status; 10]) -> Vec<CaseJudged> {
    let specs: Vec<_> = (0..10).map(|i| spec(&format!("R-{i}"), Weight::Normal, i == 0)).collect();
    let outcomes = specs.iter().zip(statuses).map(|(s, status)| outcome(s, "", status, 1.0)).collect();
    vec![case(specs, outcomes, Weight::Normal)]
}

#[test]
fn verdicts_in_order() {
    use Status::{Fail as F, Inconclusive as I, NoData as N, Pass as P, Warn as W};
    let verdict = |statuses| assess(&ten(statuses), &Gate::default()).verdict;
    assert_eq!(verdict([P; 10]), Verdict::Ready);
    assert_eq!(verdict([F, P, P, P, P, P, P, P, P, P]), Verdict::NotReady, "a blocker fails, whatever the score");
    assert_eq!(verdict([P, F, F, P, P, P, P, P, P, P]), Verdict::NotReady, "0.8 cannot reach 0.85");
    assert_eq!(verdict([P, F, F, N, N, N, N, N, N, N]), Verdict::NotReady, "proven negative, whatever is unknown");
    assert_eq!(verdict([N, P, P, P, P, P, P, P, P, P]), Verdict::Indeterminate, "a blocker is unknown");
    assert_eq!(verdict([I, P, P, P, P, P, P, P, P, P]), Verdict::Indeterminate);
    assert_eq!(verdict([P, N, N, P, P, P, P, P, P, P]), Verdict::Indeterminate, "coverage 0.8");
    assert_eq!(verdict([P, N, W, P, P, P, P, P, P, P]), Verdict::Ready, "0.85 .. 0.95 at coverage 0.9 just meets both");
    assert_eq!(verdict([P, N, F, P, P, P, P, P, P, P]), Verdict::Indeterminate, "0.8 .. 0.9");
}

#[test]
fn a_waiver_lifts_the_blocker_but_not_the_score() {
    use Status::{Fail as F, Pass as P};
    let mut cases = ten([F, P, P, P, P, P, P, P, P, P]);
    cases[0].outcomes[0].waiver = Some((0, WaiverState::Holds));
    let a = assess(&cases, &Gate::default());
    assert_eq!((a.verdict, a.without_waivers), (Verdict::ReadyWithWaivers, Some(Verdict::NotReady)));
    assert!((a.score.lo - 0.9).abs() < 1e-12);
    cases[0].outcomes[0].waiver = Some((0, WaiverState::Lapsed));
    assert_eq!(assess(&cases, &Gate::default()).verdict, Verdict::NotReady);
}

#[test]
fn what_would_flip_it() {
    use Status::{Fail as F, NoData as N, Pass as P};
    let flips = |statuses| assess(&ten(statuses), &Gate::default()).flips;
    let one = flips([F, P, P, P, P, P, P, P, P, P]);
    assert_eq!((one.len(), one[0].rules.clone(), one[0].verdict), (1, vec![name("R-0")], Verdict::Ready));
    let two = flips([F, F, F, P, P, P, P, P, P, P]);
    assert_eq!((two.len(), two[0].rules.len(), two[1].rules.len()), (2, 2, 2), "the blocker and either of two more");
    let any = flips([P, N, N, P, P, P, P, P, P, P]);
    assert_eq!(any.len(), 2, "either of two unknown rules would do");
}

/// What decides is never rounded to the limit that it misses.
#[test]
fn the_reason_shows_that_the_limit_is_missed() {
    let rules: Vec<_> = (0..1_000).map(|i| spec(&format!("R-{i}"), Weight::Normal, false)).collect();
    let outcomes: Vec<_> = rules.iter().enumerate().map(|(i, r)| outcome(r, "", if i < 104 { Status::NoData } else { Status::Pass }, 1.0)).collect();
    let a = assess(&[case(rules.clone(), outcomes, Weight::Normal)], &Gate::default());
    assert_eq!((a.verdict, a.because.as_str()), (Verdict::Indeterminate, "only 89.6 % of the rules in scope could be judged"));
    let weak: Vec<_> = rules.iter().map(|r| outcome(r, "", Status::Pass, 0.849)).collect();
    let a = assess(&[case(rules, weak, Weight::Normal)], &Gate::default());
    assert_eq!((a.verdict, a.because.as_str()), (Verdict::Indeterminate, "the evidence leaves the score between 0.849 and 1.00"));
}
