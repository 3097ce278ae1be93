//! What the cases claim about their own negative control is what the fault matrix proves.

use rigcheck::{reference::faults::ALL, spec::catalogue::Catalogue};
use std::collections::BTreeSet;

#[test]
fn proven_by_names_exactly_the_faults_that_a_rule_must_find() {
    let catalogue = Catalogue::load(None).unwrap();
    let mut wrong = vec![];
    for rule in catalogue.cases.iter().flat_map(|c| &c.rules) {
        let found: Vec<_> = ALL.iter().filter(|f| f.found_by.contains(&rule.id.as_str())).map(|f| f.name).collect();
        let claimed: Vec<_> = rule.proven_by.iter().map(rigcheck::model::Name::as_str).collect();
        if found != claimed {
            wrong.push(format!("{}: proven_by: [{}]", rule.id, found.join(", ")));
        }
        if found.is_empty() {
            wrong.push(format!("{}: no seeded fault must make it fail", rule.id));
        }
    }
    assert!(wrong.is_empty(), "the cases must say, in the order of the faults:\n{}", wrong.join("\n"));
}

#[test]
fn the_faults_name_rules_that_exist() {
    let catalogue = Catalogue::load(None).unwrap();
    let known: BTreeSet<_> = catalogue.cases.iter().flat_map(|c| &c.rules).map(|r| r.id.as_str()).collect();
    for fault in ALL {
        for rule in fault.found_by.iter().chain(fault.may_also) {
            assert!(known.contains(rule), "{} names {rule}", fault.name);
        }
    }
}
