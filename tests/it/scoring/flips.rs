//! Laws of what would change a verdict, against the plain definition: try every set.

use super::{any_case, case, outcome, spec};
use proptest::prelude::*;
use rigcheck::{
    model::{
        Name,
        case::Weight,
        event::{CaseJudged, Gate},
        name::name,
        outcome::{Status, Strength},
        waiver::WaiverState,
    },
    scoring::{Assessment, Flip, Verdict, assess},
};
use std::collections::BTreeSet;

const FULL: Strength = Strength { origin: 1.0, freshness: 1.0, rows: 1.0, control: 1.0 };

fn judge(cases: &[CaseJudged]) -> Assessment {
    assess(cases, &Gate::default())
}

fn rank(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::NotReady => 0,
        Verdict::Indeterminate => 1,
        Verdict::ReadyWithWaivers => 2,
        Verdict::Ready => 3,
    }
}

/// Cases whose ids differ, as those of a catalogue do, some of whose failures are waived.
fn any_cases() -> impl Strategy<Value = Vec<CaseJudged>> {
    (prop::collection::vec(any_case(), 1..3), prop::collection::vec(any::<bool>(), 40), any::<bool>()).prop_map(|(mut cases, waived, proven)| {
        let mut waived = waived.into_iter().cycle();
        for (at, judged) in cases.iter_mut().enumerate() {
            let distinct = |id: &Name| name(format!("{at}-{id}"));
            judged.case.id = distinct(&judged.case.id);
            for rule in &mut judged.case.rules {
                rule.id = distinct(&rule.id);
                rule.proven_by = if proven { vec![name("x")] } else { vec![] };
            }
            for outcome in &mut judged.outcomes {
                outcome.rule = distinct(&outcome.rule);
                if outcome.status == Status::Fail && waived.next() == Some(true) {
                    outcome.waiver = Some((0, WaiverState::Holds));
                }
            }
        }
        cases
    })
}

/// These rules pass for every subject.
fn passing(cases: &[CaseJudged], rules: &[Name]) -> Vec<CaseJudged> {
    let mut then = cases.to_vec();
    for judged in &mut then {
        for outcome in judged.outcomes.iter_mut().filter(|o| rules.contains(&o.rule)) {
            let proven = judged.case.rules.iter().any(|r| r.id == outcome.rule && !r.proven_by.is_empty());
            outcome.status = Status::Pass;
            outcome.waiver = None;
            outcome.strength.get_or_insert(Strength { control: if proven { 1.0 } else { 0.9 }, ..FULL });
        }
    }
    then
}

fn open(cases: &[CaseJudged]) -> Vec<Name> {
    let open: BTreeSet<Name> = cases.iter().flat_map(|c| &c.outcomes).filter(|o| o.status != Status::Pass).map(|o| o.rule.clone()).collect();
    open.into_iter().collect()
}

/// All smallest sets of open rules that better the verdict, by trying all sets.
fn smallest(cases: &[CaseJudged]) -> BTreeSet<BTreeSet<Name>> {
    let (open, now) = (open(cases), judge(cases).verdict);
    let mut sets: Vec<BTreeSet<Name>> = (1..1_usize << open.len())
        .map(|bits| open.iter().enumerate().filter(|(i, _)| bits >> i & 1 == 1).map(|(_, r)| r.clone()).collect())
        .collect();
    sets.sort_by_key(BTreeSet::len);
    let mut found: BTreeSet<BTreeSet<Name>> = BTreeSet::new();
    for set in sets {
        let rules: Vec<Name> = set.iter().cloned().collect();
        if !found.iter().any(|smaller| smaller.is_subset(&set)) && rank(judge(&passing(cases, &rules)).verdict) > rank(now) {
            found.insert(set);
        }
    }
    found
}

