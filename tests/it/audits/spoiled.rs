//! Negative control: each rule can fail, for each of its subjects, on each kind of rig.

use super::{
    case::{bound, judge, of_traces, shown, status},
    evidence::Simulated,
    rig,
    traces::World,
};
use rigcheck::model::{
    audit::AnyCase,
    evidence::Evidence,
    name::name,
    outcome::Status,
    rig::{Quantity, Rig},
};

fn each_rule_can_fail(rig: &Rig, world: &Simulated) {
    each_rule_of(&*bound(), rig, &world.evidence());
}

fn each_rule_of(case: &dyn AnyCase, rig: &Rig, clean: &Evidence) {
    let said = judge(case, rig, clean);
    for (rule, subject) in case.subjects(rig) {
        let id = case.case().rules[rule].id.to_string();
        let key = (id.clone(), subject.to_string());
        assert!(matches!(status(&said[&key]), Some(Status::Pass | Status::Inconclusive)), "{key:?}\n{}", shown(&said));
        let mut copy = clean.clone();
        case.spoil(rule, rig, &subject, &mut copy);
        let spoiled = judge(case, rig, &copy);
        assert_eq!(status(&spoiled[&key]), Some(Status::Fail), "{key:?} must fail\n{}", shown(&spoiled));
    }
    // Copies share their answers with the original: spoiling must not have touched it.
    let again = judge(case, rig, clean);
    assert_eq!(shown(&said), shown(&again));
}

#[test]
fn with_everything() {
    each_rule_can_fail(&rig::full(), &Simulated::new(7, 160));
}

#[test]
fn without_a_known_truth() {
    each_rule_can_fail(&rig::without_truth(), &Simulated::new(8, 160));
}

#[test]
fn with_a_histogram_alone() {
    let mut rig = rig::without_truth();
    rig.sources.retain(|n, _| matches!(n.as_str(), "load" | "scrape"));
    rig.claims.retain(|c| matches!(c.source.as_str(), "load" | "scrape"));
    rig.capabilities.retain(|c| {
        use rigcheck::model::capability::Capability::{ControlledLoad, Histogram, Streaming};
        matches!(c, ControlledLoad | Histogram | Streaming)
    });
    each_rule_can_fail(&rig, &Simulated::new(9, 160));
}

#[test]
fn of_traces_as_well() {
    let mut world = World::small(11);
    each_rule_of(&*of_traces(), &world.rig, &world.evidence());
    world.forget_truth();
    each_rule_of(&*of_traces(), &world.rig, &world.evidence());
}

#[test]
fn where_the_target_is_the_reference_endpoint() {
    let mut rig = rig::full();
    rig.loads.remove(&name("calibration"));
    // The gateway vanishes: the server is the endpoint itself.
    let world = Simulated::new(10, 160);
    let direct = super::sim::direct(10, 160, super::sim::CALM);
    let world = Simulated::from(direct, world.direct);
    each_rule_can_fail(&rig, &world);
}

#[test]
fn a_rig_without_any_server_side_source_is_unknown_never_a_pass() {
    let mut rig = rig::without_truth();
    rig.sources.retain(|n, _| n.as_str() == "load");
    rig.claims.retain(|c| c.source.as_str() == "load");
    let said = judge(&*bound(), &rig, &Simulated::new(11, 160).evidence());
    for rule in ["LAT-02", "LAT-08"] {
        assert_eq!(status(&said[&(rule.to_owned(), String::new())]), None, "{}", shown(&said));
    }
    assert!(rig.claims_of(Quantity::Total).count() == 1);
}
