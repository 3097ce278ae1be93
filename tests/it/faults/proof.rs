//! What the cases claim about their own negative control is what the two fault matrices prove.

use crate::rows::{LOUD, ROWS, STRAY, UNLIKE, USED, network::SAME};
use rigcheck::{model::Name, reference::faults::ALL, spec::catalogue::Catalogue};
use std::collections::BTreeSet;

/// The faults that a rule must find: those of the embedded rig, then those of the real stack. A name that is in both is one fault.
fn found_by(rule: &str) -> Vec<&'static str> {
    let embedded = ALL.iter().filter(|f| f.found_by.contains(&rule)).map(|f| f.name);
    let mut found: Vec<_> = embedded.collect();
    for row in ROWS.iter().filter(|row| row.must.contains(&rule)) {
        if !found.contains(&row.name) {
            found.push(row.name);
        }
    }
    found.extend(USED.iter().filter(|used| used.must.iter().any(|(must, _)| *must == rule)).map(|used| used.name));
    found.extend(LOUD.iter().filter(|row| row.must.contains(&rule)).map(|row| row.name));
    found.extend(STRAY.iter().filter(|row| row.must.contains(&rule)).map(|row| row.name));
    found.extend(UNLIKE.iter().filter(|row| row.must.iter().any(|(must, _)| *must == rule)).map(|row| row.name));
    found
}

/// Rules that no rig is made to break: neither store of the rigs moves spans on its page, Docker's own percentage is Docker's, and a
/// machine whose processors are short would fail others, too. No load differs from itself or from that of another machine by our doing
/// (INT-17, INT-18). That a machine was looked at once (INT-19), that no session is resumed (NET-11) and that a way is longer (NET-16) are
/// warnings at most. They count at 0.9 in a score.
const UNPROVEN: [&str; 8] = ["INT-17", "INT-18", "INT-19", "NET-11", "NET-16", "RES-04", "RES-10", "TRC-06"];

#[test]
fn proven_by_names_exactly_the_faults_that_a_rule_must_find() {
    let catalogue = Catalogue::load(None).unwrap();
    let mut wrong = vec![];
    for rule in catalogue.cases.iter().flat_map(|c| &c.rules) {
        let found = found_by(rule.id.as_str());
        let claimed: Vec<_> = rule.proven_by.iter().map(Name::as_str).collect();
        if found != claimed {
            wrong.push(format!("{}: proven_by: [{}]", rule.id, found.join(", ")));
        }
        if found.is_empty() && !UNPROVEN.contains(&rule.id.as_str()) {
            wrong.push(format!("{}: no seeded fault must make it fail", rule.id));
        }
    }
    assert!(wrong.is_empty(), "the cases must say, in the order of the faults:\n{}", wrong.join("\n"));
}

#[test]
fn a_name_on_both_rigs_is_one_fault() {
    let both: Vec<_> = ROWS.iter().filter_map(|row| Some((row, ALL.iter().find(|fault| fault.name == row.name)?))).collect();
    assert!(both.len() > 15, "{}", both.len());
    for (row, fault) in both {
        assert!(row.must.iter().any(|rule| fault.found_by.contains(rule)), "{}: no rule must find it on both", row.name);
    }
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
    for row in ROWS {
        for rule in [row.must, row.may, row.pairs, row.untold].concat() {
            assert!(known.contains(rule), "{} names {rule}", row.name);
        }
    }
    for row in LOUD {
        for rule in [row.must, row.warns, row.may].concat() {
            assert!(known.contains(rule), "{} names {rule}", row.name);
        }
    }
    for row in STRAY.iter().chain(SAME) {
        for rule in [row.must, row.warns, row.untold, row.may].concat() {
            assert!(known.contains(rule), "{} names {rule}", row.name);
        }
    }
    for row in UNLIKE {
        for (rule, _) in [row.must, row.warns, row.untold].concat() {
            assert!(known.contains(rule), "{} names {rule}", row.name);
        }
    }
}

#[test]
fn each_change_of_an_environment_is_named_once_and_demands_something() {
    assert_eq!(UNLIKE.iter().map(|row| row.name).collect::<BTreeSet<_>>().len(), UNLIKE.len());
    for row in UNLIKE {
        let demanded = [row.must, row.warns, row.untold].concat();
        assert!(row.name.starts_with("cfg-") && !row.does.is_empty() && !row.title.ends_with('.'), "{}", row.name);
        assert!(!demanded.is_empty() && demanded.iter().collect::<BTreeSet<_>>().len() == demanded.len(), "{}", row.name);
    }
}

#[test]
fn each_fault_of_a_way_is_named_once_and_demands_something() {
    assert_eq!(STRAY.iter().map(|row| row.name).collect::<BTreeSet<_>>().len(), STRAY.len());
    for row in STRAY {
        assert!(row.name.starts_with("net-") && !row.title.ends_with('.'), "{}", row.name);
        assert!([row.must, row.warns].concat().iter().collect::<BTreeSet<_>>().len() == row.must.len() + row.warns.len(), "{}", row.name);
        assert!(!row.must.is_empty() || !row.warns.is_empty(), "{}", row.name);
    }
    assert!(SAME.iter().all(|row| [row.must, row.warns, row.untold, row.may].concat().is_empty()));
}

#[test]
fn each_row_is_named_once_and_demands_something_that_its_verdict_fits() {
    assert_eq!(ROWS.iter().map(|row| row.name).collect::<BTreeSet<_>>().len(), ROWS.len());
    for row in ROWS {
        let rules = [row.must, row.may].concat();
        assert_eq!(rules.iter().collect::<BTreeSet<_>>().len(), rules.len(), "{}", row.name);
        assert!(!row.does.is_empty() && !row.touches.is_empty() && !row.title.ends_with('.') && !row.part.is_empty(), "{}", row.name);
    }
}
