//! The traces of the gateway: with a span for each stage they stand the audit, as most gateways have them they do not, and each
//! seeded fault is found by its rule.

use crate::{
    rig::{Audited, Gateway, Rig},
    stack::or_skip,
    support::rows::{TOGETHER, Together},
};
use std::collections::BTreeSet;

#[test]
fn traces_with_a_span_for_each_stage_stand_the_audit() {
    let name = "traces_with_a_span_for_each_stage_stand_the_audit";
    let Some(rig) = or_skip(name, Rig::start(Gateway::REPAIRED, "1s")) else { return };
    let clean = audited(&rig, "clean");
    clean.stands();
    assert!(clean.text.contains("jaeger:embeddings") && clean.text.contains("provider call"), "{}", clean.text);
}

#[test]
#[ignore = "3 minutes: `make faults`"]
fn each_seeded_fault_of_traces_is_found_by_its_rule() {
    let Some(mut rig) = or_skip("each_seeded_fault_of_traces_is_found_by_its_rule", Rig::start(Gateway::REPAIRED, "1s")) else { return };
    for Together { faults, must, may } in TOGETHER {
        let faults = faults.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(",");
        rig.replace_gateway(Gateway { faults: faults.clone(), ..Gateway::REPAIRED }).expect("the gateway starts");
        let run = audited(&rig, &faults);
        let missed: Vec<_> = must.iter().filter(|rule| !run.found(rule)).collect();
        assert!(missed.is_empty(), "{faults}: not found by {missed:?}: {}", run.trouble());
        let expected: BTreeSet<&str> = must.iter().chain(*may).copied().collect();
        let beside: BTreeSet<_> = run.rules("fail").into_iter().filter(|rule| !expected.contains(rule)).collect();
        assert!(beside.is_empty(), "{faults}: {beside:?} failed too: {}", run.trouble());
        assert!(run.verdict() != "ready", "{faults}: {}", run.trouble());
    }
}

#[test]
fn traces_as_most_gateways_have_them_do_not_say_where_the_time_goes() {
    let name = "traces_as_most_gateways_have_them_do_not_say_where_the_time_goes";
    let Some(rig) = or_skip(name, Rig::start(Gateway::COMMON, "1s")) else { return };
    let run = audited(&rig, "common");
    // FastAPI's and httpx' instrumentation: one server span, one client span that ends at the headers, a span for each chunk.
    assert_eq!((run.code, run.verdict()), (1, "not_ready"), "{}", run.trouble());
    for rule in ["TRC-01", "TRC-02", "TRC-08"] {
        assert!(run.found(rule), "{rule}: {}", run.trouble());
    }
    for rule in ["TRC-03", "TRC-04", "TRC-11", "TRC-12", "TRC-13"] {
        assert_eq!(run.rules("pass").contains(rule), !run.rules("fail").contains(rule), "{rule}: {}", run.trouble());
        assert!(!run.rules("fail").contains(rule), "{rule}: {}", run.trouble());
    }
    assert!(run.text.contains("no trace has a span of authentication"), "{}", run.text);
}

fn audited(rig: &Rig, folder: &str) -> Audited {
    rig.use_it();
    rig.audit_spec(&folder.replace(',', "+"), &rig.spec_of_traces(), &[])
}
