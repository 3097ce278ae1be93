//! LAT-07: a share within an SLO is a count only where a bucket edge lies.

use super::{
    case::{bound, finding, judge},
    evidence::Simulated,
    rig,
};
use rigcheck::model::{
    outcome::{Finding, Status},
    rig::{Quantity, Rig},
    units::Ms,
};

fn with(slo: Ms) -> Rig {
    let mut rig = rig::full();
    rig.slo = [(Quantity::Total, slo)].into();
    rig
}

fn judged(rig: &Rig, world: &Simulated) -> Finding {
    finding(&judge(&*bound(), rig, &world.evidence()), "LAT-07", "scrape:total").clone()
}

#[test]
fn an_edge_in_another_unit_is_the_same_edge() {
    // Edges are kept in seconds, the SLO in milliseconds: 1.08^90 differs in its last digit after the division.
    let mut world = Simulated::new(3, 200);
    world.edges = vec![100.0, 300.0, 700.0, 1100.0, 20_000.0];
    let found = judged(&with(Ms(1_100.000_000_1)), &world);
    assert_eq!(found.status, Status::Pass, "{found:?}");
    assert!(found.observed.contains("has an edge at 1.10 s"), "{}", found.observed);
    assert_eq!(judged(&with(Ms(1100.01)), &world).status, Status::Fail);
}

/// Between two edges the error is what lies between them, counted here from the observations themselves.
#[test]
fn between_two_edges_the_undecided_share_is_told() {
    let mut world = Simulated::new(4, 200);
    world.edges = vec![100.0, 300.0, 700.0, 20_000.0];
    let totals = &world.observed[&Quantity::Total];
    let between = totals.iter().filter(|t| **t > 300.0 && **t <= 700.0).count() as f64 / totals.len() as f64;
    let found = judged(&with(Ms(500.0)), &world);
    assert_eq!(found.status, Status::Fail);
    assert!((found.figure.value - 100.0 * between).abs() < 1e-9 && between > 0.1, "{} {between}", found.figure);
    assert_eq!(found.observed, "the SLO of 500 ms lies between the edges 300 ms and 700 ms of scrape:total");
    assert!(found.because.iter().any(|b| b == "add the edge 0.5 to the buckets of `gateway_total_seconds`"), "{:?}", found.because);
}

#[test]
fn beyond_the_last_edge_nothing_is_known() {
    let mut world = Simulated::new(5, 200);
    world.edges = vec![100.0, 300.0];
    let found = judged(&with(Ms(500.0)), &world);
    assert_eq!(found.status, Status::Fail);
    assert_eq!(found.observed, "the SLO of 500 ms lies beyond the last finite edge 300 ms of scrape:total");
    world.edges = vec![];
    assert!(judged(&with(Ms(500.0)), &world).observed.contains("beyond every finite edge"));
}

#[test]
fn a_histogram_that_heard_nothing_is_no_pass() {
    let mut world = Simulated::new(6, 200);
    world.observed.insert(Quantity::Total, vec![]);
    assert_eq!(judged(&with(rig::edge(90)), &world).status, Status::Inconclusive);
}
