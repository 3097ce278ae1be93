//! LAT-06: observations that all lie in one bucket, and requests that do or do not take equally long.

use super::{
    case::{bound, finding, judge},
    evidence::Simulated,
    rig,
};
use rigcheck::model::outcome::Status;

/// All server times lie between 142 and 157 ms, in one bucket; the client's are given.
fn judged(client: fn(usize) -> f64) -> Status {
    let mut world = Simulated::new(11, 260).with(|i, r| {
        r.metric.total = 142.0 + (i % 16) as f64;
        let factor = client(i) / r.client.total;
        r.client.map(|ms| ms * factor);
    });
    world.edges = vec![100.0, 140.0, 160.0, 180.0, 1_000.0];
    let found = finding(&judge(&*bound(), &rig::full(), &world.evidence()), "LAT-06", "scrape:total").clone();
    assert!(found.status != Status::Fail || found.observed.contains("in one bucket 20.0 ms wide"), "{found:?}");
    found.status
}

#[test]
fn a_client_that_is_late_now_and_then_contradicts_nothing() {
    assert_eq!(judged(|i| 142.6 + (i % 16) as f64), Status::Pass);
    assert_eq!(judged(|i| if i == 77 { 160.3 } else { 142.6 + (i % 16) as f64 }), Status::Pass, "one late request");
    assert_eq!(judged(|i| if i % 60 == 7 { 300.0 } else { 142.6 + (i % 16) as f64 }), Status::Pass, "five held up");
    assert_eq!(judged(|i| 152.0 + (i % 16) as f64), Status::Pass, "a hop moves all of them across an edge");
}

#[test]
fn times_that_would_not_fit_into_the_bucket_do() {
    assert_eq!(judged(|i| 142.6 + (i % 16) as f64 + if i % 20 == 7 { 80.0 } else { 0.0 }), Status::Fail);
    assert_eq!(judged(|i| 150.0 + i as f64), Status::Fail);
}
