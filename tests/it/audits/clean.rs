//! A clean rig is never called broken.

use super::{
    case::{bound, judge, rules_with, shown, status},
    evidence::Simulated,
    rig,
    sim::NOISY,
};
use rigcheck::model::outcome::Status;

#[test]
fn no_rule_fails_on_clean_runs() {
    let case = bound();
    let mut passes = 0;
    for seed in 0..20 {
        let said = judge(&*case, &rig::full(), &Simulated::new(seed, 480).evidence());
        assert_eq!(rules_with(&said, Status::Fail), Vec::<String>::new(), "seed {seed}\n{}", shown(&said));
        assert!(said.values().all(|j| status(j).is_some()), "seed {seed}\n{}", shown(&said));
        passes += usize::from(said.values().all(|j| status(j) == Some(Status::Pass)));
    }
    assert!(passes >= 18, "only {passes} of 20 calm runs pass every rule");
}

#[test]
fn no_rule_fails_on_noisy_runs() {
    let case = bound();
    for seed in 100..105 {
        let said = judge(&*case, &rig::full(), &Simulated::of(seed, 480, NOISY).evidence());
        assert_eq!(rules_with(&said, Status::Fail), Vec::<String>::new(), "seed {seed}\n{}", shown(&said));
    }
}

#[test]
fn no_rule_fails_without_a_known_truth() {
    let case = bound();
    for seed in 200..205 {
        let said = judge(&*case, &rig::without_truth(), &Simulated::new(seed, 480).evidence());
        assert_eq!(rules_with(&said, Status::Fail), Vec::<String>::new(), "seed {seed}\n{}", shown(&said));
        assert!(!said.keys().any(|(rule, _)| rule == "LAT-01"), "LAT-01 is out of scope");
    }
}