fn sets(flips: &[Flip]) -> BTreeSet<BTreeSet<Name>> {
    flips.iter().map(|f| f.rules.iter().cloned().collect()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(192))]

    #[test]
    fn each_set_flips_and_no_part_of_it_does(cases in any_cases()) {
        let a = judge(&cases);
        for flip in &a.flips {
            let then = judge(&passing(&cases, &flip.rules));
            prop_assert_eq!(then.verdict, flip.verdict);
            prop_assert!(rank(then.verdict) > rank(a.verdict));
            prop_assert!((then.score.lo - flip.score.lo).abs() < 1e-9 && (then.score.hi - flip.score.hi).abs() < 1e-9);
            for without in &flip.rules {
                let part: Vec<Name> = flip.rules.iter().filter(|r| *r != without).cloned().collect();
                prop_assert!(rank(judge(&passing(&cases, &part)).verdict) <= rank(a.verdict), "{:?} is not needed", without);
            }
        }
    }

    #[test]
    fn the_sets_are_those_that_trying_everything_finds(cases in any_cases()) {
        prop_assume!(open(&cases).len() <= 8);
        let a = judge(&cases);
        let truth = smallest(&cases);
        prop_assert_eq!(a.flips.is_empty(), truth.is_empty());
        prop_assert!(sets(&a.flips).is_subset(&truth), "{:?} not among {:?}", sets(&a.flips), truth);
        if a.flips_are_all {
            prop_assert_eq!(sets(&a.flips), truth);
        }
    }

    /// What better step there is may end short of READY; then the way there is told, too.
    #[test]
    fn the_way_to_ready_is_told_where_no_first_step_gets_there(cases in any_cases()) {
        let a = judge(&cases);
        let ready = |rules: &[Name]| rank(judge(&passing(&cases, rules)).verdict) >= 2;
        let short = !a.flips.is_empty() && a.flips.iter().all(|f| rank(f.verdict) < 2);
        prop_assert_eq!(a.to_ready.is_some(), short && ready(&open(&cases)));
        if let Some(flip) = &a.to_ready {
            prop_assert!(ready(&flip.rules));
            for without in &flip.rules {
                let part: Vec<Name> = flip.rules.iter().filter(|r| *r != without).cloned().collect();
                prop_assert!(!ready(&part), "{:?} is not needed", without);
            }
        }
    }

    #[test]
    fn whatever_threatens_makes_it_not_ready_and_nothing_else_does(cases in any_cases()) {
        let a = judge(&cases);
        let threats = sets(&a.threats);
        let unknown = cases.iter().flat_map(|c| &c.outcomes).filter(|o| o.status.value().is_none()).map(|o| o.rule.clone());
        for rule in unknown.collect::<BTreeSet<_>>() {
            let mut then = cases.clone();
            for (judged, outcome) in then.iter_mut().flat_map(|c| { let case = c.case.clone(); c.outcomes.iter_mut().map(move |o| (case.clone(), o)) }) {
                if outcome.rule == rule && outcome.status.value().is_none() {
                    let proven = judged.rules.iter().any(|r| r.id == rule && !r.proven_by.is_empty());
                    outcome.status = Status::Fail;
                    outcome.strength = Some(Strength { control: if proven { 1.0 } else { 0.9 }, ..FULL });
                }
            }
            let fatal = a.verdict == Verdict::Indeterminate && judge(&then).verdict == Verdict::NotReady;
            prop_assert_eq!(threats.contains(&BTreeSet::from([rule.clone()])), fatal, "{:?}", rule);
        }
    }

    #[test]
    fn it_leans_on_exactly_the_waivers_without_which_it_is_worse(cases in any_cases()) {
        let a = judge(&cases);
        let leans = sets(&a.leans_on);
        let waived = cases.iter().flat_map(|c| &c.outcomes).filter(|o| o.waived()).map(|o| o.rule.clone());
        for rule in waived.collect::<BTreeSet<_>>() {
            let mut then = cases.clone();
            then.iter_mut().flat_map(|c| &mut c.outcomes).filter(|o| o.rule == rule).for_each(|o| o.waiver = None);
            let worse = rank(judge(&then).verdict) < rank(a.verdict);
            prop_assert_eq!(leans.contains(&BTreeSet::from([rule.clone()])), worse, "{:?}", rule);
        }
    }

    /// Not even by a promise: what would make the poorer evidence READY makes the whole evidence READY.
    #[test]
    fn losing_a_fact_adds_no_way_to_ready(mut cases in any_cases(), pick in any::<prop::sample::Index>()) {
        for outcome in cases.iter_mut().flat_map(|c| &mut c.outcomes) {
            outcome.strength = outcome.status.value().map(|_| FULL);
        }
        for rule in cases.iter_mut().flat_map(|c| &mut c.case.rules) {
            rule.proven_by = vec![name("x")];
        }
        let mut poorer = cases.clone();
        let at = pick.index(poorer.iter().map(|c| c.outcomes.len()).sum());
        let lost = poorer.iter_mut().flat_map(|c| &mut c.outcomes).nth(at).unwrap();
        (lost.status, lost.strength, lost.waiver) = (Status::NoData, None, None);
        for flip in judge(&poorer).flips.iter().filter(|f| f.verdict == Verdict::Ready) {
            let then = judge(&passing(&cases, &flip.rules));
            prop_assert!(then.verdict == Verdict::Ready || cases.iter().flat_map(|c| &c.outcomes).nth(at).unwrap().waived(), "{:?}: {:?}", flip, then.verdict);
        }
    }
}

