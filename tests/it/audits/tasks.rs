//! LAT-11: what a histogram has more than the spans of the same requests.

use super::{
    case::{bound, finding, judge, shown, status},
    evidence::Simulated,
    rig,
};
use rigcheck::model::{
    evidence::Evidence,
    key::{Histogram, When},
    name::name,
    outcome::{Finding, Status},
    rig::{By, Claim, Quantity, Rig},
};

fn judged(world: &Simulated) -> Finding {
    finding(&judge(&*bound(), &rig::full(), &world.evidence()), "LAT-11", "scrape:total").clone()
}

fn tasks(seed: u64, ms: f64) -> Simulated {
    Simulated::new(seed, 480).with(|_, r| r.metric.total += ms)
}

#[test]
fn the_difference_of_the_means_is_that_of_the_requests() {
    let world = tasks(3, 60.0);
    let each: Vec<f64> = world.requests.iter().map(|r| r.metric.total - r.span.total).collect();
    let mean = each.iter().sum::<f64>() / each.len() as f64;
    let found = judged(&world);
    assert_eq!(found.status, Status::Fail);
    assert!((found.figure.value - mean).abs() < 0.01 && (found.figure.hi - found.figure.lo).abs() < 1e-9, "{} {mean}", found.figure);
    assert!(found.because[0].contains("the client had the whole response after"), "{:?}", found.because);
}

#[test]
fn small_tasks_pass_and_a_short_span_is_told_apart() {
    assert_eq!(judged(&tasks(4, 3.0)).status, Status::Pass);
    let found = judged(&Simulated::new(5, 480).with(|_, r| r.span.total = r.span.ttft() + 0.3));
    assert_eq!(found.status, Status::Fail);
    assert!(found.because[0].contains("the spans leave out what it waited for"), "{:?}", found.because);
}

/// What a missing span may have taken widens the bounds, and never turns into a verdict.
#[test]
fn missing_spans_are_bounded() {
    let mut world = Simulated::new(6, 480);
    world.spans_kept = |r| !r.id.ends_with('7');
    let found = judged(&world);
    assert_eq!(found.status, Status::Inconclusive, "a tenth of the spans could be anything: {found:?}");
    assert!(found.figure.lo < 5.0 && found.figure.hi > 10.0, "{}", found.figure);
    assert!(found.remedy.unwrap().contains("keep its span"));
    let mut late = tasks(6, 300.0);
    late.spans_kept = |r| !r.id.ends_with('7');
    assert_eq!(judged(&late).status, Status::Fail, "more than all missing spans explain");
}

/// Where others fill the histogram, too, only exemplars of our own requests can tell; there are 17 here, too few.
#[test]
fn what_does_not_close_is_not_compared() {
    let mut world = tasks(7, 60.0);
    let strangers: Vec<f64> = world.observed[&Quantity::Total].iter().take(50).copied().collect();
    world.observed.get_mut(&Quantity::Total).unwrap().extend(strangers);
    let said = judge(&*bound(), &rig::full(), &world.evidence());
    let found = finding(&said, "LAT-11", "scrape:total");
    assert_eq!(found.status, Status::Inconclusive, "{}", shown(&said));
    assert!(found.observed.contains("counts do not close (LAT-02)") && found.observed.contains("too few"), "{}", found.observed);
}

/// With an exemplar of every request the same world is judged pair by pair.
#[test]
fn exemplars_pair_what_counts_cannot() {
    for (ms, wanted) in [(60.0, Status::Fail), (0.0, Status::Pass)] {
        let mut world = tasks(8, ms);
        let strangers: Vec<f64> = world.observed[&Quantity::Total].iter().take(50).copied().collect();
        world.observed.get_mut(&Quantity::Total).unwrap().extend(strangers);
        let mut evidence = world.evidence();
        let query = Histogram { claim: name("total"), when: When::During(rig::controlled()) };
        evidence.alter(&name("scrape"), &query, |h| {
            let of = |r: &super::sim::Request| rigcheck::model::payload::Exemplar {
                trace_id: r.trace_id.clone(),
                value: r.metric.total / 1e3,
                le: f64::INFINITY,
                at: None,
            };
            h.exemplars = world.requests.iter().map(of).collect();
        });
        let said = judge(&*bound(), &rig::full(), &evidence);
        let found = finding(&said, "LAT-11", "scrape:total");
        assert_eq!(found.status, wanted, "{}", shown(&said));
        assert_eq!(found.figure.n, 500, "{}", found.figure);
    }
}

/// A second store that does not answer.
fn with_a_silent_store() -> Rig {
    let mut rig = rig::full();
    rig.sources.insert(name("tempo"), rig.sources[&name("jaeger")].clone());
    rig.claims.push(Claim { name: name("total"), source: name("tempo"), quantity: Quantity::Total, by: By::Spans });
    rig
}

/// What one store shows is not undone by another that is silent, and what it shows of good is not enough.
#[test]
fn a_failure_outranks_a_gap_and_a_gap_a_pass() {
    let of = |world: &Evidence, rule: &str| {
        let said = judge(&*bound(), &with_a_silent_store(), world);
        status(&said[&(rule.to_owned(), "scrape:total".to_owned())])
    };
    assert_eq!(of(&tasks(9, 60.0).evidence(), "LAT-11"), Some(Status::Fail));
    assert_eq!(of(&tasks(9, 0.0).evidence(), "LAT-11"), None);
    let mut apart = tasks(9, 0.0).evidence();
    assert_eq!(of(&apart, "LAT-12"), None);
    let query = Histogram { claim: name("total"), when: When::During(rig::controlled()) };
    apart.alter(&name("scrape"), &query, |h| h.exemplars.iter_mut().for_each(|e| e.value *= 3.0));
    assert_eq!(of(&apart, "LAT-12"), Some(Status::Fail));
}
