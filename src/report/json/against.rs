//! What is new since an earlier run.

use crate::report::{Kind, Shift, outline, phrases};
use serde::Serialize;

/// The comparison.
#[derive(Serialize)]
pub struct Against<'r> {
    /// The earlier run.
    run: &'r str,
    started: String,
    /// Does what is new decide how the command ended, instead of the verdict?
    gates: bool,
    /// What must not be overlooked.
    warnings: &'r [String],
    new: Vec<Shifted<'r>>,
    resolved: Vec<Shifted<'r>>,
}

#[derive(Serialize)]
struct Shifted<'r> {
    case: &'r str,
    rule: &'r str,
    subject: &'r str,
    /// `failure`, `unknown`, `waived`, `warning` or `good`: what it is now.
    kind: &'static str,
    was: &'static str,
    is: &'static str,
}

impl<'r> Against<'r> {
    /// Of the outline's.
    pub fn of(against: &'r outline::Against<'_>) -> Against<'r> {
        let c = against.comparison;
        Against {
            run: c.run.as_str(),
            started: phrases::rfc3339(c.started),
            gates: c.gates,
            warnings: &against.warnings,
            new: c.new.iter().map(Shifted::of).collect(),
            resolved: c.resolved.iter().map(Shifted::of).collect(),
        }
    }
}

impl<'r> Shifted<'r> {
    fn of(shift: &'r Shift) -> Shifted<'r> {
        let (case, rule, subject) = &shift.of;
        let kind: Kind = shift.kind;
        Shifted { case: case.as_str(), rule: rule.as_str(), subject: subject.as_str(), kind: kind.word(), was: shift.was, is: shift.is }
    }
}