/// Many small failures: more than three must pass, so that one way is sought and said not to be the only one.
#[test]
fn where_many_must_pass_one_smallest_set_is_found() {
    let rules: Vec<_> = (0..40).map(|i| spec(&format!("R-{i}"), Weight::Normal, false)).collect();
    let outcomes = rules.iter().enumerate().map(|(i, r)| outcome(r, "", if i < 12 { Status::Fail } else { Status::Pass }, 1.0)).collect();
    let a = judge(&[case(rules, outcomes, Weight::Normal)]);
    assert_eq!(a.verdict, Verdict::NotReady);
    assert_eq!((a.flips.len(), a.flips[0].rules.len(), a.flips_are_all), (1, 6, false), "34 of 40 are 0.85");
}

/// A release of the whole method, all of it failing: the search ends by its bound.
#[test]
fn a_large_board_is_searched_within_the_bound() {
    let rules: Vec<_> = (0..150).map(|i| spec(&format!("R-{i}"), Weight::Normal, false)).collect();
    let outcomes = rules.iter().map(|r| outcome(r, "", Status::Fail, 1.0)).collect();
    let a = judge(&[case(rules, outcomes, Weight::Normal)]);
    assert_eq!((a.flips.len(), a.flips[0].rules.len(), a.flips_are_all), (1, 128, false), "127.5 of 150 are 0.85");
}

#[test]
fn what_is_newer_than_the_edition_counts_for_nothing() {
    let (old, mut new) = (spec("R-0", Weight::Normal, true), spec("R-1", Weight::Critical, true));
    new.newer = true;
    let with = |status| {
        vec![case(vec![old.clone(), new.clone()], vec![outcome(&old, "", Status::Pass, 1.0), outcome(&new, "", status, 1.0)], Weight::Normal)]
    };
    let without = judge(&[case(vec![old.clone()], vec![outcome(&old, "", Status::Pass, 1.0)], Weight::Normal)]);
    for status in [Status::Pass, Status::Fail, Status::NoData, Status::Error] {
        assert_eq!(judge(&with(status)), without, "{status:?}");
    }
    let only = vec![case(vec![new.clone()], vec![outcome(&new, "", Status::Pass, 1.0)], Weight::Normal)];
    assert_eq!((judge(&only).verdict, judge(&only).rules_in_scope), (Verdict::Indeterminate, 0));
}
