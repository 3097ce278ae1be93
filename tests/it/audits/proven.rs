//! Negative controls on the rig at hand: every rule is put to the proof on the very evidence that it judged.

use super::{
    case::{bound, of_traces},
    evidence::Simulated,
    rig,
    traces::World,
};
use rigcheck::{
    engine::{judge::judge_case, prove::prove},
    model::{
        audit::{AnyCase, Context},
        event::CaseJudged,
        evidence::Evidence,
        outcome::{Proof, Status},
        rig::Rig,
        units::Wall,
    },
};

fn judged(case: &dyn AnyCase, rig: &Rig, evidence: &Evidence) -> (CaseJudged, CaseJudged) {
    let cx = Context { rig, evidence, as_of: Wall(super::evidence::BEGAN + 60_000_000) };
    let plain = judge_case(case, &cx, &[]);
    let mut proven = plain.clone();
    prove(case, &cx, &mut proven);
    (plain, proven)
}

#[test]
fn on_a_clean_rig_every_rule_that_was_judged_fires() {
    all_fire(&*bound(), &rig::full(), &Simulated::new(7, 300).evidence());
    let traces = World::small(7);
    all_fire(&*of_traces(), &traces.rig, &traces.evidence());
}

fn all_fire(case: &dyn AnyCase, rig: &Rig, evidence: &Evidence) {
    let (plain, proven) = judged(case, rig, evidence);
    let mut tried = 0;
    for (before, after) in plain.outcomes.iter().zip(&proven.outcomes) {
        let key = format!("{} {}", after.rule, after.subject);
        assert_eq!(after.proof, before.status.value().map(|_| Proof::Fires), "{key}");
        if let Some(strength) = after.strength {
            assert!((strength.control - 1.0).abs() < 1e-12, "{key}");
            tried += 1;
        }
        // Nothing but the proof and the control differ: the evidence that was judged is as it was.
        let mut same = after.clone();
        (same.proof, same.strength) = (None, before.strength);
        assert_eq!(&same, before, "{key}");
    }
    assert!(tried > 20 && proven.notes == plain.notes, "{tried}: {:?}", proven.notes);
}

/// What the release's own matrix does not prove is proven by this rig.
#[test]
fn a_rule_without_a_proof_of_the_release_counts_fully_where_it_fires() {
    let mut spec = bound().case().clone();
    for rule in &mut spec.rules {
        rule.proven_by.clear();
    }
    let entry = rigcheck::audits::ALL.iter().find(|a| a.name == spec.audit.as_str()).unwrap();
    let case = (entry.bind)(spec).unwrap_or_else(|bad| panic!("{bad:?}"));
    let (plain, proven) = judged(&*case, &rig::full(), &Simulated::new(7, 300).evidence());
    let controls = |judged: &CaseJudged| judged.outcomes.iter().filter_map(|o| o.strength).map(|s| s.control).collect::<Vec<_>>();
    assert!(controls(&plain).iter().all(|c| (c - 0.9).abs() < 1e-12));
    assert!(controls(&proven).iter().all(|c| (c - 1.0).abs() < 1e-12));
}

/// What could not be judged is not tried: no fault could show in it.
#[test]
fn without_evidence_nothing_is_tried() {
    let (_, proven) = judged(&*bound(), &rig::full(), &Evidence::default());
    assert!(proven.outcomes.iter().all(|o| o.proof.is_none() && o.status.value().is_none() && o.status != Status::Pass));
    assert!(!proven.outcomes.is_empty());
}
