//! What the reference rig can do wrong, and which rules must find it. Each is a misbehaviour that real rigs have.

mod list;
mod misbehaviour;

pub use list::ALL;
pub use misbehaviour::Misbehaviour;

/// A misbehaviour with its name, and what an audit must make of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// As written on the command line.
    pub name: &'static str,
    /// One sentence without a full stop.
    pub title: &'static str,
    /// Rules that must fail.
    pub found_by: &'static [&'static str],
    /// Rules that may fail too, as a consequence.
    pub may_also: &'static [&'static str],
    /// Why a rig with it may be READY all the same, with the failure in the report; without a reason it must be NOT READY.
    pub tolerable: Option<&'static str>,
    /// What is done.
    pub what: Misbehaviour,
}

impl Fault {
    /// Is it found by a rule of a case, by the beginning of the rules' ids (`LAT`, `TRC`, `RES`)?
    pub fn is_of(&self, rules: &str) -> bool {
        self.found_by.iter().any(|rule| rule.starts_with(rules))
    }
}

/// The fault of a name.
pub fn by_name(name: &str) -> Option<&'static Fault> {
    ALL.iter().find(|f| f.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn names_are_unique_and_no_rule_is_named_twice() {
        assert!(ALL.len() >= 14);
        assert_eq!(ALL.iter().map(|f| f.name).collect::<BTreeSet<_>>().len(), ALL.len());
        for fault in ALL {
            assert_eq!(by_name(fault.name), Some(fault));
            let rules: Vec<_> = fault.found_by.iter().chain(fault.may_also).collect();
            assert_eq!(rules.iter().collect::<BTreeSet<_>>().len(), rules.len(), "{}", fault.name);
            assert!(!fault.found_by.is_empty() && !fault.title.ends_with('.'), "{}", fault.name);
        }
        assert_eq!(by_name("no-such-fault"), None);
    }
}
