//! So many bad of so many calls: a census passes up to its limit, and fails where chance cannot explain them.
//!
//! The least number that fails is the least k for which k or more of n have a probability of at most 0.1 % at the limit, by the
//! binomial distribution summed term by term elsewhere.

use super::{
    super::case::{judge, of_traces, shown, status},
    call::Call,
    world::World,
};
use rigcheck::model::outcome::Status::{self, Fail, Inconclusive, Pass};

/// What a rule says of the controlled load, of whose calls so many are changed.
fn said(calls: usize, bad: usize, rule: &str, change: fn(&mut Call)) -> Status {
    let mut world = World::of(60, [calls, 50, 50, 80], 0);
    world.calls("controlled").iter_mut().rev().take(bad).for_each(change);
    let said = judge(&*of_traces(), &world.rig, &world.evidence());
    status(&said[&(rule.to_owned(), "jaeger:controlled".to_owned())]).unwrap_or_else(|| panic!("{}", shown(&said)))
}

#[test]
fn calls_without_a_trace() {
    for (calls, bad, expected) in [
        (40, 0, Pass),
        (40, 1, Inconclusive),
        (40, 3, Inconclusive),
        (40, 4, Fail),
        (40, 40, Fail),
        (500, 5, Pass),
        (500, 6, Inconclusive),
        (500, 13, Inconclusive),
        (500, 14, Fail),
    ] {
        assert_eq!(said(calls, bad, "TRC-01", |call| call.trace.clear()), expected, "{bad} of {calls}");
    }
}

#[test]
fn traces_with_an_orphan() {
    for (bad, expected) in [(2, Pass), (3, Inconclusive), (9, Inconclusive), (10, Fail)] {
        let orphan = |call: &mut Call| call.trace[2].parent_id = Some("00000000deadbeef".into());
        assert_eq!(said(250, bad, "TRC-03", orphan), expected, "{bad} of 250");
    }
}

/// One in two hundred may be otherwise.
#[test]
fn traces_with_two_roots() {
    for (bad, expected) in [(1, Pass), (2, Inconclusive), (6, Inconclusive), (7, Fail)] {
        assert_eq!(said(250, bad, "TRC-04", |call| call.trace[2].parent_id = None), expected, "{bad} of 250");
    }
}

#[test]
fn a_store_that_holds_no_trace() {
    let mut world = World::small(61);
    world.each(|_, call| call.trace.clear());
    world.said(|said| said.shown = None);
    let said = judge(&*of_traces(), &world.rig, &world.evidence());
    for ((rule, subject), judgement) in &said {
        let expected = if rule == "TRC-01" { Fail } else { Inconclusive };
        assert_eq!(status(judgement), Some(expected), "{rule} {subject}\n{}", shown(&said));
    }
}

#[test]
fn when_all_calls_failed_nothing_passes() {
    let mut world = World::small(62);
    world.each(|_, call| (call.sent.error, call.sent.status) = (Some("status 500".into()), Some(500)));
    let said = judge(&*of_traces(), &world.rig, &world.evidence());
    for ((rule, subject), judgement) in &said {
        assert_ne!(status(judgement), Some(Pass), "{rule} {subject}\n{}", shown(&said));
    }
}
