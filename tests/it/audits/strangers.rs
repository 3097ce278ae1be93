//! Requests of others: a surplus cannot be told from them, a deficit can.

use super::{
    case::{Said, bound, finding, judge, shown},
    evidence::Simulated,
    rig,
};
use rigcheck::model::{name::name, outcome::Status, rig::Quantity};

/// Others' requests are in the histogram, 30 of them.
fn crowded(seen_in_log: u64) -> Simulated {
    let mut world = Simulated::new(21, 240);
    world.log_foreign = seen_in_log;
    world.observed.get_mut(&Quantity::Total).unwrap().extend([250.0; 30]);
    world
}

fn said(world: &Simulated) -> Said {
    judge(&*bound(), &rig::full(), &world.evidence())
}

#[test]
fn a_surplus_is_inconclusive_where_others_were_seen() {
    let said = said(&crowded(30));
    for rule in ["LAT-02", "LAT-03", "LAT-04"] {
        assert_eq!(finding(&said, rule, "scrape:total").status, Status::Inconclusive, "{}", shown(&said));
    }
    assert!(finding(&said, "LAT-02", "scrape:total").because[0].contains("30 requests of others"));
}

#[test]
fn a_surplus_fails_where_nobody_else_was_there() {
    let said = said(&crowded(0));
    assert_eq!(finding(&said, "LAT-02", "scrape:total").status, Status::Fail);
    assert!(finding(&said, "LAT-02", "scrape:total").because[0].contains("counted more than once"));
}

#[test]
fn a_surplus_is_inconclusive_where_nobody_could_tell() {
    let mut rig = rig::without_truth();
    rig.sources.retain(|n, _| matches!(n.as_str(), "load" | "scrape"));
    rig.claims.retain(|c| matches!(c.source.as_str(), "load" | "scrape"));
    let said = judge(&*bound(), &rig, &crowded(0).evidence());
    assert_eq!(finding(&said, "LAT-02", "scrape:total").status, Status::Inconclusive, "{}", shown(&said));
}

#[test]
fn a_deficit_fails_whoever_was_there() {
    let mut world = Simulated::new(22, 240);
    world.log_foreign = 50;
    world.observed.get_mut(&Quantity::Total).unwrap().truncate(200);
    assert_eq!(finding(&said(&world), "LAT-02", "scrape:total").status, Status::Fail);
    assert_eq!(finding(&said(&world), "LAT-03", "scrape:total").status, Status::Inconclusive);
}

#[test]
fn failed_requests_may_or_may_not_have_been_counted() {
    use rigcheck::model::{key::Perform, rows::Rows, timeline::Timeline};
    let world = Simulated::new(23, 240);
    let mut evidence = world.evidence();
    evidence.alter(&name("load"), &Perform { act: rig::controlled() }, |p| {
        let failed =
            (0..12).map(|i| Timeline { id: format!("x{i}"), trace_id: format!("{i:032}"), error: Some("reset".into()), ..Timeline::default() });
        p.requests = Rows::inline(p.requests.iter().chain(failed).collect());
    });
    let said = judge(&*bound(), &rig::full(), &evidence);
    // None of the twelve is in the log or in the histogram: that is allowed, and the means are comparable.
    for (rule, subject) in [("LAT-02", "access_log"), ("LAT-02", "scrape:total"), ("LAT-03", "scrape:total")] {
        assert_eq!(finding(&said, rule, subject).status, Status::Pass, "{}", shown(&said));
    }
    assert!(finding(&said, "LAT-02", "scrape:total").expected.starts_with("260 … 272 requests"), "{}", shown(&said));
}
