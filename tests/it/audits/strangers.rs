//! Requests of others: a surplus cannot be told from them, a deficit can.

use super::{
    case::{Said, bound, finding, judge, shown},
    evidence::Simulated,
    rig,
};
use rigcheck::model::{
    key::{Histogram, When},
    name::name,
    outcome::Status,
    payload::HistogramSeries,
    rig::Quantity,
};

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
    let found = finding(&said, "LAT-02", "scrape:total");
    assert!(found.because[0].contains("30 requests of others"));
    assert!(found.remedy.as_ref().unwrap().contains("nobody else uses the target"));
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

/// All that others did lies between two readings, one of them outside the load.
fn only_beside(h: &mut HistogramSeries, before: bool) {
    for series in &mut h.series {
        let (first, last) = (series.samples[0].1, series.samples[series.samples.len() - 1].1);
        let inside = series.samples.len() - 2;
        // The load's own part of the growth, 240 of 270, evenly; the rest at once.
        for (i, sample) in series.samples.iter_mut().enumerate().skip(1).take(inside) {
            let own = (last - first) * 240.0 / 270.0 * i as f64 / (inside + 1) as f64;
            sample.1 = (first + own + if before { (last - first) * 30.0 / 270.0 } else { 0.0 }).floor();
        }
    }
}

#[test]
fn others_just_before_or_just_after_the_load_are_no_fault() {
    for before in [true, false] {
        let mut evidence = crowded(0).evidence();
        for claim in Quantity::ALL {
            let asked = Histogram { claim: name(claim.word()), when: When::During(rig::controlled()) };
            evidence.alter(&name("scrape"), &asked, |h| only_beside(h, before));
        }
        let said = judge(&*bound(), &rig::full(), &evidence);
        let found = finding(&said, "LAT-02", "scrape:total");
        assert_eq!(found.status, Status::Inconclusive, "{}", shown(&said));
        assert!(found.because[0].contains("just before or after the load"), "{:?}", found.because);
        for rule in ["LAT-03", "LAT-04"] {
            assert_eq!(finding(&said, rule, "scrape:total").status, Status::Inconclusive, "{}", shown(&said));
        }
    }
}

/// One more observation is within the tolerance of the counts, and a minute long it moves the mean.
#[test]
fn one_long_request_beside_the_load_is_no_wrong_mean() {
    let mut world = Simulated::new(24, 240);
    world.observed.get_mut(&Quantity::Total).unwrap().push(60_000.0);
    let said = said(&world);
    assert_eq!(finding(&said, "LAT-02", "scrape:total").status, Status::Pass, "{}", shown(&said));
    assert_eq!(finding(&said, "LAT-03", "scrape:total").status, Status::Inconclusive, "{}", shown(&said));
}

/// Others decide whether their requests are traced: that no other trace is stored says nothing of them.
#[test]
fn a_trace_store_is_no_witness_of_absence() {
    let mut rig = rig::without_truth();
    rig.sources.retain(|n, _| matches!(n.as_str(), "load" | "scrape" | "jaeger"));
    rig.claims.retain(|c| matches!(c.source.as_str(), "load" | "scrape" | "jaeger"));
    let said = judge(&*bound(), &rig, &crowded(0).evidence());
    assert_eq!(finding(&said, "LAT-02", "scrape:total").status, Status::Inconclusive, "{}", shown(&said));
}

#[test]
fn a_log_without_our_requests_is_no_witness_of_absence() {
    let mut world = crowded(0);
    world.log.truncate(20);
    assert_eq!(finding(&said(&world), "LAT-02", "scrape:total").status, Status::Inconclusive);
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
