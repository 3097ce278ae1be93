//! LAT-07: a share within an SLO is a count only where a bucket edge lies.

use super::{
    case::{bound, finding, judge},
    evidence::Simulated,
    rig,
};
use rigcheck::model::{
    key::{Histogram, When},
    name::name,
    outcome::{Finding, Status},
    payload::Part,
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
    assert!(found.remedy.unwrap().starts_with("Add the edge 0.5 to the buckets of `gateway_total_seconds`, where it is created"));
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

/// The histogram of the total as a native one: the edges of populated buckets only, as its source reads them.
fn native(schema: i8, slo: Ms) -> Finding {
    let mut world = Simulated::new(7, 200);
    let per_octave = f64::from(schema).exp2();
    world.edges = (-80..40).map(|i| 1e3 * (f64::from(i) / per_octave).exp2()).collect();
    let mut evidence = world.evidence();
    evidence.alter(&name("scrape"), &Histogram { claim: name("total"), when: When::During(rig::controlled()) }, |h| {
        h.schema = Some(schema);
        let count = |of: Option<&rigcheck::model::payload::Series>| of.and_then(|s| s.samples.last()).map_or(0.0, |s| s.1);
        let populated: Vec<bool> = (0..h.series.len())
            .map(|i| {
                let bucket = |i: usize| h.series.get(i).filter(|s| matches!(s.part, Part::Bucket(le) if le.is_finite()));
                let grows = |i: usize| bucket(i).is_some() && count(bucket(i)) > count(i.checked_sub(1).and_then(bucket));
                bucket(i).is_none() || grows(i) || grows(i + 1)
            })
            .collect();
        let mut kept = populated.iter();
        h.series.retain(|_| *kept.next().unwrap());
    });
    finding(&judge(&*bound(), &with(slo), &evidence), "LAT-07", "scrape:total").clone()
}

#[test]
fn a_native_histogram_has_the_edges_of_its_schema() {
    // 8 s is one, and far above what was observed: no source tells of it.
    let found = native(3, Ms(8_000.0));
    assert_eq!(found.status, Status::Pass, "{found:?}");
    assert!(found.observed.starts_with("scrape:total has an edge at"), "{}", found.observed);
    // Others lie inside a bucket 9 % wide, populated or not.
    for slo in [333.0, 500.1, 10_000.0] {
        let found = native(3, Ms(slo));
        assert_eq!(found.status, Status::Pass, "{found:?}");
        assert!(found.observed.contains("lies inside a bucket of scrape:total, 9"), "{}", found.observed);
    }
    // Buckets 41 % wide are too coarse, and nobody can add an edge to them.
    for slo in [333.0, 10_000.0] {
        let found = native(1, Ms(slo));
        assert_eq!(found.status, Status::Fail, "{found:?}");
        assert!(found.remedy.unwrap().starts_with("Raise the schema"));
    }
    assert_eq!(native(1, Ms(500.0)).status, Status::Pass, "2^-1 s is an edge of every schema");
}
